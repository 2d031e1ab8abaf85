// SPDX-License-Identifier: GPL-2.0
/* Entries of the table. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ct.h"

int ct_fdb_parse(struct nlmsghdr *h, struct ct_fdb *f)
{
	struct nlattr *tb[CTNET_A_FDB_MAX + 1], *a;
	struct ct_ip ip;
	int left;

	memset(f, 0, sizeof(*f));
	if (ct_parse_genl(h, tb, CTNET_A_FDB_MAX) || !tb[CTNET_A_FDB_NET] ||
	    !tb[CTNET_A_FDB_MAC] || nla_len(tb[CTNET_A_FDB_MAC]) != 6)
		return -EBADMSG;
	f->net = ct_get_num(tb[CTNET_A_FDB_NET]);
	memcpy(f->mac, nla_data(tb[CTNET_A_FDB_MAC]), 6);
	f->port = ct_get_num(tb[CTNET_A_FDB_PORT]);
	ct_ip_get(&f->peer, tb[CTNET_A_FDB_PEER]);
	f->self = tb[CTNET_A_FDB_SELF];
	f->is_static = tb[CTNET_A_FDB_STATIC];
	f->local = tb[CTNET_A_FDB_LOCAL];
	f->age = ct_get_num(tb[CTNET_A_FDB_AGE]);
	ct_ip_get(&f->claimed, tb[CTNET_A_FDB_CLAIMED]);
	if (!tb[CTNET_A_FDB_IP])
		return 0;
	nlmsg_for_each_attr(a, h, NLMSG_ALIGN(4), left)
		if (nla_type(a) == CTNET_A_FDB_IP && ct_ip_get(&ip, a))
			ct_ips_add(&f->ips, &ip);
	return 0;
}

struct nl_msg *ct_fdb_msg(struct ct *ct, uint8_t cmd, const struct ct_fdb *f)
{
	bool places = cmd == CTNET_CMD_FDB_ADD || cmd == CTNET_CMD_FDB_SET;
	struct nl_msg *msg = ct_genl_msg(ct, cmd, 0);
	size_t i;

	ct_put_u32(msg, CTNET_A_FDB_NET, f->net);
	ct_put(msg, CTNET_A_FDB_MAC, f->mac, 6);
	if (places && f->port)
		ct_put_u32(msg, CTNET_A_FDB_PORT, f->port);
	if (places && f->peer.family)
		ct_put(msg, CTNET_A_FDB_PEER, f->peer.b, f->peer.len);
	if (places && f->self)
		ct_put(msg, CTNET_A_FDB_SELF, NULL, 0);
	for (i = 0; places && i < f->ips.n; i++)
		ct_put(msg, CTNET_A_FDB_IP, f->ips.v[i].ip.b, f->ips.v[i].ip.len);
	return msg;
}

int ct_fdb_get(struct ct *ct, int net, const uint8_t mac[6], struct ct_fdb *f)
{
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	memset(f, 0, sizeof(*f));
	f->net = net;
	memcpy(f->mac, mac, 6);
	err = ct_do(&ct->ge, ct_fdb_msg(ct, CTNET_CMD_FDB_GET, f), &r);
	if (err)
		return err;
	err = -ENOENT;
	ct_for_each_reply(h, &r)
		err = ct_fdb_parse(h, f);
	ct_replies_free(&r);
	return err;
}

int ct_fdb_dump_static(struct ct *ct, int net, int port, struct ct_replies *r)
{
	struct nl_msg *msg = ct_genl_msg(ct, CTNET_CMD_FDB_GET, NLM_F_DUMP);

	if (net)
		ct_put_u32(msg, CTNET_A_FDB_NET, net);
	if (port)
		ct_put_u32(msg, CTNET_A_FDB_PORT, port);
	ct_put(msg, CTNET_A_FDB_STATIC, NULL, 0);
	return ct_do(&ct->ge, msg, r);
}

/* What an entry leads to, for people. */
static const char *place_text(struct ct *ct, const struct ct_fdb *f, char *buf, size_t size)
{
	char ip[CT_TEXT];
	struct ct_port p;
	struct ct_link l;

	if (f->self)
		return "the host itself";
	if (f->peer.family) {
		snprintf(buf, size, "peer %s", ct_ip_text(&f->peer, ip));
		return buf;
	}
	if (f->port < 0 && !ct_port_get(ct, f->net, f->port, &p))
		ct_native_link(&p, NULL, &l);
	else if (ct_link_get(&ct->rt, NULL, f->port, -1, &l))
		return "a port that goes just now";
	snprintf(buf, size, "port %s", l.alias[0] ? l.alias : l.name);
	return buf;
}

/* The first address of @f that @other has, or NULL. */
static const struct ct_ip *common_ip(const struct ct_fdb *f, const struct ct_fdb *other)
{
	size_t i;

	for (i = 0; i < f->ips.n; i++)
		if (ct_ip_among(&other->ips, &f->ips.v[i].ip))
			return &f->ips.v[i].ip;
	return NULL;
}

/* Another entry that has one of the addresses of @f, into @other, which is to be freed. */
static const struct ct_ip *find_ip(struct ct *ct, const struct ct_fdb *f, struct ct_fdb *other)
{
	const struct ct_ip *ip = NULL;
	struct nlmsghdr *h;
	struct ct_replies r;

	if (ct_dump(ct, CTNET_CMD_FDB_GET, f->net, &r))
		return NULL;
	ct_for_each_reply(h, &r) {
		if (ip || ct_fdb_parse(h, other))
			continue;
		ip = memcmp(f->mac, other->mac, 6) ? common_ip(f, other) : NULL;
		if (!ip)
			ct_addrs_free(&other->ips);
	}
	ct_replies_free(&r);
	return ip;
}

const char *ct_fdb_why(struct ct *ct, int err, const struct ct_fdb *f)
{
	static const struct ct_hint hints[] = {
		{ ENOENT, "the network has no such port or peer" },
		{ 0, NULL }
	};
	char name[CT_TEXT], place[300];
	static char text[700];
	const struct ct_ip *ip;
	struct ct_fdb other;
	struct ct_link l;
	bool is_own;

	/* Asking for more is not to lose what there is to say otherwise. */
	snprintf(text, sizeof(text), "%s", ct_why(&ct->ge, err, hints));
	is_own = !ct_link_get(&ct->rt, NULL, f->net, -1, &l) && !memcmp(l.mac, f->mac, 6);
	if (err == -EEXIST && !ct_fdb_get(ct, f->net, f->mac, &other)) {
		ip = common_ip(f, &other);
		/* Of one that is there by itself, and of the network's own, the kernel says why. */
		if (ip && (!other.local || is_own))
			snprintf(text, sizeof(text), "%s is already that of %s",
				 ct_ip_text(ip, name),
				 place_text(ct, &other, place, sizeof(place)));
		else if (!other.local && !is_own)
			snprintf(text, sizeof(text), "%s is already the MAC of %s, by a static entry: \"replace-fdb\" changes that, \"del-fdb\" removes it",
				 ct_mac_text(f->mac, name),
				 place_text(ct, &other, place, sizeof(place)));
		ct_addrs_free(&other.ips);
	} else if (err == -EADDRINUSE) {
		ip = find_ip(ct, f, &other);
		if (!ip)
			return text;
		snprintf(text, sizeof(text), "%s is already that of %s: take it from there first",
			 ct_ip_text(ip, name), place_text(ct, &other, place, sizeof(place)));
		ct_addrs_free(&other.ips);
	}
	return text;
}

/* There is a static entry of that MAC; is it what was asked for? */
static int fdb_compare(struct ct *ct, const struct ct_fdb *want)
{
	char buf[CT_TEXT];
	struct ct_fdb f;
	size_t i;
	int err;

	err = ct_fdb_get(ct, want->net, want->mac, &f);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the entry");
	if (!f.is_static || f.port != want->port || f.self != want->self ||
	    !ct_ip_equal(&f.peer, &want->peer))
		err = ct_fail(ct, "it exists, and lies elsewhere; \"ctnetctl list fdb\" says where");
	for (i = 0; i < want->ips.n && !err; i++)
		if (!ct_ip_among(&f.ips, &want->ips.v[i].ip))
			err = ct_fail(ct, "it exists, and has no address %s",
				      ct_ip_text(&want->ips.v[i].ip, buf));
	ct_addrs_free(&f.ips);
	return err;
}

int ct_fdb_check(struct ct *ct, const struct ct_fdb_conf *o)
{
	if (!!o->port + !!o->target + !!o->peer.family + o->self != 1)
		return ct_misuse(ct, "say where the MAC lies, with one of --port DEV, --target TARGET, --peer IP and --self");
	if (o->ifname && !o->target)
		return ct_misuse(ct, "--ifname goes with --target, whose interface it names");
	return CT_OK;
}

/* What takes a change of the entry of @f back; NULL: nothing has begun. */
static int undo_msg(struct ct *ct, uint8_t cmd, const struct ct_fdb *f, struct nl_msg **back)
{
	struct ct_fdb old;
	int err;

	*back = NULL;
	if (!ct->busy)
		return 0;
	err = cmd == CTNET_CMD_FDB_ADD ? -ENOENT : ct_fdb_get(ct, f->net, f->mac, &old);
	if (err && err != -ENOENT)
		return err;
	*back = !err && old.is_static ? ct_fdb_msg(ct, CTNET_CMD_FDB_SET, &old) :
					ct_fdb_msg(ct, CTNET_CMD_FDB_DEL, f);
	if (!err)
		ct_addrs_free(&old.ips);
	return 0;
}

static int put_fdb(struct ct *ct, uint8_t cmd, const char *net, const uint8_t mac[6],
		   const struct ct_fdb_conf *o)
{
	struct ct_fdb f = { .peer = o->peer, .self = o->self, .ips = o->ip };
	struct nl_msg *back;
	int err;

	memcpy(f.mac, mac, 6);
	err = ct_fdb_check(ct, o);
	err = err ?: ct_net_index(ct, net, &f.net, NULL);
	if (!err && o->port)
		err = ct_port_index(ct, f.net, o->port, &f.port);
	if (!err && o->target)
		err = ct_container_index(ct, f.net, o->target, o->ifname, &f.port);
	err = err ?: ct_genl(ct);
	if (err)
		return err;
	err = undo_msg(ct, cmd, &f, &back);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the table");
	err = ct_do(&ct->ge, ct_fdb_msg(ct, cmd, &f), NULL);
	if (!err && back)
		ct_undo(&ct->ge, back);
	else
		nlmsg_free(back);
	if (err == -EEXIST && o->may_exist)
		return fdb_compare(ct, &f);
	return err ? ct_fail(ct, "%s", ct_fdb_why(ct, err, &f)) : CT_OK;
}

int ct_fdb_add(struct ct *ct, const char *net, const uint8_t mac[6],
	       const struct ct_fdb_conf *o)
{
	return put_fdb(ct, CTNET_CMD_FDB_ADD, net, mac, o);
}

int ct_fdb_replace(struct ct *ct, const char *net, const uint8_t mac[6],
		   const struct ct_fdb_conf *o)
{
	return put_fdb(ct, CTNET_CMD_FDB_SET, net, mac, o);
}

int ct_fdb_del(struct ct *ct, const char *net, const uint8_t mac[6], bool if_exists)
{
	static const struct ct_hint hints[] = {
		{ ENOENT, "the network has no entry of that MAC" },
		{ 0, NULL }
	};
	struct ct_fdb f = { 0 };
	struct nl_msg *back;
	bool gone = false;
	int err;

	memcpy(f.mac, mac, 6);
	err = ct_net_index(ct, net, &f.net, if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	err = ct_genl(ct);
	if (err)
		return err;
	err = undo_msg(ct, CTNET_CMD_FDB_DEL, &f, &back);
	err = err ?: ct_do(&ct->ge, ct_fdb_msg(ct, CTNET_CMD_FDB_DEL, &f), NULL);
	if (!err && back)
		ct_undo(&ct->ge, back);
	else
		nlmsg_free(back);
	if (err && !(err == -ENOENT && if_exists))
		return ct_fail(ct, "%s", ct_why(&ct->ge, err, hints));
	return CT_OK;
}

int ct_fdb_flush(struct ct *ct, const char *net, const struct ct_fdb_conf *o)
{
	struct nl_msg *msg;
	int index, port = 0, err;

	if (o->port && o->peer.family)
		return ct_misuse(ct, "--port and --peer exclude one another");
	err = ct_net_index(ct, net, &index, NULL);
	if (!err && o->port)
		err = ct_port_index(ct, index, o->port, &port);
	err = err ?: ct_genl(ct);
	if (err)
		return err;
	msg = ct_genl_msg(ct, CTNET_CMD_FDB_FLUSH, 0);
	ct_put_u32(msg, CTNET_A_FDB_NET, index);
	if (o->learned)
		ct_put(msg, CTNET_A_FDB_LEARNED, NULL, 0);
	if (port)
		ct_put_u32(msg, CTNET_A_FDB_PORT, port);
	if (o->peer.family)
		ct_put(msg, CTNET_A_FDB_PEER, o->peer.b, o->peer.len);
	err = ct_do(&ct->ge, msg, NULL);
	return err ? ct_fail(ct, "%s", ct_why(&ct->ge, err, NULL)) : CT_OK;
}
