// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: the sources of records that net/hone has, in the order they start in.
 */
#include "hone.h"

#include <linux/init.h>

/* Counts come from the hooks of the others. */
static int hone_count_start(void)
{
	return 0;
}

static void hone_count_stop(void)
{
}

/*
 * Names of interfaces first, then sockets, so that packets find both; but for
 * what a packet socket sends, which is seen as soon as there is a stream.
 */
static struct hone_source hone_net_sources[] = {
	{
		.name	= "netdev",
		.start	= hone_netdev_start,
		.stop	= hone_netdev_stop,
		.open	= hone_netdev_open,
		.snap	= hone_netdev_snap,
	},
	{
		.name	= "socket",
		.start	= hone_socket_start,
		.stop	= hone_socket_stop,
		.snap	= hone_socket_snap,
	},
	{
		.name	= "actor",
		.start	= hone_actor_start,
		.stop	= hone_actor_stop,
	},
	{
		.name	= "count",
		.start	= hone_count_start,
		.stop	= hone_count_stop,
		.open	= hone_count_open,
		.close	= hone_count_close,
	},
	{
		.name	= "packet",
		.start	= hone_packet_start,
		.stop	= hone_packet_stop,
		.open	= hone_packet_open,
		.close	= hone_packet_close,
	},
};

static int __init hone_net_init(void)
{
	int i;

	hone_filter_register(&hone_packet_filter);
	for (i = 0; i < ARRAY_SIZE(hone_net_sources); i++)
		hone_source_register(&hone_net_sources[i]);
	return hone_proc_init();
}
device_initcall(hone_net_init);
