// SPDX-License-Identifier: GPL-2.0
/* Networks: what is asked for, and the device that it makes. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "driver.h"

#define GENERIC		"com.docker.network.generic"
#define INTERNAL	"com.docker.network.internal"
#define DRIVER_MTU	"com.docker.network.driver.mtu"
#define DOCKERS		"com.docker."
/* What a device says of itself. */
#define ALIAS		CT_NET_DOCKER "%.*s"

void network_free(struct network *n)
{
	ct_addrs_free(&n->conf.address);
	ct_addrs_free(&n->peers);
	ct_addrs_free(&n->taken);
	json_object_put(n->req);
	free(n);
}

/* ----------------------------------------------------- what is asked for */

static const char *const own_options[] = {
	"name", "local", "peers", "underlay", "guard", "isolated", NULL
};

static const struct ct_attr *attr_find(const struct ct_attr *a, const char *name)
{
	while (a->name && strcmp(a->name, name))
		a++;
	return a->name ? a : NULL;
}

/* On and off have other names with Docker, too. */
static const char *get_attr(const struct ct_attr *a, const char *s, struct ct_num *n)
{
	if (a->onoff && !strcmp(s, "true"))
		s = "on";
	if (a->onoff && !strcmp(s, "false"))
		s = "off";
	return ct_attr_parse(a, s, n);
}

/* Calls @fn for each address of a list with commas; NULL, or what is wrong with one. */
static const char *each_ip(struct network *n, const char *s,
			   const char *(*fn)(struct network *n, const struct ct_ip *ip))
{
	const char *why = NULL;
	char word[CT_TEXT];
	struct ct_ip ip;

	while (!why) {
		size_t len = strcspn(s, ",");

		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		why = ct_parse_ip(word, &ip);
		why = why ? why : fn(n, &ip);
		if (!s[len])
			break;
		s += len + 1;
	}
	return why;
}

static const char *add_local(struct network *n, const struct ct_ip *ip)
{
	struct ct_addr *a = &n->conf.local[ip->family == AF_INET6];

	if (a->ip.family)
		return "second address of its family";
	a->ip = *ip;
	return NULL;
}

static const char *add_peer(struct network *n, const struct ct_ip *ip)
{
	if (ct_ip_among(&n->peers, ip))
		return "it has an address twice";
	ct_ips_add(&n->peers, ip);
	return NULL;
}

/* NULL, or what is wrong with the value. */
static const char *set_option(struct network *n, const char *key, const char *s)
{
	const struct ct_attr *a;
	const char *why;

	if (!strcmp(key, "name")) {
		why = ct_parse_name(s);
		if (!why)
			snprintf(n->dev, sizeof(n->dev), "%s", s);
		return why;
	}
	if (!strcmp(key, "local"))
		return each_ip(n, s, add_local);
	if (!strcmp(key, "peers"))
		return *s ? each_ip(n, s, add_peer) : NULL;
	if (!strcmp(key, "underlay")) {
		n->conf.underlay = s;
		return ct_parse_known_name(s);
	}
	if (!strcmp(key, "guard") || !strcmp(key, "isolated")) {
		a = attr_find(ct_port_attrs, key);
		return get_attr(a, s, CT_ATTR(a, &n->port));
	}
	a = attr_find(ct_net_attrs, strcmp(key, DRIVER_MTU) ? key : "mtu");
	return a ? get_attr(a, s, CT_ATTR(a, &n->conf)) : NULL;
}

static bool is_option(const char *key)
{
	const char *const *o;

	for (o = own_options; *o; o++)
		if (!strcmp(*o, key))
			return true;
	return attr_find(ct_net_attrs, key) || !strncmp(key, DOCKERS, strlen(DOCKERS));
}

static int no_option(struct ct *ct, const char *key)
{
	const struct ct_attr *a;
	const char *const *o;
	char list[512] = "";
	size_t len = 0;

	for (a = ct_net_attrs; a->name; a++)
		len += snprintf(list + len, sizeof(list) - len, "%s, ", a->name);
	for (o = own_options; *o; o++)
		len += snprintf(list + len, sizeof(list) - len, o[1] ? "%s, " : "%s", *o);
	return ct_misuse(ct, "there is no option \"%s\": there are %s", key, list);
}

static int parse_generic(struct ct *ct, struct network *n, struct json_object *generic)
{
	const char *s, *why;

	json_object_object_foreach(generic, key, value) {
		enum json_type type = json_object_get_type(value);

		if (!is_option(key))
			return no_option(ct, key);
		if (type != json_type_string && type != json_type_boolean &&
		    type != json_type_int)
			return ct_misuse(ct, "-o %s: must be a word", key);
		s = json_object_get_string(value);
		why = strlen(s) == (size_t)json_object_get_string_len(value) ||
		      type != json_type_string ?
		      set_option(n, key, s) : "it has a zero in it";
		if (why)
			return ct_misuse(ct, "-o %s=%s: %s", key, s, why);
	}
	return CT_OK;
}

/* As Docker has it, true or "true". */
static bool is_true(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !v)
		return false;
	return !strcmp(json_object_get_string(v), "true");
}

static int parse_options(struct ct *ct, struct network *n)
{
	struct json_object *options, *generic;
	int err;

	err = json_get(ct, n->req, "Options", json_type_object, false, &options);
	if (err || !options)
		return err;
	if (is_true(options, INTERNAL))
		n->conf.internal = (struct ct_num){ true, 1 };
	err = json_get(ct, options, GENERIC, json_type_object, false, &generic);
	return err || !generic ? err : parse_generic(ct, n, generic);
}

/* What the driver "null" has for addresses: there are none. */
static bool is_none(struct json_object *o, const char *key)
{
	struct json_object *v;
	const char *s;

	if (!json_object_object_get_ex(o, key, &v) || !v)
		return true;
	s = json_object_get_string(v);
	return !*s || !strcmp(s, "0.0.0.0/0") || !strcmp(s, "::/0");
}

static int parse_aux(struct ct *ct, struct network *n, struct json_object *data)
{
	struct json_object *aux;
	struct ct_addr a;
	int err;

	err = json_get(ct, data, "AuxAddresses", json_type_object, false, &aux);
	if (err || !aux)
		return err;
	json_object_object_foreach(aux, key, value) {
		(void)value;
		err = json_cidr(ct, aux, key, &a);
		if (err)
			return err;
		if (a.ip.family)
			ct_ips_add(&n->taken, &a.ip);
	}
	return CT_OK;
}

static int parse_subnet(struct ct *ct, struct network *n, struct json_object *data, bool six)
{
	struct ct_addr *subnet = &n->subnet[six], *gateway = &n->gateway[six];
	int family = six ? AF_INET6 : AF_INET, err;
	char one[CT_TEXT], other[CT_TEXT];
	const char *why;

	if (is_none(data, "Pool"))
		return CT_OK;
	err = json_cidr(ct, data, "Pool", subnet);
	err = err ?: json_str(ct, data, "AddressSpace", false, &n->space[six]);
	if (!err && !is_none(data, "Gateway"))
		err = json_cidr(ct, data, "Gateway", gateway);
	err = err ?: parse_aux(ct, n, data);
	if (err)
		return err;
	if (subnet->ip.family != family)
		return ct_misuse(ct, "the subnet %s is of the other family",
				 ct_cidr_text(subnet, one));
	if (!gateway->ip.family)
		return CT_OK;
	if (!ct_ip_is_in(&gateway->ip, subnet))
		return ct_misuse(ct, "the gateway %s is not in the subnet %s",
				 ct_ip_text(&gateway->ip, one), ct_cidr_text(subnet, other));
	why = ct_not_hosts(gateway);
	if (why)
		return ct_misuse(ct, "the gateway %s: %s", ct_ip_text(&gateway->ip, one), why);
	ct_ips_add(&n->taken, &gateway->ip);
	ct_addrs_add(&n->conf.address, gateway);
	return CT_OK;
}

static int parse_subnets(struct ct *ct, struct network *n, const char *key, bool six)
{
	struct json_object *list, *data;
	int err;

	err = json_get(ct, n->req, key, json_type_array, false, &list);
	if (err || !list || !json_object_array_length(list))
		return err;
	if (json_object_array_length(list) > 1)
		return ct_misuse(ct, "a network has one subnet of each family");
	data = json_object_array_get_idx(list, 0);
	if (json_object_get_type(data) != json_type_object)
		return ct_misuse(ct, "the request's %s must be a list of objects", key);
	return parse_subnet(ct, n, data, six);
}

/* As ct_net_check() has it, in the words of "docker network create". */
static int check(struct ct *ct, const struct network *n)
{
	const struct ct_net_conf *o = &n->conf;
	bool local = o->local[0].ip.family || o->local[1].ip.family;
	const char *first = NULL;
	const struct ct_attr *a;

	if (o->internal.v && o->masquerade.v)
		return ct_misuse(ct, "-o masquerade=on: nothing leaves an --internal network");
	if (o->vni.set)
		return local ? CT_OK :
		       ct_misuse(ct, "-o vni needs -o local=IP, this host's address for the tunnel");
	if (local)
		first = "local";
	else if (n->peers.n)
		first = "peers";
	else if (o->underlay)
		first = "underlay";
	for (a = ct_net_attrs; a->name && !first; a++)
		if (a->tunnel && CT_ATTR(a, o)->set)
			first = a->name;
	return first ? ct_misuse(ct, "-o %s needs -o vni=N: a network without a VNI is this host's only",
				 first) : CT_OK;
}

/* A network as a request asks for it; NULL after an error. */
static struct network *network_parse(struct ct *ct, struct json_object *req)
{
	struct network *n = ct_calloc(1, sizeof(*n));
	const char *id;
	int err;

	n->req = json_object_get(req);
	err = json_id(ct, req, "NetworkID", &id);
	if (!err) {
		snprintf(n->id, sizeof(n->id), "%s", id);
		snprintf(n->dev, sizeof(n->dev), "ct-%.*s", ID_SHOWN, id);
	}
	err = err ?: parse_options(ct, n);
	err = err ?: parse_subnets(ct, n, "IPv4Data", false);
	err = err ?: parse_subnets(ct, n, "IPv6Data", true);
	err = err ?: check(ct, n);
	n->internal = n->conf.internal.v;
	/* Containers are to reach the world, as with Docker's own networks. */
	if (!n->conf.masquerade.set && !n->internal)
		n->conf.masquerade = (struct ct_num){ true, n->conf.address.n > 0 };
	if (!err)
		return n;
	network_free(n);
	return NULL;
}

/* ---------------------------------------------------------------- on disk */

static int save(struct driver *d, const struct network *n)
{
	struct json_object *o = json_new();
	int err;

	json_add(o, "Request", json_object_get(n->req));
	json_add(o, "Partial", json_object_new_boolean(n->partial));
	err = store_save(d, NETWORK, n->id, o);
	json_object_put(o);
	return err;
}

static void add(struct driver *d, struct network *n)
{
	d->nets = list_add(d->nets, &d->n_nets, n);
}

static void drop(struct driver *d, struct network *n)
{
	list_remove(d->nets, &d->n_nets, n);
	network_free(n);
}

int network_load(struct driver *d, struct json_object *o)
{
	struct json_object *req, *partial;
	struct network *n;
	int err;

	err = json_get(&d->ct, o, "Request", json_type_object, true, &req);
	err = err ?: json_get(&d->ct, o, "Partial", json_type_boolean, true, &partial);
	n = err ? NULL : network_parse(&d->ct, req);
	if (!n)
		return err ? err : (int)d->ct.code;
	n->partial = json_object_get_boolean(partial);
	add(d, n);
	return CT_OK;
}

/* ------------------------------------------------------------- the device */

static int add_peers(struct ct *ct, const struct network *n)
{
	struct ct_num usual = { 0 };
	char text[CT_TEXT];
	int err = CT_OK;
	size_t i;

	for (i = 0; i < n->peers.n && !err; i++) {
		err = ct_peer_add(ct, n->dev, &n->peers.v[i].ip, &usual, true);
		if (err)
			ct_fail(ct, "peer %s: %s", ct_ip_text(&n->peers.v[i].ip, text), ct->error);
	}
	return err;
}

static int set_alias(struct ct *ct, const struct network *n)
{
	char alias[64];
	struct ct_link l;
	int err = ct_net_find(ct, n->dev, &l, NULL);

	snprintf(alias, sizeof(alias), ALIAS, ID_SHOWN, n->id);
	return err ? err : ct_link_label(&ct->rt, &l, alias);
}

/* All or nothing. */
static int make(struct driver *d, struct network *n)
{
	struct ct_net_conf conf = n->conf;
	struct ct *ct = &d->ct;
	int err;

	ct_begin(ct);
	err = ct_net_add(ct, n->dev, &conf);
	err = err ?: set_alias(ct, n);
	err = err ?: add_peers(ct, n);
	return ct_end(ct, err);
}

static int unmake(struct driver *d, struct network *n)
{
	return ct_net_del(&d->ct, n->dev, true);
}

/* A device of that name, be it a network or not. */
static int is_there(struct ct *ct, const char *dev, struct ct_link *l, bool *there)
{
	int err = ct_link_get(&ct->rt, dev, 0, -1, l);

	*there = !err;
	return err && err != -ENODEV ? ct_refused(&ct->rt, err, NULL, "look up %s", dev) : CT_OK;
}

int network_ensure(struct driver *d, struct network *n)
{
	struct ct_link l;
	bool there;
	int err = is_there(&d->ct, n->dev, &l, &there);

	if (err)
		return err;
	if (there)
		return ct_net_find(&d->ct, n->dev, &l, NULL);
	err = make(d, n);
	if (!err)
		endpoint_attach_all(d, n);
	return err;
}

/* Whether a device is what is left of a network that was being made or deleted. */
static bool is_left(const struct network *n, const struct ct_link *l)
{
	char alias[64];

	snprintf(alias, sizeof(alias), ALIAS, ID_SHOWN, n->id);
	return !strcmp(l->kind, "ctnet") && (!l->alias[0] || !strcmp(l->alias, alias));
}

static int remove_partial(struct driver *d, struct network *n)
{
	struct ct_link l;
	bool there;
	int err;

	err = is_there(&d->ct, n->dev, &l, &there);
	if (!err && there && is_left(n, &l))
		err = unmake(d, n);
	err = err ?: store_remove(d, NETWORK, n->id);
	if (!err)
		drop(d, n);
	return err;
}

void network_restore_all(struct driver *d)
{
	size_t i = 0;

	while (i < d->n_nets) {
		struct network *n = d->nets[i];
		bool partial = n->partial;

		if (partial && !remove_partial(d, n))
			continue;
		if (partial || network_ensure(d, n))
			tell("network %s: %s", n->dev, d->ct.error);
		i++;
	}
	networks_forward(d);
}

/* ------------------------------------------------------------------ calls */

static struct network *by_id(struct driver *d, const char *id)
{
	size_t i;

	for (i = 0; i < d->n_nets; i++)
		if (!strcmp(d->nets[i]->id, id))
			return d->nets[i];
	return NULL;
}

struct network *network_find(struct driver *d, struct json_object *req)
{
	struct network *n;
	const char *id;

	if (json_id(&d->ct, req, "NetworkID", &id))
		return NULL;
	n = by_id(d, id);
	if (!n || n->partial) {
		ct_fail(&d->ct, "there is no network %.*s", ID_SHOWN, id);
		return NULL;
	}
	return n;
}

struct network *network_overlap(const struct driver *d, const struct ct_addr *a)
{
	int six = a->ip.family == AF_INET6;
	size_t i;

	for (i = 0; a->ip.family && i < d->n_nets; i++)
		if (d->nets[i]->subnet[six].ip.family &&
		    ct_overlap(&d->nets[i]->subnet[six], a))
			return d->nets[i];
	return NULL;
}

int network_refuse_overlap(struct driver *d, const struct ct_addr *a, const struct network *n)
{
	char one[CT_TEXT], other[CT_TEXT];

	return ct_fail(&d->ct, "the subnet %s overlaps with %s, which network %s has",
		       ct_cidr_text(a, one),
		       ct_cidr_text(&n->subnet[a->ip.family == AF_INET6], other), n->dev);
}

/* What clashes with a network that there is. */
static int check_others(struct driver *d, const struct network *n)
{
	const struct network *other;
	struct ct_link l;
	bool there;
	size_t i;
	int err, f;

	for (i = 0; i < d->n_nets; i++)
		if (!strcmp(d->nets[i]->dev, n->dev))
			return ct_fail(&d->ct, "network %.*s has the name %s", ID_SHOWN,
				       d->nets[i]->id, n->dev);
	for (f = 0; f < 2; f++) {
		other = network_overlap(d, &n->subnet[f]);
		if (other)
			return network_refuse_overlap(d, &n->subnet[f], other);
	}
	/* It would be taken for what is left of this one. */
	err = is_there(&d->ct, n->dev, &l, &there);
	if (!err && there)
		err = ct_fail(&d->ct, "there is an interface %s on the host", n->dev);
	return err;
}

int create_network(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct network *n = network_parse(&d->ct, req), *old;
	int err;

	(void)answer;
	if (!n)
		return d->ct.code;
	old = by_id(d, n->id);
	if (old) {
		err = json_object_equal(old->req, req) ? network_ensure(d, old) :
		      ct_fail(&d->ct, "there is a network %.*s already, made by another request",
			      ID_SHOWN, n->id);
		network_free(n);
		return err;
	}
	n->partial = true;
	err = check_others(d, n);
	err = err ?: save(d, n);
	if (err) {
		network_free(n);
		return err;
	}
	add(d, n);
	err = make(d, n);
	if (!err) {
		n->partial = false;
		err = save(d, n);
	}
	if (err) {
		char *why = ct_strdup(d->ct.error);

		/* What cannot be removed now is at the next start. */
		if (!n->partial)
			unmake(d, n);
		store_remove(d, NETWORK, n->id);
		drop(d, n);
		ct_fail(&d->ct, "%s", why);
		free(why);
	}
	return err;
}

int delete_network(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct network *n = network_find(d, req);
	size_t i, count = 0;
	int err;

	(void)answer;
	if (!n)
		return d->ct.code;
	for (i = 0; i < d->n_eps; i++)
		count += d->eps[i]->net == n;
	if (count)
		return ct_fail(&d->ct, "network %s has %zu endpoint%s", n->dev, count,
			       count > 1 ? "s" : "");
	n->partial = true;
	err = save(d, n);
	/* A full disk keeps nobody from removing what is on it. */
	if (err && store_remove(d, NETWORK, n->id)) {
		n->partial = false;
		return err;
	}
	err = unmake(d, n);
	if (err) {
		n->partial = false;
		if (save(d, n))
			tell("%s", d->ct.error);
		return err;
	}
	err = store_remove(d, NETWORK, n->id);
	drop(d, n);
	return err;
}
