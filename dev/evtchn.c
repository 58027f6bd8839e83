// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/evtchn: event channels of a process.
 *
 * A port that fired is masked and its number read, once; written back it is
 * unmasked: xg_evtchn's EOI is the process's word. So each port is in the queue
 * once, unless the process writes what it has not read: then the queue may
 * overflow, reads fail with -EFBIG until IOCTL_EVTCHN_RESET, and nothing else is
 * harmed. Start at port_irq() and evtchn_read().
 *
 * A port belongs to its file and to the unmap notifications that name it. Its
 * @lock says whether it has a file; the file's @events_lock guards the queue.
 */
#include <linux/kref.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <xen/interface/xen.h>
#include <xen/evtchn.h>	/* wants the one before */
#include <xg/evtchn.h>
#include "internal.h"

#define BATCH		64u	/* numbers copied at once */
#define UNRESTRICTED	DOMID_INVALID

static unsigned int ports = 1024;
module_param(ports, uint, 0644);
MODULE_PARM_DESC(ports, "event channels that one open /dev/xen/evtchn may have (default 1024)");

struct evtchn_file {
	struct xg_file base;
	struct xarray ports;		/* by number; base.lock */
	unsigned int nr_ports;
	domid_t restricted;
	wait_queue_head_t wait;
	struct fasync_struct *fasync;
	spinlock_t events_lock;		/* what follows */
	unsigned int prod, cons;
	unsigned int max;		/* a power of two */
	bool overflow;
	evtchn_port_t events[];
};

struct xg_port {
	struct kref ref;
	struct xg_evtchn *ch;
	evtchn_port_t nr;
	spinlock_t lock;		/* what follows */
	struct evtchn_file *file;
	bool early;			/* fired before it had a file */
	char name[TASK_COMM_LEN + 8];
};

static DEFINE_MUTEX(registry);		/* @all, the last reference */
static DEFINE_XARRAY(all);

#define to_evtchn(f) container_of(f, struct evtchn_file, base)

/* --- the queue ---------------------------------------------------------- */

static void push(struct evtchn_file *f, evtchn_port_t nr)
{
	unsigned long flags;

	spin_lock_irqsave(&f->events_lock, flags);
	if (f->prod - f->cons < f->max)
		f->events[f->prod++ & (f->max - 1)] = nr;
	else
		f->overflow = true;
	spin_unlock_irqrestore(&f->events_lock, flags);
	wake_up_interruptible(&f->wait);
	kill_fasync(&f->fasync, SIGIO, POLL_IN);
}

/* Numbers taken, at most @count; -EFBIG; 0 there are none. */
static int take(struct evtchn_file *f, evtchn_port_t *nrs, unsigned int count)
{
	unsigned int i;

	spin_lock_irq(&f->events_lock);
	if (f->overflow) {
		spin_unlock_irq(&f->events_lock);
		return -EFBIG;
	}
	for (i = 0; i < count && f->cons != f->prod; i++)
		nrs[i] = f->events[f->cons++ & (f->max - 1)];
	spin_unlock_irq(&f->events_lock);
	return i;
}

/* The process could not take them: they are the next again. */
static void put_back(struct evtchn_file *f, const evtchn_port_t *nrs,
		     unsigned int count)
{
	spin_lock_irq(&f->events_lock);
	while (count && f->prod - f->cons < f->max)
		f->events[--f->cons & (f->max - 1)] = nrs[--count];
	f->overflow |= count;
	spin_unlock_irq(&f->events_lock);
}

/* @nr is about to be somebody else's. */
static void forget(struct evtchn_file *f, evtchn_port_t nr)
{
	unsigned int from, to;
	evtchn_port_t at;

	spin_lock_irq(&f->events_lock);
	for (from = to = f->cons; from != f->prod; from++) {
		at = f->events[from & (f->max - 1)];
		if (at != nr)
			f->events[to++ & (f->max - 1)] = at;
	}
	f->prod = to;
	spin_unlock_irq(&f->events_lock);
}

static void reset(struct evtchn_file *f)
{
	spin_lock_irq(&f->events_lock);
	f->cons = f->prod;
	f->overflow = false;
	spin_unlock_irq(&f->events_lock);
}

static bool is_ready(struct evtchn_file *f)
{
	return READ_ONCE(f->cons) != READ_ONCE(f->prod) ||
	       READ_ONCE(f->overflow) || READ_ONCE(f->base.gone);
}

/* --- ports -------------------------------------------------------------- */

static irqreturn_t port_irq(int irq, void *data)
{
	struct xg_port *port = data;

	spin_lock(&port->lock);
	if (port->file)
		push(port->file, port->nr);
	else
		port->early = true;
	spin_unlock(&port->lock);
	return IRQ_HANDLED;
}

static void set_file(struct xg_port *port, struct evtchn_file *f)
{
	spin_lock_irq(&port->lock);
	port->file = f;
	if (f && port->early)
		push(f, port->nr);
	spin_unlock_irq(&port->lock);
}

/* The last one has let go; @registry is held. */
static void port_free(struct kref *ref)
{
	struct xg_port *port = container_of(ref, struct xg_port, ref);

	xa_erase(&all, port->nr);
	mutex_unlock(&registry);
	xg_evtchn_close(port->ch);
	kfree(port);
	xg_count(XG_HELD_PORTS, -1);
}

void xg_port_put(struct xg_port *port)
{
	if (port)
		kref_put_mutex(&port->ref, port_free, &registry);
}

struct xg_port *xg_port_get(evtchn_port_t nr)
{
	struct xg_port *port;

	mutex_lock(&registry);
	port = xa_load(&all, nr);
	if (port)
		kref_get(&port->ref);
	mutex_unlock(&registry);
	return port;
}

void xg_port_notify(struct xg_port *port)
{
	xg_evtchn_notify(port->ch);
}

static struct xg_port *port_new(struct evtchn_file *f,
				struct xg_evtchn_client *client)
{
	struct xg_port *port;

	if (f->nr_ports >= min(f->max, READ_ONCE(ports)))
		return ERR_PTR(-ENOSPC);
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);
	kref_init(&port->ref);
	spin_lock_init(&port->lock);
	snprintf(port->name, sizeof(port->name), "evtchn:%s", current->comm);
	*client = (struct xg_evtchn_client){
		.name = port->name,
		.handler = port_irq,
		.data = port,
		.cpu = -1,
	};
	return port;
}

/* Its channel is open, or not: the number, or -errno. */
static int port_add(struct evtchn_file *f, struct xg_port *port,
		    struct xg_evtchn *ch)
{
	int err = PTR_ERR_OR_ZERO(ch);

	if (err)
		goto free;
	port->ch = ch;
	port->nr = xg_evtchn_port(ch);
	err = xa_err(xa_store(&f->ports, port->nr, port, GFP_KERNEL));
	if (err)
		goto close;
	mutex_lock(&registry);
	err = xa_err(xa_store(&all, port->nr, port, GFP_KERNEL));
	mutex_unlock(&registry);
	if (err)
		goto erase;
	f->nr_ports++;
	xg_count(XG_HELD_PORTS, 1);
	set_file(port, f);
	return port->nr;

erase:
	xa_erase(&f->ports, port->nr);
close:
	xg_evtchn_close(ch);
free:
	kfree(port);
	return err;
}

static void port_remove(struct evtchn_file *f, struct xg_port *port)
{
	evtchn_port_t nr = port->nr;

	xa_erase(&f->ports, nr);
	f->nr_ports--;
	set_file(port, NULL);
	forget(f, nr);
	xg_port_put(port);
}

static void evtchn_end(struct xg_file *file)
{
	struct evtchn_file *f = to_evtchn(file);
	struct xg_port *port;
	unsigned long nr;

	xa_for_each(&f->ports, nr, port)
		port_remove(f, port);
	wake_up_interruptible(&f->wait);
	kill_fasync(&f->fasync, SIGIO, POLL_HUP);
}

const struct xg_kind xg_evtchn_kind = { .end = evtchn_end };

/* --- ioctls; under the file's lock -------------------------------------- */

static bool forbidden(const struct evtchn_file *f, unsigned int dom)
{
	return f->restricted != UNRESTRICTED && f->restricted != dom;
}

static long bind_virq(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_bind_virq *bind = arg;
	struct xg_evtchn_client client;
	struct xg_port *port;

	if (f->restricted != UNRESTRICTED)
		return -EACCES;
	port = port_new(f, &client);
	if (IS_ERR(port))
		return PTR_ERR(port);
	/* Those that each vCPU has are the first one's. */
	client.cpu = 0;
	return port_add(f, port, xg_evtchn_open_virq(bind->virq, &client));
}

static long bind_interdomain(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_bind_interdomain *bind = arg;
	struct xg_evtchn_client client;
	struct xg_evtchn *ch;
	struct xg_port *port;
	long nr;

	if (bind->remote_domain > U16_MAX)
		return -EINVAL;
	if (forbidden(f, bind->remote_domain))
		return -EACCES;
	port = port_new(f, &client);
	if (IS_ERR(port))
		return PTR_ERR(port);
	ch = xg_evtchn_open_interdomain(bind->remote_domain, bind->remote_port,
					&client);
	nr = port_add(f, port, ch);
	/* What was sent before is not known: Xen has always said "perhaps". */
	if (nr > 0)
		xg_evtchn_kick(ch);
	return nr;
}

static long bind_unbound(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_bind_unbound_port *bind = arg;
	struct xg_evtchn_client client;
	struct xg_port *port;

	if (bind->remote_domain > U16_MAX)
		return -EINVAL;
	if (forbidden(f, bind->remote_domain))
		return -EACCES;
	port = port_new(f, &client);
	if (IS_ERR(port))
		return PTR_ERR(port);
	return port_add(f, port,
			xg_evtchn_open_unbound(bind->remote_domain, &client));
}

static long unbind(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_unbind *op = arg;
	struct xg_port *port = xa_load(&f->ports, op->port);

	if (!port)
		return -ENOTCONN;
	port_remove(f, port);
	return 0;
}

static long notify(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_notify *op = arg;
	struct xg_port *port = xa_load(&f->ports, op->port);

	if (!port)
		return -ENOTCONN;
	xg_evtchn_notify(port->ch);
	return 0;
}

static long reset_events(struct evtchn_file *f, const void *arg)
{
	reset(f);
	return 0;
}

static long restrict_domid(struct evtchn_file *f, const void *arg)
{
	const struct ioctl_evtchn_restrict_domid *op = arg;

	if (f->restricted != UNRESTRICTED)
		return -EACCES;
	if (!op->domid || op->domid >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	f->restricted = op->domid;
	return 0;
}

static const struct request {
	unsigned int cmd;
	long (*run)(struct evtchn_file *f, const void *arg);
} requests[] = {
	{ IOCTL_EVTCHN_BIND_VIRQ, bind_virq },
	{ IOCTL_EVTCHN_BIND_INTERDOMAIN, bind_interdomain },
	{ IOCTL_EVTCHN_BIND_UNBOUND_PORT, bind_unbound },
	{ IOCTL_EVTCHN_UNBIND, unbind },
	{ IOCTL_EVTCHN_NOTIFY, notify },
	{ IOCTL_EVTCHN_RESET, reset_events },
	{ IOCTL_EVTCHN_RESTRICT_DOMID, restrict_domid },
};

static long evtchn_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct evtchn_file *f = filp->private_data;
	const struct request *r = requests;
	u32 args[2] = {};
	long ret;

	while (r->cmd != cmd)
		if (++r == requests + ARRAY_SIZE(requests))
			return -ENOTTY;
	if (_IOC_SIZE(cmd) > sizeof(args))
		return -ENOTTY;
	if (copy_from_user(args, (void __user *)arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = xg_file_enter(&f->base);
	if (ret)
		return ret;
	ret = r->run(f, args);
	xg_file_leave(&f->base);
	return ret;
}

/* --- read, write, poll -------------------------------------------------- */

/* Numbers copied, in bytes; 0: there were none. */
static ssize_t read_some(struct evtchn_file *f, char __user *buf, size_t count)
{
	evtchn_port_t nrs[BATCH];
	size_t done = 0;
	int nr;

	while (done < count) {
		nr = take(f, nrs, min_t(size_t, BATCH,
					(count - done) / sizeof(*nrs)));
		if (nr <= 0)
			return done ?: nr;
		if (copy_to_user(buf + done, nrs, nr * sizeof(*nrs))) {
			put_back(f, nrs, nr);
			return done ?: -EFAULT;
		}
		done += nr * sizeof(*nrs);
	}
	return done;
}

static ssize_t evtchn_read(struct file *filp, char __user *buf, size_t count,
			   loff_t *pos)
{
	struct evtchn_file *f = filp->private_data;
	ssize_t ret;

	count = min_t(size_t, round_down(count, sizeof(evtchn_port_t)),
		      PAGE_SIZE);
	if (!count)
		return 0;
	for (;;) {
		if (READ_ONCE(f->base.gone))
			return -ENODEV;
		ret = read_some(f, buf, count);
		if (ret)
			return ret;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(f->wait, is_ready(f)))
			return -ERESTARTSYS;
	}
}

static ssize_t evtchn_write(struct file *filp, const char __user *buf,
			    size_t count, loff_t *pos)
{
	struct evtchn_file *f = filp->private_data;
	struct xg_port *port;
	evtchn_port_t *nrs;
	unsigned int i;
	int err;

	count = min_t(size_t, round_down(count, sizeof(*nrs)), PAGE_SIZE);
	if (!count)
		return 0;
	nrs = memdup_user(buf, count);
	if (IS_ERR(nrs))
		return PTR_ERR(nrs);
	err = xg_file_enter(&f->base);
	if (err)
		goto free;
	for (i = 0; i < count / sizeof(*nrs); i++) {
		port = xa_load(&f->ports, nrs[i]);
		if (port)
			xg_evtchn_eoi(port->ch, 0);
	}
	xg_file_leave(&f->base);
free:
	kfree(nrs);
	return err ?: count;
}

static __poll_t evtchn_poll(struct file *filp, poll_table *wait)
{
	struct evtchn_file *f = filp->private_data;

	poll_wait(filp, &f->wait, wait);
	if (READ_ONCE(f->base.gone))
		return EPOLLERR | EPOLLHUP;
	if (READ_ONCE(f->overflow))
		return EPOLLERR;
	return EPOLLOUT | EPOLLWRNORM |
	       (is_ready(f) ? EPOLLIN | EPOLLRDNORM : 0);
}

static int evtchn_fasync(int fd, struct file *filp, int on)
{
	struct evtchn_file *f = filp->private_data;

	return fasync_helper(fd, filp, on, &f->fasync);
}

/* --- open and close ----------------------------------------------------- */

static int evtchn_open(struct inode *inode, struct file *filp)
{
	unsigned int max = roundup_pow_of_two(clamp(READ_ONCE(ports), 1u,
						    1u << 17));
	struct evtchn_file *f;
	int err;

	f = kvzalloc(struct_size(f, events, max), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->max = max;
	f->restricted = UNRESTRICTED;
	xa_init(&f->ports);
	init_waitqueue_head(&f->wait);
	spin_lock_init(&f->events_lock);
	err = xg_file_open(&f->base, &xg_evtchn_kind, filp);
	if (err) {
		kvfree(f);
		return err;
	}
	filp->private_data = f;
	return stream_open(inode, filp);
}

static int evtchn_release(struct inode *inode, struct file *filp)
{
	struct evtchn_file *f = filp->private_data;

	xg_file_close(&f->base);
	xa_destroy(&f->ports);
	kvfree(f);
	return 0;
}

const struct file_operations xg_evtchn_fops = {
	.owner = THIS_MODULE,
	.open = evtchn_open,
	.release = evtchn_release,
	.read = evtchn_read,
	.write = evtchn_write,
	.poll = evtchn_poll,
	.fasync = evtchn_fasync,
	.unlocked_ioctl = evtchn_ioctl,
};
