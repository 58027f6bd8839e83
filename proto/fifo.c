// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * FIFO event channels, the guest's side of words and queues.
 *
 * A word is changed by Xen and by us at once: by locked instructions, each of
 * which does one thing. Where one may have to be repeated, the number of times
 * is limited and Xen or the next call does the rest. Links are read from words,
 * checked against the array's size, then followed. Start with xg_fifo_next().
 */
#include <xg/proto/fifo.h>

#define PRIORITIES	((1u << EVTCHN_FIFO_MAX_QUEUES) - 1)

/*
 * While a port is linked Xen changes its word three times at most: pending, the
 * link, busy. Where that is not enough, Xen is asked to unmask.
 */
#define MAX_TRIES	8

/**
 * xg_fifo_quiet_page() - make words those of ports that nobody listens to
 * @page: XG_FIFO_PAGE_PORTS words, zeroes or left by an earlier user
 *
 * Who left them may have known queues that nobody knows any more: a port that
 * stayed linked would never be queued again.
 *
 * Context: Any. Xen does not know the page yet, or its ports are masked.
 */
void xg_fifo_quiet_page(u32 *page)
{
	u32 i;

	for (i = 0; i < XG_FIFO_PAGE_PORTS; i++) {
		virt_or(&page[i], XG_FIFO_MASKED);
		virt_and(&page[i], XG_FIFO_PENDING | XG_FIFO_MASKED);
	}
}
EXPORT_SYMBOL_GPL(xg_fifo_quiet_page);

/**
 * xg_fifo_add_page() - words for more ports
 * @array: the words so far
 * @page: for the next XG_FIFO_PAGE_PORTS ports; stays where it is
 *
 * Context: Any, serialised; other calls may read @array meanwhile.
 * Return: 0, or -ENOSPC where there are no more ports.
 */
int xg_fifo_add_page(struct xg_fifo_array *array, u32 *page)
{
	u32 ports = array->ports;

	if (ports >= EVTCHN_FIFO_NR_CHANNELS)
		return -ENOSPC;
	array->pages[ports / XG_FIFO_PAGE_PORTS] = page;
	/* The page, then the number: pairs with xg_fifo_word(). */
	virt_store_release(&array->ports, ports + XG_FIFO_PAGE_PORTS);
	return 0;
}
EXPORT_SYMBOL_GPL(xg_fifo_add_page);

/**
 * xg_fifo_word() - the word of a port
 * @array: the words
 * @port: any number
 *
 * Context: Any.
 * Return: The word, or NULL where the port has none.
 */
u32 *xg_fifo_word(const struct xg_fifo_array *array, u32 port)
{
	/* Pairs with xg_fifo_add_page(). */
	if (port >= virt_load_acquire(&array->ports))
		return NULL;
	return &array->pages[port / XG_FIFO_PAGE_PORTS]
			    [port % XG_FIFO_PAGE_PORTS];
}
EXPORT_SYMBOL_GPL(xg_fifo_word);

/**
 * xg_fifo_mask() - no more events of a port
 * @word: its word
 *
 * Context: Any. It may be in a queue still; there it is dropped.
 */
void xg_fifo_mask(u32 *word)
{
	virt_or(word, XG_FIFO_MASKED);
}
EXPORT_SYMBOL_GPL(xg_fifo_mask);

/**
 * xg_fifo_unmask() - events of a port again
 * @word: its word
 *
 * The pending bit is that of the very moment of the unmask: what Xen sets later
 * it queues itself.
 *
 * Context: Any.
 * Return: true where Xen must be asked to unmask: there is an event that it has
 *         not queued, or it keeps the word busy.
 */
bool xg_fifo_unmask(u32 *word)
{
	unsigned int tries;
	u32 old;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		old = READ_ONCE(*word);
		/* Busy: Xen is linking and wants this bit to stay. */
		if (old & XG_FIFO_BUSY)
			continue;
		if (virt_cmpxchg(word, old, old & ~XG_FIFO_MASKED))
			return old & XG_FIFO_PENDING;
	}
	return true;
}
EXPORT_SYMBOL_GPL(xg_fifo_unmask);

/**
 * xg_fifo_claim() - mask a port and take its event
 * @word: its word
 *
 * Masked first, so that nothing is lost in between; not masked where there is no
 * event: who comes second owes no unmask.
 *
 * Context: Any; serialised for each port.
 * Return: true where there was one; of two callers it is one's.
 */
bool xg_fifo_claim(u32 *word)
{
	if (!(READ_ONCE(*word) & XG_FIFO_PENDING))
		return false;
	virt_or(word, XG_FIFO_MASKED);
	return virt_and(word, ~XG_FIFO_PENDING) & XG_FIFO_PENDING;
}
EXPORT_SYMBOL_GPL(xg_fifo_claim);

/**
 * xg_fifo_set_pending() - make an event
 * @word: the word of its port
 *
 * Context: Any. EVTCHNOP_unmask then has Xen queue it.
 */
void xg_fifo_set_pending(u32 *word)
{
	virt_or(word, XG_FIFO_PENDING);
}
EXPORT_SYMBOL_GPL(xg_fifo_set_pending);

/**
 * xg_fifo_clear_pending() - forget an event
 * @word: the word of its port
 *
 * Context: Any.
 */
void xg_fifo_clear_pending(u32 *word)
{
	virt_and(word, ~XG_FIFO_PENDING);
}
EXPORT_SYMBOL_GPL(xg_fifo_clear_pending);

static u32 first_bit(u32 bits)
{
	return __builtin_ctz(bits);
}

/* The word of the port at the front of @priority's queue, NULL: there is none. */
static u32 *front(struct xg_fifo_queues *queues, u32 priority,
		  const struct xg_fifo_array *array, u32 *port)
{
	*port = queues->head[priority];
	/* Xen writes the head when it finds the queue empty. */
	if (!*port)
		*port = READ_ONCE(queues->control->head[priority]);
	return *port ? xg_fifo_word(array, *port) : NULL;
}

/* The queue goes on with @port; 0: it is empty. */
static void go_on(struct xg_fifo_queues *queues, u32 priority, u32 port)
{
	queues->head[priority] = port;
	if (!port)
		queues->ready &= ~(1u << priority);
}

/**
 * xg_fifo_next() - take a port from the queue of the highest priority
 * @queues: a vCPU's
 * @array: the words of all ports
 *
 * From here on Xen may queue the port again: whoever claims its event takes what
 * came until then. A port that nobody has linked ends its queue, so one that
 * leads back into itself ends too.
 *
 * Context: Any, serialised for each vCPU.
 * Return: A port that is not masked and has an event; 0 where nothing is queued;
 *         -EAGAIN or -EPROTO where this step found none, but the next may.
 */
int xg_fifo_next(struct xg_fifo_queues *queues,
		 const struct xg_fifo_array *array)
{
	u32 priority, port, word, *at;

	/* Each step looks: what is more urgent need not wait. */
	if (READ_ONCE(queues->control->ready))
		queues->ready |= virt_xchg(&queues->control->ready, 0) &
				 PRIORITIES;
	if (!queues->ready)
		return 0;
	priority = first_bit(queues->ready);
	at = front(queues, priority, array, &port);
	word = at ? READ_ONCE(*at) : 0;
	if (!(word & XG_FIFO_LINKED)) {
		go_on(queues, priority, 0);
		return -EPROTO;
	}
	if (!virt_cmpxchg(at, word, word & ~(XG_FIFO_LINKED | XG_FIFO_LINK))) {
		queues->head[priority] = port;
		return -EAGAIN;
	}
	go_on(queues, priority, word & XG_FIFO_LINK);
	return word & XG_FIFO_PENDING && !(word & XG_FIFO_MASKED) ?
	       (int)port : -EAGAIN;
}
EXPORT_SYMBOL_GPL(xg_fifo_next);
