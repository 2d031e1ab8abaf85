// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that the host forwards to its peers.
 *
 * A peer identifies the sender of a datagram by its source address alone. If the host
 * masquerades for a container, the container's packets have the host's address, and a peer
 * would accept them. So packets to the UDP port of a peer that are forwarded, and not sent by the
 * host itself, are dropped here.
 *
 * A table of the namespace has the peers of all networks by address. It is made, and the hooks
 * are registered, with the first peer of the namespace. They are removed when a network is
 * deleted and no peers are left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <linux/udp.h>

#include "ctnet.h"
#include "peer.h"
#include "stats.h"
#include "transit.h"
#include "vtep.h"

#if !IS_ENABLED(CONFIG_NETFILTER)
#error "ctnet needs CONFIG_NETFILTER, whose hooks keep from peers what is forwarded for others"
#endif

/**
 * struct ctnet_transit - the peers of a namespace, by address
 * @peers: &struct ctnet_peer, one for each network that has the address
 * @n: how many; RTNL
 */
struct ctnet_transit {
	struct rhltable	peers;
	unsigned int	n;
};

static const struct rhashtable_params ctnet_transit_params = {
	.head_offset = offsetof(struct ctnet_peer, transit),
	.key_offset = offsetof(struct ctnet_peer, addr),
	.key_len = sizeof_field(struct ctnet_peer, addr),
	.automatic_shrinking = true,
};

/* The peer that listens on an address and, unless NULL, a UDP port; or NULL. RCU. */
static struct ctnet_peer *ctnet_transit_find(const struct net *net,
					     const struct in6_addr *addr,
					     const __be16 *port)
{
	struct ctnet_transit *transit = rcu_dereference(ctnet_ns(net)->transit);
	struct rhlist_head *list, *pos;
	const struct ctnet_vtep *vtep;
	struct ctnet_peer *peer;

	if (unlikely(!transit))
		return NULL;
	list = rhltable_lookup(&transit->peers, addr, ctnet_transit_params);
	rhl_for_each_entry_rcu(peer, pos, list, transit) {
		vtep = rcu_dereference(peer->vport.ctd->vtep);
		if (!port || *port == peer->dstport ||
		    (!peer->dstport && vtep && *port == vtep->port))
			return peer;
	}
	return NULL;
}

static unsigned int ctnet_transit_verdict(struct ctnet_peer *peer,
					  const struct sk_buff *skb)
{
	if (likely(!peer))
		return NF_ACCEPT;
	net_dbg_ratelimited("%s: a forwarded packet to peer %pI6c was dropped\n",
			    peer->vport.ctd->dev->name, &peer->addr);
	ctnet_drop_count(peer->vport.ctd, skb, CTNET_DROP_FORWARDED);
	return NF_DROP;
}

/*
 * With br_netfilter, frames of a Linux bridge pass the hooks, too. The host does not route or
 * masquerade these.
 */
static bool ctnet_transit_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_get_physoutdev(skb);
#else
	return false;
#endif
}

/*
 * A first fragment holds at least eight bytes, and thus the UDP header. The others are useless
 * without it, and pass.
 */
static unsigned int ctnet_transit_hook4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct udphdr *udp;
	struct in6_addr addr;
	struct udphdr _udp;

	if (iph->protocol != IPPROTO_UDP || iph->frag_off & htons(IP_OFFSET) ||
	    ctnet_transit_bridged(skb))
		return NF_ACCEPT;
	udp = skb_header_pointer(skb, skb_network_offset(skb) + ip_hdrlen(skb),
				 sizeof(_udp), &_udp);
	if (!udp)
		return NF_ACCEPT;
	ipv6_addr_set_v4mapped(iph->daddr, &addr);
	return ctnet_transit_verdict(ctnet_transit_find(state->net, &addr,
							&udp->dest), skb);
}

/*
 * A first fragment to a peer without the whole header chain is dropped, which RFC 7112 allows: its
 * UDP header would be in the next fragment.
 */
static unsigned int ctnet_transit_hook6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	const struct ipv6hdr *iph = ipv6_hdr(skb);
	u8 nexthdr = iph->nexthdr;
	struct ctnet_peer *peer;
	struct udphdr _udp, *udp;
	__be16 frag = 0;
	int off;

	if (nexthdr == IPPROTO_TCP || nexthdr == IPPROTO_ICMPV6 ||
	    ctnet_transit_bridged(skb))
		return NF_ACCEPT;
	peer = ctnet_transit_find(state->net, &iph->daddr, NULL);
	if (likely(!peer))
		return NF_ACCEPT;
	off = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*iph),
			       &nexthdr, &frag);
	if (frag & htons(IP6_OFFSET) || (off >= 0 && nexthdr != IPPROTO_UDP))
		return NF_ACCEPT;
	udp = off < 0 ? NULL : skb_header_pointer(skb, off, sizeof(_udp), &_udp);
	if (udp)
		peer = ctnet_transit_find(state->net, &iph->daddr, &udp->dest);
	return ctnet_transit_verdict(peer, skb);
}

/* After all hooks that may change a packet's destination. */
static const struct nf_hook_ops ctnet_transit_hooks[] = {
	{
		.hook		= ctnet_transit_hook4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_FORWARD,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= ctnet_transit_hook6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_FORWARD,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/* Gets the namespace's table, and makes it if there is none. RTNL. */
static struct ctnet_transit *ctnet_transit_get(struct ctnet_ns *ns)
{
	struct ctnet_transit *transit = rtnl_dereference(ns->transit);
	int err;

	if (transit)
		return transit;
	transit = kzalloc(sizeof(*transit), GFP_KERNEL_ACCOUNT);
	if (!transit)
		return ERR_PTR(-ENOMEM);
	err = rhltable_init(&transit->peers, &ctnet_transit_params);
	if (err)
		goto err_free;
	err = nf_register_net_hooks(ns->net, ctnet_transit_hooks,
				    ARRAY_SIZE(ctnet_transit_hooks));
	if (err)
		goto err_table;
	rcu_assign_pointer(ns->transit, transit);
	return transit;

err_table:
	rhltable_destroy(&transit->peers);
err_free:
	kfree(transit);
	return ERR_PTR(err);
}

/**
 * ctnet_transit_add() - drop from now on what is forwarded to a peer
 * @peer: the peer, which is complete
 *
 * Context: RTNL; may sleep. Return: 0 or an error.
 */
int ctnet_transit_add(struct ctnet_peer *peer)
{
	struct ctnet_transit *transit;
	int err;

	transit = ctnet_transit_get(ctnet_ns(dev_net(peer->vport.ctd->dev)));
	if (IS_ERR(transit))
		return PTR_ERR(transit);
	err = rhltable_insert(&transit->peers, &peer->transit,
			      ctnet_transit_params);
	if (!err)
		transit->n++;
	return err;
}

/**
 * ctnet_transit_del() - undo ctnet_transit_add()
 * @peer: the peer; a grace period has to pass before it is freed
 *
 * Context: RTNL.
 */
void ctnet_transit_del(struct ctnet_peer *peer)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(peer->vport.ctd->dev));
	struct ctnet_transit *transit = rtnl_dereference(ns->transit);

	rhltable_remove(&transit->peers, &peer->transit, ctnet_transit_params);
	transit->n--;
}

/**
 * ctnet_transit_close() - unregister a namespace's hooks if it has no peers
 * @ns: the namespace
 *
 * Context: RTNL. Return: NULL, or the table, for ctnet_transit_free() after a grace period.
 */
struct ctnet_transit *ctnet_transit_close(struct ctnet_ns *ns)
{
	struct ctnet_transit *transit = rtnl_dereference(ns->transit);

	if (!transit || transit->n)
		return NULL;
	RCU_INIT_POINTER(ns->transit, NULL);
	nf_unregister_net_hooks(ns->net, ctnet_transit_hooks,
				ARRAY_SIZE(ctnet_transit_hooks));
	return transit;
}

/**
 * ctnet_transit_free() - free a table without peers
 * @transit: the table, or NULL
 *
 * Context: may sleep.
 */
void ctnet_transit_free(struct ctnet_transit *transit)
{
	if (!transit)
		return;
	rhltable_destroy(&transit->peers);
	kfree(transit);
}
