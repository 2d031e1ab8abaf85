// SPDX-License-Identifier: GPL-2.0
/* The one parser of options, driven by a command's table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctnetctl.h"
#include "text.h"

const char *opt_arg(const struct opt *o)
{
	if (o->arg)
		return o->arg;
	switch (o->type) {
	case OPT_FLAG:
		return NULL;
	case OPT_ONOFF:
		return o->word ? "on|off|inherit" : "on|off";
	case OPT_U32:
		return o->word ? "N|inherit" : "N";
	case OPT_STR:
		return "TEXT";
	case OPT_NAME:
		return "NAME";
	case OPT_MAC:
		return "MAC";
	case OPT_IP:
	case OPT_IP_EACH:
	case OPT_IPS:
		return "IP";
	case OPT_CIDRS:
		return "CIDR";
	case OPT_ROUTES:
		return "CIDR[,via IP]";
	}
	return NULL;
}

bool opt_is_set(const struct opt *o, const void *vals)
{
	const void *at = (const char *)vals + o->off;

	switch (o->type) {
	case OPT_FLAG:
		return *(const bool *)at;
	case OPT_ONOFF:
	case OPT_U32:
		return ((const struct o_u32 *)at)->set;
	case OPT_STR:
	case OPT_NAME:
		return *(const char *const *)at;
	case OPT_MAC:
		return ((const struct o_mac *)at)->set;
	case OPT_IP:
		return ((const struct ip *)at)->family;
	case OPT_IP_EACH:
		return ((const struct ip *)at)[0].family ||
		       ((const struct ip *)at)[1].family;
	case OPT_IPS:
		return ((const struct ips *)at)->n;
	case OPT_CIDRS:
		return ((const struct cidrs *)at)->n;
	case OPT_ROUTES:
		return ((const struct routes *)at)->n;
	}
	return false;
}

const char *opt_text(const struct opt *o, uint32_t v, char buf[OPT_TEXT])
{
	if (o->word && v == o->word_value)
		return o->word;
	if (o->type == OPT_ONOFF)
		return v ? "on" : "off";
	snprintf(buf, OPT_TEXT, "%u", v);
	return buf;
}

static const char *store(const struct opt *o, const char *s, void *at)
{
	struct o_u32 *n = at;
	struct o_mac *mac = at;
	struct ip *each, ip = { 0 };
	struct cidr cidr = { 0 };
	struct route route = { 0 };
	const char *why = NULL;
	enum edit edit = EDIT_ADD;

	if (o->edit && o->type != OPT_MAC) {
		if (!strcmp(s, "none"))
			edit = EDIT_NONE;
		else if (*s == '-')
			edit = EDIT_REMOVE;
		s += edit == EDIT_REMOVE;
	}

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)at = true;
		break;
	case OPT_ONOFF:
		n->set = true;
		if (o->word && !strcmp(s, o->word))
			n->v = o->word_value;
		else if (!strcmp(s, "on") || !strcmp(s, "off"))
			n->v = !strcmp(s, "on");
		else
			why = "is neither \"on\" nor \"off\"";
		break;
	case OPT_U32:
		n->set = true;
		if (o->word && !strcmp(s, o->word))
			n->v = o->word_value;
		else
			why = parse_u32(s, o->min, o->max, &n->v);
		break;
	case OPT_STR:
		if (o->max && strlen(s) > o->max)
			return "is too long";
		*(const char **)at = s;
		break;
	case OPT_NAME:
		why = o->known ? parse_known_name(s) : parse_name(s);
		*(const char **)at = s;
		break;
	case OPT_MAC:
		mac->by_address = o->edit && !strcmp(s, "auto");
		if (!mac->by_address)
			why = parse_mac(s, mac->v);
		mac->set = true;
		break;
	case OPT_IP:
		why = parse_ip(s, at);
		break;
	case OPT_IP_EACH:
		if (edit == EDIT_NONE)
			return "is no IP address";
		why = parse_ip(s, &ip);
		ip.edit = edit;
		each = (struct ip *)at + (ip.family == AF_INET6);
		if (!why && each->family)
			why = "is a second address of its family";
		if (!why)
			*each = ip;
		break;
	case OPT_IPS:
		if (edit != EDIT_NONE)
			why = parse_ip(s, &ip);
		ip.edit = edit;
		if (!why)
			ips_add(at, &ip);
		break;
	case OPT_CIDRS:
		if (edit != EDIT_NONE)
			why = parse_cidr(s, &cidr);
		cidr.ip.edit = edit;
		if (!why)
			cidrs_add(at, &cidr);
		break;
	case OPT_ROUTES:
		if (edit != EDIT_NONE)
			why = parse_route(s, &route);
		route.dst.ip.edit = edit;
		if (!why)
			routes_add(at, &route);
		break;
	}
	return why;
}

/* "CIDR,via" goes on with the next word. */
static bool goes_on(const struct opt *o, const char *val)
{
	static const char via[] = ",via";
	size_t n = strlen(val), len = strlen(via);

	return o->type == OPT_ROUTES && n > len && !strcmp(val + n - len, via);
}

static bool is_list(const struct opt *o)
{
	return o->type == OPT_IPS || o->type == OPT_CIDRS ||
	       o->type == OPT_ROUTES || o->type == OPT_IP_EACH;
}

static const struct opt *find(const struct opt *opts, const char *name,
			      size_t len)
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
	{ "id", "vni" }, { "dev", "port" }, { "dev", "underlay" },
	{ "dst", "peer" }, { "remote", "peer" }, { "ip", "address" },
	{ "ip6", "address" }, { "gw", "gateway" }, { "via", "gateway" },
	{ "name", "ifname" }, { "lladdr", "mac" },
};

/* " (is it --address?)", where that may have been meant. */
static const char *suggestion(const struct opt *opts, const char *word,
			      size_t len, char *buf, size_t size)
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
		if (d >= least)
			continue;
		least = d;
		snprintf(buf, size, " (is it --%s?)", o->name);
	}
	return buf;
}

int opt_parse(const char *cmd, const struct opt *opts, void *vals,
	      int *argc, char **argv)
{
	char near[64];
	int i, n = 0;

	for (i = 0; i < *argc; i++) {
		const char *name = argv[i], *val, *why;
		char joined[ROUTE_TEXT];
		const struct opt *o;
		size_t len;

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
		len = strcspn(name, "=");
		o = strncmp(name, "--", 2) ? NULL : find(opts, name + 2, len - 2);
		if (!o && global_option(name))
			return usage_error("%.*s stands before the command: ctnetctl %s %s ...",
					   (int)len, name, global_option(name), cmd);
		if (!o)
			return usage_error("there is no option %.*s%s; \"ctnetctl help %s\" lists those there are",
					   (int)len, name,
					   suggestion(opts, name, len, near,
						      sizeof(near)), cmd);
		if (!is_list(o) && opt_is_set(o, vals))
			return usage_error("--%s is given twice", o->name);
		val = name[len] ? name + len + 1 : NULL;
		if (o->type == OPT_FLAG) {
			if (val)
				return usage_error("--%s takes no value",
						   o->name);
		} else if (!val) {
			if (++i >= *argc)
				return usage_error("--%s needs a value: --%s %s",
						   o->name, o->name, opt_arg(o));
			val = argv[i];
		}
		if (val && goes_on(o, val) && i + 1 < *argc) {
			snprintf(joined, sizeof(joined), "%s %s", val, argv[++i]);
			val = joined;
		}
		why = store(o, val, OPT_AT(o, vals));
		if (why)
			return usage_error("--%s: \"%s\" %s", o->name, val, why);
	}
	*argc = n;
	argv[n] = NULL;
	return EXIT_OK;
}

static void write_text(FILE *f, const struct opt *o, const char *text)
{
	fprintf(f, " --%s ", o->name);
	word_write(f, text);
}

/* An item of a list; that of a route is two words. */
static void write_item(FILE *f, const struct opt *o, uint8_t edit,
		       const char *text)
{
	fprintf(f, " --%s %s%s", o->name, edit == EDIT_REMOVE ? "-" : "",
		edit == EDIT_NONE ? "none" : text);
}

void opt_write(FILE *f, const struct opt *opts, const void *vals)
{
	char buf[OPT_TEXT], ip[IP_TEXT], cidr[CIDR_TEXT], mac[MAC_TEXT];
	char route[ROUTE_TEXT];
	const struct opt *o;
	size_t i;

	for (o = opts; o->name; o++) {
		const void *at = (const char *)vals + o->off;
		const struct cidrs *cidrs = at;
		const struct routes *routes = at;
		const struct ips *ips = at;
		const struct ip *each = at;

		if (!opt_is_set(o, vals))
			continue;
		switch (o->type) {
		case OPT_FLAG:
			fprintf(f, " --%s", o->name);
			break;
		case OPT_ONOFF:
		case OPT_U32:
			write_text(f, o, opt_text(o, ((const struct o_u32 *)at)->v,
						  buf));
			break;
		case OPT_STR:
		case OPT_NAME:
			write_text(f, o, *(const char *const *)at);
			break;
		case OPT_MAC:
			write_text(f, o, ((const struct o_mac *)at)->by_address ?
				   "auto" :
				   mac_text(((const struct o_mac *)at)->v, mac));
			break;
		case OPT_IP:
			write_text(f, o, ip_text(at, ip));
			break;
		case OPT_IP_EACH:
			for (i = 0; i < 2; i++)
				if (each[i].family)
					write_item(f, o, each[i].edit,
						   ip_text(&each[i], ip));
			break;
		case OPT_IPS:
			for (i = 0; i < ips->n; i++)
				write_item(f, o, ips->v[i].edit,
					   ip_text(&ips->v[i], ip));
			break;
		case OPT_CIDRS:
			for (i = 0; i < cidrs->n; i++)
				write_item(f, o, cidrs->v[i].ip.edit,
					   cidr_text(&cidrs->v[i], cidr));
			break;
		case OPT_ROUTES:
			for (i = 0; i < routes->n; i++)
				write_item(f, o, routes->v[i].dst.ip.edit,
					   route_text(&routes->v[i], route));
			break;
		}
	}
}

void opt_free(const struct opt *opts, void *vals)
{
	const struct opt *o;

	for (o = opts; o && o->name; o++) {
		if (o->type == OPT_IPS)
			free(((struct ips *)OPT_AT(o, vals))->v);
		if (o->type == OPT_CIDRS)
			free(((struct cidrs *)OPT_AT(o, vals))->v);
		if (o->type == OPT_ROUTES)
			free(((struct routes *)OPT_AT(o, vals))->v);
	}
}

void opt_flags(const struct opt *opts, const void *vals,
	       uint32_t *value, uint32_t *selector)
{
	const struct opt *o;

	*value = 0;
	*selector = 0;
	for (o = opts; o->name; o++) {
		const struct o_u32 *n = OPT_AT(o, vals);

		if ((o->type != OPT_ONOFF && !o->word) || !o->attr || !n->set)
			continue;
		*selector |= o->attr;
		if (o->word ? n->v == o->word_value : n->v)
			*value |= o->attr;
	}
}
