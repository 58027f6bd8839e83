// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two domains talk, as libxenvchan has them: a ring of bytes each way in two
 * pages of one, an event channel between them, and a byte and an event when one of
 * them dies. The same program is both ends, and each may be either:
 *
 *	vchan serve DOMAIN	shares the pages, says "REF REF PORT"
 *	vchan join DOMAIN REF REF PORT
 *	vchan			dom0's half of peer.sh, a host script of testbed/vm
 *
 * Both send MIB of numbers, compare what comes, and end when they have had as much.
 * With "die" as the last word: after half of it, by a signal, and the other end
 * is to find out.
 */
#include <dirent.h>
#include "../dev-test.h"

#define MIB	4
#define TOTAL	(MIB << 20)
#define RING	(PAGE - 64)

/* A page: one side writes prod and the bytes, the other cons. */
struct half {
	volatile __u32 prod, cons;
	volatile __u8 alive;		/* the one who writes here */
	__u8 pad[55];
	__u8 bytes[RING];
};

static int events;
static unsigned int port;
static struct half *out, *in;
static int dies;
static unsigned int sent, had;

static __u8 byte_at(unsigned int at)
{
	return at * 31 + (at >> 8) * 7 + (at >> 16);
}

static unsigned int send_some(void)
{
	unsigned int i, room = RING - (out->prod - out->cons);

	if (out->prod - out->cons > RING)
		die("the other end's index is impossible");
	if (room > TOTAL - sent)
		room = TOTAL - sent;
	for (i = 0; i < room; i++)
		out->bytes[(sent + i) % RING] = byte_at(sent + i);
	__sync_synchronize();
	sent += room;
	out->prod = sent;
	return room;
}

static unsigned int take_some(void)
{
	unsigned int i, there = in->prod - had;

	if (there > RING)
		die("the other end's index is impossible");
	__sync_synchronize();
	for (i = 0; i < there; i++)
		if (in->bytes[(had + i) % RING] != byte_at(had + i))
			die("byte %u is not what was sent", had + i);
	__sync_synchronize();
	had += there;
	in->cons = had;
	return there;
}

/* Until both have had all; what an event says is looked at after it is unmasked. */
static void talk(void)
{
	unsigned int moved;

	while (sent < TOTAL || had < TOTAL || out->cons != TOTAL) {
		moved = send_some();
		moved += take_some();
		if (dies && had > TOTAL / 2)
			raise(SIGKILL);
		if (moved) {
			CHECK(!notify(events, port));
			continue;
		}
		if (!in->alive)
			break;
		if (!fired(events, PATIENCE))
			die("silence at %u sent, %u had", sent, had);
		unmask(events, port);
	}
	if (had == TOTAL && sent == TOTAL) {
		printf("all\n");
		return;
	}
	/* It wrote before it died: that counts. */
	CHECK(had > 0);
	printf("it died\n");
}

/* Pages of ours; the second is what the other end writes. */
static void serve(unsigned int dom, unsigned int *refs)
{
	struct {
		struct ioctl_gntalloc_alloc_gref op;
		__u32 more;
	} arg = {
		.op = { .domid = dom, .count = 2,
			.flags = GNTALLOC_FLAG_WRITABLE },
	};
	struct ioctl_gntalloc_unmap_notify n = {
		.action = UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT,
	};
	int fd = device("gntalloc", 0), nr;

	CHECK(!ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &arg));
	memcpy(refs, (char *)&arg + offsetof(typeof(arg.op), gref_ids), 8);
	out = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   arg.op.index);
	CHECK(out != MAP_FAILED);
	in = out + 1;
	out->alive = 1;
	in->alive = 1;
	nr = bind_unbound(events, dom);
	CHECK(nr > 0);
	port = nr;
	n.index = arg.op.index + offsetof(struct half, alive);
	n.event_channel_port = port;
	CHECK(!ioctl(fd, IOCTL_GNTALLOC_SET_UNMAP_NOTIFY, &n));
}

static void join(unsigned int dom, const unsigned int *refs,
		 unsigned int remote)
{
	struct {
		struct ioctl_gntdev_map_grant_ref op;
		struct ioctl_gntdev_grant_ref more;
	} arg = { .op = { .count = 2 } };
	struct ioctl_gntdev_grant_ref *to = arg.op.refs;
	struct ioctl_gntdev_unmap_notify n = {
		.action = UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT,
	};
	int fd = device("gntdev", 0), nr;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		to[i].domid = dom;
		to[i].ref = refs[i];
	}
	CHECK(!ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &arg));
	in = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  arg.op.index);
	if (in == MAP_FAILED)
		die("the other end's pages");
	out = in + 1;
	nr = bind_interdomain(events, dom, remote);
	if (nr <= 0)
		die("the other end's port %u", remote);
	port = nr;
	n.index = arg.op.index + PAGE + offsetof(struct half, alive);
	n.event_channel_port = port;
	CHECK(!ioctl(fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &n));
}

/* --- dom0's half -------------------------------------------------------- */

#define MARKS	"/mnt/xg/run/marks"

/* Wait for the mark "@name.NUMBER..." -> its numbers. */
static void wait_mark(const char *name, unsigned int *numbers)
{
	size_t len = strlen(name);
	struct dirent *entry;
	int tries, found;
	DIR *dir;

	for (tries = 0; tries < 1200; tries++) {
		dir = opendir(MARKS);
		found = 0;
		while (dir && !found && (entry = readdir(dir)))
			found = !strncmp(entry->d_name, name, len) &&
				entry->d_name[len] == '.' &&
				sscanf(entry->d_name + len, ".%u.%u.%u",
				       numbers, numbers + 1, numbers + 2) > 0;
		if (dir)
			closedir(dir);
		if (found)
			return;
		usleep(200000);
	}
	die("no mark %s", name);
}

static void say(const char *fmt, ...)
{
	char command[128] = "tell ";
	va_list args;

	va_start(args, fmt);
	vsnprintf(command + 5, sizeof(command) - 5, fmt, args);
	va_end(args);
	if (system(command))
		die("%s", command);
}

/* Pages for the guest's own tests, see dev-grants.c; until we end. */
static void lend(unsigned int guest)
{
	enum { MANY = 600 };
	static struct {
		struct ioctl_gntalloc_alloc_gref op;
		__u32 more[MANY];
	} arg;
	static char command[8 * MANY + 128];
	int fd = device("gntalloc", 0), i, at;
	__u32 *refs = (void *)((char *)&arg +
			       offsetof(typeof(arg.op), gref_ids));
	unsigned char *p;

	at = snprintf(command, sizeof(command),
		      "xenstore-write /local/domain/%u/data/xg-pages '", guest);
	for (i = 0; i <= MANY; i++) {
		if (i && i < MANY) {
			at += sprintf(command + at, "%u ", refs[i]);
			continue;
		}
		memset(&arg, 0, sizeof(arg));
		arg.op.domid = guest;
		arg.op.count = i ? 1 : MANY;
		arg.op.flags = i ? 0 : GNTALLOC_FLAG_WRITABLE;
		CHECK(!ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &arg));
		p = mmap(NULL, arg.op.count * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, arg.op.index);
		CHECK(p != MAP_FAILED);
		for (__u32 n = 0; n < arg.op.count; n++) {
			int number = i + n;

			memcpy(p + n * PAGE, &number, sizeof(number));
		}
		at += sprintf(command + at, "%u ", refs[0]);
	}
	sprintf(command + at, "'");
	CHECK(!system(command));
}

static void begin(void)
{
	close(events);
	events = device("evtchn", 0);
	sent = 0;
	had = 0;
}

static void dom0(unsigned int guest)
{
	static const char *const rounds[] = { "all", "die" };
	unsigned int i, n[3];
	char name[32];

	lend(guest);
	say("vchan");
	for (i = 0; i < 2; i++) {
		/* The guest serves, then we do. */
		begin();
		snprintf(name, sizeof(name), "vchan-%s", rounds[i]);
		wait_mark(name, n);
		join(guest, n, n[2]);
		talk();
		munmap(in, 2 * PAGE);
		begin();
		serve(guest, n);
		say("vchan-%s.%u.%u.%u", rounds[i], n[0], n[1], port);
		talk();
		munmap(out, 2 * PAGE);
	}
	say("vchan-done");
	/* The pages are wanted until then. */
	while (access(MARKS "/tests-done", F_OK))
		usleep(200000);
}

int main(int argc, char **argv)
{
	unsigned int refs[2];

	setvbuf(stdout, NULL, _IOLBF, 0);
	dies = argc > 1 && !strcmp(argv[argc - 1], "die");
	argc -= dies;
	events = device("evtchn", 0);
	if (argc == 1 && getenv("GUEST_ID")) {
		dom0(atoi(getenv("GUEST_ID")));
	} else if (argc == 3 && !strcmp(argv[1], "serve")) {
		serve(atoi(argv[2]), refs);
		printf("%u.%u.%u\n", refs[0], refs[1], port);
		talk();
	} else if (argc == 6 && !strcmp(argv[1], "join")) {
		refs[0] = atoi(argv[3]);
		refs[1] = atoi(argv[4]);
		join(atoi(argv[2]), refs, atoi(argv[5]));
		printf("joined\n");
		talk();
	} else {
		fprintf(stderr, "vchan serve DOMAIN | join DOMAIN REF REF PORT\n");
		return 1;
	}
	return 0;
}
