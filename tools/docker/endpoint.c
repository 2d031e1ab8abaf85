// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoints: a container's interface on a network. It is made as CreateEndpoint asks for
 * it, and Docker moves it into the container after Join.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "driver.h"

#define PREFIX	"eth"

void endpoint_free(struct endpoint *e)
{
	ct_addrs_free(&e->addrs);
	free(e->ports);
	json_object_put(e->req);
	free(e);
}

bool endpoint_has(const struct driver *d, const struct network *n, const struct ct_ip *ip)
{
	size_t i;

	for (i = 0; i < d->n_eps; i++)
		if (d->eps[i]->net == n && ct_ip_among(&d->eps[i]->addrs, ip))
			return true;
	return false;
}

/* What its port is to be; @label has room for the name that it has until Docker joins it. */
static struct ct_port_conf conf_of(const struct endpoint *e, char label[CT_TEXT])
{
	struct ct_port_conf o = e->net->port;

	snprintf(label, CT_TEXT, "docker endpoint %.*s", ID_SHOWN, e->id);
	o.address = e->addrs;
	o.label = label;
	return o;
}

/* ----------------------------------------------------- what is asked for */

static int parse_address(struct ct *ct, struct endpoint *e, struct json_object *iface,
			 const char *key, bool six)
{
	const struct ct_addr *subnet = &e->net->subnet[six];
	char one[CT_TEXT], other[CT_TEXT];
	const char *why;
	struct ct_addr a;
	int err = json_cidr(ct, iface, key, &a);

	if (err || !a.ip.family)
		return err;
	if (a.ip.family != (six ? AF_INET6 : AF_INET))
		return ct_misuse(ct, "%s %s is of the other family", key, ct_cidr_text(&a, one));
	if (subnet->ip.family && !ct_ip_is_in(&a.ip, subnet))
		return ct_misuse(ct, "%s is not in the subnet %s", ct_ip_text(&a.ip, one),
				 ct_cidr_text(subnet, other));
	why = ct_not_hosts(&a);
	if (why)
		return ct_misuse(ct, "%s %s: %s", key, ct_cidr_text(&a, one), why);
	if (ct_ip_among(&e->net->taken, &a.ip))
		return ct_fail(ct, "the address %s is the network's gateway, or an auxiliary address",
			       ct_ip_text(&a.ip, one));
	ct_addrs_add(&e->addrs, &a);
	return CT_OK;
}

/* *@mac says whether the MAC was given. */
static int parse_iface(struct ct *ct, struct endpoint *e, struct ct_mac *mac)
{
	struct json_object *iface;
	const char *s, *why;
	int err;

	memset(mac, 0, sizeof(*mac));
	err = json_get(ct, e->req, "Interface", json_type_object, false, &iface);
	if (err || !iface)
		return err;
	err = json_str(ct, iface, "MacAddress", false, &s);
	err = err ?: parse_address(ct, e, iface, "Address", false);
	err = err ?: parse_address(ct, e, iface, "AddressIPv6", true);
	if (err || !s || !*s)
		return err;
	mac->set = true;
	why = ct_parse_mac(s, mac->v);
	return why ? ct_misuse(ct, "MacAddress \"%s\": %s", s, why) : CT_OK;
}

/* An endpoint as a request asks for it, which is looked up by its ID; NULL after an error. */
static struct endpoint *endpoint_parse(struct driver *d, struct json_object *req,
				       struct ct_mac *mac)
{
	struct network *n = network_find(d, req);
	struct endpoint *e;
	const char *id;

	if (!n || json_id(&d->ct, req, "EndpointID", &id))
		return NULL;
	e = ct_calloc(1, sizeof(*e));
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->net = n;
	e->req = json_object_get(req);
	e->unjoined = true;
	e->since = now();
	if (!parse_iface(&d->ct, e, mac))
		return e;
	endpoint_free(e);
	return NULL;
}

/* ---------------------------------------------------------------- on disk */

int endpoint_save(struct driver *d, const struct endpoint *e)
{
	struct json_object *o = json_new();
	char mac[CT_TEXT];
	int err;

	json_add(o, "Request", json_object_get(e->req));
	json_add_str(o, "Near", e->veth.near);
	json_add_str(o, "Far", e->veth.far);
	json_add_str(o, "MacAddress", ct_mac_text(e->veth.mac, mac));
	json_add(o, "Ports", ports_json(e));
	err = store_save(d, ENDPOINT, e->id, o);
	json_object_put(o);
	return err;
}

static void add(struct driver *d, struct endpoint *e)
{
	d->eps = list_add(d->eps, &d->n_eps, e);
}

static void drop(struct driver *d, struct endpoint *e)
{
	list_remove(d->eps, &d->n_eps, e);
	endpoint_free(e);
}

static int load_veth(struct ct *ct, struct json_object *o, struct ct_endpoint *v)
{
	const char *near, *far, *mac;
	int err;

	err = json_str(ct, o, "Near", true, &near);
	err = err ?: json_str(ct, o, "Far", true, &far);
	err = err ?: json_str(ct, o, "MacAddress", true, &mac);
	if (err)
		return err;
	if (ct_parse_name(near) || ct_parse_name(far) || ct_parse_mac(mac, v->mac))
		return ct_fail(ct, "a name or the MAC is none");
	snprintf(v->near, sizeof(v->near), "%s", near);
	snprintf(v->far, sizeof(v->far), "%s", far);
	return CT_OK;
}

/* Of a network that is gone, or goes, it is not needed. */
int endpoint_load(struct driver *d, struct json_object *o)
{
	struct json_object *req;
	struct ct_endpoint v;
	struct endpoint *e;
	struct ct_mac mac;
	const char *id;
	int err;

	err = json_get(&d->ct, o, "Request", json_type_object, true, &req);
	err = err ?: json_id(&d->ct, req, "EndpointID", &id);
	err = err ?: load_veth(&d->ct, o, &v);
	if (err)
		return err;
	if (!network_find(d, req)) {
		tell("endpoint %.*s: %s", ID_SHOWN, id, d->ct.error);
		return ct_endpoint_del(&d->ct, &v) ?: store_remove(d, ENDPOINT, id);
	}
	e = endpoint_parse(d, req, &mac);
	if (!e)
		return d->ct.code;
	e->veth = v;
	add(d, e);
	return ports_parse(&d->ct, o, "Ports", &e->ports, &e->n_ports);
}

/* ------------------------------------------------------------------ ports */

static int attach(struct driver *d, struct endpoint *e)
{
	char label[CT_TEXT];
	struct ct_port_conf o = conf_of(e, label);

	return ct_endpoint_make(&d->ct, e->net->dev, &e->veth, &o) ?: endpoint_publish(d, e);
}

void endpoint_attach_all(struct driver *d, struct network *n)
{
	enum ct_endpoint_state state;
	size_t i;

	for (i = 0; i < d->n_eps; i++) {
		struct endpoint *e = d->eps[i];

		/* One that is gone is made by Join, or deleted. */
		if (e->net != n || ct_endpoint_find(&d->ct, &e->veth, &state, NULL) ||
		    state == CT_ENDPOINT_GONE)
			continue;
		if (attach(d, e))
			tell("endpoint %.*s: %s", ID_SHOWN, e->id, d->ct.error);
	}
}

void endpoint_restore_all(struct driver *d)
{
	enum ct_endpoint_state state;
	size_t i = 0;
	int err;

	while (i < d->n_eps) {
		struct endpoint *e = d->eps[i];

		i++;
		err = ct_endpoint_find(&d->ct, &e->veth, &state, NULL);
		if (!err && state == CT_ENDPOINT_GONE) {
			tell("endpoint %.*s: its veth is gone: it is removed", ID_SHOWN, e->id);
			err = endpoint_remove(d, e);
			i -= !err;
		} else if (!err) {
			e->unjoined = state == CT_ENDPOINT_HERE;
			e->told = !e->unjoined;
			err = attach(d, e);
		}
		if (err)
			tell("endpoint %.*s: %s", ID_SHOWN, e->id, d->ct.error);
	}
}

int endpoint_remove(struct driver *d, struct endpoint *e)
{
	int err = e->n_ports ? endpoint_unpublish(d, e) : CT_OK;

	err = err ?: ct_endpoint_del(&d->ct, &e->veth);
	err = err ?: store_remove(d, ENDPOINT, e->id);
	if (!err)
		drop(d, e);
	return err;
}

void endpoint_runs(struct driver *d, const char *near)
{
	enum ct_endpoint_state state;
	char label[CT_TEXT];
	size_t i;

	for (i = 0; i < d->n_eps; i++) {
		struct endpoint *e = d->eps[i];
		struct ct_port_conf o;

		if (strcmp(e->veth.near, near) || e->told ||
		    ct_endpoint_find(&d->ct, &e->veth, &state, NULL) ||
		    state != CT_ENDPOINT_MOVED)
			continue;
		o = conf_of(e, label);
		e->told = true;
		e->unjoined = false;
		if (ct_endpoint_arrived(&d->ct, &e->veth, &o))
			tell("endpoint %.*s: %s", ID_SHOWN, e->id, d->ct.error);
	}
}

/* ------------------------------------------------------------------ calls */

static struct endpoint *by_id(struct driver *d, const char *id)
{
	size_t i;

	for (i = 0; i < d->n_eps; i++)
		if (!strcmp(d->eps[i]->id, id))
			return d->eps[i];
	return NULL;
}

struct endpoint *endpoint_find(struct driver *d, struct json_object *req)
{
	struct network *n = network_find(d, req);
	struct endpoint *e;
	const char *id;

	if (!n || json_id(&d->ct, req, "EndpointID", &id))
		return NULL;
	e = by_id(d, id);
	if (!e || e->net != n) {
		ct_fail(&d->ct, "there is no endpoint %.*s on network %s", ID_SHOWN, id, n->dev);
		return NULL;
	}
	return e;
}

/* The answer has what was not given, and nothing else. */
static int answer_create(struct json_object *answer, const struct endpoint *e,
			 const struct ct_mac *mac)
{
	struct json_object *iface = json_new();
	char text[CT_TEXT];

	if (!mac->set)
		json_add_str(iface, "MacAddress", ct_mac_text(e->veth.mac, text));
	json_add(answer, "Interface", iface);
	return CT_OK;
}

static int make(struct driver *d, struct endpoint *e, const struct ct_mac *mac)
{
	char label[CT_TEXT];
	struct ct_port_conf o = conf_of(e, label);
	int err;

	o.mac = *mac;
	err = network_ensure(d, e->net);
	err = err ?: ct_endpoint_choose(&d->ct, e->net->dev, &o, &e->veth);
	err = err ?: endpoint_save(d, e);
	if (err)
		return err;
	err = ct_endpoint_make(&d->ct, e->net->dev, &e->veth, &o);
	if (err) {
		char *why = ct_strdup(d->ct.error);

		/* What stays is removed at the next start: it has no veth. */
		store_remove(d, ENDPOINT, e->id);
		ct_fail(&d->ct, "%s", why);
		free(why);
	}
	return err;
}

int create_endpoint(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e, *old;
	struct ct_mac mac;
	int err;

	e = endpoint_parse(d, req, &mac);
	if (!e)
		return d->ct.code;
	old = by_id(d, e->id);
	if (old) {
		err = !json_object_equal(old->req, req) ?
		      ct_fail(&d->ct, "there is an endpoint %.*s already, made by another request",
			      ID_SHOWN, e->id) :
		      network_ensure(d, old->net) ?: attach(d, old);
		endpoint_free(e);
		return err ? err : answer_create(answer, old, &mac);
	}
	err = make(d, e, &mac);
	if (err) {
		endpoint_free(e);
		return err;
	}
	add(d, e);
	return answer_create(answer, e, &mac);
}

int delete_endpoint(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);

	(void)answer;
	return e ? endpoint_remove(d, e) : (int)d->ct.code;
}

int endpoint_info(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);

	if (!e)
		return d->ct.code;
	json_add(answer, "Value", json_new());
	return CT_OK;
}

/* Docker says where the sandbox is: that names the port from now on. */
static int name_port(struct driver *d, const struct endpoint *e, const char *sandbox)
{
	enum ct_endpoint_state state;
	struct ct_link near;
	int err;

	err = ct_endpoint_find(&d->ct, &e->veth, &state, &near);
	if (err || ct_parse_target(sandbox) || strlen(sandbox) >= sizeof(near.alias))
		return err;
	return ct_link_label(&d->ct.rt, &near, sandbox);
}

static void answer_join(const struct endpoint *e, struct json_object *answer)
{
	static const char *const keys[] = { "Gateway", "GatewayIPv6" };
	struct json_object *name = json_new();
	const struct network *n = e->net;
	char text[CT_TEXT];
	int i;

	json_add_str(name, "SrcName", e->veth.far);
	json_add_str(name, "DstPrefix", PREFIX);
	json_add(answer, "InterfaceName", name);
	for (i = 0; i < 2; i++)
		if (!n->internal && n->gateway[i].ip.family)
			json_add_str(answer, keys[i], ct_ip_text(&n->gateway[i].ip, text));
	/* Otherwise Docker would connect it to a bridge of its own. */
	json_add(answer, "DisableGatewayService",
		 json_object_new_boolean(n->internal || !n->gateway[0].ip.family));
}

int join(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);
	enum ct_endpoint_state state;
	const char *sandbox;
	struct ct_link near;
	int err;

	if (!e)
		return d->ct.code;
	err = json_str(&d->ct, req, "SandboxKey", true, &sandbox);
	err = err ?: ct_endpoint_find(&d->ct, &e->veth, &state, &near);
	if (err)
		return err;
	if (state == CT_ENDPOINT_MOVED && strcmp(near.alias, sandbox))
		return ct_fail(&d->ct, "endpoint %.*s is in another container", ID_SHOWN, e->id);
	if (state != CT_ENDPOINT_MOVED) {
		err = network_ensure(d, e->net);
		err = err ?: attach(d, e);
		err = err ?: name_port(d, e, sandbox);
		if (err)
			return err;
		e->told = false;
		e->since = now();
	}
	network_forward(d);
	answer_join(e, answer);
	return CT_OK;
}

/* Docker takes the interface back, or has deleted the namespace that it was in. */
int leave(struct driver *d, struct json_object *req, struct json_object *answer)
{
	struct endpoint *e = endpoint_find(d, req);

	(void)answer;
	if (!e)
		return d->ct.code;
	e->unjoined = true;
	e->told = false;
	e->since = now();
	return CT_OK;
}
