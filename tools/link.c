// SPDX-License-Identifier: GPL-2.0
/* Interfaces, their addresses and routes, over rtnetlink. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

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
};

static uint32_t get_u32(struct nlattr *a, uint32_t none)
{
	return a ? nla_get_u32(a) : none;
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
	if (tb[IFLA_OPERSTATE])
		l->operstate = nla_get_u8(tb[IFLA_OPERSTATE]);
	if (tb[IFLA_LINKINFO] &&
	    !nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(l->kind, info[IFLA_INFO_KIND], sizeof(l->kind));
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

	if (name)
		msg_put_str(msg, IFLA_IFNAME, name);
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

void links_free(struct links *ls)
{
	free(ls->v);
	ls->v = NULL;
	ls->n = 0;
}

int link_set_up(struct nlsock *s, int ifindex, bool up)
{
	return nl_do(s, link_msg(RTM_NEWLINK, 0, ifindex, up ? IFF_UP : 0,
				 IFF_UP), NULL);
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

struct nl_msg *link_del_msg(int ifindex)
{
	return link_msg(RTM_DELLINK, 0, ifindex, 0, 0);
}

int link_nsid(struct nlsock *s, int ns_fd)
{
	struct rtgenmsg g = { .rtgen_family = AF_UNSPEC };
	struct nl_msg *msg = msg_new(RTM_GETNSID, 0, &g, sizeof(g));
	struct nlattr *tb[NETNSA_MAX + 1];
	struct nlmsghdr *h;
	struct replies r;
	int id = -1;

	msg_put_u32(msg, NETNSA_FD, ns_fd);
	if (nl_do(s, msg, &r))
		return -1;
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

int addr_dump(struct nlsock *s, int ifindex, struct cidrs *addrs)
{
	static const struct nla_policy policy[IFA_MAX + 1] = {
		[IFA_LOCAL] = { .minlen = 4, .maxlen = 16 },
		[IFA_ADDRESS] = { .minlen = 4, .maxlen = 16 },
	};
	struct ifaddrmsg ifa = { .ifa_index = ifindex };
	struct nl_msg *msg = msg_new(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	struct nlattr *tb[IFA_MAX + 1], *a;
	struct nlmsghdr *h;
	struct replies r;
	int err;

	addrs->v = NULL;
	addrs->n = 0;
	err = nl_do(s, msg, &r);
	if (err)
		return err;
	for_each_reply(h, &r) {
		struct cidr c = { 0 };

		if (h->nlmsg_type != RTM_NEWADDR ||
		    nlmsg_parse(h, sizeof(ifa), tb, IFA_MAX,
				(struct nla_policy *)policy) < 0)
			continue;
		memcpy(&ifa, nlmsg_data(h), sizeof(ifa));
		a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
		if ((int)ifa.ifa_index != ifindex || !a ||
		    !ip_set(&c.ip, nla_data(a), nla_len(a)))
			continue;
		c.plen = ifa.ifa_prefixlen;
		cidrs_add(addrs, &c);
	}
	replies_free(&r);
	return 0;
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

int addr_add_all(struct nlsock *s, int ifindex, const char *where,
		 const struct cidrs *addrs, uint32_t ifa_flags)
{
	static const struct hint hints[] = {
		{ EACCES, "IPv6 is disabled there (sysctl net.ipv6.conf.all.disable_ipv6)" },
		{ EAFNOSUPPORT, "the kernel has no IPv6" },
		{ EOPNOTSUPP, "the kernel has no such addresses" },
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
				   nl_why(s, err, hints));
		else
			undo_push(s, addr_msg(RTM_DELADDR, 0, ifindex, c, 0));
	}
	free(have.v);
	return err;
}

struct nl_msg *route_msg(const struct ip *gw, int ifindex)
{
	struct rtmsg rt = {
		.rtm_family = gw->family, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *msg = msg_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				     &rt, sizeof(rt));

	msg_put(msg, RTA_GATEWAY, gw->b, gw->len);
	msg_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}
