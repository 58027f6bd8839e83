// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Byte rings: one direction, one end of it.
 *
 * The peer's index is read once a call and compared with ours, which is kept
 * outside the page. Whatever it holds, no access leaves the ring and no call moves
 * more than the ring is long. Start with xg_bytes_write() and xg_bytes_read().
 */
#include <xg/proto/bytes.h>

static_assert(sizeof(((struct xencons_interface *)0)->in) == 1024);
static_assert(offsetof(struct xencons_interface, out) == 1024);
static_assert(sizeof(((struct xencons_interface *)0)->out) == 2048);
static_assert(offsetof(struct xencons_interface, in_cons) == 3072);
static_assert(offsetof(struct xencons_interface, in_prod) == 3076);
static_assert(offsetof(struct xencons_interface, out_cons) == 3080);
static_assert(offsetof(struct xencons_interface, out_prod) == 3084);

/**
 * xg_bytes_init() - take an end of a ring over as its page has it
 * @ring: our end, filled in
 * @data: the bytes
 * @size: how many, a power of two, at most 2^30
 * @mine: our index in the page
 * @theirs: the peer's
 *
 * Context: Any, before any other use of @ring. The page outlives it.
 */
void xg_bytes_init(struct xg_bytes *ring, u8 *data, u32 size, u32 *mine,
		   const u32 *theirs)
{
	ring->data = data;
	ring->size = size;
	ring->mine = mine;
	ring->theirs = theirs;
	ring->at = READ_ONCE(*mine);
}
EXPORT_SYMBOL_GPL(xg_bytes_init);

/**
 * xg_bytes_restart() - empty a ring, by our index alone
 * @ring: our end
 *
 * What a reader had not read is lost, as is what of a writer's was not read.
 *
 * Context: Any.
 */
void xg_bytes_restart(struct xg_bytes *ring)
{
	ring->at = READ_ONCE(*ring->theirs);
	WRITE_ONCE(*ring->mine, ring->at);
}
EXPORT_SYMBOL_GPL(xg_bytes_restart);

/**
 * xg_bytes_room() - bytes that could be written now
 * @ring: the writer's end
 *
 * Context: Any.
 * Return: 0 to the ring's size; -EPROTO where the peer claims to have read what was
 *         never written.
 */
int xg_bytes_room(const struct xg_bytes *ring)
{
	u32 used = ring->at - READ_ONCE(*ring->theirs);

	return used > ring->size ? -EPROTO : (int)(ring->size - used);
}
EXPORT_SYMBOL_GPL(xg_bytes_room);

/**
 * xg_bytes_there() - bytes that could be read now
 * @ring: the reader's end
 *
 * Context: Any.
 * Return: 0 to the ring's size; -EPROTO where the peer claims to have written more
 *         than there was room for.
 */
int xg_bytes_there(const struct xg_bytes *ring)
{
	u32 there = READ_ONCE(*ring->theirs) - ring->at;

	return there > ring->size ? -EPROTO : (int)there;
}
EXPORT_SYMBOL_GPL(xg_bytes_there);

/* Bytes from our index on that lie in one piece. */
static u32 run(const struct xg_bytes *ring, u32 len)
{
	return min(len, ring->size - (ring->at & (ring->size - 1)));
}

static u8 *place(const struct xg_bytes *ring)
{
	return ring->data + (ring->at & (ring->size - 1));
}

/**
 * xg_bytes_write() - put bytes into a ring
 * @ring: the writer's end
 * @data: the bytes
 * @len: how many
 *
 * Context: The one writer. Where any were written, notify the peer.
 * Return: How many there was room for, from 0 to @len; or -EPROTO, as
 *         xg_bytes_room().
 */
int xg_bytes_write(struct xg_bytes *ring, const void *data, u32 len)
{
	int ret = xg_bytes_room(ring);
	u32 room = ret, part;

	if (ret < 0)
		return ret;
	/* Pairs with the peer's barrier between its copy and its index. */
	virt_mb();
	len = min(len, room);
	if (!len)
		return 0;
	part = run(ring, len);
	memcpy(place(ring), data, part);
	memcpy(ring->data, (const u8 *)data + part, len - part);
	ring->at += len;
	/* Pairs with the peer's read barrier between our index and the bytes. */
	virt_wmb();
	WRITE_ONCE(*ring->mine, ring->at);
	return len;
}
EXPORT_SYMBOL_GPL(xg_bytes_write);

/**
 * xg_bytes_read() - take bytes out of a ring
 * @ring: the reader's end
 * @data: where they go; the peer's bytes, unchecked
 * @len: how many at most
 *
 * Context: The one reader. Where any were read, notify the peer.
 * Return: How many there were, from 0 to @len; or -EPROTO, as xg_bytes_there().
 */
int xg_bytes_read(struct xg_bytes *ring, void *data, u32 len)
{
	int ret = xg_bytes_there(ring);
	u32 there = ret, part;

	if (ret < 0)
		return ret;
	/* Pairs with the peer's write barrier between the bytes and its index. */
	virt_rmb();
	len = min(len, there);
	if (!len)
		return 0;
	part = run(ring, len);
	memcpy(data, place(ring), part);
	memcpy((u8 *)data + part, ring->data, len - part);
	ring->at += len;
	/*
	 * Pairs with the peer's barrier between our index and writing new bytes; it
	 * also makes the copy final.
	 */
	virt_mb();
	WRITE_ONCE(*ring->mine, ring->at);
	return len;
}
EXPORT_SYMBOL_GPL(xg_bytes_read);
