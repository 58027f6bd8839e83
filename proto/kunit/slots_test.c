// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The slot table: what is handed out, and what a peer may claim to answer.
 */
#include <xg/proto/slots.h>

#include "kunit.h"

#define COUNT	5

static void slots_run_out(struct kunit *test)
{
	struct xg_slots slots;
	u16 next[COUNT];
	int i;

	xg_slots_init(&slots, next, COUNT);
	for (i = 0; i < COUNT; i++) {
		KUNIT_EXPECT_EQ(test, slots.free, COUNT - i);
		KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), i);
	}
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), -ENOSPC);
	KUNIT_EXPECT_EQ(test, slots.free, 0);
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, 3), 0);
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), 3);
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), -ENOSPC);
}

static void slots_of_none_and_all(struct kunit *test)
{
	const u32 all = XG_SLOTS_MAX;
	struct xg_slots slots;
	u16 *next;
	u32 i;

	xg_slots_init(&slots, NULL, 0);
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), -ENOSPC);
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, 0), -EPROTO);

	/* One too many is cut off: the last number means "busy". */
	next = kunit_kzalloc(test, all * sizeof(*next), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, next);
	xg_slots_init(&slots, next, XG_SLOTS_MAX + 1);
	for (i = 0; i < all; i++)
		KUNIT_ASSERT_EQ(test, xg_slots_get(&slots), (int)i);
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), -ENOSPC);
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, all), -EPROTO);
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, all - 1), 0);
}

static void slots_refuse_strangers(struct kunit *test)
{
	static const u64 ids[] = {
		COUNT, 1 /* free */, XG_SLOT_END, XG_SLOT_BUSY, 1ull << 16,
		1ull << 32, 1ull << 63, U64_MAX,
	};
	struct xg_slots slots;
	u16 next[COUNT];
	unsigned int i;

	xg_slots_init(&slots, next, COUNT);
	KUNIT_EXPECT_EQ(test, xg_slots_get(&slots), 0);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_FALSE(test, xg_slots_busy(&slots, ids[i]));
		KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, ids[i]), -EPROTO);
	}
	KUNIT_EXPECT_EQ(test, slots.free, COUNT - 1);
	KUNIT_EXPECT_TRUE(test, xg_slots_busy(&slots, 0));
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, 0), 0);
	/* The same answer twice. */
	KUNIT_EXPECT_FALSE(test, xg_slots_busy(&slots, 0));
	KUNIT_EXPECT_EQ(test, xg_slots_put(&slots, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, slots.free, COUNT);
}

/* Any order of gets and of true and false answers, against a plain array. */
static void slots_agree_with_a_model(struct kunit *test)
{
	bool busy[64] = {};
	u32 seed = 2, flying = 0;
	struct xg_slots slots;
	u16 next[64];
	int i, id;

	xg_slots_init(&slots, next, 64);
	for (i = 0; i < 20000; i++) {
		if (any(&seed) % 2) {
			id = xg_slots_get(&slots);
			KUNIT_ASSERT_EQ(test, id < 0, flying == 64);
			if (id < 0)
				continue;
			KUNIT_ASSERT_TRUE(test, id < 64 && !busy[id]);
			busy[id] = true;
			flying++;
		} else {
			id = any(&seed) % 66;
			KUNIT_ASSERT_EQ(test, !xg_slots_put(&slots, id),
					id < 64 && busy[id]);
			if (id >= 64 || !busy[id])
				continue;
			busy[id] = false;
			flying--;
		}
		KUNIT_ASSERT_EQ(test, slots.free, 64 - flying);
	}
}

static struct kunit_case slots_cases[] = {
	KUNIT_CASE(slots_run_out),
	KUNIT_CASE(slots_of_none_and_all),
	KUNIT_CASE(slots_refuse_strangers),
	KUNIT_CASE(slots_agree_with_a_model),
	{}
};

struct kunit_suite xg_slots_suite = {
	.name = "xg-slots",
	.test_cases = slots_cases,
};
