// SPDX-License-Identifier: GPL-2.0
/*
 * save: what the kernel has, as the commands that make it. What is as it would be
 * without an option is not said, so options have the order and the defaults of
 * the tables that they are parsed by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "conf.h"
#include "container.h"
#include "state.h"

/* Options first where an operand could be taken for one. */
static void write_command(FILE *f, const char *verb, const char *a,
			  const char *b, const struct opt *opts,
			  const void *vals)
{
	bool last = a[0] == '-' || (b && b[0] == '-');

	fputs(verb, f);
	if (last) {
		opt_write(f, opts, vals);
		fputs(" --", f);
	}
	fputc(' ', f);
	word_write(f, a);
	if (b) {
		fputc(' ', f);
		word_write(f, b);
	}
	if (!last)
		opt_write(f, opts, vals);
	fputc('\n', f);
}

static void write_net(FILE *f, const struct st_net *n)
{
	struct net_opts o = n->net.cfg;
	const struct opt *opt;
	uint8_t usual[6];
	struct link under;

	for (opt = add_net_opts; opt->name; opt++) {
		struct o_u32 *v = OPT_AT(opt, &o);

		if (opt->width && opt->attr != IFLA_CTNET_VNI &&
		    v->v == opt->preset)
			v->set = false;
	}
	o.mtu.set = !n->net.mtu_auto;
	if (o.underlay_ifindex)
		o.underlay = underlay_name(o.underlay_ifindex, &under);
	o.address = n->addrs;
	o.mac.set = false;
	if (!net_mac(usual, &o) || memcmp(usual, n->link.mac, 6)) {
		o.mac.set = true;
		memcpy(o.mac.v, n->link.mac, 6);
	}
	write_command(f, "add-net", n->net.name, NULL, add_net_opts, &o);
}

static void write_peer(FILE *f, const struct st_net *n, const struct peer *p)
{
	struct peer_opts o = { .dstport = { p->dstport != 0, p->dstport } };
	char text[IP_TEXT];

	write_command(f, "add-peer", n->net.name, ip_text(&p->addr, text),
		      add_peer_opts, &o);
}

static void port_flags(struct port_opts *o, const struct st_port *p)
{
	uint32_t usual = CTNET_PORT_FLAGS_DEFAULT;
	const struct opt *opt;

	if (p->made)
		usual |= CTNET_PORT_TARGET_FLAGS;
	for (opt = add_port_opts; opt->name; opt++) {
		struct o_u32 *v = OPT_AT(opt, o);

		if (opt->type != OPT_ONOFF ||
		    !((p->port.flags ^ usual) & opt->attr))
			continue;
		v->set = true;
		v->v = !!(p->port.flags & opt->attr);
	}
}

static void write_port(FILE *f, const struct st_net *n, const struct st_port *p)
{
	const char *label = p->near.alias;
	struct port_opts o = { 0 };
	struct cidrs hosts = { 0 };	/* that add-port takes */
	uint8_t usual[6];
	size_t i;

	port_flags(&o, p);
	if (!p->made) {
		o.dev = p->near.name;
		if (label[0])
			o.label = label;
		write_command(f, "add-port", n->net.name, NULL, add_port_opts,
			      &o);
		return;
	}
	/* The near end is what it is known by as long as it is there. */
	if (!p->target)
		o.near = p->near.name;
	else if (strcmp(p->far.name, DEFAULT_IFNAME))
		o.ifname = p->far.name;
	if (p->target && strcmp(p->near.name, p->near.mark))
		o.host_ifname = p->near.name;
	for (i = 0; i < p->addrs.n; i++)
		if (!cidr_not_hosts(&p->addrs.v[i]))
			cidrs_add(&hosts, &p->addrs.v[i]);
	o.address = hosts;
	for (i = 0; i < p->routes.n; i++)
		if (p->routes.v[i].dst.plen)
			routes_add(&o.route, &p->routes.v[i]);
		else
			ips_add(&o.gateway, &p->routes.v[i].via);
	if (o.address.n)
		mac_from_ip(usual, &o.address.v[0].ip, 0);
	if (!o.address.n || memcmp(usual, p->mac, 6)) {
		o.mac.set = true;
		memcpy(o.mac.v, p->mac, 6);
	}
	if (!(p->port.flags & CTNET_PORT_MTU_AUTO)) {
		o.mtu.set = true;
		o.mtu.v = p->far.mtu;
	}
	if (!p->target || strcmp(label, p->target))
		o.label = label;
	write_command(f, "add-port", n->net.name, p->target, add_port_opts, &o);
	free(hosts.v);
	free(o.gateway.v);
	free(o.route.v);
}

static void write_entry(FILE *f, const struct state *st,
			const struct st_net *n, const struct fdb *e)
{
	struct fdb_opts o = { .peer = e->peer, .self = e->self, .ip = e->ips };
	const struct st_port *p = e->port ? state_port(st, e->port) : NULL;
	const char *verb = "add-fdb";
	bool own = false;
	char mac[MAC_TEXT];

	if (e->port && !p)
		return;		/* it goes just now */
	if (e->self && !memcmp(e->mac, n->link.mac, 6))
		own = true;
	if (p && p->made) {
		own = !memcmp(e->mac, p->mac, 6);
		if (state_entry_is_own(p, e))
			return;
		o.target = p->target;
		if (!p->target)
			o.port = p->near.name;
		else if (strcmp(p->far.name, DEFAULT_IFNAME))
			o.ifname = p->far.name;
	} else if (p) {
		o.port = p->near.name;
	}
	/* What add-net and add-port enter is there when its turn comes. */
	if (own)
		verb = "replace-fdb";
	if (own && e->self && !e->ips.n)
		return;
	write_command(f, verb, n->net.name, mac_text(e->mac, mac),
		      replace_fdb_opts, &o);
}

/* Devices by name; containers by theirs, those without one last. */
static int port_order(const void *a, const void *b)
{
	const struct st_port *x = *(struct st_port *const *)a;
	const struct st_port *y = *(struct st_port *const *)b;
	int d;

	if (x->made != y->made)
		return x->made - y->made;
	if (!x->made)
		return strcmp(x->near.name, y->near.name);
	if (!x->target != !y->target)
		return !x->target - !y->target;
	d = x->target ? strcmp(x->target, y->target) :
			strcmp(x->near.alias, y->near.alias);
	if (!d)
		d = strcmp(x->far.name, y->far.name);
	return d ? d : strcmp(x->near.name, y->near.name);
}

static void write_ports(FILE *f, const struct state *st, const struct st_net *n)
{
	struct st_port **v = xcalloc(st->n_ports + 1, sizeof(*v));
	size_t i, k = 0;

	for (i = 0; i < st->n_ports; i++)
		if (st->ports[i].port.net == n->net.ifindex)
			v[k++] = &st->ports[i];
	qsort(v, k, sizeof(*v), port_order);
	for (i = 0; i < k; i++)
		write_port(f, n, v[i]);
	free(v);
}

/* Its underlay went, or is a network of which that is so: what that was nobody knows. */
static bool is_stranded(const struct state *st, const struct st_net *n)
{
	uint32_t under = n->net.cfg.underlay_ifindex;
	const struct st_net *u = under ? state_net_by_index(st, under) : NULL;

	return under && (u ? is_stranded(st, u) : !link_find(&st->links, under));
}

static void write_whole(FILE *f, const struct state *st, const struct st_net *n)
{
	size_t i;

	write_net(f, n);
	for (i = 0; i < st->n_peers; i++)
		if (st->peers[i].net == n->net.ifindex)
			write_peer(f, n, &st->peers[i]);
	write_ports(f, st, n);
	for (i = 0; i < st->n_fdb; i++)
		if (st->fdb[i].net == n->net.ifindex)
			write_entry(f, st, n, &st->fdb[i]);
}

/* What cannot be had again as it stands is a comment, for people to mend. */
static int write_stranded(FILE *f, const struct state *st,
			  const struct st_net *n)
{
	char *text = NULL, *line, *next;
	size_t size;
	FILE *t;

	t = open_memstream(&text, &size);
	if (!t)
		die("out of memory");
	write_whole(t, st, n);
	if (fclose(t))
		die("out of memory");
	fputs("# its underlay device is gone: name another one\n", f);
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		fprintf(f, "# %.*s", (int)(next - line), line);
	}
	free(text);
	return fail("the underlay device of %s is gone, and so the network is in a comment only: give it another one by \"ctnetctl set-net %s --underlay DEV\"",
		    n->net.name, n->net.name);
}

/* A network whose underlay is another one comes after that. An exit code. */
static int write_all(FILE *f, const struct state *st, const struct st_net *n,
		     bool *done)
{
	const struct st_net *under;
	int err = EXIT_OK;

	if (done[n - st->nets])
		return EXIT_OK;
	done[n - st->nets] = true;
	under = n->net.cfg.underlay_ifindex ?
		state_net_by_index(st, n->net.cfg.underlay_ifindex) : NULL;
	if (under)
		err = write_all(f, st, under, done);
	if (is_stranded(st, n))
		return write_stranded(f, st, n);
	write_whole(f, st, n);
	return err;
}

int save(int n, char **arg, void *vals)
{
	struct link net = { 0 };
	char *text = NULL;
	struct state st = { 0 };
	size_t size, i;
	bool *done;
	int err;
	FILE *f;

	(void)vals;
	if (ctx.json)
		return usage_error("-j: a configuration is commands and no JSON, which \"ctnetctl -j show\" prints");
	if (n) {
		err = net_find(arg[0], &net, NULL);
		if (err)
			return err;
	}
	err = state_read(&st, net.ifindex);
	if (err)
		goto out;
	/* All of it or nothing: who reads it must not take a part for the whole. */
	f = open_memstream(&text, &size);
	if (!f)
		die("out of memory");
	fputs("# made by \"ctnetctl save\"; see ctnetctl(8), CONFIGURATIONS\n", f);
	done = xcalloc(st.n_nets + 1, sizeof(*done));
	for (i = 0; i < st.n_nets; i++) {
		int e = write_all(f, &st, &st.nets[i], done);

		err = err ? err : e;
	}
	free(done);
	if (fclose(f))
		die("out of memory");
	fputs(text, stdout);
	free(text);
	for (i = 0; i < st.n_ports; i++)
		if (st.ports[i].made && !st.ports[i].target)
			warn("the container at %s has no name that would outlive it: as long as it lives, --port has it attached again; later, attach it by a name of \"ip netns\" or a path",
			     st.ports[i].near.name);
out:
	state_free(&st);
	return err;
}
