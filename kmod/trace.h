/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ctnet

#if !defined(_CTNET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CTNET_TRACE_H

#include <linux/tracepoint.h>

#include "peer.h"
#include "stats.h"

/*
 * The events of one frame have the same address (skb): where it came from, each place it was
 * sent to, and why it was dropped, if it was.
 */

TRACE_DEFINE_ENUM(CTNET_VPORT_SELF);
TRACE_DEFINE_ENUM(CTNET_VPORT_PORT);
TRACE_DEFINE_ENUM(CTNET_VPORT_PEER);

#define ctnet_show_kind(kind)				\
	__print_symbolic(kind,				\
			 { CTNET_VPORT_SELF, "host" },	\
			 { CTNET_VPORT_PORT, "port" },	\
			 { CTNET_VPORT_PEER, "peer" })

/* A frame and the port (by its number), peer (by address) or host at its one end. */
DECLARE_EVENT_CLASS(ctnet_frame,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_vport *vport),
	TP_ARGS(skb, vport),

	TP_STRUCT__entry(
		__string(name, vport->ctd->dev->name)
		__field(const void *, skbaddr)
		__field(int, kind)
		__field(u32, ifindex)
		__array(u8, peer, sizeof(struct in6_addr))
		__array(u8, source, ETH_ALEN)
		__array(u8, dest, ETH_ALEN)
		__field(u16, protocol)
		__field(unsigned int, len)
	),

	TP_fast_assign(
		const struct ethhdr *eth = (const struct ethhdr *)skb->data;

		ctnet_assign_str(name, vport->ctd->dev->name);
		__entry->skbaddr = skb;
		__entry->kind = vport->kind;
		__entry->ifindex = vport->kind == CTNET_VPORT_PORT ? vport->id : 0;
		if (vport->kind == CTNET_VPORT_PEER)
			memcpy(__entry->peer,
			       &container_of(vport, struct ctnet_peer, vport)->addr,
			       sizeof(struct in6_addr));
		else
			memset(__entry->peer, 0, sizeof(struct in6_addr));
		ether_addr_copy(__entry->source, eth->h_source);
		ether_addr_copy(__entry->dest, eth->h_dest);
		__entry->protocol = ntohs(eth->h_proto);
		__entry->len = skb->len;
	),

	TP_printk("%s: skb=%p %s ifindex=%u peer=%pI6c source=%pM dest=%pM protocol=0x%04x len=%u",
		  __get_str(name), __entry->skbaddr,
		  ctnet_show_kind(__entry->kind), __entry->ifindex,
		  __entry->peer, __entry->source, __entry->dest,
		  __entry->protocol, __entry->len)
);

/* A frame came from a port, a peer or the host. */
DEFINE_EVENT(ctnet_frame, ctnet_receive,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_vport *vport),
	TP_ARGS(skb, vport)
);

/* A frame, or a copy of it, goes to a port, a peer or the host. */
DEFINE_EVENT(ctnet_frame, ctnet_forward,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_vport *vport),
	TP_ARGS(skb, vport)
);

/* A frame that is about to be encapsulated, or was: its length is the inner one. */
DECLARE_EVENT_CLASS(ctnet_tunnel,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_peer *peer,
		 u32 vni, __be16 sport),
	TP_ARGS(skb, peer, vni, sport),

	TP_STRUCT__entry(
		__string(name, peer->vport.ctd->dev->name)
		__field(const void *, skbaddr)
		__array(u8, peer, sizeof(struct in6_addr))
		__field(u32, vni)
		__field(u16, sport)
		__field(unsigned int, len)
	),

	TP_fast_assign(
		ctnet_assign_str(name, peer->vport.ctd->dev->name);
		__entry->skbaddr = skb;
		memcpy(__entry->peer, &peer->addr, sizeof(struct in6_addr));
		__entry->vni = vni;
		__entry->sport = ntohs(sport);
		__entry->len = skb->len;
	),

	TP_printk("%s: skb=%p peer=%pI6c vni=%u sport=%u len=%u",
		  __get_str(name), __entry->skbaddr, __entry->peer,
		  __entry->vni, __entry->sport, __entry->len)
);

DEFINE_EVENT(ctnet_tunnel, ctnet_encap,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_peer *peer,
		 u32 vni, __be16 sport),
	TP_ARGS(skb, peer, vni, sport)
);

DEFINE_EVENT(ctnet_tunnel, ctnet_decap,
	TP_PROTO(const struct sk_buff *skb, const struct ctnet_peer *peer,
		 u32 vni, __be16 sport),
	TP_ARGS(skb, peer, vni, sport)
);

#define ctnet_define_drop(reason, name)	TRACE_DEFINE_ENUM(CTNET_DROP_##reason);
#define ctnet_drop_symbol(reason, name)	{ CTNET_DROP_##reason, name },
#define ctnet_drop_symbol_end(reason, name) { CTNET_DROP_##reason, name }

CTNET_DROP_REASONS(ctnet_define_drop, ctnet_define_drop)

/* A frame was dropped; skb is 0 if it was freed already, name empty if it had no network. */
TRACE_EVENT(ctnet_drop,
	TP_PROTO(const struct net_device *dev, const struct sk_buff *skb,
		 enum ctnet_drop reason),
	TP_ARGS(dev, skb, reason),

	TP_STRUCT__entry(
		__string(name, dev ? dev->name : "")
		__field(const void *, skbaddr)
		__field(int, reason)
		__field(unsigned int, len)
	),

	TP_fast_assign(
		ctnet_assign_str(name, dev ? dev->name : "");
		__entry->skbaddr = skb;
		__entry->reason = reason;
		__entry->len = skb ? skb->len : 0;
	),

	TP_printk("%s: skb=%p reason=%s len=%u",
		  __get_str(name), __entry->skbaddr,
		  __print_symbolic(__entry->reason,
				   CTNET_DROP_REASONS(ctnet_drop_symbol,
						      ctnet_drop_symbol_end)),
		  __entry->len)
);

#endif /* _CTNET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
