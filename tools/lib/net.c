// SPDX-License-Identifier: GPL-2.0
/* Networks. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "priv.h"

#define AT(m)		.off = offsetof(struct ct_net_conf, m)
#define IDS(id, bytes)	.set = IFLA_CTNET_##id, .get = CTNET_A_NET_##id, .width = (bytes)
#define SWITCH		.onoff = true, .max = 1

const struct ct_attr ct_net_attrs[] = {
	{ "vni", AT(vni), .min = 1, .max = CTNET_VNI_MAX, IDS(VNI, 4), .tunnel = true },
	{ "dstport", AT(dstport), .min = 1, .max = 65535, IDS(DSTPORT, 2), .tunnel = true,
	  .preset = CTNET_DSTPORT_DEFAULT },
	{ "mtu", AT(mtu), .min = 68, .max = 65535, .get = CTNET_A_NET_MTU,
	  .word = "auto", .word_value = CT_MTU_AUTO },
	{ "learning", AT(learning), SWITCH, IDS(LEARNING, 1), .preset = 1 },
	{ "ageing", AT(ageing), .max = CTNET_AGEING_MAX, IDS(AGEING, 4),
	  .preset = CTNET_AGEING_DEFAULT },
	{ "flood", AT(flood), SWITCH, IDS(FLOOD, 1), .preset = 1 },
	{ "max-fdb", AT(max_fdb), .max = CTNET_MAX_FDB_MAX, IDS(MAX_FDB, 4),
	  .preset = CTNET_MAX_FDB_DEFAULT },
	{ "suppress", AT(suppress), SWITCH, IDS(SUPPRESS, 1), .preset = 1 },
	{ "ttl", AT(ttl), .max = 255, IDS(TTL, 2), .tunnel = true,
	  .word = "inherit", .word_value = CTNET_INHERIT, .preset = CTNET_TTL_DEFAULT },
	{ "tos", AT(tos), .max = 255, IDS(TOS, 2), .tunnel = true,
	  .word = "inherit", .word_value = CTNET_INHERIT },
	{ "df", AT(df), SWITCH, IDS(DF, 1), .tunnel = true,
	  .word = "inherit", .word_value = CTNET_DF_INHERIT },
	{ "udp-csum", AT(udp_csum), SWITCH, IDS(UDP_CSUM, 1), .tunnel = true, .preset = 1 },
	{ "mark", AT(mark), .max = UINT32_MAX, IDS(MARK, 4), .tunnel = true },
	{ "masquerade", AT(masquerade), SWITCH, .nat = true },
	{ "internal", AT(internal), SWITCH, .nat = true },
	{ .name = NULL }
};

static const struct ct_hint hints[] = {
	{ EOPNOTSUPP, "the ctnet module is not loaded: \"modprobe ctnet\" loads it" },
	{ EEXIST, "there is an interface of that name" },
	{ ERANGE, "a number is out of range" },
	{ EADDRINUSE, "a static entry of the table has that MAC" },
	{ EADDRNOTAVAIL, "the local address is none of this host's" },
	{ 0, NULL }
};

const char *ct_attr_text(const struct ct_attr *a, uint32_t v, char buf[CT_TEXT])
{
	if (a->word && v == a->word_value)
		return a->word;
	if (a->onoff)
		return v ? "on" : "off";
	snprintf(buf, CT_TEXT, "%u", v);
	return buf;
}

const char *ct_attr_parse(const struct ct_attr *a, const char *s, struct ct_num *n)
{
	n->set = true;
	if (a->word && !strcmp(s, a->word)) {
		n->v = a->word_value;
		return NULL;
	}
	if (!a->onoff)
		return ct_parse_u32(s, a->min, a->max, &n->v);
	n->v = !strcmp(s, "on");
	if (n->v || !strcmp(s, "off"))
		return NULL;
	return a->word ? "must be on, off or inherit" : "must be on or off";
}

/* ----------------------------------------------------------------- reading */

int ct_vtep_parse(struct nlmsghdr *h, struct ct_vtep *vtep, struct ct_stats *stats)
{
	struct nlattr *tb[CTNET_A_VTEP_MAX + 1];

	if (ct_parse_genl(h, tb, CTNET_A_VTEP_MAX) || !tb[CTNET_A_VTEP_DSTPORT])
		return -EINVAL;
	vtep->family = ct_get_num(tb[CTNET_A_VTEP_FAMILY]);
	vtep->dstport = ct_get_num(tb[CTNET_A_VTEP_DSTPORT]);
	vtep->underlay = ct_get_num(tb[CTNET_A_VTEP_UNDERLAY]);
	vtep->nets = ct_get_num(tb[CTNET_A_VTEP_NETS]);
	ct_stats_parse(stats, NULL, tb[CTNET_A_VTEP_DROPS]);
	return 0;
}

void ct_stats_parse(struct ct_stats *st, const struct nlattr *stats, const struct nlattr *drops)
{
	static const uint8_t order[CTNET_A_STATS_MAX + 1] = {
		[CTNET_A_STATS_RX_PACKETS] = 1, [CTNET_A_STATS_RX_BYTES] = 2,
		[CTNET_A_STATS_TX_PACKETS] = 3, [CTNET_A_STATS_TX_BYTES] = 4,
	};
	struct nlattr *a;
	int left, type;

	memset(st, 0, sizeof(*st));
	st->have = stats;
	st->have_drops = drops;
	if (stats)
		nla_for_each_nested(a, stats, left) {
			type = nla_type(a);
			if (type <= CTNET_A_STATS_MAX && order[type])
				st->v[order[type] - 1] = ct_get_num(a);
		}
	if (drops)
		nla_for_each_nested(a, drops, left) {
			type = nla_type(a);
			if (type >= CT_DROPS || nla_len(a) != sizeof(uint64_t))
				continue;
			st->has |= 1ull << type;
			st->drops[type] = ct_get_num(a);
		}
}

int ct_net_parse(struct nlmsghdr *h, struct ct_net *net, struct ct_stats *stats)
{
	struct nlattr *tb[CTNET_A_NET_MAX + 1];
	const struct ct_attr *a;

	memset(net, 0, sizeof(*net));
	if (ct_parse_genl(h, tb, CTNET_A_NET_MAX) || !tb[CTNET_A_NET_IFINDEX])
		return -EBADMSG;
	net->ifindex = ct_get_num(tb[CTNET_A_NET_IFINDEX]);
	if (tb[CTNET_A_NET_IFNAME])
		nla_strlcpy(net->name, tb[CTNET_A_NET_IFNAME], sizeof(net->name));
	for (a = ct_net_attrs; a->name; a++)
		*CT_ATTR(a, &net->conf) = (struct ct_num){ tb[a->get], ct_get_num(tb[a->get]) };
	ct_ip_get(&net->conf.local[0].ip, tb[CTNET_A_NET_LOCAL]);
	ct_ip_get(&net->conf.local[1].ip, tb[CTNET_A_NET_LOCAL6]);
	net->conf.underlay_ifindex = ct_get_num(tb[CTNET_A_NET_UNDERLAY]);
	net->mtu_auto = ct_get_num(tb[CTNET_A_NET_MTU_AUTO]);
	net->ports = ct_get_num(tb[CTNET_A_NET_PORTS]);
	net->peers = ct_get_num(tb[CTNET_A_NET_PEERS]);
	net->fdb_static = ct_get_num(tb[CTNET_A_NET_FDB_STATIC]);
	net->fdb_learned = ct_get_num(tb[CTNET_A_NET_FDB_LEARNED]);
	if (stats)
		ct_stats_parse(stats, tb[CTNET_A_NET_STATS], tb[CTNET_A_NET_DROPS]);
	return 0;
}

int ct_dump(struct ct *ct, uint8_t cmd, int net, struct ct_replies *r)
{
	struct nl_msg *msg = ct_genl_msg(ct, cmd, NLM_F_DUMP);
	int err;

	/* NET (of networks: IFINDEX) is the first attribute of every object. */
	if (net)
		ct_put_u32(msg, CTNET_A_NET_IFINDEX, net);
	err = ct_do(&ct->ge, msg, r);
	return err ? ct_refused(&ct->ge, err, NULL, "read the configuration") : CT_OK;
}

static int net_get(struct ct *ct, int ifindex, struct ct_net *net)
{
	struct ct_nat nat;
	struct nl_msg *msg;
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	memset(net, 0, sizeof(*net));
	if (ct_genl(ct))
		return CT_REFUSED;
	msg = ct_genl_msg(ct, CTNET_CMD_NET_GET, 0);
	ct_put_u32(msg, CTNET_A_NET_IFINDEX, ifindex);
	err = ct_do(&ct->ge, msg, &r);
	if (!err) {
		err = -ENODEV;
		ct_for_each_reply(h, &r)
			err = ct_net_parse(h, net, NULL);
		ct_replies_free(&r);
	}
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the network");
	err = ct_nat_read(ct, &nat);
	ct_nat_fill(&nat, net);
	ct_nat_free(&nat);
	return err;
}

bool ct_net_is_dockers(const struct ct_link *l)
{
	return !strncmp(l->alias, CT_NET_DOCKER, strlen(CT_NET_DOCKER));
}

int ct_net_find(struct ct *ct, const char *name, struct ct_link *l, bool *gone)
{
	const char *why = ct_parse_known_name(name);
	int err;

	l->ifindex = 0;
	if (why)
		return ct_misuse(ct, "\"%s\": %s", name, why);
	err = ct_link_get(&ct->rt, name, 0, -1, l);
	if (err == -ENODEV && gone) {
		*gone = true;
		return CT_OK;
	}
	if (err == -ENODEV)
		return ct_fail(ct, "no network \"%s\" in this namespace; \"ctnetctl list nets\" lists them",
			       name);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "look up network \"%s\"", name);
	if (strcmp(l->kind, "ctnet"))
		return ct_fail(ct, "\"%s\" is not a ctnet network but another interface%s%s", name,
			       l->kind[0] ? ", of kind " : "", l->kind);
	return CT_OK;
}

/* ---------------------------------------------------------- what was looked up */

enum { NET, DEV, CONTAINER };

void ct_forget(struct ct *ct)
{
	int i;

	/* Before ct_open() nothing is known. */
	for (i = 0; ct->priv && i < CT_KNOWN; i++) {
		free(ct->priv->known[i].key);
		ct->priv->known[i].key = NULL;
	}
}

/*
 * An index that the commands of a batch need one after the other is looked up once and not
 * for every entry of a table. The last of each kind is good for commands that have been read
 * already, and until one of them has rtnetlink change something: as old as what a single
 * command finds out before it acts.
 */
static int lookup(struct ct *ct, int kind, int net, const char *name, const char *ifname,
		  int *ifindex, bool *gone)
{
	struct ct_known *k = &ct->priv->known[kind];
	struct ct_link l = { .ifindex = net };
	struct ct_container *c;
	int err = CT_OK;
	char *key;

	if (asprintf(&key, "%d %s %s", net, ifname, name) < 0)
		ct_nomem();
	if (k->key && !strcmp(k->key, key)) {
		free(key);
		*ifindex = k->ifindex;
		return CT_OK;
	}
	if (kind == NET) {
		err = ct_net_find(ct, name, &l, gone);
	} else if (kind == DEV) {
		err = ct_dev_find(ct, name, &l, NULL);
	} else {
		c = ct_container_port(ct, &l, name, ifname);
		err = c ? CT_OK : ct->code;
		if (c) {
			l = c->near;
			ct_container_close(c);
		}
	}
	free(k->key);
	*k = (struct ct_known){ l.ifindex, key };
	*ifindex = l.ifindex;
	if (err || (gone && *gone)) {
		free(k->key);
		k->key = NULL;
	}
	return err;
}

int ct_net_index(struct ct *ct, const char *name, int *ifindex, bool *gone)
{
	return lookup(ct, NET, 0, name, "", ifindex, gone);
}

int ct_dev_index(struct ct *ct, const char *name, int *ifindex)
{
	return lookup(ct, DEV, 0, name, "", ifindex, NULL);
}

int ct_container_index(struct ct *ct, int net, const char *target, const char *ifname,
		       int *ifindex)
{
	return lookup(ct, CONTAINER, net, target, ifname ? ifname : CT_IFNAME, ifindex, NULL);
}

/* --------------------------------------------------------- making and changing */

/* The message that gives a network what is set in @o. */
static struct nl_msg *net_msg(int flags, int ifindex, const char *name,
			      const struct ct_net_conf *o)
{
	static const uint16_t locals[] = { IFLA_CTNET_LOCAL, IFLA_CTNET_LOCAL6 };
	struct nl_msg *msg = ct_link_msg(RTM_NEWLINK, flags, ifindex);
	static const uint8_t zeros[16];
	struct nlattr *info, *data;
	const struct ct_attr *a;
	int i;

	if (name)
		ct_put_str(msg, IFLA_IFNAME, name);
	if (o->mac.set)
		ct_put(msg, IFLA_ADDRESS, o->mac.v, 6);
	if (o->mtu.set && o->mtu.v != CT_MTU_AUTO)
		ct_put_u32(msg, IFLA_MTU, o->mtu.v);
	info = ct_nest(msg, IFLA_LINKINFO);
	ct_put(msg, IFLA_INFO_KIND, "ctnet", strlen("ctnet"));
	data = ct_nest(msg, IFLA_INFO_DATA);
	for (a = ct_net_attrs; a->name; a++)
		if (a->set && CT_ATTR(a, o)->set)
			ct_put_num(msg, a->set, CT_ATTR(a, o)->v, a->width);
	/* An address of zeros takes the family's away. */
	for (i = 0; i < 2; i++)
		if (o->local[i].ip.family)
			ct_put(msg, locals[i], o->local[i].edit == CT_REMOVE ? zeros :
			       o->local[i].ip.b, i ? 16 : 4);
	if (o->underlay)
		ct_put_u32(msg, IFLA_CTNET_UNDERLAY, o->underlay_ifindex);
	/* One that is set is set even if it is what it was. */
	if (o->mtu.set)
		ct_put_u8(msg, IFLA_CTNET_MTU_AUTO, o->mtu.v == CT_MTU_AUTO);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

int ct_net_find_underlay(struct ct *ct, struct ct_net_conf *o)
{
	struct ct_link l = { 0 };
	int err;

	if (!o->underlay || o->underlay_any)
		return CT_OK;
	err = ct_link_get(&ct->rt, o->underlay, 0, -1, &l);
	o->underlay_ifindex = err ? 0 : l.ifindex;
	if (err == -ENODEV && strcmp(o->underlay, CT_UNDERLAY_ANY))
		return ct_fail(ct, "no device \"%s\" in this namespace to be the underlay",
			       o->underlay);
	if (err && err != -ENODEV)
		return ct_refused(&ct->rt, err, NULL, "look up underlay \"%s\"", o->underlay);
	return CT_OK;
}

int ct_net_check(struct ct *ct, const char *name, const struct ct_net_conf *o)
{
	const char *why = ct_parse_name(name), *first = NULL;
	const struct ct_attr *a;

	if (why)
		return ct_misuse(ct, "\"%s\": %s", name, why);
	if (o->vni.set) {
		if (o->local[0].ip.family || o->local[1].ip.family)
			return CT_OK;
		return ct_misuse(ct, "--vni needs --local IP, the address of this VTEP");
	}
	if (o->local[0].ip.family || o->local[1].ip.family)
		first = "local";
	else if (o->underlay)
		first = "underlay";
	for (a = ct_net_attrs; a->name && !first; a++)
		if (a->tunnel && CT_ATTR(a, o)->set)
			first = a->name;
	if (first)
		return ct_misuse(ct, "--%s needs --vni N: a network without a VNI is a local bridge",
				 first);
	return CT_OK;
}

bool ct_net_mac(uint8_t mac[6], const struct ct_net_conf *o)
{
	if (o->mac.set)
		memcpy(mac, o->mac.v, 6);
	else if (o->address.n)
		ct_mac_from_ip(mac, &o->address.v[0].ip, 0);
	else
		return false;
	return true;
}

bool ct_net_local_absent(struct ct *ct, const struct ct_net_conf *o, int i)
{
	static const uint8_t none[16];
	const struct ct_addr *a = &o->local[i];

	return a->ip.family && a->edit != CT_REMOVE && memcmp(a->ip.b, none, sizeof(none)) &&
	       !ct_addr_is_here(&ct->rt, &a->ip);
}

static void warn_locals(struct ct *ct, const struct ct_net_conf *o)
{
	char text[CT_TEXT];
	int i;

	for (i = 0; i < 2; i++)
		if (ct_net_local_absent(ct, o, i))
			ct_warn(ct, "the local address %s is not present: nothing passes until this host has it",
				ct_ip_text(&o->local[i].ip, text));
}

/* Does what there is contradict what is asked for? */
static int net_compare(struct ct *ct, const char *name, const struct ct_net_conf *want)
{
	char a[CT_TEXT], b[CT_TEXT];
	struct ct_addrs addrs;
	const struct ct_attr *at;
	struct ct_link l;
	struct ct_net net;
	size_t i;
	int err;

	err = ct_net_find(ct, name, &l, NULL);
	err = err ?: net_get(ct, l.ifindex, &net);
	if (err)
		return err;
	for (at = ct_net_attrs; at->name; at++) {
		const struct ct_num *w = CT_ATTR(at, want), *h = CT_ATTR(at, &net.conf);

		if (!w->set || (w->v == CT_MTU_AUTO && w == &want->mtu && net.mtu_auto))
			continue;
		if (!h->set)
			return ct_fail(ct, "it exists, and has no --%s", at->name);
		if (w->v != h->v)
			return ct_fail(ct, "it exists, and has --%s %s, not %s", at->name,
				       ct_attr_text(at, h->v, a), ct_attr_text(at, w->v, b));
	}
	for (i = 0; i < 2; i++) {
		const struct ct_ip *w = &want->local[i].ip, *h = &net.conf.local[i].ip;

		if (w->family && !h->family)
			return ct_fail(ct, "it exists, and has no --local %s", ct_ip_text(w, b));
		if (w->family && !ct_ip_equal(w, h))
			return ct_fail(ct, "it exists, and has --local %s, not %s",
				       ct_ip_text(h, a), ct_ip_text(w, b));
	}
	if (want->underlay && want->underlay_ifindex != net.conf.underlay_ifindex)
		return ct_fail(ct, "it exists, and has another --underlay");
	if (want->mac.set && memcmp(want->mac.v, l.mac, 6))
		return ct_fail(ct, "it exists, and has --mac %s", ct_mac_text(l.mac, a));
	err = ct_addr_dump(&ct->rt, l.ifindex, -1, false, &addrs);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "read its addresses");
	for (i = 0; i < want->address.n && !err; i++)
		if (!ct_addr_among(&addrs, &want->address.v[i]))
			err = ct_fail(ct, "it exists, and has no address %s",
				      ct_cidr_text(&want->address.v[i], a));
	ct_addrs_free(&addrs);
	return err;
}

/*
 * What the host's NAT does for it, with what is set of @o; its subnets may have changed. @now
 * NULL: nothing yet.
 */
static int set_nat(struct ct *ct, const char *name, const struct ct_net_conf *now,
		   const struct ct_net_conf *o)
{
	struct ct_nat_net nat = { .masquerade = now && now->masquerade.v,
				  .internal = now && now->internal.v };
	bool moves = nat.masquerade && o->address.n;

	if (!moves && !o->masquerade.set && !o->internal.set)
		return CT_OK;
	snprintf(nat.net, sizeof(nat.net), "%s", name);
	if (o->masquerade.set)
		nat.masquerade = o->masquerade.v;
	if (o->internal.set)
		nat.internal = o->internal.v;
	return ct_nat_net_set(ct, &nat);
}

static int make(struct ct *ct, const char *name, const struct ct_net_conf *o)
{
	struct nl_msg *back;
	struct ct_link l;
	int err;

	err = ct_link_get(&ct->rt, name, 0, -1, &l);
	if (err) {
		back = ct_link_msg(RTM_DELLINK, 0, 0);
		ct_put_str(back, IFLA_IFNAME, name);
		ct_refused(&ct->rt, err, NULL, "find the network that was made");
		ct_undo(&ct->rt, back);
		return CT_REFUSED;
	}
	ct_undo(&ct->rt, ct_link_del_msg(l.ifindex));
	err = ct_addr_add_all(&ct->rt, l.ifindex, name, &o->address, 0);
	err = err ?: ct_step(&ct->rt, ct_link_up_msg(l.ifindex, true), NULL, NULL,
			     "bring the network up");
	return err ?: set_nat(ct, l.name, NULL, o);
}

int ct_net_add(struct ct *ct, const char *name, struct ct_net_conf *o)
{
	struct ct_link l;
	int err;

	err = ct_net_check(ct, name, o);
	err = err ?: ct_net_find_underlay(ct, o);
	if (err)
		return err;
	if (o->may_exist && !ct_link_get(&ct->rt, name, 0, -1, &l))
		return net_compare(ct, name, o);
	if (!ct_net_mac(o->mac.v, o))
		ct_mac_random(o->mac.v);
	o->mac.set = true;
	ct_begin(ct);
	err = ct_do(&ct->rt, net_msg(NLM_F_CREATE | NLM_F_EXCL, 0, name, o), NULL);
	if (err == -EEXIST && o->may_exist)
		return ct_end(ct, net_compare(ct, name, o));
	err = err ? ct_refused(&ct->rt, err, hints, "make the network") : make(ct, name, o);
	if (!ct_end(ct, err))
		warn_locals(ct, o);
	return err;
}

void ct_net_diff(const struct ct_net *net, const uint8_t mac[6], const struct ct_addrs *addrs,
		 const struct ct_net_conf *o, struct ct_net_conf *change)
{
	bool mtu_set = o->mtu.set && o->mtu.v != CT_MTU_AUTO;
	const struct ct_attr *a;
	uint8_t new[6] = { 0 };
	uint32_t v;
	int i;

	for (a = ct_net_attrs; a->name; a++) {
		const struct ct_num *want = CT_ATTR(a, o);

		v = want->set ? want->v : a->preset;
		if ((a->set || a->nat) && (o->vni.set || !a->tunnel) &&
		    v != CT_ATTR(a, &net->conf)->v)
			*CT_ATTR(a, change) = (struct ct_num){ true, v };
	}
	for (i = 0; i < 2; i++) {
		const struct ct_addr *want = &o->local[i], *have = &net->conf.local[i];

		if (ct_ip_equal(&want->ip, &have->ip))
			continue;
		change->local[i] = want->ip.family ? *want : *have;
		change->local[i].edit = want->ip.family ? CT_ADD : CT_REMOVE;
	}
	if (o->vni.set && o->underlay_ifindex != net->conf.underlay_ifindex) {
		change->underlay = o->underlay ? o->underlay : CT_UNDERLAY_ANY;
		change->underlay_any = !o->underlay;
		change->underlay_ifindex = o->underlay_ifindex;
	}
	if (mtu_set ? o->mtu.v != net->conf.mtu.v || net->mtu_auto : !net->mtu_auto)
		change->mtu = (struct ct_num){ true, mtu_set ? o->mtu.v : CT_MTU_AUTO };
	change->mac.set = ct_net_mac(new, o) && memcmp(new, mac, 6);
	memcpy(change->mac.v, new, 6);
	ct_addrs_diff(addrs, &o->address, &change->address);
}

/* The message that takes back what @o changes of @net. */
static struct nl_msg *back_msg(const struct ct_net *net, const uint8_t mac[6],
			       const struct ct_net_conf *o)
{
	struct ct_net_conf old = net->conf;
	const struct ct_attr *a;
	int i;

	for (a = ct_net_attrs; a->name; a++)
		CT_ATTR(a, &old)->set = CT_ATTR(a, &old)->set && CT_ATTR(a, o)->set;
	if (net->mtu_auto)
		old.mtu.v = CT_MTU_AUTO;
	for (i = 0; i < 2; i++) {
		/* What was not there is taken away again. A local bridge takes no address. */
		if (!old.local[i].ip.family)
			old.local[i].edit = CT_REMOVE;
		old.local[i].ip.family = o->local[i].ip.family && net->conf.vni.set ?
					 (i ? AF_INET6 : AF_INET) : 0;
	}
	old.underlay = o->underlay;
	old.mac.set = o->mac.set;
	memcpy(old.mac.v, mac, 6);
	return net_msg(0, net->ifindex, NULL, &old);
}

/* What the host has on the network, and what it is to have. */
static int edit_addresses(struct ct *ct, const struct ct_link *l, struct ct_net_conf *o,
			  struct ct_addrs *had, struct ct_addrs *want)
{
	const struct ct_addr *missing;
	char text[CT_TEXT];
	int err;

	err = ct_addr_dump(&ct->rt, l->ifindex, -1, true, had);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "read its addresses");
	missing = ct_addrs_edit(had, &o->address, ct_same_cidr, want);
	if (missing)
		return ct_fail(ct, "it has no address %s", ct_cidr_text(missing, text));
	if (!o->mac.by_address)
		return CT_OK;
	if (!want->n)
		return ct_fail(ct, "--mac auto is the MAC of the first address, and it has none");
	ct_mac_from_ip(o->mac.v, &want->v[0].ip, 0);
	return CT_OK;
}

/*
 * Another underlay, where the old one is gone, cannot be taken back: it is the last step. It
 * alone is all that @last leaves of @o.
 */
static void split_last(const struct ct_net *net, struct ct_net_conf *o,
		       struct ct_net_conf *last)
{
	if (!o->underlay || net->conf.underlay_ifindex != CTNET_UNDERLAY_GONE)
		return;
	last->underlay = o->underlay;
	last->underlay_ifindex = o->underlay_ifindex;
	o->underlay = NULL;
}

static int change(struct ct *ct, const struct ct_link *l, const struct ct_net *net,
		  const char *name, struct ct_net_conf *o)
{
	struct ct_addrs had = { 0 }, want = { 0 };
	struct ct_net_conf last = { 0 };
	char text[CT_TEXT];
	int err = CT_OK, i;

	for (i = 0; i < 2; i++)
		if (o->local[i].edit == CT_REMOVE &&
		    !ct_ip_equal(&o->local[i].ip, &net->conf.local[i].ip))
			return ct_fail(ct, "it has no local address %s",
				       ct_ip_text(&o->local[i].ip, text));
	if (o->address.n || o->mac.by_address)
		err = edit_addresses(ct, l, o, &had, &want);
	split_last(net, o, &last);
	ct_begin(ct);
	err = err ?: ct_addr_add_all(&ct->rt, l->ifindex, name, &want, 0);
	err = err ?: ct_step(&ct->rt, net_msg(0, l->ifindex, NULL, o), back_msg(net, l->mac, o),
			     hints, "change the network");
	err = err ?: ct_addr_del_others(&ct->rt, l->ifindex, name, &had, &want, 0);
	err = err ?: set_nat(ct, l->name, &net->conf, o);
	if (!err && last.underlay)
		err = ct_step(&ct->rt, net_msg(0, l->ifindex, NULL, &last), NULL, hints,
			      "change the underlay");
	ct_addrs_free(&had);
	ct_addrs_free(&want);
	return ct_end(ct, err);
}

int ct_net_set(struct ct *ct, const char *name, struct ct_net_conf *o)
{
	struct ct_link l;
	struct ct_net net;
	int err;

	err = ct_net_find(ct, name, &l, NULL);
	err = err ?: ct_net_find_underlay(ct, o);
	err = err ?: net_get(ct, l.ifindex, &net);
	err = err ?: change(ct, &l, &net, name, o);
	if (!err)
		warn_locals(ct, o);
	return err;
}

int ct_net_del(struct ct *ct, const char *name, bool if_exists)
{
	struct ct_links ls = { 0 };
	bool gone = false, *goes;
	struct ct_link l;
	int err, e;
	size_t i;

	err = ct_net_find(ct, name, &l, if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	/* What is half made and a port of nothing was left, once nobody is at work on it. */
	ct_lock(ct, true);
	e = ct_link_dump(&ct->rt, &ls);
	if (e)
		err = ct_refused(&ct->rt, e, NULL, "list its ports");
	goes = ct_calloc(ls.n, sizeof(*goes));
	for (i = 0; i < ls.n; i++) {
		const struct ct_link *x = &ls.v[i];

		goes[i] = x->ifindex == l.ifindex ||
			  (x->master == l.ifindex && ct_port_is_made(x)) ||
			  (!x->master && ct_port_is_unfinished(x));
	}
	ct_begin(ct);
	err = err ?: ct_nat_net_del(ct, l.name);
	if (!err)
		e = ct_links_del(&ct->rt, &ls, goes);
	if (!err && e)
		err = ct_refused(&ct->rt, e, NULL, "delete the network");
	ct_unlock(ct);
	free(goes);
	ct_links_free(&ls);
	return ct_end(ct, err);
}
