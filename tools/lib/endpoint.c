// SPDX-License-Identifier: GPL-2.0
/*
 * A port for a container that an engine moves an interface into. Nothing can be sent by it
 * before the engine brings that up, which it does last: so all the rest is done here.
 */
#include <errno.h>
#include <string.h>
#include <linux/ctnet.h>

#include "attach.h"
#include "endpoint.h"

#define NAME_TRIES	16

static bool is_free(struct ct *ct, const char *name)
{
	struct ct_link l;

	return ct_link_get(&ct->rt, name, 0, -1, &l) == -ENODEV;
}

int ct_endpoint_choose(struct ct *ct, const char *net, const struct ct_port_conf *o,
		       struct ct_endpoint *e)
{
	struct ct_link l;
	int err, try = 0;

	err = ct_net_find(ct, net, &l, NULL);
	err = err ?: ct_genl(ct);
	err = err ?: ct_attach_mac(ct, &l, o, NULL, e->mac);
	if (err)
		return err;
	/* The ends have the same digits; only one of them begins as a mark does. */
	do {
		if (try++ == NAME_TRIES)
			return ct_fail(ct, "find a name for a veth: all that were tried are taken");
		ct_attach_mark(e->near);
		memcpy(e->far, e->near, sizeof(e->far));
		e->far[1] = 'v';
	} while (!is_free(ct, e->near) || !is_free(ct, e->far));
	return CT_OK;
}

static int make_veth(struct ct *ct, const struct ct_link *net, const struct ct_endpoint *e,
		     const struct ct_port_conf *o, struct ct_link *near)
{
	struct nl_msg *back = ct_link_del_msg(0);
	struct ct_sock *s = &ct->rt;
	int err;

	ct_put_str(back, IFLA_IFNAME, e->near);
	err = ct_step(s, ct_attach_veth_msg(e->near, e->far, -1, e->mac, ct_attach_mtu(net, o)),
		      back, ct_attach_veth_hints, "make the veth");
	if (err)
		return err;
	err = ct_link_get(s, e->near, 0, -1, near);
	if (err)
		return ct_refused(s, err, NULL, "find the veth that was made");
	return ct_attach_dress(ct, near, o->label ? o->label : "");
}

/* The entry may be of before its port was made anew. */
static int enter(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		 const struct ct_endpoint *e, const struct ct_addrs *addrs)
{
	struct ct_fdb f;
	bool own;
	int err;

	err = ct_fdb_get(ct, net->ifindex, e->mac, &f);
	if (err && err != -ENOENT)
		return ct_refused(&ct->ge, err, NULL, "read the table");
	own = !err && f.is_static && f.port == near->ifindex;
	if (!err)
		ct_addrs_free(&f.ips);
	return own ? CT_OK : ct_attach_enter_near(ct, net, near, e->mac, addrs);
}

int ct_endpoint_make(struct ct *ct, const char *net, const struct ct_endpoint *e,
		     const struct ct_port_conf *o)
{
	struct ct_link l, near;
	int err;

	err = ct_net_find(ct, net, &l, NULL);
	err = err ?: ct_genl(ct);
	if (err)
		return err;
	/* Nobody who looks for what was left half made sees this. */
	ct_lock(ct, false);
	ct_begin(ct);
	err = ct_link_get(&ct->rt, e->near, 0, -1, &near);
	if (err == -ENODEV)
		err = make_veth(ct, &l, e, o, &near);
	else if (err)
		err = ct_refused(&ct->rt, err, NULL, "look up %s", e->near);
	else if (near.master && near.master != l.ifindex)
		err = ct_fail(ct, "%s is a port of another network", e->near);
	if (!err && !near.master)
		err = ct_attach_near(ct, &l, &near, o);
	err = err ?: enter(ct, &l, &near, e, &o->address);
	err = err ?: ct_link_up(&ct->rt, &near);
	err = ct_end(ct, err);
	ct_unlock(ct);
	return err;
}

int ct_endpoint_del(struct ct *ct, const struct ct_endpoint *e)
{
	struct ct_link near;
	int err = ct_link_get(&ct->rt, e->near, 0, -1, &near);

	if (!err)
		err = ct_do(&ct->rt, ct_link_del_msg(near.ifindex), NULL);
	if (err && err != -ENODEV)
		return ct_refused(&ct->rt, err, NULL, "delete %s", e->near);
	return CT_OK;
}

int ct_endpoint_find(struct ct *ct, const struct ct_endpoint *e, enum ct_endpoint_state *state,
		     struct ct_link *near)
{
	struct ct_link l = { 0 };
	int err = ct_link_get(&ct->rt, e->near, 0, -1, &l);

	*state = CT_ENDPOINT_GONE;
	if (err && err != -ENODEV)
		return ct_refused(&ct->rt, err, NULL, "look up %s", e->near);
	*state = err || l.peer_goes ? CT_ENDPOINT_GONE :
		 l.peer_nsid >= 0 ? CT_ENDPOINT_MOVED : CT_ENDPOINT_HERE;
	if (near)
		*near = l;
	return CT_OK;
}

int ct_endpoint_arrived(struct ct *ct, const struct ct_endpoint *e,
			const struct ct_port_conf *o)
{
	enum ct_endpoint_state state;
	struct ct_link near = { 0 };
	struct ct_container *c;
	bool gone = false;
	int err;

	err = ct_endpoint_find(ct, e, &state, &near);
	if (err || state != CT_ENDPOINT_MOVED)
		return err;
	c = ct_container_open_near(ct, &near, &gone);
	if (!c)
		return gone ? CT_OK : ct->code;
	if (!o->guard.set || o->guard.v)
		err = ct_autoconf_fit(c, &o->address, false);
	err = err ?: ct_attach_tell(c, &o->address);
	ct_container_close(c);
	return err;
}
