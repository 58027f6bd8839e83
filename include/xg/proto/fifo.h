/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * FIFO event channels: a word for each port, and for each vCPU and priority a
 * queue, linked through the words of the ports that are in it.
 *
 * Xen puts a port at the end of a queue when its event comes, unless the port is
 * masked or in a queue already. We take ports from the front. A port that is not
 * pending, or masked, when it gets there is dropped; whoever unmasks it has Xen
 * put it in again. Words and control blocks are Xen's to change at any time; one
 * processor at a time may take from a vCPU's queues.
 */
#ifndef XG_PROTO_FIFO_H
#define XG_PROTO_FIFO_H

#include <xg/proto/abi.h>

#define XG_FIFO_PAGE_PORTS	1024u	/* words in a page */
#define XG_FIFO_PAGES		(EVTCHN_FIFO_NR_CHANNELS / XG_FIFO_PAGE_PORTS)

#define XG_FIFO_PENDING		((u32)1 << EVTCHN_FIFO_PENDING)
#define XG_FIFO_MASKED		((u32)1 << EVTCHN_FIFO_MASKED)
#define XG_FIFO_LINKED		((u32)1 << EVTCHN_FIFO_LINKED)
#define XG_FIFO_BUSY		((u32)1 << EVTCHN_FIFO_BUSY)
#define XG_FIFO_LINK		((u32)EVTCHN_FIFO_LINK_MASK)

/**
 * struct xg_fifo_array - the words
 * @pages: of XG_FIFO_PAGE_PORTS words each
 * @ports: how many have a word
 */
struct xg_fifo_array {
	u32 *pages[XG_FIFO_PAGES];
	u32 ports;
};

/**
 * struct xg_fifo_queues - what one vCPU has to take
 * @control: shared with Xen
 * @ready: priorities whose queue is not empty, as bits
 * @head: of each, the port to take next; 0: @control knows
 */
struct xg_fifo_queues {
	struct evtchn_fifo_control_block *control;
	u32 ready;
	u32 head[EVTCHN_FIFO_MAX_QUEUES];
};

/* In no queue, masked; pending stays. For a page that Xen does not queue from. */
void xg_fifo_quiet_page(u32 *page);
/* One page more: 0, -ENOSPC. Callers are serialised, readers need nothing. */
int xg_fifo_add_page(struct xg_fifo_array *array, u32 *page);
/* The word of a port, NULL where it has none. */
u32 *xg_fifo_word(const struct xg_fifo_array *array, u32 port);

/* No event of this port is put into a queue from now on. */
void xg_fifo_mask(u32 *word);
/* The contrary; true: Xen must be asked (EVTCHNOP_unmask) to do the rest. */
bool xg_fifo_unmask(u32 *word);
/* Masks and takes the event; where there is none, does nothing. */
bool xg_fifo_claim(u32 *word);
/* As if an event had come, or none; queues stay as they are. */
void xg_fifo_set_pending(u32 *word);
void xg_fifo_clear_pending(u32 *word);

/*
 * One step: the port at the front, which has an event; 0: nothing is queued.
 * -EAGAIN: nothing came of this step, -EPROTO: a link led nowhere and its queue
 * was given up; in both cases there may be more.
 */
int xg_fifo_next(struct xg_fifo_queues *queues,
		 const struct xg_fifo_array *array);

#endif /* XG_PROTO_FIFO_H */
