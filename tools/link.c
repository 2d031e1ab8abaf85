// SPDX-License-Identifier: GPL-2.0
/* Interfaces, their addresses and routes, over rtnetlink. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ctnetctl.h"
#include "link.h"

static const struct nla_policy link_policy[IFLA_MAX + 1] = {
	[IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = IFNAMSIZ },
	[IFLA_IFALIAS] = { .type = NLA_STRING, .maxlen = 256 },
	[IFLA_MTU] = { .type = NLA_U32 },
	[IFLA_GROUP] = { .type = NLA_U32 },
	[IFLA_MASTER] = { .type = NLA_U32 },
	[IFLA_LINK] = { .type = NLA_U32 },
	[IFLA_OPERSTATE] = { .type = NLA_U8 },
	[IFLA_LINK_NETNSID] = { .type = NLA_U32 },
	[IFLA_LINKINFO] = { .type = NLA_NESTED },
	[IFLA_PROP_LIST] = { .type = NLA_NESTED },
};

static uint32_t get_u32(struct nlattr *a, uint32_t none)
{
	return a ? nla_get_u32(a) : none;
}

/* What follows the mark at the beginning of a name, or NULL. */
static const char *after_mark(const char *name)
{
	if (strncmp(name, "ct", 2) ||
	    strspn(name + 2, "0123456789abcdef") < MARK_LEN - 2)
		return NULL;
	return name + MARK_LEN;
}

/* The mark is the name; or an altname is the mark, '-', and what the other end was called. */
static void parse_mark(struct link *l, struct nlattr *altnames)
{
	const char *rest = after_mark(l->name);
	char name[ALTIFNAMSIZ];
	struct nlattr *a;
	int left;

	if (rest && !*rest)
		memcpy(l->mark, l->name, MARK_LEN);
	if (!altnames)
		return;
	nla_for_each_nested(a, altnames, left) {
		if (nla_type(a) != IFLA_ALT_IFNAME)
			continue;
		nla_strlcpy(name, a, sizeof(name));
		rest = after_mark(name);
		if (!rest || *rest != '-' || strlen(rest + 1) >= IFNAMSIZ)
			continue;
		memcpy(l->mark, name, MARK_LEN);
		if (rest[1])
			memcpy(l->given, rest + 1, strlen(rest + 1) + 1);
	}
}

static int link_parse(struct nlmsghdr *h, struct link *l)
{
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct ifinfomsg *ifm = nlmsg_data(h);

	memset(l, 0, sizeof(*l));
	if (h->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(h, sizeof(*ifm), tb, IFLA_MAX,
			(struct nla_policy *)link_policy) < 0 ||
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
	l->mtu = get_u32(tb[IFLA_MTU], 0);
	l->group = get_u32(tb[IFLA_GROUP], 0);
	l->master = get_u32(tb[IFLA_MASTER], 0);
	l->peer = get_u32(tb[IFLA_LINK], 0);
	l->peer_nsid = get_u32(tb[IFLA_LINK_NETNSID], -1);
	/* In this one, the kernel says nothing of it. */
	l->peer_goes = tb[IFLA_LINK_NETNSID] && l->peer_nsid < 0;
	if (tb[IFLA_OPERSTATE])
		l->operstate = nla_get_u8(tb[IFLA_OPERSTATE]);
	if (tb[IFLA_LINKINFO] &&
	    !nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(l->kind, info[IFLA_INFO_KIND], sizeof(l->kind));
	parse_mark(l, tb[IFLA_PROP_LIST]);
	return 0;
}

struct nl_msg *link_msg(int type, int flags, int ifindex,
			unsigned int ifi_flags, unsigned int change)
{
	struct ifinfomsg ifm = {
		.ifi_family = AF_UNSPEC, .ifi_index = ifindex,
		.ifi_flags = ifi_flags, .ifi_change = change,
	};

	return msg_new(type, flags, &ifm, sizeof(ifm));
}

int link_get(struct nlsock *s, const char *name, int ifindex, int nsid,
	     struct link *l)
{
	struct nl_msg *msg = link_msg(RTM_GETLINK, 0, name ? 0 : ifindex, 0, 0);
	struct nlmsghdr *h;
	struct replies r;
	int err;

	/* The first also finds a further name, but takes no long one. */
	if (name)
		msg_put_str(msg, strlen(name) < IFNAMSIZ ? IFLA_IFNAME :
			    IFLA_ALT_IFNAME, name);
	if (nsid >= 0)
		msg_put_u32(msg, IFLA_TARGET_NETNSID, nsid);
	msg_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = nl_do(s, msg, &r);
	if (err)
		return err;
	err = -ENODEV;
	for_each_reply(h, &r)
		err = link_parse(h, l);
	replies_free(&r);
	return err;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int link_dump(struct nlsock *s, struct links *ls)
{
	struct nl_msg *msg = link_msg(RTM_GETLINK, NLM_F_DUMP, 0, 0, 0);
	size_t cap = 0;
	struct nlmsghdr *h;
	struct replies r;
	int err;

	ls->v = NULL;
	ls->n = 0;
	msg_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = nl_do(s, msg, &r);
	if (err)
		return err;
	for_each_reply(h, &r) {
		if (ls->n == cap) {
			cap = cap * 2 + 16;
			ls->v = xrealloc(ls->v, cap * sizeof(*ls->v));
		}
		if (!link_parse(h, &ls->v[ls->n]))
			ls->n++;
	}
	replies_free(&r);
	if (ls->n)
		qsort(ls->v, ls->n, sizeof(*ls->v), by_ifindex);
	return 0;
}

const struct link *link_find(const struct links *ls, int ifindex)
{
	struct link key = { .ifindex = ifindex };

	return ls->n ? bsearch(&key, ls->v, ls->n, sizeof(key), by_ifindex) :
		       NULL;
}

const struct link *link_find_name(const struct links *ls, const char *name)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (!strcmp(ls->v[i].name, name))
			return &ls->v[i];
	return NULL;
}

const struct link *link_find_called(struct nlsock *s, const struct links *ls,
				    const char *name)
{
	const struct link *found = link_find_name(ls, name);
	struct link l;

	if (!found && !link_get(s, name, 0, -1, &l))
		found = link_find(ls, l.ifindex);
	return found;
}

void links_free(struct links *ls)
{
	free(ls->v);
	ls->v = NULL;
	ls->n = 0;
}

struct nl_msg *link_up_msg(int ifindex, bool up)
{
	return link_msg(RTM_NEWLINK, 0, ifindex, up ? IFF_UP : 0, IFF_UP);
}

int link_set_up(struct nlsock *s, int ifindex, bool up)
{
	return nl_do(s, link_up_msg(ifindex, up), NULL);
}

struct nl_msg *link_alias_msg(int ifindex, const char *alias)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0, 0);

	msg_put(msg, IFLA_IFALIAS, alias, strlen(alias));
	return msg;
}

struct nl_msg *link_mtu_msg(int ifindex, uint32_t mtu)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0, 0);

	msg_put_u32(msg, IFLA_MTU, mtu);
	return msg;
}

struct nl_msg *link_mac_msg(int ifindex, const uint8_t mac[6])
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0, 0);

	msg_put(msg, IFLA_ADDRESS, mac, 6);
	return msg;
}

struct nl_msg *link_name_msg(int ifindex, const char *name)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0, 0);

	msg_put_str(msg, IFLA_IFNAME, name);
	return msg;
}

struct nl_msg *link_del_msg(int ifindex)
{
	return link_msg(RTM_DELLINK, 0, ifindex, 0, 0);
}

struct nl_msg *link_altname_msg(int type, int ifindex, const char *name)
{
	struct nl_msg *msg = link_msg(type, type == RTM_NEWLINKPROP ?
				      NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0,
				      ifindex, 0, 0);
	struct nlattr *list = msg_nest(msg, IFLA_PROP_LIST | NLA_F_NESTED);

	msg_put_str(msg, IFLA_ALT_IFNAME, name);
	msg_nest_end(msg, list);
	return msg;
}

/* A device group that nothing is in. */
static uint32_t free_group(const struct links *ls)
{
	uint32_t group;
	size_t i;

	do {
		if (getrandom(&group, sizeof(group), 0) != sizeof(group))
			die("no random numbers");
		group |= 1u << 30;
		for (i = 0; i < ls->n && ls->v[i].group != group; i++)
			;
	} while (i < ls->n);
	return group;
}

static struct nl_msg *group_msg(int ifindex, uint32_t group)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0, 0);

	msg_put_u32(msg, IFLA_GROUP, group);
	return msg;
}

/*
 * In one stroke: they are put into a device group of their own, and that is
 * deleted. So it is all or nothing, and a thousand veths cost one wait for
 * readers, not a thousand.
 */
int links_del(struct nlsock *s, const struct links *ls, const bool *goes)
{
	uint32_t group = free_group(ls);
	struct nl_msg *msg;
	bool any = false;
	size_t i;
	int err;

	for (i = 0; i < ls->n; i++) {
		if (!goes[i])
			continue;
		err = nl_do(s, group_msg(ls->v[i].ifindex, group), NULL);
		if (err == -ENODEV)
			continue;	/* it went just now, as its container did */
		if (err)
			return err;
		undo_push(s, group_msg(ls->v[i].ifindex, ls->v[i].group));
		any = true;
	}
	if (!any)
		return 0;
	msg = link_msg(RTM_DELLINK, 0, 0, 0, 0);
	msg_put_u32(msg, IFLA_GROUP, group);
	err = nl_do(s, msg, NULL);
	/* All of the group went just now, by itself. */
	return err == -ENODEV ? 0 : err;
}

int link_nsid(struct nlsock *s, int ns_fd)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct nl_msg *msg = msg_new(RTM_GETNSID, 0, &g, sizeof(g));
	struct nlattr *tb[NETNSA_MAX + 1];
	struct nlmsghdr *h;
	struct replies r;
	int id = -1, err;
	char why[256];

	msg_put_u32(msg, NETNSA_FD, ns_fd);
	err = nl_do(s, msg, &r);
	/* Who takes this for "none" would take a container for one that is gone. */
	if (err) {
		snprintf(why, sizeof(why), "ask which namespace a container has: %s",
			 nl_why(s, err, NULL));
		die(why);
	}
	for_each_reply(h, &r)
		if (nlmsg_parse(h, NLMSG_ALIGN(sizeof(g)), tb, NETNSA_MAX,
				NULL) >= 0 &&
		    tb[NETNSA_NSID] && nla_len(tb[NETNSA_NSID]) == 4)
			id = nla_get_u32(tb[NETNSA_NSID]);
	replies_free(&r);
	return id;
}

struct nl_msg *addr_msg(int type, int flags, int ifindex,
			const struct cidr *c, uint32_t ifa_flags)
{
	struct ifaddrmsg ifa = {
		.ifa_family = c->ip.family, .ifa_prefixlen = c->plen,
		.ifa_index = ifindex, .ifa_flags = ifa_flags,
	};
	struct nl_msg *msg = msg_new(type, flags, &ifa, sizeof(ifa));

	msg_put(msg, IFA_LOCAL, c->ip.b, c->ip.len);
	msg_put(msg, IFA_ADDRESS, c->ip.b, c->ip.len);
	if (type == RTM_NEWADDR && c->ip.family == AF_INET && c->plen < 31) {
		uint8_t b[4];
		int i;

		for (i = 0; i < 4; i++) {
			int bits = c->plen - 8 * i;

			bits = bits < 0 ? 0 : bits > 8 ? 8 : bits;
			b[i] = c->ip.b[i] | 0xff >> bits;
		}
		msg_put(msg, IFA_BROADCAST, b, 4);
	}
	return msg;
}

/* One address of a dump; false: it is none, or not of that interface. */
static bool addr_parse(struct nlmsghdr *h, int ifindex, struct cidr *c,
		       bool *given)
{
	static const struct nla_policy policy[IFA_MAX + 1] = {
		[IFA_LOCAL] = { .minlen = 4, .maxlen = 16 },
		[IFA_ADDRESS] = { .minlen = 4, .maxlen = 16 },
		[IFA_PROTO] = { .type = NLA_U8 },
	};
	struct nlattr *tb[IFA_MAX + 1], *a;
	struct ifaddrmsg ifa;
	uint8_t proto;

	memset(c, 0, sizeof(*c));
	if (h->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(h, sizeof(ifa), tb, IFA_MAX,
			(struct nla_policy *)policy) < 0)
		return false;
	memcpy(&ifa, nlmsg_data(h), sizeof(ifa));
	a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if ((ifindex && (int)ifa.ifa_index != ifindex) || !a ||
	    !ip_set(&c->ip, nla_data(a), nla_len(a)))
		return false;
	c->plen = ifa.ifa_prefixlen;
	proto = tb[IFA_PROTO] ? nla_get_u8(tb[IFA_PROTO]) : IFAPROT_UNSPEC;
	*given = ifa.ifa_flags & IFA_F_PERMANENT &&
		 proto != IFAPROT_KERNEL_LL && proto != IFAPROT_KERNEL_RA;
	return true;
}

static int addr_replies(struct nlsock *s, int ifindex, int nsid,
			struct replies *r)
{
	struct ifaddrmsg ifa = { .ifa_index = ifindex };
	struct nl_msg *msg = msg_new(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));

	if (nsid >= 0)
		msg_put_u32(msg, IFA_TARGET_NETNSID, nsid);
	return nl_do(s, msg, r);
}

static int addr_read(struct nlsock *s, int ifindex, int nsid, bool given,
		     struct cidrs *addrs)
{
	bool is_given;
	struct nlmsghdr *h;
	struct replies r;
	struct cidr c;
	int err;

	addrs->v = NULL;
	addrs->n = 0;
	err = addr_replies(s, ifindex, nsid, &r);
	if (err)
		return err;
	for_each_reply(h, &r)
		if (addr_parse(h, ifindex, &c, &is_given) &&
		    (is_given || !given))
			cidrs_add(addrs, &c);
	replies_free(&r);
	return 0;
}

int addr_dump(struct nlsock *s, int ifindex, struct cidrs *addrs)
{
	return addr_read(s, ifindex, -1, false, addrs);
}

int addr_dump_given(struct nlsock *s, int ifindex, int nsid,
		    struct cidrs *addrs)
{
	return addr_read(s, ifindex, nsid, true, addrs);
}

bool addr_among(const struct cidrs *addrs, const struct cidr *c)
{
	size_t i;

	for (i = 0; i < addrs->n; i++)
		if (addrs->v[i].plen == c->plen &&
		    ip_equal(&addrs->v[i].ip, &c->ip))
			return true;
	return false;
}

/* Some kernels say that it is disabled, and no more. */
#define NO_IPV6								\
	"IPv6 is disabled there: in that namespace, set the sysctl "	\
	"net.ipv6.conf.all.disable_ipv6 to 0, or leave the address out"

int addr_add_all(struct nlsock *s, int ifindex, const char *where,
		 const struct cidrs *addrs, uint32_t ifa_flags)
{
	static const struct hint hints[] = {
		{ EAFNOSUPPORT, "IPv6 is off in this kernel (ipv6.disable=1)" },
		{ EOPNOTSUPP, "IPv6 is off in this kernel (ipv6.disable=1)" },
		{ ENODEV, "the interface is gone, or its MTU is too small for the address" },
		{ 0, NULL }
	};
	struct cidrs have = { 0 };
	char text[CIDR_TEXT];
	size_t i;
	int err;

	if (!addrs->n)
		return EXIT_OK;
	err = addr_dump(s, ifindex, &have);
	if (err)
		return fail("read the addresses of %s: %s", where,
			    nl_why(s, err, NULL));
	for (i = 0; i < addrs->n && !err; i++) {
		const struct cidr *c = &addrs->v[i];

		if (addr_among(&have, c))
			continue;
		cidrs_add(&have, c);
		err = nl_do(s, addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
					ifindex, c, ifa_flags), NULL);
		if (err)
			err = fail("set address %s on %s: %s",
				   cidr_text(c, text), where,
				   err == -EACCES ? NO_IPV6 :
				   nl_why(s, err, hints));
		else
			undo_push(s, addr_msg(RTM_DELADDR, 0, ifindex, c, 0));
	}
	free(have.v);
	return err;
}

int addr_del_others(struct nlsock *s, int ifindex, const char *where,
		    const struct cidrs *have, const struct cidrs *want,
		    uint32_t ifa_flags)
{
	char text[CIDR_TEXT];
	size_t i;
	int err;

	for (i = 0; i < have->n; i++)
		if (!addr_among(want, &have->v[i]))
			break;
	if (i == have->n)
		return EXIT_OK;
	/*
	 * An IPv4 address takes those along that are secondary to it. So all are
	 * put back if it comes to that, and those to stay afterwards.
	 */
	for (i = 0; i < have->n; i++)
		undo_push(s, addr_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				      ifindex, &have->v[have->n - 1 - i],
				      ifa_flags));
	for (i = 0; i < have->n; i++) {
		if (addr_among(want, &have->v[i]))
			continue;
		err = nl_do(s, addr_msg(RTM_DELADDR, 0, ifindex, &have->v[i], 0),
			    NULL);
		if (err && err != -EADDRNOTAVAIL)
			return fail("remove address %s from %s: %s",
				    cidr_text(&have->v[i], text), where,
				    nl_why(s, err, NULL));
	}
	return addr_add_all(s, ifindex, where, want, ifa_flags);
}

struct nl_msg *route_msg(int type, const struct route *r, int ifindex)
{
	const struct ip *dst = &r->dst.ip;
	struct rtmsg rt = {
		.rtm_family = dst->family, .rtm_table = RT_TABLE_MAIN,
		.rtm_dst_len = r->dst.plen,
		.rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST,
		.rtm_scope = r->via.family || dst->family == AF_INET6 ?
			     RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_flags = r->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *msg = msg_new(type, type == RTM_NEWROUTE ?
				     NLM_F_CREATE | NLM_F_EXCL : 0,
				     &rt, sizeof(rt));

	if (r->dst.plen)
		msg_put(msg, RTA_DST, dst->b, dst->len);
	if (r->via.family)
		msg_put(msg, RTA_GATEWAY, r->via.b, r->via.len);
	msg_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

/* One route of a dump; false: not such as route_msg() makes, on that interface. */
static bool route_parse(struct nlmsghdr *h, int ifindex, struct route *r)
{
	static const struct nla_policy policy[RTA_MAX + 1] = {
		[RTA_OIF] = { .type = NLA_U32 },
		[RTA_TABLE] = { .type = NLA_U32 },
		[RTA_GATEWAY] = { .minlen = 4, .maxlen = 16 },
		[RTA_DST] = { .minlen = 4, .maxlen = 16 },
	};
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg rt;

	memset(r, 0, sizeof(*r));
	if (h->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(h, sizeof(rt), tb, RTA_MAX,
			(struct nla_policy *)policy) < 0)
		return false;
	memcpy(&rt, nlmsg_data(h), sizeof(rt));
	if (rt.rtm_protocol != RTPROT_STATIC || rt.rtm_type != RTN_UNICAST ||
	    !tb[RTA_TABLE] || nla_get_u32(tb[RTA_TABLE]) != RT_TABLE_MAIN ||
	    !tb[RTA_OIF] || nla_get_u32(tb[RTA_OIF]) != (uint32_t)ifindex ||
	    tb[RTA_VIA] || tb[RTA_NH_ID])
		return false;
	if (tb[RTA_GATEWAY] && (!ip_set(&r->via, nla_data(tb[RTA_GATEWAY]),
					nla_len(tb[RTA_GATEWAY])) ||
				r->via.family != rt.rtm_family))
		return false;
	if (tb[RTA_DST]) {
		if (!ip_set(&r->dst.ip, nla_data(tb[RTA_DST]), nla_len(tb[RTA_DST])))
			return false;
	} else {
		r->dst.ip.len = rt.rtm_family == AF_INET ? 4 : 16;
	}
	r->dst.ip.family = rt.rtm_family;
	r->dst.plen = rt.rtm_dst_len;
	r->onlink = rt.rtm_flags & RTNH_F_ONLINK;
	return rt.rtm_family == AF_INET || rt.rtm_family == AF_INET6;
}

int route_dump(struct nlsock *s, int ifindex, struct routes *routes)
{
	/* of all families there are: a kernel without IPv6 knows none of its routes */
	struct rtmsg rt = { .rtm_family = AF_UNSPEC };
	struct nl_msg *msg = msg_new(RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));
	struct nlmsghdr *h;
	struct replies r;
	struct route x;
	int err;

	routes->v = NULL;
	routes->n = 0;
	err = nl_do(s, msg, &r);
	if (err)
		return err;
	for_each_reply(h, &r)
		if (route_parse(h, ifindex, &x) && !route_among(routes, &x))
			routes_add(routes, &x);
	replies_free(&r);
	return 0;
}

/* Whether the namespace delivers this to itself, as far as its routes tell. */
static bool route_is_local(struct nlsock *s, const struct ip *ip)
{
	struct rtmsg rt = {
		.rtm_family = ip->family, .rtm_dst_len = ip->len * 8,
	};
	struct nl_msg *msg = msg_new(RTM_GETROUTE, 0, &rt, sizeof(rt));
	bool local = false;
	struct nlmsghdr *h;
	struct replies r;

	msg_put(msg, RTA_DST, ip->b, ip->len);
	if (nl_do(s, msg, &r))
		return false;
	for_each_reply(h, &r) {
		if (h->nlmsg_type != RTM_NEWROUTE ||
		    nlmsg_datalen(h) < (int)sizeof(rt))
			continue;
		memcpy(&rt, nlmsg_data(h), sizeof(rt));
		local = rt.rtm_type == RTN_LOCAL;
	}
	replies_free(&r);
	return local;
}

bool addr_is_here(struct nlsock *s, const struct ip *ip)
{
	bool here = route_is_local(s, ip);
	struct cidrs all = { 0 };
	size_t i;

	/* Of an address in a VRF that route says nothing. */
	if (here || addr_dump(s, 0, &all))
		return here;
	for (i = 0; i < all.n && !here; i++)
		here = ip_equal(&all.v[i].ip, ip);
	free(all.v);
	return here;
}
