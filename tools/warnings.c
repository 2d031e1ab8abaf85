// SPDX-License-Identifier: GPL-2.0
/* What is amiss with a network: it may be so for a while, and is no error. */
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"

/* Whether the host does not have the local address of IPv4 (0) or IPv6 (1) that is set. */
static bool local_absent(const struct net_opts *o, int i)
{
	static const uint8_t none[16];
	const struct ip *ip = &o->local[i];

	return ip->family && memcmp(ip->b, none, sizeof(none)) &&
	       !addr_is_here(&ctx.rt, ip);
}

void net_json_warnings(struct json_object *o, const struct net *net)
{
	static const char *const keys[] = { "local_present", "local6_present" };
	struct json_object *a = json_object_new_array();
	char ip[IP_TEXT], text[IP_TEXT + 32];
	bool absent;
	int i;

	for (i = 0; i < 2; i++) {
		if (!net->cfg.vni.set || !net->cfg.local[i].family)
			continue;
		absent = local_absent(&net->cfg, i);
		json_onoff(o, keys[i], !absent);
		if (!absent)
			continue;
		snprintf(text, sizeof(text), "local address %s not present",
			 ip_text(&net->cfg.local[i], ip));
		json_array_add_str(a, text);
	}
	if (net->cfg.vni.set &&
	    net->cfg.underlay_ifindex == CTNET_UNDERLAY_GONE)
		json_array_add_str(a, "underlay device gone");
	json_object_object_add(o, "warnings", a);
}

void net_warn(const struct net_opts *o)
{
	char text[IP_TEXT];
	int i;

	for (i = 0; i < 2; i++)
		if (local_absent(o, i))
			warn("the local address %s is not present: nothing passes until this host has it",
			     ip_text(&o->local[i], text));
}
