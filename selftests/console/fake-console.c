// SPDX-License-Identifier: GPL-2.0-only
/*
 * Console backends of our own making, in dom0, most of which lie. The host script
 * of hostile.sh:
 *
 *   testbed/vm --engine xen --guest-script ... --host-script fake-console
 *
 * One console after the other, as cases[] has them, as console 9 of the guest; each is
 * there from "up-NAME" being told until the mark "done-NAME". It sends back what it
 * gets, HONEST bytes; with the next ones it does what its name says.
 */
#include "../fake-backend.h"

#define CONSOLE		9
#define HONEST		5
#define EVENTS		20000
#define IN_SIZE		1024
#define OUT_SIZE	2048

struct con_page {
	char in[IN_SIZE];
	char out[OUT_SIZE];
	__u32 in_cons, in_prod, out_cons, out_prod;
};

static struct con_page *page;
static __u64 page_index;
static unsigned int port, got;

static const char *const cases[] = {
	"good", "in-many", "in-back", "out-many", "out-back", "flood", "mute",
	"keep", "die", NULL
};

static __u32 load(__u32 *index)
{
	return __atomic_load_n(index, __ATOMIC_SEQ_CST);
}

static void store(__u32 *index, __u32 value)
{
	__atomic_store_n(index, value, __ATOMIC_SEQ_CST);
}

/* True: some bytes went back. */
static bool echo(void)
{
	__u32 from = page->out_cons, to = load(&page->out_prod);
	__u32 in = page->in_prod;

	while (from != to && in - load(&page->in_cons) < IN_SIZE) {
		page->in[in++ % IN_SIZE] = page->out[from++ % OUT_SIZE];
		got++;
	}
	if (from == page->out_cons)
		return false;
	store(&page->in_prod, in);
	store(&page->out_cons, from);
	return true;
}

static void flood(void)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++)
		notify(port);
	echo();
}

static void lie(void)
{
	if (is("in-many"))
		store(&page->in_prod, page->in_cons + IN_SIZE + 1);
	else if (is("in-back"))
		store(&page->in_prod, page->in_cons - 1);
	else if (is("out-many"))
		store(&page->out_cons, page->out_prod + 1);
	else if (is("out-back"))
		store(&page->out_cons, page->out_prod - OUT_SIZE - 1);
	else if (is("flood"))
		flood();
	else if (!is("mute"))
		echo();
	notify(port);
}

static void serve_some(void)
{
	if (load(&page->out_prod) == page->out_cons)
		return;
	if (got >= HONEST)
		lie();
	else if (echo())
		notify(port);
}

static void one_case(const char *name)
{
	struct ioctl_evtchn_unbind op;
	int tries;

	mode = name;
	got = 0;
	make_places();
	make_offer("");
	make_known();
	if (!wait_front(3, 60))
		die("the frontend did not come");
	page = map(read_number("ring-ref"), PROT_READ | PROT_WRITE, &page_index);
	if (!page)
		die("the ring cannot be mapped");
	port = bind_port(read_number("port"));
	run("xenstore-write %s/state 4", back);
	run("tell up-%s", name);
	for (tries = 0; tries < 600 && !marked("done", name); tries++) {
		serve_some();
		wait_event(200);
	}
	printf("# %s: bytes %u\n", name, got);
	if (!is("die")) {
		run("xenstore-write %s/state 5", back);
		wait_closed(name);
	}
	if (is("keep"))
		keep(page, page_index);
	else
		unmap(page, page_index);
	op.port = port;
	ioctl(evtchn, IOCTL_EVTCHN_UNBIND, &op);
	if (!is("die"))
		run("xenstore-write %s/state 6", back);
	remove_places(name);
}

/* The test may come after others. */
static bool wait_begin(unsigned int seconds)
{
	for (; seconds; seconds--) {
		if (marked("begin", program) || marked("end", program))
			return true;
		sleep(1);
	}
	return false;
}

int main(void)
{
	unsigned int i;

	start("fake-console", "console", CONSOLE);
	if (!wait_begin(1200))
		die("nobody began");
	for (i = 0; cases[i] && !marked("end", program); i++)
		one_case(cases[i]);
	/* Until now it has held on to what it should have given back. */
	wait_event(3000);
	drop_kept();
	return 0;
}
