// SPDX-License-Identifier: GPL-2.0
/* Peers: add-peer, del-peer. */
#include <errno.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"

#define AT(m) offsetof(struct peer_opts, m)

const struct opt add_peer_opts[] = {
	{ .name = "dstport", .type = OPT_U32, .off = AT(dstport),
	  .help = "UDP port that it listens on (default: the network's)",
	  .min = 1, .max = 65535 },
	{ .name = "may-exist", .type = OPT_FLAG, .off = AT(may_exist),
	  .help = "no error if it is a peer already" },
	{ .name = NULL }
};

const struct opt del_peer_opts[] = {
	{ .name = "if-exists", .type = OPT_FLAG, .off = AT(if_exists),
	  .help = "no error if there is no such peer" },
	{ .name = NULL }
};

const struct column peer_columns[] = {
	{ "NETWORK", "network", COLOR_NAME },
	{ "PEER", "peer", COLOR_IP },
	{ "DSTPORT", "dstport", COLOR_NONE },
	{ NULL, NULL, COLOR_NONE }
};

int peer_parse(struct nlmsghdr *h, struct peer *p)
{
	static const struct nla_policy policy[CTNET_A_PEER_MAX + 1] = {
		[CTNET_A_PEER_NET] = { .type = NLA_U32 },
		[CTNET_A_PEER_ADDR] = { .minlen = 4, .maxlen = 16 },
		[CTNET_A_PEER_DSTPORT] = { .type = NLA_U16 },
		[CTNET_A_PEER_STATS] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[CTNET_A_PEER_MAX + 1];

	memset(p, 0, sizeof(*p));
	if (ge_parse(h, tb, CTNET_A_PEER_MAX, policy) ||
	    !tb[CTNET_A_PEER_NET] || !tb[CTNET_A_PEER_ADDR] ||
	    !ip_set(&p->addr, nla_data(tb[CTNET_A_PEER_ADDR]),
		    nla_len(tb[CTNET_A_PEER_ADDR])))
		return -EBADMSG;
	p->net = nla_get_u32(tb[CTNET_A_PEER_NET]);
	if (tb[CTNET_A_PEER_DSTPORT])
		p->dstport = nla_get_u16(tb[CTNET_A_PEER_DSTPORT]);
	p->stats = tb[CTNET_A_PEER_STATS];
	return 0;
}

struct json_object *peer_json(const struct peer *p, const char *net)
{
	struct json_object *o = json_object_new_object();

	json_str(o, "network", net);
	json_ip(o, "peer", &p->addr);
	if (p->dstport)
		json_u64(o, "dstport", p->dstport);
	json_stats(o, p->stats, NULL);
	return o;
}

static struct nl_msg *peer_msg(uint8_t cmd, int net, const struct ip *addr)
{
	struct nl_msg *msg = ge_msg(cmd, 0);

	msg_put_u32(msg, CTNET_A_PEER_NET, net);
	msg_put(msg, CTNET_A_PEER_ADDR, addr->b, addr->len);
	return msg;
}

/* It is there; is it what was asked for? */
static int peer_compare(int net, const struct ip *addr,
			const struct peer_opts *o)
{
	struct nlmsghdr *h;
	struct replies r;
	struct peer p;
	int err;

	if (!o->dstport.set)
		return EXIT_OK;
	err = nl_do(&ctx.ge, peer_msg(CTNET_CMD_PEER_GET, net, addr), &r);
	if (err)
		return fail("read the peer: %s", nl_why(&ctx.ge, err, NULL));
	for_each_reply(h, &r) {
		if (peer_parse(h, &p) || p.dstport == o->dstport.v)
			continue;
		if (p.dstport)
			err = fail("it exists, and has --dstport %u",
				   p.dstport);
		else
			err = fail("it exists, and has the network's UDP port");
	}
	replies_free(&r);
	return err;
}

int peer_put(uint8_t cmd, int net, const struct ip *addr, uint16_t dstport)
{
	struct nl_msg *msg = peer_msg(cmd, net, addr);
	struct nl_msg *back;
	int err;

	if (cmd == CTNET_CMD_PEER_ADD && dstport)
		msg_put_u16(msg, CTNET_A_PEER_DSTPORT, dstport);
	err = nl_do(&ctx.ge, msg, NULL);
	if (err)
		return err;
	back = peer_msg(cmd == CTNET_CMD_PEER_ADD ? CTNET_CMD_PEER_DEL :
			CTNET_CMD_PEER_ADD, net, addr);
	if (cmd == CTNET_CMD_PEER_DEL && dstport)
		msg_put_u16(back, CTNET_A_PEER_DSTPORT, dstport);
	undo_push(&ctx.ge, back);
	return 0;
}

int add_peer(int n, char **arg, void *vals)
{
	const struct peer_opts *o = vals;
	const char *why;
	struct ip addr;
	int net, err;

	(void)n;
	why = parse_ip(arg[1], &addr);
	if (why)
		return usage_error("\"%s\" %s", arg[1], why);
	err = known_net(arg[0], &net, NULL);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	err = peer_put(CTNET_CMD_PEER_ADD, net, &addr,
		       o->dstport.set ? o->dstport.v : 0);
	if (err == -EEXIST && o->may_exist)
		return peer_compare(net, &addr, o);
	if (err)
		return fail("%s", nl_why(&ctx.ge, err, NULL));
	return EXIT_OK;
}

int del_peer(int n, char **arg, void *vals)
{
	static const struct hint hints[] = {
		{ ENOENT, "that is no peer of the network" },
		{ 0, NULL }
	};
	const struct peer_opts *o = vals;
	bool gone = false;
	const char *why;
	struct ip addr;
	int net, err;

	(void)n;
	why = parse_ip(arg[1], &addr);
	if (why)
		return usage_error("\"%s\" %s", arg[1], why);
	err = known_net(arg[0], &net, o->if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	err = nl_do(&ctx.ge, peer_msg(CTNET_CMD_PEER_DEL, net, &addr),
		    NULL);
	if (err && !(err == -ENOENT && o->if_exists))
		return fail("%s", nl_why(&ctx.ge, err, hints));
	return EXIT_OK;
}
