// SPDX-License-Identifier: GPL-2.0
/*
 * What Docker asked for and does not use. Docker asks again where it got no answer, and where it
 * was killed itself it does not know that it asked. So a container's interface that is in no
 * container, and an address that no container has, are taken back after a while. And the
 * host's rules are looked after.
 */
#include <string.h>

#include "driver.h"

static void sweep_endpoints(struct driver *d)
{
	enum ct_endpoint_state state;
	size_t i = 0;

	while (i < d->n_eps) {
		struct endpoint *e = d->eps[i];

		i++;
		if (!e->unjoined || now() - e->since < d->grace)
			continue;
		if (ct_endpoint_find(&d->ct, &e->veth, &state, NULL))
			continue;
		e->unjoined = state != CT_ENDPOINT_MOVED;
		if (!e->unjoined)
			continue;
		tell("endpoint %.*s has been in no container for %u s: it is removed", ID_SHOWN,
		     e->id, d->grace);
		if (endpoint_remove(d, e))
			tell("%s", d->ct.error);
		else
			i--;
	}
}

/* Whether somebody is known to have an address of a pool. */
static bool is_had(const struct driver *d, const struct network *n, const struct ct_ip *ip)
{
	return ct_ip_among(&n->taken, ip) || endpoint_has(d, n, ip);
}

/* A pool of no network of ours may be another driver's: it is left alone. */
static void sweep_pool(struct driver *d, struct pool *p)
{
	const struct network *n = pool_network(d, p);
	struct ct_addrs kept = { 0 }, suspect = { 0 }, old = p->used;
	char text[CT_TEXT];
	size_t i;

	for (i = 0; n && i < old.n; i++) {
		struct ct_addr *a = &old.v[i];

		if (is_had(d, n, &a->ip)) {
			ct_addrs_add(&kept, a);
		} else if (!ct_ip_among(&p->suspect, &a->ip)) {
			ct_addrs_add(&kept, a);
			ct_addrs_add(&suspect, a);
		} else {
			tell("no container has had %s for %u s: it is free again",
			     ct_ip_text(&a->ip, text), d->grace);
		}
	}
	ct_addrs_free(&p->suspect);
	p->suspect = suspect;
	if (!n || kept.n == old.n) {
		ct_addrs_free(&kept);
		return;
	}
	p->used = kept;
	if (pool_save(d, p)) {
		tell("%s", d->ct.error);
		p->used = old;
		ct_addrs_free(&kept);
	} else {
		ct_addrs_free(&old);
	}
}

/* Who flushes the host's rules does not know of those that are ours. */
void sweep_rules(struct driver *d)
{
	bool lost;

	if (ct_nat_is_lost(&d->ct, &lost) || (lost && ct_nat_renew(&d->ct)))
		tell("%s", d->ct.error);
	networks_forward(d);
}

void sweep(struct driver *d)
{
	size_t i;

	sweep_endpoints(d);
	for (i = 0; i < d->n_pools; i++)
		sweep_pool(d, d->pools[i]);
}
