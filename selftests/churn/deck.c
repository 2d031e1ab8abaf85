// SPDX-License-Identifier: GPL-2.0
/* The order of things in a thread: a deck of cards, shuffled each time it is through. */
#include <stdlib.h>

#include "churn.h"

#define DECK_MAX	256

struct deck {
	const struct card	*card[DECK_MAX];
	unsigned int		n;
};

static void add(struct deck *d, const struct card *c)
{
	unsigned int i;

	for (; c->weight; c++) {
		if (d->n + c->weight > DECK_MAX)
			abort();
		for (i = 0; i < c->weight; i++)
			d->card[d->n++] = c;
	}
}

static void shuffle(struct deck *d, struct rnd *r)
{
	unsigned int i, j;

	for (i = d->n - 1; i; i--) {
		const struct card *c = d->card[i];

		j = rnd_below(r, i + 1);
		d->card[i] = d->card[j];
		d->card[j] = c;
	}
}

static void play(struct actor *a, struct deck *d)
{
	unsigned int i;

	while (!stop) {
		shuffle(d, &a->rnd);
		for (i = 0; i < d->n && !stop; i++) {
			/* how often a card draws from it is its own affair */
			struct rnd r = { .s = rnd_next(&a->rnd) };

			seats_sweep(a);
			a->since = clock_ms();
			a->now = d->card[i]->kind;
			d->card[i]->fn(a, &r);
			a->now = -1;
		}
	}
	seats_close(a);
}

void change_things(struct actor *a)
{
	struct deck d = { .n = 0 };

	add(&d, net_cards);
	add(&d, port_cards);
	add(&d, underlay_cards);
	add(&d, peer_cards);
	add(&d, entry_cards);
	play(a, &d);
}

void watch_things(struct actor *a)
{
	struct deck d = { .n = 0 };

	add(&d, watch_cards);
	play(a, &d);
	watch_close();
}
