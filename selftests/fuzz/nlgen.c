// SPDX-License-Identifier: GPL-2.0
/* Messages of the generic netlink family, each command as its policy has it. */
#include <linux/ctnet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "ctfuzz.h"

#define ATTRS_MAX 9

/**
 * struct command - what can be sent
 * @cmd: enum ctnet_cmd
 * @weight: how often
 * @dump: in how many of 100 it asks for a dump
 * @attrs: up to the one whose odds are 0
 */
struct command {
	u8		cmd;
	u8		weight;
	u8		dump;
	struct attr	attrs[ATTRS_MAX];
};

static const struct command commands[] = {
	{ CTNET_CMD_NET_GET, 4, 40, { { CTNET_A_NET_IFINDEX, V_NET, 80 } } },
	{ CTNET_CMD_PORT_ADD, 12, 0, {
		{ CTNET_A_PORT_NET, V_NET, 98 },
		{ CTNET_A_PORT_DEV, V_DEV, 98 },
		{ CTNET_A_PORT_FLAGS, V_PORT_FLAGS, 50 } } },
	{ CTNET_CMD_PORT_SET, 6, 0, {
		{ CTNET_A_PORT_NET, V_NET, 98 },
		{ CTNET_A_PORT_DEV, V_DEV, 98 },
		{ CTNET_A_PORT_FLAGS, V_PORT_FLAGS, 95 } } },
	{ CTNET_CMD_PORT_DEL, 5, 0, {
		{ CTNET_A_PORT_NET, V_NET, 98 },
		{ CTNET_A_PORT_DEV, V_DEV, 98 } } },
	{ CTNET_CMD_PORT_GET, 5, 40, {
		{ CTNET_A_PORT_NET, V_NET, 80 },
		{ CTNET_A_PORT_DEV, V_DEV, 60 } } },
	{ CTNET_CMD_PEER_ADD, 14, 0, {
		{ CTNET_A_PEER_NET, V_NET, 98 },
		{ CTNET_A_PEER_ADDR, V_ADDR, 98 },
		{ CTNET_A_PEER_DSTPORT, V_UDP_PORT, 30 } } },
	{ CTNET_CMD_PEER_DEL, 5, 0, {
		{ CTNET_A_PEER_NET, V_NET, 98 },
		{ CTNET_A_PEER_ADDR, V_ADDR, 98 } } },
	{ CTNET_CMD_PEER_GET, 5, 40, {
		{ CTNET_A_PEER_NET, V_NET, 80 },
		{ CTNET_A_PEER_ADDR, V_ADDR, 60 } } },
	{ CTNET_CMD_FDB_ADD, 14, 0, {
		{ CTNET_A_FDB_NET, V_NET, 98 },
		{ CTNET_A_FDB_MAC, V_MAC, 98 },
		{ CTNET_A_FDB_PORT, V_DEV, 35 },
		{ CTNET_A_FDB_PEER, V_ADDR, 35 },
		{ CTNET_A_FDB_SELF, V_FLAG, 35 },
		{ CTNET_A_FDB_IP, V_ADDR, 40 },
		{ CTNET_A_FDB_IP, V_ADDR, 20 },
		{ CTNET_A_FDB_IP, V_ADDR, 10 },
		{ CTNET_A_FDB_AGE, V_U32, 2 } } },
	{ CTNET_CMD_FDB_SET, 12, 0, {
		{ CTNET_A_FDB_NET, V_NET, 98 },
		{ CTNET_A_FDB_MAC, V_MAC, 98 },
		{ CTNET_A_FDB_PORT, V_DEV, 35 },
		{ CTNET_A_FDB_PEER, V_ADDR, 35 },
		{ CTNET_A_FDB_SELF, V_FLAG, 35 },
		{ CTNET_A_FDB_IP, V_ADDR, 40 },
		{ CTNET_A_FDB_IP, V_ADDR, 20 },
		{ CTNET_A_FDB_STATIC, V_FLAG, 2 } } },
	{ CTNET_CMD_FDB_DEL, 6, 0, {
		{ CTNET_A_FDB_NET, V_NET, 98 },
		{ CTNET_A_FDB_MAC, V_MAC, 98 } } },
	{ CTNET_CMD_FDB_GET, 5, 40, {
		{ CTNET_A_FDB_NET, V_NET, 80 },
		{ CTNET_A_FDB_MAC, V_MAC, 60 } } },
	{ CTNET_CMD_FDB_FLUSH, 3, 0, {
		{ CTNET_A_FDB_NET, V_NET, 98 },
		{ CTNET_A_FDB_PORT, V_DEV, 25 },
		{ CTNET_A_FDB_PEER, V_ADDR, 25 },
		{ CTNET_A_FDB_LEARNED, V_FLAG, 30 } } },
	{ CTNET_CMD_VTEP_GET, 2, 95, { { CTNET_A_VTEP_DSTPORT, V_UDP_PORT, 3 } } },
	{ CTNET_CMD_MISS_NTF, 1, 30, { { CTNET_A_FDB_NET, V_NET, 98 } } },
};

static const struct command *choose(void)
{
	u32 i, n, total = 0;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		total += commands[i].weight;
	n = rnd(total);
	for (i = 0; n >= commands[i].weight; i++)
		n -= commands[i].weight;
	return &commands[i];
}

void nlgen_copy(struct rec *r, enum chan c, struct nlbuf *b)
{
	nl_end(b);
	memset(r, 0, offsetof(struct rec, data));
	r->chan = c;
	r->len = b->len;
	memcpy(r->data, b->data, b->len);
}

static void many_addresses(struct nlbuf *b)
{
	static const struct attr ip = { CTNET_A_FDB_IP, V_ADDR, 100 };
	u32 n = 100 + rnd(40), a = 0x0a000000 + rnd(4);

	nlval_put(b, &ip);
	while (n--) {
		u32 v = __builtin_bswap32(a++);

		nl_put(b, CTNET_A_FDB_IP, &v, 4);
	}
}

static void message(struct rec *r, const struct command *c)
{
	struct genlmsghdr g = { .cmd = c->cmd, .version = CTNET_GENL_VERSION };
	u16 flags = chance(c->dump) ? NLM_F_DUMP : chance(20) ? NLM_F_ACK : 0;
	struct nlbuf b;
	u32 n = 0;

	while (n < ATTRS_MAX && c->attrs[n].odds)
		n++;
	nl_begin(&b, 0, flags, &g, sizeof(g));
	nlval_put_all(&b, c->attrs, n);
	if ((c->cmd == CTNET_CMD_FDB_ADD || c->cmd == CTNET_CMD_FDB_SET) && chance(3))
		many_addresses(&b);
	nlgen_copy(r, CH_GENL, &b);
}

void nlgen_message(struct rec *r)
{
	message(r, choose());
}

/* What changes how frames go, and neither makes nor deletes a device. */
void nlgen_settings(struct rec *r)
{
	if (chance(70))
		message(r, choose());
	else
		rtgen_change(r);
}
