// SPDX-License-Identifier: GPL-2.0
/* Networks: add-net, del-net; setnet.c changes one. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"

#define AT(m) offsetof(struct net_opts, m)

/* What is set by name in IFLA_INFO_DATA has .attr, and .width if a number. */
#define VNI_OPT								\
	{ .name = "vni", .type = OPT_U32, .off = AT(vni),		\
	  .help = "VXLAN network identifier; without one the network is a local bridge", \
	  .min = 1, .max = CTNET_VNI_MAX, .attr = IFLA_CTNET_VNI, .width = 4 }
#define UNDERLAY_OPTS							\
	{ .name = "underlay", .type = OPT_NAME, .off = AT(underlay), .known = true, \
	  .help = "device, or VRF, that the tunnels use (default: any)", .arg = "DEV|any" }, \
	{ .name = "dstport", .type = OPT_U32, .off = AT(dstport),	\
	  .help = "UDP port (default 4789)",				\
	  .min = 1, .max = 65535, .attr = IFLA_CTNET_DSTPORT, .width = 2, \
	  .preset = CTNET_DSTPORT_DEFAULT }
#define MTU_OPT								\
	{ .name = "mtu", .type = OPT_U32, .off = AT(mtu),		\
	  .help = "bytes (default auto: what its underlay and its ports leave)", \
	  .min = 68, .max = 65535, .arg = "N|auto",			\
	  .word = "auto", .word_value = MTU_AUTO }
#define FLAG_OPTS							\
	{ .name = "learning", .type = OPT_ONOFF, .off = AT(learning),	\
	  .help = "learn where MACs are (default on)",			\
	  .attr = IFLA_CTNET_LEARNING, .width = 1, .preset = 1 },	\
	{ .name = "ageing", .type = OPT_U32, .off = AT(ageing),		\
	  .help = "forget learned entries not seen for so long (default 300; 0: never)", \
	  .arg = "SECONDS", .max = CTNET_AGEING_MAX,			\
	  .attr = IFLA_CTNET_AGEING, .width = 4,			\
	  .preset = CTNET_AGEING_DEFAULT },				\
	{ .name = "flood", .type = OPT_ONOFF, .off = AT(flood),		\
	  .help = "flood unknown unicast (default on)",			\
	  .attr = IFLA_CTNET_FLOOD, .width = 1, .preset = 1 },		\
	{ .name = "max-fdb", .type = OPT_U32, .off = AT(max_fdb),	\
	  .help = "learned entries at most (default 65536)",		\
	  .max = CTNET_MAX_FDB_MAX, .attr = IFLA_CTNET_MAX_FDB, .width = 4, \
	  .preset = CTNET_MAX_FDB_DEFAULT },				\
	{ .name = "suppress", .type = OPT_ONOFF, .off = AT(suppress),	\
	  .help = "answer ARP and neighbour solicitations from the table (default on)", \
	  .attr = IFLA_CTNET_SUPPRESS, .width = 1, .preset = 1 },	\
	{ .name = "ttl", .type = OPT_U32, .off = AT(ttl),		\
	  .help = "TTL of outer packets (default 0: as the host's own)", \
	  .max = 255, .word = "inherit", .word_value = CTNET_INHERIT,	\
	  .attr = IFLA_CTNET_TTL, .width = 2,				\
	  .preset = CTNET_TTL_DEFAULT },				\
	{ .name = "tos", .type = OPT_U32, .off = AT(tos),		\
	  .help = "DS field of outer packets (default 0); ECN is always the inner one's", \
	  .max = 255, .word = "inherit", .word_value = CTNET_INHERIT,	\
	  .attr = IFLA_CTNET_TOS, .width = 2 },				\
	{ .name = "df", .type = OPT_ONOFF, .off = AT(df),		\
	  .help = "forbid routers to fragment outer IPv4 packets (default off)", \
	  .word = "inherit", .word_value = CTNET_DF_INHERIT,		\
	  .attr = IFLA_CTNET_DF, .width = 1 },				\
	{ .name = "udp-csum", .type = OPT_ONOFF, .off = AT(udp_csum),	\
	  .help = "outer UDP checksums (default on)",			\
	  .attr = IFLA_CTNET_UDP_CSUM, .width = 1, .preset = 1 },	\
	{ .name = "mark", .type = OPT_U32, .off = AT(mark),		\
	  .help = "mark of outer packets, for rules of routing, nft and tc (default 0)", \
	  .max = UINT32_MAX, .attr = IFLA_CTNET_MARK, .width = 4 }

const struct opt add_net_opts[] = {
	VNI_OPT,
	{ .name = "local", .type = OPT_IP_EACH, .off = AT(local),
	  .help = "address of this VTEP, one of the host's; one of each family may be given" },
	UNDERLAY_OPTS,
	{ .name = "address", .type = OPT_CIDRS, .off = AT(address),
	  .help = "address of the host on the network; may be repeated" },
	MTU_OPT,
	{ .name = "mac", .type = OPT_MAC, .off = AT(mac),
	  .help = "MAC of the host on the network (default: from the first address, or random)" },
	FLAG_OPTS,
	{ .name = "may-exist", .type = OPT_FLAG, .off = AT(may_exist),
	  .help = "no error if there is such a network already" },
	{ .name = NULL }
};

const struct opt set_net_opts[] = {
	VNI_OPT,
	{ .name = "local", .type = OPT_IP_EACH, .off = AT(local),
	  .help = "address of this VTEP, one of the host's; with -, none of its family",
	  .arg = "[-]IP", .edit = true },
	UNDERLAY_OPTS,
	{ .name = "address", .type = OPT_CIDRS, .off = AT(address),
	  .help = "another address of the host, or, with -, one less; none: no address",
	  .arg = "[-]CIDR|none", .edit = true },
	MTU_OPT,
	{ .name = "mac", .type = OPT_MAC, .off = AT(mac),
	  .help = "MAC of the host on the network; auto: that of its first address",
	  .arg = "MAC|auto", .edit = true },
	FLAG_OPTS,
	{ .name = NULL }
};

const struct opt del_net_opts[] = {
	{ .name = "if-exists", .type = OPT_FLAG, .off = AT(if_exists),
	  .help = "no error if there is no such network" },
	{ .name = NULL }
};

const struct column net_columns[] = {
	{ "NETWORK", "network", COLOR_NAME },
	{ "STATE", "state", COLOR_NONE },
	{ "VNI", "vni", COLOR_NONE },
	{ "LOCAL", "local", COLOR_IP },
	{ "LOCAL6", "local6", COLOR_IP },
	{ "DSTPORT", "dstport", COLOR_NONE },
	{ "MTU", "mtu", COLOR_NONE },
	{ "MAC", "mac", COLOR_MAC },
	{ "ADDRESSES", "addresses", COLOR_IP },
	{ "PORTS", "port_count", COLOR_NONE },
	{ "PEERS", "peer_count", COLOR_NONE },
	{ "STATIC", "fdb_static", COLOR_NONE },
	{ "LEARNED", "fdb_learned", COLOR_NONE },
	{ "WARNINGS", "warnings", COLOR_BAD },
	{ NULL, NULL, COLOR_NONE }
};

int net_find(const char *name, struct link *l, bool *gone)
{
	const char *why = parse_known_name(name);
	struct nlsock *s;
	int err;

	l->ifindex = 0;
	if (why)
		return usage_error("\"%s\" %s", name, why);
	s = rt_sock();
	if (!s)
		return EXIT_REFUSED;
	err = link_get(s, name, 0, -1, l);
	if (err == -ENODEV && gone) {
		*gone = true;
		return EXIT_OK;
	}
	if (err == -ENODEV)
		return fail("there is no network \"%s\" in this namespace; \"ctnetctl list nets\" names those there are",
			    name);
	if (err)
		return fail("look up network \"%s\": %s", name,
			    nl_why(s, err, NULL));
	if (strcmp(l->kind, "ctnet"))
		return fail("\"%s\" is no ctnet network but another interface%s%s",
			    name, l->kind[0] ? ", of kind " : "", l->kind);
	return EXIT_OK;
}

int net_parse(struct nlmsghdr *h, struct net *net)
{
	static const struct nla_policy policy[CTNET_A_NET_MAX + 1] = {
		[CTNET_A_NET_IFINDEX] = { .type = NLA_U32 },
		[CTNET_A_NET_IFNAME] = { .type = NLA_STRING },
		[CTNET_A_NET_MTU] = { .type = NLA_U32 },
		[CTNET_A_NET_VNI] = { .type = NLA_U32 },
		[CTNET_A_NET_LOCAL] = { .minlen = 4, .maxlen = 4 },
		[CTNET_A_NET_LOCAL6] = { .minlen = 16, .maxlen = 16 },
		[CTNET_A_NET_UNDERLAY] = { .type = NLA_U32 },
		[CTNET_A_NET_SUPPRESS] = { .type = NLA_U8 },
		[CTNET_A_NET_TTL] = { .type = NLA_U16 },
		[CTNET_A_NET_TOS] = { .type = NLA_U16 },
		[CTNET_A_NET_DF] = { .type = NLA_U8 },
		[CTNET_A_NET_UDP_CSUM] = { .type = NLA_U8 },
		[CTNET_A_NET_MTU_AUTO] = { .type = NLA_U8 },
		[CTNET_A_NET_MARK] = { .type = NLA_U32 },
		[CTNET_A_NET_DSTPORT] = { .type = NLA_U16 },
		[CTNET_A_NET_LEARNING] = { .type = NLA_U8 },
		[CTNET_A_NET_AGEING] = { .type = NLA_U32 },
		[CTNET_A_NET_FLOOD] = { .type = NLA_U8 },
		[CTNET_A_NET_MAX_FDB] = { .type = NLA_U32 },
		[CTNET_A_NET_PORTS] = { .type = NLA_U32 },
		[CTNET_A_NET_PEERS] = { .type = NLA_U32 },
		[CTNET_A_NET_FDB_STATIC] = { .type = NLA_U32 },
		[CTNET_A_NET_FDB_LEARNED] = { .type = NLA_U32 },
		[CTNET_A_NET_STATS] = { .type = NLA_NESTED },
		[CTNET_A_NET_DROPS] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CTNET_A_NET_MAX + 1];
	struct net_opts *c = &net->cfg;
	static const struct {
		int attr;
		size_t off;
	} numbers[] = {
		{ CTNET_A_NET_MTU, AT(mtu) },
		{ CTNET_A_NET_VNI, AT(vni) },
		{ CTNET_A_NET_DSTPORT, AT(dstport) },
		{ CTNET_A_NET_LEARNING, AT(learning) },
		{ CTNET_A_NET_AGEING, AT(ageing) },
		{ CTNET_A_NET_FLOOD, AT(flood) },
		{ CTNET_A_NET_MAX_FDB, AT(max_fdb) },
		{ CTNET_A_NET_SUPPRESS, AT(suppress) },
		{ CTNET_A_NET_TTL, AT(ttl) },
		{ CTNET_A_NET_TOS, AT(tos) },
		{ CTNET_A_NET_DF, AT(df) },
		{ CTNET_A_NET_UDP_CSUM, AT(udp_csum) },
		{ CTNET_A_NET_MARK, AT(mark) },
	};
	static const struct {
		int attr;
		size_t off;
	} counts[] = {
		{ CTNET_A_NET_PORTS, offsetof(struct net, ports) },
		{ CTNET_A_NET_PEERS, offsetof(struct net, peers) },
		{ CTNET_A_NET_FDB_STATIC, offsetof(struct net, fdb_static) },
		{ CTNET_A_NET_FDB_LEARNED, offsetof(struct net, fdb_learned) },
	};
	size_t i;

	memset(net, 0, sizeof(*net));
	if (ge_parse(h, tb, CTNET_A_NET_MAX, policy) ||
	    !tb[CTNET_A_NET_IFINDEX])
		return -EBADMSG;
	net->ifindex = nla_get_u32(tb[CTNET_A_NET_IFINDEX]);
	if (tb[CTNET_A_NET_IFNAME])
		nla_strlcpy(net->name, tb[CTNET_A_NET_IFNAME],
			    sizeof(net->name));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct o_u32 *n = (void *)((char *)c + numbers[i].off);
		struct nlattr *a = tb[numbers[i].attr];

		if (!a)
			continue;
		n->set = true;
		n->v = nla_len(a) >= 4 ? nla_get_u32(a) :
		       nla_len(a) >= 2 ? nla_get_u16(a) : nla_get_u8(a);
	}
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (tb[counts[i].attr])
			*(uint32_t *)((char *)net + counts[i].off) =
				nla_get_u32(tb[counts[i].attr]);
	if (tb[CTNET_A_NET_LOCAL])
		ip_set(&c->local[0], nla_data(tb[CTNET_A_NET_LOCAL]), 4);
	if (tb[CTNET_A_NET_LOCAL6])
		ip_set(&c->local[1], nla_data(tb[CTNET_A_NET_LOCAL6]), 16);
	if (tb[CTNET_A_NET_UNDERLAY])
		c->underlay_ifindex = nla_get_u32(tb[CTNET_A_NET_UNDERLAY]);
	if (tb[CTNET_A_NET_MTU_AUTO])
		net->mtu_auto = nla_get_u8(tb[CTNET_A_NET_MTU_AUTO]);
	net->stats = tb[CTNET_A_NET_STATS];
	net->drops = tb[CTNET_A_NET_DROPS];
	return 0;
}

int net_get(int ifindex, struct net *net, struct replies *r)
{
	struct nl_msg *msg = ge_msg(CTNET_CMD_NET_GET, 0);
	struct nlmsghdr *h;
	int err;

	msg_put_u32(msg, CTNET_A_NET_IFINDEX, ifindex);
	err = nl_do(&ctx.ge, msg, r);
	if (err)
		return err;
	err = -ENODEV;
	for_each_reply(h, r)
		err = net_parse(h, net);
	if (err)
		replies_free(r);
	return err;
}

const char *underlay_name(uint32_t ifindex, struct link *l)
{
	if (ifindex == CTNET_UNDERLAY_GONE)
		snprintf(l->name, sizeof(l->name), "(gone)");
	else if (!rt_sock() || link_get(&ctx.rt, NULL, ifindex, -1, l))
		snprintf(l->name, sizeof(l->name), "%u", ifindex);
	return l->name;
}

/* A value of one type for programs: whether the inner packet's is taken stands apart. */
static void json_or_inherit(struct json_object *o, const char *name,
			    const struct o_u32 *n)
{
	bool inherit = n->v == CTNET_INHERIT;
	char key[32];

	json_u64(o, name, inherit ? 0 : n->v);
	snprintf(key, sizeof(key), "%s_inherit", name);
	json_onoff(o, key, inherit);
}

static const char *df_text(uint8_t df)
{
	return df == CTNET_DF_INHERIT ? "inherit" : df == CTNET_DF_ON ? "on" : "off";
}

struct json_object *net_json(const struct net *net, const struct link *l,
			     const struct cidrs *addrs)
{
	struct json_object *o = json_object_new_object(), *a;
	const struct net_opts *c = &net->cfg;
	char buf[CIDR_TEXT];
	struct link under;
	size_t i;

	json_str(o, "network", net->name);
	json_u64(o, "ifindex", net->ifindex);
	if (l)
		json_str(o, "state", l->flags & IFF_UP ? "up" : "down");
	if (c->vni.set) {
		json_u64(o, "vni", c->vni.v);
		if (c->local[0].family)
			json_ip(o, "local", &c->local[0]);
		if (c->local[1].family)
			json_ip(o, "local6", &c->local[1]);
		json_u64(o, "dstport", c->dstport.v);
		if (c->underlay_ifindex)
			json_str(o, "underlay",
				 underlay_name(c->underlay_ifindex, &under));
		json_or_inherit(o, "ttl", &c->ttl);
		json_or_inherit(o, "tos", &c->tos);
		json_str(o, "df", df_text(c->df.v));
		json_onoff(o, "udp_csum", c->udp_csum.v);
	}
	json_u64(o, "mtu", c->mtu.v);
	json_onoff(o, "mtu_auto", net->mtu_auto);
	if (c->mark.set)
		json_u64(o, "mark", c->mark.v);
	if (l && l->has_mac)
		json_mac(o, "mac", l->mac);
	if (addrs) {
		a = json_array(o, "addresses");
		for (i = 0; i < addrs->n; i++)
			json_array_add_str(a, cidr_text(&addrs->v[i], buf));
	}
	json_onoff(o, "learning", c->learning.v);
	json_u64(o, "ageing", c->ageing.v);
	json_onoff(o, "flood", c->flood.v);
	json_u64(o, "max_fdb", c->max_fdb.v);
	json_onoff(o, "suppress", c->suppress.v);
	json_u64(o, "port_count", net->ports);
	json_u64(o, "peer_count", net->peers);
	json_u64(o, "fdb_static", net->fdb_static);
	json_u64(o, "fdb_learned", net->fdb_learned);
	json_stats(o, net->stats, net->drops);
	return o;
}

struct nl_msg *net_msg(int flags, int ifindex, const char *name,
		       const struct net_opts *o)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, flags, ifindex, 0, 0);
	static const uint8_t zeros[16];
	struct nlattr *info, *data;
	const struct opt *opt;

	if (name)
		msg_put_str(msg, IFLA_IFNAME, name);
	if (o->mac.set)
		msg_put(msg, IFLA_ADDRESS, o->mac.v, 6);
	if (mtu_is_given(&o->mtu))
		msg_put_u32(msg, IFLA_MTU, o->mtu.v);
	info = msg_nest(msg, IFLA_LINKINFO);
	msg_put(msg, IFLA_INFO_KIND, "ctnet", strlen("ctnet"));
	data = msg_nest(msg, IFLA_INFO_DATA);
	for (opt = add_net_opts; opt->name; opt++) {
		const struct o_u32 *n = OPT_AT(opt, o);

		if (!opt->attr || !opt_is_set(opt, o))
			continue;
		if (opt->width == 1)
			msg_put_u8(msg, opt->attr, n->v);
		else if (opt->width == 2)
			msg_put_u16(msg, opt->attr, n->v);
		else
			msg_put_u32(msg, opt->attr, n->v);
	}
	/* An address of zeros takes the family's away. */
	if (o->local[0].family)
		msg_put(msg, IFLA_CTNET_LOCAL, o->local[0].edit == EDIT_REMOVE ?
			zeros : o->local[0].b, 4);
	if (o->local[1].family)
		msg_put(msg, IFLA_CTNET_LOCAL6, o->local[1].edit == EDIT_REMOVE ?
			zeros : o->local[1].b, 16);
	if (o->underlay)
		msg_put_u32(msg, IFLA_CTNET_UNDERLAY, o->underlay_ifindex);
	/* One that is set is set even if it is what it was. */
	if (o->mtu.set)
		msg_put_u8(msg, IFLA_CTNET_MTU_AUTO, o->mtu.v == MTU_AUTO);
	msg_nest_end(msg, data);
	msg_nest_end(msg, info);
	return msg;
}

const struct hint net_hints[] = {
	{
		EOPNOTSUPP,
		"the ctnet module is not loaded: \"modprobe ctnet\" loads it",
	},
	{ EEXIST, "there is an interface of that name" },
	{ ERANGE, "a number is out of range" },
	{ EADDRINUSE, "a static entry of the table has that MAC" },
	{ EADDRNOTAVAIL, "the local address is none of this host's" },
	{ 0, NULL }
};

/* Does what there is contradict what is asked for? An exit code. */
static int net_compare(const char *name, const struct net_opts *want)
{
	struct cidrs addrs = { 0 };
	char a[IP_TEXT], b[IP_TEXT], c[CIDR_TEXT], t[OPT_TEXT], u[OPT_TEXT];
	const struct opt *opt;
	struct replies r;
	struct link l;
	struct net net;
	int err;
	size_t i;

	err = net_find(name, &l, NULL);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	err = net_get(l.ifindex, &net, &r);
	if (err)
		return fail("read the network: %s", nl_why(&ctx.ge, err, NULL));
	replies_free(&r);
	for (opt = add_net_opts; opt->name && !err; opt++) {
		const struct o_u32 *w = OPT_AT(opt, want);
		const struct o_u32 *h = OPT_AT(opt, &net.cfg);

		if ((opt->type != OPT_U32 && opt->type != OPT_ONOFF) || !w->set)
			continue;
		if (!h->set)
			err = fail("it exists, and has no --%s", opt->name);
		else if (w->v != h->v && !(opt->off == AT(mtu) &&
					   w->v == MTU_AUTO && net.mtu_auto))
			err = fail("it exists, and has --%s %s, not %s",
				   opt->name, opt_text(opt, h->v, t),
				   opt_text(opt, w->v, u));
	}
	if (err)
		return err;
	for (i = 0; i < 2; i++) {
		if (!want->local[i].family)
			continue;
		if (!net.cfg.local[i].family)
			return fail("it exists, and has not --local %s",
				    ip_text(&want->local[i], b));
		if (!ip_equal(&want->local[i], &net.cfg.local[i]))
			return fail("it exists, and has --local %s, not %s",
				    ip_text(&net.cfg.local[i], a),
				    ip_text(&want->local[i], b));
	}
	if (want->underlay &&
	    want->underlay_ifindex != net.cfg.underlay_ifindex)
		return fail("it exists, and has another --underlay");
	if (want->mac.set && memcmp(want->mac.v, l.mac, 6))
		return fail("it exists, and has --mac %s", mac_text(l.mac, a));
	err = addr_dump(&ctx.rt, l.ifindex, &addrs);
	if (err)
		return fail("read its addresses: %s",
			    nl_why(&ctx.rt, err, NULL));
	for (i = 0; i < want->address.n && !err; i++)
		if (!addr_among(&addrs, &want->address.v[i]))
			err = fail("it exists, and has not the address %s",
				   cidr_text(&want->address.v[i], c));
	free(addrs.v);
	return err;
}

bool net_is_tunnel(const struct opt *opt)
{
	static const char *const names[] = {
		"vni", "local", "dstport", "underlay", "ttl", "tos", "df",
		"udp-csum",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(opt->name, names[i]))
			return true;
	return false;
}

int net_find_underlay(struct net_opts *o)
{
	struct link l;
	int err;

	if (!o->underlay)
		return EXIT_OK;
	err = link_get(&ctx.rt, o->underlay, 0, -1, &l);
	if (err == -ENODEV && !strcmp(o->underlay, UNDERLAY_ANY)) {
		o->underlay_ifindex = 0;
		return EXIT_OK;
	}
	if (err == -ENODEV)
		return fail("there is no device \"%s\" in this namespace to be the underlay",
			    o->underlay);
	if (err)
		return fail("look up underlay \"%s\": %s", o->underlay,
			    nl_why(&ctx.rt, err, NULL));
	o->underlay_ifindex = l.ifindex;
	return EXIT_OK;
}

int net_check(const char *name, const struct net_opts *o)
{
	const char *why = parse_name(name);
	const struct opt *opt;

	if (why)
		return usage_error("\"%s\" %s", name, why);
	if (o->vni.set && !o->local[0].family && !o->local[1].family)
		return usage_error("--vni needs --local IP, the address of this VTEP");
	for (opt = add_net_opts; !o->vni.set && opt->name; opt++)
		if (net_is_tunnel(opt) && opt_is_set(opt, o))
			return usage_error("--%s needs --vni N: a network without a VNI is a local bridge",
					   opt->name);
	return EXIT_OK;
}

bool net_mac(uint8_t mac[6], const struct net_opts *o)
{
	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (o->address.n)
		mac_from_ip(mac, &o->address.v[0].ip, 0);
	else
		return false;
	return true;
}

int add_net(int n, char **arg, void *vals)
{
	struct net_opts *o = vals;
	struct nlsock *s;
	struct link l;
	int err;

	(void)n;
	err = net_check(arg[0], o);
	if (err)
		return err;
	s = rt_sock();
	if (!s)
		return EXIT_REFUSED;
	err = net_find_underlay(o);
	if (err)
		return err;
	if (o->may_exist && !link_get(s, arg[0], 0, -1, &l))
		return net_compare(arg[0], o);

	if (!net_mac(o->mac.v, o))
		mac_random(o->mac.v);
	o->mac.set = true;
	undo_begin();
	err = nl_do(s, net_msg(NLM_F_CREATE | NLM_F_EXCL, 0, arg[0], o), NULL);
	if (err) {
		undo_run();
		if (err == -EEXIST && o->may_exist)
			return net_compare(arg[0], o);
		return fail("make the network: %s",
			    nl_why(s, err, net_hints));
	}
	err = link_get(s, arg[0], 0, -1, &l);
	if (err) {
		struct nl_msg *msg = link_msg(RTM_DELLINK, 0, 0, 0, 0);

		msg_put_str(msg, IFLA_IFNAME, arg[0]);
		undo_push(s, msg);
		err = fail("find the network that was made: %s",
			   nl_why(s, err, NULL));
		undo_run();
		return err;
	}
	undo_push(s, link_del_msg(l.ifindex));
	err = addr_add_all(s, l.ifindex, arg[0], &o->address, 0);
	if (!err) {
		int e = link_set_up(s, l.ifindex, true);

		if (e)
			err = fail("bring the network up: %s",
				   nl_why(s, e, NULL));
	}
	if (err)
		undo_run();
	else
		undo_commit();
	if (!err)
		net_warn(o);
	return err;
}

/* The network and the ports that add-port made go in one stroke. */
int del_net(int n, char **arg, void *vals)
{
	const struct net_opts *o = vals;
	struct links ls = { 0 };
	bool gone = false, *goes;
	struct link l;
	int err, e;
	size_t i;

	(void)n;
	err = net_find(arg[0], &l, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	/* What is half made and a port of nothing is a rest once nobody makes it. */
	lock_take(true);
	e = link_dump(&ctx.rt, &ls);
	if (e) {
		lock_drop();
		return fail("list its ports: %s", nl_why(&ctx.rt, e, NULL));
	}
	goes = xcalloc(ls.n + 1, sizeof(*goes));
	for (i = 0; i < ls.n; i++)
		goes[i] = ls.v[i].ifindex == l.ifindex ||
			  (ls.v[i].master == l.ifindex && port_is_made(&ls.v[i])) ||
			  (!ls.v[i].master && port_is_unfinished(&ls.v[i]));
	undo_begin();
	e = links_del(&ctx.rt, &ls, goes);
	lock_drop();
	free(goes);
	links_free(&ls);
	if (e) {
		err = fail("delete the network: %s", nl_why(&ctx.rt, e, NULL));
		undo_run();
		return err;
	}
	undo_commit();
	return EXIT_OK;
}
