/* SPDX-License-Identifier: GPL-2.0 */
/* The addresses of the table's entries. */
#ifndef _CTNET_FDBIP_H
#define _CTNET_FDBIP_H

#include "ctnet.h"

struct ctnet_fdb;
struct ctnet_fdb_ips;

struct ctnet_fdb *ctnet_fdb_find_ip(struct ctnet_dev *ctd,
				    const struct in6_addr *addr);
int ctnet_fdb_ips_init(struct ctnet_dev *ctd);
int ctnet_fdb_ips_alloc(struct ctnet_fdb *fdb, const struct in6_addr *addrs,
			unsigned int n);
void ctnet_fdb_ips_unlink(struct ctnet_dev *ctd, struct ctnet_fdb_ips *ips);
int ctnet_fdb_ips_link(struct ctnet_dev *ctd, struct ctnet_fdb *fdb,
		       struct ctnet_fdb *old, struct netlink_ext_ack *extack);
void ctnet_fdb_ips_move(struct ctnet_dev *ctd, struct ctnet_fdb *from,
			struct ctnet_fdb *to);
bool ctnet_fdb_claim(struct ctnet_fdb *fdb, const struct in6_addr *addr);
void ctnet_fdb_unclaim(struct ctnet_dev *ctd, const struct ctnet_fdb *fdb);
int ctnet_fdb_reinstate(struct ctnet_vport *vport);
void ctnet_fdb_dispute(struct ctnet_dev *ctd, const struct in6_addr *addr,
		       const u8 *mac);

#endif /* _CTNET_FDBIP_H */
