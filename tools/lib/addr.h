/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers, MACs, addresses, routes, and lists of them. */
#ifndef CT_ADDR_H
#define CT_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/attr.h>

struct ct_ip {
	uint8_t family;		/* AF_INET, AF_INET6; 0: none */
	uint8_t len;		/* 4, 16 */
	uint8_t b[16];
};

/* What an item of a list does to what there is, where that is changed. */
enum ct_edit {
	CT_ADD,
	CT_REMOVE,
	CT_NONE,		/* all that there was goes */
};

/**
 * struct ct_addr - an address, one with its prefix length, or a route
 * @ip: the address, or what the route leads to
 * @plen: prefix length; of a plain address 0
 * @via: of a route: the gateway, or none
 * @onlink: of a route: @via is in no subnet
 * @edit: enum ct_edit
 */
struct ct_addr {
	struct ct_ip ip;
	uint8_t plen;
	struct ct_ip via;
	bool onlink;
	uint8_t edit;
};

struct ct_addrs {
	size_t n;
	struct ct_addr *v;
};

struct ct_num {
	bool set;
	uint32_t v;
};

struct ct_mac {
	bool set;
	bool by_address;	/* that which is made from the first address */
	uint8_t v[6];
};

/* Words to values; NULL, or what is wrong with the word, valid until the next is parsed. */
const char *ct_parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *v);
const char *ct_parse_mac(const char *s, uint8_t mac[6]);
const char *ct_parse_ip(const char *s, struct ct_ip *ip);
const char *ct_parse_cidr(const char *s, struct ct_addr *a);
/* "CIDR" or "CIDR,via IP" */
const char *ct_parse_route(const char *s, struct ct_addr *r);
/* An interface's name, as it may be given to one; as one that there is may be called. */
const char *ct_parse_name(const char *s);
const char *ct_parse_known_name(const char *s);
const char *ct_parse_target(const char *s);

#define CT_TEXT	128		/* room for any of these */
const char *ct_ip_text(const struct ct_ip *ip, char buf[CT_TEXT]);
const char *ct_cidr_text(const struct ct_addr *a, char buf[CT_TEXT]);
const char *ct_route_text(const struct ct_addr *r, char buf[CT_TEXT]);
const char *ct_mac_text(const uint8_t mac[6], char buf[CT_TEXT]);

bool ct_ip_set(struct ct_ip *ip, const void *bytes, size_t len);
bool ct_ip_get(struct ct_ip *ip, const struct nlattr *a);	/* false: there is none */
bool ct_ip_equal(const struct ct_ip *a, const struct ct_ip *b);
/* For sorting: IPv4 before IPv6, by number, then by prefix length. */
int ct_addr_order(const void *a, const void *b);
bool ct_ip_is_link_local(const struct ct_ip *ip);	/* an IPv6 one */
/* Whether an address is in the subnet of another. */
bool ct_ip_is_in(const struct ct_ip *ip, const struct ct_addr *subnet);
/* Whether two subnets have an address in common. */
bool ct_overlap(const struct ct_addr *a, const struct ct_addr *b);
/* What is left of it is the subnet. */
void ct_addr_mask(struct ct_addr *a);
/* The same in address, prefix length and gateway. */
bool ct_addr_equal(const struct ct_addr *a, const struct ct_addr *b);
bool ct_addr_among(const struct ct_addrs *l, const struct ct_addr *a);
/* The same address, whatever the prefix length. */
bool ct_ip_among(const struct ct_addrs *l, const struct ct_ip *ip);
/* All of each among the other. */
bool ct_addrs_same(const struct ct_addrs *a, const struct ct_addrs *b);
void ct_addrs_add(struct ct_addrs *l, const struct ct_addr *a);
void ct_ips_add(struct ct_addrs *l, const struct ct_ip *ip);
void ct_addrs_free(struct ct_addrs *l);
/* The addresses without their prefixes, each once; to be freed. */
struct ct_addrs ct_addrs_ips(const struct ct_addrs *l);
/*
 * What @have is after the edits of @e, into @out, which is to be freed. A new one replaces
 * that which @same says is the same; one to be removed is that for which @same holds, and
 * via the same gateway if it has one. Returns what is to be removed and is not there, or
 * NULL.
 */
const struct ct_addr *ct_addrs_edit(const struct ct_addrs *have, const struct ct_addrs *e,
				    bool (*same)(const struct ct_addr *a,
						 const struct ct_addr *b),
				    struct ct_addrs *out);
bool ct_same_cidr(const struct ct_addr *a, const struct ct_addr *b);
bool ct_same_family(const struct ct_addr *a, const struct ct_addr *b);
/* Edits that make @have @want. */
void ct_addrs_diff(const struct ct_addrs *have, const struct ct_addrs *want,
		   struct ct_addrs *edits);
/* Why this is no address that a container can have in its subnet, or NULL. */
const char *ct_not_hosts(const struct ct_addr *a);

/* @size random bytes. */
void ct_random(void *buf, size_t size);
void ct_mac_random(uint8_t mac[6]);
/* The MAC that is made of an address, or another one where others have those before it. */
#define CT_MAC_TRIES 8
void ct_mac_from_ip(uint8_t mac[6], const struct ct_ip *ip, unsigned int try);
bool ct_mac_is_from_ip(const uint8_t mac[6], const struct ct_ip *ip);

#endif
