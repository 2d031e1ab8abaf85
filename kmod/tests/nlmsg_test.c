// SPDX-License-Identifier: GPL-2.0
/* What an object looks like. */
#include "nlmsg.h"
#include "test.h"

/*
 * A name that is being written may have no end, and what follows it is none of the name.
 * What is put has one.
 */
static void ctnet_nlmsg_test_put_name(struct kunit *test, struct net_device *dev,
				      ctnet_fill_t fill, const void *obj, int type)
{
	char name[IFNAMSIZ], *put;
	struct nlattr *attr;
	struct sk_buff *msg;
	int err;

	msg = nlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	rtnl_lock();
	memcpy(name, dev->name, sizeof(name));
	memset(dev->name, 'x', sizeof(name));
	err = fill(msg, obj, false);
	memcpy(dev->name, name, sizeof(name));
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, err, 0);

	attr = nla_find((struct nlattr *)msg->data, msg->len, type);
	KUNIT_EXPECT_NOT_NULL(test, attr);
	if (attr) {
		put = nla_data(attr);
		KUNIT_EXPECT_EQ(test, nla_len(attr), IFNAMSIZ);
		KUNIT_EXPECT_EQ(test, (int)put[nla_len(attr) - 1], 0);
	}
	nlmsg_free(msg);
}

static void ctnet_nlmsg_test_name(struct kunit *test)
{
	struct ctnet_test *t = test->priv;

	ctnet_nlmsg_test_put_name(test, t->dev, ctnet_nl_fill_net, t->ctd,
				  CTNET_A_NET_IFNAME);
	ctnet_nlmsg_test_put_name(test, t->port_dev[0], ctnet_nl_fill_port,
				  t->port[0], CTNET_A_PORT_DEVNAME);
}

static struct kunit_case ctnet_nlmsg_cases[] = {
	KUNIT_CASE(ctnet_nlmsg_test_name),
	{ }
};

struct kunit_suite ctnet_nlmsg_suite = {
	.name = "ctnet-nlmsg",
	.init = ctnet_test_init,
	.exit = ctnet_test_exit,
	.test_cases = ctnet_nlmsg_cases,
};
