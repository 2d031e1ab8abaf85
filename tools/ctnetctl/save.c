// SPDX-License-Identifier: GPL-2.0
/*
 * save: what the kernel has, as the commands that make it. What is as it would be without
 * an option is not said, so options have the order of the tables that they are parsed by.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"

/* Options first where an operand could be taken for one. */
static void write_command(FILE *f, const char *verb, const char *a, const char *b,
			  const struct opt *opts, const void *vals)
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

static void write_net(FILE *f, const struct ct_state *st, const struct ct_state_net *n)
{
	struct ct_net_conf o = n->net.conf;
	const struct ct_attr *a;
	uint8_t usual[6];

	for (a = ct_net_attrs; a->name; a++)
		if (a->set != IFLA_CTNET_VNI && CT_ATTR(a, &o)->v == a->preset)
			CT_ATTR(a, &o)->set = false;
	o.mtu.set = !n->net.mtu_auto;
	if (o.underlay_ifindex)
		o.underlay = ct_link_find(&st->links, o.underlay_ifindex) ?
			     ct_link_find(&st->links, o.underlay_ifindex)->name : "(gone)";
	o.address = n->addrs;
	o.mac.set = !ct_net_mac(usual, &o) || memcmp(usual, n->link.mac, 6);
	memcpy(o.mac.v, n->link.mac, 6);
	write_command(f, "add-net", n->net.name, NULL, add_net_opts, &o);
}

static void write_peer(FILE *f, const struct ct_state_net *n, const struct ct_peer *p)
{
	struct peer_opts o = { .dstport = { p->dstport != 0, p->dstport } };
	char text[CT_TEXT];

	write_command(f, "add-peer", n->net.name, ct_ip_text(&p->addr, text), add_peer_opts, &o);
}

static void write_port(FILE *f, const struct ct_state_net *n, const struct ct_state_port *p)
{
	uint32_t usual = CTNET_PORT_FLAGS_DEFAULT | (p->made ? CT_TARGET_FLAGS : 0);
	const char *label = p->near.alias;
	struct ct_port_conf o = { 0 };
	const struct ct_attr *a;
	uint8_t mac[6];
	size_t i;

	for (a = ct_port_attrs; a->name; a++)
		if ((p->port.flags ^ usual) & a->set)
			*CT_ATTR(a, &o) = (struct ct_num){ true, !!(p->port.flags & a->set) };
	if (!p->made) {
		o.dev = p->near.name;
		o.label = label[0] ? label : NULL;
		write_command(f, "add-port", n->net.name, NULL, add_port_opts, &o);
		return;
	}
	/* The near end is what it is known by as long as it is there. */
	if (!p->target)
		o.near = p->near.name;
	else if (strcmp(p->far.name, CT_IFNAME))
		o.ifname = p->far.name;
	if (ct_link_is_native(&p->near))
		o.type = "native";
	else if (p->target && strcmp(p->near.name, p->near.mark))
		o.host_ifname = p->near.name;
	for (i = 0; i < p->addrs.n; i++)
		if (!ct_not_hosts(&p->addrs.v[i]))
			ct_addrs_add(&o.address, &p->addrs.v[i]);
	for (i = 0; i < p->routes.n; i++)
		if (p->routes.v[i].plen)
			ct_addrs_add(&o.route, &p->routes.v[i]);
		else
			ct_ips_add(&o.gateway, &p->routes.v[i].via);
	if (o.address.n)
		ct_mac_from_ip(mac, &o.address.v[0].ip, 0);
	o.mac.set = !o.address.n || memcmp(mac, p->mac, 6);
	memcpy(o.mac.v, p->mac, 6);
	o.mtu = (struct ct_num){ !(p->port.flags & CTNET_PORT_MTU_AUTO), p->far.mtu };
	if (!p->target || strcmp(label, p->target))
		o.label = label;
	write_command(f, "add-port", n->net.name, p->target, add_port_opts, &o);
	opt_free(add_port_opts, &o);
}

static void write_entry(FILE *f, const struct ct_state *st, const struct ct_state_net *n,
			const struct ct_fdb *e)
{
	struct ct_fdb_conf o = { .peer = e->peer, .self = e->self, .ip = e->ips };
	const struct ct_state_port *p = e->port ? ct_state_port(st, e->port) : NULL;
	bool own = e->self && !memcmp(e->mac, n->link.mac, 6);
	char mac[CT_TEXT];

	if ((e->port && !p) ||		/* it goes just now */
	    (e->local && !own) || (own && !e->ips.n) || (p && ct_state_entry_is_own(p, e)))
		return;
	if (p && p->made && p->target) {
		o.target = p->target;
		o.ifname = strcmp(p->far.name, CT_IFNAME) ? p->far.name : NULL;
	} else if (p) {
		o.port = p->near.name;
	}
	/* What add-net and add-port enter is there when its turn comes. */
	own = own || (p && p->made && !memcmp(e->mac, p->mac, 6));
	write_command(f, own ? "replace-fdb" : "add-fdb", n->net.name, ct_mac_text(e->mac, mac),
		      replace_fdb_opts, &o);
}

static int text_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* In an order that does not tell in which they were published. */
static void write_specs(FILE *f, const struct ct_nat_owner *w)
{
	char (*text)[CT_TEXT] = ct_calloc(w->n, sizeof(*text));
	size_t i;

	for (i = 0; i < w->n; i++)
		ct_published_text(&w->ports[i], text[i]);
	qsort(text, w->n, sizeof(*text), text_order);
	for (i = 0; i < w->n; i++)
		fprintf(f, " %s", text[i]);
	free(text);
}

/* What Docker or another has published is theirs to publish again. */
static void write_published(FILE *f, const struct ct_state *st, const struct ct_state_net *n,
			    const struct ct_state_port *p)
{
	const struct ct_nat_owner *w = ct_nat_of_near(&st->nat, p->port.dev);
	struct ct_publish_conf o = { 0 };
	bool last;

	if (!w || !ct_nat_is_port(w))
		return;
	if (!p->target)
		o.near = p->near.name;
	else if (strcmp(p->far.name, CT_IFNAME))
		o.ifname = p->far.name;
	last = n->net.name[0] == '-' || (p->target && p->target[0] == '-');
	fputs("publish", f);
	if (last) {
		opt_write(f, publish_opts, &o);
		fputs(" --", f);
	}
	fputc(' ', f);
	word_write(f, n->net.name);
	if (p->target) {
		fputc(' ', f);
		word_write(f, p->target);
	}
	write_specs(f, w);
	if (!last)
		opt_write(f, publish_opts, &o);
	fputc('\n', f);
}

/* Devices by name; containers by theirs, those without one last. */
static int port_order(const void *a, const void *b)
{
	const struct ct_state_port *x = *(struct ct_state_port *const *)a;
	const struct ct_state_port *y = *(struct ct_state_port *const *)b;
	int d;

	if (x->made != y->made)
		return x->made - y->made;
	if (!x->made)
		return strcmp(x->near.name, y->near.name);
	if (!x->target != !y->target)
		return !x->target - !y->target;
	d = strcmp(x->target ? x->target : x->near.alias, y->target ? y->target : y->near.alias);
	if (!d)
		d = strcmp(x->far.name, y->far.name);
	return d ? d : strcmp(x->near.name, y->near.name);
}

static void write_whole(FILE *f, const struct ct_state *st, const struct ct_state_net *n)
{
	struct ct_state_port **v = ct_calloc(st->n_ports, sizeof(*v));
	int net = n->net.ifindex;
	size_t i, k = 0;

	write_net(f, st, n);
	for (i = 0; i < st->n_peers; i++)
		if (st->peers[i].peer.net == net)
			write_peer(f, n, &st->peers[i].peer);
	for (i = 0; i < st->n_ports; i++)
		if (st->ports[i].port.net == net)
			v[k++] = &st->ports[i];
	qsort(v, k, sizeof(*v), port_order);
	for (i = 0; i < k; i++)
		write_port(f, n, v[i]);
	for (i = 0; i < k; i++)
		write_published(f, st, n, v[i]);
	for (i = 0; i < st->n_fdb; i++)
		if (st->fdb[i].net == net)
			write_entry(f, st, n, &st->fdb[i]);
	free(v);
}

/* Its underlay went, or is a network of which that is so: what that was nobody knows. */
static bool is_stranded(const struct ct_state *st, const struct ct_state_net *n)
{
	uint32_t under = n->net.conf.underlay_ifindex;
	const struct ct_state_net *u = under ? ct_state_net(st, under) : NULL;

	return under && (u ? is_stranded(st, u) : !ct_link_find(&st->links, under));
}

/* What cannot be had again as it stands is a comment, for people to mend. */
static int write_stranded(FILE *f, const struct ct_state *st, const struct ct_state_net *n)
{
	char *text = NULL, *line, *next;
	size_t size;
	FILE *t;

	t = open_memstream(&text, &size);
	if (!t)
		ct_nomem();
	write_whole(t, st, n);
	if (fclose(t))
		ct_nomem();
	fputs("# its underlay device is gone: name another one\n", f);
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		fprintf(f, "# %.*s", (int)(next - line), line);
	}
	free(text);
	ct_fail(&ct, "the underlay device of %s is gone, and so the network is in a comment only: give it another one by \"ctnetctl set-net %s --underlay DEV\"",
		n->net.name, n->net.name);
	return complain();
}

/* A network whose underlay is another one comes after that. */
static int write_all(FILE *f, const struct ct_state *st, const struct ct_state_net *n,
		     bool *done)
{
	const struct ct_state_net *under;
	int err = CT_OK;

	if (done[n - st->nets])
		return CT_OK;
	done[n - st->nets] = true;
	under = ct_state_net(st, n->net.conf.underlay_ifindex);
	if (under)
		err = write_all(f, st, under, done);
	if (is_stranded(st, n))
		return write_stranded(f, st, n);
	write_whole(f, st, n);
	return err;
}

/*
 * All of it or nothing: who reads it must not take a part for the whole. Docker's networks are in
 * there only if they are asked for (@only).
 */
static int print(const struct ct_state *st, bool only)
{
	bool *done = ct_calloc(st->n_nets, sizeof(*done));
	int err = CT_OK, e;
	char *text = NULL;
	size_t size, i;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		ct_nomem();
	fputs("# made by \"ctnetctl save\"; see ctnetctl(8), CONFIGURATIONS\n", f);
	for (i = 0; i < st->n_nets; i++)
		done[i] = !only && ct_net_is_dockers(&st->nets[i].link);
	for (i = 0; i < st->n_nets; i++) {
		e = write_all(f, st, &st->nets[i], done);
		err = err ? err : e;
	}
	free(done);
	if (fclose(f))
		ct_nomem();
	fputs(text, stdout);
	free(text);
	for (i = 0; i < st->n_ports; i++)
		if (st->ports[i].made && !st->ports[i].target)
			ct_warn(&ct, "the container at %s has no name that would outlive it: as long as it lives, --port has it attached again; later, attach it by a name of \"ip netns\" or a path",
				st->ports[i].near.name);
	return err;
}

int save(int n, char **arg, void *vals)
{
	struct ct_link net = { 0 };
	struct ct_state st = { 0 };
	int err;

	(void)vals;
	if (ctx.json)
		return ct_misuse(&ct, "-j: a configuration is commands and not JSON, which \"ctnetctl -j show\" prints");
	err = n ? ct_net_find(&ct, arg[0], &net, NULL) : CT_OK;
	err = err ?: ct_state_read(&ct, net.ifindex, true, &st);
	err = err ?: print(&st, n);
	ct_state_free(&st);
	return err;
}
