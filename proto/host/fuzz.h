/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the fuzz targets share. The fuzzer's input is a script: what we do next,
 * and what the peer writes whenever the code under test is about to read.
 */
#ifndef XG_PROTO_FUZZ_H
#define XG_PROTO_FUZZ_H

#include <stdlib.h>

#include <xg/proto/types.h>

struct script {
	const u8 *data;
	size_t left;
};

/* The next @bytes of the script as a number; zeroes when it is over. */
static inline u64 next(struct script *s, unsigned int bytes)
{
	u64 n = 0;

	while (bytes--) {
		n <<= 8;
		if (s->left) {
			n |= *s->data++;
			s->left--;
		}
	}
	return n;
}

/* An index near @truth more often than not. */
static inline u32 next_index(struct script *s, u32 truth)
{
	return next(s, 1) & 3 ? truth + (s8)next(s, 1) : (u32)next(s, 4);
}

#define must(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

/* No corpus is kept: the fuzzer starts from a script of every byte in turn. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max,
			       unsigned int seed);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max,
			       unsigned int seed)
{
	size_t i;

	if (size > 1)
		return LLVMFuzzerMutate(data, size, max);
	for (i = 0; i < max && i < 1024; i++)
		data[i] = i * (seed | 1);
	return i;
}

#endif /* XG_PROTO_FUZZ_H */
