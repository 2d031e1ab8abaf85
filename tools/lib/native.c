// SPDX-License-Identifier: GPL-2.0
/*
 * Native ports. The device is in the container, and the kernel keeps for the host what a near
 * end would: the label, and what the interface was made as.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ct.h"

#define PREFIX "native/"

bool ct_native_is_name(const char *name)
{
	return !strncmp(name, PREFIX, strlen(PREFIX));
}

const char *ct_native_name(int dev, char buf[CT_PORT_NAME])
{
	if (dev >= 0)
		return NULL;
	snprintf(buf, CT_PORT_NAME, PREFIX "%u", (uint32_t)dev - CTNET_PORT_NATIVE);
	return buf;
}

const char *ct_parse_port(const char *s)
{
	uint32_t n;

	if (!ct_native_is_name(s))
		return ct_parse_known_name(s);
	return ct_parse_u32(s + strlen(PREFIX), 0, CTNET_PORT_DEV_MAX - CTNET_PORT_NATIVE, &n) ?
	       "a native port is called " PREFIX "N, with a number" : NULL;
}

void ct_native_link(const struct ct_port *p, const struct ct_link *far, struct ct_link *near)
{
	bool done = !p->has_label || p->label[0];

	memset(near, 0, sizeof(*near));
	near->ifindex = p->dev;
	snprintf(near->name, sizeof(near->name), "%s", p->devname);
	snprintf(near->alias, sizeof(near->alias), "%s", p->label);
	snprintf(near->kind, sizeof(near->kind), "%s", CT_NATIVE_KIND);
	near->mtu = far ? far->mtu : 0;
	near->flags = !done || (far && !(far->flags & IFF_UP)) ? 0 : IFF_UP;
	near->operstate = far ? far->operstate : 0;
	near->master = p->net;
	near->peer = p->ifindex;
	near->peer_nsid = p->nsid;
	near->peer_goes = p->goes;
	if (done)
		snprintf(near->given, sizeof(near->given), "%s", p->ifname);
}

bool ct_link_is_native(const struct ct_link *near)
{
	return near->ifindex < 0;
}

int ct_near_get(struct ct *ct, int net, const char *name, struct ct_link *near)
{
	struct ct_port p;
	int err;

	if (!ct_native_is_name(name))
		return ct_link_get(&ct->rt, name, 0, -1, near);
	err = ct_port_get(ct, net, CTNET_PORT_NATIVE + strtoul(name + strlen(PREFIX), NULL, 10),
			  &p);
	if (!err)
		ct_native_link(&p, NULL, near);
	return err == -ENOENT ? -ENODEV : err;
}

int ct_near_dump(struct ct *ct, int net, struct ct_links *ls)
{
	struct nlmsghdr *h;
	struct ct_replies r;
	struct ct_port p;
	int err;

	err = ct_link_dump(&ct->rt, ls);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "list the interfaces");
	err = ct_dump(ct, CTNET_CMD_PORT_GET, net, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		if (ct_port_parse(h, &p, NULL) || p.dev >= 0)
			continue;
		ls->v = ct_grow(ls->v, ls->n, sizeof(*ls->v));
		ct_native_link(&p, NULL, &ls->v[ls->n++]);
	}
	ct_replies_free(&r);
	return CT_OK;
}

int ct_near_find(struct ct *ct, int net, const char *name, struct ct_link *near, bool *gone)
{
	int err;

	if (!ct_native_is_name(name))
		return ct_dev_find(ct, name, near, gone);
	err = ct_genl(ct);
	if (err)
		return err;
	err = ct_near_get(ct, net, name, near);
	if (err == -ENODEV && gone) {
		*gone = true;
		return CT_OK;
	}
	if (err == -ENODEV)
		return ct_fail(ct, "the network has no port \"%s\"", name);
	return err ? ct_refused(&ct->ge, err, NULL, "look up \"%s\"", name) : CT_OK;
}

int ct_port_index(struct ct *ct, int net, const char *name, int *dev)
{
	struct ct_link near = { 0 };
	int err;

	if (!ct_native_is_name(name))
		return ct_dev_index(ct, name, dev);
	err = ct_near_find(ct, net, name, &near, NULL);
	*dev = near.ifindex;
	return err;
}

struct nl_msg *ct_near_del_msg(struct ct *ct, const struct ct_link *near, struct ct_sock **s)
{
	*s = ct_link_is_native(near) ? &ct->ge : &ct->rt;
	return ct_link_is_native(near) ?
	       ct_port_msg(ct, CTNET_CMD_PORT_DEL, near->master, near->ifindex, 0, 0) :
	       ct_link_del_msg(near->ifindex);
}

static struct nl_msg *label_msg(struct ct *ct, const struct ct_link *near, const char *label)
{
	struct nl_msg *msg = ct_port_msg(ct, CTNET_CMD_PORT_SET, near->master, near->ifindex, 0,
					 0);

	ct_put_str(msg, CTNET_A_PORT_LABEL, label);
	return msg;
}

int ct_near_label(struct ct *ct, const struct ct_link *near, const char *label)
{
	if (!ct_link_is_native(near))
		return ct_link_label(&ct->rt, near, label);
	if (!label || !strcmp(label, near->alias))
		return CT_OK;
	return ct_step(&ct->ge, label_msg(ct, near, label), label_msg(ct, near, near->alias),
		       NULL, "set the label");
}
