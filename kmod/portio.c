// SPDX-License-Identifier: GPL-2.0
/* Ports: what comes in, what goes out. */
#include "ctnet.h"
#include "dev.h"
#include "forward.h"
#include "pmtu.h"
#include "port.h"
#include "stats.h"
#include "veth.h"

/* Whether a frame is for the stack of the device that it came in by, and not forwarded. */
static bool ctnet_port_is_for_dev(const struct sk_buff *skb)
{
	const u8 *dest = eth_hdr(skb)->h_dest;

	return is_link_local_ether_addr(dest) && dest[5] != CTNET_GROUP_BPDU &&
	       dest[5] != CTNET_GROUP_PAUSE;
}

/*
 * Passes such a frame, which is as forward.c has it, to that stack. A guarded port's frames are
 * marked as another host's, so that packet sockets get them, but IP does not.
 */
static rx_handler_result_t ctnet_port_to_dev(struct ctnet_port *port,
					     struct sk_buff **pskb)
{
	struct sk_buff *skb = ctnet_own(port->vport.ctd, *pskb);

	if (unlikely(!skb) || !ctnet_link_local(skb, &port->vport))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	skb_pull_rcsum(skb, ETH_HLEN);
	if (READ_ONCE(port->vport.flags) & CTNET_PORT_GUARD)
		skb->pkt_type = PACKET_OTHERHOST;
	return RX_HANDLER_PASS;
}

/**
 * ctnet_port_rx() - receive a frame from a port's device, whose rx handler this is
 * @pskb: the frame, as the stack has it; consumed unless it is passed on
 *
 * Only frames for the device's own stack are passed on to it.
 *
 * Context: hot path. Return: what the stack is to do.
 */
rx_handler_result_t ctnet_port_rx(struct sk_buff **pskb)
{
	struct ctnet_port *port = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct sk_buff *skb = *pskb;

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;
	/* What the stack pulled; skb_push_rcsum() without its call. */
	__skb_push(skb, ETH_HLEN);
	skb_postpush_rcsum(skb, skb->data, ETH_HLEN);
	ctnet_stats_rx(&port->vport, skb);
	if (skb->pkt_type == PACKET_MULTICAST &&
	    unlikely(ctnet_port_is_for_dev(skb)))
		return ctnet_port_to_dev(port, pskb);
	return ctnet_forward(skb, &port->vport, CTNET_FROM_STACK) ? RX_HANDLER_ANOTHER :
								    RX_HANDLER_CONSUMED;
}

/*
 * Whether the stack, which has called the rx handler, may go on with a frame for @dev: not
 * where that has a handler, too, as chains of them may form a ring, nor where another CPU is
 * to receive it.
 */
static bool ctnet_port_may_go_on(const struct net_device *dev)
{
	return !ctnet_rps_needed() && !rcu_access_pointer(dev->rx_handler);
}

/*
 * Hands a frame to the far end, as the veth driver does, but without a queue. Returns whether
 * the stack is to go on with it.
 */
static __always_inline bool ctnet_port_deliver_far(struct ctnet_port *port, struct sk_buff *skb,
						   enum ctnet_from from)
{
	struct net_device *far = port->far;
	ktime_t came = skb_tstamp(skb);
	unsigned int len = skb->len;
	bool on;

	on = from == CTNET_FROM_STACK && ctnet_port_may_go_on(far);
	/* The stack takes what others have a reference to, as from any device. */
	if (unlikely(skb_shared(skb)) &&
	    ((!on && from != CTNET_FROM_NATIVE) || skb_zcopy(skb))) {
		skb = ctnet_own(port->vport.ctd, skb);
		if (!skb)
			return false;
		on = false;
	}
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC))) {
		ctnet_drop(port->vport.ctd, skb, CTNET_DROP_NOMEM);
		return false;
	}
	/* Of the device it came in by, which may have had more queues. */
	skb_set_queue_mapping(skb, 0);
	if (from != CTNET_FROM_NATIVE) {
		skb_clear_tstamp(skb);
		ctnet_scrub(skb, !net_eq(dev_net(far), dev_net(port->vport.ctd->dev)));
	}
	skb->priority = 0;
	ctnet_eth_type_trans(skb, far);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	/* The stack takes the time, if anybody wants it, where it is entered: not once more. */
	if (on && unlikely(came))
		skb->tstamp = came;
	if (!on && unlikely(!ctnet_receive(skb, from))) {
		ctnet_drop_count(port->vport.ctd, NULL, CTNET_DROP_QUEUE);
		return false;
	}
	if (from != CTNET_FROM_NATIVE && !port->native)
		ctnet_veth_count(port->dev, len);
	ctnet_stats_tx(&port->vport, len);
	return on;
}

/* Drops a frame that is too long for the port, and tells its sender. */
static noinline void ctnet_port_too_big(struct ctnet_port *port,
					struct sk_buff *skb, unsigned int max)
{
	skb = ctnet_own(port->vport.ctd, skb);
	if (!skb)
		return;
	ctnet_pmtu_tell(port->vport.ctd, skb, max, false);
	ctnet_drop(port->vport.ctd, skb, CTNET_DROP_TOO_BIG);
}

/* Sends a frame out of the port's own device. */
static void ctnet_port_deliver_near(struct ctnet_port *port, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	int err;

	skb = ctnet_own(port->vport.ctd, skb);
	if (unlikely(!skb))
		return;
	skb_clear_tstamp(skb);
	skb->dev = port->dev;
	err = dev_queue_xmit(skb);
	if (likely(!net_xmit_eval(err)))
		ctnet_stats_tx(&port->vport, len);
	else
		ctnet_drop_count(port->vport.ctd, NULL, CTNET_DROP_QUEUE);
}

/* The longest packet that a port takes. */
static unsigned int ctnet_port_max(const struct ctnet_port *port)
{
	return min(READ_ONCE(port->dev->mtu), READ_ONCE(port->far_mtu));
}

/* ctnet_port_deliver() to a port of any kind, in any state. */
static noinline bool ctnet_port_deliver_any(struct ctnet_port *port, struct sk_buff *skb,
					    enum ctnet_from from)
{
	unsigned int max;

	if (unlikely(!ctnet_port_is_up(port))) {
		ctnet_drop(port->vport.ctd, skb, CTNET_DROP_PORT_DOWN);
		return false;
	}
	max = ctnet_port_max(port);
	if (skb->len > max + ETH_HLEN) {
		/* Tagged, or made of segments, it may fit yet. */
		max = ctnet_pmtu_port(skb, max);
		if (unlikely(!ctnet_pmtu_fits(skb, max))) {
			ctnet_port_too_big(port, skb, max);
			return false;
		}
	}
	/* Nothing of how it was received matters to how it is sent. */
	skb_forward_csum(skb);
	if (likely(port->native || (port->far && from < CTNET_FROM_HOST &&
				    ctnet_veth_is_open(port->dev, port->far))))
		return ctnet_port_deliver_far(port, skb, from);
	ctnet_port_deliver_near(port, skb);
	return false;
}

/**
 * ctnet_port_deliver() - send a frame out of a port
 * @port: the port
 * @skb: the frame, as forward.c has it; consumed unless the stack is to go on with it
 * @from: how it came
 *
 * Return: whether the stack, which has called the rx handler, is to go on with it.
 */
bool ctnet_port_deliver(struct ctnet_port *port, struct sk_buff *skb, enum ctnet_from from)
{
	/* Between native ports less is to be asked: it is inlined for these. */
	if (from != CTNET_FROM_NATIVE || !port->native || !ctnet_port_is_up(port) ||
	    skb->len > ctnet_port_max(port) + ETH_HLEN)
		return ctnet_port_deliver_any(port, skb, from);
	skb_forward_csum(skb);
	return ctnet_port_deliver_far(port, skb, CTNET_FROM_NATIVE);
}
