/* SPDX-License-Identifier: GPL-2.0 */
/* Interfaces, their addresses and routes. */
#ifndef CT_LINK_H
#define CT_LINK_H

#include "addr.h"
#include "nl.h"

#define CT_PORT_NAME	24	/* of an interface, or "native/" and a number */
#define CT_MARK_LEN	12	/* "ct" and ten hexadecimal digits */

/**
 * struct ct_link - what we want to know of an interface
 * @ifindex: its index
 * @name: its name
 * @alias: its alias, or empty
 * @kind: rtnl kind, or empty
 * @mac: its Ethernet address, valid if @has_mac
 * @has_mac: it has one
 * @mtu: its MTU
 * @flags: IFF_*
 * @operstate: IF_OPER_*
 * @group: device group
 * @master: index of what it is a port of, or 0
 * @peer: index of the other end, or 0
 * @number: of a native port's device, the port's number
 * @peer_nsid: id of the namespace that the other end is in, -1: this one
 * @peer_goes: the other end is in a namespace that is being taken apart
 * @mark: the name that add-port gave it, or empty; an altname begins with it where the
 *	name is another
 * @given: what its other end was to be called, of which that altname tells, or empty
 */
struct ct_link {
	int ifindex;
	char name[CT_PORT_NAME];
	char alias[256];
	char kind[16];
	uint8_t mac[6];
	bool has_mac;
	uint32_t mtu;
	unsigned int flags;
	uint8_t operstate;
	uint32_t group;
	int master;
	int peer;
	int number;
	int peer_nsid;
	bool peer_goes;
	char mark[CT_MARK_LEN + 1];
	char given[IFNAMSIZ];
};

/* Interfaces in order of their index. */
struct ct_links {
	struct ct_link *v;
	size_t n;
};

/*
 * By name, or where that is NULL by index; in the namespace that the socket knows as @nsid,
 * or in the socket's own if that is -1. -errno.
 */
int ct_link_get(struct ct_sock *s, const char *name, int ifindex, int nsid,
		struct ct_link *l);
int ct_link_dump(struct ct_sock *s, struct ct_links *ls);
const struct ct_link *ct_link_find(const struct ct_links *ls, int ifindex);
/* By any of its names, of which the kernel is asked. */
const struct ct_link *ct_link_called(struct ct_sock *s, const struct ct_links *ls,
				     const char *name);
void ct_links_free(struct ct_links *ls);

struct nl_msg *ct_link_msg(int type, int flags, int ifindex);
struct nl_msg *ct_link_del_msg(int ifindex);
struct nl_msg *ct_link_up_msg(int ifindex, bool up);
struct nl_msg *ct_link_alias_msg(int ifindex, const char *alias);
struct nl_msg *ct_link_mtu_msg(int ifindex, uint32_t mtu);
struct nl_msg *ct_link_mac_msg(int ifindex, const uint8_t mac[6]);
struct nl_msg *ct_link_name_msg(int ifindex, const char *name);
/* An altname that comes (RTM_NEWLINKPROP) or goes (RTM_DELLINKPROP). */
struct nl_msg *ct_link_altname_msg(int type, int ifindex, const char *name);
/*
 * Delete those of @ls for which @goes[i] in one stroke, all or nothing, and say how to take
 * back what fails. -errno.
 */
int ct_links_del(struct ct_sock *s, const struct ct_links *ls, const bool *goes);
/* Steps: bring up what is not; give it another alias, if @label is one. */
int ct_link_up(struct ct_sock *s, const struct ct_link *l);
int ct_link_label(struct ct_sock *s, const struct ct_link *l, const char *label);

/* The id that the socket's namespace has for another into @id; -1: none. -errno. */
int ct_link_nsid(struct ct_sock *s, int ns_fd, int *id);

struct nl_msg *ct_addr_msg(int type, int flags, int ifindex, const struct ct_addr *a,
			   uint32_t ifa_flags);
/*
 * The addresses of an interface (0: of all); with @given only those that somebody gave it
 * for good, not the kernel's link-local ones, nor what a router or a lease gave. @nsid as
 * ct_link_get(). -errno.
 */
int ct_addr_dump(struct ct_sock *s, int ifindex, int nsid, bool given,
		 struct ct_addrs *addrs);
/* Whether the socket's namespace has this address, on whichever interface. */
bool ct_addr_is_here(struct ct_sock *s, const struct ct_ip *ip);
/*
 * Steps: add the addresses that are not there yet; remove those of @have that are not
 * among @want, of which all stay. @where names the interface in a message.
 */
int ct_addr_add_all(struct ct_sock *s, int ifindex, const char *where,
		    const struct ct_addrs *addrs, uint32_t ifa_flags);
int ct_addr_del_others(struct ct_sock *s, int ifindex, const char *where,
		       const struct ct_addrs *have, const struct ct_addrs *want,
		       uint32_t ifa_flags);
/* A route, and those that are like this: static, in the main table. */
struct nl_msg *ct_route_msg(int type, const struct ct_addr *r, int ifindex);
int ct_route_dump(struct ct_sock *s, int ifindex, struct ct_addrs *routes);

#endif
