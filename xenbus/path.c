// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names in the store: joining and comparing them. Nothing here is shared.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xg/proto/xs.h>
#include "internal.h"

/* Xen docs/misc/xenstore.txt: the limits are lengths without the NUL. */
static size_t path_max(const char *path)
{
	return path[0] == '/' ? XENSTORE_ABS_PATH_MAX : XENSTORE_REL_PATH_MAX;
}

char *xg_path_join(const char *dir, const char *node)
{
	char *path;

	if (node && node[0])
		path = kasprintf(GFP_NOIO, "%s/%s", dir, node);
	else
		path = kstrdup(dir, GFP_NOIO);
	if (!path)
		return ERR_PTR(-ENOMEM);
	if (strlen(path) > path_max(path)) {
		kfree(path);
		return ERR_PTR(-ENAMETOOLONG);
	}
	return path;
}

bool xg_path_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	/* "/": all is below it. */
	if (len && top[len - 1] == '/')
		return !strncmp(path, top, len);
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}
