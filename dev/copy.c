// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOCTL_GNTDEV_GRANT_COPY: Xen copies between a process's memory and pages that
 * other domains granted us, none of which is mapped.
 *
 * A segment at a time. Its foreign half lies in one page, so its half of the
 * process is in two at most.
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <xen/interface/grant_table.h>
#include <xen/gntdev.h>
#include <xg/hypercall.h>
#include "internal.h"

#define OPS		2u
#define EAGAIN_TRIES	8

/* One segment's calls, and the pages of the process they need. */
struct calls {
	struct gnttab_copy ops[OPS];
	unsigned int nr;
	struct page *pages[OPS];
	unsigned int nr_pages;
	bool write;
};

static int check(const struct gntdev_grant_copy_segment *seg)
{
	bool from = seg->flags & GNTCOPY_source_gref;
	bool to = seg->flags & GNTCOPY_dest_gref;

	if (!from && !to)
		return -EINVAL;
	if (from && seg->source.foreign.offset + seg->len > PAGE_SIZE)
		return -EINVAL;
	if (to && seg->dest.foreign.offset + seg->len > PAGE_SIZE)
		return -EINVAL;
	return 0;
}

/* The pages of the process; both halves may be foreign. */
static int pin(struct calls *c, const struct gntdev_grant_copy_segment *seg)
{
	unsigned long start;
	unsigned int nr;
	int got;

	c->write = !(seg->flags & GNTCOPY_dest_gref);
	if (seg->flags & GNTCOPY_dest_gref && seg->flags & GNTCOPY_source_gref)
		return 0;
	start = (unsigned long)(c->write ? seg->dest.virt : seg->source.virt);
	nr = DIV_ROUND_UP(offset_in_page(start) + seg->len, PAGE_SIZE);
	got = pin_user_pages_fast(start & PAGE_MASK, nr,
				  c->write ? FOLL_WRITE : 0, c->pages);
	if (got > 0)
		c->nr_pages = got;
	return got == nr ? 0 : -EFAULT;
}

static void unpin(struct calls *c)
{
	unpin_user_pages_dirty_lock(c->pages, c->nr_pages, c->write);
}

/* The half of an operation that is ours: @at is its place in the process. */
static void set_local(domid_t *dom, xen_pfn_t *gmfn, u16 *offset,
		      const struct page *page, unsigned long at)
{
	*dom = DOMID_SELF;
	*gmfn = page_to_pfn(page);
	*offset = offset_in_page(at);
}

static void encode(struct calls *c, const struct gntdev_grant_copy_segment *seg)
{
	struct gnttab_copy *op = c->ops;
	unsigned int done, len;
	unsigned long at = 0;

	if (c->nr_pages)
		at = offset_in_page(c->write ? seg->dest.virt :
					       seg->source.virt);
	for (done = 0; done < seg->len; done += len, op++) {
		len = seg->len - done;
		if (c->nr_pages)
			len = min_t(unsigned int, len, PAGE_SIZE -
				    offset_in_page(at + done));
		op->flags = seg->flags &
			    (GNTCOPY_source_gref | GNTCOPY_dest_gref);
		op->len = len;
		if (seg->flags & GNTCOPY_source_gref) {
			op->source.domid = seg->source.foreign.domid;
			op->source.u.ref = seg->source.foreign.ref;
			op->source.offset = seg->source.foreign.offset + done;
		} else {
			set_local(&op->source.domid, &op->source.u.gmfn,
				  &op->source.offset, c->pages[c->nr],
				  at + done);
		}
		if (seg->flags & GNTCOPY_dest_gref) {
			op->dest.domid = seg->dest.foreign.domid;
			op->dest.u.ref = seg->dest.foreign.ref;
			op->dest.offset = seg->dest.foreign.offset + done;
		} else {
			set_local(&op->dest.domid, &op->dest.u.gmfn,
				  &op->dest.offset, c->pages[c->nr], at + done);
		}
		/* For what Xen does not come to. */
		op->status = GNTST_general_error;
		c->nr++;
	}
}

/* Xen asks for another try while it fetches a page. */
static int run(struct calls *c, s16 *status)
{
	unsigned int i, tries;
	int err;

	*status = GNTST_okay;
	for (i = 0; i < c->nr && *status == GNTST_okay; i++) {
		for (tries = 0; tries < EAGAIN_TRIES; tries++) {
			err = xg_grant_table_op(GNTTABOP_copy, &c->ops[i], 1);
			if (err)
				return err;
			if (c->ops[i].status != GNTST_eagain)
				break;
			msleep(1u << tries);
		}
		*status = c->ops[i].status;
	}
	return 0;
}

static int copy_one(struct xg_file *file,
		    const struct gntdev_grant_copy_segment *seg, s16 *status)
{
	struct calls c = {};
	int err;

	*status = GNTST_okay;
	err = check(seg);
	if (err || !seg->len)
		return err;
	err = pin(&c, seg);
	if (err)
		goto unpin;
	encode(&c, seg);
	err = xg_file_enter(file);
	if (err)
		goto unpin;
	err = run(&c, status);
	xg_file_leave(file);
unpin:
	unpin(&c);
	return err;
}

long xg_grant_copy(struct xg_file *file,
		   struct ioctl_gntdev_grant_copy __user *arg)
{
	struct gntdev_grant_copy_segment seg;
	struct ioctl_gntdev_grant_copy op;
	unsigned int i;
	s16 status;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	for (i = 0; i < op.count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (copy_from_user(&seg, &op.segments[i], sizeof(seg)))
			return -EFAULT;
		err = copy_one(file, &seg, &status);
		if (err)
			return err;
		if (put_user(status, &op.segments[i].status))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}
