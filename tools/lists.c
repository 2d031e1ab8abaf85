// SPDX-License-Identifier: GPL-2.0
/* Lists of addresses and routes: what is among them, and how they are edited. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"

bool cidr_equal(const struct cidr *a, const struct cidr *b)
{
	return a->plen == b->plen && ip_equal(&a->ip, &b->ip);
}

bool route_equal(const struct route *a, const struct route *b)
{
	return cidr_equal(&a->dst, &b->dst) && ip_equal(&a->via, &b->via);
}

bool route_among(const struct routes *l, const struct route *r)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (route_equal(&l->v[i], r))
			return true;
	return false;
}

void routes_add(struct routes *l, const struct route *r)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *r;
}

const char *route_text(const struct route *r, char buf[ROUTE_TEXT])
{
	char dst[CIDR_TEXT], via[IP_TEXT];

	if (r->via.family)
		snprintf(buf, ROUTE_TEXT, "%s,via %s", cidr_text(&r->dst, dst),
			 ip_text(&r->via, via));
	else
		snprintf(buf, ROUTE_TEXT, "%s", cidr_text(&r->dst, dst));
	return buf;
}

bool ip_is_in(const struct ip *ip, const struct cidr *c)
{
	int i;

	if (ip->family != c->ip.family)
		return false;
	for (i = 0; i < c->plen; i++)
		if ((ip->b[i / 8] ^ c->ip.b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/**
 * struct kind - what the lists differ in
 * @size: of an element
 * @edit: what an element does to the list
 * @same: whether a removal means an element
 * @replaces: whether an element takes the place of another
 */
struct kind {
	size_t size;
	enum edit (*edit)(const void *x);
	bool (*same)(const void *a, const void *b);
	bool (*replaces)(const void *a, const void *b);
};

/* A list of any kind, by bytes. */
struct list {
	size_t n;
	char *v;
};

static const void *apply(const struct kind *k, struct list have, struct list e,
			 struct list *out)
{
	size_t i, j, n, size = k->size;

	out->v = xcalloc(have.n + e.n + 1, size);
	out->n = have.n;
	if (have.n)
		memcpy(out->v, have.v, have.n * size);
	for (i = 0; i < e.n; i++) {
		const void *x = e.v + i * size;
		enum edit edit = k->edit(x);
		bool (*goes)(const void *a, const void *b) =
			edit == EDIT_REMOVE ? k->same : k->replaces;

		if (edit == EDIT_NONE) {
			out->n = 0;
			continue;
		}
		for (j = n = 0; j < out->n; j++)
			if (!goes(out->v + j * size, x))
				memmove(out->v + n++ * size, out->v + j * size,
					size);
		if (edit == EDIT_REMOVE && n == out->n)
			return x;
		out->n = n;
		if (edit == EDIT_ADD)
			memcpy(out->v + out->n++ * size, x, size);
	}
	return NULL;
}

static enum edit ip_edit(const void *x)
{
	return ((const struct ip *)x)->edit;
}

static enum edit cidr_edit(const void *x)
{
	return ((const struct cidr *)x)->ip.edit;
}

static enum edit route_edit(const void *x)
{
	return ((const struct route *)x)->dst.ip.edit;
}

static bool ip_same(const void *a, const void *b)
{
	return ip_equal(a, b);
}

static bool family_same(const void *a, const void *b)
{
	return ((const struct ip *)a)->family == ((const struct ip *)b)->family;
}

static bool cidr_same(const void *a, const void *b)
{
	return cidr_equal(a, b);
}

static bool dst_same(const void *a, const void *b)
{
	return cidr_equal(&((const struct route *)a)->dst,
			  &((const struct route *)b)->dst);
}

/* Without @via, whatever it leads by. */
static bool route_same(const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	return dst_same(x, y) && (!y->via.family || ip_equal(&x->via, &y->via));
}

const struct ip *ips_edit(const struct ips *have, const struct ips *e,
			  struct ips *out)
{
	static const struct kind k = {
		sizeof(struct ip), ip_edit, ip_same, family_same
	};

	struct list l;
	const void *x;

	x = apply(&k, (struct list){ have->n, (char *)have->v },
		  (struct list){ e->n, (char *)e->v }, &l);
	out->n = l.n;
	out->v = (struct ip *)l.v;
	return x;
}

const struct cidr *cidrs_edit(const struct cidrs *have, const struct cidrs *e,
			      struct cidrs *out)
{
	static const struct kind k = {
		sizeof(struct cidr), cidr_edit, cidr_same, cidr_same
	};

	struct list l;
	const void *x;

	x = apply(&k, (struct list){ have->n, (char *)have->v },
		  (struct list){ e->n, (char *)e->v }, &l);
	out->n = l.n;
	out->v = (struct cidr *)l.v;
	return x;
}

const struct route *routes_edit(const struct routes *have,
				const struct routes *e, struct routes *out)
{
	static const struct kind k = {
		sizeof(struct route), route_edit, route_same, dst_same
	};

	struct list l;
	const void *x;

	x = apply(&k, (struct list){ have->n, (char *)have->v },
		  (struct list){ e->n, (char *)e->v }, &l);
	out->n = l.n;
	out->v = (struct route *)l.v;
	return x;
}
