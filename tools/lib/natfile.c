// SPDX-License-Identifier: GPL-2.0
/*
 * The file that says what is published and masqueraded in a network namespace. It is in
 * /run, as all that it speaks of is gone after a reboot, and has the namespace's cookie in
 * its name, which no other namespace ever has until then.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nat.h"
#include "netns.h"

#define DIR_PATH	"/run/ctnet"
#define LOCK_PATH	DIR_PATH "/lock"
#define FORMAT		1

int ct_nat_file(struct ct *ct, struct ct_nat_file *f, bool *there)
{
	uint64_t cookie;
	int err = ct_netns_cookie(ct, &cookie);

	memset(f, 0, sizeof(*f));
	f->lock = -1;
	if (err)
		return err;
	snprintf(f->path, sizeof(f->path), DIR_PATH "/nat-%llx.json",
		 (unsigned long long)cookie);
	snprintf(f->next, sizeof(f->next), "%s.new", f->path);
	*there = !access(f->path, F_OK);
	return CT_OK;
}

int ct_nat_file_lock(struct ct *ct, struct ct_nat_file *f)
{
	if (!mkdir(DIR_PATH, 0755))
		chmod(DIR_PATH, 0755);	/* whatever the umask */
	/* Who may not write it may not hold it either, and so keep others waiting. */
	f->lock = open(LOCK_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->lock < 0)
		return ct_fail(ct, "open " LOCK_PATH ", beside which published ports are recorded: %s",
			       strerror(errno));
	while (flock(f->lock, LOCK_EX))
		if (errno != EINTR || ct_interrupted(ct)) {
			ct_fail(ct, "lock " LOCK_PATH ": %s", strerror(errno));
			ct_nat_file_unlock(f);
			return CT_REFUSED;
		}
	return CT_OK;
}

void ct_nat_file_unlock(struct ct_nat_file *f)
{
	if (f->lock >= 0)
		close(f->lock);
	f->lock = -1;
}

/* ----------------------------------------------------------------- reading */

static const char *text_at(struct json_object *o, const char *key)
{
	const char *s = json_object_get_string(json_object_object_get(o, key));

	return s ? s : "";
}

static int number_at(struct json_object *o, const char *key)
{
	return json_object_get_int(json_object_object_get(o, key));
}

static size_t array_at(struct json_object *o, const char *key, struct json_object **a)
{
	*a = json_object_object_get(o, key);
	return json_object_is_type(*a, json_type_array) ? json_object_array_length(*a) : 0;
}

static const char *item_at(struct json_object *a, size_t i)
{
	const char *s = json_object_get_string(json_object_array_get_idx(a, i));

	return s ? s : "";
}

static bool read_net(struct json_object *o, struct ct_nat_net *net)
{
	struct json_object *a;
	size_t i, n = array_at(o, "subnets", &a);
	struct ct_addr addr;

	snprintf(net->net, sizeof(net->net), "%s", text_at(o, "network"));
	net->ifindex = number_at(o, "ifindex");
	net->masquerade = json_object_get_boolean(json_object_object_get(o, "masquerade"));
	net->internal = json_object_get_boolean(json_object_object_get(o, "internal"));
	net->own = json_object_get_boolean(json_object_object_get(o, "own"));
	for (i = 0; i < n; i++) {
		if (ct_parse_cidr(item_at(a, i), &addr))
			return false;
		ct_addrs_add(&net->subnets, &addr);
	}
	return net->net[0];
}

static bool read_owner(struct json_object *o, struct ct_nat_owner *w)
{
	struct json_object *a;
	size_t i, n = array_at(o, "addresses", &a);
	struct ct_ip ip;

	w->owner = ct_strdup(text_at(o, "owner"));
	if (json_object_object_get(o, "target"))
		w->target = ct_strdup(text_at(o, "target"));
	snprintf(w->net, sizeof(w->net), "%s", text_at(o, "network"));
	w->ifindex = number_at(o, "ifindex");
	w->near = number_at(o, "near");
	for (i = 0; i < n; i++) {
		if (ct_parse_ip(item_at(a, i), &ip))
			return false;
		w->addr[ip.family == AF_INET6] = ip;
	}
	n = array_at(o, "ports", &a);
	w->ports = ct_calloc(n, sizeof(*w->ports));
	for (; w->n < n; w->n++)
		if (ct_parse_published(item_at(a, w->n), &w->ports[w->n]))
			return false;
	return w->net[0] && w->owner[0];
}

static bool read_all(struct json_object *o, struct ct_nat *nat)
{
	struct json_object *nets, *owners;
	size_t n = array_at(o, "networks", &nets), m = array_at(o, "owners", &owners);
	bool good = number_at(o, "format") == FORMAT;

	nat->nets = ct_calloc(n, sizeof(*nat->nets));
	nat->owners = ct_calloc(m, sizeof(*nat->owners));
	while (good && nat->n_nets < n) {
		o = json_object_array_get_idx(nets, nat->n_nets);
		good = read_net(o, &nat->nets[nat->n_nets++]);
	}
	while (good && nat->n_owners < m) {
		o = json_object_array_get_idx(owners, nat->n_owners);
		good = read_owner(o, &nat->owners[nat->n_owners++]);
	}
	return good;
}

int ct_nat_file_read(struct ct *ct, const struct ct_nat_file *f, struct ct_nat *nat)
{
	struct json_object *o;
	bool good;
	int fd;

	memset(nat, 0, sizeof(*nat));
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return CT_OK;
	if (fd < 0)
		return ct_fail(ct, "read %s: %s", f->path, strerror(errno));
	o = json_object_from_fd(fd);
	close(fd);
	good = o && read_all(o, nat);
	json_object_put(o);
	return good ? CT_OK :
		      ct_fail(ct, "read %s, where published ports are recorded: it is not what was written there; without it, none is",
			      f->path);
}

/* ----------------------------------------------------------------- writing */

static void put_text(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

static void put_number(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, json_object_new_int(v));
}

static void put_flag(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

static struct json_object *put_array(struct json_object *o, const char *key)
{
	struct json_object *a = json_object_new_array();

	json_object_object_add(o, key, a);
	return a;
}

static void add_text(struct json_object *a, const char *s)
{
	json_object_array_add(a, json_object_new_string(s));
}

static struct json_object *net_object(const struct ct_nat_net *net)
{
	struct json_object *o = json_object_new_object(), *a;
	char text[CT_TEXT];
	size_t i;

	put_text(o, "network", net->net);
	put_number(o, "ifindex", net->ifindex);
	put_flag(o, "masquerade", net->masquerade);
	put_flag(o, "internal", net->internal);
	put_flag(o, "own", net->own);
	a = put_array(o, "subnets");
	for (i = 0; i < net->subnets.n; i++)
		add_text(a, ct_cidr_text(&net->subnets.v[i], text));
	return o;
}

static struct json_object *owner_object(const struct ct_nat_owner *w)
{
	struct json_object *o = json_object_new_object(), *a;
	char text[CT_TEXT];
	size_t i;

	put_text(o, "owner", w->owner);
	if (w->target)
		put_text(o, "target", w->target);
	put_text(o, "network", w->net);
	put_number(o, "ifindex", w->ifindex);
	put_number(o, "near", w->near);
	a = put_array(o, "addresses");
	for (i = 0; i < 2; i++)
		if (w->addr[i].family)
			add_text(a, ct_ip_text(&w->addr[i], text));
	a = put_array(o, "ports");
	for (i = 0; i < w->n; i++)
		add_text(a, ct_published_text(&w->ports[i], text));
	return o;
}

static struct json_object *all_object(const struct ct_nat *nat)
{
	struct json_object *o = json_object_new_object(), *a;
	size_t i;

	put_number(o, "format", FORMAT);
	a = put_array(o, "networks");
	for (i = 0; i < nat->n_nets; i++)
		json_object_array_add(a, net_object(&nat->nets[i]));
	a = put_array(o, "owners");
	for (i = 0; i < nat->n_owners; i++)
		json_object_array_add(a, owner_object(&nat->owners[i]));
	return o;
}

static int write_text(int fd, const char *s)
{
	size_t left = strlen(s);
	ssize_t n;

	for (; left; s += n, left -= n) {
		n = write(fd, s, left);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

int ct_nat_file_write(struct ct *ct, const struct ct_nat_file *f, const struct ct_nat *nat)
{
	struct json_object *o;
	int fd, err;

	if (!nat->n_nets && !nat->n_owners)
		return CT_OK;
	fd = open(f->next, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return ct_fail(ct, "write %s: %s", f->next, strerror(errno));
	fchmod(fd, 0644);
	o = all_object(nat);
	err = write_text(fd, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	if (close(fd) && !err)
		err = -errno;
	if (!err)
		return CT_OK;
	ct_nat_file_drop(f);
	return ct_fail(ct, "write %s: %s", f->next, strerror(-err));
}

int ct_nat_file_commit(struct ct *ct, const struct ct_nat_file *f, const struct ct_nat *nat)
{
	bool none = !nat->n_nets && !nat->n_owners;

	if (none ? !unlink(f->path) || errno == ENOENT : !rename(f->next, f->path))
		return CT_OK;
	return ct_fail(ct, "%s %s: %s", none ? "remove" : "replace", f->path, strerror(errno));
}

void ct_nat_file_drop(const struct ct_nat_file *f)
{
	unlink(f->next);
}
