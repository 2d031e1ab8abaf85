// SPDX-License-Identifier: GPL-2.0
/* Interfaces, their addresses and routes, over rtnetlink. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ct.h"

/* What follows the mark at the beginning of a name, or NULL. */
static const char *after_mark(const char *name)
{
	if (strncmp(name, "ct", 2) ||
	    strspn(name + 2, "0123456789abcdef") < CT_MARK_LEN - 2)
		return NULL;
	return name + CT_MARK_LEN;
}

/* The mark is the name; or an altname is the mark, '-', and what the other end was called. */
static void parse_mark(struct ct_link *l, struct nlattr *altnames)
{
	const char *rest = after_mark(l->name);
	char name[ALTIFNAMSIZ];
	struct nlattr *a;
	int left;

	if (rest && !*rest)
		memcpy(l->mark, l->name, CT_MARK_LEN);
	if (!altnames)
		return;
	nla_for_each_nested(a, altnames, left) {
		if (nla_type(a) != IFLA_ALT_IFNAME)
			continue;
		nla_strlcpy(name, a, sizeof(name));
		rest = after_mark(name);
		if (!rest || *rest != '-' || strlen(rest + 1) >= IFNAMSIZ)
			continue;
		memcpy(l->mark, name, CT_MARK_LEN);
		if (rest[1])
			memcpy(l->given, rest + 1, strlen(rest + 1) + 1);
	}
}

static void parse_native(struct ct_link *l, struct nlattr *data)
{
	struct nlattr *tb[IFLA_CTNET_PORT_MAX + 1];

	if (data && !nla_parse_nested(tb, IFLA_CTNET_PORT_MAX, data, NULL))
		l->number = ct_get_num(tb[IFLA_CTNET_PORT_NUMBER]);
}

static int link_parse(struct nlmsghdr *h, struct ct_link *l)
{
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct ifinfomsg *ifm = nlmsg_data(h);

	memset(l, 0, sizeof(*l));
	if (h->nlmsg_type != RTM_NEWLINK || ct_parse(h, sizeof(*ifm), tb, IFLA_MAX) ||
	    !tb[IFLA_IFNAME])
		return -EBADMSG;
	l->ifindex = ifm->ifi_index;
	l->flags = ifm->ifi_flags;
	nla_strlcpy(l->name, tb[IFLA_IFNAME], sizeof(l->name));
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(l->alias, tb[IFLA_IFALIAS], sizeof(l->alias));
	if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == 6) {
		memcpy(l->mac, nla_data(tb[IFLA_ADDRESS]), 6);
		l->has_mac = true;
	}
	l->mtu = ct_get_num(tb[IFLA_MTU]);
	l->group = ct_get_num(tb[IFLA_GROUP]);
	l->master = ct_get_num(tb[IFLA_MASTER]);
	l->peer = ct_get_num(tb[IFLA_LINK]);
	l->operstate = ct_get_num(tb[IFLA_OPERSTATE]);
	/* Of a namespace that is being taken apart the kernel says -1; of this one, nothing. */
	l->peer_nsid = tb[IFLA_LINK_NETNSID] ? (int)ct_get_num(tb[IFLA_LINK_NETNSID]) : -1;
	l->peer_goes = tb[IFLA_LINK_NETNSID] && l->peer_nsid < 0;
	if (tb[IFLA_LINKINFO] &&
	    !nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) &&
	    info[IFLA_INFO_KIND]) {
		nla_strlcpy(l->kind, info[IFLA_INFO_KIND], sizeof(l->kind));
		if (!strcmp(l->kind, CT_NATIVE_KIND))
			parse_native(l, info[IFLA_INFO_DATA]);
	}
	parse_mark(l, tb[IFLA_PROP_LIST]);
	return 0;
}

static struct nl_msg *link_msg(int type, int flags, int ifindex, unsigned int ifi_flags,
			       unsigned int change)
{
	struct ifinfomsg ifm = {
		.ifi_family = AF_UNSPEC, .ifi_index = ifindex,
		.ifi_flags = ifi_flags, .ifi_change = change,
	};

	return ct_msg(type, flags, &ifm, sizeof(ifm));
}

struct nl_msg *ct_link_msg(int type, int flags, int ifindex)
{
	return link_msg(type, flags, ifindex, 0, 0);
}

int ct_link_get(struct ct_sock *s, const char *name, int ifindex, int nsid,
		struct ct_link *l)
{
	struct nl_msg *msg = ct_link_msg(RTM_GETLINK, 0, name ? 0 : ifindex);
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	/* The first also finds a further name, but takes no long one. */
	if (name)
		ct_put_str(msg, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	if (nsid >= 0)
		ct_put_u32(msg, IFLA_TARGET_NETNSID, nsid);
	ct_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = ct_do(s, msg, &r);
	if (err)
		return err;
	err = -ENODEV;
	ct_for_each_reply(h, &r)
		err = link_parse(h, l);
	ct_replies_free(&r);
	return err;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct ct_link *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int ct_link_dump(struct ct_sock *s, struct ct_links *ls)
{
	struct nl_msg *msg = ct_link_msg(RTM_GETLINK, NLM_F_DUMP, 0);
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	ls->v = NULL;
	ls->n = 0;
	ct_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = ct_do(s, msg, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r) {
		ls->v = ct_grow(ls->v, ls->n, sizeof(*ls->v));
		ls->n += !link_parse(h, &ls->v[ls->n]);
	}
	ct_replies_free(&r);
	if (ls->n)
		qsort(ls->v, ls->n, sizeof(*ls->v), by_ifindex);
	return 0;
}

const struct ct_link *ct_link_find(const struct ct_links *ls, int ifindex)
{
	struct ct_link key = { .ifindex = ifindex };

	return ls->n ? bsearch(&key, ls->v, ls->n, sizeof(key), by_ifindex) : NULL;
}

const struct ct_link *ct_link_called(struct ct_sock *s, const struct ct_links *ls,
				     const char *name)
{
	struct ct_link l;
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (!strcmp(ls->v[i].name, name))
			return &ls->v[i];
	return ct_link_get(s, name, 0, -1, &l) ? NULL : ct_link_find(ls, l.ifindex);
}

void ct_links_free(struct ct_links *ls)
{
	free(ls->v);
	ls->v = NULL;
	ls->n = 0;
}

struct nl_msg *ct_link_del_msg(int ifindex)
{
	return ct_link_msg(RTM_DELLINK, 0, ifindex);
}

struct nl_msg *ct_link_up_msg(int ifindex, bool up)
{
	return link_msg(RTM_NEWLINK, 0, ifindex, up ? IFF_UP : 0, IFF_UP);
}

static struct nl_msg *set_msg(int ifindex, int type, const void *data, size_t len)
{
	struct nl_msg *msg = ct_link_msg(RTM_NEWLINK, 0, ifindex);

	ct_put(msg, type, data, len);
	return msg;
}

struct nl_msg *ct_link_alias_msg(int ifindex, const char *alias)
{
	return set_msg(ifindex, IFLA_IFALIAS, alias, strlen(alias));
}

struct nl_msg *ct_link_mtu_msg(int ifindex, uint32_t mtu)
{
	return set_msg(ifindex, IFLA_MTU, &mtu, sizeof(mtu));
}

struct nl_msg *ct_link_mac_msg(int ifindex, const uint8_t mac[6])
{
	return set_msg(ifindex, IFLA_ADDRESS, mac, 6);
}

struct nl_msg *ct_link_name_msg(int ifindex, const char *name)
{
	return set_msg(ifindex, IFLA_IFNAME, name, strlen(name) + 1);
}

struct nl_msg *ct_link_altname_msg(int type, int ifindex, const char *name)
{
	int flags = type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0;
	struct nl_msg *msg = ct_link_msg(type, flags, ifindex);
	struct nlattr *list = ct_nest(msg, IFLA_PROP_LIST | NLA_F_NESTED);

	ct_put_str(msg, IFLA_ALT_IFNAME, name);
	nla_nest_end(msg, list);
	return msg;
}

int ct_link_up(struct ct_sock *s, const struct ct_link *l)
{
	if (l->flags & IFF_UP)
		return CT_OK;
	return ct_step(s, ct_link_up_msg(l->ifindex, true), ct_link_up_msg(l->ifindex, false),
		       NULL, "bring %s up", l->name);
}

int ct_link_label(struct ct_sock *s, const struct ct_link *l, const char *label)
{
	if (!label || !strcmp(label, l->alias))
		return CT_OK;
	return ct_step(s, ct_link_alias_msg(l->ifindex, label),
		       ct_link_alias_msg(l->ifindex, l->alias), NULL, "set the label");
}

/* A device group that nothing is in. */
static uint32_t free_group(const struct ct_links *ls)
{
	uint32_t group;
	size_t i;

	do {
		ct_random(&group, sizeof(group));
		group |= 1u << 30;
		for (i = 0; i < ls->n && ls->v[i].group != group; i++)
			;
	} while (i < ls->n);
	return group;
}

static struct nl_msg *group_msg(int ifindex, uint32_t group)
{
	return set_msg(ifindex, IFLA_GROUP, &group, sizeof(group));
}

/*
 * They are put into a device group of their own, and that is deleted. So it is all or
 * nothing, and a thousand veths cost one wait for readers, not a thousand.
 */
int ct_links_del(struct ct_sock *s, const struct ct_links *ls, const bool *goes)
{
	uint32_t group = free_group(ls);
	struct nl_msg *msg;
	bool any = false;
	size_t i;
	int err;

	for (i = 0; i < ls->n; i++) {
		if (!goes[i])
			continue;
		err = ct_do(s, group_msg(ls->v[i].ifindex, group), NULL);
		if (err == -ENODEV)
			continue;	/* it went just now, as its container did */
		if (err)
			return err;
		ct_undo(s, group_msg(ls->v[i].ifindex, ls->v[i].group));
		any = true;
	}
	if (!any)
		return 0;
	msg = ct_link_msg(RTM_DELLINK, 0, 0);
	ct_put_u32(msg, IFLA_GROUP, group);
	err = ct_do(s, msg, NULL);
	/* All of the group went just now, by itself. */
	return err == -ENODEV ? 0 : err;
}

int ct_link_nsid(struct ct_sock *s, int ns_fd, int *id)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct nl_msg *msg = ct_msg(RTM_GETNSID, 0, &g, sizeof(g));
	struct nlattr *tb[NETNSA_MAX + 1];
	struct nlmsghdr *h;
	struct ct_replies r;
	int err;

	*id = -1;
	ct_put_u32(msg, NETNSA_FD, ns_fd);
	err = ct_do(s, msg, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r)
		if (!ct_parse(h, NLMSG_ALIGN(sizeof(g)), tb, NETNSA_MAX) && tb[NETNSA_NSID])
			*id = ct_get_num(tb[NETNSA_NSID]);
	ct_replies_free(&r);
	return 0;
}

struct nl_msg *ct_addr_msg(int type, int flags, int ifindex, const struct ct_addr *a,
			   uint32_t ifa_flags)
{
	struct ifaddrmsg ifa = {
		.ifa_family = a->ip.family, .ifa_prefixlen = a->plen,
		.ifa_index = ifindex, .ifa_flags = ifa_flags,
	};
	struct nl_msg *msg = ct_msg(type, flags, &ifa, sizeof(ifa));
	uint8_t b[4];
	int i;

	ct_put(msg, IFA_LOCAL, a->ip.b, a->ip.len);
	ct_put(msg, IFA_ADDRESS, a->ip.b, a->ip.len);
	if (type == RTM_NEWADDR && a->ip.family == AF_INET && a->plen < 31) {
		for (i = 0; i < 4; i++) {
			int bits = a->plen - 8 * i;

			b[i] = a->ip.b[i] | 0xff >> (bits < 0 ? 0 : bits > 8 ? 8 : bits);
		}
		ct_put(msg, IFA_BROADCAST, b, 4);
	}
	return msg;
}

/* One address of a dump; false: it is none, or not of that interface. */
static bool addr_parse(struct nlmsghdr *h, int ifindex, bool given, struct ct_addr *a)
{
	struct nlattr *tb[IFA_MAX + 1];
	struct ifaddrmsg ifa;
	uint8_t proto;

	memset(a, 0, sizeof(*a));
	if (h->nlmsg_type != RTM_NEWADDR || ct_parse(h, sizeof(ifa), tb, IFA_MAX))
		return false;
	memcpy(&ifa, nlmsg_data(h), sizeof(ifa));
	if ((ifindex && (int)ifa.ifa_index != ifindex) ||
	    !ct_ip_get(&a->ip, tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]))
		return false;
	a->plen = ifa.ifa_prefixlen;
	proto = ct_get_num(tb[IFA_PROTO]);
	return !given || (ifa.ifa_flags & IFA_F_PERMANENT &&
			  proto != IFAPROT_KERNEL_LL && proto != IFAPROT_KERNEL_RA);
}

int ct_addr_dump(struct ct_sock *s, int ifindex, int nsid, bool given,
		 struct ct_addrs *addrs)
{
	struct ifaddrmsg ifa = { .ifa_index = ifindex };
	struct nl_msg *msg = ct_msg(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	struct nlmsghdr *h;
	struct ct_replies r;
	struct ct_addr a;
	int err;

	memset(addrs, 0, sizeof(*addrs));
	if (nsid >= 0)
		ct_put_u32(msg, IFA_TARGET_NETNSID, nsid);
	err = ct_do(s, msg, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r)
		if (addr_parse(h, ifindex, given, &a))
			ct_addrs_add(addrs, &a);
	ct_replies_free(&r);
	return 0;
}

int ct_addr_add_all(struct ct_sock *s, int ifindex, const char *where,
		    const struct ct_addrs *addrs, uint32_t ifa_flags)
{
	/* Some kernels say that it is disabled, and no more. */
	static const struct ct_hint disabled = {
		EACCES,
		"IPv6 is disabled there: in that namespace, set the sysctl net.ipv6.conf.all.disable_ipv6 to 0, or leave the address out",
	};
	static const struct ct_hint hints[] = {
		{ EAFNOSUPPORT, "IPv6 is off in this kernel (ipv6.disable=1)" },
		{ EOPNOTSUPP, "IPv6 is off in this kernel (ipv6.disable=1)" },
		{ ENODEV, "the interface is gone, or its MTU is too small for the address" },
		{ 0, NULL }
	};
	struct ct_addrs have = { 0 };
	char text[CT_TEXT];
	size_t i;
	int err;

	if (!addrs->n)
		return CT_OK;
	err = ct_addr_dump(s, ifindex, -1, false, &have);
	if (err)
		return ct_refused(s, err, NULL, "read the addresses of %s", where);
	for (i = 0; i < addrs->n && !err; i++) {
		const struct ct_addr *a = &addrs->v[i];

		if (ct_addr_among(&have, a))
			continue;
		ct_addrs_add(&have, a);
		err = ct_do(s, ct_addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, a,
					   ifa_flags), NULL);
		if (!err) {
			ct_undo(s, ct_addr_msg(RTM_DELADDR, 0, ifindex, a, 0));
			continue;
		}
		if (err == -EACCES)
			err = ct_fail(s->ct, "set address %s on %s: %s",
				      ct_cidr_text(a, text), where, disabled.text);
		else
			err = ct_refused(s, err, hints, "set address %s on %s",
					 ct_cidr_text(a, text), where);
	}
	ct_addrs_free(&have);
	return err;
}

int ct_addr_del_others(struct ct_sock *s, int ifindex, const char *where,
		       const struct ct_addrs *have, const struct ct_addrs *want,
		       uint32_t ifa_flags)
{
	char text[CT_TEXT];
	size_t i;
	int err;

	for (i = 0; i < have->n; i++)
		if (!ct_addr_among(want, &have->v[i]))
			break;
	if (i == have->n)
		return CT_OK;
	/*
	 * An IPv4 address takes those along that are secondary to it. So all are put back if
	 * it comes to that, and those to stay afterwards.
	 */
	for (i = have->n; i-- > 0;)
		ct_undo(s, ct_addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex,
				       &have->v[i], ifa_flags));
	for (i = 0; i < have->n; i++) {
		if (ct_addr_among(want, &have->v[i]))
			continue;
		err = ct_do(s, ct_addr_msg(RTM_DELADDR, 0, ifindex, &have->v[i], 0), NULL);
		if (err && err != -EADDRNOTAVAIL)
			return ct_refused(s, err, NULL, "remove address %s from %s",
					  ct_cidr_text(&have->v[i], text), where);
	}
	return ct_addr_add_all(s, ifindex, where, want, ifa_flags);
}

struct nl_msg *ct_route_msg(int type, const struct ct_addr *r, int ifindex)
{
	struct rtmsg rt = {
		.rtm_family = r->ip.family, .rtm_table = RT_TABLE_MAIN,
		.rtm_dst_len = r->plen,
		.rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST,
		.rtm_scope = r->via.family || r->ip.family == AF_INET6 ?
			     RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_flags = r->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *msg = ct_msg(type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0,
				    &rt, sizeof(rt));

	if (r->plen)
		ct_put(msg, RTA_DST, r->ip.b, r->ip.len);
	if (r->via.family)
		ct_put(msg, RTA_GATEWAY, r->via.b, r->via.len);
	ct_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

/* One route of a dump; false: not such as ct_route_msg() makes, on that interface. */
static bool route_parse(struct nlmsghdr *h, int ifindex, struct ct_addr *r)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg rt;

	memset(r, 0, sizeof(*r));
	if (h->nlmsg_type != RTM_NEWROUTE || ct_parse(h, sizeof(rt), tb, RTA_MAX))
		return false;
	memcpy(&rt, nlmsg_data(h), sizeof(rt));
	if (rt.rtm_protocol != RTPROT_STATIC || rt.rtm_type != RTN_UNICAST ||
	    ct_get_num(tb[RTA_TABLE]) != RT_TABLE_MAIN ||
	    ct_get_num(tb[RTA_OIF]) != (uint32_t)ifindex || tb[RTA_VIA] || tb[RTA_NH_ID] ||
	    (rt.rtm_family != AF_INET && rt.rtm_family != AF_INET6))
		return false;
	if (tb[RTA_GATEWAY] && (!ct_ip_get(&r->via, tb[RTA_GATEWAY]) ||
				r->via.family != rt.rtm_family))
		return false;
	if (tb[RTA_DST] && !ct_ip_get(&r->ip, tb[RTA_DST]))
		return false;
	r->ip.family = rt.rtm_family;
	r->ip.len = rt.rtm_family == AF_INET ? 4 : 16;
	r->plen = rt.rtm_dst_len;
	r->onlink = rt.rtm_flags & RTNH_F_ONLINK;
	return true;
}

int ct_route_dump(struct ct_sock *s, int ifindex, struct ct_addrs *routes)
{
	/* of all families there are: a kernel without IPv6 knows none of its routes */
	struct rtmsg rt = { .rtm_family = AF_UNSPEC };
	struct nl_msg *msg = ct_msg(RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));
	struct nlmsghdr *h;
	struct ct_replies r;
	struct ct_addr x;
	int err;

	memset(routes, 0, sizeof(*routes));
	err = ct_do(s, msg, &r);
	if (err)
		return err;
	ct_for_each_reply(h, &r)
		if (route_parse(h, ifindex, &x) && !ct_addr_among(routes, &x))
			ct_addrs_add(routes, &x);
	ct_replies_free(&r);
	return 0;
}

/* Whether the namespace delivers this to itself, as far as its routes tell. */
static bool route_is_local(struct ct_sock *s, const struct ct_ip *ip)
{
	struct rtmsg rt = { .rtm_family = ip->family, .rtm_dst_len = ip->len * 8 };
	struct nl_msg *msg = ct_msg(RTM_GETROUTE, 0, &rt, sizeof(rt));
	bool local = false;
	struct nlmsghdr *h;
	struct ct_replies r;

	ct_put(msg, RTA_DST, ip->b, ip->len);
	if (ct_do(s, msg, &r))
		return false;
	ct_for_each_reply(h, &r) {
		if (h->nlmsg_type != RTM_NEWROUTE || nlmsg_datalen(h) < (int)sizeof(rt))
			continue;
		memcpy(&rt, nlmsg_data(h), sizeof(rt));
		local = rt.rtm_type == RTN_LOCAL;
	}
	ct_replies_free(&r);
	return local;
}

bool ct_addr_is_here(struct ct_sock *s, const struct ct_ip *ip)
{
	bool here = route_is_local(s, ip);
	struct ct_addrs all = { 0 };

	/* Of an address in a VRF that route says nothing. */
	if (!here && !ct_addr_dump(s, 0, -1, false, &all))
		here = ct_ip_among(&all, ip);
	ct_addrs_free(&all);
	return here;
}
