// SPDX-License-Identifier: GPL-2.0
/* What the virtio-net header asks for, and where a frame is cut into fragments. */
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>

#include "ctfuzz.h"

void vnet_begin(struct rec *r, enum chan c)
{
	memset(r, 0, offsetof(struct rec, data) + VNET_LEN);
	r->chan = c;
	r->len = VNET_LEN;
}

static void cut(struct rec *r)
{
	unsigned int i, frame = r->len - VNET_LEN;

	r->n_cuts = 0;
	if (!chan_is_frags(r->chan) || frame < 16 || chance(15))
		return;
	/* The device wants an Ethernet header in one piece. */
	r->n_cuts = 1 + rnd(REC_CUTS);
	for (i = 0; i < r->n_cuts; i++)
		r->cut[i] = (i ? r->cut[i - 1] : 14) + rnd(chance(60) ? 24 : frame);
}

/* What fits the packet: its checksum is to be completed, or it is to be cut. */
static void fitting(struct rec *r, const struct parsed *h, struct virtio_net_hdr *v)
{
	static const u16 sizes[] = { 8, 48, 100, 536, 1000, 1220, 1400, 1448, 65535 };
	bool tcp = h->proto == IPPROTO_TCP;
	u8 filler[256];

	v->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	v->csum_start = h->l4 - VNET_LEN;
	v->csum_offset = tcp ? 16 : 6;
	if (chance(50))
		return;
	if (tcp)
		v->gso_type = h->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	else
		v->gso_type = VIRTIO_NET_HDR_GSO_UDP;
	if (chance(10))
		v->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	v->gso_size = chance(80) ? sizes[rnd(ARRAY_SIZE(sizes))] : rng();
	v->hdr_len = v->csum_start + (tcp ? 20 : 8);
	if (chance(20))
		v->flags = 0;
	while (chance(75) && r->len < REC_MAX - 256) {
		memset(filler, rng(), sizeof(filler));
		rec_insert(r, r->len, filler, sizeof(filler));
	}
}

static void anything(struct rec *r, struct virtio_net_hdr *v)
{
	static const u8 types[] = { 0, 1, 3, 4, 5, 0x81, 0x84 };

	v->flags = rnd(4);
	v->gso_type = types[rnd(ARRAY_SIZE(types))];
	v->csum_start = rnd(r->len);
	v->csum_offset = chance(50) ? rnd(20) : rnd(r->len);
	v->gso_size = rnd(chance(50) ? 256 : 65536);
	v->hdr_len = chance(50) ? 0 : rnd(r->len);
}

void vnet_choose(struct rec *r)
{
	struct virtio_net_hdr v = { 0 };
	struct parsed h;

	if (r->len < VNET_LEN)
		return;
	if (chance(30)) {
		if (chance(20))
			anything(r, &v);
		else if (parse_frame(r->data, VNET_LEN, r->len, &h) && h.l4 &&
			 (h.proto == IPPROTO_TCP || h.proto == IPPROTO_UDP))
			fitting(r, &h, &v);
	}
	memcpy(r->data, &v, VNET_LEN);
	cut(r);
}
