// SPDX-License-Identifier: GPL-2.0-only
/*
 * References set aside, for data paths that must not fail and take no lock.
 *
 * A pool is a stack of references. Its owner serialises take and give; only
 * filling and emptying it goes to the table.
 */
#define pr_fmt(fmt) "xg-grant: " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xg/grant.h>
#include "internal.h"

static void give_back(struct xg_grant_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->free; i++) {
		grant_ref_t ref = pool->refs[i];

		/* One that still grants must not be handed to anybody else. */
		if (!WARN_ON_ONCE(xg_grant_clear(ref)))
			xg_table_put(ref);
	}
	kvfree(pool->refs);
	*pool = (struct xg_grant_pool){};
}

/**
 * xg_grant_pool_init() - set references aside
 * @pool: to be filled; the caller's until xg_grant_pool_fini()
 * @count: how many
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC when the table has not as many left, -ENODEV before it is
 * there, -ENOMEM. Nothing is held then.
 */
int xg_grant_pool_init(struct xg_grant_pool *pool, unsigned int count)
{
	int err;

	*pool = (struct xg_grant_pool){};
	if (!xg_table_limit())
		return -ENODEV;
	if (count > xg_table_limit())
		return -ENOSPC;
	pool->refs = kvcalloc(count, sizeof(*pool->refs), GFP_KERNEL);
	if (!pool->refs)
		return -ENOMEM;
	for (; pool->free < count; pool->free++) {
		err = xg_table_take(&pool->refs[pool->free]);
		if (err) {
			give_back(pool);
			return err;
		}
	}
	pool->count = count;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_grant_pool_init);

/**
 * xg_grant_pool_take() - take a reference from a pool
 * @pool: the caller's
 *
 * Context: any; the owner serialises.
 * Return: a reference that grants nothing yet, XG_GRANT_NONE when all are out.
 */
grant_ref_t xg_grant_pool_take(struct xg_grant_pool *pool)
{
	return pool->free ? pool->refs[--pool->free] : XG_GRANT_NONE;
}
EXPORT_SYMBOL_GPL(xg_grant_pool_take);

/**
 * xg_grant_pool_give() - put a reference back into its pool
 * @pool: the caller's
 * @ref: taken from it; it grants nothing any more
 *
 * Context: any; the owner serialises.
 */
void xg_grant_pool_give(struct xg_grant_pool *pool, grant_ref_t ref)
{
	if (WARN_ON_ONCE(pool->free == pool->count))
		return;
	pool->refs[pool->free++] = ref;
}
EXPORT_SYMBOL_GPL(xg_grant_pool_give);

/**
 * xg_grant_pool_fini() - give a pool's references back to the table
 * @pool: the caller's; empty afterwards, may be empty before
 *
 * References that are not in the pool (abandoned, or left with a bad peer) are
 * not touched: nobody may use them again.
 *
 * Context: process, may sleep.
 */
void xg_grant_pool_fini(struct xg_grant_pool *pool)
{
	give_back(pool);
}
EXPORT_SYMBOL_GPL(xg_grant_pool_fini);
