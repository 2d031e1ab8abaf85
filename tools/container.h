/* SPDX-License-Identifier: GPL-2.0 */
/* What a TARGET names: a network namespace, and the interface that a port leads to. */
#ifndef CTNETCTL_CONTAINER_H
#define CTNETCTL_CONTAINER_H

#include <stdbool.h>

#include "link.h"
#include "nl.h"

#define DEFAULT_IFNAME	"eth0"

enum far_state {
	FAR_NONE,		/* no interface of that name */
	FAR_OTHER,		/* one, whose other end is not here */
	FAR_HERE,		/* one, whose other end is in our namespace */
};

/**
 * struct container - the namespace that a TARGET names, and what it has there
 * @target: as it was given
 * @ifname: name of the interface there
 * @fd: its namespace
 * @s: rtnetlink socket in there
 * @state: what is there
 * @far: the interface, unless FAR_NONE
 * @near: its other end, if FAR_HERE
 */
struct container {
	const char *target;
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
/* What was to be undone in there is not any more. */
void container_close(struct container *c);
/* Look again what is there. An exit code. */
int container_find(struct container *c);
/* The same, for one that has a port of this network, or is @gone. */
int container_port(struct container *c, const struct link *net,
		   const char *target, const char *ifname, bool *gone);
/* Index of the near end of a container's port of this network. An exit code. */
int container_index(const struct link *net, const char *target,
		    const char *ifname, int *ifindex);
/* Says that there is such an interface already, and what it is. */
int container_already(const struct container *c);

#endif
