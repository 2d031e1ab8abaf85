// SPDX-License-Identifier: GPL-2.0
/*
 * The nft table "inet ctnet". All of it is made in one transaction, and so is what changes:
 * elements of its sets and maps, of which a packet looks up one, however many there are.
 *
 * What gets into a command is numbers, addresses, and names of interfaces that have nothing
 * in them that nft could take for something else.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "nat.h"

#define TABLE	"inet ctnet"

/*
 * The rules, by what they are for:
 *
 * wire: with route_localnet the kernel takes packets of 127.0.0.0/8 from a network as well.
 * None may come from there: what a container answers has the host's address by then.
 *
 * prerouting, output: of what is to an address of the host, what is published goes to the
 * container. From outside, nothing is to 127.0.0.0/8, nor to ::1, which the kernel drops.
 *
 * forward: into a network that is masqueraded comes what is published, and what answers.
 * Packets that another table drops are dropped, whatever is accepted here.
 *
 * postrouting: who reaches a published port from the same network has the host's address,
 * or the container would answer past the host; who is localhost must have another, too. All
 * others keep theirs.
 */
static const char table[] =
	"add table " TABLE "\n"
	"delete table " TABLE "\n"
	"table " TABLE " {\n"
	"	set nets { type ifname; }\n"
	"	set same { type ifname . ifname; }\n"
	"	set private { type ifname; }\n"
	"	set internal { type ifname; }\n"
	"	set masq4 { type ifname . ipv4_addr; flags interval; }\n"
	"	set masq6 { type ifname . ipv6_addr; flags interval; }\n"
	"	map one4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }\n"
	"	map one6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }\n"
	"	map any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"
	"	map any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }\n"
	"	chain publish {\n"
	"		dnat ip to ip daddr . meta l4proto . th dport map @one4\n"
	"		dnat ip to meta l4proto . th dport map @any4\n"
	"		dnat ip6 to ip6 daddr . meta l4proto . th dport map @one6\n"
	"		dnat ip6 to meta l4proto . th dport map @any6\n"
	"	}\n"
	"	chain wire {\n"
	"		type filter hook prerouting priority -300;\n"
	"		iifname @nets ip daddr 127.0.0.0/8 drop\n"
	"		iifname @nets ip saddr 127.0.0.0/8 drop\n"
	"	}\n"
	"	chain prerouting {\n"
	"		type nat hook prerouting priority -100;\n"
	"		ip daddr 127.0.0.0/8 return\n"
	"		fib daddr type local jump publish\n"
	"	}\n"
	"	chain output {\n"
	"		type nat hook output priority -100;\n"
	"		fib daddr type local jump publish\n"
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority 0;\n"
	"		iifname @internal drop\n"
	"		oifname @internal drop\n"
	"		ct state established,related accept\n"
	"		ct status dnat accept\n"
	"		oifname @private drop\n"
	"	}\n"
	"	chain postrouting {\n"
	"		type nat hook postrouting priority 100;\n"
	"		iifname . oifname @same ct status dnat masquerade\n"
	"		oifname @nets ip saddr 127.0.0.0/8 masquerade\n"
	"		oifname @nets ip6 saddr ::1 masquerade\n"
	"		oifname @nets ct status dnat return\n"
	"		iifname . oifname @same return\n"
	"		iifname . ip saddr @masq4 masquerade\n"
	"		iifname . ip6 saddr @masq6 masquerade\n"
	"	}\n"
	"}\n";

static const char *const set_names[] = {
	[NAT_NETS] = "nets", [NAT_SAME] = "same", [NAT_PRIVATE] = "private",
	[NAT_INTERNAL] = "internal", [NAT_MASQ4] = "masq4", [NAT_MASQ6] = "masq6",
	[NAT_ONE4] = "one4", [NAT_ONE6] = "one6", [NAT_ANY4] = "any4", [NAT_ANY6] = "any6",
};

/* nft knows no way to write a quote, and takes an asterisk for any name that begins so. */
const char *ct_nft_bad_name(const char *name)
{
	static const char why[] =
		"nft cannot name the network: it knows letters, digits and \"._-+@=,\"";
	const char *p;

	for (p = name; *p; p++)
		if (!isascii((unsigned char)*p) ||
		    (!isalnum((unsigned char)*p) && !strchr("._-+@=,", *p)))
			return why;
	return NULL;
}

/* ---------------------------------------------------------------- elements */

static const size_t key_size = offsetof(struct ct_nat_elem, port);

int ct_nat_elem_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ct_nat_elem));
}

static int key_order(const void *a, const void *b)
{
	return memcmp(a, b, key_size);
}

const struct ct_nat_elem *ct_nat_elem_find(const struct ct_nat_elems *l,
					   const struct ct_nat_elem *key)
{
	return l->n ? bsearch(key, l->v, l->n, sizeof(*l->v), key_order) : NULL;
}

static struct ct_nat_elem *new_elem(struct ct_nat_elems *l, enum ct_nat_set set,
				    const char *net)
{
	struct ct_nat_elem *e;

	l->v = ct_grow(l->v, l->n, sizeof(*l->v));
	e = &l->v[l->n++];
	memset(e, 0, sizeof(*e));
	e->set = set;
	snprintf(e->net, sizeof(e->net), "%s", net);
	return e;
}

static void new_net(struct ct_nat_elems *l, const char *net)
{
	new_elem(l, NAT_NETS, net);
	new_elem(l, NAT_SAME, net);
}

/* Of subnets within one another, the larger one. */
static bool is_within(const struct ct_addrs *l, size_t i)
{
	size_t j;

	for (j = 0; j < l->n; j++)
		if (j != i && l->v[j].plen <= l->v[i].plen &&
		    ct_ip_is_in(&l->v[i].ip, &l->v[j]) &&
		    (l->v[j].plen < l->v[i].plen || j < i))
			return true;
	return false;
}

static void net_elems(const struct ct_nat_net *net, struct ct_nat_elems *l)
{
	struct ct_nat_elem *e;
	size_t i;

	new_net(l, net->net);
	if (net->internal)
		new_elem(l, NAT_INTERNAL, net->net);
	if (!net->masquerade)
		return;
	new_elem(l, NAT_PRIVATE, net->net);
	for (i = 0; i < net->subnets.n; i++) {
		struct ct_addr a = net->subnets.v[i];

		if (is_within(&net->subnets, i))
			continue;
		ct_addr_mask(&a);
		e = new_elem(l, a.ip.family == AF_INET ? NAT_MASQ4 : NAT_MASQ6, net->net);
		e->plen = a.plen;
		memcpy(e->host, a.ip.b, a.ip.len);
	}
}

static void port_elems(const struct ct_nat_owner *w, const struct ct_published *p,
		       struct ct_nat_elems *l)
{
	static const enum ct_nat_set one[] = { NAT_ONE4, NAT_ONE6 };
	static const enum ct_nat_set any[] = { NAT_ANY4, NAT_ANY6 };
	struct ct_nat_elem *e;
	unsigned int i, f;

	for (f = 0; f < 2; f++) {
		if (!w->addr[f].family || (p->host.family && p->host.family != w->addr[f].family))
			continue;
		for (i = 0; i < p->count; i++) {
			e = new_elem(l, ct_nat_is_any(&p->host) ? any[f] : one[f], "");
			e->proto = p->proto;
			if (!ct_nat_is_any(&p->host))
				memcpy(e->host, p->host.b, p->host.len);
			e->host_port = p->host_port + i;
			e->port = p->port + i;
			memcpy(e->to, w->addr[f].b, w->addr[f].len);
		}
	}
}

void ct_nat_elems(const struct ct_nat *nat, struct ct_nat_elems *l)
{
	size_t i, j, n = 0;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < nat->n_nets; i++)
		net_elems(&nat->nets[i], l);
	for (i = 0; i < nat->n_owners; i++) {
		const struct ct_nat_owner *w = &nat->owners[i];

		new_net(l, w->net);
		for (j = 0; j < w->n; j++)
			port_elems(w, &w->ports[j], l);
	}
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), ct_nat_elem_order);
	/* A network that several publish on is one element. */
	for (i = 0; i < l->n; i++)
		if (!i || ct_nat_elem_order(&l->v[i], &l->v[n - 1]))
			memmove(&l->v[n++], &l->v[i], sizeof(*l->v));
	l->n = n;
}

/* ---------------------------------------------------------------- commands */

static void put_elem(FILE *f, const struct ct_nat_elem *e, bool whole)
{
	bool v4 = e->set == NAT_MASQ4 || e->set == NAT_ONE4 || e->set == NAT_ANY4;
	char host[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int family = v4 ? AF_INET : AF_INET6;

	inet_ntop(family, e->host, host, sizeof(host));
	inet_ntop(family, e->to, to, sizeof(to));
	switch ((enum ct_nat_set)e->set) {
	case NAT_NETS:
	case NAT_PRIVATE:
	case NAT_INTERNAL:
		fprintf(f, "\"%s\"", e->net);
		return;
	case NAT_SAME:
		fprintf(f, "\"%s\" . \"%s\"", e->net, e->net);
		return;
	case NAT_MASQ4:
	case NAT_MASQ6:
		fprintf(f, "\"%s\" . %s/%u", e->net, host, e->plen);
		return;
	case NAT_ONE4:
	case NAT_ONE6:
		fprintf(f, "%s . ", host);
		break;
	case NAT_ANY4:
	case NAT_ANY6:
		break;
	}
	fprintf(f, "%u . %u", e->proto, e->host_port);
	if (whole)
		fprintf(f, " : %s . %u", to, e->port);
}

/* One command for the elements of a set. */
static void put_elems(FILE *f, const char *verb, const struct ct_nat_elems *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (!i || l->v[i].set != l->v[i - 1].set)
			fprintf(f, "%s%s element " TABLE " %s { ", i ? " }\n" : "", verb,
				set_names[l->v[i].set]);
		else
			fputs(", ", f);
		put_elem(f, &l->v[i], verb[0] == 'a');
	}
	if (l->n)
		fputs(" }\n", f);
}

void ct_nat_elems_minus(const struct ct_nat_elems *a, const struct ct_nat_elems *b,
			struct ct_nat_elems *out)
{
	size_t i, j = 0;
	int d = -1;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < a->n; i++) {
		while (j < b->n && (d = ct_nat_elem_order(&b->v[j], &a->v[i])) < 0)
			j++;
		if (j < b->n && !d)
			continue;
		out->v = ct_grow(out->v, out->n, sizeof(*out->v));
		memcpy(&out->v[out->n++], &a->v[i], sizeof(*out->v));
	}
}

static struct {
	typeof(nft_ctx_new) *nft_ctx_new;
	typeof(nft_ctx_free) *nft_ctx_free;
	typeof(nft_ctx_buffer_error) *nft_ctx_buffer_error;
	typeof(nft_ctx_buffer_output) *nft_ctx_buffer_output;
	typeof(nft_ctx_get_error_buffer) *nft_ctx_get_error_buffer;
	typeof(nft_ctx_get_output_buffer) *nft_ctx_get_output_buffer;
	typeof(nft_run_cmd_from_buffer) *nft_run_cmd_from_buffer;
} lib;

static int load(struct ct *ct)
{
	static const struct ct_symbol symbols[] = {
		CT_SYMBOL(nft_ctx_new),
		CT_SYMBOL(nft_ctx_free),
		CT_SYMBOL(nft_ctx_buffer_error),
		CT_SYMBOL(nft_ctx_buffer_output),
		CT_SYMBOL(nft_ctx_get_error_buffer),
		CT_SYMBOL(nft_ctx_get_output_buffer),
		CT_SYMBOL(nft_run_cmd_from_buffer),
		{ NULL, NULL }
	};
	static bool loaded;

	return ct_load(ct, "libnftables.so.1", symbols, &loaded);
}

/* The sentence of nft's first complaint, without where it stands. */
static const char *complaint(struct nft_ctx *nft)
{
	const char *text = lib.nft_ctx_get_error_buffer(nft), *p;

	p = text ? strstr(text, "Error: ") : NULL;
	p = p ? p + strlen("Error: ") : text;
	return p && *p ? p : "it does not say why";
}

int ct_nft_run(struct ct *ct, const char *commands, const char *what, char **out)
{
	struct nft_ctx *nft;
	int err, failed = -1;

	err = load(ct);
	if (err)
		return err;
	err = ct_netns_enter(ct, ct->ns_fd);
	if (err)
		return ct_fail(ct, "enter the namespace: %s", strerror(-err));
	nft = lib.nft_ctx_new(NFT_CTX_DEFAULT);
	if (nft) {
		lib.nft_ctx_buffer_error(nft);
		lib.nft_ctx_buffer_output(nft);
		failed = lib.nft_run_cmd_from_buffer(nft, commands);
	}
	if (failed && what) {
		const char *text = nft ? complaint(nft) : "libnftables does not start";

		ct_fail(ct, "%s: nft: %.*s", what, (int)strcspn(text, "\n"), text);
	} else if (!failed && out) {
		*out = ct_strdup(lib.nft_ctx_get_output_buffer(nft));
	}
	if (nft)
		lib.nft_ctx_free(nft);
	ct_netns_leave(ct);
	return failed ? CT_REFUSED : CT_OK;
}

static char *whole(const struct ct_nat_elems *want)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		ct_nomem();
	/* The first two lines leave none, be there one or not. */
	fprintf(f, "%.*s", want->n ? (int)strlen(table) :
				     (int)(strstr(table, "table " TABLE " {") - table), table);
	put_elems(f, "add", want);
	if (fclose(f))
		ct_nomem();
	return text;
}

static char *difference(const struct ct_nat_elems *have, const struct ct_nat_elems *want)
{
	struct ct_nat_elems gone, come;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		ct_nomem();
	ct_nat_elems_minus(have, want, &gone);
	ct_nat_elems_minus(want, have, &come);
	put_elems(f, "delete", &gone);
	put_elems(f, "add", &come);
	free(gone.v);
	free(come.v);
	if (fclose(f))
		ct_nomem();
	return text;
}

int ct_nft_change(struct ct *ct, const struct ct_nat_elems *have,
		  const struct ct_nat_elems *want, bool anew)
{
	static const char why[] = "make the table \"" TABLE "\"";
	char *text = NULL;
	int err = CT_REFUSED;

	if (!anew && have->n && want->n) {
		text = difference(have, want);
		err = text[0] ? ct_nft_run(ct, text, NULL, NULL) : CT_OK;
	}
	if (err) {
		free(text);
		text = whole(want);
		err = ct_nft_run(ct, text, why, NULL);
	}
	free(text);
	return err;
}

int ct_nft_is_there(struct ct *ct, bool *there)
{
	char *text = NULL, *p;
	int err = ct_nft_run(ct, "list tables inet", "list the tables", &text);

	p = text ? strstr(text, "table " TABLE) : NULL;
	*there = p && !isgraph((unsigned char)p[strlen("table " TABLE)]);
	free(text);
	return err;
}
