// SPDX-License-Identifier: GPL-2.0
/*
 * Indexes of networks, devices and containers that the commands of a batch name, so that
 * each is looked up once and not for every entry of a table.
 *
 * They are good for the commands that have been read already, and until one of them has
 * rtnetlink change something: nl.c and batch.c have them forgotten. So they are as old as
 * what a single command finds out before it acts, and a program that writes one command
 * after another into a pipe has each looked up anew.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "ctnetctl.h"
#include "objects.h"

/**
 * struct known - something that was looked up
 * @ifindex: what was found
 * @key: what was asked for
 */
struct known {
	int ifindex;
	char key[];
};

static void *tree;

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->key,
		      ((const struct known *)b)->key);
}

/* "KIND NET NAME WHERE": neither kinds nor numbers nor names of interfaces have blanks. */
static struct known *known_new(const char *kind, int net, const char *name,
			       const char *where)
{
	size_t size = strlen(kind) + strlen(name) + strlen(where) + 16;
	struct known *k = xcalloc(1, sizeof(*k) + size);

	snprintf(k->key, size, "%s %d %s %s", kind, net, name, where);
	return k;
}

/* Takes the key; true: it was looked up before. */
static bool known_find(struct known *k, int *ifindex)
{
	struct known **found = tfind(k, &tree, by_key);

	if (!found)
		return false;
	*ifindex = (*found)->ifindex;
	free(k);
	return true;
}

/* The same, after it was looked up with this exit code. */
static int known_keep(struct known *k, int err, int ifindex)
{
	if (err || !ifindex) {
		free(k);
		return err;
	}
	k->ifindex = ifindex;
	if (!tsearch(k, &tree, by_key))
		die("out of memory");
	return EXIT_OK;
}

void known_forget(void)
{
	if (tree)
		tdestroy(tree, free);
	tree = NULL;
}

int known_net(const char *name, int *ifindex, bool *gone)
{
	struct known *k = known_new("net", 0, name, "");
	struct link l;
	int err;

	if (known_find(k, ifindex))
		return EXIT_OK;
	err = net_find(name, &l, gone);
	*ifindex = err || (gone && *gone) ? 0 : l.ifindex;
	return known_keep(k, err, *ifindex);
}

int known_dev(const char *name, int *ifindex)
{
	struct known *k = known_new("dev", 0, name, "");
	struct link l;
	int err;

	if (known_find(k, ifindex))
		return EXIT_OK;
	err = dev_find(name, &l, NULL);
	*ifindex = err ? 0 : l.ifindex;
	return known_keep(k, err, *ifindex);
}

int known_container(int net, const char *target, const char *ifname,
		    int *ifindex)
{
	struct known *k = known_new("container", net,
				    ifname ? ifname : DEFAULT_IFNAME, target);
	struct link l = { .ifindex = net };
	int err;

	if (known_find(k, ifindex))
		return EXIT_OK;
	err = container_index(&l, target, ifname, ifindex);
	return known_keep(k, err, err ? 0 : *ifindex);
}
