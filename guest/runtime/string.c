/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes and strings.  The compiler may call memcpy, memmove, memset and memcmp
 * even where no source does (GCC manual, "Standards").  This file is built with
 * -fno-tree-loop-distribute-patterns, or its loops would become calls to
 * themselves.
 *
 * A fault here is the caller's mistake; KEEP_FRAME lets the report name it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "frame.h"

/* The processor makes these instructions fast (Intel SDM vol. 1, 7.3.9.3). */
void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *start = to;

	KEEP_FRAME();
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
	return start;
}

void *
memmove(void *to, const void *from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if ((uintptr_t)to - (uintptr_t)from >= n) /* no overlap ahead */
		return memcpy(to, from, n);
	while (n-- > 0)
		t[n] = f[n];
	return to;
}

void *
memset(void *to, int byte, size_t n)
{
	void *start = to;

	KEEP_FRAME();
	__asm__ volatile("rep stosb"
			 : "+D"(to), "+c"(n)
			 : "a"(byte)
			 : "memory");
	return start;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	KEEP_FRAME();
	for (; n > 0; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *
memchr(const void *in, int byte, size_t n)
{
	const unsigned char *p = in;

	KEEP_FRAME();
	for (; n > 0; n--, p++)
		if (*p == (unsigned char)byte)
			return (void *)p;
	return NULL;
}

size_t
strlen(const char *s)
{
	const char *end = s;

	KEEP_FRAME();
	while (*end != '\0')
		end++;
	return (size_t)(end - s);
}

size_t
strnlen(const char *s, size_t max)
{
	const char *end = memchr(s, '\0', max);

	return end == NULL ? max : (size_t)(end - s);
}

int
strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int
strncmp(const char *a, const char *b, size_t n)
{
	KEEP_FRAME();
	for (; n > 0; n--, a++, b++)
		if (*a != *b || *a == '\0')
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

char *
strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *
strrchr(const char *s, int c)
{
	const char *p = s + strlen(s);

	while (*p != (char)c)
		if (p-- == s)
			return NULL;
	return (char *)p;
}

char *
strstr(const char *s, const char *part)
{
	size_t length = strlen(part);

	for (;; s++) {
		if (strncmp(s, part, length) == 0)
			return (char *)s;
		if (*s == '\0')
			return NULL;
	}
}

size_t
strspn(const char *s, const char *accept)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(accept, s[n]) != NULL)
		n++;
	return n;
}

size_t
strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(reject, s[n]) == NULL)
		n++;
	return n;
}

char *
strcpy(char *restrict to, const char *restrict from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *
strncpy(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = strnlen(from, n);

	memcpy(to, from, length);
	memset(to + length, '\0', n - length);
	return to;
}

char *
strcat(char *restrict to, const char *restrict from)
{
	strcpy(to + strlen(to), from);
	return to;
}
