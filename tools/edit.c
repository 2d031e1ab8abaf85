// SPDX-License-Identifier: GPL-2.0
/*
 * What there is becomes what a command of a configuration says. Only what differs
 * is touched, and each step says how to take it back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "attach.h"
#include "sync.h"

static bool same_ips(const struct ips *a, const struct ips *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!ip_among(b, &a->v[i]))
			return false;
	for (i = 0; i < b->n; i++)
		if (!ip_among(a, &b->v[i]))
			return false;
	return true;
}

static bool same_cidrs(const struct cidrs *a, const struct cidrs *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!addr_among(b, &a->v[i]))
			return false;
	for (i = 0; i < b->n; i++)
		if (!addr_among(a, &b->v[i]))
			return false;
	return true;
}

static bool same_routes(const struct routes *a, const struct routes *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!route_among(b, &a->v[i]))
			return false;
	for (i = 0; i < b->n; i++)
		if (!route_among(a, &b->v[i]))
			return false;
	return true;
}

/* ---------------------------------------------------------------- networks */

/* The options that differ, into @change. */
void edit_net_diff(const struct st_net *h, const struct net_opts *o,
		   struct net_opts *change)
{
	const struct opt *opt;
	uint8_t mac[6];
	bool mtu_set;
	int i;

	for (opt = add_net_opts; opt->name; opt++) {
		const struct o_u32 *want = OPT_AT(opt, o);
		const struct o_u32 *have = OPT_AT(opt, &h->net.cfg);
		struct o_u32 *c = OPT_AT(opt, change);
		uint32_t v;

		if (!opt->width || (!o->vni.set && net_is_tunnel(opt)))
			continue;
		v = want->set ? want->v : opt->preset;
		if (v == have->v)
			continue;
		c->set = true;
		c->v = v;
	}
	for (i = 0; i < 2; i++) {
		if (ip_equal(&o->local[i], &h->net.cfg.local[i]))
			continue;
		change->local[i] = o->local[i].family ? o->local[i] :
				   h->net.cfg.local[i];
		if (!o->local[i].family)
			change->local[i].edit = EDIT_REMOVE;
	}
	if (o->vni.set && o->underlay_ifindex != h->net.cfg.underlay_ifindex) {
		change->underlay = o->underlay ? o->underlay : UNDERLAY_ANY;
		change->underlay_ifindex = o->underlay_ifindex;
	}
	mtu_set = mtu_is_given(&o->mtu);
	if (mtu_set ? o->mtu.v != h->net.cfg.mtu.v || h->net.mtu_auto :
		      !h->net.mtu_auto) {
		change->mtu.set = true;
		change->mtu.v = mtu_set ? o->mtu.v : MTU_AUTO;
	}
	if (net_mac(mac, o) && memcmp(mac, h->link.mac, 6)) {
		change->mac.set = true;
		memcpy(change->mac.v, mac, 6);
	}
}

int edit_net(struct stmt *s)
{
	const struct st_net *h = s->have_net;
	const char *name = s->call.arg[0];
	struct net_opts change = { 0 };
	const struct opt *opt;
	bool differs, any = false;
	int err;

	err = net_find_underlay(s->net_opts);
	if (err)
		return err;
	edit_net_diff(h, s->net_opts, &change);
	differs = !same_cidrs(&h->addrs, &s->net_opts->address);
	for (opt = add_net_opts; opt->name; opt++)
		any = any || opt_is_set(opt, &change);
	if (differs)
		err = addr_add_all(&ctx.rt, h->link.ifindex, name,
				   &s->net_opts->address, 0);
	if (!err && any)
		err = net_change(h->link.ifindex, &change, &h->net,
				 h->link.mac);
	if (!err && differs)
		err = addr_del_others(&ctx.rt, h->link.ifindex, name, &h->addrs,
				      &s->net_opts->address, 0);
	return err ? err : port_set_up(&h->link);
}

int edit_net_last(struct stmt *s)
{
	const struct st_net *h = s->have_net;
	struct net_opts change = { 0 };

	edit_net_diff(h, s->net_opts, &change);
	return net_change_last(h->link.ifindex, &change, &h->net);
}

/* ----------------------------------------------------------------- entries */

int edit_entry(const struct fdb *old, const struct fdb *new)
{
	const struct fdb *f = new ? new : old;
	struct nl_msg *msg, *back;
	const char *what = "change";
	char mac[MAC_TEXT];
	int gone = 0, err;

	if (!new) {
		what = "remove";
		/* By itself meanwhile, with its container. */
		gone = -ENOENT;
		msg = fdb_msg(CTNET_CMD_FDB_DEL, old->net, old->mac);
		back = fdb_entry_msg(CTNET_CMD_FDB_ADD, old);
	} else if (!old) {
		what = "add";
		msg = fdb_entry_msg(CTNET_CMD_FDB_ADD, new);
		back = fdb_msg(CTNET_CMD_FDB_DEL, new->net, new->mac);
	} else {
		msg = fdb_entry_msg(CTNET_CMD_FDB_SET, new);
		back = fdb_entry_msg(CTNET_CMD_FDB_SET, old);
	}
	err = nl_do(&ctx.ge, msg, NULL);
	if (!err) {
		undo_push(&ctx.ge, back);
		return EXIT_OK;
	}
	nlmsg_free(back);
	if (err == gone)
		return EXIT_OK;
	return fail("%s the entry of %s: %s", what, mac_text(f->mac, mac),
		    fdb_why(err, f->net, f->mac, &f->ips));
}

/* An entry of a network that was there before is to be this. */
static int have_entry(struct sync *y, const struct stmt *s,
		      const struct fdb *want)
{
	struct fdb own = { .net = want->net, .self = true };
	const struct fdb *old = state_fdb(&y->st, want->net, want->mac);
	const struct stmt *by = match_owner(y, s->net, want->mac);

	if (old && y->fdb_gone[old - y->st.fdb])
		old = NULL;
	/* The network has another MAC since just now, and that its entry. */
	if (!old && by && by->kind == STMT_NET) {
		memcpy(own.mac, want->mac, 6);
		old = &own;
	}
	if (old && old->port == want->port && old->self == want->self &&
	    ip_equal(&old->peer, &want->peer) && same_ips(&old->ips, &want->ips))
		return EXIT_OK;
	return edit_entry(old, want);
}

int edit_port_index(const struct stmt *s)
{
	return s->dev ? s->dev->ifindex :
	       s->have_port ? s->have_port->port.dev : 0;
}

int edit_fdb(struct sync *y, struct stmt *s)
{
	const struct fdb_opts *o = s->fdb_opts;
	struct fdb want = {
		.net = s->net->have_net->link.ifindex, .peer = o->peer,
		.self = o->self, .ips = o->ip,
	};

	if (s->port) {
		want.port = edit_port_index(s->port);
		/* Made just now, with its entry: the command finds it. */
		if (!want.port)
			return s->call.c->run(s->call.n, s->call.arg,
					      s->call.vals);
	}
	memcpy(want.mac, s->mac, 6);
	return have_entry(y, s, &want);
}

/* ------------------------------------------------------------------- ports */

static struct nl_msg *flags_msg(uint8_t cmd, int net, int dev, uint32_t flags)
{
	struct nla_bitfield32 bits = { flags, CTNET_PORT_FLAGS_ALL };
	struct nl_msg *msg = port_msg(cmd, net, dev);

	msg_put(msg, CTNET_A_PORT_FLAGS, &bits, sizeof(bits));
	return msg;
}

int edit_detach(struct st_port *p)
{
	int err = nl_do(&ctx.ge, port_msg(CTNET_CMD_PORT_DEL, p->port.net,
					  p->port.dev), NULL);

	if (err == -ENODEV || err == -ENOENT) {
		p->fate = FATE_GONE;
		return EXIT_OK;
	}
	if (err)
		return fail("detach %s: %s", p->near.name,
			    nl_why(&ctx.ge, err, NULL));
	undo_push(&ctx.ge, flags_msg(CTNET_CMD_PORT_ADD, p->port.net,
				     p->port.dev, p->port.flags));
	return EXIT_OK;
}

int edit_attach(int net, const struct st_port *p, uint32_t flags)
{
	int err = nl_do(&ctx.ge, flags_msg(CTNET_CMD_PORT_ADD, net,
					   p->port.dev, flags), NULL);

	if (err)
		return fail("attach %s: %s", p->near.name,
			    nl_why(&ctx.ge, err, NULL));
	undo_push(&ctx.ge, port_msg(CTNET_CMD_PORT_DEL, net, p->port.dev));
	return EXIT_OK;
}

/* The flags of a port: that it has them, and that it is one if it was detached. */
static int have_flags(const struct stmt *s)
{
	const struct st_port *p = s->have_port;
	uint32_t flags = CTNET_PORT_FLAGS_DEFAULT, value, selector;
	int net = s->net->ifindex, err;

	if (!s->dev)
		flags |= CTNET_PORT_TARGET_FLAGS;
	opt_flags(add_port_opts, s->port_opts, &value, &selector);
	flags = (flags & ~selector) | value;
	if (p->fate == FATE_DETACHED)
		return edit_attach(net, p, flags);
	if (flags == p->port.flags)
		return EXIT_OK;
	err = nl_do(&ctx.ge, flags_msg(CTNET_CMD_PORT_SET, net, p->port.dev,
				       flags), NULL);
	if (err)
		return fail("set the flags: %s", nl_why(&ctx.ge, err, NULL));
	undo_push(&ctx.ge, flags_msg(CTNET_CMD_PORT_SET, net, p->port.dev,
				     p->port.flags));
	return EXIT_OK;
}

static int edit_dev(const struct stmt *s)
{
	int err = have_flags(s);

	if (!err)
		err = port_set_label(s->dev, s->port_opts->label);
	return err ? err : port_set_up(s->dev);
}

/* The entry that add-port would have entered, unless another command says more. */
static int own_entry(struct sync *y, const struct stmt *s, const uint8_t mac[6])
{
	const struct cidrs *addrs = &s->port_opts->address;
	struct fdb want = {
		.net = s->net->ifindex, .port = s->have_port->port.dev,
	};
	size_t i;
	int err;

	if (conf_fdb(&y->conf, s->call.arg[0], mac))
		return EXIT_OK;
	memcpy(want.mac, mac, 6);
	for (i = 0; i < addrs->n; i++)
		if (!ip_among(&want.ips, &addrs->v[i].ip))
			ips_add(&want.ips, &addrs->v[i].ip);
	err = have_entry(y, s, &want);
	free(want.ips.v);
	return err;
}

/*
 * What is undone in a container is undone through its socket: it stays open. NULL if the
 * container went meanwhile.
 */
static int keep_open(struct stmt *s, struct container **c)
{
	const struct port_opts *o = s->port_opts;
	int err;

	*c = xcalloc(1, sizeof(**c));
	err = o->near ? container_open_near(*c, &s->have_port->near, &s->gone) :
			container_open(*c, s->call.arg[1], o->ifname, &s->gone,
				       "");
	if (err || s->gone) {
		free(*c);
		*c = NULL;
		if (!err)
			warn("the container went just now, and its port with it");
		return err;
	}
	container_keep(*c);
	if ((*c)->state != FAR_HERE ||
	    (*c)->near.ifindex != s->have_port->near.ifindex)
		return fail("the container was changed meanwhile: try again");
	return EXIT_OK;
}

static int edit_container(struct sync *y, struct stmt *s)
{
	const struct port_opts *o = s->port_opts;
	const struct st_port *p = s->have_port;
	struct link near = p->near;
	struct container *c = NULL;
	struct routes routes;
	uint8_t mac[6];
	bool guarded;	/* and was not */
	struct port_change w = {
		.label = o->label ? o->label :
			 o->near ? p->near.alias : s->call.arg[1],
		.mtu = mtu_is_given(&o->mtu) ? o->mtu.v : MTU_AUTO,
		.mac = mac,
		.had = &p->addrs, .address = &o->address,
		.had_routes = &p->routes, .routes = &routes, .up = true,
	};
	int err;

	port_routes(&routes, &o->gateway, &o->route, &o->address);
	match_port_mac(s, mac);
	w.announce = p->fate == FATE_DETACHED || memcmp(mac, p->far.mac, 6) ||
		     !same_cidrs(w.had, w.address);
	if (w.mtu == MTU_AUTO && !(p->port.flags & CTNET_PORT_MTU_AUTO)) {
		err = keep_open(s, &c);
		if (err || !c)
			goto out;
		/* The flag gives both ends the network's, and back it takes none. */
		undo_push(&ctx.rt, link_mtu_msg(c->near.ifindex, c->near.mtu));
		undo_push(&c->s, link_mtu_msg(c->far.ifindex, c->far.mtu));
	}
	err = have_flags(s);
	if (!err)
		err = own_entry(y, s, mac);
	if (!err && !o->near)
		err = attach_rename(&near, o->host_ifname ? o->host_ifname :
							    near.mark);
	if (err)
		goto out;
	guarded = !(p->port.flags & CTNET_PORT_GUARD) &&
		  !(o->guard.set && !o->guard.v);
	if (!w.announce && !guarded && same_routes(w.had_routes, w.routes) &&
	    !strcmp(w.label, p->near.alias) && p->near.flags & IFF_UP &&
	    (w.mtu == MTU_AUTO ||
	     (w.mtu == p->near.mtu && w.mtu == p->far.mtu)))
		goto out;
	if (!c)
		err = keep_open(s, &c);
	if (!err && c)
		err = attach_change(c, &w);
out:
	free(routes.v);
	return err;
}

int edit_port(struct sync *y, struct stmt *s)
{
	return s->dev ? edit_dev(s) : edit_container(y, s);
}
