// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Gets and answers in any order, true and invented, against a plain array. */
#include <xg/proto/slots.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct script script = { data, size };
	u16 count = next(&script, 1);
	bool busy[256] = {};
	struct xg_slots slots;
	u16 flying = 0;
	u16 *entries = malloc(count * sizeof(*entries));

	xg_slots_init(&slots, entries, count);
	while (script.left) {
		u8 what = next(&script, 1);
		int ret;

		if (what & 1) {
			ret = xg_slots_get(&slots);
			must((ret == -ENOSPC) == (flying == count));
			if (ret >= 0) {
				must(ret < count && !busy[ret]);
				busy[ret] = true;
				flying++;
			}
		} else {
			u64 id = next(&script, what & 2 ? 1 : 8);
			bool known = id < count && busy[id];

			must(xg_slots_busy(&slots, id) == known);
			must(xg_slots_put(&slots, id) == (known ? 0 : -EPROTO));
			if (known) {
				busy[id] = false;
				flying--;
			}
		}
		must(slots.free == count - flying);
	}
	free(entries);
	return 0;
}
