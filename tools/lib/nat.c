// SPDX-License-Identifier: GPL-2.0
/*
 * What the host's NAT does for networks, as it is recorded: each call reads the file, edits
 * what it says, has the table differ no more from that, and replaces the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nat.h"
#include "priv.h"

#define LOCAL_METRIC	4096

/* ------------------------------------------------------------------ records */

static void free_net(struct ct_nat_net *net)
{
	ct_addrs_free(&net->subnets);
}

static void free_owner(struct ct_nat_owner *w)
{
	free(w->owner);
	free(w->target);
	free(w->ports);
}

void ct_nat_free(struct ct_nat *nat)
{
	while (nat->n_nets)
		free_net(&nat->nets[--nat->n_nets]);
	while (nat->n_owners)
		free_owner(&nat->owners[--nat->n_owners]);
	free(nat->nets);
	free(nat->owners);
	memset(nat, 0, sizeof(*nat));
}

struct ct_nat_owner *ct_nat_find_owner(const struct ct_nat *nat, const char *owner)
{
	size_t i;

	for (i = 0; i < nat->n_owners; i++)
		if (!strcmp(nat->owners[i].owner, owner))
			return &nat->owners[i];
	return NULL;
}

static struct ct_nat_net *find_net(const struct ct_nat *nat, const char *net)
{
	size_t i;

	for (i = 0; i < nat->n_nets; i++)
		if (!strcmp(nat->nets[i].net, net))
			return &nat->nets[i];
	return NULL;
}

const struct ct_nat_owner *ct_nat_owner(const struct ct_nat *nat, const char *owner)
{
	return ct_nat_find_owner(nat, owner);
}

const struct ct_nat_net *ct_nat_net(const struct ct_nat *nat, const char *net)
{
	return find_net(nat, net);
}

void ct_nat_remove_owner(struct ct_nat *nat, struct ct_nat_owner *w)
{
	size_t i = w - nat->owners;

	free_owner(w);
	nat->n_owners--;
	memmove(w, w + 1, (nat->n_owners - i) * sizeof(*w));
}

const struct ct_nat_owner *ct_nat_of_near(const struct ct_nat *nat, int near)
{
	size_t i;

	for (i = 0; i < nat->n_owners; i++)
		if (nat->owners[i].near == near)
			return &nat->owners[i];
	return NULL;
}

void ct_nat_fill(const struct ct_nat *nat, struct ct_net *net)
{
	const struct ct_nat_net *n = find_net(nat, net->name);

	net->conf.masquerade = (struct ct_num){ true, n && n->masquerade };
	net->conf.internal = (struct ct_num){ true, n && n->internal };
}

static void remove_net(struct ct_nat *nat, struct ct_nat_net *net)
{
	size_t i = net - nat->nets;

	free_net(net);
	nat->n_nets--;
	memmove(net, net + 1, (nat->n_nets - i) * sizeof(*net));
}

struct ct_nat_owner *ct_nat_add_owner(struct ct_nat *nat, const struct ct_nat_owner *like)
{
	struct ct_nat_owner *w;

	nat->owners = ct_realloc(nat->owners, (nat->n_owners + 1) * sizeof(*w));
	w = &nat->owners[nat->n_owners++];
	*w = *like;
	w->owner = ct_strdup(like->owner);
	w->target = like->target ? ct_strdup(like->target) : NULL;
	w->ports = ct_calloc(like->n ? like->n : 1, sizeof(*w->ports));
	if (like->n)
		memcpy(w->ports, like->ports, like->n * sizeof(*w->ports));
	return w;
}

static void add_net(struct ct_nat *nat, const struct ct_nat_net *like)
{
	struct ct_nat_net *net;
	size_t i, n = 0;

	nat->nets = ct_realloc(nat->nets, (nat->n_nets + 1) * sizeof(*net));
	while (n < nat->n_nets && strcmp(nat->nets[n].net, like->net) < 0)
		n++;
	net = &nat->nets[n];
	memmove(net + 1, net, (nat->n_nets++ - n) * sizeof(*net));
	*net = *like;
	memset(&net->subnets, 0, sizeof(net->subnets));
	for (i = 0; i < like->subnets.n; i++)
		ct_addrs_add(&net->subnets, &like->subnets.v[i]);
}

/* A network by its index: it may have another name by now. */
static const struct ct_link *net_link(const struct ct_links *ls, int ifindex)
{
	const struct ct_link *l = ct_link_find(ls, ifindex);

	return l && !strcmp(l->kind, "ctnet") ? l : NULL;
}

static bool has_native(struct ct *ct, int net, int number)
{
	struct ct_port p;

	return !ct_genl(ct) && !ct_port_get(ct, net, number, &p);
}

static void prune(struct ct *ct, struct ct_nat *nat, const struct ct_links *ls)
{
	const struct ct_link *l, *near;
	size_t i;

	for (i = nat->n_nets; i-- > 0;) {
		l = net_link(ls, nat->nets[i].ifindex);
		if (l)
			memcpy(nat->nets[i].net, l->name, sizeof(nat->nets[i].net));
		else
			remove_net(nat, &nat->nets[i]);
	}
	for (i = nat->n_owners; i-- > 0;) {
		struct ct_nat_owner *w = &nat->owners[i];

		l = net_link(ls, w->ifindex);
		near = l && w->near ? ct_link_find(ls, w->near) : NULL;
		if (l && (!w->near || (near && near->master == l->ifindex) ||
			  (w->near < 0 && has_native(ct, l->ifindex, w->near))))
			memcpy(w->net, l->name, sizeof(w->net));
		else
			ct_nat_remove_owner(nat, w);
	}
}

static int list_links(struct ct *ct, struct ct_links *ls)
{
	int err = ct_link_dump(&ct->rt, ls);

	return err ? ct_refused(&ct->rt, err, NULL, "list the interfaces") : CT_OK;
}

int ct_nat_read(struct ct *ct, struct ct_nat *nat)
{
	struct ct_nat_file f;
	struct ct_links ls;
	bool there;
	int err;

	memset(nat, 0, sizeof(*nat));
	err = ct_nat_file(ct, &f, &there);
	if (err || !there)
		return err;
	err = list_links(ct, &ls);
	if (err)
		return err;
	err = ct_nat_file_read(ct, &f, nat);
	if (!err)
		prune(ct, nat, &ls);
	ct_links_free(&ls);
	return err;
}

/* ------------------------------------------------------------ what devices need */

/*
 * A connection from localhost to a container leaves by the network with an address of its
 * own, but the kernel has to send it there, and take the answers for localhost from there.
 * IPv4 has a switch for that, which lets everything in: the table drops it. IPv6 looks
 * for a way to ::1 by the interface that it came from, and packets to ::1 on the wire are
 * dropped before.
 */
static bool wants_localhost(const struct ct_nat *nat, int ifindex, int f)
{
	int family = f ? AF_INET6 : AF_INET;
	size_t i, j;

	for (i = 0; i < nat->n_owners; i++) {
		const struct ct_nat_owner *w = &nat->owners[i];

		for (j = 0; w->ifindex == ifindex && w->addr[f].family && j < w->n; j++) {
			const struct ct_ip *host = &w->ports[j].host;

			if ((!host->family || host->family == family) &&
			    (ct_nat_is_any(host) || ct_nat_is_loopback(host)))
				return true;
		}
	}
	return false;
}

static struct nl_msg *localnet_msg(int ifindex, bool on)
{
	struct nl_msg *msg = ct_link_msg(RTM_SETLINK, 0, ifindex);
	struct nlattr *spec = ct_nest(msg, IFLA_AF_SPEC), *inet, *conf;

	inet = ct_nest(msg, AF_INET);
	conf = ct_nest(msg, IFLA_INET_CONF);
	ct_put_u32(msg, IPV4_DEVCONF_ROUTE_LOCALNET, on);
	nla_nest_end(msg, conf);
	nla_nest_end(msg, inet);
	nla_nest_end(msg, spec);
	return msg;
}

static struct nl_msg *localhost6_msg(int ifindex, bool on)
{
	static const uint8_t one[16] = { [15] = 1 };
	struct rtmsg rtm = {
		.rtm_family = AF_INET6, .rtm_dst_len = 128, .rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_LOCAL,
	};
	struct nl_msg *msg;

	msg = ct_msg(on ? RTM_NEWROUTE : RTM_DELROUTE, on ? NLM_F_CREATE | NLM_F_EXCL : 0,
		     &rtm, sizeof(rtm));
	ct_put(msg, RTA_DST, one, sizeof(one));
	ct_put_u32(msg, RTA_OIF, ifindex);
	ct_put_u32(msg, RTA_PRIORITY, LOCAL_METRIC);
	return msg;
}

static int set_localhost(struct ct *ct, const struct ct_link *l, int f, bool on)
{
	struct nl_msg *msg = f ? localhost6_msg(l->ifindex, on) : localnet_msg(l->ifindex, on);
	int err = ct_do(&ct->rt, msg, NULL);

	if (!err || err == (on ? -EEXIST : -ESRCH))
		return CT_OK;
	return ct_refused(&ct->rt, err, NULL, "have %s on %s", f ? "::1" : "127.0.0.0/8",
			  l->name);
}

static int set_devices(struct ct *ct, const struct ct_links *ls, const struct ct_nat *have,
		       const struct ct_nat *want, bool anew)
{
	int err = CT_OK, f;
	bool was, is;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		const struct ct_link *l = &ls->v[i];

		for (f = 0; f < 2 && !err && !strcmp(l->kind, "ctnet"); f++) {
			was = wants_localhost(have, l->ifindex, f);
			is = wants_localhost(want, l->ifindex, f);
			if (was != is || (is && anew))
				err = set_localhost(ct, l, f, is);
		}
	}
	return err;
}

/* A digit of /proc/sys in the namespace that is worked on, or 0. */
static char read_sysctl(struct ct *ct, const char *path)
{
	char c = 0;
	int fd;

	if (ct_netns_enter(ct, ct->ns_fd))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, &c, 1) != 1)
			c = 0;
		close(fd);
	}
	ct_netns_leave(ct);
	return c;
}

static void warn_forwarding(struct ct *ct, const struct ct_nat *nat)
{
	static const char *const path[] = {
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding",
	};
	static const char *const name[] = {
		"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding",
	};
	bool need[2] = { false, false };
	size_t i, j;
	int f;

	for (i = 0; i < nat->n_owners; i++)
		for (f = 0; f < 2; f++)
			need[f] = need[f] || nat->owners[i].addr[f].family;
	for (i = 0; i < nat->n_nets; i++)
		for (j = 0; nat->nets[i].masquerade && j < nat->nets[i].subnets.n; j++)
			need[nat->nets[i].subnets.v[j].ip.family == AF_INET6] = true;
	for (f = 0; f < 2; f++) {
		if (!need[f] || ct->priv->told_forwarding[f] || read_sysctl(ct, path[f]) != '0')
			continue;
		ct->priv->told_forwarding[f] = true;
		ct_warn(ct, "the host does not forward IPv%d, so that nobody else reaches what is published, and nothing leaves: \"sysctl -w %s=1\"",
			f ? 6 : 4, name[f]);
	}
}

/* ------------------------------------------------------------------- changing */

/* An owner, or a network, as it was before: in one block. */
struct ct_nat_back {
	struct ct *ct;
	bool is_net;
	bool was;		/* it was there */
	char net[IFNAMSIZ];
	union {
		struct ct_nat_owner w;
		struct ct_nat_net n;
	};
	char room[];
};

static void add_back(struct ct_nat_edit *e, struct ct_nat_back *b)
{
	b->ct = e->ct;
	e->backs = ct_grow(e->backs, e->n, sizeof(*e->backs));
	e->backs[e->n++] = b;
}

void ct_nat_note_owner(struct ct_nat_edit *e, const char *owner)
{
	const struct ct_nat_owner *w = ct_nat_find_owner(&e->nat, owner);
	size_t ports = w ? w->n * sizeof(*w->ports) : 0, name = strlen(owner) + 1;
	struct ct_nat_back *b;

	if (e->back)
		return;
	b = ct_calloc(1, sizeof(*b) + ports + name + (w && w->target ? strlen(w->target) + 1 : 0));
	b->was = w;
	if (w)
		b->w = *w;
	b->w.ports = (void *)b->room;
	b->w.owner = b->room + ports;
	if (ports)
		memcpy(b->w.ports, w->ports, ports);
	memcpy(b->w.owner, owner, name);
	if (w && w->target)
		b->w.target = memcpy(b->w.owner + name, w->target, strlen(w->target) + 1);
	add_back(e, b);
}

static void note_net(struct ct_nat_edit *e, const char *net)
{
	const struct ct_nat_net *n = find_net(&e->nat, net);
	size_t subnets = n ? n->subnets.n * sizeof(*n->subnets.v) : 0;
	struct ct_nat_back *b;

	if (e->back)
		return;
	b = ct_calloc(1, sizeof(*b) + subnets);
	b->is_net = true;
	b->was = n;
	snprintf(b->net, sizeof(b->net), "%s", net);
	if (n)
		b->n = *n;
	b->n.subnets.v = (void *)b->room;
	if (subnets)
		memcpy(b->n.subnets.v, n->subnets.v, subnets);
	add_back(e, b);
}

static int put_back(struct ct_nat_edit *e)
{
	const struct ct_nat_back *b = e->arg;
	struct ct_nat_owner *w;
	struct ct_nat_net *n;

	if (b->is_net) {
		n = find_net(&e->nat, b->net);
		if (n)
			remove_net(&e->nat, n);
		if (b->was)
			add_net(&e->nat, &b->n);
		return CT_OK;
	}
	w = ct_nat_find_owner(&e->nat, b->w.owner);
	if (w)
		ct_nat_remove_owner(&e->nat, w);
	if (b->was)
		ct_nat_add_owner(&e->nat, &b->w);
	return CT_OK;
}

/* What has come and gone of the published ports. */
static void forget(struct ct *ct, const struct ct_nat_elems *have,
		   const struct ct_nat_elems *want)
{
	struct ct_nat_elems gone, come;

	ct_nat_elems_minus(have, want, &gone);
	ct_nat_elems_minus(want, have, &come);
	ct_conntrack_forget(ct, &gone, &come);
	free(gone.v);
	free(come.v);
}

static int apply(struct ct_nat_edit *e, const struct ct_nat_file *f, const struct ct_links *ls,
		 const struct ct_nat *old, bool anew)
{
	struct ct_nat_elems have, want;
	struct ct *ct = e->ct;
	int err;

	ct_nat_elems(old, &have);
	ct_nat_elems(&e->nat, &want);
	err = ct_nat_file_write(ct, f, &e->nat);
	err = err ?: set_devices(ct, ls, old, &e->nat, anew);
	err = err ?: ct_nft_change(ct, &have, &want, anew);
	if (!err) {
		err = ct_nat_file_commit(ct, f, &e->nat);
		if (err && ct_nft_change(ct, &want, &have, false))
			err = CT_REFUSED;
	}
	if (err) {
		char *why = ct->error;

		ct->error = NULL;
		set_devices(ct, ls, &e->nat, old, false);
		free(ct->error);
		ct->error = why;
		ct_nat_file_drop(f);
	} else {
		forget(ct, &have, &want);
	}
	free(have.v);
	free(want.v);
	return err;
}

/* @anew: the table is replaced. */
static int edit(struct ct_nat_edit *e, ct_nat_edit_fn fn, bool anew)
{
	struct ct_links ls = { 0 };
	struct ct_nat old = { 0 };
	struct ct *ct = e->ct;
	struct ct_nat_file f;
	bool there;
	int err;

	err = ct_nat_file(ct, &f, &there);
	err = err ?: ct_nat_file_lock(ct, &f);
	if (err)
		return err;
	err = list_links(ct, &ls);
	err = err ?: ct_nat_file_read(ct, &f, &old);
	err = err ?: ct_nat_file_read(ct, &f, &e->nat);
	if (!err)
		prune(ct, &e->nat, &ls);
	err = err ?: fn(e);
	err = err ?: apply(e, &f, &ls, &old, anew);
	if (!err && !e->back)
		warn_forwarding(ct, &e->nat);
	ct_nat_file_unlock(&f);
	ct_links_free(&ls);
	ct_nat_free(&old);
	ct_nat_free(&e->nat);
	return err;
}

static void take_back(void *arg)
{
	struct ct_nat_back *b = arg;
	struct ct_nat_edit e = { .ct = b->ct, .arg = b, .back = true };
	char *why = b->ct->error;

	b->ct->error = NULL;
	if (edit(&e, put_back, false))
		ct_warn(b->ct, "a step could not be undone: %s", b->ct->error);
	free(b->ct->error);
	b->ct->error = why;
}

int ct_nat_change(struct ct *ct, ct_nat_edit_fn fn, const void *arg, bool anew)
{
	struct ct_nat_edit e = { .ct = ct, .arg = arg };
	size_t i;
	int err;

	ct_begin(ct);
	err = edit(&e, fn, anew);
	for (i = 0; i < e.n; i++)
		if (err)
			free(e.backs[i]);
		else
			ct_undo_call(ct, take_back, e.backs[i]);
	free(e.backs);
	return ct_end(ct, err);
}

/* Nothing is recorded, and so nothing has to be removed. */
bool ct_nat_is_empty(struct ct *ct)
{
	struct ct_nat_file f;
	bool there = false;

	return !ct_nat_file(ct, &f, &there) && !there;
}

/* -------------------------------------------------------------------- networks */

struct net_arg {
	struct ct_nat_net net;
	bool forget;		/* with all that is published on it */
};

static int set_net(struct ct_nat_edit *e)
{
	const struct net_arg *a = e->arg;
	struct ct_nat_net *n = find_net(&e->nat, a->net.net);
	size_t i;

	note_net(e, a->net.net);
	if (n)
		remove_net(&e->nat, n);
	if (a->net.masquerade || a->net.internal)
		add_net(&e->nat, &a->net);
	for (i = e->nat.n_owners; a->forget && i-- > 0;) {
		struct ct_nat_owner *w = &e->nat.owners[i];

		if (strcmp(w->net, a->net.net))
			continue;
		ct_nat_note_owner(e, w->owner);
		ct_nat_remove_owner(&e->nat, w);
	}
	return CT_OK;
}

/* The host's own addresses there are what says which subnets the network has. */
static int own_subnets(struct ct *ct, struct ct_nat_net *net)
{
	struct ct_addrs all;
	size_t i;
	int err;

	memset(&net->subnets, 0, sizeof(net->subnets));
	net->own = true;
	if (!net->masquerade)
		return CT_OK;
	err = ct_addr_dump(&ct->rt, net->ifindex, -1, true, &all);
	if (err)
		return ct_refused(&ct->rt, err, NULL, "read the addresses of %s", net->net);
	for (i = 0; i < all.n; i++)
		if (!ct_ip_is_link_local(&all.v[i].ip))
			ct_addrs_add(&net->subnets, &all.v[i]);
	ct_addrs_free(&all);
	return CT_OK;
}

int ct_nat_net_set(struct ct *ct, const struct ct_nat_net *net)
{
	struct net_arg a = { .net = *net };
	bool on = net->masquerade || net->internal;
	const char *why;
	struct ct_link l;
	int err;

	err = ct_net_find(ct, net->net, &l, NULL);
	if (err)
		return err;
	why = on ? ct_nft_bad_name(l.name) : NULL;
	if (why)
		return ct_fail(ct, "%s", why);
	if (!on && ct_nat_is_empty(ct))
		return CT_OK;
	memcpy(a.net.net, l.name, sizeof(a.net.net));
	a.net.ifindex = l.ifindex;
	a.net.own = !net->subnets.n;
	if (a.net.own)
		err = own_subnets(ct, &a.net);
	err = err ?: ct_nat_change(ct, set_net, &a, false);
	if (a.net.own)
		ct_addrs_free(&a.net.subnets);
	return err;
}

int ct_nat_net_del(struct ct *ct, const char *net)
{
	struct net_arg a = { .forget = true };
	struct ct_link l;
	int err;

	if (ct_nat_is_empty(ct))
		return CT_OK;
	err = ct_net_find(ct, net, &l, NULL);
	if (err)
		return err;
	memcpy(a.net.net, l.name, sizeof(a.net.net));
	return ct_nat_change(ct, set_net, &a, false);
}

static int nothing(struct ct_nat_edit *e)
{
	(void)e;
	return CT_OK;
}

void ct_nat_prune(struct ct *ct)
{
	char *why = ct->error;

	if (ct_nat_is_empty(ct))
		return;
	ct->error = NULL;
	if (ct_nat_change(ct, nothing, NULL, false))
		ct_warn(ct, "what was published there may last: %s", ct->error);
	free(ct->error);
	ct->error = why;
}

static int renew(struct ct_nat_edit *e)
{
	int err = CT_OK;
	size_t i;

	for (i = 0; i < e->nat.n_nets && !err; i++) {
		if (!e->nat.nets[i].own)
			continue;
		ct_addrs_free(&e->nat.nets[i].subnets);
		err = own_subnets(e->ct, &e->nat.nets[i]);
	}
	return err;
}

int ct_nat_renew(struct ct *ct)
{
	return ct_nat_is_empty(ct) ? CT_OK : ct_nat_change(ct, renew, NULL, true);
}

int ct_nat_is_lost(struct ct *ct, bool *lost)
{
	bool there = true;
	int err = CT_OK;

	*lost = false;
	if (!ct_nat_is_empty(ct))
		err = ct_nft_is_there(ct, &there);
	*lost = !err && !there;
	return err;
}
