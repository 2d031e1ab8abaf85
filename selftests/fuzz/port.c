// SPDX-License-Identifier: GPL-2.0
/* The mode port: frames from containers and from the host, into ports of a network. */
#include "ctfuzz.h"

static enum who sender(enum chan c)
{
	switch (c) {
	case CH_GUARD:
	case CH_GUARDN:
		return WHO_GUARD;
	case CH_PLAIN:
	case CH_PLAINN:
		return WHO_PLAIN;
	case CH_HOST:
		return WHO_HOST;
	default:
		return WHO_ISOL;
	}
}

static enum chan channel(void)
{
	u32 n = rnd(100);

	if (n < 30)
		return CH_GUARD;
	if (n < 50)
		return CH_PLAIN;
	if (n < 60)
		return CH_ISOL;
	if (n < 75)
		return CH_GUARDN;
	if (n < 85)
		return CH_PLAINN;
	return n < 90 ? CH_PLAING : CH_HOST;
}

static void finish(struct rec *r)
{
	vnet_choose(r);
	fixup_frame(r, 8, 0);
}

/* Segments that a receiver with GRO merges. */
static void train(struct fcase *c)
{
	enum who to = rnd(WHO_MAX);
	bool v6 = chance(50);

	for (c->n = 0; c->n < 2 || (c->n < CASE_MAX && chance(60)); c->n++) {
		struct rec *r = &c->rec[c->n];

		vnet_begin(r, CH_PLAING);
		frame_segment(r, WHO_ISOL, to, v6, c->n);
		fixup_frame(r, 3, 0);
	}
}

static void generate(struct fcase *c)
{
	if (chance(5)) {
		train(c);
		return;
	}
	c->n = 0;
	do {
		struct rec *r = &c->rec[c->n++];

		if (chance(6)) {
			nlgen_settings(r);
			continue;
		}
		vnet_begin(r, channel());
		frame_container(r, sender(r->chan));
		finish(r);
	} while (c->n < CASE_MAX && chance(30));
}

static void mutate(struct fcase *c)
{
	unsigned int i, n;
	struct rec *r;

	if (chance(25))
		mutate_sequence(c);
	r = &c->rec[rnd(c->n)];
	if (chan_is_netlink(r->chan)) {
		nlgen_settings(r);
		return;
	}
	if (chance(15))
		r->chan = channel();
	for (i = 0, n = 1 + rnd(4); i < n; i++)
		mutate_bytes(r, VNET_LEN);
	if (chance(40))
		vnet_choose(r);
	else if (chance(5))
		mutate_bytes(r, 0);
	if (r->len < VNET_LEN)
		return;
	fixup_frame(r, 8, 0);
}

const struct mode mode_port = {
	.name		= "port",
	.setup		= topo_setup,
	.generate	= generate,
	.mutate		= mutate,
	.tidy		= topo_tidy,
	.tidy_every	= 1024,
};
