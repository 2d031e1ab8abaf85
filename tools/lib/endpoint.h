/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A container's port, where an engine moves the interface into the container, and gives it
 * name, addresses and routes itself.
 */
#ifndef CT_ENDPOINT_H
#define CT_ENDPOINT_H

#include "port.h"

/**
 * struct ct_endpoint - a veth that is made on the host with both ends
 * @near: the port; it has the mark of what add-port makes
 * @far: what the container's interface is called until it is moved
 * @mac: the container's
 */
struct ct_endpoint {
	char near[IFNAMSIZ];
	char far[IFNAMSIZ];
	uint8_t mac[6];
};

enum ct_endpoint_state {
	CT_ENDPOINT_GONE,
	CT_ENDPOINT_HERE,	/* the far end is on the host */
	CT_ENDPOINT_MOVED,	/* it is in a container */
};

/*
 * Of @o, a port's options for a container, all of these take address, mac, mtu, label and the
 * switches. The addresses are entered into the table, and given to no interface.
 */

/* Choose names that nothing has, and the MAC unless it is given. */
int ct_endpoint_choose(struct ct *ct, const char *net, const struct ct_port_conf *o,
		       struct ct_endpoint *e);
/* Make what of it is not there; steps. */
int ct_endpoint_make(struct ct *ct, const char *net, const struct ct_endpoint *e,
		     const struct ct_port_conf *o);
/* Delete it, if it is there. */
int ct_endpoint_del(struct ct *ct, const struct ct_endpoint *e);
/* @near may be NULL; otherwise it is the near end, unless that is gone. */
int ct_endpoint_find(struct ct *ct, const struct ct_endpoint *e, enum ct_endpoint_state *state,
		     struct ct_link *near);
/*
 * Its interface runs in the container: announce its addresses, and have it take none from
 * routers if it is guarded.
 */
int ct_endpoint_arrived(struct ct *ct, const struct ct_endpoint *e,
			const struct ct_port_conf *o);

#endif
