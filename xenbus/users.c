// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who wants the store for as long as it is there, whichever is loaded first.
 */
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "internal.h"

/* Held while they are called: who leaves is not called any more. */
static DEFINE_MUTEX(lock);
static LIST_HEAD(users);
static bool there;

/**
 * xg_store_join() - be called when the store comes and before it goes
 * @user: up and down are filled in; it is the store's until xg_store_leave()
 *
 * Where the store is there, @user->up runs before this returns.
 *
 * Context: process, may sleep.
 */
void xg_store_join(struct xg_store_user *user)
{
	mutex_lock(&lock);
	list_add_tail(&user->node, &users);
	if (there)
		user->up();
	mutex_unlock(&lock);
}
EXPORT_SYMBOL_GPL(xg_store_join);

/**
 * xg_store_leave() - not to be called any more
 * @user: registered by xg_store_join()
 *
 * Where the store is there, @user->down runs before this returns.
 *
 * Context: process, may sleep; not from what the store calls.
 */
void xg_store_leave(struct xg_store_user *user)
{
	mutex_lock(&lock);
	if (there)
		user->down();
	list_del(&user->node);
	mutex_unlock(&lock);
}
EXPORT_SYMBOL_GPL(xg_store_leave);

static void tell_moved(struct work_struct *work)
{
	struct xg_store_user *user;

	mutex_lock(&lock);
	list_for_each_entry(user, &users, node)
		if (there && user->moved)
			user->moved();
	mutex_unlock(&lock);
}

static DECLARE_WORK(moved_work, tell_moved);

/* From who may be waited for by a user that leaves: not here and now. */
void xg_users_resume(void)
{
	queue_work(system_unbound_wq, &moved_work);
}

void xg_users_start(void)
{
	struct xg_store_user *user;

	mutex_lock(&lock);
	there = true;
	list_for_each_entry(user, &users, node)
		user->up();
	mutex_unlock(&lock);
}

void xg_users_stop(void)
{
	struct xg_store_user *user;

	mutex_lock(&lock);
	list_for_each_entry_reverse(user, &users, node)
		user->down();
	there = false;
	mutex_unlock(&lock);
	cancel_work_sync(&moved_work);
}
