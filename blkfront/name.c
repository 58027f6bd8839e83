// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a virtual device number to a name and minor numbers, as Xen's
 * documentation of vbd interfaces lays the numbers out and as mainline's users
 * know the names: hda and sda are xvda, too.
 *
 * No state. Start with xg_blk_place().
 */
#include "internal.h"

/* The newer layout: a flag, 20 bits of disk, 8 bits of partition. */
#define EXTENDED	BIT(28)
#define EXTENDED_SHIFT	8
/* The older one: a major number and 8 bits of minor; ours has 4 of partition. */
#define PART_SHIFT	4

struct family {
	u8 major;
	u8 first;	/* its first disk: 0 is xvda */
	u8 shift;	/* bits of partition */
};

static const struct family families[] = {
	{ XG_BLK_MAJOR, 0, 4 },
	{ XEN_IDE0_MAJOR, 0, 6 },
	{ XEN_IDE1_MAJOR, 2, 6 },
	{ XEN_SCSI_DISK0_MAJOR, 0, 4 },
	{ XEN_SCSI_DISK1_MAJOR, 16, 4 },
	{ XEN_SCSI_DISK2_MAJOR, 32, 4 },
	{ XEN_SCSI_DISK3_MAJOR, 48, 4 },
	{ XEN_SCSI_DISK4_MAJOR, 64, 4 },
	{ XEN_SCSI_DISK5_MAJOR, 80, 4 },
	{ XEN_SCSI_DISK6_MAJOR, 96, 4 },
	{ XEN_SCSI_DISK7_MAJOR, 112, 4 },
	{ XEN_SCSI_DISK8_MAJOR, 128, 4 },
	{ XEN_SCSI_DISK9_MAJOR, 144, 4 },
	{ XEN_SCSI_DISK10_MAJOR, 160, 4 },
	{ XEN_SCSI_DISK11_MAJOR, 176, 4 },
	{ XEN_SCSI_DISK12_MAJOR, 192, 4 },
	{ XEN_SCSI_DISK13_MAJOR, 208, 4 },
	{ XEN_SCSI_DISK14_MAJOR, 224, 4 },
	{ XEN_SCSI_DISK15_MAJOR, 240, 4 },
};

static const struct family *family_of(u32 vdevice)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (vdevice >> 8 == families[i].major)
			return &families[i];
	return NULL;
}

/* 0 is "a", 25 "z", 26 "aa": a number without a zero, in base 26. */
static void put_letters(char *buf, size_t size, unsigned int disk)
{
	char letters[8];
	char *at = letters + sizeof(letters);

	*--at = '\0';
	for (disk++; disk; disk /= 26)
		*--at = 'a' + --disk % 26;
	strscpy(buf, at, size);
}

/**
 * xg_blk_place() - where a disk goes
 * @vdevice: its virtual device number, any number
 * @place: filled in
 *
 * Return: 0, or -EINVAL for a number outside the layouts.
 */
int xg_blk_place(u32 vdevice, struct xg_blk_place *place)
{
	unsigned int shift = PART_SHIFT;
	const struct family *family;
	unsigned int disk, part;
	char letters[8];

	if (vdevice & EXTENDED) {
		shift = EXTENDED_SHIFT;
		vdevice &= ~EXTENDED;
		disk = vdevice >> shift;
		part = vdevice & (BIT(shift) - 1);
	} else {
		family = family_of(vdevice);
		if (!family)
			return -EINVAL;
		disk = family->first + ((vdevice & 0xff) >> family->shift);
		part = vdevice & (BIT(family->shift) - 1);
	}
	if (part >> shift || disk > MINORMASK >> shift)
		return -EINVAL;

	put_letters(letters, sizeof(letters), disk);
	place->minor = disk << shift | part;
	/* A partition's number makes a disk without partitions of that name. */
	place->minors = part ? 1 : BIT(shift);
	if (part)
		scnprintf(place->name, sizeof(place->name), "xvd%s%u", letters,
			  part);
	else
		scnprintf(place->name, sizeof(place->name), "xvd%s", letters);
	return 0;
}
