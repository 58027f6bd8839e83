// SPDX-License-Identifier: GPL-2.0-only
/*
 * One device: from a directory in the store to a struct device and back.
 *
 * Who the backend is comes from the toolstack, by keys that the guest itself can
 * write: path and domain are checked, and no more is believed of them.
 */
#define pr_fmt(fmt) "xg-xenbus: " fmt

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xg/platform.h>
#include <xg/proto/xs.h>
#include "internal.h"

static void release(struct device *dev)
{
	struct xg_xenbus_device *xdev = to_xg_xenbus_device(dev);

	kfree(xdev->backend);
	kfree(xdev->path);
	kfree(xdev->type);
	kfree(xdev->id);
	mutex_destroy(&xdev->lock);
	kfree(xdev);
}

static char *read_backend(const char *path)
{
	unsigned int len;
	char *backend;

	backend = xg_store_read(XG_STORE_NONE, path, "backend", &len);
	if (IS_ERR(backend))
		return backend;
	/* Absolute, one string, and with room for a key's name behind it. */
	if (backend[0] != '/' || strlen(backend) != len ||
	    backend[len - 1] == '/' ||
	    len > XENSTORE_ABS_PATH_MAX - XG_XENBUS_ID_LEN) {
		kfree(backend);
		return ERR_PTR(-EINVAL);
	}
	return backend;
}

/* Only before the driver's probe: nobody else looks at the two yet. */
int xg_device_read_peer(struct xg_xenbus_device *xdev)
{
	char *backend;
	u64 peer;
	int err;

	err = xg_store_read_u64(XG_STORE_NONE, xdev->path, "backend-id", 0,
				DOMID_FIRST_RESERVED - 1, &peer);
	if (err)
		return err;
	backend = read_backend(xdev->path);
	if (IS_ERR(backend))
		return PTR_ERR(backend);
	kfree(xdev->backend);
	xdev->backend = backend;
	xdev->peer = peer;
	return 0;
}

static struct xg_xenbus_device *alloc(struct xg_platform *platform,
				      const char *type, const char *id)
{
	struct xg_xenbus_device *xdev;

	xdev = kzalloc(sizeof(*xdev), GFP_KERNEL);
	if (!xdev)
		return NULL;
	mutex_init(&xdev->lock);
	init_waitqueue_head(&xdev->moved);
	xdev->root = platform->owner;
	xdev->dev.bus = &xg_bus;
	xdev->dev.parent = platform->dev;
	xdev->dev.release = release;
	device_initialize(&xdev->dev);

	xdev->path = kasprintf(GFP_KERNEL, "device/%s/%s", type, id);
	xdev->type = kstrdup(type, GFP_KERNEL);
	xdev->id = kstrdup(id, GFP_KERNEL);
	if (!xdev->path || !xdev->type || !xdev->id ||
	    dev_set_name(&xdev->dev, "%s-%s", type, id)) {
		put_device(&xdev->dev);
		return NULL;
	}
	return xdev;
}

struct xg_xenbus_device *xg_device_add(struct xg_platform *platform,
				       const char *type, const char *id)
{
	struct xg_xenbus_device *xdev;
	int err = -ENOENT;

	xdev = alloc(platform, type, id);
	if (!xdev)
		return ERR_PTR(-ENOMEM);
	/* A directory that is being made, or rubbish: its next key comes here. */
	if (!xg_store_exists(XG_STORE_NONE, xdev->path, "state"))
		goto put;
	err = xg_device_read_peer(xdev);
	if (err) {
		if (err != -ENOENT)
			pr_warn_ratelimited("%s: unusable backend or backend-id (%d)\n",
					    xdev->path, err);
		goto put;
	}
	err = -ENOENT;
	if (!xg_store_exists(XG_STORE_NONE, xdev->backend, "state"))
		goto put;
	err = device_add(&xdev->dev);
	if (err)
		goto put;
	return xdev;

put:
	put_device(&xdev->dev);
	return ERR_PTR(err);
}

void xg_device_del(struct xg_xenbus_device *xdev)
{
	device_unregister(&xdev->dev);
}
