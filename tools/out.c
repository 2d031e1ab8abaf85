// SPDX-License-Identifier: GPL-2.0
/* Output: JSON, columns for people, tab-separated rows for tools. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "out.h"
#include "text.h"

static const char *const drop_names[CTNET_DROP_MAX + 1] = {
	[CTNET_DROP_MALFORMED] = "malformed",
	[CTNET_DROP_SOURCE] = "source",
	[CTNET_DROP_LINK_LOCAL] = "link-local",
	[CTNET_DROP_NET_DOWN] = "net-down",
	[CTNET_DROP_PORT_DOWN] = "port-down",
	[CTNET_DROP_TOO_BIG] = "too-big",
	[CTNET_DROP_HAIRPIN] = "hairpin",
	[CTNET_DROP_SPLIT_HORIZON] = "split-horizon",
	[CTNET_DROP_UNKNOWN] = "unknown",
	[CTNET_DROP_FLOOD_QUEUE] = "flood-queue",
	[CTNET_DROP_NOMEM] = "nomem",
	[CTNET_DROP_NO_ROUTE] = "no-route",
	[CTNET_DROP_LOOP] = "loop",
	[CTNET_DROP_VXLAN_HEADER] = "vxlan-header",
	[CTNET_DROP_VXLAN_VNI] = "vxlan-vni",
	[CTNET_DROP_VXLAN_LOCAL] = "vxlan-local",
	[CTNET_DROP_VXLAN_PEER] = "vxlan-peer",
	[CTNET_DROP_VXLAN_ECN] = "vxlan-ecn",
	[CTNET_DROP_PATH_MTU] = "path-mtu",
	[CTNET_DROP_ISOLATED] = "isolated",
	[CTNET_DROP_MISS] = "miss",
	[CTNET_DROP_GUARD_MAC] = "guard-mac",
	[CTNET_DROP_GUARD_ARP] = "guard-arp",
	[CTNET_DROP_GUARD_ND] = "guard-nd",
	[CTNET_DROP_GUARD_IP] = "guard-ip",
	[CTNET_DROP_GUARD_IP6] = "guard-ip6",
	[CTNET_DROP_GUARD_RA] = "guard-ra",
	[CTNET_DROP_GUARD_DHCP] = "guard-dhcp",
	[CTNET_DROP_GUARD_HEADER] = "guard-header",
	[CTNET_DROP_QUEUE] = "queue",
	[CTNET_DROP_FORWARDED] = "forwarded",
	[CTNET_DROP_VXLAN_DEV] = "vxlan-dev",
	[CTNET_DROP_UNDERLAY] = "underlay",
};

static const char *const stat_keys[CTNET_A_STATS_MAX + 1] = {
	[CTNET_A_STATS_RX_PACKETS] = "rx_packets",
	[CTNET_A_STATS_RX_BYTES] = "rx_bytes",
	[CTNET_A_STATS_TX_PACKETS] = "tx_packets",
	[CTNET_A_STATS_TX_BYTES] = "tx_bytes",
};

/* What is being listed. On a terminal rows wait until all widths are known. */
static struct {
	const struct column *cols;
	size_t items;
	char **cells;
	size_t n, cap;
} list;

/*
 * Names and labels are whatever bytes somebody chose, but JSON is UTF-8, and a
 * reader may refuse all of it for one byte that is not. Text has them as they are.
 */
static struct json_object *json_string(const char *v)
{
	struct json_object *o;
	char *text = NULL;
	size_t size, n;
	FILE *f;

	if (!ctx.json)
		return json_object_new_string(v);
	f = open_memstream(&text, &size);
	if (!f)
		die("out of memory");
	for (; *v; v += n ? n : 1) {
		n = utf8_len(v);
		if (n)
			fwrite(v, 1, n, f);
		else
			fputs("\xef\xbf\xbd", f);	/* U+FFFD */
	}
	if (fclose(f))
		die("out of memory");
	o = json_object_new_string(text);
	free(text);
	return o;
}

void json_str(struct json_object *o, const char *key, const char *v)
{
	json_object_object_add(o, key, v ? json_string(v) : NULL);
}

void json_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_ms(struct json_object *o, const char *key, uint32_t v)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%u.%03u", v / 1000, v % 1000);
	json_object_object_add(o, key,
			       json_object_new_double_s(v / 1000.0, buf));
}

void json_onoff(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

void json_ip(struct json_object *o, const char *key, const struct ip *ip)
{
	char buf[IP_TEXT];

	json_str(o, key, ip_text(ip, buf));
}

void json_mac(struct json_object *o, const char *key, const uint8_t mac[6])
{
	char buf[MAC_TEXT];

	json_str(o, key, mac_text(mac, buf));
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

/* Keys of JSON have underscores where words for people have hyphens. */
static void drop_key(int reason, char *buf, size_t size)
{
	char *p;

	snprintf(buf, size, "%s", drop_names[reason]);
	for (p = buf; *p; p++)
		if (*p == '-')
			*p = '_';
}

void json_stats(struct json_object *o, struct nlattr *stats,
		struct nlattr *drops)
{
	struct json_object *nest;
	struct nlattr *a;
	char key[32];
	int left;

	if (!ctx.stats)
		return;
	if (stats) {
		nest = json_object_new_object();
		json_object_object_add(o, "stats", nest);
		nla_for_each_nested(a, stats, left)
			if (nla_type(a) <= CTNET_A_STATS_MAX &&
			    nla_len(a) == sizeof(uint64_t) &&
			    stat_keys[nla_type(a)])
				json_u64(nest, stat_keys[nla_type(a)],
					 nla_get_u64(a));
	}
	if (drops) {
		nest = json_object_new_object();
		json_object_object_add(o, "drops", nest);
		nla_for_each_nested(a, drops, left) {
			int type = nla_type(a);

			if (nla_len(a) != sizeof(uint64_t))
				continue;
			if (type <= CTNET_DROP_MAX && drop_names[type])
				drop_key(type, key, sizeof(key));
			else	/* a newer kernel's */
				snprintf(key, sizeof(key), "reason_%d", type);
			json_u64(nest, key, nla_get_u64(a));
		}
	}
}

void out_color(enum out_color c)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "0", [COLOR_NAME] = "1;36", [COLOR_MAC] = "33",
		[COLOR_IP] = "35", [COLOR_GOOD] = "32", [COLOR_BAD] = "31",
		[COLOR_DIM] = "2",
	};

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
	struct json_object *v = NULL;
	static char *text;
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	if (!f)
		die("out of memory");
	json_object_object_get_ex(o, key, &v);
	value_text(f, v);
	if (fclose(f))
		die("out of memory");
	return text;
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
	size_t n;

	for (; *s; s += n) {
		/* These begin with one of three bytes; all else is written as it is. */
		n = strcspn(s, "\x7f\xc2\xe2");
		if (n) {
			fwrite(s, 1, n, stdout);
			continue;
		}
		n = text_control(s);
		if (n) {
			printf("\\u%04x", (unsigned int)utf8_char(s, n));
		} else {
			n = utf8_len(s) ? utf8_len(s) : 1;
			fwrite(s, 1, n, stdout);
		}
	}
}

void out_json(struct json_object *o)
{
	put_json(o);
	putchar('\n');
}

/* Counters follow the columns as words, so that a row has what its key says. */
static void stats_words(struct json_object *o)
{
	static const char *const nests[] = { "stats", "drops" };
	struct json_object *nest;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!json_object_object_get_ex(o, nests[i], &nest))
			continue;
		json_object_object_foreach(nest, key, v) {
			const char *p;

			printf(i ? "\tdrop-" : "\t");
			for (p = key; *p; p++)
				putchar(*p == '_' ? '-' : *p);
			printf(" %llu",
			       (unsigned long long)json_object_get_uint64(v));
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

static void cell_add(char *cell)
{
	if (list.n == list.cap) {
		list.cap = list.cap * 2 + 64;
		list.cells = xrealloc(list.cells,
				      list.cap * sizeof(*list.cells));
	}
	list.cells[list.n++] = cell;
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
			cell_add(xstrdup(out_value(o, c->key)));
		/* With counters, the object itself stays for them. */
		cell_add(ctx.stats ? (char *)json_object_get(o) : NULL);
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
	size_t n = 0, i, j, width[32] = { 0 };

	while (list.cols[n].key) {
		width[n] = text_width(list.cols[n].head);
		n++;
	}
	for (i = 0; i < list.n; i += n + 1)
		for (j = 0; j < n; j++)
			if (text_width(list.cells[i + j]) > width[j])
				width[j] = text_width(list.cells[i + j]);
	out_color(COLOR_DIM);
	for (j = 0; j + 1 < n; j++)
		printf("%-*s  ", (int)width[j], list.cols[j].head);
	printf("%s", list.cols[j].head);
	out_color(COLOR_NONE);
	putchar('\n');
	for (i = 0; i < list.n; i += n + 1) {
		struct json_object *o = (void *)list.cells[i + n];

		for (j = 0; j < n; j++) {
			char *cell = list.cells[i + j];

			out_text(list.cols[j].color, cell);
			if (j + 1 < n)
				printf("%*s", (int)(width[j] - text_width(cell)) + 2,
				       "");
			free(cell);
		}
		putchar('\n');
		if (o)
			out_stats(o, "    ");
		json_object_put(o);
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
	fflush(stdout);
}

void out_line(const char *words, const struct column *cols,
	      struct json_object *o)
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
		if (c > cols + 1) {
			for (p = c->head; *p; p++)
				putchar(tolower((unsigned char)*p));
			putchar(' ');
		}
		out_text(c->color, text);
	}
	putchar('\n');
}

void out_stats(struct json_object *o, const char *indent)
{
	struct json_object *s, *d, *v;
	static const char *const dirs[] = { "rx", "tx" };
	bool any = false;
	size_t i;

	if (json_object_object_get_ex(o, "stats", &s)) {
		printf("%s", indent);
		for (i = 0; i < 2; i++) {
			unsigned long long n[2] = { 0 };
			char key[16];

			snprintf(key, sizeof(key), "%s_packets", dirs[i]);
			if (json_object_object_get_ex(s, key, &v))
				n[0] = json_object_get_uint64(v);
			snprintf(key, sizeof(key), "%s_bytes", dirs[i]);
			if (json_object_object_get_ex(s, key, &v))
				n[1] = json_object_get_uint64(v);
			printf("%s%s %llu packets %llu bytes", i ? ", " : "",
			       dirs[i], n[0], n[1]);
		}
		putchar('\n');
	}
	if (!json_object_object_get_ex(o, "drops", &d))
		return;
	json_object_object_foreach(d, key, count) {
		const char *p;

		if (!json_object_get_uint64(count))
			continue;
		printf("%s", any ? ", " : indent);
		if (!any)
			printf("dropped: ");
		any = true;
		out_color(COLOR_BAD);
		for (p = key; *p; p++)
			putchar(*p == '_' ? '-' : *p);
		out_color(COLOR_NONE);
		printf(" %llu", (unsigned long long)json_object_get_uint64(count));
	}
	if (any)
		putchar('\n');
}
