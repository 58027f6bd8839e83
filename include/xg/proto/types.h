/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The little that the protocol code asks of its surroundings: integer types,
 * errno values, memcpy, and access to memory that another processor changes.
 * In Linux these are the kernel's; elsewhere the few below, by the same names.
 * A port to another system writes its own branch here and nothing else.
 */
#ifndef XG_PROTO_TYPES_H
#define XG_PROTO_TYPES_H

#ifdef __KERNEL__

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>

#else /* a program on a Linux host */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define EXPORT_SYMBOL_GPL(name)	static_assert(sizeof(__typeof__(name) *))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define min(a, b)	({ __auto_type _a = (a); __auto_type _b = (b); \
			   _a < _b ? _a : _b; })
#define max(a, b)	({ __auto_type _a = (a); __auto_type _b = (b); \
			   _a > _b ? _a : _b; })

/* One access, neither torn, repeated nor left out. A test may bring its own. */
#ifndef READ_ONCE
#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#endif
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* Towards another domain: on hardware, even in a build for one CPU. */
#define barrier()	__atomic_signal_fence(__ATOMIC_SEQ_CST)
#define virt_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST) /* all */
#define virt_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE) /* reads */
#define virt_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE) /* writes */
#define virt_load_acquire(p) /* this read before all that follows */ \
	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define virt_store_release(p, v) /* all that came before, then this write */ \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

#endif /* __KERNEL__ */

/*
 * Read, change and write in one go, ordered with all around it. Not the kernel's
 * own: those leave the lock prefix out where Linux has one CPU, and the other
 * side may be on another.
 */
#define virt_or(p, bits)	/* -> what was there */ \
	__atomic_fetch_or((p), (bits), __ATOMIC_SEQ_CST)
#define virt_and(p, bits)	/* -> what was there */ \
	__atomic_fetch_and((p), (bits), __ATOMIC_SEQ_CST)
#define virt_xchg(p, v)		/* -> what was there */ \
	__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
/* @v if @old is there -> was it? A test may bring its own. */
#ifndef virt_cmpxchg
#define virt_cmpxchg(p, old, v) ({					\
	__auto_type expected_ = (old);					\
									\
	__atomic_compare_exchange_n((p), &expected_, (v), false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); })
#endif

#endif /* XG_PROTO_TYPES_H */
