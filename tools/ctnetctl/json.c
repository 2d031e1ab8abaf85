// SPDX-License-Identifier: GPL-2.0
/* The objects: their columns in a list, and their JSON, which text is made from as well. */
#include <linux/ctnet.h>
#include <string.h>

#include "ctnetctl.h"
#include "out.h"

#define C(head, key)	{ head, key, COLOR_NONE }
#define NAME(head, key)	{ head, key, COLOR_NAME }
#define MAC(head, key)	{ head, key, COLOR_MAC }
#define IP(head, key)	{ head, key, COLOR_IP }
#define END		{ NULL, NULL, COLOR_NONE }

const struct column net_columns[] = {
	NAME("NETWORK", "network"), C("STATE", "state"), C("VNI", "vni"), IP("LOCAL", "local"),
	IP("LOCAL6", "local6"), C("DSTPORT", "dstport"), C("MTU", "mtu"), MAC("MAC", "mac"),
	IP("ADDRESSES", "addresses"), C("PORTS", "port_count"), C("PEERS", "peer_count"),
	C("STATIC", "fdb_static"), C("LEARNED", "fdb_learned"),
	{ "WARNINGS", "warnings", COLOR_BAD }, END
};

const struct column port_columns[] = {
	NAME("NETWORK", "network"), C("PORT", "port"), C("STATE", "state"), C("LABEL", "label"),
	C("IFNAME", "container_ifname"), MAC("MACS", "macs"), IP("ADDRESSES", "addresses"),
	C("LEARNING", "learning"), C("FLOOD", "flood"), C("HAIRPIN", "hairpin"),
	C("GUARD", "guard"), C("ISOLATED", "isolated"), END
};

const struct column peer_columns[] = {
	NAME("NETWORK", "network"), IP("PEER", "peer"), C("DSTPORT", "dstport"), END
};

const struct column fdb_columns[] = {
	NAME("NETWORK", "network"), MAC("MAC", "mac"), C("TYPE", "type"), C("PORT", "port"),
	IP("PEER", "peer"), C("SELF", "self"), C("AGE", "age"), IP("ADDRESSES", "addresses"), END
};

const struct column publish_columns[] = {
	NAME("NETWORK", "network"), C("LABEL", "label"), IP("PUBLISHED", "published"),
	IP("ADDRESSES", "addresses"), C("OWNER", "owner"), END
};

const struct column vtep_columns[] = {
	C("FAMILY", "family"), C("DSTPORT", "dstport"), C("UNDERLAY", "underlay"),
	C("NETWORKS", "networks"), END
};

static void json_underlay(struct json_object *o, uint32_t ifindex)
{
	struct ct_link l;

	if (!ifindex)
		return;
	if (ifindex == CTNET_UNDERLAY_GONE)
		snprintf(l.name, sizeof(l.name), "(gone)");
	else if (ct_link_get(&ct.rt, NULL, ifindex, -1, &l))
		snprintf(l.name, sizeof(l.name), "%u", ifindex);
	json_str(o, "underlay", l.name);
}

const char *json_key(const struct ct_attr *a, const char *tail)
{
	static char key[32];
	char *p;

	snprintf(key, sizeof(key), "%s%s", a->name, tail);
	while ((p = strchr(key, '-')))
		*p = '_';
	return key;
}

/*
 * Numbers and switches, from one of the library's table to another. A key has values of one
 * type for programs: whether the inner packet's is taken stands apart.
 */
static void json_attrs(struct json_object *o, const struct ct_net_conf *c, const char *from,
		       const char *to)
{
	const struct ct_attr *a = ct_net_attrs;
	char text[CT_TEXT];
	bool is_word;

	while (strcmp(a->name, from))
		a++;
	do {
		const struct ct_num *n = CT_ATTR(a, c);

		is_word = a->word && n->v == a->word_value;
		if (a->onoff && a->word)
			json_str(o, json_key(a, ""), ct_attr_text(a, n->v, text));
		else if (a->onoff)
			json_onoff(o, json_key(a, ""), n->v);
		else
			json_u64(o, json_key(a, ""), is_word ? 0 : n->v);
		if (a->word && !a->onoff)
			json_onoff(o, json_key(a, "_inherit"), is_word);
	} while (strcmp(a++->name, to));
}

static void json_addrs(struct json_object *o, const char *key, const struct ct_addrs *l,
		       const char *(*text)(const struct ct_addr *a, char buf[CT_TEXT]))
{
	struct json_object *a = json_array(o, key);
	char buf[CT_TEXT];
	size_t i;

	for (i = 0; i < l->n; i++)
		json_array_add_str(a, text(&l->v[i], buf));
}

static const char *plain_text(const struct ct_addr *a, char buf[CT_TEXT])
{
	return ct_ip_text(&a->ip, buf);
}

struct json_object *net_json(const struct ct_net *net, const struct ct_stats *st,
			     const struct ct_link *l, const struct ct_addrs *addrs)
{
	struct json_object *o = json_object_new_object();
	const struct ct_net_conf *c = &net->conf;
	char buf[CT_TEXT];

	json_str(o, "network", net->name);
	json_u64(o, "ifindex", net->ifindex);
	if (l)
		json_str(o, "state", l->flags & IFF_UP ? "up" : "down");
	if (c->vni.set) {
		json_attrs(o, c, "vni", "vni");
		if (c->local[0].ip.family)
			json_str(o, "local", ct_ip_text(&c->local[0].ip, buf));
		if (c->local[1].ip.family)
			json_str(o, "local6", ct_ip_text(&c->local[1].ip, buf));
		json_attrs(o, c, "dstport", "dstport");
		json_underlay(o, c->underlay_ifindex);
		json_attrs(o, c, "ttl", "udp-csum");
	}
	json_u64(o, "mtu", c->mtu.v);
	json_onoff(o, "mtu_auto", net->mtu_auto);
	if (c->mark.set)
		json_attrs(o, c, "mark", "mark");
	if (l && l->has_mac)
		json_str(o, "mac", ct_mac_text(l->mac, buf));
	if (addrs)
		json_addrs(o, "addresses", addrs, ct_cidr_text);
	json_attrs(o, c, "learning", "suppress");
	if (c->masquerade.set)
		json_attrs(o, c, "masquerade", "internal");
	json_u64(o, "port_count", net->ports);
	json_u64(o, "peer_count", net->peers);
	json_u64(o, "fdb_static", net->fdb_static);
	json_u64(o, "fdb_learned", net->fdb_learned);
	json_stats(o, st);
	return o;
}

/* What is amiss with a network: it may be so for a while, and is no error. */
void net_json_warnings(struct json_object *o, const struct ct_net *net)
{
	static const char *const keys[] = { "local_present", "local6_present" };
	struct json_object *a = json_object_new_array();
	char ip[CT_TEXT], text[CT_TEXT + 32];
	bool absent;
	int i;

	for (i = 0; i < 2 && net->conf.vni.set; i++) {
		if (!net->conf.local[i].ip.family)
			continue;
		absent = ct_net_local_absent(&ct, &net->conf, i);
		json_onoff(o, keys[i], !absent);
		snprintf(text, sizeof(text), "local address %s not present",
			 ct_ip_text(&net->conf.local[i].ip, ip));
		if (absent)
			json_array_add_str(a, text);
	}
	if (net->conf.vni.set && net->conf.underlay_ifindex == CTNET_UNDERLAY_GONE)
		json_array_add_str(a, "underlay device gone");
	json_object_object_add(o, "warnings", a);
}

struct json_object *port_json(const struct ct_port *p, const struct ct_stats *st,
			      const char *net, const struct ct_link *near,
			      const struct ct_link *far)
{
	struct json_object *o = json_object_new_object();
	const struct ct_attr *a;

	json_str(o, "network", net);
	json_str(o, "port", p->devname);
	json_u64(o, "ifindex", (uint32_t)p->dev);
	json_onoff(o, "native", p->dev < 0);
	if (near)
		json_str(o, "state", near->flags & IFF_UP ? "up" : "down");
	if (near && near->alias[0])
		json_str(o, "label", near->alias);
	if (far) {
		json_str(o, "container_ifname", far->name);
		json_u64(o, "container_mtu", far->mtu);
	}
	json_onoff(o, "mtu_auto", p->flags & CTNET_PORT_MTU_AUTO);
	for (a = ct_port_attrs; a->name; a++)
		json_onoff(o, a->name, p->flags & a->set);
	json_stats(o, st);
	return o;
}

struct json_object *peer_json(const struct ct_peer *p, const struct ct_stats *st,
			      const char *net)
{
	struct json_object *o = json_object_new_object();
	char buf[CT_TEXT];

	json_str(o, "network", net);
	json_str(o, "peer", ct_ip_text(&p->addr, buf));
	if (p->dstport)
		json_u64(o, "dstport", p->dstport);
	json_stats(o, st);
	return o;
}

struct json_object *fdb_json(const struct ct_fdb *f, const char *net, const char *port)
{
	struct json_object *o = json_object_new_object();
	char buf[CT_TEXT];

	json_str(o, "network", net);
	json_str(o, "mac", ct_mac_text(f->mac, buf));
	json_str(o, "type", f->is_static ? "static" : "learned");
	if (f->port)
		json_str(o, "port", port);
	if (f->peer.family)
		json_str(o, "peer", ct_ip_text(&f->peer, buf));
	if (f->self)
		json_onoff(o, "self", true);
	if (!f->is_static) {
		snprintf(buf, sizeof(buf), "%u.%03u", f->age / 1000, f->age % 1000);
		json_object_object_add(o, "age", json_object_new_double_s(f->age / 1000.0, buf));
	}
	json_addrs(o, "addresses", &f->ips, plain_text);
	/* People see one list, programs what each of them is. */
	if (f->claimed.family && ctx.json)
		json_str(o, "claimed", ct_ip_text(&f->claimed, buf));
	else if (f->claimed.family)
		json_array_add_str(json_object_object_get(o, "addresses"),
				   ct_ip_text(&f->claimed, buf));
	return o;
}

struct json_object *vtep_json(struct nlmsghdr *h)
{
	struct json_object *o;
	struct ct_stats st;
	struct ct_vtep v;

	if (ct_vtep_parse(h, &v, &st))
		return NULL;
	o = json_object_new_object();
	json_str(o, "family", v.family == AF_INET ? "inet" : "inet6");
	json_u64(o, "dstport", v.dstport);
	json_underlay(o, v.underlay);
	json_u64(o, "networks", v.nets);
	json_stats(o, &st);
	return o;
}

struct json_object *published_json(const struct ct_nat_owner *w, const struct ct_published *p)
{
	struct json_object *o = json_object_new_object(), *a;
	char text[CT_TEXT];
	int f;

	json_str(o, "network", w->net);
	if (w->target)
		json_str(o, "label", w->target);
	json_str(o, "published", ct_published_text(p, text));
	json_str(o, "protocol", strrchr(text, '/') + 1);
	if (p->host.family)
		json_str(o, "host", ct_ip_text(&p->host, text));
	json_u64(o, "host_port", p->host_port);
	json_u64(o, "container_port", p->port);
	json_u64(o, "count", p->count);
	a = json_array(o, "addresses");
	for (f = 0; f < 2; f++)
		if (w->addr[f].family && (!p->host.family || p->host.family == w->addr[f].family))
			json_array_add_str(a, ct_ip_text(&w->addr[f], text));
	json_str(o, "owner", w->owner);
	return o;
}
