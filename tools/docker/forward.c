// SPDX-License-Identifier: GPL-2.0
/*
 * dockerd has the host drop what it forwards, but for its own bridges. Its chain for others'
 * rules accepts what comes from our networks and goes to them; what may is for the table
 * "inet ctnet" to say. To dockerd's bridges it is dockerd that says so.
 *
 * The rules are such as iptables has, too, as dockerd reads the chain by that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define CHAIN	"filter DOCKER-USER"
#define INSERT	"insert rule %s " CHAIN " "
#define WILD	"ct-*"		/* networks that were given no name */

static const char *const families[] = { "ip", "ip6" };

/* Its rules; NULL: no dockerd, or one that leaves this family alone. To be freed. */
static char *read_chain(struct ct *ct, const char *family)
{
	char text[64], *rules;

	snprintf(text, sizeof(text), "list chain %s " CHAIN, family);
	return ct_nft_run(ct, text, NULL, &rules) ? NULL : rules;
}

static void let_through(struct ct *ct, const char *family, char **rules, const struct network *n)
{
	const char *dev = strncmp(n->dev, WILD, strlen(WILD) - 1) ? n->dev : WILD;
	char text[512];

	snprintf(text, sizeof(text), "oifname \"%s\"", dev);
	if (!*rules || n->internal || ct_nft_bad_name(n->dev) || strstr(*rules, text))
		return;
	/* Each is put at the chain's head: the last comes first. */
	snprintf(text, sizeof(text),
		 INSERT "oifname \"%s\" counter accept\n"
		 INSERT "iifname \"%s\" counter accept\n"
		 INSERT "iifname \"%s\" oifname \"br-*\" counter return\n"
		 INSERT "iifname \"%s\" oifname \"docker*\" counter return\n",
		 family, dev, family, dev, family, dev, family, dev);
	if (ct_nft_run(ct, text, "have dockerd forward", NULL))
		tell("%s", ct->error);
	free(*rules);
	*rules = read_chain(ct, family);
}

void networks_forward(struct driver *d)
{
	size_t f, i;
	char *rules;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		rules = read_chain(&d->ct, families[f]);
		for (i = 0; i < d->n_nets; i++)
			let_through(&d->ct, families[f], &rules, d->nets[i]);
		free(rules);
	}
	d->forwarded = now();
}

void network_forward(struct driver *d)
{
	/* Of many containers at once, the rules are read for the first and after the last. */
	if (now() > d->forwarded + 1)
		networks_forward(d);
	else
		d->rules_at = now() + 2;
}
