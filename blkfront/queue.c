// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path. Down: blk_queue_rq() → op → split → reserve (take pages, slot) →
 * share → encode → send → publish → notify. Up: xg_blk_irq() → take_answers →
 * claim → blk_mq_complete_request() → blk_complete() (unshare, give).
 *
 * Locking: the queue's lock, held only for the bookkeeping; copying and granting
 * are done between, on what the request has reserved. A queue dies once: from
 * then on no request enters it and none waits in it. A dead queue's interrupt
 * is not acknowledged, so a bad backend can raise no more.
 */
#define pr_fmt(fmt) "xg-blkfront: " fmt

#include "internal.h"

/* A new backend may have fewer queues than the disk began with. */
static struct xg_blk_queue *queue_of(const struct blk_mq_hw_ctx *hctx)
{
	struct xg_blk *blk = hctx->driver_data;

	return &blk->queues[hctx->queue_num % blk->nr_queues];
}

/* The operation that @req is on the wire. */
static int op_of(struct xg_blk *blk, struct request *req)
{
	switch (req_op(req)) {
	case REQ_OP_READ:
		return BLKIF_OP_READ;
	case REQ_OP_WRITE:
		return BLKIF_OP_WRITE;
	case REQ_OP_FLUSH:
		return READ_ONCE(blk->flush_op) ?: -EOPNOTSUPP;
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
		return BLKIF_OP_DISCARD;
	default:
		return -EOPNOTSUPP;
	}
}

/* What the request needs of the queue, all or nothing. */
static int reserve(struct xg_blk_queue *q, struct xg_blk_cmd *cmd)
{
	int err = -EIO;
	int slot;

	spin_lock_irq(&q->lock);
	if (q->dead)
		goto out;
	err = -EBUSY;
	/* Fewer slots than tags are free only while answers are under way. */
	if (!q->slots.free || !xg_ring_room(&q->ring))
		goto full;
	err = xg_blk_take_pages(q, cmd);
	if (err)
		goto full;
	slot = xg_slots_get(&q->slots);
	cmd->slot = slot;
	q->busy++;
	goto out;
full:
	q->stats.full++;
out:
	spin_unlock_irq(&q->lock);
	return err;
}

/* A reserved request goes onto the ring; false where the queue has died. */
static bool send(struct xg_blk_queue *q, struct request *req,
		 const struct blkif_request *wire, bool last, bool *notify)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	bool sent = false;

	spin_lock_irq(&q->lock);
	if (!q->dead && !xg_ring_put(&q->ring, wire)) {
		q->sent[cmd->slot] = req;
		q->stats.requests++;
		q->stats.copied += cmd->nr_copied;
		sent = true;
	}
	*notify = last && xg_ring_publish(&q->ring);
	q->stats.notifications += *notify;
	spin_unlock_irq(&q->lock);
	return sent;
}

/* The request leaves the queue without an answer. */
static void cancel(struct xg_blk_queue *q, struct request *req)
{
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);

	xg_blk_unshare(req);
	spin_lock_irq(&q->lock);
	xg_slots_put(&q->slots, cmd->slot);
	xg_blk_give_pages(q, cmd);
	q->busy--;
	spin_unlock_irq(&q->lock);
}

/* Show what a batch has put, where its last request did not. */
static void publish(struct xg_blk_queue *q)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&q->lock, flags);
	notify = !q->dead && xg_ring_publish(&q->ring);
	q->stats.notifications += notify;
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		xg_evtchn_notify(q->ch);
}

static blk_status_t refuse(struct xg_blk_queue *q, int err)
{
	switch (err) {
	case -EBUSY:	/* an answer gives it back, and runs the queue again */
		return q->blk->nr_queues < q->blk->tags.nr_hw_queues ?
		       BLK_STS_RESOURCE : BLK_STS_DEV_RESOURCE;
	case -ENOMEM:
		return BLK_STS_RESOURCE;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	case -EINVAL:
		pr_err_ratelimited("%s: a request does not keep to the queue's limits\n",
				   q->blk->place.name);
		break;
	}
	return BLK_STS_IOERR;
}

static blk_status_t blk_queue_rq(struct blk_mq_hw_ctx *hctx,
				 const struct blk_mq_queue_data *bd)
{
	struct xg_blk_queue *q = queue_of(hctx);
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(bd->rq);
	struct blkif_request wire;
	bool notify;
	int err;

	/* Made when there was a cache: this backend, a new one, has none. */
	if (req_op(bd->rq) == REQ_OP_FLUSH && !READ_ONCE(q->blk->flush_op)) {
		blk_mq_start_request(bd->rq);
		blk_mq_end_request(bd->rq, BLK_STS_OK);
		return BLK_STS_OK;
	}
	err = op_of(q->blk, bd->rq);
	if (err < 0)
		goto refuse;
	cmd->op = err;
	cmd->status = BLK_STS_IOERR;
	err = xg_blk_split(q, bd->rq);
	if (err)
		goto refuse;
	err = reserve(q, cmd);
	if (err)
		goto refuse;

	blk_mq_start_request(bd->rq);
	xg_blk_share(q, bd->rq);
	err = xg_blk_encode(q, bd->rq, &wire);
	if (err)
		goto cancel;
	err = -EIO;
	if (!send(q, bd->rq, &wire, bd->last, &notify))
		goto cancel;
	if (notify)
		xg_evtchn_notify(q->ch);
	return BLK_STS_OK;

cancel:
	cancel(q, bd->rq);
refuse:
	return refuse(q, err);
}

static void blk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	publish(queue_of(hctx));
}

/* End those on the list; their answers, or the lack of one, are in ->status. */
static void end_all(struct xg_blk_cmd *cmd)
{
	struct xg_blk_cmd *next;

	for (; cmd; cmd = next) {
		next = cmd->next;
		blk_mq_complete_request(blk_mq_rq_from_pdu(cmd));
	}
}

/*
 * The queue takes no more requests, and those in it fail now. What the backend
 * can still reach is dealt with when each ends. Any context, any number of times.
 */
static void kill_queue(struct xg_blk_queue *q, bool poison)
{
	struct xg_blk_cmd *lost = NULL;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&q->lock, flags);
	q->poisoned |= poison && !q->dead;
	q->dead = true;
	for (i = 0; i < q->slots.count; i++) {
		struct xg_blk_cmd *cmd;

		if (!q->sent[i])
			continue;
		cmd = blk_mq_rq_to_pdu(q->sent[i]);
		q->sent[i] = NULL;
		xg_slots_put(&q->slots, i);
		cmd->status = BLK_STS_IOERR;
		cmd->next = lost;
		lost = cmd;
		q->stats.errors++;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	end_all(lost);
}

/**
 * xg_blk_kill_all() - nobody will answer any more
 * @blk: the disk
 *
 * Context: process.
 */
void xg_blk_kill_all(struct xg_blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++)
		kill_queue(&blk->queues[i], false);
	xg_blk_pause_end(blk);
}

/**
 * xg_blk_recall() - take back all that was asked and not answered
 * @q: the backend is no more, and can reach no page; no request enters
 * @requests: where they go, by queuelist, having nothing of the queue's
 *
 * The queue is dead then; what was answered may still be on its way out.
 *
 * Context: process.
 */
void xg_blk_recall(struct xg_blk_queue *q, struct list_head *requests)
{
	struct xg_blk_cmd *cmd;
	struct request *req;
	unsigned int i;

	spin_lock_irq(&q->lock);
	q->dead = true;
	for (i = 0; i < q->slots.count; i++) {
		req = q->sent[i];
		if (!req)
			continue;
		cmd = blk_mq_rq_to_pdu(req);
		q->sent[i] = NULL;
		xg_slots_put(&q->slots, i);
		cmd->status = BLK_STS_IOERR;
		xg_blk_unshare(req);
		xg_blk_give_pages(q, cmd);
		q->busy--;
		list_add_tail(&req->queuelist, requests);
	}
	spin_unlock_irq(&q->lock);
}

static void poison(struct xg_blk_queue *q, const char *why)
{
	pr_err_ratelimited("%s: queue %u: the backend %s; the queue is closed\n",
			   q->blk->place.name, q->nr, why);
	kill_queue(q, true);
}

/* The backend does not know the operation after all: go on without it. */
static blk_status_t unlearn(struct xg_blk *blk, struct request *req)
{
	switch (req_op(req)) {
	case REQ_OP_FLUSH:
		/* It has no cache to flush, as far as it can tell us. */
		set_bit(XG_BLK_NO_FLUSH, &blk->lost_features);
		schedule_work(&blk->care);
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		set_bit(XG_BLK_NO_DISCARD, &blk->lost_features);
		break;
	case REQ_OP_SECURE_ERASE:
		set_bit(XG_BLK_NO_ERASE, &blk->lost_features);
		break;
	default:
		return BLK_STS_IOERR;
	}
	schedule_work(&blk->care);
	return BLK_STS_NOTSUPP;
}

/* Which request does the answer end? Its slot is free then. */
static struct xg_blk_cmd *claim(struct xg_blk_queue *q,
				const struct blkif_response *rsp)
{
	struct xg_blk_cmd *cmd;
	struct request *req;
	int err;

	if (!xg_slots_busy(&q->slots, rsp->id) || !q->sent[rsp->id])
		return ERR_PTR(-EPROTO);
	req = q->sent[rsp->id];
	cmd = blk_mq_rq_to_pdu(req);
	err = xg_blk_check_response(rsp, cmd->op);
	switch (err) {
	case 0:
		cmd->status = BLK_STS_OK;
		break;
	case -EOPNOTSUPP:
		cmd->status = unlearn(q->blk, req);
		break;
	case -EIO:
		cmd->status = BLK_STS_IOERR;
		break;
	default:
		return ERR_PTR(-EPROTO);
	}
	q->stats.errors += cmd->status != BLK_STS_OK;
	q->sent[rsp->id] = NULL;
	xg_slots_put(&q->slots, rsp->id);
	return cmd;
}

/*
 * All answers there are, onto the list @done. The ring is the backend's memory:
 * copy, check, act. The lock is held, so no request is published meanwhile and
 * the loop ends. Returns how many, or -EPROTO.
 */
static int take_answers(struct xg_blk_queue *q, struct xg_blk_cmd **done)
{
	struct blkif_response rsp;
	struct xg_blk_cmd *cmd;
	int count = 0;
	int err;

	do {
		while ((err = xg_ring_take(&q->ring, &rsp)) > 0) {
			cmd = claim(q, &rsp);
			if (IS_ERR(cmd))
				return PTR_ERR(cmd);
			cmd->next = *done;
			*done = cmd;
			count++;
		}
		if (err < 0)
			return err;
		err = xg_ring_rearm(&q->ring);
		/* Found by looking again: its interrupt comes for nothing. */
		q->owed |= err;
	} while (err);
	return count;
}

/* Did an interrupt that found nothing come without a cause of ours? */
static bool spurious(struct xg_blk_queue *q, int found)
{
	if (found)
		return false;
	if (q->owed) {
		q->owed = false;
		return false;
	}
	q->stats.spurious++;
	return true;
}

/**
 * xg_blk_irq() - the backend has something to say
 * @irq: unused
 * @data: the queue
 *
 * A peer can make it run before xg_evtchn_open_unbound() has told us the
 * channel only by guessing the port; such a channel stays masked.
 *
 * Context: hard interrupt.
 * Return: IRQ_HANDLED.
 */
irqreturn_t xg_blk_irq(int irq, void *data)
{
	struct xg_blk_queue *q = data;
	struct xg_evtchn *ch = READ_ONCE(q->ch);
	struct xg_blk_cmd *done = NULL;
	unsigned int eoi = 0;
	unsigned long flags;
	bool dead, again;
	int found = 0;

	spin_lock_irqsave(&q->lock, flags);
	q->stats.interrupts++;
	dead = q->dead || !ch;
	if (!dead) {
		found = take_answers(q, &done);
		if (spurious(q, found))
			eoi = XG_EOI_SPURIOUS;
	}
	again = q->silent && found > 0;
	if (again)
		q->silent = false;
	spin_unlock_irqrestore(&q->lock, flags);

	if (again)
		pr_info_ratelimited("%s: queue %u: the backend answers again\n",
				    q->blk->place.name, q->nr);
	end_all(done);
	if (found < 0)
		poison(q, "sent an answer to nothing we asked");
	else if (!dead)
		xg_evtchn_eoi(ch, eoi);
	return IRQ_HANDLED;
}

/* An answered request gives back what it took, and ends. */
static void blk_complete(struct request *req)
{
	struct xg_blk_queue *q = queue_of(req->mq_hctx);
	struct xg_blk_cmd *cmd = blk_mq_rq_to_pdu(req);
	blk_status_t status = cmd->status;
	unsigned long flags;
	bool clean, dead;

	clean = xg_blk_unshare(req);
	spin_lock_irqsave(&q->lock, flags);
	xg_blk_give_pages(q, cmd);
	q->busy--;
	dead = q->dead;
	spin_unlock_irqrestore(&q->lock, flags);

	/* One that was given up may well be mapped still; an answered one not. */
	if (!clean && !dead) {
		poison(q, "keeps pages of a request it has answered");
		status = BLK_STS_IOERR;
	}
	blk_mq_end_request(req, status);
}

/*
 * No answer for long: ask again, look again, and see whether there is anybody
 * to answer. As long as there is, the request waits: it may still be carried
 * out, and a write that was given up must not come after a later one. Who cannot
 * wait detaches the disk or unbinds it from the driver.
 */
static enum blk_eh_timer_return blk_timeout(struct request *req)
{
	struct xg_blk_queue *q = queue_of(req->mq_hctx);
	unsigned long flags;
	bool dead, first;

	spin_lock_irqsave(&q->lock, flags);
	dead = q->dead;
	first = !dead && !q->silent;
	q->silent = true;
	q->stats.timeouts++;
	q->stats.notifications += !dead;
	q->owed = true;
	if (!dead)
		xg_ring_publish(&q->ring);
	spin_unlock_irqrestore(&q->lock, flags);
	if (first)
		pr_warn_ratelimited("%s: queue %u: no answer in %u s, asking again and waiting on\n",
				    q->blk->place.name, q->nr,
				    jiffies_to_msecs(req->timeout) / 1000);
	if (!dead) {
		xg_evtchn_notify(q->ch);
		xg_evtchn_kick(q->ch);
	}
	schedule_work(&q->blk->care);
	return BLK_EH_RESET_TIMER;
}

static int blk_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int nr)
{
	hctx->driver_data = data;
	return 0;
}

const struct blk_mq_ops xg_blk_mq_ops = {
	.queue_rq = blk_queue_rq,
	.commit_rqs = blk_commit_rqs,
	.complete = blk_complete,
	.timeout = blk_timeout,
	.init_hctx = blk_init_hctx,
};

/**
 * xg_blk_idle() - has the backend nothing to do, or does it do something?
 * @blk: the disk
 * @answered: how many requests it had answered when last asked; updated
 *
 * Return: true where no request is under way or one was answered since.
 */
bool xg_blk_idle(struct xg_blk *blk, u64 *answered)
{
	u64 before = *answered;
	bool waiting = false;
	unsigned int i;

	*answered = 0;
	for (i = 0; i < blk->nr_queues; i++) {
		struct xg_blk_queue *q = &blk->queues[i];

		spin_lock_irq(&q->lock);
		waiting |= q->slots.free != q->slots.count;
		*answered += q->stats.requests - (q->slots.count - q->slots.free);
		spin_unlock_irq(&q->lock);
	}
	return !waiting || *answered != before;
}
