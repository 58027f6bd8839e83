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

static void peer(void *unused)
{
	u8 what = next(&f.script, 1);
	u32 from = f.page->rsp_prod;
	u32 i, len;

	/* Mostly it sends: a few bytes, which are often a header's zeroes. */
	len = what >> 3;
	for (i = 0; i < len; i++)
		f.page->rsp[MASK_XENSTORE_IDX(from + i)] =
			what & 4 ? next(&f.script, 1) : 0;
	f.page->rsp_prod = from + len;
	if (what & 1)
		f.page->req_cons = next_index(&f.script, f.conn.req_prod);
	if ((what & 3) == 3)
		f.page->rsp_prod = next_index(&f.script, f.conn.rsp_cons);
}

/* Everything that is done with a payload. */
static void read_payload(const char *body, u32 len)
{
	int strings = xg_xs_count(body, len);
	u64 value = 7;
	int i, ret;

	must(strings == -EPROTO || (strings >= 0 && (u32)strings <= len));
	must(body[len] == '\0');
	for (i = 0; i < strings; i++) {
		const char *s = xg_xs_string(body, len, i);

		must(s && s >= body && s + strlen(s) < body + len);
	}
	if (strings >= 0)
		must(!xg_xs_string(body, len, strings));
	must(xg_xs_errno(body) < 0);

	ret = xg_xs_number(body, 3, 1000000, &value);
	must(ret == 0 || ret == -EINVAL || ret == -ERANGE);
	must(value == (ret ? 7 : strtoull(body, NULL, 10)));
	must(ret || (value >= 3 && value <= 1000000));
	must((ret == -EINVAL) ==
	     (!*body || body[strspn(body, "0123456789")] != '\0'));
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
		if (ret == 1)
			read_payload(f.parser->body, f.parser->hdr.len);
		if (ret < 0)
			xg_xs_parser_init(f.parser);

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
