// SPDX-License-Identifier: GPL-2.0
/* Ports; attach.c and change.c do it for containers. */
#include <errno.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ct.h"

#define FLAG(n, m, f)	{ n, .off = offsetof(struct ct_port_conf, m), .onoff = true, \
			  .max = 1, .set = CTNET_PORT_##f }

const struct ct_attr ct_port_attrs[] = {
	FLAG("learning", learning, LEARNING),
	FLAG("flood", flood, FLOOD),
	FLAG("hairpin", hairpin, HAIRPIN),
	FLAG("guard", guard, GUARD),
	FLAG("isolated", isolated, ISOLATED),
	{ .name = NULL }
};

void ct_port_flags(const struct ct_port_conf *o, uint32_t *value, uint32_t *selector)
{
	const struct ct_attr *a;

	*selector = o->mtu.set ? CTNET_PORT_MTU_AUTO : 0;
	*value = o->mtu.set && o->mtu.v == CT_MTU_AUTO ? CTNET_PORT_MTU_AUTO : 0;
	for (a = ct_port_attrs; a->name; a++) {
		*selector |= CT_ATTR(a, o)->set ? a->set : 0;
		*value |= CT_ATTR(a, o)->set && CT_ATTR(a, o)->v ? a->set : 0;
	}
}

int ct_port_parse(struct nlmsghdr *h, struct ct_port *p, struct ct_stats *stats)
{
	struct nlattr *tb[CTNET_A_PORT_MAX + 1], *a;
	struct nla_bitfield32 bits;

	memset(p, 0, sizeof(*p));
	if (ct_parse_genl(h, tb, CTNET_A_PORT_MAX) || !tb[CTNET_A_PORT_NET] ||
	    !tb[CTNET_A_PORT_DEV])
		return -EBADMSG;
	p->net = ct_get_num(tb[CTNET_A_PORT_NET]);
	p->dev = ct_get_num(tb[CTNET_A_PORT_DEV]);
	if (tb[CTNET_A_PORT_DEVNAME])
		nla_strlcpy(p->devname, tb[CTNET_A_PORT_DEVNAME], sizeof(p->devname));
	a = tb[CTNET_A_PORT_FLAGS];
	if (a && nla_len(a) >= (int)sizeof(bits)) {
		memcpy(&bits, nla_data(a), sizeof(bits));
		p->flags = bits.value;
	}
	a = tb[CTNET_A_PORT_NETNSID];
	p->nsid = a ? (int)ct_get_num(a) : -1;
	p->goes = a && p->nsid < 0;
	p->ifindex = ct_get_num(tb[CTNET_A_PORT_IFINDEX]);
	if (tb[CTNET_A_PORT_IFNAME])
		nla_strlcpy(p->ifname, tb[CTNET_A_PORT_IFNAME], sizeof(p->ifname));
	p->has_label = tb[CTNET_A_PORT_LABEL];
	if (p->has_label)
		nla_strlcpy(p->label, tb[CTNET_A_PORT_LABEL], sizeof(p->label));
	if (stats)
		ct_stats_parse(stats, tb[CTNET_A_PORT_STATS], NULL);
	return 0;
}

struct nl_msg *ct_port_msg(struct ct *ct, uint8_t cmd, int net, int dev, uint32_t flags,
			   uint32_t selector)
{
	struct nla_bitfield32 bits = { flags & selector, selector };
	struct nl_msg *msg = ct_genl_msg(ct, cmd, 0);

	ct_put_u32(msg, CTNET_A_PORT_NET, net);
	ct_put_u32(msg, CTNET_A_PORT_DEV, dev);
	if (selector)
		ct_put(msg, CTNET_A_PORT_FLAGS, &bits, sizeof(bits));
	return msg;
}

int ct_port_get(struct ct *ct, int net, int dev, struct ct_port *p)
{
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	err = ct_do(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_GET, net, dev, 0, 0), &r);
	if (err)
		return err;
	err = -ENOENT;
	ct_for_each_reply(h, &r)
		err = ct_port_parse(h, p, NULL);
	ct_replies_free(&r);
	return err;
}

/*
 * add-port leaves a veth that has its mark, and whose other end is in another namespace.
 * Nothing else may be deleted as what add-port made; this is the only place that says so. A
 * native port is nothing without its device.
 */
bool ct_port_is_made(const struct ct_link *near)
{
	if (ct_link_is_native(near))
		return true;
	return !strcmp(near->kind, "veth") && near->peer_nsid >= 0 && near->mark[0];
}

/*
 * The near end comes up when all but the announcement is done, and after that is told what
 * its other end was called.
 */
bool ct_port_is_unfinished(const struct ct_link *near)
{
	return ct_port_is_made(near) && !(near->flags & IFF_UP) && !near->given[0];
}

int ct_dev_find(struct ct *ct, const char *dev, struct ct_link *l, bool *gone)
{
	int err = ct_link_get(&ct->rt, dev, 0, -1, l);

	if (err == -ENODEV && gone) {
		*gone = true;
		return CT_OK;
	}
	if (err == -ENODEV)
		return ct_fail(ct, "no interface \"%s\" in this namespace", dev);
	return err ? ct_refused(&ct->rt, err, NULL, "look up \"%s\"", dev) : CT_OK;
}

bool ct_port_wants_native(const struct ct_port_conf *o)
{
	return o->type && !strcmp(o->type, "native");
}

int ct_port_set_flags(struct ct *ct, int net, int dev, const struct ct_port_conf *o)
{
	uint32_t value, selector;
	struct ct_port p;
	int err;

	ct_port_flags(o, &value, &selector);
	if (!selector)
		return CT_OK;
	err = ct_port_get(ct, net, dev, &p);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the port");
	return ct_step(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_SET, net, dev, value, selector),
		       ct_port_msg(ct, CTNET_CMD_PORT_SET, net, dev, p.flags, selector), NULL,
		       "set the flags");
}

int ct_port_compare(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		    const struct ct_port_conf *o)
{
	const struct ct_attr *a;
	uint32_t value, selector;
	struct ct_port p;
	int err;

	err = ct_port_get(ct, net->ifindex, near->ifindex, &p);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the port");
	ct_port_flags(o, &value, &selector);
	if (value & ~p.flags & CTNET_PORT_MTU_AUTO)
		return ct_fail(ct, "it exists, and has --mtu %u", near->mtu);
	for (a = ct_port_attrs; a->name; a++)
		if (selector & (value ^ p.flags) & a->set)
			return ct_fail(ct, "it exists, and has --%s %s", a->name,
				       p.flags & a->set ? "on" : "off");
	if (o->type && ct_port_wants_native(o) != ct_link_is_native(near))
		return ct_fail(ct, "it exists, and has --type %s",
			       ct_link_is_native(near) ? "native" : "veth");
	if (o->label && strcmp(o->label, near->alias))
		return ct_fail(ct, "it exists, and has --label \"%s\"", near->alias);
	return CT_OK;
}

/* ------------------------------------------------------------------- devices */

static int add_dev(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o)
{
	static const struct ct_hint hints[] = {
		{ EEXIST, "it is a port of the network already" },
		{ EBUSY, "it is a port of something already" },
		{ 0, NULL }
	};
	uint32_t value, selector;
	struct ct_link dev;
	int err;

	err = ct_dev_find(ct, o->dev, &dev, NULL);
	if (err)
		return err;
	ct_port_flags(o, &value, &selector);
	ct_begin(ct);
	err = ct_do(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_ADD, net->ifindex, dev.ifindex,
					 value, selector), NULL);
	if (err == -EEXIST && o->may_exist)
		return ct_end(ct, ct_port_compare(ct, net, &dev, o));
	if (err)
		return ct_end(ct, ct_refused(&ct->ge, err, hints, "attach %s", o->dev));
	ct_undo(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_DEL, net->ifindex, dev.ifindex, 0, 0));
	err = ct_link_label(&ct->rt, &dev, o->label);
	err = err ?: ct_link_up(&ct->rt, &dev);
	return ct_end(ct, err);
}

static int set_dev(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o)
{
	struct ct_link dev;
	struct ct_port p;
	int err;

	err = ct_dev_find(ct, o->dev, &dev, NULL);
	if (err)
		return err;
	err = ct_port_get(ct, net->ifindex, dev.ifindex, &p);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the port");
	ct_begin(ct);
	err = ct_port_set_flags(ct, net->ifindex, dev.ifindex, o);
	err = err ?: ct_link_label(&ct->rt, &dev, o->label);
	return ct_end(ct, err);
}

static int detach_dev(struct ct *ct, const struct ct_link *net, const struct ct_link *dev,
		      bool if_exists)
{
	static const struct ct_hint hints[] = {
		{ ENOENT, "it is not a port of the network" },
		{ 0, NULL }
	};
	struct ct_port p;
	int err;

	/* What takes it back has its flags. */
	err = ct_port_get(ct, net->ifindex, dev->ifindex, &p);
	if (err == -ENOENT && if_exists)
		return CT_OK;
	if (err)
		return ct_refused(&ct->ge, err, hints, "detach %s", dev->name);
	ct_begin(ct);
	err = ct_publish_del_near(ct, dev->ifindex);
	err = err ?: ct_step(&ct->ge, ct_port_msg(ct, CTNET_CMD_PORT_DEL, net->ifindex,
						  dev->ifindex, 0, 0),
			     ct_port_msg(ct, CTNET_CMD_PORT_ADD, net->ifindex, dev->ifindex,
					 p.flags, CTNET_PORT_FLAGS_ALL),
			     hints, "detach %s", dev->name);
	return ct_end(ct, err);
}

/* A near end, be it of a port of the network, or of what became of one. */
static int del_near(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o)
{
	bool gone = false;
	struct ct_link near;
	int err;

	err = ct_near_find(ct, net->ifindex, o->near, &near, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (near.master == net->ifindex || (!near.master && ct_port_is_made(&near)))
		return ct_detach_near(ct, net, o->near, &near);
	return o->if_exists ? CT_OK :
			      ct_fail(ct, "%s is not a port of the network", o->near);
}

static int del_label(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o)
{
	const struct ct_link *found = NULL, *l;
	struct ct_links ls = { 0 };
	size_t i, n = 0;
	int err;

	err = ct_near_dump(ct, net->ifindex, &ls);
	if (err) {
		ct_links_free(&ls);
		return err;
	}
	for (i = 0; i < ls.n; i++) {
		l = &ls.v[i];
		if (strcmp(l->alias, o->label) ||
		    (l->master != net->ifindex && (l->master || !ct_port_is_made(l))))
			continue;
		found = l;
		n++;
	}
	if (n > 1)
		err = ct_fail(ct, "%zu ports have that label: \"ctnetctl list ports %s\" shows them, and --port says which",
			      n, net->name);
	else if (found)
		err = ct_port_is_made(found) ? ct_detach_near(ct, net, o->label, found) :
					       detach_dev(ct, net, found, o->if_exists);
	else if (!o->if_exists)
		err = ct_fail(ct, "no port of the network has that label");
	ct_links_free(&ls);
	return err;
}

/* ------------------------------------------------------------ what is asked for */

/* A gateway needs an address of its family, unless it is a link-local one. */
static int check_gateway(struct ct *ct, const struct ct_port_conf *o, const char *opt,
			 const struct ct_ip *ip)
{
	bool family = ct_ip_is_link_local(ip);
	char text[CT_TEXT];
	size_t i;

	if (ct_ip_among(&o->address, ip))
		return ct_misuse(ct, "--%s %s is the container's own --address", opt,
				 ct_ip_text(ip, text));
	for (i = 0; i < o->address.n; i++)
		family = family || o->address.v[i].ip.family == ip->family;
	if (!family)
		return ct_misuse(ct, "--%s %s needs an --address of its family", opt,
				 ct_ip_text(ip, text));
	return CT_OK;
}

static int check_routes(struct ct *ct, const struct ct_port_conf *o)
{
	const struct ct_addrs *r = &o->route, *g = &o->gateway;
	char text[CT_TEXT];
	size_t i, j;
	int err = CT_OK;

	for (i = 0; i < g->n && !err; i++) {
		for (j = 0; j < i; j++)
			if (ct_same_family(&g->v[j], &g->v[i]))
				return ct_misuse(ct, "there are two --gateway of one family");
		err = check_gateway(ct, o, "gateway", &g->v[i].ip);
	}
	for (i = 0; i < r->n && !err; i++) {
		if (!r->v[i].plen)
			return ct_misuse(ct, "--route to everywhere is --gateway IP");
		for (j = 0; j < i; j++)
			if (ct_same_cidr(&r->v[j], &r->v[i]))
				return ct_misuse(ct, "there are two --route to %s",
						 ct_cidr_text(&r->v[i], text));
		if (r->v[i].via.family)
			err = check_gateway(ct, o, "route ... via", &r->v[i].via);
	}
	return err;
}

int ct_port_check(struct ct *ct, const char *target, const struct ct_port_conf *o, bool add)
{
	const char *host = o->host_ifname, *why;
	char text[CT_TEXT];
	size_t i;

	if ((target || o->near) && o->dev)
		return ct_misuse(ct, "a port is a container's or --dev DEV, not both");
	if (target && o->near)
		return ct_misuse(ct, "--port says which container it is: it goes without TARGET");
	if (!target && !o->dev && !o->near)
		return ct_misuse(ct, "say which port: TARGET or --dev DEV");
	if (o->near && (o->ifname || (host && add)))
		return ct_misuse(ct, "--port is of an interface that is there: it has its names");
	if (o->type && strcmp(o->type, "veth") && strcmp(o->type, "native"))
		return ct_misuse(ct, "--type \"%s\": must be veth or native", o->type);
	if (ct_port_wants_native(o) && host)
		return ct_misuse(ct, "--host-ifname is for a veth: a native port has no near end");
	/* sync gives a near end its own one back. */
	if (add && host && !strncmp(host, "ct", 2) && strlen(host) == CT_MARK_LEN &&
	    strspn(host + 2, "0123456789abcdef") == CT_MARK_LEN - 2)
		return ct_misuse(ct, "--host-ifname %s: names like that are made up by add-port itself",
				 host);
	if (o->dev) {
		why = o->ifname ? "ifname" : host ? "host-ifname" : o->type ? "type" :
		      o->address.n ? "address" : o->gateway.n ? "gateway" :
		      o->route.n ? "route" : o->mac.set ? "mac" :
		      o->mtu.set ? "mtu" : NULL;
		return why ? ct_misuse(ct, "--%s is for a container, it does not go with --dev",
				       why) : CT_OK;
	}
	for (i = 0; i < o->address.n; i++) {
		why = o->address.v[i].edit == CT_ADD ? ct_not_hosts(&o->address.v[i]) : NULL;
		if (why)
			return ct_misuse(ct, "--address \"%s\": %s",
					 ct_cidr_text(&o->address.v[i], text), why);
	}
	return add ? check_routes(ct, o) : CT_OK;
}

static void add_route(struct ct_addrs *out, const struct ct_addr *r,
		      const struct ct_addrs *addrs)
{
	bool inside = false, whole = false;
	struct ct_addr x = *r;
	size_t i;

	for (i = 0; i < addrs->n; i++) {
		const struct ct_addr *a = &addrs->v[i];

		inside = inside || ct_ip_is_in(&x.via, a);
		whole = whole || (a->ip.family == x.via.family && a->plen == a->ip.len * 8);
	}
	x.onlink = whole && !inside && !ct_ip_is_link_local(&x.via);
	ct_addrs_add(out, &x);
}

void ct_port_routes(struct ct_addrs *out, const struct ct_addrs *gateways,
		    const struct ct_addrs *routes, const struct ct_addrs *addrs)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	/* The others may lead to the gateway. */
	for (i = 0; i < routes->n; i++)
		add_route(out, &routes->v[i], addrs);
	for (i = 0; i < gateways->n; i++) {
		struct ct_addr r = { .via = gateways->v[i].ip };

		r.ip.family = r.via.family;
		r.ip.len = r.via.len;
		add_route(out, &r, addrs);
	}
}

static int find_net(struct ct *ct, const char *name, struct ct_link *net, bool *gone)
{
	int err = ct_net_find(ct, name, net, gone);

	return err || (gone && *gone) ? err : ct_genl(ct);
}

int ct_port_add(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o)
{
	struct ct_link l;
	int err;

	err = ct_port_check(ct, target, o, true);
	err = err ?: find_net(ct, net, &l, NULL);
	if (err)
		return err;
	return o->dev ? add_dev(ct, &l, o) : ct_attach(ct, &l, target, o);
}

int ct_port_set(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o)
{
	struct ct_link l;
	int err;

	err = ct_port_check(ct, target, o, false);
	err = err ?: find_net(ct, net, &l, NULL);
	if (err)
		return err;
	return o->dev ? set_dev(ct, &l, o) : ct_change(ct, &l, target, o);
}

int ct_port_del(struct ct *ct, const char *net, const char *target,
		const struct ct_port_conf *o)
{
	bool gone = false, *may_go = o->if_exists ? &gone : NULL;
	struct ct_link l, dev;
	int err;

	if (!!target + !!o->dev + !!o->near + !!o->label != 1)
		return ct_misuse(ct, "say which port by one of TARGET, --dev DEV, --port NEAR-END and --label TEXT");
	if (!target && o->ifname)
		return ct_misuse(ct, "--ifname is for a container: it goes with TARGET only");
	err = find_net(ct, net, &l, may_go);
	if (err || gone)
		return err;
	if (target)
		return ct_detach(ct, &l, target, o);
	if (o->near)
		return del_near(ct, &l, o);
	if (o->label)
		return del_label(ct, &l, o);
	err = ct_dev_find(ct, o->dev, &dev, may_go);
	return err || gone ? err : detach_dev(ct, &l, &dev, o->if_exists);
}
