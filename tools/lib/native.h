/* SPDX-License-Identifier: GPL-2.0 */
/* Native ports: what is said of them in the words of a veth's near end. */
#ifndef CT_NATIVE_H
#define CT_NATIVE_H

#include "link.h"
#include "port.h"

#define CT_NATIVE_KIND	"ctnet_port"

/* Whether a name is that of a native port, which no interface can have. */
bool ct_native_is_name(const char *name);
/* The name of a port that has such a number; NULL: an interface has it. */
const char *ct_native_name(int dev, char buf[CT_PORT_NAME]);
/* NULL, or what is wrong with the name of a port: a native one's, or an interface's. */
const char *ct_parse_port(const char *s);
/*
 * What would be the near end: its index is the port's number, which requests on ports take
 * and rtnetlink does not. It is down, and not told what it was called, until add-port is done.
 */
void ct_native_link(const struct ct_port *p, const struct ct_link *far, struct ct_link *near);
bool ct_link_is_native(const struct ct_link *near);
/* A port's device or near end by name; @net says whose a native one is. -errno. */
int ct_near_get(struct ct *ct, int net, const char *name, struct ct_link *near);
/* The same as ct_dev_find(). */
int ct_near_find(struct ct *ct, int net, const char *name, struct ct_link *near, bool *gone);
/* The interfaces, and the native ports of a network, or of all (0), as such. */
int ct_near_dump(struct ct *ct, int net, struct ct_links *ls);
/* The number of a port by its name. */
int ct_port_index(struct ct *ct, int net, const char *name, int *dev);
/* The message that deletes a near end, or a native port, and the socket for it. */
struct nl_msg *ct_near_del_msg(struct ct *ct, const struct ct_link *near, struct ct_sock **s);
/* Step: the label of a near end, which is its alias, or of a native port. */
int ct_near_label(struct ct *ct, const struct ct_link *near, const char *label);

#endif
