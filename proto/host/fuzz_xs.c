// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A daemon that sends anything and moves its indices under every read. */
#include <xg/proto/xs.h>

#include "fuzz.h"

static struct {
	struct script script;
	struct xg_xs_conn conn;
	struct xg_xs_parser *parser;
	struct xenstore_domain_interface *page;
} f;

static void send(const void *data, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		f.page->rsp[MASK_XENSTORE_IDX(f.page->rsp_prod + i)] =
			((const char *)data)[i];
	f.page->rsp_prod += len;
}

static void peer(void *unused)
{
	struct xsd_sockmsg hdr = { .type = XS_READ };
	u8 what = next(&f.script, 1);
	u8 bytes[XENSTORE_RING_SIZE];
	u32 there;

	if (what & 1)
		f.page->req_cons = next_index(&f.script, f.conn.req_prod);
	if ((what & 7) == 7) {
		f.page->rsp_prod = next_index(&f.script, f.conn.rsp_cons);
		return;
	}
	there = f.page->rsp_prod - f.conn.rsp_cons;
	if (there > sizeof(bytes)) {
		f.page->rsp_prod = f.conn.rsp_cons;
	} else if (what & 2 && !there) {
		/* Perhaps at the start of a message, perhaps in its midst. */
		hdr.len = what & 4 ? next_index(&f.script, 4096) :
				     next(&f.script, 1) % 64;
		send(&hdr, sizeof(hdr));
	} else {
		memset(bytes, next(&f.script, 1), sizeof(bytes));
		bytes[0] = next(&f.script, 1);
		send(bytes, (what >> 3) * (sizeof(bytes) - there) / 31);
	}
}

/* Everything that is done with a payload. */
static void read_payload(const char *body, u32 len)
{
	int strings = xg_xs_count(body, len);
	int i;

	must(strings == -EPROTO || (strings >= 0 && (u32)strings <= len));
	must(body[len] == '\0');
	for (i = 0; i < strings; i++) {
		const char *s = xg_xs_string(body, len, i);

		must(s && s >= body && s + strlen(s) < body + len);
	}
	if (strings >= 0)
		must(!xg_xs_string(body, len, strings));
	must(xg_xs_errno(body) < 0);
}

/* The same payload, part after part: nothing is written past the end. */
static void read_parts(const char *body, u32 len)
{
	u32 size = 2 * len + 1, before, i;
	struct xg_xs_listing list = { .names = malloc(size), .size = size };
	int ret = 0;

	must(list.names);
	for (i = 0; !ret && i < 8; i++) {
		before = list.len;
		ret = xg_xs_listing_add(&list, body, len);
		must(list.len <= size);
		must(ret || list.len > before);
	}
	if (ret == 1)
		must(xg_xs_count(list.names, list.len) >= 0);
	must(ret == 1 || ret == -EPROTO || ret == -E2BIG);
	free(list.names);
}

/* Digits, now and then something else, against strtoull(). */
static void read_number(struct script *s)
{
	unsigned int len = next(s, 1) % 24, i;
	u64 value = 7, libc, min, max;
	char text[24] = {};
	bool digits, over;
	int ret;

	for (i = 0; i < len; i++) {
		u8 c = next(s, 1);

		text[i] = c < 250 ? '0' + c % 10 : c - 250 + '-';
	}
	digits = *text && text[strspn(text, "0123456789")] == '\0';
	errno = 0;
	libc = strtoull(text, NULL, 10);
	over = errno == ERANGE;
	min = next(s, 1);
	max = next(s, 1) % 2 ? U64_MAX : next(s, 8);

	ret = xg_xs_number(text, min, max, &value);
	if (!digits)
		must(ret == -EINVAL);
	else if (over || libc < min || libc > max)
		must(ret == -ERANGE);
	else
		must(!ret && value == libc);
	must(!ret || value == 7);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 start, len;
	u8 *out;
	int ret;

	f.script = (struct script) { data, size };
	f.page = calloc(1, sizeof(*f.page));
	f.parser = malloc(sizeof(*f.parser));
	must(f.page && f.parser);
	start = next(&f.script, 4);
	f.page->req_prod = start;
	f.page->req_cons = start;
	f.page->rsp_prod = start;
	f.page->rsp_cons = start;
	must(!xg_xs_conn_init(&f.conn, f.page));
	xg_xs_parser_init(f.parser);
	xg_peer = peer;
	while (f.script.left) {
		ret = xg_xs_parser_pump(f.parser, &f.conn);
		must(ret == 0 || ret == 1 || ret == -EPROTO);
		if (ret == 1) {
			read_payload(f.parser->body, f.parser->hdr.len);
			read_parts(f.parser->body, f.parser->hdr.len);
		}
		if (ret < 0)
			xg_xs_parser_init(f.parser);

		read_number(&f.script);
		len = next(&f.script, 2) % 3000;
		out = calloc(1, len);
		ret = xg_xs_conn_write(&f.conn, out, len);
		must(ret == -EPROTO || (ret >= 0 && (u32)ret <= len));
		must(ret <= XENSTORE_RING_SIZE);
		free(out);
	}
	xg_peer = NULL;
	free(f.parser);
	free(f.page);
	return 0;
}
