// SPDX-License-Identifier: GPL-2.0
/* Peers. */
#include <errno.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ct.h"

int ct_peer_parse(struct nlmsghdr *h, struct ct_peer *p, struct ct_stats *stats)
{
	struct nlattr *tb[CTNET_A_PEER_MAX + 1];

	memset(p, 0, sizeof(*p));
	if (ct_parse_genl(h, tb, CTNET_A_PEER_MAX) || !tb[CTNET_A_PEER_NET] ||
	    !ct_ip_get(&p->addr, tb[CTNET_A_PEER_ADDR]))
		return -EBADMSG;
	p->net = ct_get_num(tb[CTNET_A_PEER_NET]);
	p->dstport = ct_get_num(tb[CTNET_A_PEER_DSTPORT]);
	if (stats)
		ct_stats_parse(stats, tb[CTNET_A_PEER_STATS], NULL);
	return 0;
}

static struct nl_msg *peer_msg(struct ct *ct, uint8_t cmd, int net, const struct ct_ip *addr,
			       uint16_t dstport)
{
	struct nl_msg *msg = ct_genl_msg(ct, cmd, 0);

	ct_put_u32(msg, CTNET_A_PEER_NET, net);
	ct_put(msg, CTNET_A_PEER_ADDR, addr->b, addr->len);
	if (dstport)
		ct_put_num(msg, CTNET_A_PEER_DSTPORT, dstport, 2);
	return msg;
}

static int peer_get(struct ct *ct, int net, const struct ct_ip *addr, struct ct_peer *p)
{
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	err = ct_do(&ct->ge, peer_msg(ct, CTNET_CMD_PEER_GET, net, addr, 0), &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r)
		err = ct_peer_parse(h, p, NULL);
	ct_replies_free(&r);
	return err;
}

/* It is there; is it what was asked for? */
static int peer_compare(struct ct *ct, int net, const struct ct_ip *addr,
			const struct ct_num *dstport)
{
	struct ct_peer p = { 0 };
	int err;

	if (!dstport->set)
		return CT_OK;
	err = peer_get(ct, net, addr, &p);
	if (err)
		return ct_refused(&ct->ge, err, NULL, "read the peer");
	if (p.dstport == dstport->v)
		return CT_OK;
	if (!p.dstport)
		return ct_fail(ct, "it exists, and has the network's UDP port");
	return ct_fail(ct, "it exists, and has --dstport %u", p.dstport);
}

int ct_peer_add(struct ct *ct, const char *net, const struct ct_ip *addr,
		const struct ct_num *dstport, bool may_exist)
{
	uint16_t port = dstport->set ? dstport->v : 0;
	int index, err;

	err = ct_net_index(ct, net, &index, NULL);
	err = err ?: ct_genl(ct);
	if (err)
		return err;
	err = ct_do(&ct->ge, peer_msg(ct, CTNET_CMD_PEER_ADD, index, addr, port), NULL);
	if (err == -EEXIST && may_exist)
		return peer_compare(ct, index, addr, dstport);
	if (err)
		return ct_fail(ct, "%s", ct_why(&ct->ge, err, NULL));
	ct_undo(&ct->ge, peer_msg(ct, CTNET_CMD_PEER_DEL, index, addr, 0));
	return CT_OK;
}

int ct_peer_del(struct ct *ct, const char *net, const struct ct_ip *addr, bool if_exists)
{
	static const struct ct_hint hints[] = {
		{ ENOENT, "it is not a peer of the network" },
		{ 0, NULL }
	};
	struct ct_peer old = { 0 };
	bool gone = false;
	int index, err;

	err = ct_net_index(ct, net, &index, if_exists ? &gone : NULL);
	if (err || gone)
		return err;
	err = ct_genl(ct);
	if (err)
		return err;
	/* What takes it back has its UDP port. */
	err = ct->busy ? peer_get(ct, index, addr, &old) : 0;
	err = err ?: ct_do(&ct->ge, peer_msg(ct, CTNET_CMD_PEER_DEL, index, addr, 0), NULL);
	if (err == -ENOENT && if_exists)
		return CT_OK;
	if (err)
		return ct_fail(ct, "%s", ct_why(&ct->ge, err, hints));
	ct_undo(&ct->ge, peer_msg(ct, CTNET_CMD_PEER_ADD, index, addr, old.dstport));
	return CT_OK;
}
