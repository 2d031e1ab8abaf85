/* SPDX-License-Identifier: GPL-2.0 */
/* What container.c, attach.c and change.c share: they call steps.c, autoconf.c, announce.c. */
#ifndef CT_ATTACH_H
#define CT_ATTACH_H

#include "ct.h"

/* What else there is to say of a container that is not there. */
#define CT_CONTAINER_GONE ", and a container that goes takes its port with it"

/**
 * struct ct_port_change - what a container's port is to be like
 * @label: alias of the near end; NULL: as it is
 * @mtu: of both ends; CT_MTU_AUTO: as it is
 * @mac: of the far end
 * @had: those of its addresses that it need not keep
 * @address: addresses
 * @had_routes: those of its routes that it need not keep
 * @routes: routes
 */
struct ct_port_change {
	const char *label;
	uint32_t mtu;
	uint8_t mac[6];
	struct ct_addrs had;
	struct ct_addrs address;
	struct ct_addrs had_routes;
	struct ct_addrs routes;
};

/*
 * change.c: steps that change that; the container must stay open to take them back. Its
 * table entry is not touched.
 */
int ct_attach_change(struct ct_container *c, const struct ct_port_change *w);

/* steps.c: the container of a near end that add-port made, for any network or this (@of_it). */
struct ct_container *ct_attach_open(struct ct *ct, const struct ct_link *net,
				    const char *near, bool of_it);
/* A name for a near end, which marks it as made here. */
void ct_attach_mark(char name[IFNAMSIZ]);
/*
 * Both ends of a veth, with the far one in the namespace @ns_fd, or in this one if that is
 * -1; and what to tell of a refusal.
 */
struct nl_msg *ct_attach_veth_msg(const char *near, const char *far, int ns_fd,
				  const uint8_t mac[6], uint32_t mtu);
extern const struct ct_hint ct_attach_veth_hints[];
/* The MTU that both ends begin with. */
uint32_t ct_attach_mtu(const struct ct_link *net, const struct ct_port_conf *o);
/* The MAC of a container; @had: that which it has, or NULL. */
int ct_attach_mac(struct ct *ct, const struct ct_link *net, const struct ct_port_conf *o,
		  const uint8_t *had, uint8_t mac[6]);
/* The label; and no link-local address for the near end, which is a port and not a host. */
int ct_attach_dress(struct ct *ct, const struct ct_link *near, const char *label);
/* The switches of a port: a container's is on unless somebody says otherwise. */
void ct_attach_flags(const struct ct_port_conf *o, uint32_t *value, uint32_t *selector);
/* Steps: make the near end a port; enter its MAC and addresses into the table. */
int ct_attach_near(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
		   const struct ct_port_conf *o);
int ct_attach_enter_near(struct ct *ct, const struct ct_link *net, const struct ct_link *near,
			 const uint8_t mac[6], const struct ct_addrs *addrs);
/* Step: an altname of the near end, its mark and what its other end is called (or ""). */
int ct_attach_altname(struct ct *ct, const struct ct_link *near, const char *given);
/* Step: an entry of the table, which was @old (NULL: there was none). */
int ct_attach_enter(struct ct *ct, const struct ct_fdb *f, const struct ct_fdb *old);
/* A port that follows its network's MTU takes it for both ends; to undo that does not. */
void ct_attach_undo_mtu(struct ct_container *c);
/* Steps: routes of the container. */
int ct_attach_routes(struct ct_container *c, const struct ct_addrs *routes);
#define CT_ROUTE_NAME (CT_TEXT + 24)
/* What a message calls a route. */
const char *ct_attach_route_text(const struct ct_addr *r, char buf[CT_ROUTE_NAME]);
/* Announce addresses, once both ends run. */
int ct_attach_tell(struct ct_container *c, const struct ct_addrs *addrs);

/* announce.c: from the interface of the container. */
int ct_announce(const struct ct_container *c, const struct ct_addrs *addrs);

/*
 * autoconf.c: a guarded interface that has addresses takes none from routers. With these
 * addresses (@undo: steps; else the container goes with what fails later); and as its port
 * and table entry are now, in steps.
 */
int ct_autoconf_fit(const struct ct_container *c, const struct ct_addrs *addrs, bool undo);
int ct_autoconf_guarded(const struct ct_container *c);

#endif
