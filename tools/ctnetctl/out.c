// SPDX-License-Identifier: GPL-2.0
/* Output: JSON, columns for people, tab-separated rows for tools. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "out.h"
#include "text.h"

static const char *const drop_names[CT_DROPS] = {
	[CTNET_DROP_MALFORMED] = "malformed", [CTNET_DROP_SOURCE] = "source",
	[CTNET_DROP_LINK_LOCAL] = "link-local", [CTNET_DROP_NET_DOWN] = "net-down",
	[CTNET_DROP_PORT_DOWN] = "port-down", [CTNET_DROP_TOO_BIG] = "too-big",
	[CTNET_DROP_HAIRPIN] = "hairpin", [CTNET_DROP_SPLIT_HORIZON] = "split-horizon",
	[CTNET_DROP_UNKNOWN] = "unknown", [CTNET_DROP_FLOOD_QUEUE] = "flood-queue",
	[CTNET_DROP_NOMEM] = "nomem", [CTNET_DROP_NO_ROUTE] = "no-route",
	[CTNET_DROP_LOOP] = "loop", [CTNET_DROP_VXLAN_HEADER] = "vxlan-header",
	[CTNET_DROP_VXLAN_VNI] = "vxlan-vni", [CTNET_DROP_VXLAN_LOCAL] = "vxlan-local",
	[CTNET_DROP_VXLAN_PEER] = "vxlan-peer", [CTNET_DROP_VXLAN_ECN] = "vxlan-ecn",
	[CTNET_DROP_PATH_MTU] = "path-mtu", [CTNET_DROP_ISOLATED] = "isolated",
	[CTNET_DROP_MISS] = "miss", [CTNET_DROP_GUARD_MAC] = "guard-mac",
	[CTNET_DROP_GUARD_ARP] = "guard-arp", [CTNET_DROP_GUARD_ND] = "guard-nd",
	[CTNET_DROP_GUARD_IP] = "guard-ip", [CTNET_DROP_GUARD_IP6] = "guard-ip6",
	[CTNET_DROP_GUARD_RA] = "guard-ra", [CTNET_DROP_GUARD_DHCP] = "guard-dhcp",
	[CTNET_DROP_GUARD_HEADER] = "guard-header", [CTNET_DROP_QUEUE] = "queue",
	[CTNET_DROP_FORWARDED] = "forwarded", [CTNET_DROP_VXLAN_DEV] = "vxlan-dev",
	[CTNET_DROP_UNDERLAY] = "underlay",
};

/* What is being listed. On a terminal rows wait until all widths are known. */
static struct {
	const struct column *cols;
	int width[32];
	size_t items;
	char **cells;
	size_t n;
} list;

/* -------------------------------------------------------------------- JSON */

/*
 * Names and labels are whatever bytes somebody chose, but JSON is UTF-8, and a reader may
 * refuse all of it for one byte that is not. Text has them as they are.
 */
static struct json_object *json_string(const char *v)
{
	char *text = ct_calloc(strlen(v) + 1, 3), *p = text;
	struct json_object *o;
	size_t n;

	for (; *v; v += n ? n : 1) {
		n = ctx.json ? utf8_len(v, NULL) : 1;
		p = mempcpy(p, n ? v : "\xef\xbf\xbd", n ? n : 3);	/* U+FFFD */
	}
	o = json_object_new_string(text);
	free(text);
	return o;
}

void json_str(struct json_object *o, const char *key, const char *v)
{
	json_object_object_add(o, key, json_string(v));
}

void json_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_onoff(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

struct json_object *json_array(struct json_object *o, const char *key)
{
	struct json_object *a = json_object_new_array();

	json_object_object_add(o, key, a);
	return a;
}

void json_array_add_str(struct json_object *a, const char *v)
{
	json_object_array_add(a, json_string(v));
}

const char *drop_name(size_t reason, char buf[CT_TEXT])
{
	if (drop_names[reason])
		return drop_names[reason];
	snprintf(buf, CT_TEXT, "reason_%zu", reason);
	return buf;
}

void json_stats(struct json_object *o, const struct ct_stats *st)
{
	static const char *const keys[] = { "rx_packets", "rx_bytes", "tx_packets", "tx_bytes" };
	struct json_object *nest;
	char key[CT_TEXT], buf[CT_TEXT], *p;
	size_t i;

	if (ctx.stats && st->have) {
		nest = json_object_new_object();
		json_object_object_add(o, "stats", nest);
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			json_u64(nest, keys[i], st->v[i]);
	}
	if (!ctx.stats || !st->have_drops)
		return;
	nest = json_object_new_object();
	json_object_object_add(o, "drops", nest);
	for (i = 0; i < CT_DROPS; i++) {
		if (!(st->has >> i & 1))
			continue;
		snprintf(key, sizeof(key), "%s", drop_name(i, buf));
		/* Keys of JSON have underscores where words for people have hyphens. */
		while ((p = strchr(key, '-')))
			*p = '_';
		json_u64(nest, key, st->drops[i]);
	}
}

/*
 * JSON escapes the control characters of ASCII; the others that steer a terminal are
 * escaped here, which means the same to who reads it.
 */
static void put_json(struct json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, (ctx.pretty ?
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
		JSON_C_TO_STRING_PLAIN) | JSON_C_TO_STRING_NOSLASHESCAPE);
	wchar_t c;
	size_t n;

	for (; *s; s += n) {
		/* These begin with one of three bytes; all else is written as it is. */
		n = strcspn(s, "\x7f\xc2\xe2");
		if (!n && text_control(s)) {
			n = utf8_len(s, &c);
			printf("\\u%04x", (unsigned int)c);
			continue;
		}
		n = n ? n : 1;
		fwrite(s, 1, n, stdout);
	}
}

void out_json(struct json_object *o)
{
	put_json(o);
	putchar('\n');
	json_object_put(o);
}

/* -------------------------------------------------------------------- text */

static void out_color(enum out_color c)
{
	static const char *const codes[] = { "0", "1;36", "33", "35", "32", "31", "2" };

	if (ctx.color)
		printf("\033[%sm", codes[c]);
}

/* Text that others chose must not steer the terminal, nor break a row. */
void out_text(enum out_color c, const char *s)
{
	if (c)
		out_color(c);
	text_put(stdout, s, ctx.tty);
	if (c)
		out_color(COLOR_NONE);
}

/* A key as people read it. */
static void put_key(const char *key)
{
	for (; *key; key++)
		putchar(*key == '_' ? '-' : *key);
}

static void value_text(FILE *f, struct json_object *v)
{
	const char *text = "";
	size_t i, n;

	switch (json_object_get_type(v)) {
	case json_type_null:
		break;
	case json_type_boolean:
		text = json_object_get_boolean(v) ? "on" : "off";
		break;
	case json_type_array:
		n = json_object_array_length(v);
		for (i = 0; i < n; i++) {
			if (i)
				fputc(',', f);
			value_text(f, json_object_array_get_idx(v, i));
		}
		if (n)
			return;
		break;
	default:
		text = json_object_get_string(v);
	}
	fputs(text[0] ? text : "-", f);
}

/* However long it is: of a list that is cut, the last address may be another. */
const char *out_value(struct json_object *o, const char *key)
{
	static char *text;
	static size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	if (f)
		value_text(f, json_object_object_get(o, key));
	if (!f || fclose(f))
		ct_nomem();
	return text;
}

/* Counters follow the columns as words, so that a row has what its key says. */
static void stats_words(struct json_object *o)
{
	static const char *const nests[] = { "stats", "drops" };
	struct json_object *nest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nests); i++) {
		if (!json_object_object_get_ex(o, nests[i], &nest))
			continue;
		json_object_object_foreach(nest, key, v) {
			printf(i ? "\tdrop-" : "\t");
			put_key(key);
			printf(" %s", json_object_get_string(v));
		}
	}
}

void out_begin(const struct column *cols)
{
	memset(&list, 0, sizeof(list));
	list.cols = cols;
	if (ctx.json)
		printf(ctx.pretty ? "[\n" : "[");
}

static void cell_add(void *cell, int *width)
{
	list.cells = ct_grow(list.cells, list.n, sizeof(*list.cells));
	list.cells[list.n++] = cell;
	if (width)
		*width = MAX(*width, (int)text_width(cell));
}

void out_item(struct json_object *o)
{
	const struct column *c;

	if (ctx.json) {
		if (list.items++)
			printf(ctx.pretty ? ",\n" : ",");
		put_json(o);
	} else if (ctx.tty) {
		for (c = list.cols; c->key; c++)
			cell_add(ct_strdup(out_value(o, c->key)), &list.width[c - list.cols]);
		/* With counters, the object itself stays for them. */
		cell_add(ctx.stats ? json_object_get(o) : NULL, NULL);
	} else {
		for (c = list.cols; c->key; c++) {
			if (c != list.cols)
				putchar('\t');
			out_text(c->color, out_value(o, c->key));
		}
		stats_words(o);
		putchar('\n');
	}
	json_object_put(o);
}

static void print_table(void)
{
	const struct column *c;
	char **cell;
	int *w;

	out_color(COLOR_DIM);
	for (c = list.cols, w = list.width; c->key; c++, w++) {
		*w = MAX(*w, (int)strlen(c->head));
		printf(c[1].key ? "%-*s  " : "%-.*s", *w, c->head);
	}
	out_color(COLOR_NONE);
	putchar('\n');
	for (cell = list.cells; cell < list.cells + list.n; cell++) {
		for (c = list.cols, w = list.width; c->key; c++, w++, cell++) {
			out_text(c->color, *cell);
			if (c[1].key)
				printf("%*s", *w - (int)text_width(*cell) + 2, "");
			free(*cell);
		}
		putchar('\n');
		if (*cell)
			out_stats((struct json_object *)*cell, "    ");
		json_object_put((struct json_object *)*cell);
	}
}

void out_end(void)
{
	if (ctx.json)
		printf(ctx.pretty ? "\n]\n" : "]\n");
	else if (list.n)
		print_table();
	free(list.cells);
	memset(&list, 0, sizeof(list));
}

void out_line(const char *words, const struct column *cols, struct json_object *o)
{
	const struct column *c;
	const char *p, *text;

	printf("%s", words);
	for (c = cols; c->key; c++) {
		text = out_value(o, c->key);
		if (!strcmp(text, "-"))
			continue;
		putchar(' ');
		/* The first two name the object; the others say what they are. */
		for (p = c > cols + 1 ? c->head : ""; *p; p++)
			putchar(tolower((unsigned char)*p));
		if (c > cols + 1)
			putchar(' ');
		out_text(c->color, text);
	}
	putchar('\n');
}

void out_stats(struct json_object *o, const char *indent)
{
	struct json_object *nest;
	bool any = false;

	if (json_object_object_get_ex(o, "stats", &nest)) {
		/* "rx_packets", "rx_bytes" and so on */
		json_object_object_foreach(nest, key, count) {
			if (!strcmp(key + 3, "packets"))
				printf("%s%.2s", key[0] == 'r' ? indent : ", ", key);
			printf(" %s %s", json_object_get_string(count), key + 3);
		}
		putchar('\n');
	}
	if (!json_object_object_get_ex(o, "drops", &nest))
		return;
	json_object_object_foreach(nest, key, count) {
		if (!json_object_get_uint64(count))
			continue;
		printf("%s%s", any ? ", " : indent, any ? "" : "dropped: ");
		any = true;
		out_color(COLOR_BAD);
		put_key(key);
		out_color(COLOR_NONE);
		printf(" %s", json_object_get_string(count));
	}
	if (any)
		putchar('\n');
}
