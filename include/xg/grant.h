/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants: let another domain reach a page of ours, and take it back; map a page
 * of another domain's.
 *
 * A page whose grant could not be ended is still the peer's to write: it is
 * never freed or reused until the peer lets go. Hand such pages over with
 * xg_grant_end_page(), which does the waiting.
 */
#ifndef XG_GRANT_H
#define XG_GRANT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <xen/interface/xen.h>
#include <xen/interface/grant_table.h>

struct page;
struct xg_platform;

#define XG_GRANT_RO	BIT(0)	/* the peer may only read */

/*
 * One grant. Any context.
 *  _page  take a free reference and let @peer reach @page; 0, -ENOSPC, -ENODEV
 *  _end   take it back; 0, or -EBUSY while the peer still has it mapped: the
 *         reference stays in use and the page must not be freed or reused;
 *         -EINVAL for a reference nobody holds (our own bug, and a WARN)
 */
int xg_grant_page(domid_t peer, struct page *page, unsigned int flags,
		  grant_ref_t *ref);
int xg_grant_end(grant_ref_t ref);

/*
 * Any context. End the grant and drop the caller's reference on @page (put_page),
 * at once or when the peer lets go. Returns 0 when it was at once, -EBUSY when
 * it was put off: the peer keeps what it should have given back.
 */
int xg_grant_end_page(grant_ref_t ref, struct page *page);

/*
 * References set aside in one go, so that a data path neither fails nor takes
 * the table's lock. The pool belongs to its owner, who serialises its use.
 *  _init   reserve @count references, growing the table if need be;
 *          process context; 0, -ENOSPC, -ENOMEM
 *  _take   a reference that grants nothing yet, or XG_GRANT_NONE
 *  _give   put one back; its grant must have ended
 *  _fini   give them all back; every reference must be in the pool again, those
 *          that are not (left with a bad peer) are forgotten on purpose
 */
#define XG_GRANT_NONE	0u	/* reference 0 is Xen's (the console): never handed out */

struct xg_grant_pool {
	grant_ref_t *refs;
	unsigned int count;
	unsigned int free;
};

int xg_grant_pool_init(struct xg_grant_pool *pool, unsigned int count);
grant_ref_t xg_grant_pool_take(struct xg_grant_pool *pool);
void xg_grant_pool_give(struct xg_grant_pool *pool, grant_ref_t ref);
void xg_grant_pool_fini(struct xg_grant_pool *pool);

/* On a reference the caller holds (from a pool). Any context, no lock. */
void xg_grant_set(grant_ref_t ref, domid_t peer, struct page *page,
		  unsigned int flags);
/* Clear it, keeping the reference: 0, or -EBUSY while the peer has it mapped. */
int xg_grant_clear(grant_ref_t ref);
/* Give a reference of the caller's up without ending its grant (bad peer). */
void xg_grant_abandon_page(grant_ref_t ref, struct page *page);

/**
 * struct xg_grant_map - pages of another domain, mapped here
 * @vaddr: contiguous kernel address of the first
 * @pages: their struct pages
 * @count: how many
 */
struct xg_grant_map {
	void *vaddr;
	struct page **pages;
	unsigned int count;
	/* the grant layer's own */
	void *private;
};

/*
 * Process context. Map @count foreign grants, 1 to 512; all or nothing. @flags:
 * XG_GRANT_RO. 0, -EINVAL (no such reference), -ENOMEM, -EFAULT (Xen refused),
 * -EOPNOTSUPP (it has no such call). No reference on the struct pages may be
 * left when they are unmapped.
 */
int xg_grant_map(domid_t peer, const grant_ref_t *refs, unsigned int count,
		 unsigned int flags, struct xg_grant_map *map);
void xg_grant_unmap(struct xg_grant_map *map);

/* A page of another domain, by its own name */
struct xg_grant_foreign {
	domid_t dom;
	grant_ref_t ref;
};

/*
 * The same in two steps, for who holds locks when it maps, of several domains: the
 * room first, then what is in it. unmap() takes both back.
 */
int xg_grant_room(unsigned int count, struct xg_grant_map *map);
int xg_grant_fill(struct xg_grant_map *map, const struct xg_grant_foreign *from,
		  unsigned int flags);

/**
 * struct xg_grant_stats - a snapshot
 * @frames: table frames mapped
 * @frames_max: the domain's limit
 * @refs: references the table can hold
 * @in_use: references handed out (pools included)
 * @deferred: pages a peer has not let go of
 * @mapped: foreign pages mapped here
 */
struct xg_grant_stats {
	unsigned int frames;
	unsigned int frames_max;
	unsigned int refs;
	unsigned int in_use;
	unsigned int deferred;
	unsigned int mapped;
};

void xg_grant_get_stats(struct xg_grant_stats *stats);

/* The root's calls; process context. */
int xg_grant_start(struct xg_platform *platform);
void xg_grant_stop(void);
/* The root's, around a suspend: may it be? And in the new domain. */
int xg_grant_suspend(void);
bool xg_grant_quiet(void);
int xg_grant_wake(void);

#endif /* XG_GRANT_H */
