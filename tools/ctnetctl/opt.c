// SPDX-License-Identifier: GPL-2.0
/* The one parser of options, driven by a command's table, and by one of their types. */
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"
#include "text.h"

static const char *item_ip(const char *s, struct ct_addr *a)
{
	return ct_parse_ip(s, &a->ip);
}

static const char *item_ip_text(const struct ct_addr *a, char buf[CT_TEXT])
{
	return ct_ip_text(&a->ip, buf);
}

/**
 * struct type - what is common to the values of a type
 * @arg: what a value is called
 * @size: it is set if any of so many bytes is not 0: whether it is set, its first
 *	element, its family
 * @item: of a list, a word to an item; NULL, or what is wrong with it
 * @item_text: an item as it is given
 */
static const struct type {
	const char *arg;
	size_t size;
	const char *(*item)(const char *s, struct ct_addr *a);
	const char *(*item_text)(const struct ct_addr *a, char buf[CT_TEXT]);
} types[] = {
	[OPT_FLAG] = { NULL, sizeof(bool), NULL, NULL },
	[OPT_NUM] = { NULL, sizeof(bool), NULL, NULL },
	[OPT_STR] = { "TEXT", sizeof(char *), NULL, NULL },
	[OPT_NAME] = { "NAME", sizeof(char *), NULL, NULL },
	[OPT_DEV] = { "DEV", sizeof(char *), NULL, NULL },
	[OPT_PORT] = { "PORT", sizeof(char *), NULL, NULL },
	[OPT_MAC] = { "MAC", sizeof(bool), NULL, NULL },
	[OPT_IP] = { "IP", sizeof(uint8_t), NULL, NULL },
	[OPT_IP_EACH] = { "IP", sizeof(struct ct_addr[2]), item_ip, item_ip_text },
	[OPT_IPS] = { "IP", sizeof(size_t), item_ip, item_ip_text },
	[OPT_CIDRS] = { "CIDR", sizeof(size_t), ct_parse_cidr, ct_cidr_text },
	[OPT_ROUTES] = { "CIDR[,via IP]", sizeof(size_t), ct_parse_route, ct_route_text },
};

bool opt_is_set(const struct opt *o, const void *vals)
{
	static const uint8_t none[sizeof(struct ct_addr[2])];

	return memcmp(OPT_AT(o, vals), none, types[o->type].size);
}

static const struct ct_attr *attr_of(const struct opt *o)
{
	const struct ct_attr *a = o->attrs;

	while (strcmp(a->name, o->name))
		a++;
	return a;
}

const char *opt_arg(const struct opt *o)
{
	const struct ct_attr *a;
	static char text[32];

	if (o->arg || o->type != OPT_NUM)
		return o->arg ? o->arg : types[o->type].arg;
	a = attr_of(o);
	snprintf(text, sizeof(text), "%s%s%s", a->onoff ? "on|off" : "N", a->word ? "|" : "",
		 a->word ? a->word : "");
	return text;
}

/* ----------------------------------------------------------------- parsing */

static const char *store_item(const struct opt *o, const char *s, void *at,
			      const char *(*parse)(const char *s, struct ct_addr *a))
{
	bool none = o->edit && o->type != OPT_IP_EACH && !strcmp(s, "none");
	bool remove = o->edit && !none && *s == '-';
	struct ct_addr a = { 0 }, *each = at;
	const char *why = none ? NULL : parse(s + remove, &a);

	if (why)
		return why;	/* cppcheck-suppress returnDanglingLifetime */
	a.edit = none ? CT_NONE : remove ? CT_REMOVE : CT_ADD;
	if (o->type != OPT_IP_EACH) {
		ct_addrs_add(at, &a);
		return NULL;
	}
	each += a.ip.family == AF_INET6;
	if (each->ip.family)
		return "second address of its family";
	*each = a;
	return NULL;
}

/* NULL, or what is wrong with the word. */
static const char *store(const struct opt *o, const char *s, void *at)
{
	struct ct_mac *mac = at;

	if (types[o->type].item)
		return store_item(o, s, at, types[o->type].item);
	switch (o->type) {
	case OPT_NUM:
		return ct_attr_parse(attr_of(o), s, at);
	case OPT_STR:
		*(const char **)at = s;
		return o->max && strlen(s) > o->max ? "too long" : NULL;
	case OPT_NAME:
		*(const char **)at = s;
		return ct_parse_name(s);
	case OPT_DEV:
		*(const char **)at = s;
		return ct_parse_known_name(s);
	case OPT_PORT:
		*(const char **)at = s;
		return ct_parse_port(s);
	case OPT_MAC:
		mac->set = true;
		mac->by_address = o->edit && !strcmp(s, "auto");
		return mac->by_address ? NULL : ct_parse_mac(s, mac->v);
	case OPT_IP:
		return ct_parse_ip(s, at);
	default:
		*(bool *)at = true;
		return NULL;
	}
}

static const struct opt *find(const struct opt *opts, const char *name, size_t len)
{
	const struct opt *o;

	for (o = opts; o && o->name; o++)
		if (strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	return NULL;
}

const struct opt *opt_find(const struct opt *opts, const char *name)
{
	return find(opts, name, strlen(name));
}

/* As ip, bridge and docker have it; the first option that the command has. */
static const char *const others[][2] = {
	{ "id", "vni" }, { "dev", "port" }, { "dev", "underlay" }, { "dst", "peer" },
	{ "remote", "peer" }, { "ip", "address" }, { "ip6", "address" }, { "gw", "gateway" },
	{ "via", "gateway" }, { "name", "ifname" }, { "lladdr", "mac" },
};

/* " (is it --address?)", where that may have been meant. */
static const char *suggestion(const struct opt *opts, const char *word, size_t len,
			      char *buf, size_t size)
{
	unsigned int least = TEXT_FAR, d;
	const struct opt *o;
	char name[64];
	size_t i;

	buf[0] = '\0';
	if (strncmp(word, "--", 2) || len - 2 >= sizeof(name))
		return buf;
	snprintf(name, sizeof(name), "%.*s", (int)len - 2, word + 2);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(name, others[i][0]) || !opt_find(opts, others[i][1]))
			continue;
		snprintf(buf, size, " (is it --%s?)", others[i][1]);
		return buf;
	}
	for (o = opts; o && o->name; o++) {
		d = text_distance(name, o->name);
		if (d < least)
			snprintf(buf, size, " (is it --%s?)", o->name);
		least = d < least ? d : least;
	}
	return buf;
}

/* The option that a word of so many bytes, without its value, is; NULL after an error. */
static const struct opt *known(const char *cmd, const struct opt *opts, const char *word,
			       size_t len)
{
	const struct opt *o = strncmp(word, "--", 2) ? NULL : find(opts, word + 2, len - 2);
	char near[64];

	if (!o && global_option(word))
		ct_misuse(&ct, "%.*s stands before the command: ctnetctl %s %s ...", (int)len,
			  word, global_option(word), cmd);
	else if (!o)
		ct_misuse(&ct, "there is no option %.*s%s; \"ctnetctl help %s\" lists those there are",
			  (int)len, word, suggestion(opts, word, len, near, sizeof(near)), cmd);
	return o;
}

/* "CIDR,via" goes on with the next word. */
static bool goes_on(const struct opt *o, const char *val)
{
	size_t len = strlen(val);

	return o->type == OPT_ROUTES && len > 4 && !strcmp(val + len - 4, ",via");
}

int opt_parse(const char *cmd, const struct opt *opts, void *vals, int *argc, char **argv)
{
	int i, n = 0;

	for (i = 0; i < *argc; i++) {
		const char *name = argv[i], *val, *why;
		size_t len = strcspn(name, "=");
		char joined[2 * CT_TEXT];
		const struct opt *o;

		if (!strcmp(name, "--")) {
			while (++i < *argc)
				argv[n++] = argv[i];
			break;
		}
		if (name[0] != '-' || !name[1]) {
			argv[n++] = argv[i];
			continue;
		}
		if (!strcmp(name, "--help") || !strcmp(name, "-h"))
			return CALL_HELP;
		o = known(cmd, opts, name, len);
		if (!o)
			return CT_USAGE;
		if (!types[o->type].item && opt_is_set(o, vals))
			return ct_misuse(&ct, "--%s is given twice", o->name);
		val = name[len] ? name + len + 1 : NULL;
		if (val && o->type == OPT_FLAG)
			return ct_misuse(&ct, "--%s takes no value", o->name);
		if (!val && o->type != OPT_FLAG) {
			if (++i >= *argc)
				return ct_misuse(&ct, "--%s needs a value: --%s %s", o->name,
						 o->name, opt_arg(o));
			val = argv[i];
		}
		if (val && goes_on(o, val) && i + 1 < *argc) {
			snprintf(joined, sizeof(joined), "%s %s", val, argv[++i]);
			val = joined;
		}
		why = store(o, val, OPT_AT(o, vals));
		if (why)
			return ct_misuse(&ct, "--%s \"%s\": %s", o->name, val, why);
	}
	*argc = n;
	argv[n] = NULL;
	return CT_OK;
}

/* ---------------------------------------------------------------- printing */

static const char *text_of(const struct opt *o, const void *at, char buf[CT_TEXT])
{
	const struct ct_mac *mac = at;
	const struct ct_num *n = at;

	switch (o->type) {
	case OPT_NUM:
		return ct_attr_text(attr_of(o), n->v, buf);
	case OPT_MAC:
		return mac->by_address ? "auto" : ct_mac_text(mac->v, buf);
	case OPT_IP:
		return ct_ip_text(at, buf);
	default:
		return *(const char *const *)at;
	}
}

void opt_write(FILE *f, const struct opt *opts, const void *vals)
{
	const struct opt *o;
	char buf[CT_TEXT];

	for (o = opts; o->name; o++) {
		const struct ct_addrs *l = OPT_AT(o, vals);
		const struct ct_addr *a = o->type == OPT_IP_EACH ? OPT_AT(o, vals) : NULL, *end;
		const struct type *t = &types[o->type];

		if (!opt_is_set(o, vals))
			continue;
		if (!t->item) {
			fprintf(f, " --%s", o->name);
			if (o->type == OPT_FLAG)
				continue;
			fputc(' ', f);
			word_write(f, text_of(o, OPT_AT(o, vals), buf));
			continue;
		}
		/* That of a route is two words, and none needs quotes. */
		end = a ? a + 2 : l->v + l->n;
		for (a = a ? a : l->v; a < end; a++)
			if (a->edit == CT_NONE)
				fprintf(f, " --%s none", o->name);
			else if (a->ip.family)
				fprintf(f, " --%s %s%s", o->name,
					a->edit == CT_REMOVE ? "-" : "", t->item_text(a, buf));
	}
}

void opt_free(const struct opt *opts, void *vals)
{
	const struct opt *o;

	for (o = opts; o && o->name; o++)
		if (types[o->type].item && o->type != OPT_IP_EACH)
			ct_addrs_free(OPT_AT(o, vals));
}
