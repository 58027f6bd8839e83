// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grants, tested from inside the kernel.
 *
 * Write a test's name to debugfs xg/test-grant: the write succeeds when the test
 * does, fails with EOPNOTSUPP where this Xen cannot run it, and with EINVAL
 * otherwise; the kernel's log says which line. Tests clean up as far as they
 * came. The commands at the end (hold, map, ...) leave the verdict to a script,
 * with another domain as the peer. No device may come or go meanwhile.
 *
 * A domain can map its own grants, but Xen then moves the page from its own
 * address to the new one. So such a page is one we own and do not touch until
 * Xen has put a new page at its address (restore()).
 */
#define pr_fmt(fmt) "xg-test-grant: " fmt

#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xg/grant.h>
#include <xg/hypercall.h>

#define REFS_PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))

/* Note the failure and go on, to clean up; err is the test's result. */
#define CHECK(cond)							\
do {									\
	if (!(cond)) {							\
		pr_err("line %d: not so: %s\n", __LINE__, #cond);	\
		err = -EINVAL;						\
	}								\
} while (0)

static struct xg_grant_stats stats(void)
{
	struct xg_grant_stats s;

	xg_grant_get_stats(&s);
	return s;
}

static bool same_use(struct xg_grant_stats a, struct xg_grant_stats b)
{
	return a.in_use == b.in_use && a.deferred == b.deferred &&
	       a.mapped == b.mapped;
}

/* Our own number: CPUID leaf base + 4, ECX, where EAX bit 4 says it is there. */
static int own_domid(domid_t *domid)
{
	u32 eax, ebx, ecx, edx;

	cpuid(xg_xen()->cpuid_base + 4, &eax, &ebx, &ecx, &edx);
	if (!(eax & BIT(4)))
		return -EOPNOTSUPP;
	*domid = ecx;
	return 0;
}

/* --- one page, a pool, a full table ------------------------------------------ */

static int test_basic(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct xg_grant_stats before = stats();
	grant_ref_t ref, again;
	int err = 0;

	if (!page)
		return -ENOMEM;
	CHECK(!xg_grant_page(0, page, 0, &ref));
	CHECK(ref >= GNTTAB_NR_RESERVED_ENTRIES);
	CHECK(stats().in_use == before.in_use + 1);
	CHECK(!xg_grant_page(0, page, XG_GRANT_RO, &again));
	CHECK(again != ref);
	CHECK(stats().in_use == before.in_use + 2);
	CHECK(!xg_grant_end(ref));

	get_page(page);
	CHECK(!xg_grant_end_page(again, page));
	CHECK(page_count(page) == 1);
	CHECK(same_use(before, stats()));
	put_page(page);
	return err;
}

static int test_pool(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct xg_grant_stats before = stats();
	struct xg_grant_pool pool, huge;
	grant_ref_t refs[100];
	unsigned int i, j;
	int err = 0;

	if (!page)
		return -ENOMEM;
	err = xg_grant_pool_init(&pool, ARRAY_SIZE(refs));
	if (err)
		goto put;
	CHECK(stats().in_use == before.in_use + ARRAY_SIZE(refs));
	for (i = 0; i < ARRAY_SIZE(refs); i++) {
		refs[i] = xg_grant_pool_take(&pool);
		CHECK(refs[i] >= GNTTAB_NR_RESERVED_ENTRIES);
		for (j = 0; j < i; j++)
			CHECK(refs[i] != refs[j]);
		xg_grant_set(refs[i], 0, page, 0);
	}
	CHECK(xg_grant_pool_take(&pool) == XG_GRANT_NONE);
	for (i = 0; i < ARRAY_SIZE(refs); i++) {
		CHECK(!xg_grant_clear(refs[i]));
		xg_grant_pool_give(&pool, refs[i]);
	}
	/* More than there can be: refused, and nothing is kept. */
	CHECK(xg_grant_pool_init(&huge, 1U << 30) == -ENOSPC);
	xg_grant_pool_fini(&huge);
	xg_grant_pool_fini(&pool);
	CHECK(same_use(before, stats()));
put:
	put_page(page);
	return err;
}

/* Up to the last reference, then -ENOSPC, then all back. */
static int test_grow(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct xg_grant_stats before = stats();
	unsigned int limit = before.frames_max * REFS_PER_FRAME;
	unsigned long *seen = bitmap_zalloc(limit, GFP_KERNEL);
	struct xg_grant_pool pool;
	unsigned int n, taken = 0;
	grant_ref_t ref;
	int err = 0;

	if (!page || !seen)
		return -ENOMEM;
	while (!xg_grant_page(0, page, 0, &ref)) {
		CHECK(ref < limit && !test_and_set_bit(ref, seen));
		if (err || ++taken > limit)
			break;
	}
	CHECK(stats().frames == before.frames_max);
	CHECK(stats().refs == limit);
	CHECK(stats().in_use == before.in_use + taken);
	CHECK(xg_grant_page(0, page, 0, &ref) == -ENOSPC);
	CHECK(xg_grant_pool_init(&pool, 1) == -ENOSPC);
	pr_info("grow: %u frames, then %u, %u references granted at once\n",
		before.frames, stats().frames, taken);
	n = 0;
	for_each_set_bit(ref, seen, limit) {
		CHECK(!xg_grant_end(ref));
		n++;
	}
	CHECK(n == taken);
	CHECK(same_use(before, stats()));
	/* A pool of all but one: what was given back serves again. */
	CHECK(!xg_grant_pool_init(&pool, taken - 1));
	xg_grant_pool_fini(&pool);
	CHECK(same_use(before, stats()));
	bitmap_free(seen);
	put_page(page);
	return err;
}

/* --- many threads --------------------------------------------------------------- */

#define THREADS		4
#define ROUNDS		25000

struct racer {
	struct task_struct *task;
	struct page *page;
	struct completion done;
	int err;
};

static int race(void *arg)
{
	struct racer *racer = arg;
	grant_ref_t refs[8];
	unsigned int i, j;
	int err = 0;

	for (i = 0; i < ROUNDS && !err; i += ARRAY_SIZE(refs)) {
		for (j = 0; j < ARRAY_SIZE(refs); j++)
			CHECK(!xg_grant_page(0, racer->page, j & 1, &refs[j]));
		while (j-- && !err)
			CHECK(!xg_grant_end(refs[j]));
		cond_resched();
	}
	racer->err = err;
	complete(&racer->done);
	return 0;
}

static int test_race(void)
{
	static struct racer racers[THREADS];
	struct xg_grant_stats before = stats();
	unsigned int i;
	int err = 0;

	for (i = 0; i < THREADS; i++) {
		init_completion(&racers[i].done);
		racers[i].page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		racers[i].task = ERR_PTR(-ENOMEM);
		if (racers[i].page)
			racers[i].task = kthread_run(race, &racers[i],
						     "xg-test-grant");
		CHECK(!IS_ERR(racers[i].task));
	}
	for (i = 0; i < THREADS; i++) {
		if (!IS_ERR(racers[i].task)) {
			wait_for_completion(&racers[i].done);
			CHECK(!racers[i].err);
		}
		if (racers[i].page)
			put_page(racers[i].page);
	}
	CHECK(same_use(before, stats()));
	return err;
}

/* --- mapping our own grants ------------------------------------------------- */

/*
 * A page whose address Xen has emptied by a self-map: put a page there again. If
 * Xen has none to give, the page is never used again (it stays allocated).
 */
static void restore(struct page *page)
{
	xen_pfn_t pfn = page_to_pfn(page);
	struct xen_memory_reservation res = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(res.extent_start, &pfn);
	if (xg_memory_op(XENMEM_populate_physmap, &res) == 1)
		put_page(page);
	else
		pr_info("no new page for pfn %lx, it stays unused\n",
			page_to_pfn(page));
}

static struct page *pattern_page(u8 byte)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		memset(page_address(page), byte, PAGE_SIZE);
	return page;
}

/* Two pages, mapped, read, written; taken back while mapped; unmapped. */
static int test_busy(void)
{
	struct xg_grant_stats before = stats();
	struct page *pages[2];
	struct xg_grant_map map;
	grant_ref_t refs[2];
	unsigned int i;
	domid_t self;
	int err;

	err = own_domid(&self);
	if (err)
		return err;
	for (i = 0; i < 2; i++) {
		pages[i] = pattern_page(0xa0 + i);
		if (!pages[i] || xg_grant_page(self, pages[i], 0, &refs[i]))
			return -ENOMEM;
	}
	err = xg_grant_map(self, refs, 2, 0, &map);
	if (err) {
		pr_info("self-map: %d\n", err);
		for (i = 0; i < 2; i++)
			xg_grant_end_page(refs[i], pages[i]);
		return err;
	}
	CHECK(stats().mapped == before.mapped + 2);
	CHECK(map.count == 2 && page_address(map.pages[1]) ==
	      map.vaddr + PAGE_SIZE);
	for (i = 0; i < 2; i++) {
		u8 *p = map.vaddr + i * PAGE_SIZE;

		CHECK(!memchr_inv(p, 0xa0 + i, PAGE_SIZE));
		memset(p, 0x50 + i, PAGE_SIZE);
		CHECK(!memchr_inv(p, 0x50 + i, PAGE_SIZE));
	}

	CHECK(xg_grant_end(refs[0]) == -EBUSY);
	get_page(pages[0]);
	CHECK(xg_grant_end_page(refs[0], pages[0]) == -EBUSY);
	CHECK(stats().deferred == before.deferred + 1);
	msleep(500);
	CHECK(stats().deferred == before.deferred + 1);
	CHECK(page_count(pages[0]) == 2);
	CHECK(stats().in_use == before.in_use + 2);

	xg_grant_unmap(&map);
	CHECK(!map.count && stats().mapped == before.mapped);
	CHECK(!xg_grant_end(refs[1]));
	for (i = 0; i < 200 && stats().deferred > before.deferred; i++)
		msleep(20);
	CHECK(page_count(pages[0]) == 1);
	CHECK(same_use(before, stats()));
	restore(pages[0]);
	restore(pages[1]);
	return err;
}

/* Xen's own word on bad references and on read-only ones. */
static int refused_one(domid_t self, grant_ref_t ro, grant_ref_t gone)
{
	struct xg_grant_map map;
	grant_ref_t beyond = ~0u;
	int err;

	err = xg_grant_map(self, &gone, 1, 0, &map);
	if (err == -EOPNOTSUPP)
		return err;
	CHECK(err == -EINVAL || err == -EFAULT);
	err = 0;
	CHECK(xg_grant_map(self, &beyond, 1, 0, &map) == -EINVAL);
	CHECK(xg_grant_map(0x7abc, &ro, 1, 0, &map) == -EINVAL);
	CHECK(xg_grant_map(self, &ro, 0, 0, &map) == -EINVAL);
	CHECK(xg_grant_map(self, &ro, 513, 0, &map) == -EINVAL);
	/* Read-only it is granted, so nobody can map it to write. */
	CHECK(xg_grant_map(self, &ro, 1, 0, &map) == -EFAULT);
	return err;
}

/* Whatever is wrong with one reference, none is mapped. */
static int test_refused(void)
{
	struct xg_grant_stats before = stats();
	struct page *pages[2] = { pattern_page(0x77), pattern_page(0x88) };
	grant_ref_t ro, refs[2];
	struct xg_grant_map map;
	domid_t self;
	int err;

	err = own_domid(&self);
	if (err)
		return err;
	if (!pages[0] || !pages[1] ||
	    xg_grant_page(self, pages[0], XG_GRANT_RO, &ro) ||
	    xg_grant_page(self, pages[1], 0, &refs[0]) ||
	    xg_grant_page(self, pages[1], 0, &refs[1]) ||
	    xg_grant_end(refs[1]))
		return -ENOMEM;

	err = refused_one(self, ro, refs[1]);
	if (err) {
		xg_grant_end_page(ro, pages[0]);
		xg_grant_end_page(refs[0], pages[1]);
		return err;
	}
	CHECK(!memchr_inv(page_address(pages[0]), 0x77, PAGE_SIZE));
	CHECK(!xg_grant_map(self, &ro, 1, XG_GRANT_RO, &map));
	CHECK(!err && !memchr_inv(map.vaddr, 0x77, PAGE_SIZE));
	xg_grant_unmap(&map);
	CHECK(!xg_grant_end(ro));

	/* The good one is mapped for a moment, and let go again. */
	CHECK(xg_grant_map(self, refs, 2, 0, &map) < 0);
	CHECK(!map.count && !map.pages && stats().mapped == before.mapped);
	CHECK(!xg_grant_end(refs[0]));
	CHECK(same_use(before, stats()));
	restore(pages[0]);
	restore(pages[1]);
	return err;
}

/* --- with another domain: the script judges --------------------------------- */

static struct page *held_page;
static grant_ref_t held_ref;
static struct xg_grant_map held_map;

/* hold DOMID RO: grant a page full of 0x11; "ref N" is then read from here */
static int cmd_hold(unsigned int domid, unsigned int flags)
{
	int err;

	if (held_page)
		return -EBUSY;
	held_page = pattern_page(0x11);
	if (!held_page)
		return -ENOMEM;
	err = xg_grant_page(domid, held_page, flags, &held_ref);
	if (err) {
		put_page(held_page);
		held_page = NULL;
	}
	return err;
}

/* look BYTE: is the held page full of it? */
static int cmd_look(unsigned int byte, unsigned int unused)
{
	if (!held_page)
		return -ENOENT;
	return memchr_inv(page_address(held_page), byte, PAGE_SIZE) ? -EIO : 0;
}

/* end: 0, or EBUSY and the page is held on */
static int cmd_end(unsigned int unused1, unsigned int unused2)
{
	int err;

	if (!held_page)
		return -ENOENT;
	err = xg_grant_end(held_ref);
	if (err)
		return err;
	put_page(held_page);
	held_page = NULL;
	return 0;
}

/* drop: end, now or later */
static int cmd_drop(unsigned int unused1, unsigned int unused2)
{
	struct page *page = held_page;

	if (!page)
		return -ENOENT;
	held_page = NULL;
	return xg_grant_end_page(held_ref, page);
}

/* map DOMID REF, mapro DOMID REF: map that domain's page */
static int cmd_map(unsigned int domid, unsigned int ref)
{
	return held_map.count ? -EBUSY :
	       xg_grant_map(domid, &ref, 1, 0, &held_map);
}

static int cmd_mapro(unsigned int domid, unsigned int ref)
{
	return held_map.count ? -EBUSY :
	       xg_grant_map(domid, &ref, 1, XG_GRANT_RO, &held_map);
}

/* see BYTE: is the mapped page full of it? fill BYTE: write it. */
static int cmd_see(unsigned int byte, unsigned int unused)
{
	if (!held_map.count)
		return -ENOENT;
	return memchr_inv(held_map.vaddr, byte, PAGE_SIZE) ? -EIO : 0;
}

static int cmd_fill(unsigned int byte, unsigned int unused)
{
	if (!held_map.count)
		return -ENOENT;
	memset(held_map.vaddr, byte, PAGE_SIZE);
	return 0;
}

static int cmd_unmap(unsigned int unused1, unsigned int unused2)
{
	if (!held_map.count)
		return -ENOENT;
	xg_grant_unmap(&held_map);
	return 0;
}

/* --- scarcity: for tests of those who need references ------------------------- */

static struct xg_grant_pool hoard;
static bool hoarding;

/* hoard LEAVE: take all references that are free but for so many */
static int cmd_hoard(unsigned int leave, unsigned int unused)
{
	struct xg_grant_stats s = stats();
	unsigned int taken = s.in_use + GNTTAB_NR_RESERVED_ENTRIES + leave;
	unsigned int limit = s.frames_max * REFS_PER_FRAME;

	if (hoarding)
		return -EBUSY;
	if (taken >= limit)
		return -ENOSPC;
	hoarding = !xg_grant_pool_init(&hoard, limit - taken);
	return hoarding ? 0 : -ENOSPC;
}

/* release: give them back */
static int cmd_release(unsigned int unused1, unsigned int unused2)
{
	if (hoarding)
		xg_grant_pool_fini(&hoard);
	hoarding = false;
	return 0;
}

/* --- debugfs ------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "basic", test_basic },
	{ "pool", test_pool },
	{ "grow", test_grow },
	{ "race", test_race },
	{ "busy", test_busy },
	{ "refused", test_refused },
};

static const struct {
	const char *name;
	int (*run)(unsigned int a, unsigned int b);
} commands[] = {
	{ "hold", cmd_hold },
	{ "look", cmd_look },
	{ "end", cmd_end },
	{ "drop", cmd_drop },
	{ "map", cmd_map },
	{ "mapro", cmd_mapro },
	{ "see", cmd_see },
	{ "fill", cmd_fill },
	{ "unmap", cmd_unmap },
	{ "hoard", cmd_hoard },
	{ "release", cmd_release },
};

static struct dentry *file;
static DEFINE_MUTEX(lock);

static int run(const char *name, unsigned int a, unsigned int b)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (!strcmp(name, tests[i].name))
			return tests[i].run();
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(a, b);
	return -ENOENT;
}

static ssize_t test_write(struct file *f, const char __user *from, size_t len,
			  loff_t *pos)
{
	unsigned int a = 0, b = 0;
	char line[64], name[16];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = 0;
	if (sscanf(line, "%15s %i %i", name, &a, &b) < 1)
		return -EINVAL;
	mutex_lock(&lock);
	err = run(name, a, b);
	mutex_unlock(&lock);
	return err ?: len;
}

static ssize_t test_read(struct file *f, char __user *to, size_t len,
			 loff_t *pos)
{
	char line[16];
	int n = scnprintf(line, sizeof(line), "%u\n", held_page ? held_ref : 0);

	return simple_read_from_buffer(to, len, pos, line, n);
}

static const struct file_operations test_fops = {
	.owner = THIS_MODULE,
	.write = test_write,
	.read = test_read,
};

static int __init test_init(void)
{
	struct xg_grant_stats s = stats();

	if (!s.frames)
		return -ENODEV;
	file = debugfs_create_file("test-grant", 0600, xg_debugfs_root(), NULL,
				   &test_fops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit test_exit(void)
{
	debugfs_remove(file);
	cmd_release(0, 0);
	cmd_unmap(0, 0);
	cmd_drop(0, 0);
}

module_init(test_init);
module_exit(test_exit);
MODULE_DESCRIPTION("Test of the xg grant layer");
MODULE_AUTHOR("The xg authors");
MODULE_LICENSE("GPL");
