// SPDX-License-Identifier: GPL-2.0
/* Published ports. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "nat.h"

#define CHOOSE_TRIES	64

/* ------------------------------------------------------------- words, values */

static const struct proto {
	const char *name;
	uint8_t v;
} protos[] = {
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP },
};

static const char *proto_name(uint8_t v)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].v == v)
			return protos[i].name;
	return NULL;
}

/* "80" or "80-89" */
static bool parse_range(const char *s, size_t len, uint16_t *first, uint32_t *count)
{
	char buf[16], *dash;
	uint32_t a, b;

	if (len >= sizeof(buf))
		return false;
	snprintf(buf, sizeof(buf), "%.*s", (int)len, s);
	dash = strchr(buf, '-');
	if (dash)
		*dash = '\0';
	if (ct_parse_u32(buf, 1, 65535, &a))
		return false;
	b = a;
	if (dash && ct_parse_u32(dash + 1, a, 65535, &b))
		return false;
	*first = a;
	*count = b - a + 1;
	return true;
}

const char *ct_parse_published(const char *s, struct ct_published *p)
{
	static const char form[] =
		"invalid port: give it as 8080:80, 127.0.0.1:8080:80/udp or [::1]:8000-8010:80-90";
	static const char brackets[] =
		"invalid port: the address before it is 192.0.2.1, or [2001:db8::1] in brackets";
	const char *end = strrchr(s, '/'), *colon;
	uint32_t count, to;
	char host[CT_TEXT];
	size_t i, len;
	int family;

	memset(p, 0, sizeof(*p));
	p->proto = IPPROTO_TCP;
	if (end) {
		for (i = 0; i < ARRAY_SIZE(protos) && strcmp(protos[i].name, end + 1); i++)
			;
		if (i == ARRAY_SIZE(protos))
			return "invalid port: its protocol is tcp, udp or sctp";
		p->proto = protos[i].v;
	} else {
		end = s + strlen(s);
	}
	colon = *s == '[' ? strstr(s, "]:") : memchr(s, ':', end - s);
	if (!colon || colon > end)
		return form;
	if (*s == '[' || memchr(colon + 1, ':', end - colon - 1)) {
		len = colon - s - (*s == '[');
		if (len >= sizeof(host))
			return form;
		snprintf(host, sizeof(host), "%.*s", (int)len, s + (*s == '['));
		family = *s == '[' ? AF_INET6 : AF_INET;
		if (ct_parse_ip(host, &p->host) || p->host.family != family)
			return brackets;
		s = colon + 1 + (*s == '[');
		colon = memchr(s, ':', end - s);
		if (!colon)
			return form;
	}
	if (!parse_range(s, colon - s, &p->host_port, &count) ||
	    !parse_range(colon + 1, end - colon - 1, &p->port, &to))
		return memchr(s, '-', end - s) ?
		       "invalid port: a range is two numbers from 1 to 65535, the lower first" :
		       "invalid port: a number from 1 to 65535 on each side of the colon";
	if (count != to)
		return "invalid port: the ranges on the two sides of the colon differ in length";
	if (count > 65534)
		return "invalid port: all ports of the host are none";
	p->count = count;
	return NULL;
}

static const char *range_text(uint16_t first, uint16_t count, char buf[16])
{
	snprintf(buf, 16, count > 1 ? "%u-%u" : "%u", first, first + count - 1);
	return buf;
}

const char *ct_published_text(const struct ct_published *p, char buf[CT_TEXT])
{
	const char *proto = proto_name(p->proto);
	bool v6 = p->host.family == AF_INET6;
	char host[CT_TEXT] = "", from[16], to[16];

	if (p->host.family)
		ct_ip_text(&p->host, host);
	snprintf(buf, CT_TEXT, "%s%.64s%s%s:%s/%s", v6 ? "[" : "", host,
		 v6 ? "]:" : host[0] ? ":" : "", range_text(p->host_port, p->count, from),
		 range_text(p->port, p->count, to), proto ? proto : "?");
	return buf;
}

bool ct_published_same(const struct ct_published *a, const struct ct_published *b)
{
	return a->proto == b->proto && ct_ip_equal(&a->host, &b->host) &&
	       a->host_port == b->host_port && a->port == b->port && a->count == b->count;
}

bool ct_nat_is_any(const struct ct_ip *ip)
{
	static const uint8_t zero[16];

	return !memcmp(ip->b, zero, sizeof(zero));
}

bool ct_nat_is_loopback(const struct ct_ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return ip->family == AF_INET ? ip->b[0] == 127 :
	       ip->family == AF_INET6 && !memcmp(ip->b, one, sizeof(one));
}

/* ----------------------------------------------------------------- publishing */

/* The families that a port is published in. */
static bool has_family(const struct ct_nat_owner *w, const struct ct_published *p, int f)
{
	return w->addr[f].family && (!p->host.family || p->host.family == w->addr[f].family);
}

static bool clashes(const struct ct_nat_owner *w, const struct ct_published *p,
		    const struct ct_nat_owner *x, const struct ct_published *q)
{
	int f;

	if (p->proto != q->proto || p->host_port >= q->host_port + q->count ||
	    q->host_port >= p->host_port + p->count)
		return false;
	for (f = 0; f < 2; f++)
		if (has_family(w, p, f) && has_family(x, q, f) &&
		    (ct_nat_is_any(&p->host) || ct_nat_is_any(&q->host) ||
		     ct_ip_equal(&p->host, &q->host)))
			return true;
	return false;
}

/* Who has a port already, with which of his; or NULL. */
static const struct ct_nat_owner *clash(const struct ct_nat *nat, const struct ct_nat_owner *w,
					const struct ct_published *p,
					const struct ct_published **with)
{
	size_t i, j;

	for (i = 0; i < nat->n_owners; i++)
		for (j = 0; j < nat->owners[i].n; j++) {
			*with = &nat->owners[i].ports[j];
			if (clashes(w, p, &nat->owners[i], *with))
				return &nat->owners[i];
		}
	return NULL;
}

/*
 * Bind a socket as whoever had the port would: 0, or -errno. SCTP is not asked, as that may
 * load it. @port 0: any, which is written there.
 */
static int try_bind(struct ct *ct, const struct ct_ip *host, int family, uint8_t proto,
		    uint16_t *port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(*port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(*port) };
	struct sockaddr *a = family == AF_INET ? (void *)&a4 : (void *)&a6;
	socklen_t len = family == AF_INET ? sizeof(a4) : sizeof(a6);
	int s, on = 1, err;

	memcpy(&a4.sin_addr, host->b, 4);
	memcpy(&a6.sin6_addr, host->b, 16);
	err = ct_netns_enter(ct, ct->ns_fd);
	if (err)
		return err;
	s = socket(family, (proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	err = s < 0 ? -errno : 0;
	ct_netns_leave(ct);
	if (err)
		return err;
	/* What waits for its last packets is no listener. */
	if (proto != IPPROTO_UDP)
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(s, a, len) || getsockname(s, a, &len))
		err = -errno;
	else
		*port = ntohs(family == AF_INET ? a4.sin_port : a6.sin6_port);
	close(s);
	return err;
}

/* Whether a socket of the host has one of the ports, which is @port then. */
static bool is_bound(struct ct *ct, const struct ct_nat_owner *w, const struct ct_published *p,
		     uint16_t *port, bool *absent)
{
	unsigned int i;
	int f, err;

	for (f = 0; f < 2 && p->proto != IPPROTO_SCTP; f++) {
		if (!has_family(w, p, f))
			continue;
		for (i = 0; i < p->count; i++) {
			*port = p->host_port + i;
			err = try_bind(ct, &p->host, w->addr[f].family, p->proto, port);
			if (err == -EADDRINUSE)
				return true;
			*absent = err == -EADDRNOTAVAIL;
			if (*absent)
				return false;
		}
	}
	return false;
}

/* A port of the host that nobody has. */
static int choose(struct ct_nat_edit *e, const struct ct_nat_owner *w, struct ct_published *p)
{
	const struct ct_published *with;
	uint16_t port, random;
	bool absent = false;
	int i, f = !has_family(w, p, 0);

	for (i = 0; i < CHOOSE_TRIES; i++) {
		port = 0;
		ct_random(&random, sizeof(random));
		if (p->proto == IPPROTO_SCTP ||
		    try_bind(e->ct, &p->host, w->addr[f].family, p->proto, &port))
			port = 32768 + random % 28232;
		p->host_port = port;
		if (!clash(&e->nat, w, p, &with) && !is_bound(e->ct, w, p, &port, &absent))
			return CT_OK;
	}
	p->host_port = 0;
	return ct_fail(e->ct, "no free port of the host was found");
}

static int check_port(struct ct *ct, const struct ct_nat_owner *w, const struct ct_published *p)
{
	char text[CT_TEXT];

	ct_published_text(p, text);
	if (!proto_name(p->proto) || !p->port || !p->count ||
	    p->port + p->count > 65536 || p->host_port + p->count > 65536 ||
	    (!p->host_port && p->count != 1))
		return ct_misuse(ct, "%s: no such port can be published", text);
	if (!has_family(w, p, 0) && !has_family(w, p, 1))
		return ct_fail(ct, "%s: the container has no IPv%d address on the network, and none but the host's IPv%d address can lead to that",
			       text, p->host.family == AF_INET6 ? 6 : 4,
			       p->host.family == AF_INET6 ? 4 : 6);
	if (p->host.family && !ct_nat_is_any(&p->host) &&
	    (p->host.family == AF_INET ? (p->host.b[0] & 0xf0) == 0xe0 : p->host.b[0] == 0xff))
		return ct_misuse(ct, "%s: a multicast address is not one host's", text);
	return CT_OK;
}

static int publish_one(struct ct_nat_edit *e, struct ct_nat_owner *w, struct ct_published *p,
		       bool may_exist)
{
	const struct ct_nat_owner *other;
	const struct ct_published *with;
	char text[CT_TEXT], his[CT_TEXT];
	bool absent = false;
	uint16_t port;
	size_t i;
	int err;

	err = check_port(e->ct, w, p);
	if (!err && !p->host_port)
		err = choose(e, w, p);
	if (err)
		return err;
	for (i = 0; i < w->n; i++)
		if (ct_published_same(&w->ports[i], p))
			return may_exist ? CT_OK :
			       ct_fail(e->ct, "%s is published already",
				       ct_published_text(p, text));
	other = clash(&e->nat, w, p, &with);
	if (other)
		return ct_fail(e->ct, "%s: %s is published already, for %s on network %s",
			       ct_published_text(p, text), ct_published_text(with, his),
			       other->target ? other->target : other->owner, other->net);
	if (is_bound(e->ct, w, p, &port, &absent))
		return ct_fail(e->ct, "%s: a program of the host has port %u/%s; \"ss -lnp\" shows which",
			       ct_published_text(p, text), port, proto_name(p->proto));
	if (absent)
		ct_warn(e->ct, "%s: the host does not have this address yet",
			ct_published_text(p, text));
	w->ports = ct_realloc(w->ports, (w->n + 1) * sizeof(*w->ports));
	w->ports[w->n++] = *p;
	return CT_OK;
}

struct publish_arg {
	const struct ct_nat_owner *o;
	const struct ct_link *net;
	bool may_exist;
};

static int publish(struct ct_nat_edit *e)
{
	const struct publish_arg *a = e->arg;
	struct ct_nat_owner like = *a->o, *w = ct_nat_find_owner(&e->nat, a->o->owner);
	int err = CT_OK;
	size_t i;

	ct_nat_note_owner(e, a->o->owner);
	if (w && (w->ifindex != a->net->ifindex || !ct_ip_equal(&w->addr[0], &like.addr[0]) ||
		  !ct_ip_equal(&w->addr[1], &like.addr[1])))
		return ct_fail(e->ct, "what is published already leads to another address, or network");
	if (!w) {
		like.n = 0;
		like.ifindex = a->net->ifindex;
		/* It may have been called by another of its names, which packets do not have. */
		memcpy(like.net, a->net->name, sizeof(like.net));
		w = ct_nat_add_owner(&e->nat, &like);
	}
	for (i = 0; i < a->o->n && !err; i++)
		err = publish_one(e, w, &a->o->ports[i], a->may_exist);
	if (!err && !w->n)
		ct_nat_remove_owner(&e->nat, w);
	return err;
}

int ct_publish_add(struct ct *ct, const struct ct_nat_owner *o, bool may_exist)
{
	struct ct_link l;
	struct publish_arg a = { .o = o, .net = &l, .may_exist = may_exist };
	const char *why;
	int err;

	if (!o->owner || !o->owner[0] || strlen(o->owner) > CT_NAT_OWNER)
		return ct_misuse(ct, "who publishes a port has a name of 1 to %d bytes",
				 CT_NAT_OWNER);
	err = ct_net_find(ct, o->net, &l, NULL);
	if (err)
		return err;
	why = ct_nft_bad_name(l.name);
	return why ? ct_fail(ct, "%s", why) : ct_nat_change(ct, publish, &a, false);
}

struct unpublish_arg {
	const char *owner;
	const struct ct_published *ports;
	size_t n;
	bool if_exists;
};

static int unpublish(struct ct_nat_edit *e)
{
	const struct unpublish_arg *a = e->arg;
	struct ct_nat_owner *w = ct_nat_find_owner(&e->nat, a->owner);
	char text[CT_TEXT];
	size_t i, j;

	if (!w && !a->if_exists)
		return ct_fail(e->ct, "nothing is published");
	if (!w)
		return CT_OK;
	ct_nat_note_owner(e, a->owner);
	for (i = 0; a->ports && i < a->n; i++) {
		for (j = 0; j < w->n && !ct_published_same(&w->ports[j], &a->ports[i]); j++)
			;
		if (j == w->n && !a->if_exists)
			return ct_fail(e->ct, "%s is not published; \"ctnetctl list publish\" shows what is",
				       ct_published_text(&a->ports[i], text));
		if (j == w->n)
			continue;
		w->n--;
		memmove(&w->ports[j], &w->ports[j + 1], (w->n - j) * sizeof(*w->ports));
	}
	if (!a->ports || !w->n)
		ct_nat_remove_owner(&e->nat, w);
	return CT_OK;
}

int ct_publish_del(struct ct *ct, const char *owner, const struct ct_published *ports,
		   size_t n, bool if_exists)
{
	struct unpublish_arg a = { owner, ports, n, if_exists };

	if (if_exists && ct_nat_is_empty(ct))
		return CT_OK;
	return ct_nat_change(ct, unpublish, &a, false);
}

static int unpublish_near(struct ct_nat_edit *e)
{
	const int *near = e->arg;
	size_t i;

	for (i = e->nat.n_owners; i-- > 0;) {
		struct ct_nat_owner *w = &e->nat.owners[i];

		if (w->near != *near)
			continue;
		ct_nat_note_owner(e, w->owner);
		ct_nat_remove_owner(&e->nat, w);
	}
	return CT_OK;
}

/* Whether something is recorded of a near end. */
static int has_near(struct ct *ct, int near, bool *has)
{
	struct ct_nat nat;
	int err;
	size_t i;

	*has = false;
	if (ct_nat_is_empty(ct))
		return CT_OK;
	err = ct_nat_read(ct, &nat);
	for (i = 0; i < nat.n_owners; i++)
		*has = *has || nat.owners[i].near == near;
	ct_nat_free(&nat);
	return err;
}

int ct_publish_del_near(struct ct *ct, int near)
{
	bool has;
	int err = has_near(ct, near, &has);

	return err || !has ? err : ct_nat_change(ct, unpublish_near, &near, false);
}

struct follow_arg {
	int near;
	const struct ct_addrs *addrs;
};

/*
 * The address of a family that is published: the first of IPv4; of IPv6, which the kernel
 * has in no order that says anything, the least.
 */
static struct ct_ip first_of(const struct ct_addrs *l, int family)
{
	struct ct_addr least = { 0 };
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct ct_addr *a = &l->v[i];

		if (a->ip.family == family && !ct_ip_is_link_local(&a->ip) &&
		    (!least.ip.family || (family == AF_INET6 && ct_addr_order(a, &least) < 0)))
			least = *a;
	}
	return least.ip;
}

static int follow(struct ct_nat_edit *e)
{
	const struct follow_arg *a = e->arg;
	char text[CT_TEXT];
	size_t i, j;
	int f;

	for (i = 0; i < e->nat.n_owners; i++) {
		struct ct_nat_owner *w = &e->nat.owners[i];

		if (w->near != a->near)
			continue;
		ct_nat_note_owner(e, w->owner);
		for (f = 0; f < 2; f++)
			if (w->addr[f].family && !ct_ip_among(a->addrs, &w->addr[f]))
				w->addr[f] = first_of(a->addrs, w->addr[f].family);
		for (j = 0; j < w->n; j++)
			if (!has_family(w, &w->ports[j], 0) && !has_family(w, &w->ports[j], 1))
				return ct_fail(e->ct, "%s is published, and leads to the address that goes: \"ctnetctl unpublish\" comes first",
					       ct_published_text(&w->ports[j], text));
	}
	return CT_OK;
}

int ct_publish_follow(struct ct *ct, int near, const struct ct_addrs *addrs)
{
	struct follow_arg a = { near, addrs };
	bool has;
	int err = has_near(ct, near, &has);

	return err || !has ? err : ct_nat_change(ct, follow, &a, false);
}

/* ------------------------------------------------------------------ containers */

/* The container, and its port, which add-port made. */
static struct ct_container *open_port(struct ct *ct, const char *net, const char *target,
				      const struct ct_publish_conf *o, bool *gone)
{
	struct ct_container *c = NULL;
	struct ct_link l, near;
	int err;

	err = ct_net_find(ct, net, &l, NULL);
	if (err)
		return NULL;
	if (o->near) {
		err = ct_near_find(ct, l.ifindex, o->near, &near, gone);
		if (err || (gone && *gone))
			return NULL;
		if (near.master != l.ifindex || !ct_port_is_made(&near))
			ct_fail(ct, "%s is no container's port of the network", o->near);
		else
			c = ct_container_open_near(ct, &near, gone);
		if (!c && gone && *gone)
			ct_fail(ct, "nothing leads to the container at %s", near.name);
		return c;
	}
	c = ct_container_open(ct, target, o->ifname, gone, CT_CONTAINER_GONE);
	if (!c)
		return NULL;
	if (c->state == CT_FAR_HERE && c->near.master == l.ifindex && ct_port_is_made(&c->near))
		return c;
	if (gone)
		*gone = true;
	else
		ct_container_is_elsewhere(c);
	ct_container_close(c);
	return NULL;
}

#define OWNER_PREFIX	"port:"
#define OWNER_TEXT	32

static const char *owner_of(const struct ct_link *near, char buf[OWNER_TEXT])
{
	snprintf(buf, OWNER_TEXT, OWNER_PREFIX "%s", near->mark[0] ? near->mark : near->name);
	return buf;
}

bool ct_nat_is_port(const struct ct_nat_owner *w)
{
	return w->near && !strncmp(w->owner, OWNER_PREFIX, strlen(OWNER_PREFIX));
}

int ct_port_publish(struct ct *ct, const char *net, const char *target,
		    const struct ct_publish_conf *o, struct ct_published *ports, size_t n)
{
	struct ct_container *c = open_port(ct, net, target, o, NULL);
	struct ct_nat_owner w = { .ports = ports, .n = n };
	char owner[OWNER_TEXT];
	struct ct_addrs addrs;
	int err, f;

	if (!c)
		return ct->code;
	err = ct_addr_dump(&c->s, c->far.ifindex, -1, true, &addrs);
	if (err)
		err = ct_refused(&c->s, err, NULL, "read the addresses of %s", c->ifname);
	w.owner = (char *)owner_of(&c->near, owner);
	w.target = (char *)(c->near.alias[0] ? c->near.alias : target);
	w.near = c->near.ifindex;
	snprintf(w.net, sizeof(w.net), "%s", net);
	for (f = 0; f < 2; f++)
		w.addr[f] = first_of(&addrs, f ? AF_INET6 : AF_INET);
	if (!err && !w.addr[0].family && !w.addr[1].family)
		err = ct_fail(ct, "%s of the container has no address: \"set-port --address\" gives it one",
			      c->ifname);
	err = err ?: ct_publish_add(ct, &w, o->may_exist);
	ct_addrs_free(&addrs);
	ct_container_close(c);
	return err;
}

int ct_port_unpublish(struct ct *ct, const char *net, const char *target,
		      const struct ct_publish_conf *o, const struct ct_published *ports,
		      size_t n)
{
	bool gone = false;
	struct ct_container *c = open_port(ct, net, target, o, o->if_exists ? &gone : NULL);
	char owner[OWNER_TEXT];
	int err;

	if (!c)
		return gone ? CT_OK : ct->code;
	err = ct_publish_del(ct, owner_of(&c->near, owner), ports, n, o->if_exists);
	ct_container_close(c);
	return err;
}
