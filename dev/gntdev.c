// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/xen/gntdev: pages of other domains in a process.
 *
 * IOCTL_GNTDEV_MAP_GRANT_REF sets room aside and says where to mmap() it; the
 * first mmap() has Xen put the pages there, read-only if it is; the fault puts
 * them into the process. When nothing maps them and the process has given the room
 * back (or closed the file), the sweeper has Xen take them out again, as soon as
 * nobody has a reference on them: a disk may still be reading into them. It runs
 * without any lock that a fault takes.
 *
 * When the layers stop the pages are taken from the process, which gets SIGBUS.
 * Start at map_grant_ref() and gntdev_mmap().
 */
#define pr_fmt(fmt) "xg-dev: " fmt

#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <compat/mm.h>
#include <xen/interface/grant_table.h>
#include <xen/gntdev.h>	/* wants the one before */
#include <xg/grant.h>
#include "internal.h"

#define PART		512u		/* as many as the grant layer maps in one */
#define SWEEP_AGAIN	(HZ / 10)	/* while somebody has a reference */
#define STOP_TRIES	50		/* of 100 ms */

static unsigned int maps = 1024;
module_param(maps, uint, 0644);
MODULE_PARM_DESC(maps, "foreign pages that one open /dev/xen/gntdev may map (default 1024)");

struct gntdev_file {
	struct xg_file base;		/* its lock: all that follows */
	struct list_head maps;
	unsigned int nr, limit;		/* pages */
	u64 next;
};

/* Where pages are put. The sweeper's when its map has done with it. */
struct room {
	struct list_head node;
	unsigned int count;
	unsigned int nr_parts;
	unsigned int filled;		/* parts that Xen has mapped */
	struct xg_grant_map parts[];
};

/* What one MAP_GRANT_REF asked for. @vmas: that show it. */
struct map {
	struct list_head node;
	struct gntdev_file *f;
	u64 index;
	unsigned int count;
	unsigned int vmas;
	bool freed;			/* by the process: has no index any more */
	bool readonly;
	struct xg_unmap_notify notify;
	struct room *room;		/* NULL: the layers have stopped */
	struct xg_grant_foreign from[];
};

static DECLARE_RWSEM(making);		/* room that no file has yet */
static DEFINE_MUTEX(sweep_lock);	/* one sweeper */
static DEFINE_SPINLOCK(idle_lock);	/* what is to be swept */
static LIST_HEAD(idle);
static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweep_work, sweep);

#define to_gntdev(f) container_of(f, struct gntdev_file, base)

/* --- room --------------------------------------------------------------- */

static bool is_full(const struct room *r)
{
	return r->filled == r->nr_parts;
}

static struct page *room_page(const struct room *r, unsigned int i)
{
	return r->parts[i / PART].pages[i % PART];
}

static void room_free(struct room *r)
{
	unsigned int i;

	for (i = 0; i < r->nr_parts; i++)
		xg_grant_unmap(&r->parts[i]);
	xg_count(XG_HELD_ROOM, -r->count);
	kfree(r);
}

static struct room *room_new(unsigned int count)
{
	unsigned int nr = DIV_ROUND_UP(count, PART);
	struct room *r;
	int err = 0;

	r = kzalloc(struct_size(r, parts, nr), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	r->count = count;
	xg_count(XG_HELD_ROOM, count);
	while (!err && r->nr_parts < nr) {
		err = xg_grant_room(min(count - r->nr_parts * PART, PART),
				    &r->parts[r->nr_parts]);
		r->nr_parts += !err;
	}
	if (!err)
		return r;
	room_free(r);
	return ERR_PTR(err);
}

/* Nothing maps it, so nobody who has no reference on a page gets one any more. */
static bool is_referenced(const struct room *r)
{
	unsigned int i;

	for (i = 0; is_full(r) && i < r->count; i++)
		if (page_count(room_page(r, i)) > 1)
			return true;
	return false;
}

/* --- the sweeper -------------------------------------------------------- */

/* What is still referenced stays; is there any? */
static bool sweep_all(void)
{
	struct room *r, *next;
	LIST_HEAD(todo);
	bool left;

	mutex_lock(&sweep_lock);
	spin_lock(&idle_lock);
	list_for_each_entry_safe(r, next, &idle, node)
		if (!is_referenced(r))
			list_move_tail(&r->node, &todo);
	left = !list_empty(&idle);
	spin_unlock(&idle_lock);
	list_for_each_entry_safe(r, next, &todo, node)
		room_free(r);
	mutex_unlock(&sweep_lock);
	return left;
}

static void sweep(struct work_struct *work)
{
	if (sweep_all())
		queue_delayed_work(system_wq, &sweep_work, SWEEP_AGAIN);
}

static void sweep_now(void)
{
	if (sweep_all())
		mod_delayed_work(system_wq, &sweep_work, SWEEP_AGAIN);
}

/*
 * No file has any. What a device is at this very moment using is waited for; what
 * it has even then stays where it is, in Xen and in address space, for ever.
 */
void xg_gntdev_stop(void)
{
	unsigned int tries = STOP_TRIES;
	struct room *r, *next;

	/* Who makes room from now on sees that its file has gone. */
	down_write(&making);
	up_write(&making);
	cancel_delayed_work_sync(&sweep_work);
	while (sweep_all() && tries--)
		msleep(100);
	spin_lock(&idle_lock);
	list_for_each_entry_safe(r, next, &idle, node) {
		pr_warn("%u foreign pages are in use, they stay mapped\n",
			r->count);
		list_del(&r->node);
	}
	spin_unlock(&idle_lock);
	cancel_delayed_work_sync(&sweep_work);
}

/* --- maps; under their file's lock -------------------------------------- */

/* The pages go. */
static void map_end(struct map *m)
{
	struct room *r = m->room;
	void *byte = NULL;

	if (!r)
		return;
	if (is_full(r) && !m->readonly)
		byte = page_address(room_page(r, m->notify.byte >> PAGE_SHIFT));
	xg_unmap_notify_fire(&m->notify, byte);
	m->f->nr -= m->count;
	m->room = NULL;
	spin_lock(&idle_lock);
	list_add_tail(&r->node, &idle);
	spin_unlock(&idle_lock);
	mod_delayed_work(system_wq, &sweep_work, 0);
}

/* Has it neither an index nor a mapping? */
static void map_put(struct map *m)
{
	if (!m->freed || m->vmas)
		return;
	map_end(m);
	list_del(&m->node);
	kvfree(m);
}

/*
 * All of it. What Xen has mapped when this fails stays for the next try, which is
 * to be of the same kind.
 */
static int map_fill(struct map *m, bool readonly)
{
	struct room *r = m->room;
	int err = 0;

	if (r->filled && m->readonly != readonly)
		return is_full(r) && readonly ? 0 : -EINVAL;
	m->readonly = readonly;
	while (!err && !is_full(r)) {
		err = xg_grant_fill(&r->parts[r->filled],
				    m->from + r->filled * PART,
				    readonly ? XG_GRANT_RO : 0);
		r->filled += !err;
	}
	return err;
}

static struct map *map_find(struct gntdev_file *f, u64 index,
			    unsigned int count)
{
	struct map *m;

	list_for_each_entry(m, &f->maps, node)
		if (m->index == index && m->count == count && !m->freed)
			return m;
	return NULL;
}

/* --- mappings ----------------------------------------------------------- */

static void map_vma_open(struct vm_area_struct *vma)
{
	struct map *m = vma->vm_private_data;
	struct gntdev_file *f = m->f;

	mutex_lock(&f->base.lock);
	m->vmas++;
	mutex_unlock(&f->base.lock);
}

static void map_vma_close(struct vm_area_struct *vma)
{
	struct map *m = vma->vm_private_data;
	struct gntdev_file *f = m->f;

	mutex_lock(&f->base.lock);
	m->vmas--;
	map_put(m);
	mutex_unlock(&f->base.lock);
}

/* Under the lock to the end: gntdev_end() then finds what was put there. */
static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct map *m = vma->vm_private_data;
	struct gntdev_file *f = m->f;
	u64 i = vmf->pgoff - m->index;
	int err = -EFAULT;

	mutex_lock(&f->base.lock);
	if (m->room && i < m->count)
		err = vm_insert_page(vma, vmf->address & PAGE_MASK,
				     room_page(m->room, i));
	mutex_unlock(&f->base.lock);
	/* -EBUSY: another thread's fault was first. */
	if (!err || err == -EBUSY)
		return VM_FAULT_NOPAGE;
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct map_vma_ops = {
	.open = map_vma_open,
	.close = map_vma_close,
	.fault = map_fault,
};

static int mmap_locked(struct gntdev_file *f, struct vm_area_struct *vma)
{
	bool readonly = !(vma->vm_flags & VM_WRITE);
	struct map *m;
	int err;

	m = map_find(f, vma->vm_pgoff, vma_pages(vma));
	if (!m || m->count != vma_pages(vma))
		return -EINVAL;
	err = map_fill(m, readonly);
	if (err)
		return err;
	if (readonly)
		vm_flags_clear(vma, VM_MAYWRITE);
	/* Inserted page by page, each with its reference. */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP);
	m->vmas++;
	vma->vm_private_data = m;
	vma->vm_ops = &map_vma_ops;
	return 0;
}

static int gntdev_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct gntdev_file *f = filp->private_data;
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	err = xg_file_enter(&f->base);
	if (err)
		return err;
	err = mmap_locked(f, vma);
	xg_file_leave(&f->base);
	return err;
}

/*
 * The file is closed, and no mapping is left, or the layers stop: then the pages
 * are taken out of the processes; their mappings stay, empty.
 */
static void gntdev_end(struct xg_file *file)
{
	struct gntdev_file *f = to_gntdev(file);
	struct map *m, *next;
	bool shown = false;

	list_for_each_entry(m, &f->maps, node)
		shown |= m->vmas;
	/* Other files' as well: they fault again. */
	if (shown)
		unmap_mapping_range(file->filp->f_mapping, 0, 0, 1);
	list_for_each_entry_safe(m, next, &f->maps, node) {
		m->freed = true;
		map_end(m);
		map_put(m);
	}
}

const struct xg_kind xg_gntdev_kind = { .end = gntdev_end };

/* --- ioctls ------------------------------------------------------------- */

static int take_refs(struct map *m,
		     const struct ioctl_gntdev_grant_ref __user *refs)
{
	struct ioctl_gntdev_grant_ref ref;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		if (copy_from_user(&ref, refs + i, sizeof(ref)))
			return -EFAULT;
		/*
		 * A page of our own would not be shown twice: Xen moves it to
		 * the new address, and whoever gets the old one has no memory.
		 */
		if (ref.domid > U16_MAX || xg_is_self(ref.domid))
			return -EINVAL;
		m->from[i] = (struct xg_grant_foreign){ ref.domid, ref.ref };
	}
	return 0;
}

/* 0: the file has it, and may lose it at once; or @m is the caller's still. */
static int map_add(struct gntdev_file *f, struct map *m, u64 *index)
{
	int err = xg_file_enter(&f->base);

	if (err)
		return err;
	if (m->count <= f->limit && f->nr <= f->limit - m->count) {
		*index = f->next;
		m->f = f;
		m->index = f->next;
		f->next += m->count;
		f->nr += m->count;
		list_add_tail(&m->node, &f->maps);
	} else {
		err = -ENOSPC;
	}
	xg_file_leave(&f->base);
	return err;
}

/* The same, with room. No lock of a fault's is held as that is made. */
static int map_make(struct gntdev_file *f, struct map *m, u64 *index)
{
	int err = -ENODEV;

	down_read(&making);
	if (READ_ONCE(f->base.gone))
		goto out;
	m->room = room_new(m->count);
	err = PTR_ERR_OR_ZERO(m->room);
	if (err)
		goto out;
	err = map_add(f, m, index);
	if (err)
		room_free(m->room);
out:
	up_read(&making);
	return err;
}

static int map_remove(struct gntdev_file *f, u64 index, unsigned int count)
{
	struct map *m;
	int err;

	err = xg_file_enter(&f->base);
	if (err)
		return err;
	m = map_find(f, index, count);
	if (m) {
		m->freed = true;
		map_put(m);
	}
	xg_file_leave(&f->base);
	/* The other domain may be asked for the page at once. */
	sweep_now();
	return m ? 0 : -ENOENT;
}

static long map_grant_ref(struct gntdev_file *f,
			  struct ioctl_gntdev_map_grant_ref __user *arg)
{
	struct ioctl_gntdev_map_grant_ref op;
	struct map *m;
	u64 index;
	int err;

	if (copy_from_user(&op, arg, offsetof(typeof(op), refs)))
		return -EFAULT;
	if (!op.count || op.count > READ_ONCE(maps))
		return -EINVAL;
	m = kvzalloc(struct_size(m, from, op.count), GFP_KERNEL_ACCOUNT);
	if (!m)
		return -ENOMEM;
	m->count = op.count;
	err = take_refs(m, arg->refs) ?: map_make(f, m, &index);
	if (err) {
		kvfree(m);
		return err;
	}
	op.index = index << PAGE_SHIFT;
	if (!copy_to_user(arg, &op, offsetof(typeof(op), refs)))
		return 0;
	map_remove(f, index, op.count);
	return -EFAULT;
}

static long unmap_grant_ref(struct gntdev_file *f,
			    struct ioctl_gntdev_unmap_grant_ref __user *arg)
{
	struct ioctl_gntdev_unmap_grant_ref op;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	if (offset_in_page(op.index))
		return -EINVAL;
	return map_remove(f, op.index >> PAGE_SHIFT, op.count);
}

static long get_offset(struct gntdev_file *f,
		       struct ioctl_gntdev_get_offset_for_vaddr __user *arg)
{
	struct ioctl_gntdev_get_offset_for_vaddr op;
	struct vm_area_struct *vma;
	const struct map *m;
	int err = -EINVAL;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, op.vaddr);
	if (vma && vma->vm_start == op.vaddr && vma->vm_ops == &map_vma_ops &&
	    vma->vm_file == f->base.filp) {
		m = vma->vm_private_data;
		op.offset = m->index << PAGE_SHIFT;
		op.count = m->count;
		err = 0;
	}
	mmap_read_unlock(current->mm);
	if (err)
		return err;
	return copy_to_user(arg, &op, sizeof(op)) ? -EFAULT : 0;
}

static long set_max_grants(struct gntdev_file *f,
			   struct ioctl_gntdev_set_max_grants __user *arg)
{
	struct ioctl_gntdev_set_max_grants op;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.count > READ_ONCE(maps))
		return -EINVAL;
	err = xg_file_enter(&f->base);
	if (err)
		return err;
	f->limit = op.count;
	xg_file_leave(&f->base);
	return 0;
}

static struct map *map_with(struct gntdev_file *f, u64 index)
{
	struct map *m;

	list_for_each_entry(m, &f->maps, node)
		if (!m->freed && index >= m->index &&
		    index - m->index < m->count)
			return m;
	return NULL;
}

static long set_notify(struct gntdev_file *f,
		       struct ioctl_gntdev_unmap_notify __user *arg)
{
	struct ioctl_gntdev_unmap_notify op;
	struct map *m;
	int err;

	if (copy_from_user(&op, arg, sizeof(op)))
		return -EFAULT;
	err = xg_file_enter(&f->base);
	if (err)
		return err;
	m = map_with(f, op.index >> PAGE_SHIFT);
	if (!m)
		err = -ENOENT;
	else if (op.action & UNMAP_NOTIFY_CLEAR_BYTE && m->room->filled &&
		 m->readonly)
		err = -EINVAL;
	else
		err = xg_unmap_notify_set(&m->notify, op.action, op.index -
					  (m->index << PAGE_SHIFT),
					  op.event_channel_port);
	xg_file_leave(&f->base);
	return err;
}

static long gntdev_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct gntdev_file *f = filp->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case IOCTL_GNTDEV_MAP_GRANT_REF:
		return map_grant_ref(f, user);
	case IOCTL_GNTDEV_UNMAP_GRANT_REF:
		return unmap_grant_ref(f, user);
	case IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR:
		return get_offset(f, user);
	case IOCTL_GNTDEV_SET_MAX_GRANTS:
		return set_max_grants(f, user);
	case IOCTL_GNTDEV_SET_UNMAP_NOTIFY:
		return set_notify(f, user);
	case IOCTL_GNTDEV_GRANT_COPY:
		return xg_grant_copy(&f->base, user);
	default:
		return -ENOTTY;
	}
}

/* --- open and close ----------------------------------------------------- */

static int gntdev_open(struct inode *inode, struct file *filp)
{
	struct gntdev_file *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	INIT_LIST_HEAD(&f->maps);
	f->limit = READ_ONCE(maps);
	err = xg_file_open(&f->base, &xg_gntdev_kind, filp);
	if (err) {
		kfree(f);
		return err;
	}
	filp->private_data = f;
	return nonseekable_open(inode, filp);
}

/* Each mapping held the file: none is left. */
static int gntdev_release(struct inode *inode, struct file *filp)
{
	struct gntdev_file *f = filp->private_data;

	xg_file_close(&f->base);
	sweep_now();
	kfree(f);
	return 0;
}

const struct file_operations xg_gntdev_fops = {
	.owner = THIS_MODULE,
	.open = gntdev_open,
	.release = gntdev_release,
	.mmap = gntdev_mmap,
	.unlocked_ioctl = gntdev_ioctl,
};
