// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmap notifications: where a process ends, however it does, the other end of a
 * page it shared is told, by a byte that is cleared and an event.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <xen/gntalloc.h>
#include "internal.h"

int xg_unmap_notify_set(struct xg_unmap_notify *notify, u32 action, size_t byte,
			evtchn_port_t nr)
{
	struct xg_port *port = NULL;

	if (action & ~(UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT))
		return -EINVAL;
	if (action & UNMAP_NOTIFY_SEND_EVENT) {
		port = xg_port_get(nr);
		if (!port)
			return -EINVAL;
	}
	xg_port_put(notify->port);
	notify->action = action;
	notify->byte = byte;
	notify->port = port;
	return 0;
}

void xg_unmap_notify_fire(struct xg_unmap_notify *notify, void *page)
{
	if (page && notify->action & UNMAP_NOTIFY_CLEAR_BYTE)
		WRITE_ONCE(((u8 *)page)[offset_in_page(notify->byte)], 0);
	/* A hypercall orders the byte before the event. */
	if (notify->port)
		xg_port_notify(notify->port);
	xg_port_put(notify->port);
	*notify = (struct xg_unmap_notify){};
}
