// SPDX-License-Identifier: GPL-2.0
/*
 * Published ports: what Docker asks for is kept with the endpoint, and made in the host's NAT by
 * the library, which forgets it with the port.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define PORTMAP	"com.docker.network.portmap"
#define OWNER	"docker:"

static int get_number(struct ct *ct, struct json_object *o, const char *key, uint32_t max,
		      uint32_t *n)
{
	struct json_object *v;
	int err = json_get(ct, o, key, json_type_int, false, &v);
	int64_t i = v ? json_object_get_int64(v) : 0;

	if (!err && (i < 0 || i > max))
		err = ct_misuse(ct, "%s %lld: must be 0 to %u", key, (long long)i, max);
	*n = i;
	return err;
}

/* A member of the list: {"Proto":6,"IP":"","Port":80,"HostIP":"","HostPort":8080} */
static int parse_one(struct ct *ct, struct json_object *o, struct ct_published *p)
{
	const char *host, *why = NULL;
	uint32_t proto, port, first, last;
	int err;

	memset(p, 0, sizeof(*p));
	if (json_object_get_type(o) != json_type_object)
		return ct_misuse(ct, "%s must be a list of objects", PORTMAP);
	err = get_number(ct, o, "Proto", 255, &proto);
	err = err ?: get_number(ct, o, "Port", 65535, &port);
	err = err ?: get_number(ct, o, "HostPort", 65535, &first);
	err = err ?: get_number(ct, o, "HostPortEnd", 65535, &last);
	err = err ?: json_str(ct, o, "HostIP", false, &host);
	if (err)
		return err;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP)
		return ct_misuse(ct, "a published port is one of TCP, UDP and SCTP");
	if (!port)
		return ct_misuse(ct, "a published port has no Port");
	/* A range of the host's is for Docker to choose one from: the first that is free. */
	if (host && *host)
		why = ct_parse_ip(host, &p->host);
	if (why)
		return ct_misuse(ct, "HostIP \"%s\": %s", host, why);
	p->proto = proto;
	p->port = port;
	p->host_port = first;
	p->count = 1;
	return CT_OK;
}

/* The list, to be freed; of none, NULL. */
int ports_parse(struct ct *ct, struct json_object *o, const char *key,
		struct ct_published **ports, size_t *n)
{
	struct json_object *list;
	int err = json_get(ct, o, key, json_type_array, false, &list);
	size_t i, len = err || !list ? 0 : json_object_array_length(list);

	*ports = len ? ct_calloc(len, sizeof(**ports)) : NULL;
	*n = len;
	for (i = 0; i < len && !err; i++)
		err = parse_one(ct, json_object_array_get_idx(list, i), &(*ports)[i]);
	if (err) {
		free(*ports);
		*ports = NULL;
		*n = 0;
	}
	return err;
}

struct json_object *ports_json(const struct endpoint *e)
{
	struct json_object *list = json_object_new_array();
	char text[CT_TEXT];
	size_t i;

	if (!list)
		ct_nomem();
	for (i = 0; i < e->n_ports; i++) {
		const struct ct_published *p = &e->ports[i];
		struct json_object *o = json_new();

		json_add(o, "Proto", json_object_new_int(p->proto));
		json_add(o, "Port", json_object_new_int(p->port));
		json_add(o, "HostPort", json_object_new_int(p->host_port));
		if (p->host.family)
			json_add_str(o, "HostIP", ct_ip_text(&p->host, text));
		json_object_array_add(list, o);
	}
	return list;
}

static void owner_of(const struct endpoint *e, char name[ID_MAX + sizeof(OWNER)])
{
	snprintf(name, ID_MAX + sizeof(OWNER), OWNER "%s", e->id);
}

/* Have published what the endpoint has. */
int endpoint_publish(struct driver *d, struct endpoint *e)
{
	enum ct_endpoint_state state;
	struct ct_nat_owner w = { 0 };
	char name[ID_MAX + sizeof(OWNER)];
	struct ct_link near;
	size_t i;
	int err;

	if (!e->n_ports)
		return CT_OK;
	owner_of(e, name);
	err = ct_endpoint_find(&d->ct, &e->veth, &state, &near);
	if (err)
		return err;
	if (state == CT_ENDPOINT_GONE)
		return ct_fail(&d->ct, "the container's veth is gone");
	w.owner = name;
	w.target = near.alias;
	memcpy(w.net, e->net->dev, sizeof(w.net));
	w.near = near.ifindex;
	for (i = 0; i < e->addrs.n; i++)
		w.addr[e->addrs.v[i].ip.family == AF_INET6] = e->addrs.v[i].ip;
	w.ports = e->ports;
	w.n = e->n_ports;
	return ct_publish_add(&d->ct, &w, true);
}

int endpoint_unpublish(struct driver *d, const struct endpoint *e)
{
	char name[ID_MAX + sizeof(OWNER)];

	owner_of(e, name);
	return ct_publish_del(&d->ct, name, NULL, 0, true);
}

static void set_ports(struct endpoint *e, struct ct_published *ports, size_t n)
{
	free(e->ports);
	e->ports = ports;
	e->n_ports = n;
}

int program_external(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);
	struct json_object *options = NULL;
	struct ct_published *ports = NULL;
	struct ct *ct = &d->ct;
	size_t n = 0;
	int err;

	(void)answer;
	if (!e)
		return ct->code;
	err = json_get(ct, req, "Options", json_type_object, false, &options);
	if (!err && options)
		err = ports_parse(ct, options, PORTMAP, &ports, &n);
	if (err || (!n && !e->n_ports))
		return err;
	/* It is asked again, or for others. */
	err = endpoint_unpublish(d, e);
	set_ports(e, ports, n);
	ct_begin(ct);
	err = err ?: endpoint_publish(d, e);
	err = err ?: endpoint_save(d, e);
	err = ct_end(ct, err);
	if (err)
		set_ports(e, NULL, 0);
	return err;
}

int revoke_external(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);
	int err;

	(void)answer;
	if (!e)
		return d->ct.code;
	if (!e->n_ports)
		return CT_OK;
	err = endpoint_unpublish(d, e);
	if (err)
		return err;
	set_ports(e, NULL, 0);
	return endpoint_save(d, e);
}

static bool publishes(const struct driver *d, const char *id)
{
	size_t i;

	for (i = 0; i < d->n_eps; i++)
		if (!strcmp(d->eps[i]->id, id))
			return d->eps[i]->n_ports;
	return false;
}

/* Of who was killed before he saved what he published. */
void unpublish_unknown(struct driver *d)
{
	struct ct_nat nat = { 0 };
	size_t i;

	if (ct_nat_renew(&d->ct) || ct_nat_read(&d->ct, &nat)) {
		tell("%s", d->ct.error);
	} else {
		for (i = 0; i < nat.n_owners; i++) {
			const char *name = nat.owners[i].owner;

			if (strncmp(name, OWNER, strlen(OWNER)) ||
			    publishes(d, name + strlen(OWNER)))
				continue;
			if (ct_publish_del(&d->ct, name, NULL, 0, true))
				tell("%s", d->ct.error);
		}
	}
	ct_nat_free(&nat);
}
