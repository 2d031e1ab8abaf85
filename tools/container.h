/* SPDX-License-Identifier: GPL-2.0 */
/* What a TARGET names: a network namespace, and the interface that a port leads to. */
#ifndef CTNETCTL_CONTAINER_H
#define CTNETCTL_CONTAINER_H

#include <stdbool.h>

#include "link.h"
#include "nl.h"

#define DEFAULT_IFNAME	"eth0"
/* What else there is to say of a container that is not there. */
#define CONTAINER_GONE	", and a container that goes takes its port with it"

enum far_state {
	FAR_NONE,		/* no interface of that name */
	FAR_OTHER,		/* one, whose other end is not here */
	FAR_HERE,		/* one, whose other end is in our namespace */
};

/**
 * struct container - the namespace that a TARGET names, and what it has there
 * @target: as it was given
 * @asked: what the interface is looked for by
 * @ifname: what it is called, or is to be
 * @fd: its namespace
 * @s: rtnetlink socket in there
 * @state: what is there
 * @far: the interface, unless FAR_NONE
 * @near: its other end, if FAR_HERE
 */
struct container {
	const char *target;
	const char *asked;
	const char *ifname;
	int fd;
	struct nlsock s;
	enum far_state state;
	struct link far;
	struct link near;
};

/*
 * Open a container (@ifname NULL: the default), for which container_close() is
 * owed on EXIT_OK. One that is not there sets @gone, if that is not NULL, and
 * there is no message and nothing owed; @tail is what else there is to say of it.
 */
int container_open(struct container *c, const char *target, const char *ifname,
		   bool *gone, const char *tail);
/* The same by a near end that add-port made. No message if it is @gone. */
int container_open_near(struct container *c, const struct link *near, bool *gone);
/* What was to be undone in there is not any more. */
void container_close(struct container *c);
/* The same, and it is freed, when there is nothing left to be undone in it. */
void container_keep(struct container *c);
/* Look again what is there. An exit code. */
int container_find(struct container *c);
/*
 * Look again once nobody else is at work on its port, if somebody seems to be. The lock,
 * which the caller has, is held alone then.
 */
int container_settle(struct container *c);
/* Whether its port is one of the network, or of none any more but made by add-port. */
bool container_is_on(const struct container *c, const struct link *net);
/* container_open(), for one that has a port of this network, or is @gone. */
int container_port(struct container *c, const struct link *net,
		   const char *target, const char *ifname, bool *gone);
/* Index of the near end of a container's port of this network. An exit code. */
int container_index(const struct link *net, const char *target,
		    const char *ifname, int *ifindex);
/* Says that it has no such port of the network, and what it has instead. */
int container_is_elsewhere(const struct container *c);
/* Says that there is such an interface already, and what it is. */
int container_already(const struct container *c);

#endif
