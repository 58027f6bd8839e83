// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs xg/evtchn: the ABI, the upcall, the CPUs that take events, how many
 * pages stay with Xen, and every open port with its counts.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <xg/hypercall.h>
#include "internal.h"

static const char * const types[] = {
	[XG_PORT_UNBOUND] = "unbound",
	[XG_PORT_INTERDOMAIN] = "interdomain",
	[XG_PORT_VIRQ] = "virq",
	[XG_PORT_IPI] = "ipi",
	[XG_PORT_ADOPTED] = "adopted",
	[XG_PORT_PIRQ] = "pirq",
};

static struct dentry *file;

/* In the peer's column a pirq has Xen's number of the interrupt. */
static void show_port(struct seq_file *m, struct xg_evtchn *ch)
{
	struct xg_evtchn now;
	unsigned long flags;

	raw_spin_lock_irqsave(&ch->lock, flags);
	now = *ch;
	raw_spin_unlock_irqrestore(&ch->lock, flags);

	seq_printf(m, "%6u %-11s %5u %3u %3u %10llu %8llu %7llu %c%c%c%c %s\n",
		   now.port, types[now.type],
		   now.type == XG_PORT_PIRQ ? now.pirq : now.peer,
		   now.cpu, now.irq,
		   now.nr_events, now.nr_spurious, now.nr_delayed,
		   now.masked & XG_MASK_IRQ ? 'i' : '-',
		   now.masked & XG_MASK_EOI ? 'e' : '-',
		   now.deferred ? 'd' : '-',
		   now.masked & XG_MASK_CPU ? 'c' : '-', now.client.name);
}

static int evtchn_show(struct seq_file *m, void *unused)
{
	struct xg_evtchn *ch;
	unsigned int bound = 0;

	mutex_lock(&xg_ports_lock);
	list_for_each_entry(ch, &xg_ports, list)
		bound++;
	seq_printf(m, "abi: %s\n", xg_abi->name);
	seq_printf(m, "upcall: %s\n", xg_evtchn_upcall_name());
	seq_printf(m, "why: %s\n", xg_upcall_why);
	seq_printf(m, "cpus: %*pbl\n", cpumask_pr_args(&xg_upcall_cpus));
	seq_printf(m, "kept: %u\n", xg_ledger_size());
	seq_printf(m, "bound: %u\n", bound);
	seq_puts(m, "  port type         peer cpu irq     events spurious delayed mask name\n");
	list_for_each_entry(ch, &xg_ports, list)
		show_port(m, ch);
	mutex_unlock(&xg_ports_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(evtchn);

void xg_show_start(void)
{
	file = debugfs_create_file("evtchn", 0400, xg_debugfs_root(), NULL,
				   &evtchn_fops);
}

void xg_show_stop(void)
{
	debugfs_remove(file);
}
