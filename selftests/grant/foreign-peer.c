// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other side of foreign.sh, in dom0: maps the guest's pages through
 * /dev/xen/gntdev, grants it pages of its own through /dev/xen/gntalloc.
 *
 *	testbed/vm --engine xen --guest-script ... --host-script foreign-peer
 *
 * Guest and peer talk by the testbed's marks (guest to host: files that appear
 * in MARKS) and tells. A mark may carry a number behind its last dot. The peer
 * ends with 1 at the first thing that is not as it should be.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

#define MARKS "/mnt/xg/run/marks"
#define PAGE 4096

static unsigned int guest;
static int gntdev;

static void die(const char *what, unsigned int number)
{
	fprintf(stderr, "foreign-peer: %s (%u)\n", what, number);
	/* Whoever waits for us need not wait longer. */
	if (system("tell peer-failed"))
		fprintf(stderr, "foreign-peer: nobody to tell\n");
	exit(1);
}

static void tell_guest(const char *name)
{
	char command[128] = "tell ";

	strncat(command, name, 100);
	if (system(command))
		die("the testbed's tell failed", 0);
}

/* Wait for the mark "@name.NUMBER", 120 s. */
static unsigned int wait_mark(const char *name)
{
	size_t len = strlen(name);
	struct dirent *entry;
	int tries;
	DIR *dir;

	for (tries = 0; tries < 600; tries++) {
		dir = opendir(MARKS);
		while (dir && (entry = readdir(dir))) {
			if (!strncmp(entry->d_name, name, len) &&
			    entry->d_name[len] == '.') {
				unsigned int n = atoi(entry->d_name + len + 1);

				closedir(dir);
				return n;
			}
		}
		if (dir)
			closedir(dir);
		usleep(200000);
	}
	die(name, 0);
	return 0;
}

/* -> the address, or NULL when the mapping is refused */
static unsigned char *map(unsigned int ref, int prot,
			  struct ioctl_gntdev_map_grant_ref *op)
{
	void *p;

	memset(op, 0, sizeof(*op));
	op->count = 1;
	op->refs[0].domid = guest;
	op->refs[0].ref = ref;
	if (ioctl(gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, op))
		die("gntdev refuses the reference", ref);
	p = mmap(NULL, PAGE, prot, MAP_SHARED, gntdev, op->index);
	return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, const struct ioctl_gntdev_map_grant_ref *op)
{
	struct ioctl_gntdev_unmap_grant_ref un = {
		.index = op->index,
		.count = 1,
	};

	if (p)
		munmap(p, PAGE);
	if (ioctl(gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &un))
		die("gntdev keeps the mapping", 0);
}

static void expect(const unsigned char *p, int byte)
{
	int i;

	for (i = 0; i < PAGE; i++)
		if (p[i] != byte)
			die("another byte was read", p[i]);
}

/* The guest's page: read, written, and kept while the guest wants it back. */
static void its_page(void)
{
	struct ioctl_gntdev_map_grant_ref op;
	unsigned char *p = map(wait_mark("hold"), PROT_READ | PROT_WRITE, &op);

	if (!p)
		die("the guest's page cannot be mapped", 0);
	expect(p, 0x11);
	memset(p, 0x22, PAGE);
	tell_guest("mapped");
	wait_mark("let-go");
	unmap(p, &op);
	tell_guest("let-go");
}

/* Read-only is granted, so read-only it is. */
static void its_ro_page(void)
{
	struct ioctl_gntdev_map_grant_ref op;
	unsigned int ref = wait_mark("hold-ro");
	unsigned char *p = map(ref, PROT_READ | PROT_WRITE, &op);

	if (p)
		die("a read-only grant was mapped to be written", 0);
	unmap(NULL, &op);
	p = map(ref, PROT_READ, &op);
	if (!p)
		die("a read-only grant cannot be read", 0);
	expect(p, 0x11);
	unmap(p, &op);
	tell_guest("ro-done");
}

/* A page of ours that the guest maps. */
static void our_page(void)
{
	struct ioctl_gntalloc_alloc_gref op = {
		.domid = guest,
		.flags = GNTALLOC_FLAG_WRITABLE,
		.count = 1,
	};
	int fd = open("/dev/xen/gntalloc", O_RDWR);
	unsigned char *p;
	char name[32];

	if (fd < 0 || ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, &op))
		die("gntalloc gives no page", 0);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, op.index);
	if (p == MAP_FAILED)
		die("gntalloc's page cannot be mapped", 0);
	memset(p, 0x33, PAGE);
	snprintf(name, sizeof(name), "ours.%u", op.gref_ids[0]);
	tell_guest(name);
	wait_mark("filled");
	expect(p, 0x44);
	memset(p, 0x55, PAGE);
	tell_guest("filled");
	wait_mark("unmapped");
	munmap(p, PAGE);
	close(fd);
}

/* Kept while the guest unloads its drivers and loads them again. */
static void kept_page(void)
{
	struct ioctl_gntdev_map_grant_ref op;
	unsigned char *p = map(wait_mark("keep"), PROT_READ | PROT_WRITE, &op);

	if (!p)
		die("the guest's page cannot be mapped", 0);
	tell_guest("kept");
	wait_mark("reloaded");
	expect(p, 0x11);
	memset(p, 0x66, PAGE);
	unmap(p, &op);
	tell_guest("done");
}

int main(void)
{
	const char *id = getenv("GUEST_ID");

	if (!id)
		die("GUEST_ID is not set: this is a host script of testbed/vm", 0);
	guest = atoi(id);
	gntdev = open("/dev/xen/gntdev", O_RDWR);
	if (gntdev < 0)
		die("no /dev/xen/gntdev", 0);
	tell_guest("peer");
	its_page();
	its_ro_page();
	our_page();
	kept_page();
	return 0;
}
