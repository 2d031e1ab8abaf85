// SPDX-License-Identifier: GPL-2.0
/* The UDP sockets of VTEPs, shared by the networks of a namespace. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <net/udp.h>

#include "ctnet.h"
#include "decap.h"
#include "sock.h"
#include "stats.h"

static void ctnet_sock_free(struct ctnet_sock *sock)
{
	free_percpu(sock->drops);
	kfree(sock);
}

static void ctnet_sock_free_rcu(struct rcu_head *rcu)
{
	ctnet_sock_free(container_of(rcu, struct ctnet_sock, rcu));
}

/**
 * DOC: One UDP port, several sockets
 *
 * A network with an underlay device has a socket that is bound to that device, so that
 * another program, or a vxlan device, may have the same port on other devices. A network
 * without one has a socket that is bound to none. Both may have the same port, and the core
 * prefers the bound one as a datagram comes in, which is what is wanted.
 *
 * The core allows it at bind() only if all of these sockets have SO_REUSEPORT and are of the
 * same user. With SO_REUSEPORT any other process of that user could join later, and get a
 * part of the datagrams; and networks of different users may share a port. So while one of
 * ours is bound, and no longer, ours have SO_REUSEPORT and the owner INVALID_UID, which no
 * process can have. This depends on the core reading both at bind() alone. Older kernels read
 * the owner from the inode, newer ones from the socket.
 *
 * One socket for each family and port, bound to no device, would need none of this. It would
 * take the port on all devices, though, also from those who have it on a device of theirs.
 */

/* Whether a socket may share its port with such that may, too. RTNL. */
static void ctnet_sock_share(struct ctnet_sock *sock, bool share)
{
	struct sock *sk = sock->sock->sk;
	kuid_t uid = share ? INVALID_UID : sock->uid;

	lock_sock(sk);
	sk->sk_reuseport = share;
	SOCK_INODE(sock->sock)->i_uid = uid;
	WRITE_ONCE(sk->sk_uid, uid);
	release_sock(sk);
}

/* Has all of ours with this one's family and port share it, or no longer. RTNL. */
static void ctnet_sock_agree(struct net *net, struct ctnet_sock *with, bool agree)
{
	struct ctnet_ns *ns = ctnet_ns(net);
	struct ctnet_sock *sock;

	list_for_each_entry(sock, &ns->socks, list) {
		if (sock->family != with->family || sock->port != with->port)
			continue;
		ctnet_sock_share(sock, agree);
		ctnet_sock_share(with, agree);
	}
}

/* Bound to any address, so that all networks of the namespace can share it. */
static int ctnet_sock_bind(struct net *net, struct ctnet_sock *sock)
{
	struct sockaddr_in addr4 = {
		.sin_family = AF_INET,
		.sin_port = sock->port,
	};
	struct sockaddr_in6 addr6 = {
		.sin6_family = AF_INET6,
		.sin6_port = sock->port,
	};
	bool v6 = sock->family == CTNET_V6;
	struct sock *sk;
	int err;

	err = sock_create_kern(net, v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0,
			       &sock->sock);
	if (err)
		return err;
	sk = sock->sock->sk;
	sock->uid = sk->sk_uid;
	if (v6) {
		err = ip6_sock_set_v6only(sk);
		/* RFC 6935: a tunnel's datagrams may have no checksum. */
		udp_set_no_check6_rx(sk, true);
	}
	if (!err && sock->underlay)
		err = sock_bindtoindex(sk, sock->underlay, true);
	if (err)
		goto err_release;

	ctnet_sock_agree(net, sock, true);
	err = v6 ? ctnet_kernel_bind(sock->sock, &addr6, sizeof(addr6)) :
		   ctnet_kernel_bind(sock->sock, &addr4, sizeof(addr4));
	ctnet_sock_agree(net, sock, false);
	if (err)
		goto err_release;
	return 0;

err_release:
	sock_release(sock->sock);
	return err;
}

static int ctnet_sock_open(struct net *net, struct ctnet_sock *sock,
			   struct netlink_ext_ack *extack)
{
	struct udp_tunnel_sock_cfg tunnel_cfg = {
		.sk_user_data = sock,
		.encap_type = 1,
		.encap_rcv = ctnet_decap_rcv,
		.encap_err_lookup = ctnet_decap_err_lookup,
		.gro_receive = ctnet_decap_gro_receive,
		.gro_complete = ctnet_decap_gro_complete,
	};
	int err;

	err = ctnet_sock_bind(net, sock);
	if (err) {
		net_dbg_ratelimited("cannot bind UDP port %u: %pe\n",
				    ntohs(sock->port), ERR_PTR(err));
		if (err == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "Another socket in this namespace has the UDP port: close it or choose another port");
		else if (err == -EACCES)
			NL_SET_ERR_MSG(extack, "This UDP port needs CAP_NET_BIND_SERVICE: choose one from 1024 on");
		return err;
	}
	setup_udp_tunnel_sock(net, ctnet_udp_sk(sock->sock), &tunnel_cfg);
	/* Accept GSO datagrams of local containers without segmenting. */
	udp_allow_gso(sock->sock->sk);
	udp_tunnel_notify_add_rx_port(ctnet_udp_sk(sock->sock),
				      UDP_TUNNEL_TYPE_VXLAN);
	return 0;
}

/**
 * ctnet_sock_find() - one of a namespace's sockets
 * @net: the namespace
 * @family: IPv4 or IPv6
 * @port: UDP port
 * @underlay: interface index it is bound to, or 0
 *
 * Context: RTNL or RCU. Return: the socket, or NULL.
 */
struct ctnet_sock *ctnet_sock_find(struct net *net, enum ctnet_family family,
				   __be16 port, int underlay)
{
	struct ctnet_ns *ns = ctnet_ns(net);
	struct ctnet_sock *sock;

	list_for_each_entry_rcu(sock, &ns->socks, list, lockdep_rtnl_is_held())
		if (sock->family == family && sock->port == port &&
		    sock->underlay == underlay)
			return sock;
	return NULL;
}

/**
 * ctnet_sock_get() - one of a namespace's sockets, which is opened if there is none
 * @net: the namespace
 * @family: IPv4 or IPv6
 * @port: UDP port
 * @underlay: interface index to bind it to, or 0
 * @extack: says why not
 *
 * Context: RTNL; may sleep. Return: the socket with a reference, or an error.
 */
struct ctnet_sock *ctnet_sock_get(struct net *net, enum ctnet_family family,
				  __be16 port, int underlay,
				  struct netlink_ext_ack *extack)
{
	struct ctnet_sock *sock;
	int err = -ENOMEM;

	sock = ctnet_sock_find(net, family, port, underlay);
	if (sock) {
		sock->refs++;
		return sock;
	}

	sock = kzalloc(sizeof(*sock), GFP_KERNEL_ACCOUNT);
	if (!sock)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(&sock->nets, XA_FLAGS_ACCOUNT);
	sock->family = family;
	sock->port = port;
	sock->underlay = underlay;
	sock->refs = 1;
	sock->drops = ctnet_drops_alloc();
	if (!sock->drops)
		goto err_free;
	err = ctnet_sock_open(net, sock, extack);
	if (err)
		goto err_free;
	list_add_tail_rcu(&sock->list, &ctnet_ns(net)->socks);
	return sock;

err_free:
	ctnet_sock_free(sock);
	return ERR_PTR(err);
}

/**
 * ctnet_sock_put() - give a reference back; the socket is closed with the last
 * @sock: the socket
 *
 * Context: RTNL; may sleep.
 */
void ctnet_sock_put(struct ctnet_sock *sock)
{
	if (--sock->refs)
		return;
	list_del_rcu(&sock->list);
	udp_tunnel_notify_del_rx_port(ctnet_udp_sk(sock->sock),
				      UDP_TUNNEL_TYPE_VXLAN);
	/* Wait for those that send through it. */
	synchronize_net();
	udp_tunnel_sock_release(ctnet_udp_sk(sock->sock));
	/* It may have nodes without entries, of an insertion that ran out of memory. */
	xa_destroy(&sock->nets);
	call_rcu(&sock->rcu, ctnet_sock_free_rcu);
}

/**
 * ctnet_sock_nic_info() - add or remove the UDP ports at a NIC
 * @dev: the NIC
 * @push: whether to add them
 *
 * Context: RTNL.
 */
void ctnet_sock_nic_info(struct net_device *dev, bool push)
{
	struct ctnet_ns *ns = ctnet_ns(dev_net(dev));
	struct ctnet_sock *sock;

	list_for_each_entry(sock, &ns->socks, list) {
		if (push)
			udp_tunnel_push_rx_port(dev, ctnet_udp_sk(sock->sock),
						UDP_TUNNEL_TYPE_VXLAN);
		else
			udp_tunnel_drop_rx_port(dev, ctnet_udp_sk(sock->sock),
						UDP_TUNNEL_TYPE_VXLAN);
	}
}

/**
 * ctnet_sock_of_dev() - one of a namespace's sockets that are bound to a device
 * @ns: the namespace
 * @ifindex: the device
 *
 * Context: RTNL. Return: the socket, or NULL.
 */
struct ctnet_sock *ctnet_sock_of_dev(struct ctnet_ns *ns, int ifindex)
{
	struct ctnet_sock *sock;

	list_for_each_entry(sock, &ns->socks, list)
		if (sock->underlay == ifindex)
			return sock;
	return NULL;
}
