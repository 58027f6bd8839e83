// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bzImage's setup header (Documentation/arch/x86/boot.rst), from protocol 2.12
 * on: Linux 3.8. What it says of itself is compared with what is there.
 */
#include "load.h"

#define SETUP_SECTS	0x1f1
#define SYSSIZE		0x1f4
#define BOOT_FLAG	0x1fe
#define JUMP		0x201		/* says where the header ends */
#define MAGIC		0x202
#define VERSION		0x206
#define LOADFLAGS	0x211
#define INITRD_ADDR_MAX	0x22c
#define ALIGNMENT	0x230
#define RELOCATABLE	0x234
#define XLOADFLAGS	0x236
#define CMDLINE_SIZE	0x238
#define PAYLOAD_OFFSET	0x248
#define PAYLOAD_LENGTH	0x24c
#define PREF_ADDRESS	0x258
#define INIT_SIZE	0x260
#define HEADER_MIN	0x264

#define LOADED_HIGH	0x01
#define CAN_BE_ABOVE_4G	0x02
#define ALIGN_MAX	0x40000000u

static u32 get(const u8 *image, unsigned int at, unsigned int bytes)
{
	u32 n = 0;

	while (bytes--)
		n = n << 8 | image[at + bytes];
	return n;
}

/* What the payload may begin with: as packed by Linux, or an ELF file. */
static bool is_payload(const u8 *at)
{
	static const u8 magics[][2] = {
		{ 0x1f, 0x8b }, { 0x1f, 0x9e }, { 0x42, 0x5a }, { 0x5d, 0x00 },
		{ 0xfd, 0x37 }, { 0x89, 0x4c }, { 0x02, 0x21 }, { 0x28, 0xb5 },
		{ 0x7f, 0x45 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(magics); i++)
		if (!memcmp(at, magics[i], 2))
			return true;
	return false;
}

/* The two parts, and what is packed in the second. */
static const char *read_lengths(const u8 *image, u64 len, struct xg_bz *bz)
{
	u32 sects = image[SETUP_SECTS] ? image[SETUP_SECTS] : 4;
	u64 end = (u64)get(image, SYSSIZE, 4) * 16;
	u64 payload = get(image, PAYLOAD_OFFSET, 4);
	u32 payload_len = get(image, PAYLOAD_LENGTH, 4);

	bz->setup_len = (sects + 1) * 512;
	if (bz->setup_len >= len)
		return "kernel: cut off in its setup part";
	/* What is behind, such as a signature, is not for us. */
	len -= bz->setup_len;
	if (!end || end > len + 15)
		return "kernel: cut off, or its length is wrong";
	bz->len = end < len ? end : len;
	/* This also finds a setup part whose length is wrong. */
	if (payload_len < 2 || payload + payload_len > bz->len ||
	    !is_payload(image + bz->setup_len + payload))
		return "kernel: its payload is not in it";
	return NULL;
}

static const char *read_place(const u8 *image, struct xg_bz *bz)
{
	bz->relocatable = image[RELOCATABLE];
	bz->align = get(image, ALIGNMENT, 4);
	bz->address = get(image, PREF_ADDRESS, 4) |
		      (u64)get(image, PREF_ADDRESS + 4, 4) << 32;
	bz->memory = get(image, INIT_SIZE, 4);
	if (bz->align < XG_PAGE || bz->align > ALIGN_MAX ||
	    bz->align & (bz->align - 1))
		return "kernel: a bad alignment";
	if (bz->address < XG_LOW_MEMORY || bz->address >= XG_4G ||
	    bz->address & (XG_PAGE - 1))
		return "kernel: a bad preferred address";
	if (bz->memory < bz->len)
		return "kernel: it needs less memory than it is long";
	return NULL;
}

/* Read and check the header of @image. */
const char *xg_bz_read(const u8 *image, u64 len, struct xg_bz *bz)
{
	const char *wrong;

	*bz = (struct xg_bz) { 0 };
	if (len < HEADER_MIN)
		return "kernel: too short for a bzImage";
	if (get(image, BOOT_FLAG, 2) != 0xaa55 || memcmp(image + MAGIC, "HdrS", 4))
		return "kernel: neither a bzImage nor a bundle";
	bz->version = get(image, VERSION, 2);
	if (bz->version < 0x20c)
		return "kernel: its boot protocol is older than 2.12";
	if (!(image[LOADFLAGS] & LOADED_HIGH))
		return "kernel: a zImage, which is loaded low";
	bz->header_end = MAGIC + image[JUMP];
	if (bz->header_end < HEADER_MIN)
		return "kernel: its header is too short";
	if (bz->header_end > XG_BZ_HEADER_MAX)
		bz->header_end = XG_BZ_HEADER_MAX;
	wrong = read_lengths(image, len, bz);
	if (wrong)
		return wrong;
	bz->cmdline_max = get(image, CMDLINE_SIZE, 4);
	bz->initrd_limit = get(image, XLOADFLAGS, 2) & CAN_BE_ABOVE_4G ? XG_4G :
			   get(image, INITRD_ADDR_MAX, 4) + 1ull;
	return read_place(image, bz);
}
