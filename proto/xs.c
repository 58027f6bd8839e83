// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * xenstore on the wire: two byte rings in a page, messages out of the bytes, and
 * the few things a payload holds: strings, error names, decimal numbers.
 *
 * Indices count bytes and wrap at 2^32; the ring's size divides that. Ours are
 * kept outside the page. Locking: the caller's, one writer and one reader at a
 * time. Start with xg_xs_conn_write() and xg_xs_parser_pump().
 */
#include <xg/proto/xs.h>

static_assert(sizeof(struct xsd_sockmsg) == 16);
static_assert(offsetof(struct xenstore_domain_interface, rsp) == 1024);
static_assert(offsetof(struct xenstore_domain_interface, req_cons) == 2048);
static_assert(offsetof(struct xenstore_domain_interface, req_prod) == 2052);
static_assert(offsetof(struct xenstore_domain_interface, rsp_cons) == 2056);
static_assert(offsetof(struct xenstore_domain_interface, rsp_prod) == 2060);

/**
 * xg_xs_conn_init() - take the connection over as its page has it
 * @conn: our side, filled in
 * @intf: the shared page; outlives @conn
 *
 * Context: Any, before any other use of @conn and after a reconnection.
 * Return: 0, or -EPROTO where the indices cannot be.
 */
int xg_xs_conn_init(struct xg_xs_conn *conn,
		    struct xenstore_domain_interface *intf)
{
	conn->intf = intf;
	conn->req_prod = READ_ONCE(intf->req_prod);
	conn->rsp_cons = READ_ONCE(intf->rsp_cons);

	if (conn->req_prod - READ_ONCE(intf->req_cons) > XENSTORE_RING_SIZE ||
	    READ_ONCE(intf->rsp_prod) - conn->rsp_cons > XENSTORE_RING_SIZE)
		return -EPROTO;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xs_conn_init);

/* Bytes from @index on that lie in one piece. */
static u32 run(u32 index, u32 len)
{
	return min(len, (u32)(XENSTORE_RING_SIZE - MASK_XENSTORE_IDX(index)));
}

/**
 * xg_xs_conn_write() - send bytes
 * @conn: the connection
 * @data: the bytes
 * @len: how many
 *
 * Writes 16 bytes, all of @len if that is less, or nothing: QEMU's xenstore
 * misreads a message header of which it finds only a part.
 *
 * Context: The one writer. Where any were sent, notify the peer.
 * Return: How many were written, from 0 to @len; -EPROTO where the peer's index
 *         cannot be.
 */
int xg_xs_conn_write(struct xg_xs_conn *conn, const void *data, u32 len)
{
	struct xenstore_domain_interface *intf = conn->intf;
	const u32 header = sizeof(struct xsd_sockmsg);
	u32 at = conn->req_prod;
	u32 used = at - READ_ONCE(intf->req_cons);
	u32 room = XENSTORE_RING_SIZE - used;
	u32 part;

	if (used > XENSTORE_RING_SIZE)
		return -EPROTO;
	/* Pairs with the peer's barrier between its copy and req_cons. */
	virt_mb();
	if (!len || room < min(len, header))
		return 0;
	len = min(len, room);
	part = run(at, len);
	memcpy(intf->req + MASK_XENSTORE_IDX(at), data, part);
	memcpy(intf->req, (const char *)data + part, len - part);
	conn->req_prod = at + len;
	/* Pairs with the peer's read barrier between req_prod and the bytes. */
	virt_wmb();
	WRITE_ONCE(intf->req_prod, conn->req_prod);
	return len;
}
EXPORT_SYMBOL_GPL(xg_xs_conn_write);

/**
 * xg_xs_conn_read() - receive bytes
 * @conn: the connection
 * @data: where they go; the peer's bytes, unchecked
 * @len: how many at most
 *
 * Context: The one reader. Where any were received, notify the peer.
 * Return: How many there were, from 0 to @len; -EPROTO where the peer's index
 *         cannot be.
 */
int xg_xs_conn_read(struct xg_xs_conn *conn, void *data, u32 len)
{
	struct xenstore_domain_interface *intf = conn->intf;
	u32 at = conn->rsp_cons;
	u32 there = READ_ONCE(intf->rsp_prod) - at;
	u32 part;

	if (there > XENSTORE_RING_SIZE)
		return -EPROTO;
	/* Pairs with the peer's write barrier between the bytes and rsp_prod. */
	virt_rmb();
	len = min(len, there);
	if (!len)
		return 0;
	part = run(at, len);
	memcpy(data, intf->rsp + MASK_XENSTORE_IDX(at), part);
	memcpy((char *)data + part, intf->rsp, len - part);
	conn->rsp_cons = at + len;
	/*
	 * Pairs with the peer's barrier between rsp_cons and writing new bytes;
	 * it also makes the copy final.
	 */
	virt_mb();
	WRITE_ONCE(intf->rsp_cons, conn->rsp_cons);
	return len;
}
EXPORT_SYMBOL_GPL(xg_xs_conn_read);

/**
 * xg_xs_parser_init() - wait for the first byte of a message
 * @parser: the parser
 *
 * Context: Any; after a reconnection too, when half a message is lost.
 */
void xg_xs_parser_init(struct xg_xs_parser *parser)
{
	parser->have = 0;
}
EXPORT_SYMBOL_GPL(xg_xs_parser_init);

/* Read on until @parser has @want bytes; the next one goes to @to. */
static int fill(struct xg_xs_parser *parser, struct xg_xs_conn *conn, void *to,
		u32 want)
{
	int got = xg_xs_conn_read(conn, to, want - parser->have);

	if (got < 0)
		return got;
	parser->have += got;
	return parser->have == want;
}

/**
 * xg_xs_parser_pump() - read what is there of a message
 * @parser: the parser
 * @conn: the connection it reads from
 *
 * Context: The one reader. What was read before is kept between calls.
 * Return: 1 a message is complete: its header, its payload and a NUL after it,
 *         valid until the next call, which starts the next message; 0 not yet;
 *         -EPROTO the peer broke the protocol, now and on every later call.
 */
int xg_xs_parser_pump(struct xg_xs_parser *parser, struct xg_xs_conn *conn)
{
	const u32 head = sizeof(parser->hdr);
	int err;

	if (parser->have >= head && parser->have == head + parser->hdr.len)
		xg_xs_parser_init(parser);

	if (parser->have < head) {
		err = fill(parser, conn, (char *)&parser->hdr + parser->have,
			   head);
		if (err <= 0)
			return err;
	}
	if (parser->hdr.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	err = fill(parser, conn, parser->body + (parser->have - head),
		   head + parser->hdr.len);
	if (err <= 0)
		return err;
	parser->body[parser->hdr.len] = '\0';
	return 1;
}
EXPORT_SYMBOL_GPL(xg_xs_parser_pump);

/**
 * xg_xs_string() - one of a payload's strings
 * @body: the payload
 * @len: its length
 * @n: which, from 0
 *
 * Context: Any. The string lies in @body.
 * Return: The string, whose NUL lies within @len too, or NULL.
 */
const char *xg_xs_string(const char *body, u32 len, unsigned int n)
{
	const char *end = body + len;
	const char *nul;

	while ((nul = memchr(body, '\0', end - body))) {
		if (!n--)
			return body;
		body = nul + 1;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(xg_xs_string);

/**
 * xg_xs_count() - how many strings a payload holds
 * @body: the payload
 * @len: its length
 *
 * Context: Any.
 * Return: The number; -EPROTO where the last one has no NUL.
 */
int xg_xs_count(const char *body, u32 len)
{
	int strings = 0;
	u32 i;

	if (len && body[len - 1])
		return -EPROTO;
	for (i = 0; i < len; i++)
		strings += !body[i];
	return strings;
}
EXPORT_SYMBOL_GPL(xg_xs_count);

/**
 * xg_xs_listing_add() - the next part of a directory
 * @list: what was taken before; at first all but @names and @size is 0
 * @body: payload of an XS_DIRECTORY_PART that was asked for from @list->len on
 * @len: its length
 *
 * The payload is the generation, then names; an empty one says that the list ends.
 * A store may cut a name in two where its message is full.
 *
 * Context: Any.
 * Return: 1 the list is complete, @list->len bytes without the empty name; 0 there
 *         is more; -EAGAIN the directory is another than before, @list is empty
 *         again; -E2BIG more than @list->size; -EPROTO no such payload, or a part
 *         that brings nothing.
 */
int xg_xs_listing_add(struct xg_xs_listing *list, const char *body, u32 len)
{
	const char *text = xg_xs_string(body, len, 0);
	u64 generation;
	u32 head, i;

	if (!text || xg_xs_number(text, 0, U64_MAX, &generation))
		return -EPROTO;
	head = strlen(text) + 1;
	len -= head;
	if (list->len && generation != list->generation) {
		list->len = 0;
		return -EAGAIN;
	}
	if (!len)
		return -EPROTO;
	if (len > list->size - list->len)
		return -E2BIG;
	list->generation = generation;
	memcpy(list->names + list->len, body + head, len);
	i = list->len;
	list->len += len;
	for (; i < list->len; i++) {
		if (list->names[i] || (i && list->names[i - 1]))
			continue;
		if (i != list->len - 1)
			return -EPROTO;
		list->len = i;
		return 1;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xs_listing_add);

/**
 * xg_xs_errno() - what an XS_ERROR says
 * @name: its payload, a NUL-terminated name such as "ENOENT"
 *
 * Context: Any.
 * Return: The negative errno; -EIO for a name that nobody knows.
 */
int xg_xs_errno(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (!strcmp(name, xsd_errors[i].errstring))
			return -xsd_errors[i].errnum;
	/* Newer than the kernel's copy of the header. */
	if (!strcmp(name, "EPERM"))
		return -EPERM;
	return -EIO;
}
EXPORT_SYMBOL_GPL(xg_xs_errno);

/**
 * xg_xs_error_name() - an error as the payload of an XS_ERROR
 * @err: a negative errno
 *
 * Context: Any.
 * Return: Its name; "EIO" for one that the protocol does not know.
 */
const char *xg_xs_error_name(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EIO";
}
EXPORT_SYMBOL_GPL(xg_xs_error_name);

/**
 * xg_xs_header() - fill a message's header
 * @hdr: the header
 * @type: XS_READ and so on
 * @req_id: comes back in the reply
 * @txn: the transaction, or 0
 * @len: bytes of payload that follow
 *
 * Context: Any.
 * Return: 0, or -E2BIG for a payload that may not be sent.
 */
int xg_xs_header(struct xsd_sockmsg *hdr, u32 type, u32 req_id, u32 txn,
		 size_t len)
{
	if (len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	hdr->type = type;
	hdr->req_id = req_id;
	hdr->tx_id = txn;
	hdr->len = len;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xs_header);

/**
 * xg_xs_number() - read a number
 * @text: the whole text: decimal digits, at least one, and nothing else
 * @min: smallest value that makes sense
 * @max: largest
 * @value: where it goes, on success only
 *
 * Context: Any.
 * Return: 0; -EINVAL no such number; -ERANGE it is outside @min to @max.
 */
int xg_xs_number(const char *text, u64 min, u64 max, u64 *value)
{
	bool over = false;
	u64 n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		u64 digit = *text - '0';

		if (digit > 9)
			return -EINVAL;
		over |= n > (U64_MAX - digit) / 10;
		n = n * 10 + digit;
	}
	if (over || n < min || n > max)
		return -ERANGE;
	*value = n;
	return 0;
}
EXPORT_SYMBOL_GPL(xg_xs_number);
