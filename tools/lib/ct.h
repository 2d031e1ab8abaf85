/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libctnet: networks, their ports, peers and entries, and the containers on them.
 *
 * A function that may fail returns 0, or CT_USAGE or CT_REFUSED with a sentence in
 * ct->error that says what failed and why. Where it says "-errno" it returns that and sets
 * no sentence: ct_refused() makes one of it. Nothing here prints, exits or catches signals.
 * What has no memory left calls ct_nomem.
 *
 * nl.c		netlink sockets, requests, messages
 * addr.c	numbers, MACs, addresses, routes and lists of them
 * load.c	libraries that are loaded when they are needed
 * undo.c steps.c	all or nothing; the lock of a namespace
 * link.c	interfaces, their addresses and routes
 * netns.c engine.c	what names a container's namespace
 * native.c	native ports, as near ends
 * net.c port.c peer.c fdb.c	the objects: read, make, change, delete
 * container.c attach.c change.c autoconf.c announce.c	a container's port
 * endpoint.c	one whose interface an engine moves into the container
 * state.c	all that there is, read at one go
 * publish.c	published ports
 * nat.c natfile.c nft.c conntrack.c	what is recorded of NAT, and what is made of that
 */
#ifndef CT_H
#define CT_H

#include "core.h"
#include "addr.h"
#include "container.h"
#include "endpoint.h"
#include "engine.h"
#include "fdb.h"
#include "link.h"
#include "native.h"
#include "net.h"
#include "netns.h"
#include "nft.h"
#include "nl.h"
#include "port.h"
#include "publish.h"
#include "state.h"
#include "undo.h"

#endif
