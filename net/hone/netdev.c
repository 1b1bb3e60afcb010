// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: names of network interfaces.
 */
#include "hone.h"

#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

static void hone_netdev_fill(struct hone_netdev *r,
			     const struct net_device *dev)
{
	const struct net *net = dev_net(dev);

	memset(r, 0, sizeof(*r));
	r->rec.len = sizeof(*r);
	r->rec.type = HONE_REC_NETDEV;
	r->netns = net->net_cookie;
	r->ns_inum = net->ns.inum;
	r->ifindex = dev->ifindex;
	r->type = dev->type;
	strscpy((char *)r->name, dev->name, sizeof(r->name));
}

/* Under rtnl_lock. */
static int hone_netdev_event(struct notifier_block *nb, unsigned long event,
			     void *ptr)
{
	struct hone_netdev r;

	if (event == NETDEV_REGISTER || event == NETDEV_CHANGENAME) {
		hone_netdev_fill(&r, netdev_notifier_info_to_dev(ptr));
		hone_emit(&r.rec, HONE_KIND_SOCK);
	}
	return NOTIFY_DONE;
}

static struct notifier_block hone_netdev_nb = {
	.notifier_call = hone_netdev_event,
};

/**
 * hone_netdev_start - follow names of interfaces
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno.
 */
int hone_netdev_start(void)
{
	return register_netdevice_notifier(&hone_netdev_nb);
}

/**
 * hone_netdev_stop - follow them no more
 *
 * Context: process context; may sleep.
 */
void hone_netdev_stop(void)
{
	unregister_netdevice_notifier(&hone_netdev_nb);
}

static void hone_netdev_tell(struct hone_stream *s,
			     const struct net_device *dev)
{
	struct hone_netdev r;
	unsigned long flags;

	hone_netdev_fill(&r, dev);
	local_irq_save(flags);
	hone_write(s, &r.rec, HONE_KIND_SOCK, ~0, ktime_get_boottime_ns());
	local_irq_restore(flags);
}

/**
 * hone_netdev_open - tell a stream of all interfaces of all namespaces
 * @s: the stream, which the notifier tells of others already
 *
 * A name that changes meanwhile may be half old: the notifier tells it next.
 *
 * Context: process context; may sleep.
 * Return: 0.
 */
int hone_netdev_open(struct hone_stream *s)
{
	struct net_device *dev;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		rcu_read_lock();
		for_each_netdev_rcu(net, dev)
			hone_netdev_tell(s, dev);
		rcu_read_unlock();
	}
	up_read(&net_rwsem);
	return 0;
}

static int hone_netdev_snap_net(struct hone_snap *snap, struct net *net)
{
	struct net_device *dev;
	struct hone_netdev r;
	int err = 0;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		hone_netdev_fill(&r, dev);
		err = hone_snap_put(snap, &r.rec);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/**
 * hone_netdev_snap - all interfaces of all namespaces
 * @snap: the snapshot
 * @pos: number of namespaces done
 *
 * A namespace that comes or goes meanwhile may move one of the others out of
 * sight: hone_netdev_open() has told of them all at the start of the session.
 *
 * Context: process context; may sleep.
 * Return: 1 = more, 0 = complete, or a negative errno.
 */
int hone_netdev_snap(struct hone_snap *snap, u64 *pos)
{
	u32 mark = hone_snap_mark(snap);
	struct net *net;
	u64 nr = 0;
	int err = 0;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (nr++ < *pos)
			continue;
		mark = hone_snap_mark(snap);
		err = hone_netdev_snap_net(snap, net);
		if (err)
			break;
		*pos = nr;
	}
	up_read(&net_rwsem);
	if (!err)
		return 0;
	/* No room: go on with this namespace, in a larger buffer if empty. */
	hone_snap_rewind(snap, mark);
	if (!mark)
		err = hone_snap_grow(snap);
	else
		err = 0;
	return err ?: 1;
}
