// SPDX-License-Identifier: GPL-2.0
/*
 * restore and sync: what differs between the kernel's state and a configuration, as commands
 * that make it differ no more. They are run one after the other, within one command that can
 * be taken back; or, for --dry-run, printed. The order of the steps is the point:
 *
 * 1. What the configuration names is looked up (match.c).
 * 2. What stands in the way goes, such that it can come back (makeway.c).
 * 3. Each command of the file runs, in its order; or, where what it makes is there already,
 *    one that changes it.
 * 4. What the file does not have is deleted, in one stroke, which is not taken back.
 *
 * restore is a sync where nothing is there: 1 and 3, of each network for itself.
 *
 * A network is not given a VNI, nor does it lose it: it is made anew, under its name. The old
 * one goes on under another name until it is deleted, and its ports are taken over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <linux/ctnet.h>

#include "sync.h"

static void put_words(const char *verb, int n, char **arg)
{
	int i;

	fputs(verb, stdout);
	for (i = 0; i < n; i++) {
		putchar(' ');
		word_write(stdout, arg[i]);
	}
}

static void put_command(const char *verb, const char *a, const char *b)
{
	char *arg[2] = { (char *)a, (char *)b };

	put_words(verb, b ? 2 : 1, arg);
}

int sync_emit_words(struct sync *y, const char *verb, int n, char **arg, void *vals)
{
	const struct command *c = command_find(verb);

	if (!y->dry_run)
		return c->run(n, arg, vals);
	put_words(verb, n, arg);
	opt_write(stdout, c->opts, vals);
	putchar('\n');
	return CT_OK;
}

int sync_emit(struct sync *y, const char *verb, const char *a, const char *b, void *vals)
{
	char *arg[3] = { (char *)a, (char *)b };

	return sync_emit_words(y, verb, b ? 2 : 1, arg, vals);
}

int sync_published(struct sync *y, const char *verb, const struct stmt *port,
		   const struct ct_published *ports, size_t n)
{
	const struct ct_port_conf *o = port->port_conf;
	struct ct_publish_conf vals = { .near = o->near, .ifname = o->ifname };
	char **arg = ct_calloc(n + 3, sizeof(*arg)), *text = ct_calloc(n + 1, CT_TEXT);
	int k = 0, err;
	size_t i;

	arg[k++] = port->call.arg[0];
	if (!o->near)
		arg[k++] = port->call.arg[1];
	for (i = 0; i < n; i++)
		arg[k++] = (char *)ct_published_text(&ports[i], text + i * CT_TEXT);
	err = n ? sync_emit_words(y, verb, k, arg, &vals) : CT_OK;
	free(arg);
	free(text);
	return err;
}

static int emit_stmt(struct sync *y, struct stmt *s)
{
	return sync_emit_words(y, s->call.c->name, s->call.n, s->call.arg, s->call.vals);
}

static bool any_set(const struct opt *opts, const void *vals)
{
	for (; opts->name; opts++)
		if (opt_is_set(opts, vals))
			return true;
	return false;
}

/* ---------------------------------------------------- 3. the commands of the file */

static int sync_net(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *h = s->have_net;
	struct ct_net_conf change = { 0 };
	int err;

	err = ct_net_find_underlay(&ct, s->net_conf);
	if (err)
		return err;
	ct_net_diff(&h->net, h->link.mac, &h->addrs, s->net_conf, &change);
	if (h->net.conf.underlay_ifindex == CTNET_UNDERLAY_GONE)
		change.underlay = NULL;
	if (any_set(set_net_opts, &change))
		err = sync_emit(y, "set-net", s->call.arg[0], NULL, &change);
	ct_addrs_free(&change.address);
	return err || y->dry_run ? err : ct_link_up(&ct.rt, &h->link);
}

/* Another underlay, where the old one is gone, cannot be taken back: it comes last. */
static int sync_underlay(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *h = s->have_net;
	struct ct_net_conf all = { 0 }, change = { 0 };

	if (!h || h->net.conf.underlay_ifindex != CTNET_UNDERLAY_GONE)
		return CT_OK;
	ct_net_diff(&h->net, h->link.mac, &h->addrs, s->net_conf, &all);
	change.underlay = all.underlay;
	change.underlay_any = all.underlay_any;
	ct_addrs_free(&all.address);
	return change.underlay ? sync_emit(y, "set-net", s->call.arg[0], NULL, &change) : CT_OK;
}

/* The flags that a port is to have, and has not; and the label. */
static void diff_port(const struct stmt *s, struct ct_port_conf *change)
{
	const struct ct_state_port *p = s->have_port;
	uint32_t flags = CTNET_PORT_FLAGS_DEFAULT | (p->made ? CT_TARGET_FLAGS : 0);
	const char *label = s->port_conf->label;
	const struct ct_attr *a;
	uint32_t value, selector;

	ct_port_flags(s->port_conf, &value, &selector);
	flags = (flags & ~selector) | value;
	for (a = ct_port_attrs; a->name; a++)
		if ((flags ^ p->port.flags) & a->set)
			*CT_ATTR(a, change) = (struct ct_num){ true, !!(flags & a->set) };
	if (!label && p->made && !s->port_conf->near)
		label = s->call.arg[1];
	change->label = label && strcmp(label, p->near.alias) ? label : NULL;
}

static void edit_routes(struct ct_port_conf *change, const struct ct_addrs *edits,
			enum ct_edit edit)
{
	size_t i;

	for (i = 0; i < edits->n; i++) {
		const struct ct_addr *r = &edits->v[i];
		struct ct_addr gateway = { .ip = r->via, .edit = edit };

		if (r->edit == edit)
			ct_addrs_add(r->plen ? &change->route : &change->gateway,
				     r->plen ? r : &gateway);
	}
}

static void diff_container(const struct stmt *s, struct ct_port_conf *change)
{
	const struct ct_port_conf *o = s->port_conf;
	const struct ct_state_port *p = s->have_port;
	bool follows = p->port.flags & CTNET_PORT_MTU_AUTO;
	const char *name = o->host_ifname ? o->host_ifname : p->near.mark;
	struct ct_addrs routes, edits = { 0 };

	if (!o->near && !ct_link_is_native(&p->near) && strcmp(name, p->near.name))
		change->host_ifname = name;
	if (!o->mtu.set || o->mtu.v == CT_MTU_AUTO)
		change->mtu = (struct ct_num){ !follows, CT_MTU_AUTO };
	else if (follows || o->mtu.v != p->far.mtu || o->mtu.v != p->near.mtu)
		change->mtu = o->mtu;
	change->mac.set = match_port_mac(s, change->mac.v) && memcmp(change->mac.v, p->far.mac, 6);
	ct_addrs_diff(&p->addrs, &o->address, &change->address);
	if (!p->reached)
		return;
	ct_port_routes(&routes, &o->gateway, &o->route, &o->address);
	ct_addrs_diff(&p->routes, &routes, &edits);
	/* What goes comes first: what comes takes its place. */
	edit_routes(change, &edits, CT_REMOVE);
	edit_routes(change, &edits, CT_ADD);
	ct_addrs_free(&edits);
	ct_addrs_free(&routes);
}

/* The entry that add-port would have entered, unless another command says more. */
static int own_entry(struct sync *y, const struct stmt *s)
{
	const struct ct_state_port *p = s->have_port;
	struct ct_fdb_conf o = { .port = p->near.name };
	const struct ct_fdb *e;
	char text[CT_TEXT];
	uint8_t mac[6];
	int err = CT_OK;

	match_port_mac(s, mac);
	if (conf_find_mac(&y->conf, s->call.arg[0], "fdb", mac))
		return CT_OK;
	o.ip = ct_addrs_ips(&s->port_conf->address);
	e = ct_state_fdb(&y->st, p->port.net, mac);
	if (!e || e->port != p->port.dev || !ct_addrs_same(&e->ips, &o.ip))
		err = sync_emit(y, "replace-fdb", s->call.arg[0], ct_mac_text(mac, text), &o);
	ct_addrs_free(&o.ip);
	return err;
}

static int delete_port(struct sync *y, const struct ct_state_port *p)
{
	struct ct_port_conf o = { .near = p->near.name, .if_exists = !y->dry_run };

	return sync_emit(y, "del-port", ct_state_net(&y->st, p->port.net)->link.name, NULL, &o);
}

/* This cannot be taken back: so it is done as late as can be. */
static int remake(struct sync *y, struct stmt *s)
{
	return delete_port(y, s->have_port) ?: emit_stmt(y, s);
}

static int sync_port(struct sync *y, struct stmt *s)
{
	const struct ct_state_port *p = s->have_port;
	const char *target = p->made ? s->call.arg[1] : NULL;
	struct ct_port_conf change = { 0 };
	int err = CT_OK;

	if (y->fate[p - y->st.ports] == REMADE)
		return remake(y, s);
	/* What was detached keeps its interface, and what that has. */
	if (!port_stays(y, p))
		err = emit_stmt(y, s);
	else if (!y->dry_run && !ct_link_is_native(&p->near))
		err = ct_link_up(&ct.rt, &p->near);
	diff_port(s, &change);
	if (p->made)
		diff_container(s, &change);
	if (!port_stays(y, p)) {
		struct ct_addrs old = change.address;
		size_t i;

		change = (struct ct_port_conf){ 0 };
		for (i = 0; i < old.n; i++)
			if (old.v[i].edit == CT_REMOVE)
				ct_addrs_add(&change.address, &old.v[i]);
		ct_addrs_free(&old);
	}
	if (!err && any_set(set_port_opts, &change)) {
		change.ifname = target ? s->port_conf->ifname : NULL;
		change.near = p->made && !target ? p->near.name : NULL;
		change.dev = p->made ? NULL : p->near.name;
		err = sync_emit(y, "set-port", s->call.arg[0], target, &change);
	}
	if (!err && p->made && port_stays(y, p) && !change.address.n && !change.mac.set)
		err = own_entry(y, s);
	opt_free(set_port_opts, &change);
	return err;
}

static int sync_fdb(struct sync *y, struct stmt *s)
{
	const struct ct_fdb_conf *o = s->fdb_conf;
	const struct ct_fdb *old = ct_state_fdb(&y->st, s->net->have_net->link.ifindex, s->mac);
	const struct ct_state_port *p = s->port ? s->port->have_port : NULL;

	if (old && !y->fdb_gone[old - y->st.fdb] && (!s->port || port_stays(y, p)) &&
	    old->port == (p ? p->port.dev : 0) && old->self == o->self &&
	    ct_ip_equal(&old->peer, &o->peer) && ct_addrs_same(&old->ips, &o->ip))
		return CT_OK;
	return sync_emit(y, "replace-fdb", s->call.arg[0], s->call.arg[1], s->call.vals);
}

/* Those that are not published yet. */
static int sync_publish(struct sync *y, struct stmt *s)
{
	const struct ct_state_port *p = s->port->have_port;
	const struct ct_nat_owner *w = port_stays(y, p) ? ct_nat_of_near(&y->st.nat, p->port.dev) :
							  NULL;
	struct ct_published *missing = ct_calloc(s->n_published, sizeof(*missing));
	size_t i, j, n = 0;
	int err;

	for (i = 0; i < s->n_published; i++) {
		for (j = 0; w && j < w->n; j++)
			if (ct_published_same(&w->ports[j], &s->published[i]))
				break;
		if (!w || j == w->n)
			missing[n++] = s->published[i];
	}
	err = sync_published(y, "publish", s->port, missing, n);
	free(missing);
	return err;
}

/* Ports without a name, from a network to the one that takes its place. */
static int carry(struct sync *y, const struct stmt *s)
{
	struct ct_fdb_conf o = { 0 };
	char mac[CT_TEXT];
	int net, err;
	size_t i, j;

	err = ct_net_index(&ct, s->call.arg[0], &net, NULL);
	for (i = 0; i < y->st.n_ports && !err; i++) {
		const struct ct_port *p = &y->st.ports[i].port;

		if (y->fate[i] != CARRIED || p->net != s->replaces->net.ifindex)
			continue;
		o.port = y->st.ports[i].near.name;
		err = ct_step(&ct.ge, ct_port_msg(&ct, CTNET_CMD_PORT_ADD, net, p->dev, p->flags,
						  CTNET_PORT_FLAGS_ALL),
			      ct_port_msg(&ct, CTNET_CMD_PORT_DEL, net, p->dev, 0, 0), NULL,
			      "attach %s", o.port);
		for (j = 0; j < y->st.n_fdb && !err; j++) {
			const struct ct_fdb *e = &y->st.fdb[j];

			o.ip = e->ips;
			if (e->port == p->dev && !e->local)
				err = sync_emit(y, "add-fdb", s->call.arg[0],
						ct_mac_text(e->mac, mac), &o);
		}
	}
	return err;
}

static int run(struct sync *y, struct stmt *s)
{
	const struct ct_state_net *n = s->net->have_net;
	const struct ct_state_peer *peer;
	int err;

	switch (s->kind) {
	case STMT_NET:
		err = n ? sync_net(y, s) : emit_stmt(y, s);
		return err || !s->replaces || y->dry_run ? err : carry(y, s);
	case STMT_PORT:
		if (s->gone)
			return CT_OK;
		return s->have_port ? sync_port(y, s) : emit_stmt(y, s);
	case STMT_PEER:
		peer = n ? ct_state_peer(&y->st, n->link.ifindex, &s->addr) : NULL;
		return peer && !y->peer_gone[peer - y->st.peers] ? CT_OK : emit_stmt(y, s);
	case STMT_FDB:
		if (s->port && s->port->gone)
			return CT_OK;
		return n ? sync_fdb(y, s) : emit_stmt(y, s);
	case STMT_PUBLISH:
		return s->port->gone ? CT_OK : sync_publish(y, s);
	}
	return CT_OK;
}

/* ------------------------------------------------------------- 4. deletion */

/*
 * What add-port made and is a port of nothing: its network went, or it was killed. One that
 * is finished and whose container has no name is left alone, as such ports are.
 */
static int is_rest(const struct sync *y, const struct ct_link *l, bool *rest)
{
	char *name;
	size_t i;
	int err;

	if (y->only || l->master || !ct_port_is_made(l))
		return CT_OK;
	for (i = 0; i < y->conf.n; i++)
		if (y->conf.v[i]->takes == l->ifindex)
			return CT_OK;
	*rest = ct_port_is_unfinished(l);
	if (*rest)
		return CT_OK;
	err = ct_netns_name(&ct, l->peer_nsid, l->alias, &name);
	if (err)
		return ct_refused(&ct.rt, err, NULL, "find the container at %s", l->name);
	*rest = name;
	free(name);
	return CT_OK;
}

/* Which of the interfaces are to be deleted in the end. */
static int find_others(const struct sync *y, bool *goes)
{
	const struct ct_links *ls = &y->st.links;
	int err = CT_OK;
	size_t i;

	for (i = 0; i < y->st.n_nets; i++)
		goes[ct_link_find(ls, y->st.nets[i].link.ifindex) - ls->v] =
			!y->net[i] && !is_left_alone(y, &y->st.nets[i]);
	for (i = 0; i < y->st.n_ports; i++)
		if (y->fate[i] == DELETED && !ct_link_is_native(&y->st.ports[i].near))
			goes[ct_link_find(ls, y->st.ports[i].port.dev) - ls->v] = true;
	for (i = 0; i < ls->n && !err; i++)
		err = is_rest(y, &ls->v[i], &goes[i]);
	ct_netns_forget(&ct);
	return err;
}

/* Native ports of networks that stay; the others go with theirs. */
static int delete_natives(struct sync *y)
{
	const struct ct_state_port *p;
	int err = CT_OK;
	size_t i;

	for (i = 0; i < y->st.n_ports && !err; i++) {
		p = &y->st.ports[i];
		if (y->fate[i] == DELETED && ct_link_is_native(&p->near) &&
		    net_stmt(y, ct_state_net(&y->st, p->port.net)))
			err = delete_port(y, p);
	}
	return err;
}

static int delete_others(struct sync *y, const bool *goes)
{
	int err = ct_links_del(&ct.rt, &y->st.links, goes);

	if (err)
		return ct_refused(&ct.rt, err, NULL, "delete what the file does not have");
	ct_nat_prune(&ct);
	return CT_OK;
}

/*
 * The same as commands, which come first: what comes may need the place. What is a port of
 * nothing del-port takes for any network: one that is there then.
 */
static void print_others(struct sync *y, const bool *goes, bool rests)
{
	const struct ct_links *ls = &y->st.links;
	const char *any = y->conf.n ? y->conf.v[0]->net->call.arg[0] :
			  y->st.n_nets ? y->st.nets[0].link.name : NULL;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		const struct ct_link *l = &ls->v[i];
		const struct ct_state_net *n = ct_state_net(&y->st, l->master);
		bool rest = !l->master && strcmp(l->kind, "ctnet");

		if (!goes[i] || rest != rests || (n && !net_stmt(y, n)))
			continue;
		if (!strcmp(l->kind, "ctnet"))
			put_command("del-net", l->name, NULL);
		else if (n || any)
			put_command("del-port", n ? n->link.name : any, "--port");
		else
			fputs("# ip link del dev", stdout);
		if (strcmp(l->kind, "ctnet")) {
			putchar(' ');
			word_write(stdout, l->name);
		}
		putchar('\n');
	}
}

/* -------------------------------------------------------------- all of it */

static int sync_all(struct sync *y, const char *what)
{
	bool *goes = ct_calloc(y->st.links.n, sizeof(*goes));
	size_t i;
	int err;

	err = find_others(y, goes);
	ct_begin(&ct);
	if (y->dry_run) {
		err = err ?: delete_natives(y);
		print_others(y, goes, false);
		if (!y->conf.n)
			print_others(y, goes, true);
	}
	err = err ?: make_way(y);
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	for (i = 0; i < y->conf.n && !err; i++) {
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = sync_underlay(y, y->conf.v[i]);
	}
	if (!err)
		conf_at(&y->conf, NULL, what);
	if (!err && !y->dry_run)
		err = delete_natives(y) ?: delete_others(y, goes);
	else if (!err && y->conf.n)
		print_others(y, goes, true);
	free(goes);
	return ct_end(&ct, err);
}

/* A network with all that belongs to it, or nothing of it. */
static void restore_net(struct sync *y, struct stmt *net)
{
	int err = CT_OK;
	size_t i;

	ct_begin(&ct);
	for (i = 0; i < y->conf.n && !err; i++) {
		if (y->conf.v[i]->net != net)
			continue;
		conf_at(&y->conf, y->conf.v[i], NULL);
		err = run(y, y->conf.v[i]);
	}
	net->failed = err;
	if (err)
		complain();
	ct_end(&ct, err);
}

/* What is interrupted leaves nothing; a network that cannot be had leaves the others. */
static int restore_all(struct sync *y, const char *what)
{
	size_t i, n = 0, failed = 0, size = 0;
	char *names = NULL;
	struct stmt *s;
	FILE *f;
	int err;

	f = open_memstream(&names, &size);
	if (!f)
		ct_nomem();
	ct_begin(&ct);
	for (i = 0; i < y->conf.n; i++) {
		s = y->conf.v[i];
		if (s->kind != STMT_NET)
			continue;
		if (!s->failed && !ct_interrupted(&ct))
			restore_net(y, s);
		n++;
		if (s->failed)
			fprintf(f, "%s%s", failed++ ? ", " : "", s->call.arg[0]);
	}
	if (fclose(f))
		ct_nomem();
	conf_at(&y->conf, NULL, what);
	err = ct_end(&ct, ct_interrupted(&ct) ? CT_REFUSED : CT_OK);
	if (!err && failed && failed < n) {
		ct_fail(&ct, "%zu of %zu networks could not be made: %s; the others are there",
			failed, n, names);
		complain();
	}
	free(names);
	return err || failed ? CT_REFUSED : CT_OK;
}

/* What there is, as much of it as counts. */
static int look(struct sync *y)
{
	struct ct_link l = { 0 };
	int err = -ENODEV;

	if (y->only)
		err = ct_link_get(&ct.rt, y->only, 0, -1, &l);
	if (!y->restore && (!y->only || !err))
		return ct_state_read(&ct, l.ifindex, true, &y->st);
	err = ct_link_dump(&ct.rt, &y->st.links);
	return err ? ct_refused(&ct.rt, err, NULL, "list the interfaces") : CT_OK;
}

static int apply(struct sync *y, const char *what)
{
	int err;

	conf_at(&y->conf, NULL, what);
	err = look(y);
	if (err)
		return err;
	y->net = ct_calloc(y->st.n_nets, sizeof(*y->net));
	y->heir = ct_calloc(y->st.n_nets, sizeof(*y->heir));
	y->want = ct_calloc(y->st.n_ports, sizeof(*y->want));
	y->fate = ct_calloc(y->st.n_ports, sizeof(*y->fate));
	y->peer_gone = ct_calloc(y->st.n_peers, sizeof(*y->peer_gone));
	y->fdb_gone = ct_calloc(y->st.n_fdb, sizeof(*y->fdb_gone));
	err = match(y);
	if (err)
		return err;
	conf_at(&y->conf, NULL, what);
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
		return ct_misuse(&ct, "the file has no \"add-net %s\", and to sync with it would delete that network; --allow-empty if that is what you want",
				 y->only);
	return ct_misuse(&ct, "the file is empty: it has no command, and to sync with it would delete all networks; --allow-empty if that is what you want");
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
		ct_lock(&ct, true);
		err = apply(y, what);
		ct_unlock(&ct);
	}
	/* The sentence is of the line that is at fault. */
	if (err)
		complain();
	free(y->net);
	free(y->heir);
	free(y->want);
	free(y->fate);
	free(y->peer_gone);
	free(y->fdb_gone);
	ct_state_free(&y->st);
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

const struct opt sync_opts[] = {
	{ .name = "dry-run", .type = OPT_FLAG, .off = offsetof(struct sync_opts, dry_run),
	  .help = "print commands that would do it, and do nothing" },
	{ .name = "allow-empty", .type = OPT_FLAG, .off = offsetof(struct sync_opts, allow_empty),
	  .help = "a file without a command deletes all networks" },
	{ .name = NULL }
};

int sync_file(int n, char **arg, void *vals)
{
	const struct sync_opts *o = vals;
	struct sync y = { .dry_run = o->dry_run, .only = n > 1 ? arg[0] : NULL };

	return from_file(&y, arg[n - 1], o->allow_empty);
}
