// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A console daemon that moves its indices under every read. */
#include <xg/proto/bytes.h>

#include "fuzz.h"

static struct {
	struct script script;
	struct xencons_interface *page;
	struct xg_bytes in;
	struct xg_bytes out;
} f;

static void peer(void *unused)
{
	u8 what = next(&f.script, 1);

	if (what & 1)
		f.page->in_prod = next_index(&f.script, f.in.at);
	if (what & 2)
		f.page->out_cons = next_index(&f.script, f.out.at);
	if (what & 4)
		memset(f.page->in, what, sizeof(f.page->in));
}

static void take_over(void)
{
	f.page->in_cons = next_index(&f.script, f.page->in_prod);
	f.page->out_prod = next_index(&f.script, f.page->out_cons);
	xg_bytes_init(&f.in, (u8 *)f.page->in, sizeof(f.page->in),
		      &f.page->in_cons, &f.page->in_prod);
	xg_bytes_init(&f.out, (u8 *)f.page->out, sizeof(f.page->out),
		      &f.page->out_prod, &f.page->out_cons);
}

/* A move of at most @len and @size bytes, and our index says the same. */
static void judge(int ret, u32 moved, u32 len, u32 size)
{
	must(ret == -EPROTO || (ret >= 0 && (u32)ret <= len &&
				(u32)ret <= size));
	must(moved == (ret < 0 ? 0 : (u32)ret));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 len, before;
	u8 *buf;
	int ret;

	f.script = (struct script) { data, size };
	f.page = calloc(1, sizeof(*f.page));
	must(f.page);
	take_over();
	xg_peer = peer;
	while (f.script.left) {
		len = next(&f.script, 2) % 3000;
		buf = calloc(1, len);
		must(buf || !len);
		before = f.in.at;
		ret = xg_bytes_read(&f.in, buf, len);
		judge(ret, f.in.at - before, len, sizeof(f.page->in));
		before = f.out.at;
		ret = xg_bytes_write(&f.out, buf, len);
		judge(ret, f.out.at - before, len, sizeof(f.page->out));
		free(buf);
		if (next(&f.script, 1) % 16 == 0)
			xg_bytes_restart(&f.in);
		if (next(&f.script, 1) % 16 == 0)
			xg_bytes_restart(&f.out);
		if (next(&f.script, 1) % 32 == 0)
			take_over();
	}
	xg_peer = NULL;
	free(f.page);
	return 0;
}
