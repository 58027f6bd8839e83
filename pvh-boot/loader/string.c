// SPDX-License-Identifier: GPL-2.0-only
/* What gcc and we need of libc. */
#include "load.h"

void *memcpy(void *to, const void *from, size_t n)
{
	size_t words = n / 4, rest = n % 4;
	void *ret = to;

	asm volatile("rep movsl" : "+D" (to), "+S" (from), "+c" (words)
		     : : "memory");
	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (rest)
		     : : "memory");
	return ret;
}

void *memset(void *to, int byte, size_t n)
{
	void *ret = to;

	asm volatile("rep stosb" : "+D" (to), "+c" (n) : "a" (byte) : "memory");
	return ret;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
