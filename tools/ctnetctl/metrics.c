// SPDX-License-Identifier: GPL-2.0
/*
 * metrics: what is counted, as the text of OpenMetrics, or as the one that Prometheus had before,
 * which "promtool check metrics" reads: there the name of a counter ends with _total where it
 * is described, too, and nothing tells of units.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "out.h"
#include "text.h"

/**
 * struct object - one of which something is told
 * @labels: what names it
 * @stats: its counters, or NULL
 * @of: the object of ct_state
 */
struct object {
	char *labels;
	const struct ct_stats *stats;
	const void *of;
};

struct objects {
	struct object *v;
	size_t n;
};

/**
 * struct family - metrics of one name
 * @name: their name, which a counter's samples have with _total
 * @unit: that it ends with, or NULL
 * @help: what it is
 * @get: the value of an object; NULL: a counter
 */
struct family {
	const char *name;
	const char *unit;
	const char *help;
	uint64_t (*get)(const void *of);
};

struct text {
	FILE *f;
	bool openmetrics;
};

/* ------------------------------------------------------------------- labels */

/*
 * What others chose is no UTF-8 perhaps, or steers a terminal: as in text and JSON, U+FFFD and a
 * question mark stand for that.
 */
static void put_value(FILE *f, const char *s)
{
	size_t n;

	for (; *s; s += n ? n : 1) {
		n = utf8_len(s, NULL);
		if (!n)
			fputs("\xef\xbf\xbd", f);
		else if (*s == '\n')
			fputs("\\n", f);
		else if (text_control(s))
			fputc('?', f);
		else if (*s == '\\' || *s == '"')
			fprintf(f, "\\%c", *s);
		else
			fwrite(s, 1, n, f);
	}
}

/* Pairs of key and value, with NULL behind the last. */
static char *join(const char *const *pair)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		ct_nomem();
	for (; *pair; pair += 2) {
		fprintf(f, "%s=\"", pair[0]);
		put_value(f, pair[1]);
		fputs(pair[2] ? "\"," : "\"", f);
	}
	if (fclose(f))
		ct_nomem();
	return text;
}

#define labels(...)	join((const char *const[]){ __VA_ARGS__, NULL })

/* Takes @text. */
static void add(struct objects *l, char *text, const struct ct_stats *stats, const void *of)
{
	struct object *o;

	l->v = ct_grow(l->v, l->n, sizeof(*l->v));
	o = &l->v[l->n++];
	o->labels = text;
	o->stats = stats;
	o->of = of;
}

static void objects_free(struct objects *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].labels);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

/* ----------------------------------------------------------------- families */

static void put_head(const struct text *t, const char *name, bool counter, const char *unit,
		     const char *help)
{
	const char *total = counter && !t->openmetrics ? "_total" : "";

	fprintf(t->f, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, help, name, total,
		counter ? "counter" : "gauge");
	if (unit && t->openmetrics)
		fprintf(t->f, "# UNIT %s %s\n", name, unit);
}

static void put_gauges(const struct text *t, const struct family *fam, const struct objects *l)
{
	size_t i;

	for (; fam->name; fam++) {
		put_head(t, fam->name, false, fam->unit, fam->help);
		for (i = 0; i < l->n; i++)
			fprintf(t->f, "%s{%s} %llu\n", fam->name, l->v[i].labels,
				(unsigned long long)fam->get(l->v[i].of));
	}
}

/* The four counters of an object, in the order of struct ct_stats. */
static void put_counters(const struct text *t, const char *what, const char *const help[2],
			 const struct objects *l)
{
	char name[64], words[128];
	size_t i, k;

	for (k = 0; k < 4; k++) {
		const char *unit = k % 2 ? "bytes" : "packets";

		snprintf(name, sizeof(name), "ctnet_%s_%s_%s", what,
			 k < 2 ? "receive" : "transmit", unit);
		snprintf(words, sizeof(words), "%s %s.", k % 2 ? "Bytes" : "Frames", help[k / 2]);
		put_head(t, name, true, unit, words);
		for (i = 0; i < l->n; i++)
			if (l->v[i].stats->have)
				fprintf(t->f, "%s_total{%s} %llu\n", name, l->v[i].labels,
					(unsigned long long)l->v[i].stats->v[k]);
	}
}

static void put_drops(const struct text *t, const char *name, const char *help,
		      const struct objects *l)
{
	char buf[CT_TEXT];
	size_t i, k;

	put_head(t, name, true, "packets", help);
	for (i = 0; i < l->n; i++)
		for (k = 0; k < CT_DROPS; k++)
			if (l->v[i].stats->has >> k & 1)
				fprintf(t->f, "%s_total{%s,reason=\"%s\"} %llu\n", name,
					l->v[i].labels, drop_name(k, buf),
					(unsigned long long)l->v[i].stats->drops[k]);
}

static uint64_t is_there(const void *of)
{
	(void)of;
	return 1;
}

static uint64_t net_up(const void *of)
{
	return !!(((const struct ct_state_net *)of)->link.flags & IFF_UP);
}

static uint64_t net_mtu(const void *of)
{
	return ((const struct ct_state_net *)of)->net.conf.mtu.v;
}

static uint64_t net_ports(const void *of)
{
	return ((const struct ct_state_net *)of)->net.ports;
}

static uint64_t net_peers(const void *of)
{
	return ((const struct ct_state_net *)of)->net.peers;
}

static uint64_t net_limit(const void *of)
{
	return ((const struct ct_state_net *)of)->net.conf.max_fdb.v;
}

static const struct family net_families[] = {
	{ "ctnet_network_up", NULL, "Whether the network is up.", net_up },
	{ "ctnet_network_mtu_bytes", "bytes", "MTU of the network.", net_mtu },
	{ "ctnet_network_ports", NULL, "Ports of the network.", net_ports },
	{ "ctnet_network_peers", NULL, "Peers of the network.", net_peers },
	{ "ctnet_fdb_learned_entries_limit", NULL,
	  "Learned entries that the table may have at most.", net_limit },
	{ .name = NULL }
};

static uint64_t port_up(const void *of)
{
	return !!(((const struct ct_state_port *)of)->near.flags & IFF_UP);
}

static const struct family port_families[] = {
	{ "ctnet_port_up", NULL, "Whether the port is up.", port_up },
	{ .name = NULL }
};

static uint64_t vtep_nets(const void *of)
{
	return ((const struct ct_state_vtep *)of)->vtep.nets;
}

static const struct family vtep_families[] = {
	{ "ctnet_vtep_networks", NULL, "Networks that share the UDP socket.", vtep_nets },
	{ .name = NULL }
};

static const struct family net_info[] = {
	{ "ctnet_network_info", NULL, "What the network is, as labels.", is_there },
	{ .name = NULL }
};

static const struct family info[] = {
	{ "ctnet_build_info", NULL, "Versions of the tool and of the module, as labels.",
	  is_there },
	{ .name = NULL }
};

/* ------------------------------------------------------------------ objects */

static const char *underlay_name(const struct ct_state *st, uint32_t ifindex)
{
	const struct ct_link *l = ct_link_find(&st->links, ifindex);

	return !ifindex ? "" : ifindex == CTNET_UNDERLAY_GONE ? "(gone)" : l ? l->name : "";
}

static const char *net_name(const struct ct_state *st, int ifindex)
{
	const struct ct_link *l = ct_link_find(&st->links, ifindex);

	return l ? l->name : NULL;
}

static char *net_info_labels(const struct ct_state *st, const struct ct_net *net)
{
	char vni[CT_TEXT] = "", dstport[CT_TEXT] = "", local[2][CT_TEXT] = { "", "" };
	const struct ct_net_conf *c = &net->conf;
	int i;

	for (i = 0; i < 2 && c->vni.set; i++)
		if (c->local[i].ip.family)
			ct_ip_text(&c->local[i].ip, local[i]);
	if (c->vni.set) {
		snprintf(vni, sizeof(vni), "%u", c->vni.v);
		snprintf(dstport, sizeof(dstport), "%u", c->dstport.v);
	}
	return labels("network", net->name, "vni", vni, "local", local[0], "local6", local[1],
		      "dstport", dstport, "underlay",
		      underlay_name(st, c->vni.set ? c->underlay_ifindex : 0));
}

static void put_networks(const struct text *t, const struct ct_state *st)
{
	static const char *const counted[2] = {
		"that the host received from the network",
		"that the host sent into the network",
	};
	static const char present[] = "ctnet_network_local_present";
	static const char entries[] = "ctnet_fdb_entries";
	struct objects l = { 0 }, facts = { 0 };
	size_t i;
	int k;

	for (i = 0; i < st->n_nets; i++) {
		const struct ct_state_net *n = &st->nets[i];

		add(&l, labels("network", n->net.name), &n->stats, n);
		add(&facts, net_info_labels(st, &n->net), NULL, n);
	}
	put_gauges(t, net_info, &facts);
	put_gauges(t, net_families, &l);
	put_head(t, entries, false, NULL, "Entries of the table.");
	for (i = 0; i < l.n; i++)
		fprintf(t->f, "%s{%s,type=\"static\"} %u\n%s{%s,type=\"learned\"} %u\n",
			entries, l.v[i].labels, st->nets[i].net.fdb_static,
			entries, l.v[i].labels, st->nets[i].net.fdb_learned);
	put_head(t, present, false, NULL,
		 "Whether the host has the local address, without which nothing is sent to peers.");
	for (i = 0; i < l.n; i++)
		for (k = 0; k < 2 && st->nets[i].net.conf.vni.set; k++)
			if (st->nets[i].net.conf.local[k].ip.family)
				fprintf(t->f, "%s{%s,family=\"%s\"} %d\n", present, l.v[i].labels,
					k ? "inet6" : "inet",
					!ct_net_local_absent(&ct, &st->nets[i].net.conf, k));
	put_counters(t, "network", counted, &l);
	put_drops(t, "ctnet_network_dropped_packets", "Frames that the network dropped, by reason.",
		  &l);
	objects_free(&facts);
	objects_free(&l);
}

static void put_ports(const struct text *t, const struct ct_state *st)
{
	static const char *const counted[2] = {
		"that came from the port", "that were sent to the port",
	};
	struct objects l = { 0 };
	size_t i;

	for (i = 0; i < st->n_ports; i++) {
		const struct ct_state_port *p = &st->ports[i];
		const char *net = net_name(st, p->port.net);

		if (net)
			add(&l, labels("network", net, "port", p->port.devname,
				       "container", p->near.alias), &p->stats, p);
	}
	put_gauges(t, port_families, &l);
	put_counters(t, "port", counted, &l);
	objects_free(&l);
}

static void put_peers(const struct text *t, const struct ct_state *st)
{
	static const char *const counted[2] = {
		"that came from the peer, without their outer headers",
		"that were sent to the peer, without their outer headers",
	};
	struct objects l = { 0 };
	char ip[CT_TEXT];
	size_t i;

	for (i = 0; i < st->n_peers; i++) {
		const struct ct_state_peer *p = &st->peers[i];
		const char *net = net_name(st, p->peer.net);

		if (net)
			add(&l, labels("network", net, "peer", ct_ip_text(&p->peer.addr, ip)),
			    &p->stats, p);
	}
	put_counters(t, "peer", counted, &l);
	objects_free(&l);
}

static void put_vteps(const struct text *t, const struct ct_state *st)
{
	struct objects l = { 0 };
	char port[CT_TEXT];
	size_t i;

	for (i = 0; i < st->n_vteps; i++) {
		const struct ct_vtep *v = &st->vteps[i].vtep;

		snprintf(port, sizeof(port), "%u", v->dstport);
		add(&l, labels("family", v->family == AF_INET ? "inet" : "inet6", "dstport", port,
			       "underlay", underlay_name(st, v->underlay)),
		    &st->vteps[i].stats, &st->vteps[i]);
	}
	put_gauges(t, vtep_families, &l);
	put_drops(t, "ctnet_vtep_dropped_packets",
		  "Packets that the UDP socket dropped before a network was known, by reason.", &l);
	objects_free(&l);
}

static void put_info(const struct text *t)
{
	struct objects l = { 0 };
	char module[CT_TEXT];

	ct_module_version(module, sizeof(module));
	add(&l, labels("version", VERSION, "module_version", module), NULL, NULL);
	put_gauges(t, info, &l);
	objects_free(&l);
}

int metrics_write(FILE *f, bool openmetrics)
{
	struct text t = { f, openmetrics };
	struct ct_state st;
	int err;

	err = ct_state_read_counters(&ct, &st);
	if (!err) {
		put_info(&t);
		put_networks(&t, &st);
		put_ports(&t, &st);
		put_peers(&t, &st);
		put_vteps(&t, &st);
		if (openmetrics)
			fputs("# EOF\n", f);
	}
	ct_state_free(&st);
	return err;
}

const struct opt metrics_opts[] = {
	{ .name = "format", .type = OPT_STR, .off = offsetof(struct metrics_opts, format),
	  .help = "openmetrics (the default), or the older text that promtool reads",
	  .arg = "openmetrics|prometheus" },
	{ .name = NULL }
};

int metrics(int n, char **arg, void *vals)
{
	const struct metrics_opts *o = vals;
	bool old = o->format && !strcmp(o->format, "prometheus");

	(void)n;
	(void)arg;
	if (o->format && !old && strcmp(o->format, "openmetrics"))
		return ct_misuse(&ct, "--format \"%s\": must be openmetrics or prometheus",
				 o->format);
	return metrics_write(stdout, !old);
}
