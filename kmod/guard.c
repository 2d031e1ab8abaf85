// SPDX-License-Identifier: GPL-2.0
/*
 * The guard: what a port may send.
 *
 * A port's MACs and addresses are those of its static entries. A frame whose headers cannot be
 * read as far as the decision needs is dropped, so that nothing passes because it is truncated,
 * fragmented or hidden behind other headers.
 */
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/ndisc.h>

#include "ctnet.h"
#include "fdb.h"
#include "fdbip.h"
#include "guard.h"
#include "neigh.h"
#include "stats.h"

#define CTNET_ICMP6_TYPE	sizeof(u8)

#define CTNET_DHCP6_CLIENT	546
#define CTNET_DHCP6_SERVER	547

/**
 * struct ctnet_guarded - a frame under inspection
 * @skb: the frame
 * @src: the port it came from
 * @fdb: the static entry of its source MAC, which is the port's
 * @mac: that MAC
 * @off: where the header under inspection begins
 * @end: where the IP packet ends; the rest is padding
 * @seen: end of what the decision was based on
 * @sum: offset of a checksum before that, or 0
 */
struct ctnet_guarded {
	const struct sk_buff	*skb;
	const struct ctnet_vport	*src;
	struct ctnet_fdb	*fdb;
	const u8		*mac;
	unsigned int		off;
	unsigned int		end;
	unsigned int		seen;
	unsigned int		sum;
};

/* A header of the IP packet, or NULL if it does not end inside the packet. */
static void *ctnet_guard_read(const struct ctnet_guarded *g, unsigned int off,
			      unsigned int len, void *buf)
{
	return off + len <= g->end ? skb_header_pointer(g->skb, off, len, buf) :
				     NULL;
}

/* Sets where the packet ends. @len: from its header, or 0 if that has none. */
static bool ctnet_guard_set_end(struct ctnet_guarded *g, unsigned int len)
{
	g->end = len ? g->off + len : g->skb->len;
	return g->end <= g->skb->len;
}

/*
 * Whether completing the checksum leaves intact what was checked. With CHECKSUM_PARTIAL the sender
 * chooses where the checksum is written, and in effect its value: over an address that was
 * checked, it would become another address.
 */
static bool ctnet_guard_sum_fits(const struct ctnet_guarded *g)
{
	int at;

	if (g->skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	at = skb_checksum_start_offset(g->skb) + g->skb->csum_offset;
	return at >= (int)g->seen || (g->sum && at == g->sum);
}

/* Whether an address is the port's. If none is named, all are. */
static bool ctnet_guard_owns(const struct ctnet_guarded *g,
			     const struct in6_addr *addr)
{
	const struct ctnet_fdb_ips *ips = READ_ONCE(g->fdb->ips);
	const struct ctnet_fdb *fdb;

	if (!ips)
		return true;
	/* Most have one, or send from the first. */
	if (ipv6_addr_equal(&ips->ip[0].addr, addr) && READ_ONCE(ips->ip[0].fdb) == g->fdb)
		return true;
	fdb = ctnet_fdb_find_ip(g->src->ctd, addr);
	return fdb && rcu_access_pointer(fdb->vport) == g->src;
}

static noinline bool ctnet_guard_owns4_other(const struct ctnet_guarded *g, __be32 addr)
{
	struct in6_addr a;

	ipv6_addr_set_v4mapped(addr, &a);
	return ctnet_guard_owns(g, &a);
}

/* The same of an IPv4 address. Most have one, or send from the first. */
static bool ctnet_guard_owns4(const struct ctnet_guarded *g, __be32 addr)
{
	const struct ctnet_fdb_ips *ips = READ_ONCE(g->fdb->ips);

	if (!ips)
		return true;
	if (likely(ips->ip[0].addr.s6_addr32[3] == addr &&
		   ipv6_addr_v4mapped(&ips->ip[0].addr) &&
		   READ_ONCE(ips->ip[0].fdb) == g->fdb))
		return true;
	return ctnet_guard_owns4_other(g, addr);
}

/* The port's, or link-local: the one that the MAC makes, or one that the port claims. */
static bool ctnet_guard_owns6(const struct ctnet_guarded *g,
			      const struct in6_addr *addr)
{
	struct in6_addr ll;

	if (ipv6_addr_v4mapped(addr))
		return false;
	ctnet_link_local_of_mac(g->mac, &ll);
	return ipv6_addr_equal(addr, &ll) || ctnet_guard_owns(g, addr) ||
	       ctnet_fdb_claim(g->fdb, addr);
}

static enum ctnet_drop ctnet_guard_arp(struct ctnet_guarded *g)
{
	struct {
		struct arphdr	hdr;
		u8		sha[ETH_ALEN];
		__be32		sip;
		u8		tha[ETH_ALEN];
		__be32		tip;
	} __packed _arp, *arp;

	arp = skb_header_pointer(g->skb, g->off, sizeof(_arp), &_arp);
	if (!arp || arp->hdr.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->hdr.ar_pro != htons(ETH_P_IP) ||
	    arp->hdr.ar_hln != ETH_ALEN || arp->hdr.ar_pln != sizeof(__be32))
		return CTNET_DROP_GUARD_HEADER;
	g->seen = g->off + sizeof(_arp);
	if (!ether_addr_equal_unaligned(arp->sha, g->mac))
		return CTNET_DROP_GUARD_ARP;
	/* A probe (RFC 5227) has no sender address yet. */
	if (!arp->sip && arp->hdr.ar_op == htons(ARPOP_REQUEST))
		return CTNET_DROP_UNSPEC;
	return ctnet_guard_owns4(g, arp->sip) ? CTNET_DROP_UNSPEC :
						CTNET_DROP_GUARD_ARP;
}

static enum ctnet_drop ctnet_guard_ip4(struct ctnet_guarded *g)
{
	const struct udphdr *udp = NULL;
	const struct iphdr *iph;
	struct udphdr _udp;
	struct iphdr _iph;

	iph = skb_header_pointer(g->skb, g->off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 4 || iph->ihl < 5 ||
	    !ctnet_guard_set_end(g, ntohs(iph->tot_len)))
		return CTNET_DROP_GUARD_HEADER;
	g->seen = g->off + iph->ihl * 4;

	if (iph->protocol == IPPROTO_UDP &&
	    !(iph->frag_off & htons(IP_OFFSET))) {
		udp = ctnet_guard_read(g, g->seen, sizeof(_udp), &_udp);
		if (!udp)
			return CTNET_DROP_GUARD_HEADER;
		g->seen += CTNET_UDP_PORTS;
		if (udp->source == htons(CTNET_DHCP_SERVER) ||
		    udp->dest == htons(CTNET_DHCP_CLIENT))
			return CTNET_DROP_GUARD_DHCP;
	}
	if (!iph->saddr && udp && udp->source == htons(CTNET_DHCP_CLIENT) &&
	    udp->dest == htons(CTNET_DHCP_SERVER))
		return CTNET_DROP_UNSPEC;
	return ctnet_guard_owns4(g, iph->saddr) ? CTNET_DROP_UNSPEC :
						  CTNET_DROP_GUARD_IP;
}

/* Options may name no link-layer address other than the MAC. @off: the first option. */
static enum ctnet_drop ctnet_guard_nd_options(const struct ctnet_guarded *g,
					      unsigned int off)
{
	while (off < g->end) {
		struct {
			struct nd_opt_hdr	hdr;
			u8			addr[ETH_ALEN];
		} __packed _opt, *opt;

		opt = ctnet_guard_read(g, off, sizeof(_opt), &_opt);
		if (!opt || !opt->hdr.nd_opt_len)
			return CTNET_DROP_GUARD_HEADER;
		if ((opt->hdr.nd_opt_type == ND_OPT_SOURCE_LL_ADDR ||
		     opt->hdr.nd_opt_type == ND_OPT_TARGET_LL_ADDR) &&
		    !ether_addr_equal_unaligned(opt->addr, g->mac))
			return CTNET_DROP_GUARD_ND;
		off += opt->hdr.nd_opt_len * 8;
	}
	return CTNET_DROP_UNSPEC;
}

/*
 * Neighbour discovery (RFC 4861) in an IPv6 packet whose ICMPv6 header is at
 * @off. @saddr is its source, which was not checked yet.
 */
static enum ctnet_drop ctnet_guard_nd(struct ctnet_guarded *g, u8 type,
				      const struct in6_addr *saddr,
				      unsigned int off)
{
	unsigned int sum = off + offsetof(struct icmp6hdr, icmp6_cksum);
	struct nd_msg _msg, *msg;

	switch (type) {
	case NDISC_ROUTER_ADVERTISEMENT:
	case NDISC_REDIRECT:
		return CTNET_DROP_GUARD_RA;
	case NDISC_ROUTER_SOLICITATION:
		off += sizeof(struct rs_msg);
		break;
	case NDISC_NEIGHBOUR_SOLICITATION:
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
		msg = ctnet_guard_read(g, off, sizeof(_msg), &_msg);
		if (!msg)
			return CTNET_DROP_GUARD_HEADER;
		/* A port may ask for any address, but advertise or probe its own only. */
		if ((type == NDISC_NEIGHBOUR_ADVERTISEMENT ||
		     ipv6_addr_any(saddr)) &&
		    !ctnet_guard_owns6(g, &msg->target))
			return CTNET_DROP_GUARD_ND;
		off += sizeof(_msg);
		break;
	default:
		return CTNET_DROP_UNSPEC;
	}
	g->seen = g->end;
	g->sum = sum;
	return ctnet_guard_nd_options(g, off);
}

/* Sent from the unspecified address, before there is one (RFC 4862, RFC 3590). */
static bool ctnet_guard_may_be_unspecified(u8 type)
{
	return type == NDISC_NEIGHBOUR_SOLICITATION ||
	       type == NDISC_ROUTER_SOLICITATION ||
	       type == ICMPV6_MGM_REPORT || type == ICMPV6_MGM_REDUCTION ||
	       type == ICMPV6_MLD2_REPORT;
}

/*
 * Offset of the header behind the extension headers of IPv6, or -1 if it cannot be found.
 * @nexthdr: type of the first header; set to that of the last, a fragment header if this is not
 * the first fragment. @fragment: set if there is any fragment header: ipv6_skip_exthdr() reports
 * the last one only, which could hide others.
 */
static int ctnet_guard_skip_exthdrs(const struct ctnet_guarded *g,
				    unsigned int off, u8 *nexthdr,
				    bool *fragment)
{
	unsigned int n;

	for (n = 0; ipv6_ext_hdr(*nexthdr); n++) {
		union {
			struct ipv6_opt_hdr	opt;
			struct frag_hdr		frag;
		} _hdr, *hdr;

		/* All of them have 8 bytes at least. */
		hdr = ctnet_guard_read(g, off, sizeof(_hdr), &_hdr);
		if (!hdr || *nexthdr == NEXTHDR_NONE || n == CTNET_GUARD_EXTHDRS)
			return -1;
		if (*nexthdr == NEXTHDR_FRAGMENT) {
			*fragment = true;
			if (hdr->frag.frag_off & htons(IP6_OFFSET))
				break;
			off += sizeof(hdr->frag);
		} else if (*nexthdr == NEXTHDR_AUTH) {
			off += ipv6_authlen(&hdr->opt);
		} else {
			off += ipv6_optlen(&hdr->opt);
		}
		*nexthdr = hdr->opt.nexthdr;
	}
	return off <= g->end ? off : -1;
}

static enum ctnet_drop ctnet_guard_ip6(struct ctnet_guarded *g)
{
	const struct ipv6hdr *iph;
	struct ipv6hdr _iph;
	bool fragment = false;
	int type = -1;
	u8 nexthdr;
	int off;

	iph = skb_header_pointer(g->skb, g->off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 6 ||
	    !ctnet_guard_set_end(g, iph->payload_len ? sizeof(_iph) +
				 ntohs(iph->payload_len) : 0))
		return CTNET_DROP_GUARD_HEADER;
	nexthdr = iph->nexthdr;
	off = ctnet_guard_skip_exthdrs(g, g->off + sizeof(_iph), &nexthdr,
				       &fragment);
	if (off < 0)
		return CTNET_DROP_GUARD_HEADER;
	g->seen = off;

	/* Later fragments have no header to check. */
	if (nexthdr == IPPROTO_UDP) {
		struct udphdr _udp, *udp;

		udp = ctnet_guard_read(g, off, sizeof(_udp), &_udp);
		if (!udp)
			return CTNET_DROP_GUARD_HEADER;
		g->seen += CTNET_UDP_PORTS;
		if (udp->source == htons(CTNET_DHCP6_SERVER) ||
		    udp->dest == htons(CTNET_DHCP6_CLIENT))
			return CTNET_DROP_GUARD_DHCP;
	} else if (nexthdr == IPPROTO_ICMPV6) {
		u8 _type, *t = ctnet_guard_read(g, off, 1, &_type);
		enum ctnet_drop reason;

		if (!t)
			return CTNET_DROP_GUARD_HEADER;
		g->seen += CTNET_ICMP6_TYPE;
		type = *t;
		reason = ctnet_guard_nd(g, type, &iph->saddr, off);
		if (reason)
			return reason;
		/* RFC 6980: no fragment headers, not even of a single fragment. */
		if (fragment && type >= NDISC_ROUTER_SOLICITATION &&
		    type <= NDISC_REDIRECT)
			return CTNET_DROP_GUARD_HEADER;
	}
	if (ipv6_addr_any(&iph->saddr))
		return type >= 0 && ctnet_guard_may_be_unspecified(type) ?
		       CTNET_DROP_UNSPEC : CTNET_DROP_GUARD_IP6;
	return ctnet_guard_owns6(g, &iph->saddr) ? CTNET_DROP_UNSPEC :
						   CTNET_DROP_GUARD_IP6;
}

/*
 * An 802.3 frame may carry IP, ARP or a VLAN tag behind LLC and SNAP headers (RFC 1042, 802.1H).
 * Linux does not take these for IP or ARP, but other systems do. Nobody sends them except to
 * hide one.
 */
static bool ctnet_guard_is_snap(struct ctnet_guarded *g)
{
	struct {
		u8	llc[3];
		u8	oui[3];
		__be16	type;
	} __packed _snap, *snap;

	snap = skb_header_pointer(g->skb, g->off, sizeof(_snap), &_snap);
	g->seen = g->off + sizeof(_snap);
	if (!snap || snap->llc[0] != 0xaa || snap->llc[1] != 0xaa)
		return false;
	return snap->type == htons(ETH_P_ARP) || snap->type == htons(ETH_P_IP) ||
	       snap->type == htons(ETH_P_IPV6) || eth_type_vlan(snap->type);
}

/* Whether a port may send a frame of its own MAC's. Returns as ctnet_guard(). */
static noinline enum ctnet_drop ctnet_guard_look(const struct sk_buff *skb,
						 const struct ctnet_vport *src,
						 struct ctnet_fdb *fdb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct ctnet_guarded g = {
		.skb = skb,
		.src = src,
		.fdb = fdb,
		.mac = eth->h_source,
		.off = ETH_HLEN,
	};
	__be16 proto = eth->h_proto;
	enum ctnet_drop reason;
	unsigned int n;

	for (n = 0; eth_type_vlan(proto); n++) {
		struct vlan_hdr _vlan, *vlan;

		vlan = skb_header_pointer(skb, g.off, sizeof(_vlan), &_vlan);
		if (!vlan || n == CTNET_GUARD_VLANS)
			return CTNET_DROP_GUARD_HEADER;
		proto = vlan->h_vlan_encapsulated_proto;
		g.off += VLAN_HLEN;
	}
	switch (proto) {
	case htons(ETH_P_ARP):
		reason = ctnet_guard_arp(&g);
		break;
	case htons(ETH_P_IP):
		reason = ctnet_guard_ip4(&g);
		break;
	case htons(ETH_P_IPV6):
		reason = ctnet_guard_ip6(&g);
		break;
	default:
		g.seen = g.off;
		reason = unlikely(!eth_proto_is_802_3(proto)) &&
			 ctnet_guard_is_snap(&g) ? CTNET_DROP_GUARD_HEADER :
						   CTNET_DROP_UNSPEC;
	}
	if (unlikely(!reason && !ctnet_guard_sum_fits(&g)))
		return CTNET_DROP_GUARD_HEADER;
	return reason;
}

/**
 * ctnet_guard() - whether a port may send a frame
 * @skb: the frame, as forward.c has it
 * @src: the port
 * @fdb: the entry of the frame's source MAC, or NULL
 *
 * Context: hot path of guarded ports; under RCU.
 * Return: %CTNET_DROP_UNSPEC if it may, else why not.
 */
enum ctnet_drop ctnet_guard(const struct sk_buff *skb,
			    const struct ctnet_vport *src,
			    struct ctnet_fdb *fdb)
{
	if (unlikely(!fdb || !ctnet_guard_is_own(src, fdb)))
		return CTNET_DROP_GUARD_MAC;
	if (likely(ctnet_guard_is_plain(skb, fdb)))
		return CTNET_DROP_UNSPEC;
	return ctnet_guard_look(skb, src, fdb);
}
