/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * xenstore on the wire (xen/interface/io/xs_wire.h): messages of a header and
 * at most XENSTORE_PAYLOAD_MAX bytes, through two byte rings in one shared page.
 */
#ifndef XG_PROTO_XS_H
#define XG_PROTO_XS_H

#include <xg/proto/types.h>
#include <xg/proto/abi.h>	/* struct xsd_sockmsg, xenstore_domain_interface */

/**
 * struct xg_xs_conn - our side of the shared page
 * @intf: the page
 * @req_prod: bytes we produced; ours, never read back
 * @rsp_cons: bytes we consumed; ours, never read back
 *
 * The page outlives us: init takes our two indices over from it, checked.
 */
struct xg_xs_conn {
	struct xenstore_domain_interface *intf;
	u32 req_prod;
	u32 rsp_cons;
};

/* 0, -EPROTO when the page's indices make no sense. */
int xg_xs_conn_init(struct xg_xs_conn *conn,
		    struct xenstore_domain_interface *intf);
/*
 * Move up to @len bytes; how many were moved (0: the ring is full or empty), or
 * -EPROTO when the peer's index lies. After a move the peer wants a notification.
 */
int xg_xs_conn_write(struct xg_xs_conn *conn, const void *data, u32 len);
int xg_xs_conn_read(struct xg_xs_conn *conn, void *data, u32 len);

/**
 * struct xg_xs_parser - messages out of a byte stream
 * @hdr: the header being or last read
 * @body: its payload and a NUL after it
 * @have: bytes of header and payload read so far
 */
struct xg_xs_parser {
	struct xsd_sockmsg hdr;
	char body[XENSTORE_PAYLOAD_MAX + 1];
	u32 have;
};

void xg_xs_parser_init(struct xg_xs_parser *parser);
/*
 * Read what is there: 1 a message is complete in @parser (call again for the
 * next), 0 it is not yet, -EPROTO (length over the maximum, lying index).
 */
int xg_xs_parser_pump(struct xg_xs_parser *parser, struct xg_xs_conn *conn);

/* The strings of a payload: @n-th NUL-terminated one, or NULL. */
const char *xg_xs_string(const char *body, u32 len, unsigned int n);
/* How many strings; -EPROTO when the payload does not end with a NUL. */
int xg_xs_count(const char *body, u32 len);
/**
 * struct xg_xs_listing - a directory, out of the parts it is told in
 * @names: for the names, each with its NUL; the caller's
 * @size: bytes there
 * @len: bytes taken so far; the next part is to begin there
 * @generation: the directory's, as the parts taken so far had it
 */
struct xg_xs_listing {
	char *names;
	u32 size;
	u32 len;
	u64 generation;
};

/*
 * Take an XS_DIRECTORY_PART's payload: 1 that was all, 0 ask on from @len, -EAGAIN
 * the directory has changed, ask from the beginning (@len is 0), -E2BIG over @size,
 * -EPROTO.
 */
int xg_xs_listing_add(struct xg_xs_listing *list, const char *body, u32 len);
/* -errno of an XS_ERROR payload ("ENOENT"); -EIO for a name nobody knows. */
int xg_xs_errno(const char *name);
/* The contrary: "EIO" for what the protocol has no name for. */
const char *xg_xs_error_name(int err);
/* Fill a header: 0, -E2BIG over XENSTORE_PAYLOAD_MAX. */
int xg_xs_header(struct xsd_sockmsg *hdr, u32 type, u32 req_id, u32 txn,
		 size_t len);
/* A whole decimal number within [@min, @max]: 0, -EINVAL, -ERANGE. */
int xg_xs_number(const char *text, u64 min, u64 max, u64 *value);

#endif /* XG_PROTO_XS_H */
