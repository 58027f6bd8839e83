// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A ring whose page changes under every read: counts must stay true. */
#include <xg/proto/abi.h>
#include <xg/proto/ring.h>

#include "fuzz.h"

#define SLOTS	32

static struct {
	struct script script;
	struct xg_ring ring;
	struct blkif_sring *page;
} f;

static void peer(void *unused)
{
	u8 what = next(&f.script, 1);

	if (what & 1)
		f.page->rsp_prod = next_index(&f.script, f.ring.rsp_cons);
	if (what & 2)
		f.page->req_event = next_index(&f.script, f.ring.req_prod);
	if (what & 4)
		((u8 *)f.page)[next(&f.script, 2) % 4096] = next(&f.script, 1);
}

static void start(u32 index)
{
	xg_ring_init(&f.ring, f.page, 4096, sizeof(struct blkif_request),
		     sizeof(struct blkif_response));
	f.ring.req_prod = index;
	f.ring.req_pub = index;
	f.ring.rsp_cons = index;
	f.ring.rsp_seen = index;
	f.page->rsp_prod = index;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 written = 0, published = 0, taken = 0;
	struct blkif_request req = {};
	struct blkif_response rsp;
	int ret;

	f.script = (struct script) { data, size };
	f.page = calloc(1, 4096);
	must(f.page);
	start(next(&f.script, 4));
	xg_peer = peer;
	while (f.script.left) {
		switch (next(&f.script, 1) % 4) {
		case 0:
			ret = xg_ring_put(&f.ring, &req);
			must(ret == (written - taken < SLOTS ? 0 : -ENOSPC));
			written += !ret;
			break;
		case 1:
			xg_ring_publish(&f.ring);
			published = written;
			break;
		case 2:
			ret = xg_ring_take(&f.ring, &rsp);
			must(ret == 0 || ret == 1 || ret == -EPROTO);
			taken += ret == 1;
			break;
		case 3:
			if (!xg_ring_rearm_after(&f.ring,
						 1 + next(&f.script, 1) % SLOTS))
				break;
			ret = xg_ring_take(&f.ring, &rsp);
			must(ret == 1 || ret == -EPROTO);
			taken += ret == 1;
			break;
		}
		must(taken <= published && written - taken <= SLOTS);
		must(xg_ring_room(&f.ring) == SLOTS - (written - taken));
	}
	xg_peer = NULL;
	free(f.page);
	return 0;
}
