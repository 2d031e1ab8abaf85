// SPDX-License-Identifier: GPL-2.0
/* Ports: add-port, set-port, del-port; attach.c does it for containers. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"

#define AT(m) offsetof(struct port_opts, m)

#define ID_OPTS								\
	{ .name = "dev", .type = OPT_NAME, .off = AT(dev), .known = true, \
	  .help = "the port is this device, instead of a container's", .arg = "DEV" }, \
	{ .name = "ifname", .type = OPT_NAME, .off = AT(ifname),	\
	  .help = "interface in the container (default eth0)", .target = true }

/* .attr is the flag that the kernel knows it by. */
#define FLAG_OPTS							\
	{ .name = "learning", .type = OPT_ONOFF, .off = AT(learning),	\
	  .help = "learn MACs from it (default on)",			\
	  .attr = CTNET_PORT_LEARNING },				\
	{ .name = "flood", .type = OPT_ONOFF, .off = AT(flood),		\
	  .help = "it receives floods (default on)",			\
	  .attr = CTNET_PORT_FLOOD },					\
	{ .name = "hairpin", .type = OPT_ONOFF, .off = AT(hairpin),	\
	  .help = "unicast frames may go out where they came in (default off)",	\
	  .attr = CTNET_PORT_HAIRPIN },					\
	{ .name = "guard", .type = OPT_ONOFF, .off = AT(guard),		\
	  .help = "only its own MAC and addresses as source, no router or DHCP server "	\
		  "(default: on for a container, off for --dev)",	\
	  .attr = CTNET_PORT_GUARD },					\
	{ .name = "isolated", .type = OPT_ONOFF, .off = AT(isolated),	\
	  .help = "it reaches no other isolated port (default off)",	\
	  .attr = CTNET_PORT_ISOLATED },				\
	{ .name = "label", .type = OPT_STR, .off = AT(label),		\
	  .help = "alias of the near end (default: TARGET)",		\
	  .max = 255 }

#define HOST_IFNAME_OPT							\
	{ .name = "host-ifname", .type = OPT_NAME, .off = AT(host_ifname), \
	  .help = "name of the near end (default: one is made up)", .target = true }
#define MTU_OPT								\
	{ .name = "mtu", .type = OPT_U32, .off = AT(mtu),		\
	  .help = "bytes (default auto: the network's, which it follows)", \
	  .min = 68, .max = 65535, .arg = "N|auto",			\
	  .word = "auto", .word_value = MTU_AUTO,			\
	  .attr = CTNET_PORT_MTU_AUTO, .target = true

const struct opt add_port_opts[] = {
	ID_OPTS,
	{ .name = "port", .type = OPT_NAME, .off = AT(near), .known = true,
	  .help = "the container's is that which add-port made before, with this near end",
	  .arg = "NEAR-END" },
	HOST_IFNAME_OPT,
	{ .name = "address", .type = OPT_CIDRS, .off = AT(address),
	  .help = "address of the container; may be repeated", .target = true },
	{ .name = "gateway", .type = OPT_IPS, .off = AT(gateway),
	  .help = "default route; at most one IPv4 and one IPv6", .target = true },
	{ .name = "route", .type = OPT_ROUTES, .off = AT(route),
	  .help = "route to there; may be repeated", .target = true },
	{ .name = "mac", .type = OPT_MAC, .off = AT(mac),
	  .help = "MAC of the container (default: from the first address)", .target = true },
	MTU_OPT },
	FLAG_OPTS,
	{ .name = "may-exist", .type = OPT_FLAG, .off = AT(may_exist),
	  .help = "no error if it is such a port already" },
	{ .name = NULL }
};

const struct opt set_port_opts[] = {
	ID_OPTS,
	{ .name = "port", .type = OPT_NAME, .off = AT(near), .known = true,
	  .help = "the container's port that has this near end", .arg = "NEAR-END" },
	HOST_IFNAME_OPT,
	{ .name = "address", .type = OPT_CIDRS, .off = AT(address),
	  .help = "another address, or, with -, one less; none: no address",
	  .arg = "[-]CIDR|none", .target = true, .edit = true },
	{ .name = "gateway", .type = OPT_IPS, .off = AT(gateway),
	  .help = "default route of its family, or, with -, none; none: of neither family",
	  .arg = "[-]IP|none", .target = true, .edit = true },
	{ .name = "route", .type = OPT_ROUTES, .off = AT(route),
	  .help = "another route, or, with -, one less; none: no route",
	  .arg = "[-]CIDR[,via IP]|none", .target = true, .edit = true },
	{ .name = "mac", .type = OPT_MAC, .off = AT(mac),
	  .help = "MAC of the container; auto: that of its first address",
	  .arg = "MAC|auto", .target = true, .edit = true },
	MTU_OPT },
	FLAG_OPTS,
	{ .name = NULL }
};

const struct opt del_port_opts[] = {
	ID_OPTS,
	{ .name = "port", .type = OPT_NAME, .off = AT(near), .known = true,
	  .help = "the container's port that has this near end", .arg = "NEAR-END" },
	{ .name = "label", .type = OPT_STR, .off = AT(label),
	  .help = "the port that has this label" },
	{ .name = "if-exists", .type = OPT_FLAG, .off = AT(if_exists),
	  .help = "no error if there is no such port" },
	{ .name = NULL }
};

const struct column port_columns[] = {
	{ "NETWORK", "network", COLOR_NAME },
	{ "PORT", "port", COLOR_NONE },
	{ "STATE", "state", COLOR_NONE },
	{ "LABEL", "label", COLOR_NONE },
	{ "IFNAME", "container_ifname", COLOR_NONE },
	{ "MACS", "macs", COLOR_MAC },
	{ "ADDRESSES", "addresses", COLOR_IP },
	{ "LEARNING", "learning", COLOR_NONE },
	{ "FLOOD", "flood", COLOR_NONE },
	{ "HAIRPIN", "hairpin", COLOR_NONE },
	{ "GUARD", "guard", COLOR_NONE },
	{ "ISOLATED", "isolated", COLOR_NONE },
	{ NULL, NULL, COLOR_NONE }
};

int port_parse(struct nlmsghdr *h, struct port *p)
{
	static const struct nla_policy policy[CTNET_A_PORT_MAX + 1] = {
		[CTNET_A_PORT_NET] = { .type = NLA_U32 },
		[CTNET_A_PORT_DEV] = { .type = NLA_U32 },
		[CTNET_A_PORT_DEVNAME] = { .type = NLA_STRING },
		[CTNET_A_PORT_FLAGS] = {
			.minlen = sizeof(struct nla_bitfield32) },
		[CTNET_A_PORT_STATS] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CTNET_A_PORT_MAX + 1];
	struct nla_bitfield32 bits;

	memset(p, 0, sizeof(*p));
	if (ge_parse(h, tb, CTNET_A_PORT_MAX, policy) ||
	    !tb[CTNET_A_PORT_NET] || !tb[CTNET_A_PORT_DEV])
		return -EBADMSG;
	p->net = nla_get_u32(tb[CTNET_A_PORT_NET]);
	p->dev = nla_get_u32(tb[CTNET_A_PORT_DEV]);
	if (tb[CTNET_A_PORT_DEVNAME])
		nla_strlcpy(p->devname, tb[CTNET_A_PORT_DEVNAME],
			    sizeof(p->devname));
	if (tb[CTNET_A_PORT_FLAGS]) {
		memcpy(&bits, nla_data(tb[CTNET_A_PORT_FLAGS]), sizeof(bits));
		p->flags = bits.value;
	}
	p->stats = tb[CTNET_A_PORT_STATS];
	return 0;
}

struct json_object *port_json(const struct port *p, const char *net,
			      const struct link *near, const struct link *far)
{
	struct json_object *o = json_object_new_object();
	const struct opt *opt;

	json_str(o, "network", net);
	json_str(o, "port", p->devname);
	json_u64(o, "ifindex", p->dev);
	if (near) {
		json_str(o, "state", near->flags & IFF_UP ? "up" : "down");
		if (near->alias[0])
			json_str(o, "label", near->alias);
	}
	if (far) {
		json_str(o, "container_ifname", far->name);
		json_u64(o, "container_mtu", far->mtu);
	}
	json_onoff(o, "mtu_auto", p->flags & CTNET_PORT_MTU_AUTO);
	for (opt = add_port_opts; opt->name; opt++)
		if (opt->attr && opt->type == OPT_ONOFF)
			json_onoff(o, opt->name, p->flags & opt->attr);
	json_stats(o, p->stats, NULL);
	return o;
}

struct nl_msg *port_msg(uint8_t cmd, int net, int dev)
{
	struct nl_msg *msg = ge_msg(cmd, 0);

	msg_put_u32(msg, CTNET_A_PORT_NET, net);
	msg_put_u32(msg, CTNET_A_PORT_DEV, dev);
	return msg;
}

int port_get(int net, int dev, struct port *p)
{
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = nl_do(&ctx.ge, port_msg(CTNET_CMD_PORT_GET, net, dev), &r);
	if (err)
		return err;
	err = -ENOENT;
	for_each_reply(h, &r)
		err = port_parse(h, p);
	replies_free(&r);
	return err;
}

/*
 * add-port leaves a veth that has its mark, and whose other end is in another namespace.
 * Nothing else may be deleted as what add-port made; this is the only place that says so.
 */
bool port_is_made(const struct link *near)
{
	return !strcmp(near->kind, "veth") && near->peer_nsid >= 0 && near->mark[0];
}

/*
 * The near end comes up when all but the announcement is done, and after that is told
 * what its other end was called.
 */
bool port_is_unfinished(const struct link *near)
{
	return port_is_made(near) && !(near->flags & IFF_UP) && !near->given[0];
}

/* Change the flags that were given, and say how to take that back. */
int port_set_flags(int net, int dev, const struct port_opts *o)
{
	struct nla_bitfield32 bits, old;
	struct nl_msg *msg;
	struct port p;
	int err;

	opt_flags(add_port_opts, o, &bits.value, &bits.selector);
	if (!bits.selector)
		return EXIT_OK;
	err = port_get(net, dev, &p);
	if (err)
		return fail("read the port: %s", nl_why(&ctx.ge, err, NULL));
	msg = port_msg(CTNET_CMD_PORT_SET, net, dev);
	msg_put(msg, CTNET_A_PORT_FLAGS, &bits, sizeof(bits));
	err = nl_do(&ctx.ge, msg, NULL);
	if (err)
		return fail("set the flags: %s", nl_why(&ctx.ge, err, NULL));
	old.value = p.flags & bits.selector;
	old.selector = bits.selector;
	msg = port_msg(CTNET_CMD_PORT_SET, net, dev);
	msg_put(msg, CTNET_A_PORT_FLAGS, &old, sizeof(old));
	undo_push(&ctx.ge, msg);
	return EXIT_OK;
}

/* Does a port contradict the flags and the label that are asked for? */
int port_compare(const struct link *net, const struct link *near,
		 const struct port_opts *o)
{
	const struct opt *opt;
	uint32_t value, sel;
	struct port p;
	int err;

	err = port_get(net->ifindex, near->ifindex, &p);
	if (err)
		return fail("read the port: %s", nl_why(&ctx.ge, err, NULL));
	opt_flags(add_port_opts, o, &value, &sel);
	if (mtu_is_auto(&o->mtu) && !(p.flags & CTNET_PORT_MTU_AUTO))
		return fail("it exists, and has --mtu %u", near->mtu);
	for (opt = add_port_opts; opt->name; opt++)
		if (opt->type == OPT_ONOFF && (sel & opt->attr) &&
		    (value ^ p.flags) & opt->attr)
			return fail("it exists, and has --%s %s", opt->name,
				    p.flags & opt->attr ? "on" : "off");
	if (o->label && strcmp(o->label, near->alias))
		return fail("it exists, and has --label \"%s\"", near->alias);
	return EXIT_OK;
}

int dev_find(const char *dev, struct link *l, bool *gone)
{
	int err = link_get(&ctx.rt, dev, 0, -1, l);

	if (err == -ENODEV && gone) {
		*gone = true;
		return EXIT_OK;
	}
	if (err == -ENODEV)
		return fail("there is no interface \"%s\" in this namespace",
			    dev);
	if (err)
		return fail("look up \"%s\": %s", dev,
			    nl_why(&ctx.rt, err, NULL));
	return EXIT_OK;
}

int port_set_label(const struct link *dev, const char *label)
{
	int err;

	if (!label || !strcmp(label, dev->alias))
		return EXIT_OK;
	err = nl_do(&ctx.rt, link_alias_msg(dev->ifindex, label), NULL);
	if (err)
		return fail("set the label: %s", nl_why(&ctx.rt, err, NULL));
	undo_push(&ctx.rt, link_alias_msg(dev->ifindex, dev->alias));
	return EXIT_OK;
}

static int add_dev(const struct link *net, const struct port_opts *o)
{
	static const struct hint hints[] = {
		{ EEXIST, "it is a port of the network already" },
		{ EBUSY, "it is a port of something already" },
		{ 0, NULL }
	};
	struct nla_bitfield32 bits;
	struct nl_msg *msg;
	struct link dev;
	int err, e;

	err = dev_find(o->dev, &dev, NULL);
	if (err)
		return err;
	msg = port_msg(CTNET_CMD_PORT_ADD, net->ifindex, dev.ifindex);
	opt_flags(add_port_opts, o, &bits.value, &bits.selector);
	if (bits.selector)
		msg_put(msg, CTNET_A_PORT_FLAGS, &bits, sizeof(bits));
	undo_begin();
	e = nl_do(&ctx.ge, msg, NULL);
	if (e) {
		if (e == -EEXIST && o->may_exist)
			err = port_compare(net, &dev, o);
		else
			err = fail("attach %s: %s", o->dev,
				   nl_why(&ctx.ge, e, hints));
		undo_run();
		return err;
	}
	undo_push(&ctx.ge, port_msg(CTNET_CMD_PORT_DEL, net->ifindex,
				    dev.ifindex));
	err = port_set_label(&dev, o->label);
	if (!err)
		err = port_set_up(&dev);
	if (err)
		undo_run();
	else
		undo_commit();
	return err;
}

int port_set_up(const struct link *dev)
{
	int err;

	if (dev->flags & IFF_UP)
		return EXIT_OK;
	err = link_set_up(&ctx.rt, dev->ifindex, true);
	if (err)
		return fail("bring %s up: %s", dev->name,
			    nl_why(&ctx.rt, err, NULL));
	undo_push(&ctx.rt, link_up_msg(dev->ifindex, false));
	return EXIT_OK;
}

static int set_dev(const struct link *net, const struct port_opts *o)
{
	struct link dev;
	struct port p;
	int err, e;

	err = dev_find(o->dev, &dev, NULL);
	if (err)
		return err;
	e = port_get(net->ifindex, dev.ifindex, &p);
	if (e)
		return fail("read the port: %s", nl_why(&ctx.ge, e, NULL));
	undo_begin();
	err = port_set_flags(net->ifindex, dev.ifindex, o);
	if (!err)
		err = port_set_label(&dev, o->label);
	if (err)
		undo_run();
	else
		undo_commit();
	return err;
}

/* A gateway needs an address of its family, unless it is a link-local one. */
static int check_gateway(const struct port_opts *o, const char *opt,
			 const struct ip *ip)
{
	char text[IP_TEXT];
	size_t j;

	for (j = 0; j < o->address.n; j++)
		if (ip_equal(&o->address.v[j].ip, ip))
			return usage_error("--%s %s is the container's own --address",
					   opt, ip_text(ip, text));
	for (j = 0; j < o->address.n; j++)
		if (o->address.v[j].ip.family == ip->family)
			break;
	if (j == o->address.n && !ip_is_link_local(ip))
		return usage_error("--%s %s needs an --address of its family",
				   opt, ip_text(ip, text));
	return EXIT_OK;
}

static int check_addresses(const struct port_opts *o)
{
	char text[CIDR_TEXT];
	const char *why;
	size_t i;

	for (i = 0; i < o->address.n; i++) {
		if (o->address.v[i].ip.edit != EDIT_ADD)
			continue;
		why = cidr_not_hosts(&o->address.v[i]);
		if (why)
			return usage_error("--address %s %s",
					   cidr_text(&o->address.v[i], text),
					   why);
	}
	return EXIT_OK;
}

static int check_routes(const struct port_opts *o)
{
	const struct routes *r = &o->route;
	const struct ips *g = &o->gateway;
	char text[CIDR_TEXT];
	size_t i, j;
	int err = EXIT_OK;

	for (i = 0; i < g->n && !err; i++) {
		for (j = 0; j < i; j++)
			if (g->v[j].family == g->v[i].family)
				return usage_error("there are two --gateway of one family");
		err = check_gateway(o, "gateway", &g->v[i]);
	}
	for (i = 0; i < r->n && !err; i++) {
		if (!r->v[i].dst.plen)
			return usage_error("--route to everywhere is --gateway IP");
		for (j = 0; j < i; j++)
			if (cidr_equal(&r->v[j].dst, &r->v[i].dst))
				return usage_error("there are two --route to %s",
						   cidr_text(&r->v[i].dst, text));
		if (r->v[i].via.family)
			err = check_gateway(o, "route ... via", &r->v[i].via);
	}
	return err;
}

static void add_route(struct routes *out, const struct route *r,
		      const struct cidrs *addrs)
{
	struct route x = *r;
	bool inside = false, whole = false;
	size_t i;

	for (i = 0; i < addrs->n; i++) {
		const struct cidr *c = &addrs->v[i];

		inside = inside || ip_is_in(&x.via, c);
		whole = whole || (c->ip.family == x.via.family &&
				  c->plen == c->ip.len * 8);
	}
	x.onlink = whole && !inside && !ip_is_link_local(&x.via);
	routes_add(out, &x);
}

void port_routes(struct routes *out, const struct ips *gateways,
		 const struct routes *routes, const struct cidrs *addrs)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	/* The others may lead to the gateway. */
	for (i = 0; i < routes->n; i++)
		add_route(out, &routes->v[i], addrs);
	for (i = 0; i < gateways->n; i++) {
		struct route r = { .via = gateways->v[i] };

		r.dst.ip.family = r.via.family;
		r.dst.ip.len = r.via.len;
		add_route(out, &r, addrs);
	}
}

int port_check(int n, const struct opt *opts, const struct port_opts *o)
{
	const struct opt *opt;

	if ((n > 1 || o->near) && o->dev)
		return usage_error("a port is a container's or --dev DEV, not both");
	if (n > 1 && o->near)
		return usage_error("--port says which container it is: it goes without TARGET");
	if (n < 2 && !o->dev && !o->near)
		return usage_error("say which port: TARGET or --dev DEV");
	if (o->near && (o->ifname || (o->host_ifname && opts == add_port_opts)))
		return usage_error("--port is of an interface that is there: it has its names");
	if (o->host_ifname && strspn(o->host_ifname + 2, "0123456789abcdef") == MARK_LEN - 2 &&
	    !strncmp(o->host_ifname, "ct", 2) && strlen(o->host_ifname) == MARK_LEN)
		return usage_error("--host-ifname %s: names like that are made up by add-port itself",
				   o->host_ifname);
	if (!o->dev) {
		int err = check_addresses(o);

		return err || opts != add_port_opts ? err : check_routes(o);
	}
	for (opt = opts; opt->name; opt++)
		if (opt->target && opt_is_set(opt, o))
			return usage_error("--%s is for a container, it does not go with --dev",
					   opt->name);
	return EXIT_OK;
}

int add_port(int n, char **arg, void *vals)
{
	const struct port_opts *o = vals;
	struct link net;
	int err;

	err = port_check(n, add_port_opts, o);
	if (!err)
		err = net_find(arg[0], &net, NULL);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	return o->dev ? add_dev(&net, o) : attach(&net, arg[1], o);
}

int set_port(int n, char **arg, void *vals)
{
	const struct port_opts *o = vals;
	const struct opt *opt;
	struct link net;
	bool any = false;
	int err;

	err = port_check(n, set_port_opts, o);
	if (err)
		return err;
	for (opt = set_port_opts; opt->name; opt++)
		if (strcmp(opt->name, "dev") && strcmp(opt->name, "port") &&
		    strcmp(opt->name, "ifname"))
			any = any || opt_is_set(opt, o);
	if (!any)
		return usage_error("nothing to change: give an option; \"ctnetctl help set-port\" lists them");
	err = net_find(arg[0], &net, NULL);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	return o->dev ? set_dev(&net, o) : reattach(&net, arg[1], o);
}

static int detach_dev(const struct link *net, const struct link *dev,
		      bool if_exists)
{
	static const struct hint hints[] = {
		{ ENOENT, "it is no port of the network" },
		{ 0, NULL }
	};
	int err = nl_do(&ctx.ge, port_msg(CTNET_CMD_PORT_DEL, net->ifindex,
					  dev->ifindex), NULL);

	if (err && !(err == -ENOENT && if_exists))
		return fail("detach %s: %s", dev->name,
			    nl_why(&ctx.ge, err, hints));
	return EXIT_OK;
}

static int del_dev(const struct link *net, const struct port_opts *o)
{
	bool gone = false;
	struct link dev;
	int err;

	err = dev_find(o->dev, &dev, o->if_exists ? &gone : NULL);
	return err || gone ? err : detach_dev(net, &dev, o->if_exists);
}

/* A near end, be it of a port of the network, or of what became of one. */
static int del_near(const struct link *net, const struct port_opts *o)
{
	bool gone = false;
	struct link near;
	int err;

	err = dev_find(o->near, &near, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (near.master == net->ifindex || (!near.master && port_is_made(&near)))
		return detach_near(net, o->near, &near);
	return o->if_exists ? EXIT_OK :
	       fail("%s is no port of the network", o->near);
}

static int del_label(const struct link *net, const struct port_opts *o)
{
	const struct link *found = NULL;
	struct links ls;
	size_t i, n = 0;
	int err;

	err = link_dump(&ctx.rt, &ls);
	if (err)
		return fail("list the interfaces: %s",
			    nl_why(&ctx.rt, err, NULL));
	for (i = 0; i < ls.n; i++) {
		const struct link *l = &ls.v[i];

		if (strcmp(l->alias, o->label) || (l->master != net->ifindex &&
						   (l->master || !port_is_made(l))))
			continue;
		found = l;
		n++;
	}
	if (n > 1)
		err = fail("%zu ports have that label: \"ctnetctl list ports %s\" shows them, and --port says which",
			   n, net->name);
	else if (found)
		err = port_is_made(found) ? detach_near(net, o->label, found) :
					    detach_dev(net, found, o->if_exists);
	else if (!o->if_exists)
		err = fail("no port of the network has that label");
	links_free(&ls);
	return err;
}

/* One of TARGET, --dev, --port and --label says which port. */
static int del_check(int n, const struct port_opts *o)
{
	int named = !!o->dev + !!o->near + !!o->label;

	if (n - 1 + named != 1)
		return usage_error("say which port by one of TARGET, --dev DEV, --port NEAR-END and --label TEXT");
	if (n < 2 && o->ifname)
		return usage_error("--ifname is for a container: it goes with TARGET only");
	return EXIT_OK;
}

int del_port(int n, char **arg, void *vals)
{
	const struct port_opts *o = vals;
	bool gone = false;
	struct link net;
	int err;

	err = del_check(n, o);
	if (!err)
		err = net_find(arg[0], &net, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	if (o->near)
		return del_near(&net, o);
	if (o->label)
		return del_label(&net, o);
	return o->dev ? del_dev(&net, o) : detach(&net, arg[1], o);
}
