// SPDX-License-Identifier: GPL-2.0
/* Numbers, MACs, addresses, routes: words to values and back; and lists of them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ct.h"

/* Decimal, or hexadecimal after 0x; a leading zero means nothing. */
const char *ct_parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *v)
{
	static char why[64];
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(s, &end, strncasecmp(s, "0x", 2) ? 10 : 16);
	if (!isdigit((unsigned char)*s) || *end || errno || n < min || n > max) {
		snprintf(why, sizeof(why), "invalid number: %u to %u", min, max);
		return why;
	}
	*v = n;
	return NULL;
}

const char *ct_parse_mac(const char *s, uint8_t mac[6])
{
	static const char form[] = "invalid MAC address: six bytes, such as 02:42:0a:00:00:01";
	static const uint8_t zero[6];
	int i;

	for (i = 0; i < 6; i++) {
		char *end;

		if (!isxdigit((unsigned char)s[0]) || (isxdigit((unsigned char)s[1]) &&
						       isxdigit((unsigned char)s[2])))
			return form;
		mac[i] = strtoul(s, &end, 16);
		if (*end != (i < 5 ? ':' : '\0'))
			return form;
		s = end + 1;
	}
	if (!memcmp(mac, zero, 6))
		return "invalid MAC address: all zeros";
	if (mac[0] & 1)
		return "invalid MAC address: a multicast address is not one host's";
	return NULL;
}

const char *ct_parse_ip(const char *s, struct ct_ip *ip)
{
	memset(ip, 0, sizeof(*ip));
	if (inet_pton(AF_INET, s, ip->b) == 1) {
		ip->family = AF_INET;
		ip->len = 4;
	} else if (inet_pton(AF_INET6, s, ip->b) == 1) {
		ip->family = AF_INET6;
		ip->len = 16;
	} else {
		return strchr(s, '/') ? "invalid IP address: give it without prefix length" :
					"invalid IP address";
	}
	return NULL;
}

/* An address that a host may have as its own. */
static const char *check_host(const struct ct_ip *ip)
{
	static const uint8_t zero[16];

	if (!memcmp(ip->b, zero, ip->len))
		return "invalid address: the unspecified address is not one host's";
	if (ip->family == AF_INET ? (ip->b[0] & 0xf0) == 0xe0 : ip->b[0] == 0xff)
		return "invalid address: a multicast address is not one host's";
	if (ip->family == AF_INET && !memcmp(ip->b, "\xff\xff\xff\xff", 4))
		return "invalid address: the broadcast address is not one host's";
	return NULL;
}

static const char *parse_prefix(const char *s, struct ct_addr *a)
{
	static const char form[] =
		"invalid address: give its prefix length, such as 10.0.0.2/24 or 2001:db8::2/64";
	const char *slash = strchr(s, '/');
	char buf[CT_TEXT];
	uint32_t plen;

	memset(a, 0, sizeof(*a));
	if (!slash || (size_t)(slash - s) >= sizeof(buf))
		return form;
	snprintf(buf, sizeof(buf), "%.*s", (int)(slash - s), s);
	if (ct_parse_ip(buf, &a->ip))
		return form;
	if (ct_parse_u32(slash + 1, 0, a->ip.len * 8, &plen))
		return a->ip.family == AF_INET ? "invalid prefix length: 0 to 32" :
						 "invalid prefix length: 0 to 128";
	a->plen = plen;
	return NULL;
}

const char *ct_parse_cidr(const char *s, struct ct_addr *a)
{
	const char *why = parse_prefix(s, a);

	return why ? why : check_host(&a->ip);
}

const char *ct_parse_route(const char *s, struct ct_addr *r)
{
	static const char via[] = ",via ";
	const char *comma = strchr(s, ','), *why;
	char buf[CT_TEXT];
	int i;

	snprintf(buf, sizeof(buf), "%.*s", comma ? (int)(comma - s) : (int)strlen(s), s);
	why = parse_prefix(buf, r);
	if (why)
		return why;
	for (i = r->plen; i < r->ip.len * 8; i++)
		if (r->ip.b[i / 8] & 0x80 >> i % 8)
			return "invalid route: bits are set behind its prefix length";
	if (!comma)
		return NULL;
	/* "via=IP" is one word where that is handier. */
	if (strncmp(comma, via, strlen(via) - 1) || !comma[4] || !strchr(" =", comma[4]) ||
	    ct_parse_ip(comma + strlen(via), &r->via))
		return "invalid route: give it as 10.0.0.0/8 or \"10.0.0.0/8,via 192.0.2.1\"";
	if (r->via.family != r->ip.family)
		return "invalid route: its gateway is of another family";
	return NULL;
}

const char *ct_parse_known_name(const char *s)
{
	const char *p;

	if (!*s)
		return "invalid interface name: it is empty";
	if (strlen(s) >= ALTIFNAMSIZ)
		return "invalid interface name: too long, at most 127 characters";
	if (!strcmp(s, ".") || !strcmp(s, ".."))
		return "invalid interface name";
	/* In an interface's name, '%' is for the kernel to put a number in its place. */
	for (p = s; *p; p++)
		if (strchr("/:%", *p) || isspace((unsigned char)*p))
			return "invalid interface name: '/', ':', '%' and space are not allowed";
	return NULL;
}

const char *ct_parse_name(const char *s)
{
	const char *why = ct_parse_known_name(s);

	if (!why && strlen(s) >= IFNAMSIZ)
		why = "invalid interface name: too long, at most 15 characters";
	/* It would have no directory of its own in there. */
	if (!why && (!strcmp(s, "all") || !strcmp(s, "default")))
		why = "invalid interface name: /proc/sys/net/*/conf has it for all interfaces";
	if (!why && strpbrk(s, "\xa0"))
		why = "invalid interface name: the kernel takes a byte (0xa0) for a space";
	return why;
}

/* Room is left for the directory that a name stands for. */
const char *ct_parse_target(const char *s)
{
	if (!*s)
		return "invalid namespace: its name is empty";
	if (strlen(s) >= PATH_MAX - 64)
		return "invalid namespace: its name is too long";
	return ct_engine_is(s) ? ct_engine_bad(s) : NULL;
}

const char *ct_ip_text(const struct ct_ip *ip, char buf[CT_TEXT])
{
	if (!ip->family || !inet_ntop(ip->family, ip->b, buf, CT_TEXT))
		snprintf(buf, CT_TEXT, "-");
	return buf;
}

const char *ct_cidr_text(const struct ct_addr *a, char buf[CT_TEXT])
{
	ct_ip_text(&a->ip, buf);
	snprintf(buf + strlen(buf), 5, "/%u", a->plen);
	return buf;
}

const char *ct_route_text(const struct ct_addr *r, char buf[CT_TEXT])
{
	size_t n = strlen(ct_cidr_text(r, buf));

	if (r->via.family) {
		n += snprintf(buf + n, CT_TEXT - n, ",via ");
		inet_ntop(r->via.family, r->via.b, buf + n, CT_TEXT - n);
	}
	return buf;
}

const char *ct_mac_text(const uint8_t m[6], char buf[CT_TEXT])
{
	snprintf(buf, CT_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		 m[0], m[1], m[2], m[3], m[4], m[5]);
	return buf;
}

bool ct_ip_set(struct ct_ip *ip, const void *bytes, size_t len)
{
	memset(ip, 0, sizeof(*ip));
	if (len != 4 && len != 16)
		return false;
	ip->family = len == 4 ? AF_INET : AF_INET6;
	ip->len = len;
	memcpy(ip->b, bytes, len);
	return true;
}

bool ct_ip_get(struct ct_ip *ip, const struct nlattr *a)
{
	return ct_ip_set(ip, a ? nla_data(a) : NULL, a ? nla_len(a) : 0);
}

bool ct_ip_equal(const struct ct_ip *a, const struct ct_ip *b)
{
	return a->family == b->family && !memcmp(a->b, b->b, a->len);
}

int ct_addr_order(const void *a, const void *b)
{
	const struct ct_addr *x = a, *y = b;
	int d = x->ip.len - y->ip.len;

	if (!d)
		d = memcmp(x->ip.b, y->ip.b, x->ip.len);
	return d ? d : x->plen - y->plen;
}

bool ct_ip_is_link_local(const struct ct_ip *ip)
{
	return ip->family == AF_INET6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

bool ct_ip_is_in(const struct ct_ip *ip, const struct ct_addr *subnet)
{
	int i;

	if (ip->family != subnet->ip.family)
		return false;
	for (i = 0; i < subnet->plen; i++)
		if ((ip->b[i / 8] ^ subnet->ip.b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

bool ct_overlap(const struct ct_addr *a, const struct ct_addr *b)
{
	return ct_ip_is_in(&a->ip, b) || ct_ip_is_in(&b->ip, a);
}

void ct_addr_mask(struct ct_addr *a)
{
	int i;

	for (i = a->plen; i < a->ip.len * 8; i++)
		a->ip.b[i / 8] &= ~(0x80 >> i % 8);
}

bool ct_addr_equal(const struct ct_addr *a, const struct ct_addr *b)
{
	return ct_same_cidr(a, b) && ct_ip_equal(&a->via, &b->via);
}

bool ct_addr_among(const struct ct_addrs *l, const struct ct_addr *a)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (ct_addr_equal(&l->v[i], a))
			return true;
	return false;
}

bool ct_ip_among(const struct ct_addrs *l, const struct ct_ip *ip)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (ct_ip_equal(&l->v[i].ip, ip))
			return true;
	return false;
}

bool ct_addrs_same(const struct ct_addrs *a, const struct ct_addrs *b)
{
	struct ct_addrs edits = { 0 };
	bool same;

	ct_addrs_diff(a, b, &edits);
	same = !edits.n;
	ct_addrs_free(&edits);
	return same;
}

void ct_addrs_add(struct ct_addrs *l, const struct ct_addr *a)
{
	l->v = ct_realloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *a;
}

void ct_ips_add(struct ct_addrs *l, const struct ct_ip *ip)
{
	struct ct_addr a = { .ip = *ip };

	ct_addrs_add(l, &a);
}

void ct_addrs_free(struct ct_addrs *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

struct ct_addrs ct_addrs_ips(const struct ct_addrs *l)
{
	struct ct_addrs ips = { 0 };
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!ct_ip_among(&ips, &l->v[i].ip))
			ct_ips_add(&ips, &l->v[i].ip);
	return ips;
}

bool ct_same_cidr(const struct ct_addr *a, const struct ct_addr *b)
{
	return a->plen == b->plen && ct_ip_equal(&a->ip, &b->ip);
}

/* A default route is known by its gateway's family. */
bool ct_same_family(const struct ct_addr *a, const struct ct_addr *b)
{
	return a->ip.family == b->ip.family;
}

const struct ct_addr *ct_addrs_edit(const struct ct_addrs *have, const struct ct_addrs *e,
				    bool (*same)(const struct ct_addr *a,
						 const struct ct_addr *b),
				    struct ct_addrs *out)
{
	size_t i, j, n;

	out->v = ct_calloc(have->n + e->n, sizeof(*out->v));
	out->n = have->n;
	if (have->n)
		memcpy(out->v, have->v, have->n * sizeof(*out->v));
	for (i = 0; i < e->n; i++) {
		const struct ct_addr *x = &e->v[i];

		if (x->edit == CT_NONE) {
			out->n = 0;
			continue;
		}
		for (j = n = 0; j < out->n; j++) {
			const struct ct_addr *y = &out->v[j];
			bool goes = same(y, x);

			if (x->edit == CT_REMOVE)
				goes = ct_same_cidr(y, x) && (!x->via.family ||
							      ct_ip_equal(&y->via, &x->via));
			if (!goes)
				out->v[n++] = *y;
		}
		if (x->edit == CT_REMOVE && n == out->n)
			return x;
		out->n = n;
		if (x->edit == CT_ADD)
			out->v[out->n++] = *x;
	}
	return NULL;
}

void ct_addrs_diff(const struct ct_addrs *have, const struct ct_addrs *want,
		   struct ct_addrs *edits)
{
	struct ct_addr a;
	size_t i;

	for (i = 0; i < want->n; i++)
		if (!ct_addr_among(have, &want->v[i]))
			ct_addrs_add(edits, &want->v[i]);
	for (i = 0; i < have->n; i++) {
		a = have->v[i];
		a.edit = CT_REMOVE;
		if (!ct_addr_among(want, &a))
			ct_addrs_add(edits, &a);
	}
}

const char *ct_not_hosts(const struct ct_addr *a)
{
	bool zeros = true, ones = true;
	unsigned int i, bit;

	/* A subnet of two addresses has no others, and one of all knows no hosts. */
	if (!a->plen || a->plen + 2u > a->ip.len * 8u)
		return NULL;
	for (i = a->plen; i < a->ip.len * 8u; i++) {
		bit = a->ip.b[i / 8] >> (7 - i % 8) & 1;
		zeros = zeros && !bit;
		ones = ones && bit;
	}
	if (zeros)
		return a->ip.family == AF_INET ?
			"invalid address: it is the subnet's own, and no host's" :
			"invalid address: it is that of all routers of the subnet, and no host's";
	if (ones && a->ip.family == AF_INET)
		return "invalid address: it is the subnet's broadcast address, and no host's";
	return NULL;
}

void ct_random(void *buf, size_t size)
{
	/* It waits until the kernel has some, and does not fail for so few. */
	while (getrandom(buf, size, 0) != (ssize_t)size)
		;
}

void ct_mac_random(uint8_t mac[6])
{
	ct_random(mac, 6);
	mac[0] = (mac[0] & 0xfc) | 2;	/* one host's, locally administered */
}

/*
 * What is made of an IPv4 address shows it: 02:42 and its four bytes. Of an IPv6 address, or
 * where that MAC is taken (@try), 46 bits of a hash: FNV-1a of 64 bits over the 16 bytes of
 * the address and, from the second try on, the number of the try; mixed as MurmurHash3
 * does at its end; the upper 48 bits, the first byte marked as unicast and local. Of ten
 * thousand addresses two meet once in a million networks.
 */
void ct_mac_from_ip(uint8_t mac[6], const struct ct_ip *ip, unsigned int try)
{
	uint64_t hash = 14695981039346656037u;
	uint8_t b[17] = { [10] = 0xff, [11] = 0xff };
	int i;

	if (ip->family == AF_INET && !try) {
		mac[0] = 0x02;
		mac[1] = 0x42;
		memcpy(mac + 2, ip->b, 4);
		return;
	}
	memcpy(b + 16 - ip->len, ip->b, ip->len);
	b[16] = try;
	for (i = 0; i < 16 + !!try; i++)
		hash = (hash ^ b[i]) * 1099511628211u;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	hash ^= hash >> 33;
	for (i = 0; i < 6; i++)
		mac[i] = hash >> (56 - 8 * i);
	mac[0] = (mac[0] & 0xfc) | 0x02;
	/* These are of IPv4 addresses. */
	if (mac[0] == 0x02 && mac[1] == 0x42)
		mac[1] = 0x43;
}

bool ct_mac_is_from_ip(const uint8_t mac[6], const struct ct_ip *ip)
{
	uint8_t made[6];
	unsigned int try;

	for (try = 0; try < CT_MAC_TRIES; try++) {
		ct_mac_from_ip(made, ip, try);
		if (!memcmp(mac, made, 6))
			return true;
	}
	return false;
}
