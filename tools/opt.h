/* SPDX-License-Identifier: GPL-2.0 */
/* Options: one table for a command says how they are parsed and described. */
#ifndef CTNETCTL_OPT_H
#define CTNETCTL_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

/* What an item of a list does to what there is, where an option says so. */
enum edit {
	EDIT_ADD,
	EDIT_REMOVE,		/* "-" before it */
	EDIT_NONE,		/* "none": all that there was goes */
};

struct ip {
	uint8_t family;		/* AF_INET, AF_INET6; 0: none */
	uint8_t len;		/* 4, 16 */
	uint8_t b[16];
	uint8_t edit;
};

struct cidr {
	struct ip ip;
	uint8_t plen;
};

struct ips {
	size_t n;
	struct ip *v;
};

struct cidrs {
	size_t n;
	struct cidr *v;
};

/* To @dst by @via; directly, if that is none. @onlink: @via is in no subnet. */
struct route {
	struct cidr dst;
	struct ip via;
	bool onlink;
};

struct routes {
	size_t n;
	struct route *v;
};

struct o_u32 {
	bool set;
	uint32_t v;
};

struct o_mac {
	bool set;
	bool by_address;	/* "auto" */
	uint8_t v[6];
};

enum opt_type {
	OPT_FLAG,		/* bool; takes no value */
	OPT_ONOFF,		/* struct o_u32, 0 or 1 */
	OPT_U32,		/* struct o_u32, from min to max */
	OPT_STR,		/* const char * */
	OPT_NAME,		/* const char *, name of an interface */
	OPT_MAC,		/* struct o_mac */
	OPT_IP,			/* struct ip */
	OPT_IP_EACH,		/* struct ip[2]: IPv4 and IPv6, one of each at most */
	OPT_IPS,		/* struct ips; may be repeated */
	OPT_CIDRS,		/* struct cidrs; may be repeated */
	OPT_ROUTES,		/* struct routes; may be repeated */
};

/**
 * struct opt - an option
 * @name: without the dashes; NULL ends a table
 * @type: what its value is, and how it is stored
 * @off: where in the command's struct
 * @help: what it does, in a line
 * @arg: what its value is called; NULL: by type
 * @min: least number
 * @max: greatest number, greatest length of a string (0: any)
 * @word: a word that may stand instead of a number, or of on and off
 * @word_value: the number it stands for
 * @attr: the netlink attribute, or flag, that it stands for
 * @width: size of that attribute where it is a number
 * @preset: the number that it is unless it is given
 * @target: goes with a container only, not with --dev
 * @known: the name is one that some interface has, maybe besides its first
 * @edit: changes what there is: of a list "-" before an item removes it and "none"
 *	removes all; of a MAC "auto" is the one that is made from the first address
 */
struct opt {
	const char *name;
	enum opt_type type;
	size_t off;
	const char *help;
	const char *arg;
	uint32_t min;
	uint32_t max;
	const char *word;
	uint32_t word_value;
	uint16_t attr;
	uint8_t width;
	uint32_t preset;
	bool target;
	bool known;
	bool edit;
};

#define OPT_AT(o, vals) ((void *)((char *)(vals) + (o)->off))

/*
 * Take the options out of @argv and leave the operands, of which there are
 * *@argc then. Returns an exit code, after a message if it is not 0, or CALL_HELP.
 */
int opt_parse(const char *cmd, const struct opt *opts, void *vals,
	      int *argc, char **argv);
/* The option of that name, without the dashes, or NULL. */
const struct opt *opt_find(const struct opt *opts, const char *name);
void opt_free(const struct opt *opts, void *vals);
const char *opt_arg(const struct opt *o);
bool opt_is_set(const struct opt *o, const void *vals);
/* The options that are set, as they are given, each after a blank. */
void opt_write(FILE *f, const struct opt *opts, const void *vals);
/* A number as it is given: the number, the word, or on and off. */
#define OPT_TEXT	16
const char *opt_text(const struct opt *o, uint32_t v, char buf[OPT_TEXT]);
/*
 * The flags that were given, as a bitfield: which, and which of them are on. That of an
 * option with a word is on where the word was given.
 */
void opt_flags(const struct opt *opts, const void *vals,
	       uint32_t *value, uint32_t *selector);

/* parse.c: words to values; return NULL, or what is wrong with the word. */
const char *parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *v);
const char *parse_mac(const char *s, uint8_t mac[6]);
const char *parse_ip(const char *s, struct ip *ip);
const char *parse_cidr(const char *s, struct cidr *c);
/* An interface's name, as it may be given to one; as one that there is may be called. */
const char *parse_name(const char *s);
const char *parse_known_name(const char *s);
const char *parse_target(const char *s);
const char *parse_route(const char *s, struct route *r);

#define IP_TEXT		48
#define CIDR_TEXT	52
#define MAC_TEXT	18
const char *ip_text(const struct ip *ip, char buf[IP_TEXT]);
const char *cidr_text(const struct cidr *c, char buf[CIDR_TEXT]);
const char *mac_text(const uint8_t mac[6], char buf[MAC_TEXT]);
bool ip_equal(const struct ip *a, const struct ip *b);
/* For sorting: IPv4 before IPv6, by number. */
int ip_compare(const struct ip *a, const struct ip *b);
bool ip_among(const struct ips *l, const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);	/* an IPv6 one */
bool ip_set(struct ip *ip, const void *bytes, size_t len);
void mac_random(uint8_t mac[6]);
/* The MAC that is made of an address, or another one where others have those before it. */
#define MAC_TRIES 8
void mac_from_ip(uint8_t mac[6], const struct ip *ip, unsigned int try);
bool mac_is_from_ip(const uint8_t mac[6], const struct ip *ip);
void ips_add(struct ips *l, const struct ip *ip);
void cidrs_add(struct cidrs *l, const struct cidr *c);
void routes_add(struct routes *l, const struct route *r);
#define ROUTE_TEXT	(CIDR_TEXT + IP_TEXT + 8)
const char *route_text(const struct route *r, char buf[ROUTE_TEXT]);
bool cidr_equal(const struct cidr *a, const struct cidr *b);
bool route_equal(const struct route *a, const struct route *b);
bool route_among(const struct routes *l, const struct route *r);
/* Whether an address is in the subnet of another. */
bool ip_is_in(const struct ip *ip, const struct cidr *c);
/*
 * What @have is after the edits of @e, into @out, whose elements are to be freed. Returns
 * what is to be removed and is not there, or NULL.
 */
const struct ip *ips_edit(const struct ips *have, const struct ips *e,
			  struct ips *out);
const struct cidr *cidrs_edit(const struct cidrs *have, const struct cidrs *e,
			      struct cidrs *out);
const struct route *routes_edit(const struct routes *have,
				const struct routes *e, struct routes *out);
/* The addresses without their prefixes, each once; to be freed. */
struct ips cidrs_ips(const struct cidrs *l);
/* Why this is no address that a container can have in its subnet, or NULL. */
const char *cidr_not_hosts(const struct cidr *c);

#endif
