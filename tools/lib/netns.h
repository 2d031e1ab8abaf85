/* SPDX-License-Identifier: GPL-2.0 */
/* What names a container's namespace. */
#ifndef CT_NETNS_H
#define CT_NETNS_H

#include "core.h"

/*
 * A descriptor of the namespace that @target names: a PID, a name of "ip netns", a path, or
 * docker:NAME-OR-ID or podman:NAME-OR-ID, which that engine is asked for; or -1 after an
 * error. One that is not there sets @gone, if that is not NULL, and is no error. @tail is
 * what else there is to say of it ("" for nothing).
 */
int ct_netns_open(struct ct *ct, const char *target, bool *gone, const char *tail);
/* Be in a namespace to open something there. -errno. */
int ct_netns_enter(struct ct *ct, int fd);
int ct_netns_leave(struct ct *ct);
bool ct_netns_same(int a, int b);
/* What tells the namespace that is worked on from any other until the next boot. */
int ct_netns_cookie(struct ct *ct, uint64_t *cookie);
/*
 * A target that names the namespace with this id (of ours) and will do so after a restart:
 * @label, if that is one, a name of "ip netns", or where it is mounted; NULL if there is
 * none. To be freed. What was read for it is kept until ct_netns_forget(). -errno.
 */
int ct_netns_name(struct ct *ct, int nsid, const char *label, char **name);
/*
 * A descriptor of that namespace, by its name or by a process that is in it, into @fd; -1:
 * nothing leads to it. No engine is asked. -errno.
 */
int ct_netns_open_id(struct ct *ct, int nsid, const char *label, int *fd);
void ct_netns_forget(struct ct *ct);

#endif
