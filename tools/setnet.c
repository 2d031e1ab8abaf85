// SPDX-License-Identifier: GPL-2.0
/* set-net: changing a network, and how that is taken back. */
#include <stdlib.h>
#include <string.h>
#include <linux/ctnet.h>

#include "ctnetctl.h"
#include "objects.h"

/* The parts of @old that @o would change. */
static void keep_old(struct net_opts *old, const struct net_opts *o)
{
	const struct opt *opt;
	bool vni = old->vni.set;	/* a local bridge takes no address */
	int i;

	for (opt = set_net_opts; opt->name; opt++)
		if (!opt_is_set(opt, o) &&
		    (opt->type == OPT_U32 || opt->type == OPT_ONOFF))
			((struct o_u32 *)OPT_AT(opt, old))->set = false;
	for (i = 0; i < 2; i++) {
		/* What was not there is taken away again by an address of zeros. */
		if (!o->local[i].family || !vni)
			old->local[i].family = 0;
		else
			old->local[i].family = i ? AF_INET6 : AF_INET;
	}
	old->underlay = o->underlay;
	if (!o->mac.set)
		old->mac.set = false;
}

bool net_is_stranded(const struct net *net, const struct net_opts *o)
{
	return o->underlay && net->cfg.underlay_ifindex == CTNET_UNDERLAY_GONE;
}

int net_change(int ifindex, const struct net_opts *o, const struct net *net,
	       const uint8_t mac[6])
{
	struct net_opts old = net->cfg, new = *o;
	int i, err;

	if (net_is_stranded(net, o))
		new.underlay = NULL;
	if (net->mtu_auto)
		old.mtu.v = MTU_AUTO;
	old.mac.set = true;
	memcpy(old.mac.v, mac, 6);
	keep_old(&old, &new);
	undo_push(&ctx.rt, net_msg(0, ifindex, NULL, &old));
	err = nl_do(&ctx.rt, net_msg(0, ifindex, NULL, &new), NULL);
	if (err)
		return fail("change the network: %s",
			    nl_why(&ctx.rt, err, net_hints));
	/* One that is taken away need not be there. */
	for (i = 0; i < 2; i++)
		if (new.local[i].edit == EDIT_REMOVE)
			new.local[i].family = 0;
	net_warn(&new);
	return EXIT_OK;
}

int net_change_last(int ifindex, const struct net_opts *o, const struct net *net)
{
	struct net_opts new = {
		.underlay = o->underlay, .underlay_ifindex = o->underlay_ifindex,
	};
	int err;

	if (!net_is_stranded(net, o))
		return EXIT_OK;
	err = nl_do(&ctx.rt, net_msg(0, ifindex, NULL, &new), NULL);
	if (err)
		return fail("change the underlay: %s",
			    nl_why(&ctx.rt, err, net_hints));
	return EXIT_OK;
}

/* What the host has on the network, and what it is to have. An exit code. */
static int edit_addresses(const struct link *l, struct net_opts *o,
			  struct cidrs *had, struct cidrs *want)
{
	const struct cidr *missing;
	char text[CIDR_TEXT];
	int err;

	err = addr_dump_given(&ctx.rt, l->ifindex, -1, had);
	if (err)
		return fail("read its addresses: %s",
			    nl_why(&ctx.rt, err, NULL));
	missing = cidrs_edit(had, &o->address, want);
	if (missing)
		return fail("it has not the address %s", cidr_text(missing, text));
	if (!o->mac.by_address)
		return EXIT_OK;
	if (!want->n)
		return fail("--mac auto is the MAC of the first address, and it has none");
	mac_from_ip(o->mac.v, &want->v[0].ip, 0);
	return EXIT_OK;
}

static int check_locals(const struct net_opts *o, const struct net *net)
{
	char text[IP_TEXT];
	int i;

	for (i = 0; i < 2; i++)
		if (o->local[i].edit == EDIT_REMOVE &&
		    !ip_equal(&o->local[i], &net->cfg.local[i]))
			return fail("it has not the local address %s",
				    ip_text(&o->local[i], text));
	return EXIT_OK;
}

int set_net(int n, char **arg, void *vals)
{
	struct cidrs had = { 0 }, want = { 0 };
	struct net_opts *o = vals;
	const struct opt *opt;
	struct replies r;
	struct link l;
	struct net net;
	bool any = false;
	int err, e;

	(void)n;
	for (opt = set_net_opts; opt->name; opt++)
		any = any || opt_is_set(opt, o);
	if (!any)
		return usage_error("nothing to change: give an option; \"ctnetctl help set-net\" lists them");
	err = net_find(arg[0], &l, NULL);
	if (err)
		return err;
	err = net_find_underlay(o);
	if (err)
		return err;
	if (!ge_sock())
		return EXIT_REFUSED;
	e = net_get(l.ifindex, &net, &r);
	if (e)
		return fail("read the network: %s", nl_why(&ctx.ge, e, NULL));
	replies_free(&r);
	err = check_locals(o, &net);
	if (!err)
		err = edit_addresses(&l, o, &had, &want);

	undo_begin();
	if (!err)
		err = addr_add_all(&ctx.rt, l.ifindex, arg[0], &want, 0);
	if (!err)
		err = net_change(l.ifindex, o, &net, l.mac);
	if (!err)
		err = addr_del_others(&ctx.rt, l.ifindex, arg[0], &had, &want, 0);
	if (!err)
		err = net_change_last(l.ifindex, o, &net);
	if (err)
		undo_run();
	else
		undo_commit();
	free(had.v);
	free(want.v);
	return err;
}
