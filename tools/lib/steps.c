// SPDX-License-Identifier: GPL-2.0
/* Steps that making a container's port and changing one share. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/ctnet.h>

#include "attach.h"

#define CARRIER_WAIT_S	5

struct ct_container *ct_attach_open(struct ct *ct, const struct ct_link *net, const char *near,
				    bool of_it)
{
	bool native = ct_native_is_name(near);
	struct ct_container *c;
	bool gone = false;
	struct ct_link l;

	if (ct_near_get(ct, net->ifindex, near, &l) || !ct_port_is_made(&l) ||
	    (of_it && l.master != net->ifindex)) {
		ct_fail(ct, native ? "there is no port \"%s\" that add-port made%s" :
			"there is no veth \"%s\" that add-port made%s", near,
			of_it || native ? " for this network" : "");
		return NULL;
	}
	c = ct_container_open_near(ct, &l, &gone);
	if (gone)
		ct_fail(ct, "no name and no process leads to the container of %s", near);
	return c;
}

int ct_attach_altname(struct ct *ct, const struct ct_link *near, const char *given)
{
	char name[ALTIFNAMSIZ];
	int err;

	if (!near->mark[0] || (near->given[0] && (!given[0] || !strcmp(near->given, given))))
		return CT_OK;
	snprintf(name, sizeof(name), "%s-%s", near->mark, given);
	err = ct_do(&ct->rt, ct_link_altname_msg(RTM_NEWLINKPROP, near->ifindex, name), NULL);
	if (!err)
		ct_undo(&ct->rt, ct_link_altname_msg(RTM_DELLINKPROP, near->ifindex, name));
	else if (err != -EEXIST)
		return ct_refused(&ct->rt, err, NULL, "set the altname %s", name);
	return CT_OK;
}

/* While it has another name, an altname has the mark, for who is killed just then. */
int ct_attach_rename(struct ct *ct, struct ct_link *near, const char *name)
{
	static const struct ct_hint hints[] = {
		{ EEXIST, "there is an interface of that name on the host" },
		{ 0, NULL }
	};
	struct ct_sock *s = &ct->rt;
	int i = near->ifindex, err;
	bool busy;

	if (!name || !strcmp(name, near->name))
		return CT_OK;
	if (ct_link_is_native(near))
		return ct_fail(ct, "a native port has no near end that could be called %s", name);
	err = ct_attach_altname(ct, near, "");
	if (err)
		return err;
	err = ct_do(s, ct_link_name_msg(i, name), NULL);
	busy = err == -EBUSY && near->flags & IFF_UP;
	if (busy) {
		/* Older kernels rename only what is down. */
		ct_undo(s, ct_link_up_msg(i, true));
		err = ct_do(s, ct_link_up_msg(i, false), NULL) ?:
		      ct_do(s, ct_link_name_msg(i, name), NULL) ?:
		      ct_do(s, ct_link_up_msg(i, true), NULL);
	}
	if (busy || !err)
		ct_undo(s, ct_link_name_msg(i, near->name));
	if (busy)
		ct_undo(s, ct_link_up_msg(i, false));
	if (err)
		return ct_refused(s, err, hints, "name the near end %s", name);
	snprintf(near->name, sizeof(near->name), "%s", name);
	return CT_OK;
}

int ct_attach_enter(struct ct *ct, const struct ct_fdb *f, const struct ct_fdb *old)
{
	int err = ct_do(&ct->ge, ct_fdb_msg(ct, old ? CTNET_CMD_FDB_SET : CTNET_CMD_FDB_ADD, f),
			NULL);
	char text[CT_TEXT];

	if (err)
		return ct_fail(ct, "enter %s into the table: %s", ct_mac_text(f->mac, text),
			       ct_fdb_why(ct, err, f));
	ct_undo(&ct->ge, old ? ct_fdb_msg(ct, CTNET_CMD_FDB_SET, old) :
			       ct_fdb_msg(ct, CTNET_CMD_FDB_DEL, f));
	return CT_OK;
}

void ct_attach_undo_mtu(struct ct_container *c)
{
	if (!ct_link_is_native(&c->near))
		ct_undo(&c->ct->rt, ct_link_mtu_msg(c->near.ifindex, c->near.mtu));
	ct_undo(&c->s, ct_link_mtu_msg(c->far.ifindex, c->far.mtu));
}

const char *ct_attach_route_text(const struct ct_addr *r, char buf[CT_ROUTE_NAME])
{
	char text[CT_TEXT];

	snprintf(buf, CT_ROUTE_NAME, r->plen ? "route to %s" : "default route via %s",
		 r->plen ? ct_route_text(r, text) : ct_ip_text(&r->via, text));
	return buf;
}

int ct_attach_routes(struct ct_container *c, const struct ct_addrs *routes)
{
	static const char outside[] = "the gateway is in none of the container's subnets";
	char text[CT_ROUTE_NAME];
	int err = CT_OK;
	size_t i;

	for (i = 0; i < routes->n && !err; i++) {
		const struct ct_addr *r = &routes->v[i];
		const struct ct_hint hints[] = {
			{ EEXIST, r->plen ? "the container has a route to there already" :
					    "the container has a default route already" },
			{ ENETUNREACH, outside },
			{ EHOSTUNREACH, outside },
			{ 0, NULL }
		};

		err = ct_step(&c->s, ct_route_msg(RTM_NEWROUTE, r, c->far.ifindex),
			      ct_route_msg(RTM_DELROUTE, r, c->far.ifindex), hints,
			      "set the %s", ct_attach_route_text(r, text));
	}
	return err;
}

/* Until the kernel calls it running, what is sent is dropped on the way. */
static int wait_running(struct ct_sock *s, const struct ct_link *l)
{
	int nap = 500, waited, err;
	struct ct_link now;

	for (waited = 0; waited < CARRIER_WAIT_S * 1000000; waited += nap) {
		err = ct_link_get(s, NULL, l->ifindex, -1, &now);
		if (err)
			return ct_refused(s, err, NULL, "wait for %s", l->name);
		if (now.operstate == IF_OPER_UP)
			return CT_OK;
		usleep(nap);
		nap = nap < 20000 ? nap * 2 : nap;
	}
	return ct_fail(s->ct, "wait for %s: its link did not come up within %d seconds", l->name,
		       CARRIER_WAIT_S);
}

int ct_attach_tell(struct ct_container *c, const struct ct_addrs *addrs)
{
	struct ct_link net;
	int err = CT_OK;

	if (!addrs->n)
		return CT_OK;
	if (!ct_link_is_native(&c->near))
		err = wait_running(&c->ct->rt, &c->near);
	else if (!ct_link_get(&c->ct->rt, NULL, c->near.master, -1, &net) &&
		 !(net.flags & IFF_UP))
		return CT_OK;	/* it has its network's carrier, and nobody would hear */
	return err ?: wait_running(&c->s, &c->far) ?: ct_announce(c, addrs);
}
