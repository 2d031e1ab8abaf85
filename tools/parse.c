// SPDX-License-Identifier: GPL-2.0
/* Words to numbers, addresses and names, and back; each says what is wrong. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ctnetctl.h"

/* Decimal, or hexadecimal after 0x; a leading zero means nothing. */
const char *parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *v)
{
	static char why[96];
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(s, &end, strncasecmp(s, "0x", 2) ? 10 : 16);
	if (!isdigit((unsigned char)*s) || *end)
		return "is no number";
	if (errno || n < min || n > max) {
		snprintf(why, sizeof(why), "is not between %u and %u", min, max);
		return why;
	}
	*v = n;
	return NULL;
}

const char *parse_mac(const char *s, uint8_t mac[6])
{
	static const uint8_t zero[6];
	int i;

	for (i = 0; i < 6; i++) {
		char *end;

		if (!isxdigit((unsigned char)s[0]) ||
		    (isxdigit((unsigned char)s[1]) &&
		     isxdigit((unsigned char)s[2])))
			return "is no MAC address, such as 02:42:0a:00:00:01";
		mac[i] = strtoul(s, &end, 16);
		if (*end != (i < 5 ? ':' : '\0'))
			return "is no MAC address, such as 02:42:0a:00:00:01";
		s = end + 1;
	}
	if (!memcmp(mac, zero, 6))
		return "is all zeros, which is nobody's MAC address";
	if (mac[0] & 1)
		return "is a multicast MAC address, which cannot be one host's";
	return NULL;
}

const char *parse_ip(const char *s, struct ip *ip)
{
	memset(ip, 0, sizeof(*ip));
	if (inet_pton(AF_INET, s, ip->b) == 1) {
		ip->family = AF_INET;
		ip->len = 4;
	} else if (inet_pton(AF_INET6, s, ip->b) == 1) {
		ip->family = AF_INET6;
		ip->len = 16;
	} else if (strchr(s, '/')) {
		return "is no IP address; a prefix length has no place here";
	} else {
		return "is no IP address";
	}
	return NULL;
}

/* An address that a host may have as its own. */
static const char *check_host(const struct ip *ip)
{
	static const uint8_t zero[16];

	if (!memcmp(ip->b, zero, ip->len))
		return "is the unspecified address, which cannot be one host's";
	if (ip->family == AF_INET ? (ip->b[0] & 0xf0) == 0xe0 : ip->b[0] == 0xff)
		return "is a multicast address, which cannot be one host's";
	if (ip->family == AF_INET && !memcmp(ip->b, "\xff\xff\xff\xff", 4))
		return "is the broadcast address, which cannot be one host's";
	return NULL;
}

static const char *parse_prefix(const char *s, struct cidr *c)
{
	static const char *const form =
		"is no address with its prefix length, such as 10.0.0.2/24 or 2001:db8::2/64";
	char buf[IP_TEXT];
	const char *slash = strchr(s, '/');
	uint32_t plen;

	if (!slash || (size_t)(slash - s) >= sizeof(buf))
		return form;
	snprintf(buf, sizeof(buf), "%.*s", (int)(slash - s), s);
	if (parse_ip(buf, &c->ip))
		return form;
	if (parse_u32(slash + 1, 0, c->ip.len * 8, &plen))
		return c->ip.family == AF_INET ?
			"has a prefix length that is not between 0 and 32" :
			"has a prefix length that is not between 0 and 128";
	c->plen = plen;
	return NULL;
}

const char *parse_cidr(const char *s, struct cidr *c)
{
	const char *why = parse_prefix(s, c);

	return why ? why : check_host(&c->ip);
}

const char *parse_route(const char *s, struct route *r)
{
	static const char via[] = ",via ";
	const char *comma = strchr(s, ',');
	char buf[CIDR_TEXT];
	const char *why;
	int i;

	snprintf(buf, sizeof(buf), "%.*s", comma ? (int)(comma - s) : (int)strlen(s), s);
	why = parse_prefix(buf, &r->dst);
	if (why)
		return why;
	for (i = 0; i < r->dst.ip.len * 8; i++)
		if (i >= r->dst.plen && r->dst.ip.b[i / 8] & 0x80 >> i % 8)
			return "has bits set behind its prefix length";
	if (!comma)
		return NULL;
	/* "via=IP" is one word where that is handier. */
	if (strncmp(comma, via, strlen(via) - 1) || !strchr(" =", comma[4]) || !comma[4] ||
	    parse_ip(comma + strlen(via), &r->via))
		return "is no route, such as 10.0.0.0/8 or \"10.0.0.0/8,via 192.0.2.1\"";
	if (r->via.family != r->dst.ip.family)
		return "leads by a gateway of another family";
	return NULL;
}

const char *parse_known_name(const char *s)
{
	const char *p;

	if (!*s)
		return "is empty, which is no name for an interface";
	if (strlen(s) >= ALTIFNAMSIZ)
		return "is too long: no name of an interface has more than 127 characters";
	if (!strcmp(s, ".") || !strcmp(s, ".."))
		return "is no name for an interface";
	/* In an interface's name, '%' is for the kernel to put a number in its place. */
	for (p = s; *p; p++)
		if (strchr("/:%", *p) || isspace((unsigned char)*p))
			return "is no name for an interface: no '/', ':', '%' or space is in one";
	return NULL;
}

const char *parse_name(const char *s)
{
	const char *why = parse_known_name(s);

	if (!why && strlen(s) >= IFNAMSIZ)
		why = "is too long: an interface's name has at most 15 characters";
	/* It would have no directory of its own in there. */
	if (!why && (!strcmp(s, "all") || !strcmp(s, "default")))
		why = "is no name for an interface: /proc/sys/net/*/conf has it for all of them";
	/* For the kernel a byte is a space that is one in Latin-1. */
	if (!why && strpbrk(s, "\xa0"))
		why = "is no name for an interface: the kernel takes a byte (0xa0) for a space";
	return why;
}

/* Room is left for the directory that a name stands for. */
const char *parse_target(const char *s)
{
	if (!*s)
		return "is empty, which is no name for a namespace";
	if (strlen(s) >= PATH_MAX - 64)
		return "is too long for a name or the path of a namespace";
	return NULL;
}

const char *ip_text(const struct ip *ip, char buf[IP_TEXT])
{
	if (!ip->family || !inet_ntop(ip->family, ip->b, buf, IP_TEXT))
		snprintf(buf, IP_TEXT, "-");
	return buf;
}

const char *cidr_text(const struct cidr *c, char buf[CIDR_TEXT])
{
	char ip[IP_TEXT];

	snprintf(buf, CIDR_TEXT, "%s/%u", ip_text(&c->ip, ip), c->plen);
	return buf;
}

const char *mac_text(const uint8_t m[6], char buf[MAC_TEXT])
{
	snprintf(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		 m[0], m[1], m[2], m[3], m[4], m[5]);
	return buf;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && !memcmp(a->b, b->b, a->len);
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->b, b->b, a->len);
}

bool ip_is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->b[0] == 0xfe &&
	       (ip->b[1] & 0xc0) == 0x80;
}

bool ip_among(const struct ips *l, const struct ip *ip)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (ip_equal(&l->v[i], ip))
			return true;
	return false;
}

bool ip_set(struct ip *ip, const void *bytes, size_t len)
{
	memset(ip, 0, sizeof(*ip));
	if (len != 4 && len != 16)
		return false;
	ip->family = len == 4 ? AF_INET : AF_INET6;
	ip->len = len;
	memcpy(ip->b, bytes, len);
	return true;
}

void mac_random(uint8_t mac[6])
{
	if (getrandom(mac, 6, 0) != 6)
		die("no random numbers");
	mac[0] = (mac[0] & 0xfc) | 2;	/* one host's, locally administered */
}

/*
 * What is made of an IPv4 address shows it: 02:42 and its four bytes. Of an IPv6 address, or
 * where that MAC is taken (@try), 46 bits of a hash: FNV-1a of 64 bits over the 16 bytes of
 * the address and, from the second try on, the number of the try; mixed as MurmurHash3
 * does at its end; the upper 48 bits, the first byte marked as unicast and local. Of ten
 * thousand addresses two meet once in a million networks.
 */
void mac_from_ip(uint8_t mac[6], const struct ip *ip, unsigned int try)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint64_t hash = 14695981039346656037u;
	uint8_t b[17];
	int i;

	if (ip->family == AF_INET && !try) {
		mac[0] = 0x02;
		mac[1] = 0x42;
		memcpy(mac + 2, ip->b, 4);
		return;
	}
	memcpy(b, mapped, 12);
	if (ip->family == AF_INET)
		memcpy(b + 12, ip->b, 4);
	else
		memcpy(b, ip->b, 16);
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

bool mac_is_from_ip(const uint8_t mac[6], const struct ip *ip)
{
	uint8_t made[6];
	unsigned int try;

	for (try = 0; try < MAC_TRIES; try++) {
		mac_from_ip(made, ip, try);
		if (!memcmp(mac, made, 6))
			return true;
	}
	return false;
}

void ips_add(struct ips *l, const struct ip *ip)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *ip;
}

void cidrs_add(struct cidrs *l, const struct cidr *c)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *c;
}

struct ips cidrs_ips(const struct cidrs *l)
{
	struct ips ips = { 0 };
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!ip_among(&ips, &l->v[i].ip))
			ips_add(&ips, &l->v[i].ip);
	return ips;
}

const char *cidr_not_hosts(const struct cidr *c)
{
	bool zeros = true, ones = true;
	unsigned int i, bit;

	/* A subnet of two addresses has no others, and one of all knows no hosts. */
	if (!c->plen || c->plen + 2u > c->ip.len * 8u)
		return NULL;
	for (i = c->plen; i < c->ip.len * 8u; i++) {
		bit = c->ip.b[i / 8] >> (7 - i % 8) & 1;
		zeros = zeros && !bit;
		ones = ones && bit;
	}
	if (zeros)
		return c->ip.family == AF_INET ?
			"is the subnet's own address, and no host's" :
			"is the address of all routers of the subnet, and no host's";
	if (ones && c->ip.family == AF_INET)
		return "is the subnet's broadcast address, and no host's";
	return NULL;
}
