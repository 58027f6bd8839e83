/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Comes before every file of a host build: a peer that acts just before each
 * READ_ONCE() and virt_cmpxchg() of the code under test. What is read twice is
 * then two values.
 */
#ifndef XG_PROTO_PEER_H
#define XG_PROTO_PEER_H

#define XG_PEER_ACTS

extern void (*xg_peer)(void *arg);
extern void *xg_peer_arg;

#define READ_ONCE(x) ({					\
	if (xg_peer)						\
		xg_peer(xg_peer_arg);				\
	__atomic_load_n(&(x), __ATOMIC_RELAXED); })

#define virt_cmpxchg(p, old, v) ({				\
	__auto_type expected_ = (old);				\
								\
	if (xg_peer)						\
		xg_peer(xg_peer_arg);				\
	__atomic_compare_exchange_n((p), &expected_, (v), 0,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); })

#endif /* XG_PROTO_PEER_H */
