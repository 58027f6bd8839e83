// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/gntalloc: pages of a process that another domain may reach.
 *
 * A page has an index in its file, which is where it is mapped, and a reference
 * for the other domain. Its grant ends when it is both given back (or the file
 * closed) and mapped no more; where the other domain has it mapped even then, the
 * grant layer keeps the page until that lets go. The page itself is a page as any
 * other: who still has it in a page table has it.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <compat/mm.h>
#include <xen/gntalloc.h>
#include <xg/grant.h>
#include "internal.h"

static unsigned int grants = 1024;
module_param(grants, uint, 0644);
MODULE_PARM_DESC(grants, "pages that one open /dev/xen/gntalloc may share (default 1024)");

/* One page. @users: mappings that show it. */
struct gref {
	struct list_head node;
	u64 index;
	struct page *page;		/* NULL: its grant has ended */
	grant_ref_t ref;
	unsigned int users;
	bool freed;			/* by the process: has no index any more */
	struct xg_unmap_notify notify;
};

struct gntalloc_file {
	struct xg_file base;		/* its lock: all that follows */
	struct list_head grefs;		/* by index */
	unsigned int nr;
	u64 next;
};

/* A mapping: some grefs in a row. @vmas: it has been copied, or split. */
struct span {
	struct gntalloc_file *f;
	unsigned int vmas;
	unsigned int count;
	struct gref *grefs[];
};

#define to_gntalloc(f) container_of(f, struct gntalloc_file, base)

/* --- pages -------------------------------------------------------------- */

static void gref_end(struct gref *g)
{
	if (!g->page)
		return;
	xg_unmap_notify_fire(&g->notify, page_address(g->page));
	/* Drops the page, now or when the other domain lets go. */
	xg_grant_end_page(g->ref, g->page);
	g->page = NULL;
	xg_count(XG_HELD_GRANTS, -1);
}

/* Has it neither an index nor a mapping? */
static void gref_put(struct gntalloc_file *f, struct gref *g)
{
	if (!g->freed || g->users)
		return;
	gref_end(g);
	list_del(&g->node);
	f->nr--;
	kfree(g);
}

static int gref_new(struct gntalloc_file *f, domid_t dom, unsigned int flags)
{
	struct gref *g;
	int err = -ENOMEM;

	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g)
		return -ENOMEM;
	g->page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!g->page)
		goto free;
	err = xg_grant_page(dom, g->page, flags, &g->ref);
	if (err)
		goto free_page;
	g->index = f->next++;
	list_add_tail(&g->node, &f->grefs);
	f->nr++;
	xg_count(XG_HELD_GRANTS, 1);
	return 0;

free_page:
	__free_page(g->page);
free:
	kfree(g);
	return err;
}

static struct gref *gref_find(struct gntalloc_file *f, u64 index)
{
	struct gref *g;

	list_for_each_entry(g, &f->grefs, node)
		if (g->index == index)
			return g->freed ? NULL : g;
	return NULL;
}

/* Are there @count from @index on? The first of them. */
static struct gref *find_row(struct gntalloc_file *f, u64 index,
			     unsigned int count)
{
	struct gref *first = gref_find(f, index), *g = first;

	if (!first || !count)
		return NULL;
	list_for_each_entry_from(g, &f->grefs, node) {
		if (g->index != index++ || g->freed)
			return NULL;
		if (!--count)
			return first;
	}
	return NULL;
}

static void free_row(struct gntalloc_file *f, struct gref *g,
		     unsigned int count)
{
	struct gref *next;

	list_for_each_entry_safe_from(g, next, &f->grefs, node) {
		if (!count--)
			break;
		g->freed = true;
		gref_put(f, g);
	}
}

/* The file is closed, or lives on without Xen: mappings stay, of plain pages. */
static void gntalloc_end(struct xg_file *file)
{
	struct gntalloc_file *f = to_gntalloc(file);
	struct gref *g, *next;

	list_for_each_entry_safe(g, next, &f->grefs, node) {
		gref_end(g);
		g->freed = true;
		gref_put(f, g);
	}
}

const struct xg_kind xg_gntalloc_kind = { .end = gntalloc_end };

/* --- ioctls ------------------------------------------------------------- */

/* May the file have @count more? What other domains keep counts for all. */
static bool may_have(const struct gntalloc_file *f, unsigned int count)
{
	unsigned int limit = READ_ONCE(grants);
	struct xg_grant_stats stats;

	xg_grant_get_stats(&stats);
	return count <= limit && f->nr <= limit - count &&
	       stats.deferred <= limit - count - f->nr;
}

static int alloc_row(struct gntalloc_file *f,
		     const struct ioctl_gntalloc_alloc_gref *op, u64 *index,
		     u32 *refs)
{
	unsigned int flags = op->flags & GNTALLOC_FLAG_WRITABLE ? 0 :
								  XG_GRANT_RO;
	struct gref *g;
	unsigned int i;
	int err;

	if (!may_have(f, op->count))
		return -ENOSPC;
	*index = f->next;
	for (i = 0; i < op->count; i++) {
		err = gref_new(f, op->domid, flags);
		if (err)
			goto undo;
		g = list_last_entry(&f->grefs, struct gref, node);
		refs[i] = g->ref;
	}
	return 0;

undo:
	if (i)
		free_row(f, gref_find(f, *index), i);
	return err;
}

static long alloc_gref(struct gntalloc_file *f,
		       struct ioctl_gntalloc_alloc_gref __user *arg)
{
	struct ioctl_gntalloc_alloc_gref op;
	struct gref *g;
	u64 index;
	u32 *refs;
	int err;

	if (copy_from_user(&op, arg, offsetof(typeof(op), gref_ids)))
		return -EFAULT;
	if (!op.count)
		return -EINVAL;
	if (op.count > READ_ONCE(grants))
		return -ENOSPC;
	refs = kvmalloc_array(op.count, sizeof(*refs), GFP_KERNEL);
	if (!refs)
		return -ENOMEM;
	err = xg_file_enter(&f->base);
	if (err)
		goto free;
	err = alloc_row(f, &op, &index, refs);
	xg_file_leave(&f->base);
	if (err)
		goto free;

	op.index = index << PAGE_SHIFT;
	if (!copy_to_user(arg, &op, offsetof(typeof(op), gref_ids)) &&
	    !copy_to_user(arg->gref_ids, refs, op.count * sizeof(*refs)))
		goto free;
	/* The process does not know what it has. */
	err = -EFAULT;
	mutex_lock(&f->base.lock);
	g = find_row(f, index, op.count);
	if (g)
		free_row(f, g, op.count);
	mutex_unlock(&f->base.lock);
free:
	kvfree(refs);
	return err;
}

static long dealloc_gref(struct gntalloc_file *f,
			 struct ioctl_gntalloc_dealloc_gref __user *arg)
{
	struct ioctl_gntalloc_dealloc_gref op;
	struct gref *g = NULL;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = xg_file_enter(&f->base);
	if (err)
		return err;
	if (!offset_in_page(op.index))
		g = find_row(f, op.index >> PAGE_SHIFT, op.count);
	if (g)
		free_row(f, g, op.count);
	xg_file_leave(&f->base);
	return g ? 0 : -EINVAL;
}

static long set_notify(struct gntalloc_file *f,
		       struct ioctl_gntalloc_unmap_notify __user *arg)
{
	struct ioctl_gntalloc_unmap_notify op;
	struct gref *g;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = xg_file_enter(&f->base);
	if (err)
		return err;
	g = gref_find(f, op.index >> PAGE_SHIFT);
	err = g ? xg_unmap_notify_set(&g->notify, op.action, op.index,
				      op.event_channel_port) : -ENOENT;
	xg_file_leave(&f->base);
	return err;
}

static long gntalloc_ioctl(struct file *filp, unsigned int cmd,
			   unsigned long arg)
{
	struct gntalloc_file *f = filp->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case IOCTL_GNTALLOC_ALLOC_GREF:
		return alloc_gref(f, user);
	case IOCTL_GNTALLOC_DEALLOC_GREF:
		return dealloc_gref(f, user);
	case IOCTL_GNTALLOC_SET_UNMAP_NOTIFY:
		return set_notify(f, user);
	default:
		return -ENOTTY;
	}
}

/* --- mappings ----------------------------------------------------------- */

static void span_open(struct vm_area_struct *vma)
{
	struct span *span = vma->vm_private_data;

	mutex_lock(&span->f->base.lock);
	span->vmas++;
	mutex_unlock(&span->f->base.lock);
}

static void span_close(struct vm_area_struct *vma)
{
	struct span *span = vma->vm_private_data;
	struct gntalloc_file *f = span->f;
	unsigned int i, left;

	mutex_lock(&f->base.lock);
	left = --span->vmas;
	for (i = 0; !left && i < span->count; i++) {
		span->grefs[i]->users--;
		gref_put(f, span->grefs[i]);
	}
	mutex_unlock(&f->base.lock);
	if (!left)
		kvfree(span);
}

static const struct vm_operations_struct span_ops = {
	.open = span_open,
	.close = span_close,
};

static int span_fill(struct span *span, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	unsigned int i;
	int err;

	for (i = 0; i < span->count; i++, addr += PAGE_SIZE) {
		err = vm_insert_page(vma, addr, span->grefs[i]->page);
		if (err)
			return err;
	}
	return 0;
}

static int gntalloc_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct gntalloc_file *f = filp->private_data;
	unsigned int i, count = vma_pages(vma);
	struct span *span;
	struct gref *g;
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma_pages(vma) > READ_ONCE(grants))
		return -ENOENT;
	span = kvzalloc(struct_size(span, grefs, count), GFP_KERNEL);
	if (!span)
		return -ENOMEM;
	err = xg_file_enter(&f->base);
	if (err)
		goto free;
	g = find_row(f, vma->vm_pgoff, count);
	err = g ? 0 : -ENOENT;
	for (i = 0; !err && i < count; i++, g = list_next_entry(g, node))
		span->grefs[i] = g;
	span->count = count;
	if (!err)
		err = span_fill(span, vma);
	if (err) {
		xg_file_leave(&f->base);
		goto free;
	}
	for (i = 0; i < count; i++)
		span->grefs[i]->users++;
	span->f = f;
	span->vmas = 1;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = span;
	vma->vm_ops = &span_ops;
	xg_file_leave(&f->base);
	return 0;

free:
	kvfree(span);
	return err;
}

/* --- open and close ----------------------------------------------------- */

static int gntalloc_open(struct inode *inode, struct file *filp)
{
	struct gntalloc_file *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	INIT_LIST_HEAD(&f->grefs);
	err = xg_file_open(&f->base, &xg_gntalloc_kind, filp);
	if (err) {
		kfree(f);
		return err;
	}
	filp->private_data = f;
	return nonseekable_open(inode, filp);
}

/* Each mapping held the file: none is left. */
static int gntalloc_release(struct inode *inode, struct file *filp)
{
	struct gntalloc_file *f = filp->private_data;

	xg_file_close(&f->base);
	kfree(f);
	return 0;
}

const struct file_operations xg_gntalloc_fops = {
	.owner = THIS_MODULE,
	.open = gntalloc_open,
	.release = gntalloc_release,
	.mmap = gntalloc_mmap,
	.unlocked_ioctl = gntalloc_ioctl,
};
