/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows kernel versions. Guards ask for a macro's name where
 * there is one, since stable kernels carry changes of later releases.
 */
#ifndef _CTNET_COMPAT_H
#define _CTNET_COMPAT_H

#include <linux/ctnet.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/dst_cache.h>
#include <net/genetlink.h>
#include <net/ip_tunnels.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <net/rps.h>
#endif
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

/*
 * Per-CPU state of a frame on its way belongs to one task while bottom halves are off. With
 * PREEMPT_RT this holds since 6.18 only if PREEMPT_RT_NEEDS_BH_LOCK is set.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0) && \
	defined(CONFIG_PREEMPT_RT) && !defined(CONFIG_PREEMPT_RT_NEEDS_BH_LOCK)
#error "With PREEMPT_RT, ctnet needs a kernel with PREEMPT_RT_NEEDS_BH_LOCK"
#endif

/* A device whose ndo_start_xmit needs no lock. */
static inline void ctnet_dev_lockless(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* A device that stays in its namespace. */
static inline void ctnet_dev_local(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_NETNS_LOCAL;
#else
	dev->netns_immutable = true;
#endif
}

/*
 * rtnl_link_ops.newlink: define NAME(link_net, dev, tb, data, extack). In @link_net lies what
 * IFLA_LINK names.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define CTNET_DEFINE_NEWLINK(name)					\
static int name##_do(struct net *link_net, struct net_device *dev,	\
		     struct nlattr *tb[], struct nlattr *data[],	\
		     struct netlink_ext_ack *extack);			\
static int name(struct net *src_net, struct net_device *dev,		\
		struct nlattr *tb[], struct nlattr *data[],		\
		struct netlink_ext_ack *extack)				\
{									\
	return name##_do(src_net, dev, tb, data, extack);		\
}									\
static int name##_do(struct net *link_net, struct net_device *dev,	\
		     struct nlattr *tb[], struct nlattr *data[],	\
		     struct netlink_ext_ack *extack)
#else
#define CTNET_DEFINE_NEWLINK(name)					\
static int name##_do(struct net *link_net, struct net_device *dev,	\
		     struct nlattr *tb[], struct nlattr *data[],	\
		     struct netlink_ext_ack *extack);			\
static int name(struct net_device *dev,					\
		struct rtnl_newlink_params *params,			\
		struct netlink_ext_ack *extack)				\
{									\
	return name##_do(rtnl_newlink_link_net(params), dev, params->tb, \
			 params->data, extack);				\
}									\
static int name##_do(struct net *link_net, struct net_device *dev,	\
		     struct nlattr *tb[], struct nlattr *data[],	\
		     struct netlink_ext_ack *extack)
#endif

/*
 * ndo_fdb_add and ndo_fdb_del: the device notifies of the change itself, and says so. Older
 * kernels notify a second time.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define CTNET_NOTIFIED_PARAM
#define ctnet_set_notified()	do { } while (0)
#else
#define CTNET_NOTIFIED_PARAM	bool *notified,
#define ctnet_set_notified()	(*notified = true)
#endif

/* A device's flags as user space sees them. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define ctnet_dev_get_flags(dev)	dev_get_flags(dev)
#else
#define ctnet_dev_get_flags(dev)	netif_get_flags(dev)
#endif

/* ndo_fdb_dump: how many entries of the device earlier messages have. */
static inline long ctnet_fdb_dumped(const struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	return cb->args[2];
#else
	return ((const struct ndo_fdb_dump_context *)cb->ctx)->fdb_idx;
#endif
}

/* The operation, as pre_doit and post_doit of a generic netlink family get it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define ctnet_genl_ops	genl_ops
#else
#define ctnet_genl_ops	genl_split_ops
#endif

/* Attributes of a dump's request. */
static inline struct nlattr **ctnet_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_dumpit_info(cb)->info.attrs;
#endif
}

/* Whether some device's frames are received by another CPU than the one that they came to. */
static inline bool ctnet_rps_needed(void)
{
#ifdef CONFIG_RPS
	return static_branch_unlikely(&rps_needed);
#else
	return false;
#endif
}

/* Whether tc or nft looks at what a device sends. */
static inline bool ctnet_dev_has_egress_hook(const struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_CLS_ACT
	if (rcu_access_pointer(dev->miniq_egress))
		return true;
#endif
#else
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(dev->tcx_egress))
		return true;
#endif
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
	return false;
}

/* Strings in tracepoints. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define ctnet_assign_str(name, src)	__assign_str(name, src)
#else
#define ctnet_assign_str(name, src)	__assign_str(name)
#endif

/* kernel_bind() takes an address of a type of its own in newer kernels. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define ctnet_kernel_bind(sock, addr, len) \
	kernel_bind(sock, (struct sockaddr *)(addr), len)
#else
#define ctnet_kernel_bind(sock, addr, len) \
	kernel_bind(sock, (struct sockaddr_unsized *)(addr), len)
#endif

/*
 * The reason that the kernel's own drop monitor is given. Only subsystems that the kernel lists
 * have reasons of their own, so a module out of the tree gives the nearest one.
 */
static inline enum skb_drop_reason ctnet_skb_reason(enum ctnet_drop reason)
{
	switch (reason) {
	case CTNET_DROP_MALFORMED:
	case CTNET_DROP_GUARD_HEADER:
		return SKB_DROP_REASON_HDR_TRUNC;
	case CTNET_DROP_NET_DOWN:
	case CTNET_DROP_PORT_DOWN:
		return SKB_DROP_REASON_DEV_READY;
	case CTNET_DROP_TOO_BIG:
	case CTNET_DROP_PATH_MTU:
		return SKB_DROP_REASON_PKT_TOO_BIG;
	case CTNET_DROP_NOMEM:
		return SKB_DROP_REASON_NOMEM;
	case CTNET_DROP_NO_ROUTE:
		return SKB_DROP_REASON_IP_OUTNOROUTES;
	case CTNET_DROP_FLOOD_QUEUE:
		return SKB_DROP_REASON_CPU_BACKLOG;
	case CTNET_DROP_FORWARDED:
		return SKB_DROP_REASON_NETFILTER_DROP;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	case CTNET_DROP_SOURCE:
		return SKB_DROP_REASON_MAC_INVALID_SOURCE;
	case CTNET_DROP_VXLAN_HEADER:
		return SKB_DROP_REASON_VXLAN_INVALID_HDR;
	case CTNET_DROP_VXLAN_VNI:
		return SKB_DROP_REASON_VXLAN_VNI_NOT_FOUND;
	case CTNET_DROP_VXLAN_ECN:
		return SKB_DROP_REASON_IP_TUNNEL_ECN;
#endif
	default:
		return SKB_DROP_REASON_NOT_SPECIFIED;
	}
}

/*
 * A function that only unit tests call from another file: as <kunit/visibility.h> has it,
 * which 6.1 lacks, and only where the module is built with its tests.
 */
#ifdef CTNET_KUNIT
#define VISIBLE_IF_KUNIT
#else
#define VISIBLE_IF_KUNIT static
#endif

#ifdef CTNET_KUNIT
/* Run suites of KUnit now. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define ctnet_kunit_run(suites, n)	__kunit_test_suites_init(suites, n)
#else
#define ctnet_kunit_run(suites, n)	__kunit_test_suites_init(suites, n, true)
#endif
#endif

/* UDP tunnel calls take the socket or its struct sock. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define ctnet_udp_sk(sock) (sock)
#else
#define ctnet_udp_sk(sock) ((sock)->sk)
#endif

#endif /* _CTNET_COMPAT_H */
