/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output. An object of the kernel's is turned into a json_object once; -j
 * prints that, and text is made from it by a table of columns.
 */
#ifndef CTNETCTL_OUT_H
#define CTNETCTL_OUT_H

#include <json-c/json.h>

#include "nl.h"
#include "opt.h"

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
void out_line(const char *words, const struct column *cols,
	      struct json_object *o);
/* One JSON value on a line of its own (or indented, with -p). */
void out_json(struct json_object *o);

void out_color(enum out_color c);
void out_text(enum out_color c, const char *s);
/*
 * The value at a key as text: "-" if there is none, "a,b" for an array. It is
 * valid until the next one is asked for.
 */
const char *out_value(struct json_object *o, const char *key);

void json_str(struct json_object *o, const char *key, const char *v);
void json_u64(struct json_object *o, const char *key, uint64_t v);
/* Milliseconds, as seconds. */
void json_ms(struct json_object *o, const char *key, uint32_t v);
void json_onoff(struct json_object *o, const char *key, bool v);
void json_ip(struct json_object *o, const char *key, const struct ip *ip);
void json_mac(struct json_object *o, const char *key, const uint8_t mac[6]);
struct json_object *json_array(struct json_object *o, const char *key);
void json_array_add_str(struct json_object *a, const char *v);
/* Counters and drops, as the kernel nests them; only with -s. */
void json_stats(struct json_object *o, struct nlattr *stats,
		struct nlattr *drops);
/* "rx 1 packets ..." and the drops that are not 0, on lines of their own. */
void out_stats(struct json_object *o, const char *indent);

#endif
