/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers from text (C11 7.22.1), and the string function that allocates.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The digit's value, or one that is too large for every base. */
static unsigned
digit(char c)
{
	int lower = tolower((unsigned char)c);

	if (isdigit(lower))
		return (unsigned)(lower - '0');
	if (islower(lower))
		return (unsigned)(lower - 'a') + 10;
	return UINT_MAX;
}

/* "0x" is a prefix only if a digit follows; else it is a zero and an x. */
static const char *
skip_prefix(const char *text, unsigned *base)
{
	bool hex = text[0] == '0' && tolower((unsigned char)text[1]) == 'x' &&
		   digit(text[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : text[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? text + 2 : text;
}

/*
 * The common part of four conversions: an optional sign and the digits of
 * `base`.  *end is set to `text` if the text has none.
 */
static unsigned long
parse(const char *text, char **end, unsigned base, bool *minus, bool *overflow)
{
	const char *p = text;
	const char *digits;
	unsigned long value = 0;

	*overflow = false;
	while (isspace((unsigned char)*p))
		p++;
	*minus = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	digits = p = skip_prefix(p, &base);
	for (; digit(*p) < base; p++) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit(*p), &value))
			*overflow = true;
	}
	if (end != NULL)
		*end = (char *)(p == digits ? text : p);
	return value;
}

unsigned long
strtoul(const char *text, char **end, int base)
{
	bool minus, overflow;
	unsigned long value = parse(
	    text, end, (unsigned)base, &minus, &overflow);

	if (overflow) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return minus ? -value : value;
}

long
strtol(const char *text, char **end, int base)
{
	bool minus, overflow;
	unsigned long value = parse(
	    text, end, (unsigned)base, &minus, &overflow);

	if (overflow || value > (unsigned long)LONG_MAX + minus) {
		errno = ERANGE;
		return minus ? LONG_MIN : LONG_MAX;
	}
	return (long)(minus ? -value : value);
}

unsigned long long
strtoull(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}

long long
strtoll(const char *text, char **end, int base)
{
	return strtol(text, end, base);
}

int
atoi(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

long
atol(const char *text)
{
	return strtol(text, NULL, 10);
}

int
abs(int value)
{
	return value < 0 ? -value : value;
}

long
labs(long value)
{
	return value < 0 ? -value : value;
}

char *
strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = malloc(size);

	return copy == NULL ? NULL : memcpy(copy, s, size);
}
