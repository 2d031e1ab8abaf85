// SPDX-License-Identifier: GPL-2.0
/*
 * The IPAM driver: pools, and the addresses of them that Docker has.
 *
 * Docker asks for a pool before it makes the network that the pool is for, and does not say
 * which that is. A pool that is in no network after a while was for one that came to
 * nothing, or is another network driver's: it is no obstacle for who asks for the subnet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "driver.h"

#define TYPE_OPTION	"RequestAddressType"
#define TYPE_GATEWAY	"com.docker.network.gateway"
#define DOCKERS		"com.docker."

/* Where subnets that nobody asked for in particular are chosen: 10.201.0.0 to 10.254.255.0. */
#define AUTO_FIRST	201
#define AUTO_LAST	254
#define AUTO_PLEN	24
#define AUTO_PLEN6	64

void pool_free(struct pool *p)
{
	ct_addrs_free(&p->used);
	ct_addrs_free(&p->suspect);
	free(p->space);
	free(p);
}

const struct network *pool_network(const struct driver *d, const struct pool *p)
{
	int six = p->subnet.ip.family == AF_INET6;
	size_t i;

	for (i = 0; i < d->n_nets; i++) {
		const struct network *n = d->nets[i];

		if (n->space[six] && !strcmp(n->space[six], p->space) &&
		    ct_same_cidr(&n->subnet[six], &p->subnet))
			return n;
	}
	return NULL;
}

/* ---------------------------------------------------------------- on disk */

int pool_save(struct driver *d, const struct pool *p)
{
	struct json_object *o = json_new(), *list = json_object_new_array();
	char text[CT_TEXT];
	size_t i;
	int err;

	if (!list)
		ct_nomem();
	json_add_str(o, "PoolID", p->id);
	json_add_str(o, "AddressSpace", p->space);
	json_add_str(o, "Pool", ct_cidr_text(&p->subnet, text));
	if (p->range.ip.family)
		json_add_str(o, "SubPool", ct_cidr_text(&p->range, text));
	json_add(o, "Chosen", json_object_new_boolean(p->chosen));
	json_add(o, "Addresses", list);
	for (i = 0; i < p->used.n; i++)
		json_object_array_add(list, json_new_str(ct_ip_text(&p->used.v[i].ip, text)));
	err = store_save(d, POOL, p->id, o);
	json_object_put(o);
	return err;
}

static int get_subnet(struct driver *d, struct json_object *o, const char *key,
		      struct ct_addr *a)
{
	int err = json_cidr(&d->ct, o, key, a);

	ct_addr_mask(a);
	return err;
}

static struct pool *pool_new(struct driver *d, const char *id, const char *space)
{
	struct pool *p = ct_calloc(1, sizeof(*p));

	snprintf(p->id, sizeof(p->id), "%s", id);
	p->space = ct_strdup(space);
	p->since = now();
	d->pools = list_add(d->pools, &d->n_pools, p);
	return p;
}

static void pool_drop(struct driver *d, struct pool *p)
{
	list_remove(d->pools, &d->n_pools, p);
	pool_free(p);
}

int pool_load(struct driver *d, struct json_object *o)
{
	struct json_object *list, *chosen;
	const char *id, *space;
	struct ct_addr a = { 0 };
	struct pool *p;
	size_t i;
	int err;

	err = json_id(&d->ct, o, "PoolID", &id);
	err = err ?: json_str(&d->ct, o, "AddressSpace", true, &space);
	err = err ?: json_get(&d->ct, o, "Addresses", json_type_array, true, &list);
	err = err ?: json_get(&d->ct, o, "Chosen", json_type_boolean, true, &chosen);
	if (err)
		return err;
	p = pool_new(d, id, space);
	p->loaded = true;
	p->chosen = json_object_get_boolean(chosen);
	err = get_subnet(d, o, "Pool", &p->subnet) ?: get_subnet(d, o, "SubPool", &p->range);
	for (i = 0; !err && i < json_object_array_length(list); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(list, i));

		if (!s || ct_parse_ip(s, &a.ip))
			return ct_fail(&d->ct, "an address of the pool is none");
		ct_addrs_add(&p->used, &a);
	}
	return err;
}

/* ------------------------------------------------------------------ pools */

int ipam_capabilities(struct driver *d, struct json_object *req, struct json_object *answer)
{
	(void)d;
	(void)req;
	json_add(answer, "RequiresMACAddress", json_object_new_boolean(false));
	json_add(answer, "RequiresRequestReplay", json_object_new_boolean(false));
	return CT_OK;
}

int ipam_spaces(struct driver *d, struct json_object *req, struct json_object *answer)
{
	(void)d;
	(void)req;
	json_add_str(answer, "LocalDefaultAddressSpace", SPACE_LOCAL);
	json_add_str(answer, "GlobalDefaultAddressSpace", SPACE_GLOBAL);
	return CT_OK;
}

static bool is_stale(const struct driver *d, const struct pool *p)
{
	return !pool_network(d, p) && now() - p->since >= d->grace;
}

/* What a subnet overlaps with, or NULL. */
static const struct pool *pool_overlap(const struct driver *d, const struct ct_addr *a)
{
	size_t i;

	for (i = 0; i < d->n_pools; i++)
		if (ct_overlap(&d->pools[i]->subnet, a))
			return d->pools[i];
	return NULL;
}

/* Neither a pool nor a network nor an address of the host is in it. */
static bool is_free(const struct driver *d, const struct ct_addr *a,
		    const struct ct_addrs *host)
{
	size_t i;

	for (i = 0; i < host->n; i++)
		if (ct_overlap(&host->v[i], a))
			return false;
	return !pool_overlap(d, a) && !network_overlap(d, a);
}

static int choose_subnet(struct driver *d, bool six, struct ct_addr *a)
{
	struct ct_addrs host;
	bool found = false;
	unsigned int i;
	int err;

	err = ct_addr_dump(&d->ct.rt, 0, -1, false, &host);
	if (err)
		return ct_refused(&d->ct.rt, err, NULL, "read the host's addresses");
	memset(a, 0, sizeof(*a));
	a->ip.family = six ? AF_INET6 : AF_INET;
	a->ip.len = six ? 16 : 4;
	a->plen = six ? AUTO_PLEN6 : AUTO_PLEN;
	for (i = AUTO_FIRST << 8; i < (AUTO_LAST + 1) << 8 && !found; i++) {
		a->ip.b[0] = six ? 0xfd : 10;
		a->ip.b[1] = i >> 8;
		a->ip.b[2] = i;
		/* RFC 4193: a locally assigned prefix is random */
		if (six)
			ct_random(a->ip.b + 1, 5);
		found = is_free(d, a, &host);
	}
	ct_addrs_free(&host);
	return found ? CT_OK : ct_fail(&d->ct, "all subnets of 10.%d.0.0 to 10.%d.255.0 are in use: give one by --subnet",
					    AUTO_FIRST, AUTO_LAST);
}

static int refuse_pool(struct driver *d, const struct ct_addr *a, const struct pool *p)
{
	const struct network *n = pool_network(d, p);
	char one[CT_TEXT], other[CT_TEXT];

	return n ? network_refuse_overlap(d, a, n) :
	       ct_fail(&d->ct, "the subnet %s overlaps with %s, which somebody else has just asked for",
		       ct_cidr_text(a, one), ct_cidr_text(&p->subnet, other));
}

/*
 * Docker asked before, and we were ended before we could answer: of a pool that it knows it has
 * at least the gateway.
 */
static bool is_repeated(const struct driver *d, const struct pool *p, const struct ct_addr *a,
			const struct ct_addr *range, const char *space)
{
	return p->loaded && !p->used.n && !pool_network(d, p) && !strcmp(p->space, space) &&
	       ct_same_cidr(&p->range, range) &&
	       (a->ip.family ? !p->chosen && ct_same_cidr(&p->subnet, a) : p->chosen);
}

/* The pool that was asked for before, if it is @again; those that are nobody's go. */
static int look_for_pool(struct driver *d, const struct ct_addr *a, const struct ct_addr *range,
			 const char *space, bool six, struct pool **again)
{
	int family = six ? AF_INET6 : AF_INET;
	const struct network *n;
	size_t i = 0;

	*again = NULL;
	while (i < d->n_pools) {
		struct pool *p = d->pools[i++];

		if (p->subnet.ip.family != family)
			continue;
		if (is_repeated(d, p, a, range, space)) {
			*again = p;
			return CT_OK;
		}
		if (!a->ip.family || !ct_overlap(&p->subnet, a))
			continue;
		if (!is_stale(d, p))
			return refuse_pool(d, a, p);
		if (store_remove(d, POOL, p->id))
			return CT_REFUSED;
		pool_drop(d, p);
		i--;
	}
	n = network_overlap(d, a);
	return n ? network_refuse_overlap(d, a, n) : CT_OK;
}

static int check_options(struct driver *d, struct json_object *req)
{
	struct json_object *options;
	int err;

	err = json_get(&d->ct, req, "Options", json_type_object, false, &options);
	if (err || !options)
		return err;
	json_object_object_foreach(options, key, value) {
		(void)value;
		if (strncmp(key, DOCKERS, strlen(DOCKERS)))
			return ct_misuse(&d->ct,
					 "the IPAM driver has no option \"%s\": it has none",
					 key);
	}
	return CT_OK;
}

static int check_subnets(struct driver *d, const struct ct_addr *a, const struct ct_addr *range,
			 bool six)
{
	int family = six ? AF_INET6 : AF_INET;
	char one[CT_TEXT], other[CT_TEXT];

	if (a->ip.family && a->ip.family != family)
		return ct_misuse(&d->ct, "the subnet %s is of the other family",
				 ct_cidr_text(a, one));
	if (!range->ip.family)
		return CT_OK;
	if (!a->ip.family)
		return ct_misuse(&d->ct, "the range %s needs a subnet", ct_cidr_text(range, one));
	if (range->ip.family != family || range->plen < a->plen || !ct_ip_is_in(&range->ip, a))
		return ct_misuse(&d->ct, "the range %s is not in the subnet %s",
				 ct_cidr_text(range, one), ct_cidr_text(a, other));
	return CT_OK;
}

static struct json_object *pool_answer(const struct pool *p, struct json_object *answer)
{
	char text[CT_TEXT];

	json_add_str(answer, "PoolID", p->id);
	json_add_str(answer, "Pool", ct_cidr_text(&p->subnet, text));
	json_add(answer, "Data", json_new());
	return answer;
}

int request_pool(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct json_object *six_flag;
	struct ct_addr a, range;
	const char *space;
	struct pool *p;
	uint64_t id[2];
	char text[33];
	bool six;
	int err;

	err = json_str(&d->ct, req, "AddressSpace", true, &space);
	err = err ?: json_get(&d->ct, req, "V6", json_type_boolean, false, &six_flag);
	err = err ?: check_options(d, req);
	err = err ?: get_subnet(d, req, "Pool", &a) ?: get_subnet(d, req, "SubPool", &range);
	if (err)
		return err;
	if (strcmp(space, SPACE_LOCAL) && strcmp(space, SPACE_GLOBAL))
		return ct_misuse(&d->ct, "there is no address space \"%s\": there are %s and %s",
				 space, SPACE_LOCAL, SPACE_GLOBAL);
	/* The family of a subnet says it, too. */
	six = a.ip.family ? a.ip.family == AF_INET6 : json_object_get_boolean(six_flag);
	err = check_subnets(d, &a, &range, six);
	err = err ?: look_for_pool(d, &a, &range, space, six, &p);
	if (err)
		return err;
	if (p) {
		pool_answer(p, answer);
		return CT_OK;
	}
	ct_random(id, sizeof(id));
	snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)id[0],
		 (unsigned long long)id[1]);
	p = pool_new(d, text, space);
	p->chosen = !a.ip.family;
	p->range = range;
	err = p->chosen ? choose_subnet(d, six, &a) : CT_OK;
	p->subnet = a;
	err = err ?: pool_save(d, p);
	if (err)
		pool_drop(d, p);
	else
		pool_answer(p, answer);
	return err;
}

/* NULL after an error. */
static struct pool *pool_find(struct driver *d, struct json_object *req)
{
	const char *id;
	size_t i;

	if (json_id(&d->ct, req, "PoolID", &id))
		return NULL;
	for (i = 0; i < d->n_pools; i++)
		if (!strcmp(d->pools[i]->id, id))
			return d->pools[i];
	ct_fail(&d->ct, "there is no pool %s", id);
	return NULL;
}

int release_pool(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct pool *p = pool_find(d, req);
	const struct network *n;
	int err;

	(void)answer;
	if (!p)
		return d->ct.code;
	n = pool_network(d, p);
	if (n)
		return ct_fail(&d->ct, "the pool is that of network %s", n->dev);
	err = store_remove(d, POOL, p->id);
	if (!err)
		pool_drop(d, p);
	return err;
}

/* -------------------------------------------------------------- addresses */

static bool is_used(const struct driver *d, const struct pool *p, const struct ct_ip *ip)
{
	const struct network *n;
	struct ct_addr key = { .ip = *ip };

	if (p->used.n && bsearch(&key, p->used.v, p->used.n, sizeof(key), ct_addr_order))
		return true;
	n = pool_network(d, p);
	return n && (ct_ip_among(&n->taken, ip) || endpoint_has(d, n, ip));
}

/* The next one; false: it was the last there is. */
static bool step(struct ct_ip *ip)
{
	int i;

	for (i = ip->len - 1; i >= 0; i--)
		if (++ip->b[i])
			return true;
	return false;
}

static int choose_address(struct driver *d, const struct pool *p, struct ct_ip *ip)
{
	const struct ct_addr *range = p->range.ip.family ? &p->range : &p->subnet;
	struct ct_addr a = { .ip = range->ip, .plen = p->subnet.plen };
	char one[CT_TEXT], other[CT_TEXT];
	bool more = true;

	while (more && ct_ip_is_in(&a.ip, range)) {
		if (!ct_not_hosts(&a) && !is_used(d, p, &a.ip)) {
			*ip = a.ip;
			return CT_OK;
		}
		more = step(&a.ip);
	}
	if (range == &p->subnet)
		return ct_fail(&d->ct, "all addresses of %s are in use",
			       ct_cidr_text(&p->subnet, one));
	return ct_fail(&d->ct, "all addresses of the range %s of %s are in use",
		       ct_cidr_text(range, one), ct_cidr_text(&p->subnet, other));
}

static int check_address(struct driver *d, const struct pool *p, const struct ct_ip *ip)
{
	struct ct_addr a = { .ip = *ip, .plen = p->subnet.plen };
	char one[CT_TEXT], other[CT_TEXT];
	const char *why;

	if (!ct_ip_is_in(ip, &p->subnet))
		return ct_misuse(&d->ct, "%s is not in the subnet %s", ct_ip_text(ip, one),
				 ct_cidr_text(&p->subnet, other));
	why = ct_not_hosts(&a);
	if (why)
		return ct_misuse(&d->ct, "%s: %s", ct_ip_text(ip, one), why);
	return CT_OK;
}

/* An address, maybe with a prefix length; none or empty: family 0. */
static int get_ip(struct driver *d, struct json_object *req, bool needed, struct ct_ip *ip)
{
	char word[CT_TEXT];
	const char *s, *why;
	int err = json_str(&d->ct, req, "Address", needed, &s);

	memset(ip, 0, sizeof(*ip));
	if (err || !s || !*s)
		return err;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(s, "/"), s);
	why = ct_parse_ip(word, ip);
	return why ? ct_misuse(&d->ct, "Address \"%s\": %s", s, why) : CT_OK;
}

static int get_type(struct driver *d, struct json_object *req, bool *gateway)
{
	struct json_object *options;
	const char *type = NULL;
	int err;

	err = json_get(&d->ct, req, "Options", json_type_object, false, &options);
	if (!err && options)
		err = json_str(&d->ct, options, TYPE_OPTION, false, &type);
	*gateway = type && !strcmp(type, TYPE_GATEWAY);
	return err;
}

static void remove_ip(struct ct_addrs *l, const struct ct_ip *ip)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (!ct_ip_equal(&l->v[i].ip, ip))
			l->v[n++] = l->v[i];
	l->n = n;
}

int request_address(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct pool *p = pool_find(d, req);
	struct ct_addr a = { 0 };
	char text[CT_TEXT];
	bool gateway;
	int err;

	if (!p)
		return d->ct.code;
	err = get_ip(d, req, false, &a.ip);
	err = err ?: get_type(d, req, &gateway);
	if (err)
		return err;
	if (!a.ip.family)
		err = choose_address(d, p, &a.ip);
	else
		err = check_address(d, p, &a.ip);
	/* That of a network which is yet to be made may be asked for twice. */
	if (!err && is_used(d, p, &a.ip) && !(gateway && p->loaded && !pool_network(d, p)))
		err = ct_fail(&d->ct, "the address %s is in use", ct_ip_text(&a.ip, text));
	if (err)
		return err;
	if (!ct_ip_among(&p->used, &a.ip)) {
		ct_ips_add(&p->used, &a.ip);
		qsort(p->used.v, p->used.n, sizeof(*p->used.v), ct_addr_order);
		err = pool_save(d, p);
	}
	if (err) {
		remove_ip(&p->used, &a.ip);
		return err;
	}
	remove_ip(&p->suspect, &a.ip);
	a.plen = p->subnet.plen;
	json_add_str(answer, "Address", ct_cidr_text(&a, text));
	json_add(answer, "Data", json_new());
	return CT_OK;
}

int release_address(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct pool *p = pool_find(d, req);
	const struct network *n;
	char text[CT_TEXT];
	struct ct_ip ip;
	int err;

	(void)answer;
	if (!p)
		return d->ct.code;
	err = get_ip(d, req, true, &ip);
	if (err)
		return err;
	n = pool_network(d, p);
	/* It was another's before, whom Docker has come to forget. */
	if (n && endpoint_has(d, n, &ip))
		return ct_fail(&d->ct, "a container on network %s has the address %s", n->dev,
			       ct_ip_text(&ip, text));
	if (!ct_ip_among(&p->used, &ip))
		return ct_fail(&d->ct, "the address %s is not in use", ct_ip_text(&ip, text));
	remove_ip(&p->used, &ip);
	err = pool_save(d, p);
	if (!err)
		return CT_OK;
	ct_ips_add(&p->used, &ip);
	qsort(p->used.v, p->used.n, sizeof(*p->used.v), ct_addr_order);
	return err;
}
