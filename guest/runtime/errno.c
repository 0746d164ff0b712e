/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error number and its texts, expanded from errno.def.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

int errno;

static const char *const texts[] = {
#define ERRNO(number, name, text) [number] = text,
#include <errno.def>
#undef ERRNO
};

char *
strerror(int number)
{
	size_t index = (size_t)number;

	if (number == 0)
		return (char *)"Success";
	if (index >= sizeof(texts) / sizeof(texts[0]) || texts[index] == NULL)
		return (char *)"Unknown error";
	return (char *)texts[index];
}
