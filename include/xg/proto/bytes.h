/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One direction of a byte ring in a shared page, such as a console's
 * (xen/interface/io/console.h): bytes, and two indices that count them and wrap at
 * 2^32, one written by each side.
 *
 * Locking: the caller's; one user of a struct xg_bytes at a time.
 */
#ifndef XG_PROTO_BYTES_H
#define XG_PROTO_BYTES_H

#include <xg/proto/types.h>
#include <xg/proto/abi.h>	/* struct xencons_interface */

/**
 * struct xg_bytes - our end of it
 * @data: the bytes; shared
 * @mine: the index that we write; shared
 * @theirs: the index that the peer writes; shared
 * @size: of @data; a power of two
 * @at: what we wrote to @mine last; ours, never read back
 */
struct xg_bytes {
	u8 *data;
	u32 *mine;
	const u32 *theirs;
	u32 size;
	u32 at;
};

/*
 * Take over what an earlier owner left, as it is in the page. Where that cannot be
 * (_room or _there says -EPROTO) _restart empties the ring by our own index.
 */
void xg_bytes_init(struct xg_bytes *ring, u8 *data, u32 size, u32 *mine,
		   const u32 *theirs);
void xg_bytes_restart(struct xg_bytes *ring);

/* The writer's end: bytes there is room for; or -EPROTO, the peer's index lies. */
int xg_bytes_room(const struct xg_bytes *ring);
/* The reader's end: bytes that are there; or -EPROTO, the peer's index lies. */
int xg_bytes_there(const struct xg_bytes *ring);
/* Move up to @len bytes: how many were moved, or -EPROTO. Then notify the peer. */
int xg_bytes_write(struct xg_bytes *ring, const void *data, u32 len);
int xg_bytes_read(struct xg_bytes *ring, void *data, u32 len);

#endif /* XG_PROTO_BYTES_H */
