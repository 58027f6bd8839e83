// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: xg/netfront/vif-N, the connection and what its queues hold; what they
 * have done is ethtool's to tell (-S).
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static struct dentry *dir;

static const char *const ctrl_states[] = {
	[XG_NET_CTRL_NONE] = "none",
	[XG_NET_CTRL_READY] = "ready",
	[XG_NET_CTRL_DEAD] = "dead",
};

/* The transmit side at one moment. */
struct snapshot {
	unsigned int in_flight;
	unsigned int lent;
	unsigned int own;
	unsigned int extras;
};

static void take_snapshot(struct xg_net_queue *q, struct snapshot *s)
{
	struct xg_net_tx_side *tx = &q->tx;
	unsigned int i;

	*s = (struct snapshot) {};
	spin_lock_irq(&tx->lock);
	s->in_flight = tx->slots.count - tx->slots.free;
	s->extras = tx->extras;
	for (i = 0; i < tx->slots.count; i++) {
		s->lent += !!tx->slot[i].lent;
		s->own += !!tx->slot[i].own;
	}
	spin_unlock_irq(&tx->lock);
}

static int net_show(struct seq_file *m, void *unused)
{
	struct xg_net *net = m->private;
	unsigned int dead = 0, poisoned = 0;
	struct snapshot s;
	unsigned int i;

	/* A connection does not come or go meanwhile. */
	mutex_lock(&net->xdev->lock);
	for (i = 0; i < net->nr_queues; i++) {
		dead += READ_ONCE(net->queues[i].dead);
		poisoned += READ_ONCE(net->queues[i].poisoned);
	}
	seq_printf(m, "interface: %s\n", netdev_name(net->dev));
	seq_printf(m, "live: %u\n", net->live);
	seq_printf(m, "queues: %u\n", net->nr_queues);
	seq_printf(m, "split: %u\n", net->split);
	seq_printf(m, "copy: %u\n", net->bounce);
	seq_printf(m, "filter: %u\n", xg_net_filters(net));
	seq_printf(m, "plain: %u\n", net->plain);
	seq_printf(m, "ctrl: %s\n", ctrl_states[READ_ONCE(net->ctrl.state)]);
	seq_printf(m, "hash: %s\n",
		   xg_net_is_hashing(net) ? "toeplitz" : "none");
	seq_printf(m, "dead: %u\n", dead);
	seq_printf(m, "poisoned: %u\n", poisoned);
	for (i = 0; i < net->nr_queues; i++) {
		struct xg_net_queue *q = &net->queues[i];

		take_snapshot(q, &s);
		seq_printf(m, "queue %u:%s%s tx_in_flight=%u tx_lent=%u tx_own=%u tx_extras=%u rx_offered=%u spurious=%llu\n",
			   i, q->dead ? " dead" : "",
			   q->poisoned ? " poisoned" : "", s.in_flight, s.lent,
			   s.own, s.extras, xg_ring_in_flight(&q->rx.ring),
			   q->rx.stats.spurious);
	}
	mutex_unlock(&net->xdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(net);

/* The file is gone before the queues are: xg_net_stats_remove() waits. */
void xg_net_stats_add(struct xg_net *net)
{
	net->debugfs = debugfs_create_file(dev_name(&net->xdev->dev), 0400, dir,
					   net, &net_fops);
}

void xg_net_stats_remove(struct xg_net *net)
{
	debugfs_remove(net->debugfs);
	net->debugfs = NULL;
}

void xg_net_stats_init(void)
{
	dir = debugfs_create_dir("netfront", xg_debugfs_root());
}

void xg_net_stats_exit(void)
{
	debugfs_remove(dir);
}
