/* SPDX-License-Identifier: GPL-2.0 */
/* A container, and its port. */
#ifndef CT_CONTAINER_H
#define CT_CONTAINER_H

#include "port.h"

#define CT_IFNAME	"eth0"

enum ct_far {
	CT_FAR_NONE,		/* no interface of that name */
	CT_FAR_OTHER,		/* one, whose other end is not here */
	CT_FAR_HERE,		/* one, whose other end is in our namespace */
};

/**
 * struct ct_container - the namespace that a TARGET names, and what it has there
 * @ct: what it is looked at from
 * @target: as it was given
 * @asked: what the interface is looked for by
 * @ifname: what it is called, or is to be
 * @fd: its namespace
 * @s: rtnetlink socket in there
 * @state: what is there
 * @far: the interface, unless CT_FAR_NONE
 * @near: its other end, if CT_FAR_HERE
 */
struct ct_container {
	struct ct *ct;
	const char *target;
	const char *asked;
	const char *ifname;
	int fd;
	struct ct_sock s;
	enum ct_far state;
	struct ct_link far;
	struct ct_link near;
};

/*
 * Open a container (@ifname NULL: the default); NULL after an error, or with @gone set. It
 * stays open until ct_container_close(), or ct_container_keep(): until nothing is left to be
 * undone in it. @tail as in ct_netns_open().
 */
struct ct_container *ct_container_open(struct ct *ct, const char *target,
				       const char *ifname, bool *gone, const char *tail);
/* The same by a near end that add-port made. */
struct ct_container *ct_container_open_near(struct ct *ct, const struct ct_link *near,
					    bool *gone);
void ct_container_close(struct ct_container *c);
void ct_container_keep(struct ct_container *c);
/* Look again what is there. */
int ct_container_find(struct ct_container *c);
/*
 * Look again once nobody else is at work on its port, if somebody seems to be. The lock,
 * which the caller has, is held alone then.
 */
int ct_container_settle(struct ct_container *c);
/* Whether its port is one of the network, or of none any more but made by add-port. */
bool ct_container_is_on(const struct ct_container *c, const struct ct_link *net);
/* ct_container_open(), for one that has a port of this network. */
struct ct_container *ct_container_port(struct ct *ct, const struct ct_link *net,
				       const char *target, const char *ifname);
/* Fail: it has no such port of the network; there is such an interface already. */
int ct_container_is_elsewhere(const struct ct_container *c);
int ct_container_already(const struct ct_container *c);

/* attach.c, change.c: ct_port_add(), _set() and _del() for a container. */
int ct_attach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
int ct_change(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
int ct_detach(struct ct *ct, const struct ct_link *net, const char *target,
	      const struct ct_port_conf *o);
/* Delete a veth that add-port made; @what names it in a message. */
int ct_detach_near(struct ct *ct, const struct ct_link *net, const char *what,
		   const struct ct_link *near);
/* Step: the near end is called so on the host (NULL: as it is). */
int ct_attach_rename(struct ct *ct, struct ct_link *near, const char *name);

#endif
