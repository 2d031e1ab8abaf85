/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output. What the kernel says of an object is turned into a json_object once; -j prints
 * that, and text is made from it by a table of columns.
 */
#ifndef CTNETCTL_OUT_H
#define CTNETCTL_OUT_H

#include <json-c/json.h>

#include "ct.h"

enum out_color {
	COLOR_NONE,
	COLOR_NAME,
	COLOR_MAC,
	COLOR_IP,
	COLOR_GOOD,
	COLOR_BAD,
	COLOR_DIM,
};

/**
 * struct column - a column of a list
 * @head: what stands over it
 * @key: key of the JSON object
 * @color: colour on a terminal
 */
struct column {
	const char *head;
	const char *key;
	enum out_color color;
};

/* A list of objects: begin, one after another (each is put), end. */
void out_begin(const struct column *cols);
void out_item(struct json_object *o);
void out_end(void);

/* One object on a line of its own, as monitor does, after @words. */
void out_line(const char *words, const struct column *cols, struct json_object *o);
/* One JSON value on a line of its own (or indented, with -p); it is put. */
void out_json(struct json_object *o);

void out_text(enum out_color c, const char *s);
/*
 * The value at a key as text: "-" if there is none, "a,b" for an array. It is valid until
 * the next one is asked for.
 */
const char *out_value(struct json_object *o, const char *key);
/* "rx 1 packets ..." and the drops that are not 0, on lines of their own. */
void out_stats(struct json_object *o, const char *indent);

void json_str(struct json_object *o, const char *key, const char *v);
void json_u64(struct json_object *o, const char *key, uint64_t v);
void json_onoff(struct json_object *o, const char *key, bool v);
struct json_object *json_array(struct json_object *o, const char *key);
void json_array_add_str(struct json_object *a, const char *v);
/* What a reason to drop is called; a newer kernel's has its number, in @buf. */
const char *drop_name(size_t reason, char buf[CT_TEXT]);
/* Counters and drops; only with -s. */
void json_stats(struct json_object *o, const struct ct_stats *st);

/*
 * json.c: the objects. Not known and NULL may be: the device of a network, its addresses; the
 * near end of a port, and the far one.
 */
struct json_object *net_json(const struct ct_net *net, const struct ct_stats *st,
			     const struct ct_link *l, const struct ct_addrs *addrs);
void net_json_warnings(struct json_object *o, const struct ct_net *net);
struct json_object *port_json(const struct ct_port *p, const struct ct_stats *st,
			      const char *net, const struct ct_link *near,
			      const struct ct_link *far);
struct json_object *peer_json(const struct ct_peer *p, const struct ct_stats *st,
			      const char *net);
struct json_object *fdb_json(const struct ct_fdb *f, const char *net, const char *port);
/* A port that is published. */
struct json_object *published_json(const struct ct_nat_owner *w, const struct ct_published *p);
/* A UDP socket of the namespace; NULL: the message has none. */
struct json_object *vtep_json(struct nlmsghdr *h);
/* The key of a number or a switch. It is valid until the next one is asked for. */
const char *json_key(const struct ct_attr *a, const char *tail);
extern const struct column net_columns[], port_columns[], peer_columns[], fdb_columns[],
	vtep_columns[], publish_columns[];

#endif
