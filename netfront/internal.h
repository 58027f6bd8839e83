/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One interface (struct xg_net) and its queues.
 *
 * A queue is a transmit ring, a receive ring and one NAPI instance that serves
 * both. The transmit side has a lock; the receive side belongs to NAPI, and to
 * the handshake while NAPI is off. Queues are there for good, as many as there
 * may ever be; a connection fills the first @nr_queues of them and empties them
 * again, under the rtnl lock where the kernel's view of the interface changes.
 *
 * Order of locks: the xenbus device's, rtnl, the stack's transmit lock or address
 * lock, a queue's transmit lock.
 */
#ifndef XG_NETFRONT_INTERNAL_H
#define XG_NETFRONT_INTERNAL_H

#include <linux/bpf.h>
#include <linux/completion.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <xg/evtchn.h>
#include <xg/grant.h>
#include <xg/proto/net.h>
#include <xg/proto/ring.h>
#include <xg/proto/slots.h>
#include <xg/xenbus.h>
#include <net/xdp.h>
#include <compat/net.h>

#define XG_NET_QUEUES_MAX	8u
#define XG_NET_RING_SLOTS	256	/* one page, either direction */
/* A frame's 16 bits on the wire, and the longest header before its payload. */
#define XG_NET_MTU_MAX		(XEN_NETIF_MAX_TX_SIZE - VLAN_ETH_HLEN)
/* A packet up to this is copied to one page that the backend has already. */
#define XG_NET_TX_COPY		2048u
/* One up to this is copied out, and its page goes back as it is. */
#define XG_NET_RX_COPY		256u
/* A frame that a program can see: one page less what XDP keeps free in it. */
#define XG_NET_XDP_LEN		(SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM)
#define XG_NET_XDP_MTU		((int)(XG_NET_XDP_LEN - VLAN_ETH_HLEN))
/* What Toeplitz needs for two IPv6 addresses and two ports; entries of a table. */
#define XG_NET_HASH_KEY		40u
#define XG_NET_HASH_TABLE_MAX	128u

struct xg_net;
struct bpf_prog;
struct page_pool;

/*
 * What one event channel brings. With one channel for both directions the
 * receive side's is used for both.
 */
struct xg_net_event {
	struct xg_evtchn *ch;
	char name[32];
	unsigned long fired;	/* bit 0: delivered, and not yet acknowledged */
	bool found;		/* since then, work for it */
	bool owed;		/* one is due that will find nothing, by our doing */
};

/* A data slot of the transmit ring, by its id. */
struct xg_net_tx_slot {
	struct page *own;	/* for copies, granted for good */
	grant_ref_t own_ref;
	struct page *lent;	/* of the packet, granted while it is sent */
	grant_ref_t lent_ref;
	u16 next;		/* of the packet, or XG_SLOT_END */
	u16 head;		/* of the packet */
	bool sent;		/* and not yet answered */
	/* of the first slot of a packet */
	u16 unanswered;
	u16 bytes;		/* 0: no packet, but a message about groups */
	bool failed;
	bool mcast;
	bool wanted;		/* the answer: see answers.c */
	struct sk_buff *skb;	/* or none: a frame of XDP's, copied */
};

struct xg_net_tx_stats {
	u64 packets;		/* that the backend says it has sent */
	u64 bytes;
	u64 drops;		/* by us: no memory, no queue */
	u64 errors;		/* by the backend */
	u64 notifications;
	u64 interrupts;
	u64 full;		/* times it was stopped */
	u64 copied;		/* packets that were copied whole */
	u64 xdp;		/* frames sent by a program, here or elsewhere */
};

struct xg_net_rx_stats {
	u64 packets;		/* for the stack, or seen by a program */
	u64 bytes;
	u64 drops;		/* by us: no memory, too large for a program */
	u64 errors;		/* no packets that could be used */
	u64 notifications;
	u64 interrupts;
	u64 spurious;
	u64 copied;
	u64 hashed;		/* came with a hash that was used */
	u64 xdp_pass;		/* what programs came to */
	u64 xdp_drops;
	u64 xdp_tx;
	u64 xdp_redirects;
	u64 xdp_errors;		/* aborted, or what they asked for failed */
	u64 xdp_large;		/* never shown to one, and dropped */
};

/* When events for answers are asked for; NAPI's, but for the timer. */
struct xg_net_answers {
	bool deferred;			/* they are found beside packets */
	bool alone;			/* the last were not, so far */
	bool urgent;			/* somebody waited for one */
	unsigned int wanted;		/* in flight, somebody may wait; tx.lock */
	bool pressed;			/* put, and is about to; tx.lock */
	unsigned long when;		/* in jiffies */
	int sure;			/* that it is a conversation */
	struct timer_list linger;	/* it was none */
};

struct xg_net_tx_side {
	spinlock_t lock;	/* of all that follows, but for answers */
	struct xg_ring ring;
	void *ring_mem;
	grant_ref_t ring_ref;
	struct xg_slots slots;
	u16 *next_slot;
	struct xg_net_tx_slot *slot;
	struct xg_grant_pool refs;
	unsigned int extras;	/* unanswered */
	struct xg_net_event *event;
	struct xg_net_answers answers;
	struct xg_net_tx_stats stats;
};

/* The page behind a slot of the receive ring; its number is its id. */
struct xg_net_rx_buf {
	struct page *page;
	grant_ref_t ref;
};

struct xg_net_rx_side {
	struct xg_ring ring;
	void *ring_mem;
	grant_ref_t ring_ref;
	struct xg_net_rx_buf *buf;
	struct xg_grant_pool refs;
	struct page_pool *pool;
	struct timer_list refill;	/* when there was no memory */
	struct xg_net_rx chain;
	struct sk_buff *skb;		/* what there is of the chain's packet */
	bool drop;			/* the chain's packet goes nowhere */
	struct xg_net_event *event;
	struct xg_net_rx_stats stats;
};

/* What a program is given; NAPI's, as the receive side. */
struct xg_net_xdp {
	struct page_pool *pool;		/* of pages no backend ever reaches */
	struct xdp_rxq_info rxq;
	struct page *page;		/* for this packet or the next, or NULL */
	unsigned int len;		/* of the chain's packet so far, in it */
	bool redirected;		/* since the last flush */
	bool sent;
};

struct xg_net_queue {
	struct xg_net *net;
	unsigned int nr;
	struct napi_struct napi;
	bool polling;		/* NAPI is on; process context only */
	bool dead;		/* nothing goes in or out any more */
	bool poisoned;		/* dead by the backend's fault */
	struct xg_net_event events[2];	/* receive and, where split, transmit */
	struct xg_net_tx_side tx;
	struct xg_net_rx_side rx;
	struct xg_net_xdp xdp;
} ____cacheline_aligned_in_smp;

enum xg_net_ctrl_state {
	XG_NET_CTRL_NONE,	/* there is no ring, or it is being set up */
	XG_NET_CTRL_READY,
	XG_NET_CTRL_DEAD,	/* by the backend's fault, until it connects anew */
};

/* The control ring, and the hash that was set up through it. */
struct xg_net_ctrl {
	enum xg_net_ctrl_state state;
	bool ending;		/* nobody waits any more */
	void *mem;		/* the ring's page, and one for keys and tables */
	grant_ref_t refs[2];
	struct xg_ring ring;
	u16 id;			/* of the last request */
	struct xg_evtchn *ch;	/* or NULL: no ring in this connection */
	char name[32];
	struct completion called;
	struct work_struct setup;
	bool hashing;		/* Toeplitz; else the backend does as it likes */
	/* What follows is kept over connections, for the next that has a hash. */
	bool known;		/* there was one */
	u32 types;		/* XEN_NETIF_CTRL_HASH_TYPE_* */
	u8 key[XG_NET_HASH_KEY];
	unsigned int table_size;	/* 0: the remainder by the queues */
	u32 table[XG_NET_HASH_TABLE_MAX];
	bool chosen;		/* the table is the user's */
};

struct xg_net {
	struct net_device *dev;
	struct xg_xenbus_device *xdev;
	struct xg_net_queue *queues;	/* XG_NET_QUEUES_MAX */
	unsigned int nr_queues;		/* of this connection */
	unsigned int max_queues;	/* of the backend */
	unsigned int wanted_queues;	/* by ethtool; 0: as many as can be */
	struct work_struct renew;	/* the connection, with other parameters */
	struct work_struct filter;	/* of multicast groups: on or off */
	struct delayed_work announce;	/* where we are now */
	struct xg_net_ctrl ctrl;
	bool renewing;			/* under the xenbus device's lock */
	bool was_live;
	bool bounce;			/* never lend a page of somebody else's */
	bool split;
	netdev_features_t offered;	/* by the backend */
	bool can_filter;		/* the backend has a list of groups */
	bool flood;			/* every group's packets are wanted */
	bool filter_failed;		/* its list is full, or ours to it */
	bool plain;			/* it is to send nothing large or blank */
	struct bpf_prog __rcu *prog;	/* rtnl */
	bool live;			/* connected; rtnl, and readers' hints */
	bool link;			/* the backend's carrier key */
	struct dentry *debugfs;
};

/* As many as a connection can have now; 0 before the first. */
static inline unsigned int xg_net_max_queues(const struct xg_net *net)
{
	return min3(READ_ONCE(net->max_queues), num_online_cpus(),
		    XG_NET_QUEUES_MAX);
}

/* Is there a program that every packet is shown to? */
static inline bool xg_net_xdp_on(const struct xg_net *net)
{
	return rcu_access_pointer(net->prog);
}

/* Is the backend to look at its list of groups? If not it sends every group's. */
static inline bool xg_net_filters(const struct xg_net *net)
{
	return net->can_filter && !READ_ONCE(net->flood) &&
	       !READ_ONCE(net->filter_failed);
}

/* main.c */
extern bool xg_net_trusted;
void xg_net_disconnect(struct xg_net *net);

/* handshake.c */
extern const struct xg_step xg_net_steps[];
extern const unsigned int xg_net_nr_steps;
void xg_net_renew(struct work_struct *work);
void xg_net_forget_keys(struct xg_net *net);
void xg_net_read_link(struct xg_net *net);

/* ctrl.c */
void xg_net_ctrl_init(struct xg_net *net);
int xg_net_ctrl_alloc(struct xg_net *net);
void xg_net_ctrl_start(struct xg_net *net);
void xg_net_ctrl_end(struct xg_net *net);
void xg_net_ctrl_free(struct xg_net *net);
bool xg_net_is_hashing(const struct xg_net *net);
bool xg_net_hash_known(const struct xg_net *net);
void xg_net_hash_switch(struct xg_net *net);
int xg_net_hash_change(struct xg_net *net, const u8 *key, const u32 *table);
void xg_net_hash_off(struct xg_net *net);

/* queue.c: what a queue owns, its NAPI, its end */
int xg_net_queues_make(struct xg_net *net);
void xg_net_queues_unmake(struct xg_net *net);
int xg_net_queues_alloc(struct xg_net *net);
void xg_net_queues_start(struct xg_net *net);
void xg_net_queues_rest(struct xg_net *net);
void xg_net_queues_go_on(struct xg_net *net);
void xg_net_queues_stop(struct xg_net *net);
void xg_net_queues_free(struct xg_net *net);
void xg_net_kill(struct xg_net_queue *q);
void xg_net_poison(struct xg_net_queue *q, const char *why);
void xg_net_found(struct xg_net_event *event, bool more);

/* answers.c */
void xg_net_answers_init(struct xg_net_queue *q);
void xg_net_answers_stop(struct xg_net_queue *q);
bool xg_net_answers_wanted(struct xg_net_queue *q, const struct sk_buff *skb);
void xg_net_answers_got(struct xg_net_queue *q, const struct sk_buff *skb);
void xg_net_answers_learn(struct xg_net_queue *q, bool answers, bool packets);
bool xg_net_answers_ask(struct xg_net_queue *q);
void xg_net_answers_sent(struct xg_net_queue *q);

/* As the stack sees the queue's transmit side */
static inline struct netdev_queue *xg_net_txq(struct xg_net_queue *q)
{
	return netdev_get_tx_queue(q->net->dev, q->nr);
}

/* tx.c */
int xg_net_tx_alloc(struct xg_net_queue *q);
void xg_net_tx_free(struct xg_net_queue *q);
netdev_tx_t xg_net_xmit(struct sk_buff *skb, struct net_device *dev);
int xg_net_tx_frame(struct xg_net_queue *q, const void *data, unsigned int len);
void xg_net_tx_flush(struct xg_net_queue *q);
bool xg_net_tx_mcast(struct xg_net_queue *q, const u8 *addr, bool add);
int xg_net_tx_poll(struct xg_net_queue *q, int budget);
void xg_net_tx_drop(struct xg_net_queue *q);

/* rx.c */
int xg_net_rx_alloc(struct xg_net_queue *q);
void xg_net_rx_free(struct xg_net_queue *q);
int xg_net_rx_poll(struct xg_net_queue *q, int budget);
void xg_net_rx_refill(struct xg_net_queue *q);

/* xdp.c */
int xg_net_xdp_alloc(struct xg_net_queue *q);
void xg_net_xdp_free(struct xg_net_queue *q);
bool xg_net_xdp_add(struct xg_net_queue *q, const void *data, unsigned int len);
struct sk_buff *xg_net_xdp_run(struct xg_net_queue *q);
void xg_net_xdp_flush(struct xg_net_queue *q);
int xg_net_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int xg_net_xdp_xmit(struct net_device *dev, int nr, struct xdp_frame **frames,
		    u32 flags);

/* netdev.c: what the kernel sees */
void xg_net_init_dev(struct net_device *dev);
bool xg_net_is_offered(const struct xg_net *net, struct sk_buff *skb);
u16 xg_net_csum_flags(struct sk_buff *skb);
struct xg_net_gso xg_net_gso_of(struct sk_buff *skb);
int xg_net_up(struct xg_net *net);
void xg_net_down(struct xg_net *net);
void xg_net_show_link(struct xg_net *net);
void xg_net_announce(struct work_struct *work);

/* mcast.c */
void xg_net_set_rx_mode(struct net_device *dev);
void xg_net_filter(struct work_struct *work);
void xg_net_mcast_restart(struct xg_net *net);
void xg_net_mcast_stop(struct xg_net *net);
void xg_net_mcast_failed(struct xg_net *net);

/* ethtool.c */
extern const struct ethtool_ops xg_net_ethtool_ops;

/* stats.c */
void xg_net_stats_init(void);
void xg_net_stats_exit(void);
void xg_net_stats_add(struct xg_net *net);
void xg_net_stats_remove(struct xg_net *net);

#endif /* XG_NETFRONT_INTERNAL_H */
