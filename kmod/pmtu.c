// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are too long for a port's MTU or for the path to a peer. Their sender gets an ICMP
 * error with the packet's destination as its source, as there is no router on the way. A frame
 * in here is as forward.c has it.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "ctnet.h"
#include "dev.h"
#include "encap.h"
#include "fdb.h"
#include "flood.h"
#include "forward.h"
#include "pmtu.h"

/* An error message's length at most: RFC 1812, and RFC 4443. */
#define CTNET_PMTU_ICMP4	576
#define CTNET_PMTU_ICMP6	IPV6_MIN_MTU

/**
 * ctnet_frame_proto() - the protocol of a frame's payload
 * @skb: the frame, which was not checked
 * @off: set to where the payload begins
 *
 * Skips up to %CTNET_FRAME_VLANS VLAN tags in the frame.
 *
 * Return: the EtherType; that of a tag if there are more of them.
 */
__be16 ctnet_frame_proto(const struct sk_buff *skb, unsigned int *off)
{
	__be16 proto = ((const struct ethhdr *)skb->data)->h_proto;
	unsigned int n;

	*off = ETH_HLEN;
	for (n = 0; n < CTNET_FRAME_VLANS && eth_type_vlan(proto); n++) {
		struct vlan_hdr _vlan, *vlan;

		vlan = skb_header_pointer(skb, *off, sizeof(_vlan), &_vlan);
		if (!vlan)
			break;
		proto = vlan->h_vlan_encapsulated_proto;
		*off += VLAN_HLEN;
	}
	return proto;
}

/* Length of the jumbo payload option of a BIG TCP packet, which is removed by segmenting. */
static unsigned int ctnet_pmtu_jumbo(const struct sk_buff *skb)
{
	struct ipv6hdr _iph, *iph;
	unsigned int off;

	if (likely(skb->len <= GSO_LEGACY_MAX_SIZE) ||
	    ctnet_frame_proto(skb, &off) != htons(ETH_P_IPV6))
		return 0;
	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	return iph && !iph->payload_len && iph->nexthdr == NEXTHDR_HOP ? 8 : 0;
}

/**
 * ctnet_pmtu_fits() - whether a frame, or each of its segments, is not too long
 * @skb: the frame
 * @max: its length at most, with the Ethernet header and the tags that are in it
 *
 * Return: whether it fits.
 */
bool ctnet_pmtu_fits(const struct sk_buff *skb, unsigned int max)
{
	unsigned int before = skb_network_offset(skb);

	if (!skb_is_gso(skb))
		return skb->len <= max;
	return max > before &&
	       skb_gso_validate_network_len(skb, max - before +
					    ctnet_pmtu_jumbo(skb));
}

/* Whether an ICMP message is an error, or may be one: these are not answered. */
static bool ctnet_pmtu_is_error4(const struct sk_buff *skb, unsigned int off)
{
	u8 _type, *type;

	type = skb_header_pointer(skb, off, sizeof(_type), &_type);
	return !type || icmp_is_err(*type);
}

static bool ctnet_pmtu_is_error6(const struct sk_buff *skb, unsigned int off)
{
	u8 _type, *type;

	type = skb_header_pointer(skb, off, sizeof(_type), &_type);
	return !type || icmpv6_is_err(*type) || *type == NDISC_REDIRECT;
}

/* Whether an IPv4 address can be that of a sender. */
static bool ctnet_pmtu_unicast4(__be32 addr)
{
	return !ipv4_is_zeronet(addr) && !ipv4_is_loopback(addr) &&
	       !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr);
}

static bool ctnet_pmtu_unicast6(const struct in6_addr *addr)
{
	return !ipv6_addr_any(addr) && !ipv6_addr_loopback(addr) &&
	       !ipv6_addr_is_multicast(addr);
}

/*
 * A frame with room for @len bytes of ICMP message and the headers before it, to the
 * sender of @skb: its Ethernet header, addresses turned round, and its tags, which take
 * @off bytes. @hlen: of the IP header, for which the room is left.
 */
static struct sk_buff *ctnet_pmtu_frame(struct ctnet_dev *ctd,
					const struct sk_buff *skb,
					unsigned int off, unsigned int hlen,
					unsigned int len)
{
	const struct ethhdr *from = (const struct ethhdr *)skb->data;
	struct sk_buff *answer;
	struct ethhdr *eth;

	answer = alloc_skb(CTNET_HEADROOM + off + hlen + len, GFP_ATOMIC);
	if (!answer)
		return NULL;
	skb_reserve(answer, CTNET_HEADROOM);
	skb_copy_bits(skb, 0, skb_put(answer, off + hlen + len), off);
	eth = (struct ethhdr *)answer->data;
	ether_addr_copy(eth->h_dest, from->h_source);
	ether_addr_copy(eth->h_source, from->h_dest);
	skb_reset_mac_header(answer);
	skb_set_network_header(answer, off);
	skb_reset_mac_len(answer);
	skb_set_transport_header(answer, off + hlen);
	answer->protocol = eth->h_proto;
	answer->dev = ctd->dev;
	if (skb_vlan_tag_present(skb))
		__vlan_hwaccel_put_tag(answer, skb->vlan_proto,
				       skb_vlan_tag_get(skb));
	return answer;
}

/*
 * The answer to an IPv4 packet at @off in the frame, or NULL if there is none. @cut: also if the
 * packet allows fragmenting.
 */
static struct sk_buff *ctnet_pmtu_icmp4(struct ctnet_dev *ctd,
					const struct sk_buff *skb,
					unsigned int off, unsigned int mtu,
					bool cut)
{
	struct iphdr _iph, *iph, *niph;
	struct icmphdr *icmph;
	struct sk_buff *answer;
	unsigned int len;

	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 4 || iph->ihl < 5 ||
	    iph->frag_off & htons(IP_OFFSET) ||
	    (cut && !(iph->frag_off & htons(IP_DF))) ||
	    !ctnet_pmtu_unicast4(iph->saddr) ||
	    !ctnet_pmtu_unicast4(iph->daddr))
		return NULL;
	if (iph->protocol == IPPROTO_ICMP &&
	    ctnet_pmtu_is_error4(skb, off + iph->ihl * 4))
		return NULL;

	len = min_t(unsigned int, CTNET_PMTU_ICMP4 - sizeof(*niph),
		    sizeof(*icmph) + skb->len - off);
	answer = ctnet_pmtu_frame(ctd, skb, off, sizeof(*niph), len);
	if (!answer)
		return NULL;
	niph = ip_hdr(answer);
	*niph = (struct iphdr) {
		.version = 4,
		.ihl = sizeof(*niph) / 4,
		.tot_len = htons(sizeof(*niph) + len),
		.frag_off = htons(IP_DF),
		.ttl = IPDEFTTL,
		.protocol = IPPROTO_ICMP,
		.saddr = iph->daddr,
		.daddr = iph->saddr,
	};
	ip_send_check(niph);
	icmph = icmp_hdr(answer);
	*icmph = (struct icmphdr) {
		.type = ICMP_DEST_UNREACH,
		.code = ICMP_FRAG_NEEDED,
		.un.frag.mtu = htons(min_t(unsigned int, mtu, U16_MAX)),
	};
	skb_copy_bits(skb, off, icmph + 1, len - sizeof(*icmph));
	icmph->checksum = ip_compute_csum(icmph, len);
	return answer;
}

/* The same for IPv6, with an MTU of at least 1280. */
static struct sk_buff *ctnet_pmtu_icmp6(struct ctnet_dev *ctd,
					const struct sk_buff *skb,
					unsigned int off, unsigned int mtu)
{
	struct ipv6hdr _iph, *iph, *niph;
	struct icmp6hdr *icmph;
	struct sk_buff *answer;
	unsigned int len;
	__be16 frag_off;
	int inner;
	u8 proto;

	mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 6 || ctnet_pmtu_fits(skb, off + mtu) ||
	    !ctnet_pmtu_unicast6(&iph->saddr) ||
	    !ctnet_pmtu_unicast6(&iph->daddr))
		return NULL;
	proto = iph->nexthdr;
	inner = ipv6_skip_exthdr(skb, off + sizeof(*iph), &proto, &frag_off);
	if (inner < 0 || frag_off & htons(~0x7) ||
	    (proto == IPPROTO_ICMPV6 && ctnet_pmtu_is_error6(skb, inner)))
		return NULL;

	len = min_t(unsigned int, CTNET_PMTU_ICMP6 - sizeof(*niph),
		    sizeof(*icmph) + skb->len - off);
	answer = ctnet_pmtu_frame(ctd, skb, off, sizeof(*niph), len);
	if (!answer)
		return NULL;
	niph = ipv6_hdr(answer);
	*niph = (struct ipv6hdr) {
		.version = 6,
		.payload_len = htons(len),
		.nexthdr = IPPROTO_ICMPV6,
		.hop_limit = IPDEFTTL,
		.saddr = iph->daddr,
		.daddr = iph->saddr,
	};
	icmph = icmp6_hdr(answer);
	*icmph = (struct icmp6hdr) {
		.icmp6_type = ICMPV6_PKT_TOOBIG,
		.icmp6_mtu = htonl(mtu),
	};
	skb_copy_bits(skb, off, icmph + 1, len - sizeof(*icmph));
	icmph->icmp6_cksum = csum_ipv6_magic(&niph->saddr, &niph->daddr, len,
					     IPPROTO_ICMPV6,
					     csum_partial(icmph, len, 0));
	return answer;
}

/*
 * Whether to answer now. A flooded frame can be too long for many ports at once, and one answer in
 * a jiffy is enough.
 */
static bool ctnet_pmtu_may_tell(struct ctnet_dev *ctd, const struct sk_buff *skb)
{
	unsigned long now = jiffies;

	return ctnet_fdb_find(ctd, ((struct ethhdr *)skb->data)->h_dest) ||
	       xchg(&ctd->told_flood, now) != now;
}

/* Sends the answer where the table says, or floods it. Consumes it. */
static void ctnet_pmtu_send(struct ctnet_dev *ctd, struct sk_buff *answer)
{
	struct ctnet_fdb *fdb = ctnet_fdb_find(ctd, eth_hdr(answer)->h_dest);
	struct ctnet_vport *vport = fdb ? rcu_dereference(fdb->vport) : NULL;

	if (vport && vport->kind == CTNET_VPORT_SELF)
		ctnet_dev_answer(ctd, answer);
	else if (vport)
		ctnet_deliver(vport, answer, CTNET_FROM_HOST);
	else if (READ_ONCE(ctd->flood))
		ctnet_flood(answer, &ctd->self);
	else
		kfree_skb(answer);
}

/**
 * ctnet_pmtu_tell() - tell the sender of a frame that it is too long
 * @ctd: the network
 * @skb: the frame; not consumed
 * @max: longest that fits, as for ctnet_pmtu_fits()
 * @cut: whether the caller can fragment it: then only packets that forbid it are answered
 *
 * If the frame is the host's own, its route is updated as well.
 *
 * Return: whether the sender was told.
 */
bool ctnet_pmtu_tell(struct ctnet_dev *ctd, struct sk_buff *skb,
		     unsigned int max, bool cut)
{
	struct sk_buff *answer = NULL;
	unsigned int off, mtu;
	__be16 proto;

	proto = ctnet_frame_proto(skb, &off);
	if (max <= off ||
	    is_multicast_ether_addr(((struct ethhdr *)skb->data)->h_dest) ||
	    !ctnet_pmtu_may_tell(ctd, skb))
		return false;
	mtu = max - off;
	/* dst_ops->update_pmtu reads the packet's header. */
	if (skb_valid_dst(skb) && pskb_inet_may_pull(skb))
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (proto == htons(ETH_P_IP))
		answer = ctnet_pmtu_icmp4(ctd, skb, off, mtu, cut);
	else if (proto == htons(ETH_P_IPV6))
		answer = ctnet_pmtu_icmp6(ctd, skb, off, mtu);
	if (!answer)
		return false;
	ctnet_pmtu_send(ctd, answer);
	return true;
}

/**
 * ctnet_pmtu_port() - the longest frame that a port takes
 * @skb: the frame
 * @mtu: of the port
 *
 * A device's MTU does not count the Ethernet header and one tag. Frames other than IP may be
 * longer by a tag even if they have none, as in a bridge.
 *
 * Return: bytes, as for ctnet_pmtu_fits().
 */
unsigned int ctnet_pmtu_port(const struct sk_buff *skb, unsigned int mtu)
{
	unsigned int off, max = mtu + ETH_HLEN + VLAN_HLEN;
	__be16 proto = ctnet_frame_proto(skb, &off);

	if (proto != htons(ETH_P_IP) && proto != htons(ETH_P_IPV6))
		return max;
	return min(max, mtu + off);
}
