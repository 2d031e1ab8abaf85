// SPDX-License-Identifier: GPL-2.0
/* The table: add-fdb, replace-fdb, del-fdb, flush-fdb. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

#define AT(m) offsetof(struct fdb_opts, m)

#define DST_OPTS							\
	{ .name = "port", .type = OPT_NAME, .off = AT(port), .known = true, \
	  .help = "it lies behind this port", .arg = "DEV" },		\
	{ .name = "peer", .type = OPT_IP, .off = AT(peer),		\
	  .help = "it lies behind this peer" }

#define ADD_OPTS							\
	DST_OPTS,							\
	{ .name = "target", .type = OPT_STR, .off = AT(target),		\
	  .help = "it lies behind the port of this container", .arg = "TARGET" }, \
	{ .name = "ifname", .type = OPT_NAME, .off = AT(ifname),	\
	  .help = "interface in the container (default eth0)" },	\
	{ .name = "self", .type = OPT_FLAG, .off = AT(self),		\
	  .help = "it is the host's" },					\
	{ .name = "ip", .type = OPT_IPS, .off = AT(ip),			\
	  .help = "address that lives at the MAC; may be repeated" }

const struct opt add_fdb_opts[] = {
	ADD_OPTS,
	{ .name = "may-exist", .type = OPT_FLAG, .off = AT(may_exist),
	  .help = "no error if there is that very entry already" },
	{ .name = NULL }
};

const struct opt replace_fdb_opts[] = { ADD_OPTS, { .name = NULL } };

const struct opt del_fdb_opts[] = {
	{ .name = "if-exists", .type = OPT_FLAG, .off = AT(if_exists),
	  .help = "no error if there is no such entry" },
	{ .name = NULL }
};

const struct opt flush_fdb_opts[] = {
	{ .name = "learned", .type = OPT_FLAG, .off = AT(learned),
	  .help = "learned entries only" },
	DST_OPTS,
	{ .name = NULL }
};

const struct column fdb_columns[] = {
	{ "NETWORK", "network", COLOR_NAME },
	{ "MAC", "mac", COLOR_MAC },
	{ "TYPE", "type", COLOR_NONE },
	{ "PORT", "port", COLOR_NONE },
	{ "PEER", "peer", COLOR_IP },
	{ "SELF", "self", COLOR_NONE },
	{ "AGE", "age", COLOR_NONE },
	{ "ADDRESSES", "addresses", COLOR_IP },
	{ NULL, NULL, COLOR_NONE }
};

int fdb_parse(struct nlmsghdr *h, struct fdb *f)
{
	static const struct nla_policy policy[CTNET_A_FDB_MAX + 1] = {
		[CTNET_A_FDB_NET] = { .type = NLA_U32 },
		[CTNET_A_FDB_MAC] = { .minlen = 6, .maxlen = 6 },
		[CTNET_A_FDB_PORT] = { .type = NLA_U32 },
		[CTNET_A_FDB_PEER] = { .minlen = 4, .maxlen = 16 },
		[CTNET_A_FDB_AGE] = { .type = NLA_U32 },
		[CTNET_A_FDB_IP] = { .minlen = 4, .maxlen = 16 },
		[CTNET_A_FDB_CLAIMED] = { .minlen = 16, .maxlen = 16 },
	};
	struct nlattr *tb[CTNET_A_FDB_MAX + 1], *a;
	struct ip ip;
	int left;

	memset(f, 0, sizeof(*f));
	if (ge_parse(h, tb, CTNET_A_FDB_MAX, policy) ||
	    !tb[CTNET_A_FDB_NET] || !tb[CTNET_A_FDB_MAC])
		return -EBADMSG;
	f->net = nla_get_u32(tb[CTNET_A_FDB_NET]);
	memcpy(f->mac, nla_data(tb[CTNET_A_FDB_MAC]), 6);
	if (tb[CTNET_A_FDB_PORT])
		f->port = nla_get_u32(tb[CTNET_A_FDB_PORT]);
	if (tb[CTNET_A_FDB_PEER])
		ip_set(&f->peer, nla_data(tb[CTNET_A_FDB_PEER]),
		       nla_len(tb[CTNET_A_FDB_PEER]));
	f->self = tb[CTNET_A_FDB_SELF];
	f->is_static = tb[CTNET_A_FDB_STATIC];
	f->local = tb[CTNET_A_FDB_LOCAL];
	if (tb[CTNET_A_FDB_AGE])
		f->age = nla_get_u32(tb[CTNET_A_FDB_AGE]);
	if (tb[CTNET_A_FDB_CLAIMED])
		ip_set(&f->claimed, nla_data(tb[CTNET_A_FDB_CLAIMED]),
		       nla_len(tb[CTNET_A_FDB_CLAIMED]));
	if (!tb[CTNET_A_FDB_IP])
		return 0;
	nlmsg_for_each_attr(a, h, NLMSG_ALIGN(4), left)
		if (nla_type(a) == CTNET_A_FDB_IP &&
		    ip_set(&ip, nla_data(a), nla_len(a)))
			ips_add(&f->ips, &ip);
	return 0;
}

struct json_object *fdb_json(const struct fdb *f, const char *net,
			     const char *port)
{
	struct json_object *o = json_object_new_object(), *a;
	char buf[IP_TEXT];
	size_t i;

	json_str(o, "network", net);
	json_mac(o, "mac", f->mac);
	json_str(o, "type", f->is_static ? "static" : "learned");
	if (f->port)
		json_str(o, "port", port);
	if (f->peer.family)
		json_ip(o, "peer", &f->peer);
	if (f->self)
		json_onoff(o, "self", true);
	if (!f->is_static)
		json_ms(o, "age", f->age);
	a = json_array(o, "addresses");
	for (i = 0; i < f->ips.n; i++)
		json_array_add_str(a, ip_text(&f->ips.v[i], buf));
	/* People see one list, programs what each of them is. */
	if (f->claimed.family && ctx.json)
		json_ip(o, "claimed", &f->claimed);
	else if (f->claimed.family)
		json_array_add_str(a, ip_text(&f->claimed, buf));
	return o;
}

struct nl_msg *fdb_msg(uint8_t cmd, int net, const uint8_t *mac)
{
	struct nl_msg *msg = ge_msg(cmd, 0);

	msg_put_u32(msg, CTNET_A_FDB_NET, net);
	if (mac)
		msg_put(msg, CTNET_A_FDB_MAC, mac, 6);
	return msg;
}

int fdb_get(int net, const uint8_t *mac, struct fdb *f)
{
	struct nlmsghdr *h;
	struct replies r;
	int err;

	err = nl_do(&ctx.ge, fdb_msg(CTNET_CMD_FDB_GET, net, mac), &r);
	if (err)
		return err;
	err = -ENOENT;
	for_each_reply(h, &r)
		err = fdb_parse(h, f);
	replies_free(&r);
	return err;
}

int fdb_dump_static(int net, int port, struct replies *r)
{
	struct nl_msg *msg = ge_msg(CTNET_CMD_FDB_GET, NLM_F_DUMP);

	if (net)
		msg_put_u32(msg, CTNET_A_FDB_NET, net);
	if (port)
		msg_put_u32(msg, CTNET_A_FDB_PORT, port);
	msg_put(msg, CTNET_A_FDB_STATIC, NULL, 0);
	return nl_do(&ctx.ge, msg, r);
}

/* There is a static entry of that MAC; is it what was asked for? */
static int fdb_compare(int net, const uint8_t *mac, int port,
		       const struct fdb_opts *o)
{
	char buf[IP_TEXT];
	struct fdb f;
	size_t i;
	int err;

	err = fdb_get(net, mac, &f);
	if (err)
		return fail("read the entry: %s", nl_why(&ctx.ge, err, NULL));
	if (!f.is_static || f.port != port || f.self != o->self ||
	    !ip_equal(&f.peer, &o->peer))
		err = fail("it exists, and lies elsewhere; \"ctnetctl list fdb\" says where");
	for (i = 0; i < o->ip.n && !err; i++)
		if (!ip_among(&f.ips, &o->ip.v[i]))
			err = fail("it exists, and has not the address %s",
				   ip_text(&o->ip.v[i], buf));
	free(f.ips.v);
	return err;
}

struct nl_msg *fdb_entry_msg(uint8_t cmd, const struct fdb *f)
{
	struct nl_msg *msg = fdb_msg(cmd, f->net, f->mac);
	size_t i;

	if (f->port)
		msg_put_u32(msg, CTNET_A_FDB_PORT, f->port);
	if (f->peer.family)
		msg_put(msg, CTNET_A_FDB_PEER, f->peer.b, f->peer.len);
	if (f->self)
		msg_put(msg, CTNET_A_FDB_SELF, NULL, 0);
	for (i = 0; i < f->ips.n; i++)
		msg_put(msg, CTNET_A_FDB_IP, f->ips.v[i].b, f->ips.v[i].len);
	return msg;
}

int fdb_check(const char *mac, const struct fdb_opts *o, uint8_t out[6])
{
	const char *why = parse_mac(mac, out);

	if (why)
		return usage_error("\"%s\" %s", mac, why);
	if (!!o->port + !!o->target + !!o->peer.family + o->self != 1)
		return usage_error("say where the MAC lies, with one of --port DEV, --target TARGET, --peer IP and --self");
	if (o->ifname && !o->target)
		return usage_error("--ifname goes with --target, whose interface it names");
	return EXIT_OK;
}

/* What an entry leads to, for people. */
static const char *place_text(const struct fdb *f)
{
	static char text[sizeof("port ") + 256];
	char ip[IP_TEXT];
	struct link l;

	if (f->self)
		return "the host itself";
	if (f->peer.family) {
		snprintf(text, sizeof(text), "peer %s",
			 ip_text(&f->peer, ip));
		return text;
	}
	if (link_get(&ctx.rt, NULL, f->port, -1, &l))
		return "a port that goes just now";
	snprintf(text, sizeof(text), "port %s", l.alias[0] ? l.alias : l.name);
	return text;
}

/*
 * The entry that has one of these addresses, and is not that of @mac: the address is in
 * *@ip. To be freed if there is one.
 */
static bool fdb_of_ip(int net, const uint8_t mac[6], const struct ips *ips,
		      struct fdb *f, struct ip *ip)
{
	struct nl_msg *msg = fdb_msg(CTNET_CMD_FDB_GET, net, NULL);
	bool found = false;
	struct nlmsghdr *h;
	struct replies r;
	size_t i;

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	if (nl_do(&ctx.ge, msg, &r))
		return false;
	for_each_reply(h, &r) {
		if (found || fdb_parse(h, f))
			continue;
		for (i = 0; i < ips->n && !found; i++) {
			found = memcmp(f->mac, mac, 6) &&
				ip_among(&f->ips, &ips->v[i]);
			*ip = ips->v[i];
		}
		if (!found)
			free(f->ips.v);
	}
	replies_free(&r);
	return found;
}

const char *fdb_why(int err, int net, const uint8_t mac[6],
		    const struct ips *ips)
{
	static const struct hint hints[] = {
		{ ENOENT, "the network has no such port or peer" },
		{ 0, NULL }
	};
	static char text[512];
	char name[IP_TEXT];
	bool found = false, is_own;
	struct fdb f;
	struct link l;
	struct ip ip;
	size_t i;

	/* Asking for more is not to lose what there is to say otherwise. */
	snprintf(text, sizeof(text), "%s", nl_why(&ctx.ge, err, hints));
	is_own = !link_get(&ctx.rt, NULL, net, -1, &l) && !memcmp(l.mac, mac, 6);
	if (err == -EEXIST && !fdb_get(net, mac, &f)) {
		/* Of one that is there by itself the kernel says why. */
		if (f.local && !is_own) {
			free(f.ips.v);
			return text;
		}
		for (i = 0; i < ips->n && !found; i++) {
			found = ip_among(&f.ips, &ips->v[i]);
			ip_text(&ips->v[i], name);
		}
		if (found)
			snprintf(text, sizeof(text), "%s is already that of %s",
				 name, place_text(&f));
		else if (!is_own)	/* of that, the kernel says it */
			snprintf(text, sizeof(text), "%s is already the MAC of %s, by a static entry: \"replace-fdb\" changes that, \"del-fdb\" removes it",
				 mac_text(mac, name), place_text(&f));
		free(f.ips.v);
	} else if (err == -EADDRINUSE && fdb_of_ip(net, mac, ips, &f, &ip)) {
		snprintf(text, sizeof(text), "%s is already that of %s: take it from there first",
			 ip_text(&ip, name), place_text(&f));
		free(f.ips.v);
	}
	return text;
}

static int put_fdb(uint8_t cmd, char **arg, const struct fdb_opts *o)
{
	struct fdb f = { .peer = o->peer, .self = o->self, .ips = o->ip };
	int err;

	err = fdb_check(arg[1], o, f.mac);
	if (!err)
		err = known_net(arg[0], &f.net, NULL);
	if (!err && o->port)
		err = known_dev(o->port, &f.port);
	if (!err && o->target)
		err = known_container(f.net, o->target, o->ifname, &f.port);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	err = nl_do(&ctx.ge, fdb_entry_msg(cmd, &f), NULL);
	if (err == -EEXIST && o->may_exist)
		return fdb_compare(f.net, f.mac, f.port, o);
	if (err)
		return fail("%s", fdb_why(err, f.net, f.mac, &f.ips));
	return EXIT_OK;
}

int add_fdb(int n, char **arg, void *vals)
{
	(void)n;
	return put_fdb(CTNET_CMD_FDB_ADD, arg, vals);
}

int replace_fdb(int n, char **arg, void *vals)
{
	(void)n;
	return put_fdb(CTNET_CMD_FDB_SET, arg, vals);
}

int del_fdb(int n, char **arg, void *vals)
{
	static const struct hint hints[] = {
		{ ENOENT, "the network has no entry of that MAC" },
		{ 0, NULL }
	};
	const struct fdb_opts *o = vals;
	bool gone = false;
	uint8_t mac[6];
	const char *why;
	int net, err;

	(void)n;
	why = parse_mac(arg[1], mac);
	if (why)
		return usage_error("\"%s\" %s", arg[1], why);
	err = known_net(arg[0], &net, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	err = nl_do(&ctx.ge, fdb_msg(CTNET_CMD_FDB_DEL, net, mac), NULL);
	if (err && !(err == -ENOENT && o->if_exists))
		return fail("%s", nl_why(&ctx.ge, err, hints));
	return EXIT_OK;
}

int flush_fdb(int n, char **arg, void *vals)
{
	const struct fdb_opts *o = vals;
	int net, port = 0, err;
	struct nl_msg *msg;

	(void)n;
	if (o->port && o->peer.family)
		return usage_error("--port and --peer exclude one another");
	err = known_net(arg[0], &net, NULL);
	if (!err && o->port)
		err = known_dev(o->port, &port);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	msg = fdb_msg(CTNET_CMD_FDB_FLUSH, net, NULL);
	if (o->learned)
		msg_put(msg, CTNET_A_FDB_LEARNED, NULL, 0);
	if (port)
		msg_put_u32(msg, CTNET_A_FDB_PORT, port);
	if (o->peer.family)
		msg_put(msg, CTNET_A_FDB_PEER, o->peer.b, o->peer.len);
	err = nl_do(&ctx.ge, msg, NULL);
	if (err)
		return fail("%s", nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}
