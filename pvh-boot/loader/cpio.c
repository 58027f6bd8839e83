// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bundle: a cpio archive (newc) of the files "kernel" and "initrd". Header,
 * name and contents each end at a multiple of four; numbers are hexadecimal.
 */
#include "load.h"

#define HEADER		110
#define MODE		14
#define FILE_SIZE	54
#define NAME_SIZE	94
#define NAME_MAX	4096
#define IFMT		0170000
#define IFREG		0100000

struct member {
	u32 mode;
	const char *name;
	struct xg_span data;
};

bool xg_bundle_is(const u8 *data, u64 len)
{
	return len >= 6 && (!memcmp(data, "070701", 6) ||
			    !memcmp(data, "070702", 6));
}

static bool number(const u8 *digits, u32 *value)
{
	unsigned int i, digit;

	for (*value = 0, i = 0; i < 8; i++) {
		if (digits[i] >= '0' && digits[i] <= '9')
			digit = digits[i] - '0';
		else if ((digits[i] | 32) >= 'a' && (digits[i] | 32) <= 'f')
			digit = (digits[i] | 32) - 'a' + 10;
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static u64 padded(u64 n)
{
	return (n + 3) & ~3ull;
}

/* Read the member at *@at and go to the next. */
static const char *next_member(const u8 *data, u64 len, u64 *at,
			       struct member *member)
{
	u32 name_size, file_size;
	const u8 *header = data + *at;

	if (*at > len || len - *at < HEADER)
		return "bundle: cut off, its last file is missing";
	if (!xg_bundle_is(header, HEADER) ||
	    !number(header + MODE, &member->mode) ||
	    !number(header + FILE_SIZE, &file_size) ||
	    !number(header + NAME_SIZE, &name_size))
		return "bundle: a bad file header";
	if (!name_size || name_size > NAME_MAX)
		return "bundle: a bad file name";
	*at += HEADER;
	if (name_size > len - *at)
		return "bundle: cut off in a file's name";
	member->name = (const char *)data + *at;
	if (member->name[name_size - 1])
		return "bundle: a bad file name";
	*at = padded(*at + name_size);
	if (*at > len || file_size > len - *at)
		return "bundle: cut off in a file";
	member->data = (struct xg_span) { *at, file_size };
	*at = padded(*at + file_size);
	return NULL;
}

static bool is_named(const struct member *member, const char *name)
{
	const char *own = member->name;

	if (own[0] == '.' && own[1] == '/')
		own += 2;
	while (*own && *own == *name) {
		own++;
		name++;
	}
	return *own == *name;
}

static const char *take(struct xg_span *file, struct xg_span data)
{
	if (file->len)
		return "bundle: a file is there twice";
	if (!data.len)
		return "bundle: an empty file";
	*file = data;
	return NULL;
}

/* Find both files; the initrd may be missing. */
const char *xg_bundle_read(const u8 *data, u64 len, struct xg_span *kernel,
			   struct xg_span *initrd)
{
	struct member member;
	const char *wrong;
	u64 at = 0;

	*kernel = (struct xg_span) { 0 };
	*initrd = (struct xg_span) { 0 };
	for (;;) {
		wrong = next_member(data, len, &at, &member);
		if (wrong)
			return wrong;
		if (is_named(&member, "TRAILER!!!"))
			break;
		/* "find . | cpio" brings the folder too. */
		if ((member.mode & IFMT) != IFREG)
			continue;
		if (is_named(&member, "kernel"))
			wrong = take(kernel, member.data);
		else if (is_named(&member, "initrd"))
			wrong = take(initrd, member.data);
		else
			wrong = "bundle: a file that is neither kernel nor initrd";
		if (wrong)
			return wrong;
	}
	return kernel->len ? NULL : "bundle: there is no kernel in it";
}
