// SPDX-License-Identifier: GPL-2.0
/* Changes to bytes that know nothing of what they mean, and to sequences of records. */
#include <string.h>

#include "ctfuzz.h"

static const u32 telling[] = {
	0, 1, 2, 4, 6, 8, 14, 16, 20, 28, 32, 40, 58, 60, 64, 127, 128, 255, 256, 512, 1280, 1500,
	0x7fff, 0x8000, 0x8100, 0x86dd, 0x0800, 0x0806, 0x88a8, 0xffff, 0x10000, 0x7fffffff,
	0x80000000, 0xffffffff,
};

void rec_insert(struct rec *r, unsigned int at, const void *p, unsigned int n)
{
	u8 copy[REC_MAX];

	if (r->len + n > REC_MAX)
		n = REC_MAX - r->len;
	memcpy(copy, p, n);
	memmove(r->data + at + n, r->data + at, r->len - at);
	memcpy(r->data + at, copy, n);
	r->len += n;
}

void rec_delete(struct rec *r, unsigned int at, unsigned int n)
{
	if (n > r->len - at)
		n = r->len - at;
	memmove(r->data + at, r->data + at + n, r->len - at - n);
	r->len -= n;
}

/* Headers stand at the front, and there a change tells most. */
static unsigned int place(const struct rec *r, unsigned int from)
{
	unsigned int n = r->len - from;

	if (n > 128 && chance(70))
		n = 128;
	return from + rnd(n);
}

static void put_number(struct rec *r, unsigned int at, u32 v)
{
	unsigned int i, width = 1 << rnd(3);
	bool swap = chance(70);

	for (i = 0; i < width && at + i < r->len; i++)
		r->data[at + i] = v >> 8 * (swap ? width - 1 - i : i);
}

/* A change to the bytes from @from on. */
void mutate_bytes(struct rec *r, unsigned int from)
{
	static struct fcase other;
	unsigned int at, n;

	if (r->len <= from) {
		u8 zero[64] = { 0 };

		if (r->len == from)
			rec_insert(r, from, zero, 1 + rnd(64));
		return;
	}
	at = place(r, from);
	n = 1 + rnd(chance(80) ? 8 : 64);
	switch (rnd(11)) {
	case 0:
	case 1:
		r->data[at] ^= 1 << rnd(8);
		break;
	case 2:
		r->data[at] = rng();
		break;
	case 3:
	case 4:
		put_number(r, at, telling[rnd(ARRAY_SIZE(telling))]);
		break;
	case 5:
		r->data[at] += rnd(17) - 8;
		break;
	case 6:
		rec_delete(r, at, n);
		break;
	case 7:
		if (n > (unsigned int)r->len - at)
			n = r->len - at;
		rec_insert(r, at, r->data + at, n);
		break;
	case 8:
		r->len = at;
		break;
	case 9:
		if (n > (unsigned int)r->len - at)
			n = r->len - at;
		memmove(r->data + from + rnd(r->len - from - n + 1), r->data + at, n);
		break;
	case 10: {
		const struct rec *o;

		if (!corpus_pick(&other) || !other.n)
			break;
		o = &other.rec[rnd(other.n)];
		if (o->len <= at)
			break;
		n += rnd(32);
		if (n > (unsigned int)o->len - at)
			n = o->len - at;
		if (n > (unsigned int)r->len - at)
			n = r->len - at;
		memcpy(r->data + at, o->data + at, n);
		break;
	}
	}
}

static void copy_rec(struct rec *to, const struct rec *from)
{
	memcpy(to, from, offsetof(struct rec, data) + from->len);
}

void mutate_sequence(struct fcase *c)
{
	static struct fcase other;
	static struct rec tmp;
	unsigned int i, k;

	switch (rnd(4)) {
	case 0:	/* one more, from another case */
		if (c->n == CASE_MAX || !corpus_pick(&other) || !other.n)
			return;
		copy_rec(&c->rec[c->n++], &other.rec[rnd(other.n)]);
		break;
	case 1:	/* one twice */
		if (c->n == CASE_MAX)
			return;
		copy_rec(&c->rec[c->n], &c->rec[rnd(c->n)]);
		c->n++;
		break;
	case 2:	/* one less */
		if (c->n < 2)
			return;
		for (i = rnd(c->n); i + 1 < c->n; i++)
			copy_rec(&c->rec[i], &c->rec[i + 1]);
		c->n--;
		return;
	case 3:	/* two change places */
		i = rnd(c->n);
		k = rnd(c->n);
		copy_rec(&tmp, &c->rec[i]);
		copy_rec(&c->rec[i], &c->rec[k]);
		copy_rec(&c->rec[k], &tmp);
		break;
	}
}
