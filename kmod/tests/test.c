// SPDX-License-Identifier: GPL-2.0
/*
 * The suites' network, and how they are run. Their frames are in frame.c.
 *
 * KUnit would run the suites of a module by itself, but in 6.1 it does so before the
 * module's init has run, when there is neither a table nor a kind of link: main.c calls
 * ctnet_test_run() when all is registered, in all kernels.
 */
#include "test.h"

static struct kunit_suite *ctnet_test_suites[] = {
	&ctnet_decap_suite,
	&ctnet_encap_suite,
	&ctnet_fdb_suite,
	&ctnet_fdbip_suite,
	&ctnet_forward_suite,
	&ctnet_guard_suite,
	&ctnet_guard6_suite,
	&ctnet_neigh_suite,
	&ctnet_nlmsg_suite,
	&ctnet_pmtu_suite,
};

/** ctnet_test_run() - at module load, when the rest is done */
void ctnet_test_run(void)
{
	ctnet_kunit_run(ctnet_test_suites, ARRAY_SIZE(ctnet_test_suites));
}

/** ctnet_test_end() - at module unload, first */
void ctnet_test_end(void)
{
	__kunit_test_suites_exit(ctnet_test_suites,
				 ARRAY_SIZE(ctnet_test_suites));
}

/* ------------------------------------------------------------ addresses */

const u8 ctnet_test_mac[CTNET_TEST_HOSTS][ETH_ALEN] = {
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x50 },
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x51 },
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x52 },
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x53 },
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x54 },
	{ 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 },
};

const u8 ctnet_test_broadcast[ETH_ALEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

/* The network's own. */
static const u8 ctnet_test_own[ETH_ALEN] = {
	0x02, 0x99, 0x88, 0x77, 0x66, 0x55
};

/**
 * ctnet_test_ip4() - a host's IPv4 address
 * @i: which host
 *
 * Return: an address of documentation (RFC 5737); the others are, too (RFC 3849).
 */
__be32 ctnet_test_ip4(unsigned int i)
{
	return htonl(0xcb007101 + i);
}

/**
 * ctnet_test_mapped() - the same, as the table has it
 * @i: which host
 *
 * Return: v4-mapped.
 */
struct in6_addr ctnet_test_mapped(unsigned int i)
{
	struct in6_addr addr;

	ipv6_addr_set_v4mapped(ctnet_test_ip4(i), &addr);
	return addr;
}

/**
 * ctnet_test_ip6() - a host's IPv6 address
 * @i: which host
 *
 * Return: the address.
 */
struct in6_addr ctnet_test_ip6(unsigned int i)
{
	return (struct in6_addr) {
		.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0x01, [15] = i + 1 },
	};
}

/**
 * ctnet_test_ll() - the link-local address of a host's MAC
 * @i: which host
 *
 * Return: the address.
 */
struct in6_addr ctnet_test_ll(unsigned int i)
{
	return (struct in6_addr) {
		.s6_addr = { 0xfe, 0x80, [9] = 0x11, [10] = 0x22, [11] = 0xff,
			     [12] = 0xfe, [13] = 0x33, [14] = 0x44,
			     [15] = 0x50 + i },
	};
}

/**
 * ctnet_test_vtep4() - an address of the underlay
 * @i: 0: ours
 *
 * Return: the address.
 */
__be32 ctnet_test_vtep4(unsigned int i)
{
	return htonl(0xc0000201 + i);
}

/**
 * ctnet_test_vtep6() - an address of the underlay
 * @i: 0: ours
 *
 * Return: the address.
 */
struct in6_addr ctnet_test_vtep6(unsigned int i)
{
	return (struct in6_addr) {
		.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = i + 1 },
	};
}

/* -------------------------------------------------------------- network */

static netdev_tx_t ctnet_test_port_xmit(struct sk_buff *skb,
					struct net_device *dev)
{
	skb_queue_tail(netdev_priv(dev), skb);
	return NETDEV_TX_OK;
}

static int ctnet_test_port_init(struct net_device *dev)
{
	skb_queue_head_init(netdev_priv(dev));
	return 0;
}

static void ctnet_test_port_uninit(struct net_device *dev)
{
	skb_queue_purge(netdev_priv(dev));
}

static const struct net_device_ops ctnet_test_port_ops = {
	.ndo_init	= ctnet_test_port_init,
	.ndo_uninit	= ctnet_test_port_uninit,
	.ndo_start_xmit	= ctnet_test_port_xmit,
};

/* Below the least MTU of IPv6 the kernel sends nothing by itself. */
#define CTNET_TEST_MTU	(IPV6_MIN_MTU - 1)

static void ctnet_test_port_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &ctnet_test_port_ops;
	dev->needs_free_netdev = true;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->features |= NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |
			 NETIF_F_HW_CSUM;
	dev->mtu = CTNET_TEST_MTU;
	ctnet_dev_lockless(dev);
	ctnet_dev_local(dev);
	eth_hw_addr_random(dev);
}

/**
 * ctnet_test_queue() - what a device was to send, and has kept
 * @dev: one of the test's
 *
 * Return: the frames, in order.
 */
struct sk_buff_head *ctnet_test_queue(const struct net_device *dev)
{
	return netdev_priv(dev);
}

/**
 * ctnet_test_port_dev() - a device that keeps what it is to send
 *
 * Context: RTNL. Return: registered and up, or NULL.
 */
struct net_device *ctnet_test_port_dev(void)
{
	struct net_device *dev;

	dev = alloc_netdev(sizeof(struct sk_buff_head), "ctktport%d",
			   NET_NAME_ENUM, ctnet_test_port_setup);
	if (!dev)
		return NULL;
	if (register_netdevice(dev)) {
		free_netdev(dev);
		return NULL;
	}
	if (dev_open(dev, NULL)) {
		unregister_netdevice(dev);
		return NULL;
	}
	return dev;
}

/* What the host receives of the network goes no further. */
static rx_handler_result_t ctnet_test_host_rx(struct sk_buff **pskb)
{
	struct ctnet_test *t = rcu_dereference((*pskb)->dev->rx_handler_data);

	skb_push(*pskb, ETH_HLEN);
	skb_queue_tail(&t->host, *pskb);
	return RX_HANDLER_CONSUMED;
}

static struct net_device *ctnet_test_net_dev(void)
{
	static struct nlattr *tb[IFLA_MAX + 1];
	struct net_device *dev;
	struct ctnet_dev *ctd;

	dev = rtnl_create_link(&init_net, "ctktnet%d", NET_NAME_ENUM,
			       &ctnet_link_ops, tb, NULL);
	if (IS_ERR(dev))
		return NULL;
	ctd = netdev_priv(dev);
	ctd->mtu_set = true;
	dev->mtu = CTNET_TEST_MTU;
	eth_hw_addr_set(dev, ctnet_test_own);
	if (register_netdevice(dev)) {
		free_netdev(dev);
		return NULL;
	}
	return dev;
}

/* RTNL. What is there is taken down by ctnet_test_exit(). */
static int ctnet_test_build(struct ctnet_test *t)
{
	unsigned int i;
	int err;

	t->dev = ctnet_test_net_dev();
	if (!t->dev)
		return -ENOMEM;
	t->ctd = netdev_priv(t->dev);
	err = netdev_rx_handler_register(t->dev, ctnet_test_host_rx, t);
	if (!err)
		err = dev_open(t->dev, NULL);
	for (i = 0; !err && i < CTNET_TEST_PORTS; i++) {
		t->port_dev[i] = ctnet_test_port_dev();
		if (!t->port_dev[i])
			return -ENOMEM;
		err = ctnet_port_attach(t->ctd, t->port_dev[i],
					CTNET_PORT_FLAGS_DEFAULT, NULL);
		if (!err)
			t->port[i] = &ctnet_port_get(t->port_dev[i])->vport;
	}
	return err;
}

/**
 * ctnet_test_init() - a network with three ports, for each case
 * @test: has it in its priv
 *
 * Return: 0 or an error.
 */
int ctnet_test_init(struct kunit *test)
{
	struct ctnet_test *t;
	int err;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	skb_queue_head_init(&t->host);
	test->priv = t;
	rtnl_lock();
	err = ctnet_test_build(t);
	rtnl_unlock();
	return err;
}

/**
 * ctnet_test_exit() - the network goes
 * @test: its case, which may have ended at any point
 */
void ctnet_test_exit(struct kunit *test)
{
	struct ctnet_test *t = test->priv;
	unsigned int i;
	LIST_HEAD(gone);

	if (!t)
		return;
	rtnl_lock();
	if (t->dev) {
		netdev_rx_handler_unregister(t->dev);
		unregister_netdevice_queue(t->dev, &gone);
	}
	for (i = 0; i < CTNET_TEST_PORTS; i++)
		if (t->port_dev[i])
			unregister_netdevice_queue(t->port_dev[i], &gone);
	unregister_netdevice_many(&gone);
	rtnl_unlock();
	skb_queue_purge(&t->host);
	test->priv = NULL;
}

/**
 * ctnet_test_drops() - how often something was dropped
 * @drops: the counters
 * @reason: the reason
 *
 * Return: the sum.
 */
u64 ctnet_test_drops(const struct ctnet_drops __percpu *drops,
		     enum ctnet_drop reason)
{
	u64 sum[CTNET_DROP_MAX + 1];

	ctnet_drops_sum(drops, sum);
	return sum[reason];
}

/**
 * ctnet_test_all_drops() - how often anything was dropped
 * @drops: the counters
 *
 * Return: the sum.
 */
u64 ctnet_test_all_drops(const struct ctnet_drops __percpu *drops)
{
	u64 sum[CTNET_DROP_MAX + 1], all = 0;
	int i;

	ctnet_drops_sum(drops, sum);
	for (i = 0; i <= CTNET_DROP_MAX; i++)
		all += sum[i];
	return all;
}

/**
 * ctnet_test_bind() - give the network VNI 100 on both families
 * @test: the case
 * @underlay: interface index, or 0
 */
void ctnet_test_bind(struct kunit *test, int underlay)
{
	struct nlattr *data[IFLA_CTNET_MAX + 1] = {};
	struct ctnet_test *t = test->priv;
	struct ctnet_vtep conf;
	int err;

	ctnet_vtep_default(&conf);
	conf.vni = 100;
	conf.port = htons(47890);
	conf.underlay = underlay;
	ipv6_addr_set_v4mapped(ctnet_test_vtep4(0), &conf.local[CTNET_V4]);
	conf.local[CTNET_V6] = ctnet_test_vtep6(0);
	rtnl_lock();
	err = ctnet_vtep_bind(t->ctd, &conf, data, NULL);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * ctnet_test_peer() - add a peer
 * @test: the case, whose network has been bound
 * @family: its family
 * @i: its place in the underlay
 *
 * Return: the peer.
 */
struct ctnet_peer *ctnet_test_peer(struct kunit *test, enum ctnet_family family,
				   unsigned int i)
{
	struct ctnet_test *t = test->priv;
	struct in6_addr addr = ctnet_test_vtep6(i);
	struct ctnet_peer *peer;
	int err;

	if (family == CTNET_V4)
		ipv6_addr_set_v4mapped(ctnet_test_vtep4(i), &addr);
	rtnl_lock();
	err = ctnet_peer_add(t->ctd, &addr, 0, NULL);
	peer = ctnet_peer_find(t->ctd, &addr);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
	return peer;
}

/**
 * ctnet_test_static() - enter a host with its addresses
 * @test: the case
 * @vport: where it is
 * @i: which host
 */
void ctnet_test_static(struct kunit *test, struct ctnet_vport *vport, unsigned int i)
{
	struct in6_addr ips[] = {
		ctnet_test_mapped(i), ctnet_test_ip6(i), ctnet_test_ll(i),
	};
	int err;

	rtnl_lock();
	err = ctnet_fdb_set(vport, ctnet_test_mac[i], 0, ips, ARRAY_SIZE(ips),
			    true, NULL);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * ctnet_test_send() - a frame comes in
 * @skb: the frame; consumed
 * @src: where
 */
void ctnet_test_send(struct sk_buff *skb, struct ctnet_vport *src)
{
	local_bh_disable();
	rcu_read_lock();
	skb->dev = src->ctd->dev;
	ctnet_forward(skb, src, CTNET_FROM_WIRE);
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * ctnet_test_got() - whether a frame is the next that came somewhere; it goes then
 * @queue: where
 * @data: the frame
 * @len: its length
 *
 * Return: whether it is, byte by byte.
 */
bool ctnet_test_got(struct sk_buff_head *queue, const void *data,
		    unsigned int len)
{
	struct sk_buff *skb = skb_dequeue(queue);
	bool same;

	same = skb && skb->len == len && !skb_linearize(skb) &&
	       !memcmp(skb->data, data, len);
	kfree_skb(skb);
	return same;
}
