// SPDX-License-Identifier: GPL-2.0-only
/*
 * load DOMID KERNEL INITRD CMDLINE-FILE: put a Linux kernel into an HVM guest.
 *
 * The guest's BIOS runs stub.S, which waits. We map the guest's memory, lay the
 * bzImage, the initrd and the command line down as the x86 boot protocol wants
 * them, and let the stub jump. It is a copy in memory, where the BIOS would read
 * the files byte by byte through the emulated machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define STUB_WORD	0x10300UL	/* where stub.S and we talk */
#define STUB_HERE	0x444c4758	/* "XGLD" */
#define STUB_GO		0x4f474758	/* "XGGO" */
#define SETUP		0x90000UL	/* real-mode part */
#define CMDLINE		0x9e000UL
#define CMDLINE_MAX	2047
#define KERNEL		0x100000UL	/* protected-mode part */
#define INITRD		0x8000000UL	/* 128 MiB: above any unpacked kernel */
#define BATCH		256UL		/* pages mapped at once */

/* IOCTL_PRIVCMD_MMAPBATCH_V2 */
struct mmapbatch {
	unsigned int num;
	uint16_t dom;
	uint64_t addr;
	const uint64_t *arr;
	int *err;
};

#define MMAPBATCH _IOC(_IOC_NONE, 'P', 4, sizeof(struct mmapbatch))

static int privcmd;
static uint16_t domid;

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Map guest pages [first, first + n); NULL when the guest lacks one. */
static void *map_guest(uint64_t first, unsigned long n)
{
	uint64_t gfns[BATCH];
	int errs[BATCH] = { 0 };
	struct mmapbatch batch = { n, domid, 0, gfns, errs };
	unsigned long i;
	void *va;

	va = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, privcmd,
		  0);
	if (va == MAP_FAILED)
		die("mmap");
	for (i = 0; i < n; i++)
		gfns[i] = first + i;
	batch.addr = (uintptr_t)va;
	i = 0;
	if (!ioctl(privcmd, MMAPBATCH, &batch))
		while (i < n && !errs[i])
			i++;
	if (i == n)
		return va;
	munmap(va, n * PAGE);
	return NULL;
}

static void put(uint64_t to, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		unsigned long skip = to % PAGE;
		unsigned long n = (skip + len + PAGE - 1) / PAGE;
		size_t part;
		char *va;

		if (n > BATCH)
			n = BATCH;
		part = n * PAGE - skip;
		if (part > len)
			part = len;
		va = map_guest(to / PAGE, n);
		if (!va)
			die("the guest lacks the memory");
		memcpy(va + skip, from, part);
		munmap(va, n * PAGE);
		to += part;
		from += part;
		len -= part;
	}
}

static char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	size_t got = 0;
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st))
		die(path);
	data = malloc(st.st_size + 1);
	if (!data)
		die(path);
	while (got < (size_t)st.st_size) {
		ssize_t n = read(fd, data + got, st.st_size - got);

		if (n <= 0)
			die(path);
		got += n;
	}
	close(fd);
	data[got] = 0;
	*len = got;
	return data;
}

static void put32(char *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static volatile uint32_t *wait_for_stub(int seconds)
{
	const struct timespec nap = { 0, 50 * 1000 * 1000 };
	char *page = NULL;
	int left;

	for (left = seconds * 20; left > 0; left--) {
		volatile uint32_t *word;

		if (!page)
			page = map_guest(STUB_WORD / PAGE, 1);
		if (page) {
			word = (void *)(page + STUB_WORD % PAGE);
			if (*word == STUB_HERE)
				return word;
		}
		nanosleep(&nap, NULL);
	}
	errno = ETIMEDOUT;
	die("the BIOS");
	return NULL;
}

int main(int argc, char **argv)
{
	size_t kernel_len, initrd_len, cmdline_len, setup_len;
	char *kernel, *initrd, *cmdline;
	volatile uint32_t *word;

	if (argc != 5)
		return 2;
	domid = atoi(argv[1]);
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0)
		die("privcmd");
	kernel = slurp(argv[2], &kernel_len);
	initrd = slurp(argv[3], &initrd_len);
	cmdline = slurp(argv[4], &cmdline_len);
	setup_len = (kernel[0x1f1] ? kernel[0x1f1] + 1 : 5) * 512;
	if (kernel_len < setup_len || setup_len > CMDLINE - SETUP ||
	    cmdline_len > CMDLINE_MAX) {
		errno = EINVAL;
		die("kernel or command line");
	}
	kernel[0x210] = 0xff;				/* type_of_loader */
	kernel[0x211] |= 0x80;				/* CAN_USE_HEAP */
	put32(kernel + 0x218, INITRD);
	put32(kernel + 0x21c, initrd_len);
	kernel[0x224] = 0;				/* heap_end_ptr */
	kernel[0x225] = 0xde;
	put32(kernel + 0x228, CMDLINE);

	word = wait_for_stub(300);
	put(SETUP, kernel, setup_len);
	put(CMDLINE, cmdline, cmdline_len + 1);
	put(KERNEL, kernel + setup_len, kernel_len - setup_len);
	put(INITRD, initrd, initrd_len);
	*word = STUB_GO;
	return 0;
}
