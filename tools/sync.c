// SPDX-License-Identifier: GPL-2.0
/*
 * restore and sync. The order of the steps is the point:
 *
 * 1. match.c finds what there is of what the configuration names.
 * 2. What stands in the way goes, such that it can come back: VNIs that change
 *    hands, ports of networks that are left, entries, peers.
 * 3. Each command runs, in the order of the file; or, where what it makes is
 *    there already, edit.c makes that differ no more.
 * 4. What the file does not have is deleted, in one stroke.
 *
 * Each step of 2 and 3 can be undone, so all of it happens or nothing. Of restore, which
 * has 1 and 3 only, that is so of each network.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <linux/ctnet.h>

#include "sync.h"

/* ---------------------------------------------------- out of the way (step 2) */

static uint32_t dstport_of(const struct net_opts *o)
{
	return o->dstport.set ? o->dstport.v : CTNET_DSTPORT_DEFAULT;
}

/* A VNI that nothing has or wants. */
static uint32_t free_vni(const struct sync *y)
{
	uint32_t vni = CTNET_VNI_MAX;
	size_t i;

	for (;; vni--) {
		bool used = false;

		for (i = 0; i < y->st.n_nets; i++)
			used = used || y->st.nets[i].net.cfg.vni.v == vni;
		for (i = 0; i < y->conf.n; i++)
			used = used || (y->conf.v[i]->kind == STMT_NET &&
					y->conf.v[i]->net_opts->vni.v == vni);
		if (!used)
			return vni;
	}
}

/* Does a network leave the place that its VNI has in a UDP socket? */
static bool leaves(const struct sync *y, const struct st_net *n)
{
	const struct net_opts *o = n->keep ? n->want->net_opts : NULL;
	const struct link *under;
	int i;

	if (!o || o->vni.v != n->net.cfg.vni.v ||
	    dstport_of(o) != n->net.cfg.dstport.v)
		return true;
	for (i = 0; i < 2; i++)
		if (n->net.cfg.local[i].family && !o->local[i].family)
			return true;
	under = o->underlay ? link_find_called(&ctx.rt, &y->st.links,
					       o->underlay) : NULL;
	return n->net.cfg.underlay_ifindex !=
	       (uint32_t)(under ? under->ifindex : 0);
}

/* Networks that leave the VNI that another is to have get one that none has. */
static int free_vnis(struct sync *y, const struct stmt *s)
{
	const struct net_opts *o = s->net_opts;
	struct net_opts change = { 0 };
	size_t i;
	int err;

	for (i = 0; o->vni.set && i < y->st.n_nets; i++) {
		struct st_net *n = &y->st.nets[i];

		if (n == s->have_net || n->net.cfg.vni.v != o->vni.v ||
		    n->net.cfg.dstport.v != dstport_of(o) || !leaves(y, n))
			continue;
		change.vni.set = true;
		change.vni.v = free_vni(y);
		err = net_change(n->link.ifindex, &change, &n->net,
				 n->link.mac);
		if (err)
			return err;
		n->net.cfg.vni.v = change.vni.v;
	}
	return EXIT_OK;
}

/* Another takes its name: it goes on as something else until it is deleted. */
static int free_name(const struct sync *y, const struct st_net *n)
{
	char name[IFNAMSIZ];
	uint32_t id;
	size_t i;
	int err;

	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			die("no random numbers");
		snprintf(name, sizeof(name), "old%08x", id);
	} while (link_find_name(&y->st.links, name));
	/* A device that is down loses its IPv6 addresses. */
	for (i = 0; i < n->addrs.n; i++)
		if (n->addrs.v[i].ip.family == AF_INET6)
			undo_push(&ctx.rt,
				  addr_msg(RTM_NEWADDR,
					   NLM_F_CREATE | NLM_F_EXCL,
					   n->link.ifindex, &n->addrs.v[i], 0));
	err = link_set_up(&ctx.rt, n->link.ifindex, false);
	if (err)
		return fail("take the network down: %s",
			    nl_why(&ctx.rt, err, NULL));
	if (n->link.flags & IFF_UP)
		undo_push(&ctx.rt, link_up_msg(n->link.ifindex, true));
	err = nl_do(&ctx.rt, link_name_msg(n->link.ifindex, name), NULL);
	if (err)
		return fail("rename the network: %s",
			    nl_why(&ctx.rt, err, NULL));
	undo_push(&ctx.rt, link_name_msg(n->link.ifindex, n->link.name));
	return EXIT_OK;
}

/* Whether a peer is to be there as it is. */
bool sync_peer_stays(const struct sync *y, const struct st_net *n,
		     const struct peer *p)
{
	const struct stmt *s = conf_peer(&y->conf, n->link.name, &p->addr);

	return s && p->dstport == (s->peer_opts->dstport.set ?
				   s->peer_opts->dstport.v : 0);
}

/*
 * What is to become of an entry of a network that stays: at most the addresses of
 * @want may be left now, so that others can have the rest. False: it has to go.
 */
bool sync_entry_stays(const struct sync *y, const struct st_net *n,
		      const struct fdb *e, struct ips *want)
{
	const struct stmt *s = conf_fdb(&y->conf, n->link.name, e->mac);
	const struct stmt *by = match_owner(y, n->want, e->mac);
	const struct st_port *p;
	struct peer *peer;
	size_t i;
	int dev = 0;

	want->v = NULL;
	want->n = 0;
	if (s && s->port && s->port->gone)
		s = NULL;
	if (!s && !by)
		return false;
	/* The network's own MAC: the entry comes and goes with that. */
	if (by && by->kind == STMT_NET && memcmp(e->mac, n->link.mac, 6))
		return false;
	if (s) {
		for (i = 0; i < s->fdb_opts->ip.n; i++)
			ips_add(want, &s->fdb_opts->ip.v[i]);
	} else if (by->kind == STMT_PORT) {
		for (i = 0; i < by->port_opts->address.n; i++)
			ips_add(want, &by->port_opts->address.v[i].ip);
	}
	/* Where it is to lie must be there, and stay. */
	if (s ? !!s->port : by->kind == STMT_PORT) {
		dev = edit_port_index(s ? s->port : by);
		p = dev ? state_port(&y->st, dev) : NULL;
		return p && p->fate == FATE_STAYS;
	}
	if (s && s->addr.family) {
		peer = state_peer(&y->st, n->link.ifindex, &s->addr);
		return peer && sync_peer_stays(y, n, peer);
	}
	return true;
}

/* @e as it is, but with those of its addresses only that are among @want. */
static int reduce_entry(struct fdb *e, const struct ips *want)
{
	struct fdb less = *e;
	size_t i;
	int err;

	less.ips = (struct ips){ 0 };
	for (i = 0; i < e->ips.n; i++)
		if (ip_among(want, &e->ips.v[i]))
			ips_add(&less.ips, &e->ips.v[i]);
	if (less.ips.n == e->ips.n) {
		free(less.ips.v);
		return EXIT_OK;
	}
	err = edit_entry(e, &less);
	if (err) {
		free(less.ips.v);
		return err;
	}
	free(e->ips.v);
	e->ips = less.ips;
	return EXIT_OK;
}

static int free_entry(struct sync *y, struct fdb *e)
{
	const struct st_net *n = state_net_by_index(&y->st, e->net);
	const struct st_port *p = e->port ? state_port(&y->st, e->port) : NULL;
	bool *gone = &y->fdb_gone[e - y->st.fdb], stays, own;
	struct ips want = { 0 };
	uint8_t mac[6];
	int err = EXIT_OK;

	if (!n)
		return EXIT_OK;
	own = n->keep && e->self && !memcmp(e->mac, n->link.mac, 6);
	if (p && p->fate != FATE_STAYS && (n->keep || p->fate != FATE_DELETED))
		stays = false;
	else if (n->keep && (!p || p->want || !p->made))
		stays = sync_entry_stays(y, n, e, &want);
	else
		return EXIT_OK;	/* deleted with all of it, or left alone */
	if (own) {
		/* It cannot be removed, and goes when the network changes its MAC. */
		if (net_mac(mac, n->want->net_opts))
			*gone = memcmp(mac, n->link.mac, 6);
		if (!stays || *gone)
			want.n = 0;
		err = reduce_entry(e, &want);
	} else if (stays) {
		err = reduce_entry(e, &want);
	} else {
		err = edit_entry(e, NULL);
		*gone = true;
	}
	free(want.v);
	return err;
}

static int free_peer(struct sync *y, const struct peer *p)
{
	const struct st_net *n = state_net_by_index(&y->st, p->net);
	char text[IP_TEXT];
	int err;

	if (!n || !n->keep || sync_peer_stays(y, n, p))
		return EXIT_OK;
	err = peer_put(CTNET_CMD_PEER_DEL, p->net, &p->addr, p->dstport);
	if (err && err != -ENOENT)
		return fail("remove the peer %s of %s: %s",
			    ip_text(&p->addr, text), n->link.name,
			    nl_why(&ctx.ge, err, NULL));
	y->peer_gone[p - y->st.peers] = true;
	return EXIT_OK;
}

static int make_way(struct sync *y)
{
	int err = EXIT_OK;
	size_t i;

	for (i = 0; i < y->st.n_fdb && !err; i++)
		err = free_entry(y, &y->st.fdb[i]);
	for (i = 0; i < y->st.n_peers && !err; i++)
		err = free_peer(y, &y->st.peers[i]);
	for (i = 0; i < y->st.n_ports && !err; i++)
		if (y->st.ports[i].fate == FATE_DETACHED ||
		    y->st.ports[i].fate == FATE_CARRIED)
			err = edit_detach(&y->st.ports[i]);
	for (i = 0; i < y->conf.n && !err; i++) {
		if (y->conf.v[i]->kind != STMT_NET)
			continue;
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = free_vnis(y, y->conf.v[i]);
	}
	for (i = 0; i < y->st.n_nets && !err; i++) {
		if (y->st.nets[i].keep || !y->st.nets[i].want)
			continue;
		conf_at(&y->conf, y->st.nets[i].want, NULL);
		err = free_name(y, &y->st.nets[i]);
	}
	return err;
}

/* ---------------------------------------------------------- commands (step 3) */

/* Ports without a name, from a network to the one that takes its place. */
static int carry(struct sync *y, const struct stmt *s)
{
	const struct st_net *old;
	size_t i, j;
	int err = EXIT_OK;

	for (i = 0; i < y->st.n_ports && !err; i++) {
		const struct st_port *p = &y->st.ports[i];

		old = state_net_by_index(&y->st, p->port.net);
		if (p->fate != FATE_CARRIED || old->want != s)
			continue;
		err = edit_attach(s->ifindex, p, p->port.flags);
		for (j = 0; j < y->st.n_fdb && !err; j++) {
			struct fdb e = y->st.fdb[j];

			if (e.port != p->port.dev)
				continue;
			e.net = s->ifindex;
			err = edit_entry(NULL, &e);
		}
	}
	return err;
}

static int run(struct sync *y, struct stmt *s)
{
	const struct peer *peer;
	struct link now;
	int err = EXIT_OK;

	switch (s->kind) {
	case STMT_NET:
		break;
	case STMT_PORT:
		if (s->gone)
			return EXIT_OK;
		if (s->have_port)
			return edit_port(y, s);
		break;
	case STMT_PEER:
		peer = s->net->have_net ?
			state_peer(&y->st, s->net->ifindex, &s->addr) : NULL;
		if (peer && !y->peer_gone[peer - y->st.peers])
			return EXIT_OK;
		break;
	case STMT_FDB:
		if (s->port && s->port->gone)
			return EXIT_OK;
		if (s->net->have_net)
			return edit_fdb(y, s);
		break;
	}
	if (s->have_net)
		err = edit_net(s);
	else
		err = s->call.c->run(s->call.n, s->call.arg, s->call.vals);
	if (err || s->kind != STMT_NET)
		return err;
	err = link_get(&ctx.rt, s->call.arg[0], 0, -1, &now);
	if (err)
		return fail("look up the network: %s",
			    nl_why(&ctx.rt, err, NULL));
	s->ifindex = now.ifindex;
	return carry(y, s);
}

/* --------------------------------------------------------- deletion (step 4) */

/*
 * What add-port made and is a port of nothing: its network went, or it was killed. One that
 * is finished and whose container has no name is left alone, as such ports are.
 */
static bool is_rest(const struct sync *y, const struct link *l)
{
	char *name;
	size_t i;

	if (y->only || l->master || !port_is_made(l))
		return false;
	for (i = 0; i < y->conf.n; i++)
		if (y->conf.v[i]->takes == l->ifindex)
			return false;
	if (port_is_unfinished(l))
		return true;
	name = netns_name(l->peer_nsid, l->alias);
	free(name);
	return name;
}

void sync_others(const struct sync *y, bool *goes)
{
	const struct links *ls = &y->st.links;
	const struct link *l;
	size_t i;

	for (i = 0; i < y->st.n_nets; i++) {
		l = link_find(ls, y->st.nets[i].link.ifindex);
		goes[l - ls->v] = !y->st.nets[i].keep;
	}
	for (i = 0; i < y->st.n_ports; i++) {
		l = link_find(ls, y->st.ports[i].port.dev);
		if (y->st.ports[i].fate == FATE_DELETED)
			goes[l - ls->v] = true;
	}
	for (i = 0; i < ls->n; i++)
		if (is_rest(y, &ls->v[i]))
			goes[i] = true;
	netns_forget_names();
}

static int delete_others(struct sync *y)
{
	bool *goes = xcalloc(y->st.links.n + 1, sizeof(*goes));
	int err;

	sync_others(y, goes);
	err = links_del(&ctx.rt, &y->st.links, goes);
	free(goes);
	if (err)
		return fail("delete what the file does not have: %s",
			    nl_why(&ctx.rt, err, NULL));
	return EXIT_OK;
}

/* ------------------------------------------------------------------ all of it */

static int sync_all(struct sync *y, const char *what)
{
	size_t i;
	int err;

	undo_begin();
	conf_at(&y->conf, NULL, what);
	err = make_way(y);
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	/* What cannot be taken back is not begun before all else is done. */
	for (i = 0; i < y->conf.n && !err; i++) {
		struct stmt *s = y->conf.v[i];

		if (s->kind != STMT_NET || !s->have_net)
			continue;
		conf_at(&y->conf, s, NULL);
		err = edit_net_last(s);
	}
	conf_at(&y->conf, NULL, what);
	if (!err)
		err = delete_others(y);
	if (err)
		undo_run();
	else
		undo_commit();
	return err;
}

/* A network with all that belongs to it, or nothing of it. */
static void restore_net(struct sync *y, struct stmt *net)
{
	int err = EXIT_OK;
	size_t i;

	undo_begin();
	for (i = 0; i < y->conf.n && !err; i++) {
		if (y->conf.v[i]->net != net)
			continue;
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	net->failed = err;
	if (err)
		undo_run();
	else
		undo_commit();
}

/* What is interrupted leaves nothing; a network that cannot be had leaves the others. */
static int restore_all(struct sync *y, const char *what)
{
	size_t i, n = 0, failed = 0, size = 0;
	char *names = NULL;
	struct stmt *s;
	FILE *f;

	f = open_memstream(&names, &size);
	if (!f)
		die("out of memory");
	undo_begin();
	for (i = 0; i < y->conf.n; i++) {
		s = y->conf.v[i];
		if (s->kind != STMT_NET)
			continue;
		if (!s->failed && !undo_interrupted())
			restore_net(y, s);
		n++;
		if (s->failed)
			fprintf(f, "%s%s", failed++ ? ", " : "", s->call.arg[0]);
	}
	if (fclose(f))
		die("out of memory");
	conf_at(&y->conf, NULL, what);
	if (undo_interrupted()) {
		free(names);
		undo_run();
		return EXIT_REFUSED;
	}
	undo_commit();
	if (failed && failed < n)
		fail("%zu of %zu networks could not be made: %s; the others are there",
		     failed, n, names);
	free(names);
	return failed ? EXIT_REFUSED : EXIT_OK;
}

/* What there is, as much of it as counts. */
static int look(struct sync *y)
{
	struct link l = { 0 };
	int err = -ENODEV;

	if (!rt_sock())
		return EXIT_REFUSED;
	if (y->only)
		err = link_get(&ctx.rt, y->only, 0, -1, &l);
	if (y->restore ? false : !y->only || !err)
		return state_read(&y->st, l.ifindex);
	err = link_dump(&ctx.rt, &y->st.links);
	if (err)
		return fail("list the interfaces: %s",
			    nl_why(&ctx.rt, err, NULL));
	return EXIT_OK;
}

static int apply(struct sync *y, const char *what)
{
	int err;

	conf_at(&y->conf, NULL, what);
	err = look(y);
	if (err)
		return err;
	y->peer_gone = xcalloc(y->st.n_peers + 1, sizeof(*y->peer_gone));
	y->fdb_gone = xcalloc(y->st.n_fdb + 1, sizeof(*y->fdb_gone));
	err = match(y);
	if (err)
		return err;
	conf_at(&y->conf, NULL, what);
	if (y->dry_run)
		return plan(y);
	return y->restore ? restore_all(y, what) : sync_all(y, what);
}

/* A container in which something is changed has two descriptors until all is. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

/* A "save" that failed in a pipe must not be taken for a wish. */
static int no_command(const struct sync *y)
{
	if (y->only)
		return usage_error("the file has no \"add-net %s\", and to sync with it would delete that network; --allow-empty if that is what you want",
				   y->only);
	return usage_error("the file is empty: it has no command, and to sync with it would delete all networks; --allow-empty if that is what you want");
}

static int from_file(struct sync *y, const char *path, bool allow_empty)
{
	const char *outer_file = ctx.file;
	unsigned int outer_line = ctx.line;
	char what[sizeof(ctx.what)];
	int err;

	snprintf(what, sizeof(what), "%s", ctx.what);
	raise_limit();
	err = conf_read(&y->conf, path);
	if (!err && y->only)
		conf_only(&y->conf, y->only);
	if (!err && !y->restore && !y->conf.n && !allow_empty) {
		conf_at(&y->conf, NULL, what);
		err = no_command(y);
	}
	if (!err) {
		lock_take(true);
		err = apply(y, what);
		lock_drop();
	}
	free(y->owners);
	free(y->peer_gone);
	free(y->fdb_gone);
	state_free(&y->st);
	conf_free(&y->conf);
	ctx.file = outer_file;
	ctx.line = outer_line;
	snprintf(ctx.what, sizeof(ctx.what), "%s", what);
	return err;
}

int restore(int n, char **arg, void *vals)
{
	struct sync y = { .restore = true };

	(void)n;
	(void)vals;
	return from_file(&y, arg[0], true);
}

#define AT(m) offsetof(struct sync_opts, m)

const struct opt sync_opts[] = {
	{ .name = "dry-run", .type = OPT_FLAG, .off = AT(dry_run),
	  .help = "print commands that would do it, and do nothing" },
	{ .name = "allow-empty", .type = OPT_FLAG, .off = AT(allow_empty),
	  .help = "a file without a command deletes all networks" },
	{ .name = NULL }
};

int sync_file(int n, char **arg, void *vals)
{
	const struct sync_opts *o = vals;
	struct sync y = { .dry_run = o->dry_run, .only = n > 1 ? arg[0] : NULL };

	return from_file(&y, arg[n - 1], o->allow_empty);
}
