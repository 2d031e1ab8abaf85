/* SPDX-License-Identifier: GPL-2.0 */
/* Interfaces, their addresses and routes, over rtnetlink. */
#ifndef CTNETCTL_LINK_H
#define CTNETCTL_LINK_H

#include <net/if.h>
#include <linux/if.h>

#include "nl.h"
#include "opt.h"

/* "ct" and ten hexadecimal digits */
#define MARK_LEN	12

/**
 * struct link - what we want to know of an interface
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
 * @peer_nsid: id of the namespace that the other end is in, -1: this one
 * @peer_goes: the other end is in a namespace that is being taken apart
 * @mark: the name that add-port gave it ("ct" and ten hexadecimal digits), or empty;
 *	an altname begins with it where the name is another
 * @given: what its other end was to be called, of which that altname tells, or empty
 */
struct link {
	int ifindex;
	char name[IFNAMSIZ];
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
	int peer_nsid;
	bool peer_goes;
	char mark[MARK_LEN + 1];
	char given[IFNAMSIZ];
};

/* Interfaces in order of their index. */
struct links {
	struct link *v;
	size_t n;
};

/*
 * By name, or where that is NULL by index; in the namespace that the socket
 * knows as @nsid, or in the socket's own if that is -1. Returns 0 or -errno.
 */
int link_get(struct nlsock *s, const char *name, int ifindex, int nsid,
	     struct link *l);
int link_dump(struct nlsock *s, struct links *ls);
const struct link *link_find(const struct links *ls, int ifindex);
const struct link *link_find_name(const struct links *ls, const char *name);
/* The same by any of its names, of which the kernel is asked. */
const struct link *link_find_called(struct nlsock *s, const struct links *ls,
				    const char *name);
void links_free(struct links *ls);

struct nl_msg *link_msg(int type, int flags, int ifindex,
			unsigned int ifi_flags, unsigned int change);
/* Put up or down, an alias, another MTU, MAC or name. */
int link_set_up(struct nlsock *s, int ifindex, bool up);
struct nl_msg *link_up_msg(int ifindex, bool up);
struct nl_msg *link_alias_msg(int ifindex, const char *alias);
struct nl_msg *link_mtu_msg(int ifindex, uint32_t mtu);
struct nl_msg *link_mac_msg(int ifindex, const uint8_t mac[6]);
struct nl_msg *link_name_msg(int ifindex, const char *name);
struct nl_msg *link_del_msg(int ifindex);
/* An altname that comes (RTM_NEWLINKPROP) or goes (RTM_DELLINKPROP). */
struct nl_msg *link_altname_msg(int type, int ifindex, const char *name);
/*
 * Delete those of @ls for which @goes[i], all or nothing, and how to take back
 * what fails. Returns 0 or -errno.
 */
int links_del(struct nlsock *s, const struct links *ls, const bool *goes);

/* The id that the socket's namespace has for another; -1: none. Dies of an error. */
int link_nsid(struct nlsock *s, int ns_fd);

struct nl_msg *addr_msg(int type, int flags, int ifindex,
			const struct cidr *c, uint32_t ifa_flags);
int addr_dump(struct nlsock *s, int ifindex, struct cidrs *addrs);
/*
 * Only those that somebody gave it for good: not the kernel's link-local ones,
 * nor what a router or a lease gave. In another namespace if @nsid is not -1.
 */
int addr_dump_given(struct nlsock *s, int ifindex, int nsid,
		    struct cidrs *addrs);
bool addr_among(const struct cidrs *addrs, const struct cidr *c);
/* Whether the socket's namespace has this address, on whichever interface. */
bool addr_is_here(struct nlsock *s, const struct ip *ip);
/* A route, and those that are like this: static, in the main table. */
struct nl_msg *route_msg(int type, const struct route *r, int ifindex);
int route_dump(struct nlsock *s, int ifindex, struct routes *routes);

/*
 * Add the addresses that are not there yet, and say how to take that back.
 * Returns 0 or an exit code, after a message that names the interface.
 */
int addr_add_all(struct nlsock *s, int ifindex, const char *where,
		 const struct cidrs *addrs, uint32_t ifa_flags);
/* Remove those of @have that are not among @want; all of @want stay. */
int addr_del_others(struct nlsock *s, int ifindex, const char *where,
		    const struct cidrs *have, const struct cidrs *want,
		    uint32_t ifa_flags);

#endif
