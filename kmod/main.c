// SPDX-License-Identifier: GPL-2.0
/*
 * ctnet: a bridge and a VXLAN tunnel endpoint in one network device
 *
 * Registration, and unregistration in reverse order.
 */
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <net/addrconf.h>
#include <net/netns/generic.h>

#include "ctnet.h"
#include "fdb.h"
#include "link.h"
#include "mtu.h"
#include "native.h"
#include "netlink.h"
#include "nlmsg.h"
#include "peer.h"
#include "port.h"
#include "vtep.h"

static unsigned int ctnet_ns_id __read_mostly;

/**
 * ctnet_ns() - what a namespace has of ours
 * @net: the namespace
 *
 * Return: valid for as long as the namespace has devices.
 */
struct ctnet_ns *ctnet_ns(const struct net *net)
{
	return net_generic(net, ctnet_ns_id);
}

static int __net_init ctnet_ns_init(struct net *net)
{
	struct ctnet_ns *ns = ctnet_ns(net);

	ns->net = net;
	xa_init_flags(&ns->nets, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	xa_init_flags(&ns->natives, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	atomic_set(&ns->seq, 1);
	ctnet_vtep_ns_init(ns);
	ctnet_mtu_ns_init(ns);
	ctnet_nl_ns_init(ns);
	return 0;
}

static void __net_exit ctnet_ns_exit(struct net *net)
{
	struct ctnet_ns *ns = ctnet_ns(net);

	ctnet_nl_ns_exit(ns);
	ctnet_mtu_ns_exit(ns);
	ctnet_vtep_ns_exit(ns);
	WARN_ON_ONCE(!xa_empty(&ns->nets) || !xa_empty(&ns->natives));
	xa_destroy(&ns->natives);
	xa_destroy(&ns->nets);
}

/* A pernet subsystem, not a device, so that it exits after the namespace's devices are gone. */
static struct pernet_operations ctnet_ns_ops = {
	.init = ctnet_ns_init,
	.exit = ctnet_ns_exit,
	.id = &ctnet_ns_id,
	.size = sizeof(struct ctnet_ns),
};

static int __init ctnet_init(void)
{
	int err;

	err = ctnet_fdb_init();
	if (err)
		return err;
	err = ctnet_port_init();
	if (err)
		goto err_fdb;
	err = ctnet_peer_init();
	if (err)
		goto err_port;
	err = register_pernet_subsys(&ctnet_ns_ops);
	if (err)
		goto err_peer;
	err = register_netdevice_notifier(&ctnet_port_notifier);
	if (err)
		goto err_ns;
	err = register_inetaddr_notifier(&ctnet_mtu_notifier4);
	if (err)
		goto err_notifier;
	err = register_inet6addr_notifier(&ctnet_mtu_notifier6);
	if (err)
		goto err_notifier4;
	err = ctnet_nl_init();
	if (err)
		goto err_notifier6;
	/* Last, and first at exit, so that events of networks that go are sent. */
	err = rtnl_link_register(&ctnet_link_ops);
	if (err)
		goto err_nl;
	err = rtnl_link_register(&ctnet_native_ops);
	if (err)
		goto err_link;
	ctnet_test_run();
	return 0;

err_link:
	rtnl_link_unregister(&ctnet_link_ops);
err_nl:
	ctnet_nl_exit();
err_notifier6:
	unregister_inet6addr_notifier(&ctnet_mtu_notifier6);
err_notifier4:
	unregister_inetaddr_notifier(&ctnet_mtu_notifier4);
err_notifier:
	unregister_netdevice_notifier(&ctnet_port_notifier);
err_ns:
	unregister_pernet_subsys(&ctnet_ns_ops);
err_peer:
	rcu_barrier();
	ctnet_peer_exit();
err_port:
	ctnet_port_exit();
err_fdb:
	ctnet_fdb_exit();
	return err;
}

static void __exit ctnet_exit(void)
{
	ctnet_test_end();
	rtnl_link_unregister(&ctnet_native_ops);
	rtnl_link_unregister(&ctnet_link_ops);
	ctnet_nl_exit();
	unregister_inet6addr_notifier(&ctnet_mtu_notifier6);
	unregister_inetaddr_notifier(&ctnet_mtu_notifier4);
	unregister_netdevice_notifier(&ctnet_port_notifier);
	unregister_pernet_subsys(&ctnet_ns_ops);
	/* Ports, peers and entries are freed by RCU callbacks of this module. */
	rcu_barrier();
	ctnet_peer_exit();
	ctnet_port_exit();
	ctnet_fdb_exit();
}

module_init(ctnet_init);
module_exit(ctnet_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(CTNET_VERSION);
MODULE_AUTHOR("ctnet authors");
MODULE_DESCRIPTION("Bridge and VXLAN tunnel endpoint in one, for containers");
MODULE_ALIAS_RTNL_LINK("ctnet");
MODULE_ALIAS_RTNL_LINK("ctnet_port");
MODULE_ALIAS_GENL_FAMILY(CTNET_GENL_NAME);
