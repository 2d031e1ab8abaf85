// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that the kernel remembers: what is translated is looked up when a connection
 * begins, and not again. So those by a published port that goes must be forgotten, or a
 * client of UDP that never stops sending goes on to a container that is not there; and what
 * comes for the host's port before it is published goes on to the host.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "nat.h"

static struct {
	typeof(nfct_open) *nfct_open;
	typeof(nfct_close) *nfct_close;
	typeof(nfct_query) *nfct_query;
	typeof(nfct_callback_register) *nfct_callback_register;
	typeof(nfct_callback_unregister) *nfct_callback_unregister;
	typeof(nfct_filter_dump_create) *nfct_filter_dump_create;
	typeof(nfct_filter_dump_destroy) *nfct_filter_dump_destroy;
	typeof(nfct_filter_dump_set_attr) *nfct_filter_dump_set_attr;
	typeof(nfct_get_attr) *nfct_get_attr;
	typeof(nfct_get_attr_u8) *nfct_get_attr_u8;
	typeof(nfct_get_attr_u16) *nfct_get_attr_u16;
	typeof(nfct_get_attr_u32) *nfct_get_attr_u32;
	typeof(nfct_clone) *nfct_clone;
	typeof(nfct_destroy) *nfct_destroy;
} lib;

static int load(struct ct *ct)
{
	static const struct ct_symbol symbols[] = {
		CT_SYMBOL(nfct_open),
		CT_SYMBOL(nfct_close),
		CT_SYMBOL(nfct_query),
		CT_SYMBOL(nfct_callback_register),
		CT_SYMBOL(nfct_callback_unregister),
		CT_SYMBOL(nfct_filter_dump_create),
		CT_SYMBOL(nfct_filter_dump_destroy),
		CT_SYMBOL(nfct_filter_dump_set_attr),
		CT_SYMBOL(nfct_get_attr),
		CT_SYMBOL(nfct_get_attr_u8),
		CT_SYMBOL(nfct_get_attr_u16),
		CT_SYMBOL(nfct_get_attr_u32),
		CT_SYMBOL(nfct_clone),
		CT_SYMBOL(nfct_destroy),
		{ NULL, NULL }
	};
	static bool loaded;

	return ct_load(ct, "libnetfilter_conntrack.so.3", symbols, &loaded);
}

struct search {
	const struct ct_nat_elems *gone;
	const struct ct_nat_elems *come;
	struct ct_addrs local;
	struct nf_conntrack **found;
	size_t n;
};

static void get_ip(const struct nf_conntrack *c, bool v4, enum nf_conntrack_attr a4,
		   enum nf_conntrack_attr a6, uint8_t b[16])
{
	const void *p = lib.nfct_get_attr(c, v4 ? a4 : a6);

	memset(b, 0, 16);
	if (p)
		memcpy(b, p, v4 ? 4 : 16);
}

static bool is_local(const struct search *s, bool v4, const uint8_t b[16])
{
	struct ct_ip ip;

	ct_ip_set(&ip, b, v4 ? 4 : 16);
	return ct_nat_is_loopback(&ip) || ct_ip_among(&s->local, &ip);
}

/* Whether a connection is by a port of these, of those for one address or those for all. */
static bool is_by(const struct ct_nat_elems *l, struct ct_nat_elem *key, bool v4, bool to_there)
{
	const struct ct_nat_elem *e;
	uint8_t to[16];
	int any;

	memcpy(to, key->to, sizeof(to));
	for (any = 0; any < 2; any++) {
		key->set = v4 ? any ? NAT_ANY4 : NAT_ONE4 : any ? NAT_ANY6 : NAT_ONE6;
		if (any)
			memset(key->host, 0, sizeof(key->host));
		e = ct_nat_elem_find(l, key);
		if (e && (!to_there || (e->port == key->port && !memcmp(e->to, to, sizeof(to)))))
			return true;
	}
	return false;
}

static int look(enum nf_conntrack_msg_type type, struct nf_conntrack *c, void *data)
{
	bool v4 = lib.nfct_get_attr_u8(c, ATTR_ORIG_L3PROTO) == AF_INET, hit;
	bool dnat = lib.nfct_get_attr_u32(c, ATTR_STATUS) & IPS_DST_NAT;
	struct search *s = data;
	struct ct_nat_elem key;

	(void)type;
	memset(&key, 0, sizeof(key));
	key.proto = lib.nfct_get_attr_u8(c, ATTR_ORIG_L4PROTO);
	key.host_port = ntohs(lib.nfct_get_attr_u16(c, ATTR_ORIG_PORT_DST));
	key.port = ntohs(lib.nfct_get_attr_u16(c, ATTR_REPL_PORT_SRC));
	get_ip(c, v4, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST, key.host);
	get_ip(c, v4, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, key.to);
	if (dnat)
		hit = is_by(s->gone, &key, v4, true);
	else
		hit = key.proto == IPPROTO_UDP && is_local(s, v4, key.host) &&
		      is_by(s->come, &key, v4, false);
	if (!hit)
		return NFCT_CB_CONTINUE;
	s->found = ct_grow(s->found, s->n, sizeof(*s->found));
	s->found[s->n] = lib.nfct_clone(c);
	if (!s->found[s->n++])
		ct_nomem();
	return NFCT_CB_CONTINUE;
}

static bool has_ports(const struct ct_nat_elems *l, bool udp)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].host_port && (!udp || l->v[i].proto == IPPROTO_UDP))
			return true;
	return false;
}

/* Of all, or of those only whose destination is translated. */
static int dump(struct nfct_handle *h, bool all)
{
	const struct nfct_filter_dump_mark dnat = { .val = IPS_DST_NAT, .mask = IPS_DST_NAT };
	struct nfct_filter_dump *filter = lib.nfct_filter_dump_create();
	int err;

	if (!filter)
		ct_nomem();
	if (!all)
		lib.nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_STATUS, &dnat);
	err = lib.nfct_query(h, NFCT_Q_DUMP_FILTER, filter) < 0 ? -errno : 0;
	lib.nfct_filter_dump_destroy(filter);
	return err;
}

static int forget(struct nfct_handle *h, struct search *s, bool all)
{
	int err;
	size_t i;

	lib.nfct_callback_register(h, NFCT_T_ALL, look, s);
	err = dump(h, all);
	lib.nfct_callback_unregister(h);
	for (i = 0; i < s->n; i++) {
		/* One that has ended by itself is gone. */
		if (lib.nfct_query(h, NFCT_Q_DESTROY, s->found[i]) && errno != ENOENT && !err)
			err = -errno;
		lib.nfct_destroy(s->found[i]);
	}
	free(s->found);
	return err;
}

void ct_conntrack_forget(struct ct *ct, const struct ct_nat_elems *gone,
			 const struct ct_nat_elems *come)
{
	struct search s = { .gone = gone, .come = come };
	bool all = has_ports(come, true);
	struct nfct_handle *h = NULL;
	int err;

	if (!all && !has_ports(gone, false))
		return;
	if (load(ct)) {
		ct_warn(ct, "connections by ports that were published may last: %s", ct->error);
		free(ct->error);
		ct->error = NULL;
		return;
	}
	if (all)
		ct_addr_dump(&ct->rt, 0, -1, false, &s.local);
	err = ct_netns_enter(ct, ct->ns_fd);
	if (!err) {
		h = lib.nfct_open(CONNTRACK, 0);
		err = h ? 0 : -errno;
		ct_netns_leave(ct);
	}
	if (h) {
		err = forget(h, &s, all);
		lib.nfct_close(h);
	}
	ct_addrs_free(&s.local);
	/* A kernel that cannot be asked has CONFIG_NF_CT_NETLINK off. */
	if (err)
		ct_warn(ct, "connections by ports that were published may last: the kernel's conntrack table: %s",
			err == -EINVAL || err == -EOPNOTSUPP ?
			"it cannot be asked (CONFIG_NF_CT_NETLINK)" : strerror(-err));
}
