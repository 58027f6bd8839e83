// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Queues whose words and heads change under every read: ports stay ports. */
#include <xg/proto/fifo.h>

#include "fuzz.h"

static struct {
	struct script script;
	struct xg_fifo_array array;
	struct xg_fifo_queues queues;
	struct evtchn_fifo_control_block control;
} f;

static void peer(void *unused)
{
	u8 what = next(&f.script, 1);

	if (what & 1)
		f.control.ready = next(&f.script, 2);
	if (what & 2)
		f.control.head[what >> 4] = next(&f.script, 4);
	if (what & 4)
		f.array.pages[0][next(&f.script, 2) % XG_FIFO_PAGE_PORTS] =
			next(&f.script, 4);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 steps, *word;
	int port;

	memset(&f, 0, sizeof(f));
	f.script = (struct script) { data, size };
	f.queues.control = &f.control;
	word = calloc(XG_FIFO_PAGE_PORTS, sizeof(*word));
	must(word);
	xg_fifo_quiet_page(word);
	must(!xg_fifo_add_page(&f.array, word));
	xg_peer = peer;
	while (f.script.left) {
		port = xg_fifo_next(&f.queues, &f.array);
		must(port < (int)XG_FIFO_PAGE_PORTS);
		must(port >= 0 || port == -EAGAIN || port == -EPROTO);
		if (port > 0) {
			word = xg_fifo_word(&f.array, port);
			must(word);
			xg_fifo_claim(word);
			xg_fifo_unmask(word);
		}
		word = xg_fifo_word(&f.array, next(&f.script, 4));
		if (word)
			xg_fifo_unmask(word);
	}
	/* Left alone, it comes to an end. */
	xg_peer = NULL;
	for (steps = 0; xg_fifo_next(&f.queues, &f.array); steps++)
		must(steps < XG_FIFO_PAGE_PORTS + EVTCHN_FIFO_MAX_QUEUES);
	free(f.array.pages[0]);
	return 0;
}
