/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted output (C11 7.21.6.1) into a sink.  This file knows no streams:
 * stdio.c has its own sink.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "runtime.h"

#define MAX_DIGITS 22 /* 64 bits in octal */

enum length { CHAR, SHORT, INT, LONG };

/* One conversion: the part between % and its letter, and the letter. */
struct spec {
	bool minus;
	bool zero;
	bool plus;
	bool space;
	bool alternate;
	size_t width;
	bool has_precision;
	size_t precision;
	enum length length;
	char letter;
};

static void
emit(struct sink *sink, const char *bytes, size_t n)
{
	if (n > 0)
		sink->write(sink, bytes, n);
	sink->count += n;
}

static void
repeat(struct sink *sink, char c, size_t n)
{
	char some[32];

	memset(some, c, n < sizeof(some) ? n : sizeof(some));
	for (; n > sizeof(some); n -= sizeof(some))
		emit(sink, some, sizeof(some));
	emit(sink, some, n);
}

static size_t
missing(size_t have, size_t want)
{
	return have < want ? want - have : 0;
}

static void
emit_text(
    struct sink *sink, const struct spec *spec, const char *text, size_t n)
{
	size_t blanks = missing(n, spec->width);

	if (!spec->minus)
		repeat(sink, ' ', blanks);
	emit(sink, text, n);
	if (spec->minus)
		repeat(sink, ' ', blanks);
}

static void
emit_string(struct sink *sink, const struct spec *spec, const char *text)
{
	if (text == NULL)
		text = "(null)";
	emit_text(sink, spec, text,
	    strnlen(text, spec->has_precision ? spec->precision : SIZE_MAX));
}

/* Digits go backwards from `end`; zero has none.  Returns the first digit. */
static char *
digits_of(uintmax_t value, unsigned base, bool upper, char *end)
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; value != 0; value /= base)
		*--end = digit[value % base];
	return end;
}

/*
 * blanks, prefix, zeros, digits, blanks.  The zeros come from the precision
 * (which is 1 if not given), or fill the width if the flag 0 says so and
 * neither a precision nor the flag - forbids it.
 */
static void
emit_number(struct sink *sink, const struct spec *spec, const char *prefix,
    unsigned base, uintmax_t value)
{
	char buf[MAX_DIGITS];
	char *end = buf + sizeof(buf);
	char *digits = digits_of(value, base, spec->letter == 'X', end);
	size_t n = (size_t)(end - digits);
	size_t signs = strlen(prefix);
	size_t zeros = missing(n, spec->has_precision ? spec->precision : 1);
	size_t blanks;

	if (base == 8 && spec->alternate && zeros == 0)
		zeros = 1;
	if (spec->zero && !spec->minus && !spec->has_precision)
		zeros += missing(signs + zeros + n, spec->width);
	blanks = missing(signs + zeros + n, spec->width);
	if (!spec->minus)
		repeat(sink, ' ', blanks);
	emit(sink, prefix, signs);
	repeat(sink, '0', zeros);
	emit(sink, digits, n);
	if (spec->minus)
		repeat(sink, ' ', blanks);
}

static void
emit_signed(struct sink *sink, const struct spec *spec, intmax_t value)
{
	const char *sign = spec->plus ? "+" : spec->space ? " " : "";

	if (value < 0)
		emit_number(sink, spec, "-", 10, -(uintmax_t)value);
	else
		emit_number(sink, spec, sign, 10, (uintmax_t)value);
}

static void
emit_unsigned(struct sink *sink, const struct spec *spec, uintmax_t value)
{
	bool prefix = spec->alternate && value != 0;

	switch (spec->letter) {
	case 'o': emit_number(sink, spec, "", 8, value); break;
	case 'u': emit_number(sink, spec, "", 10, value); break;
	case 'x': emit_number(sink, spec, prefix ? "0x" : "", 16, value); break;
	case 'X': emit_number(sink, spec, prefix ? "0X" : "", 16, value); break;
	}
}

static intmax_t
signed_argument(enum length length, va_list *ap)
{
	switch (length) {
	case CHAR: return (signed char)va_arg(*ap, int);
	case SHORT: return (short)va_arg(*ap, int);
	case INT: return va_arg(*ap, int);
	case LONG: return va_arg(*ap, long);
	}
	__builtin_unreachable();
}

static uintmax_t
unsigned_argument(enum length length, va_list *ap)
{
	switch (length) {
	case CHAR: return (unsigned char)va_arg(*ap, unsigned);
	case SHORT: return (unsigned short)va_arg(*ap, unsigned);
	case INT: return va_arg(*ap, unsigned);
	case LONG: return va_arg(*ap, unsigned long);
	}
	__builtin_unreachable();
}

/* Returns whether the letter is a known conversion. */
static bool
convert(struct sink *sink, const struct spec *spec, va_list *ap)
{
	char c;

	switch (spec->letter) {
	case 'd':
	case 'i':
		emit_signed(sink, spec, signed_argument(spec->length, ap));
		return true;
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		emit_unsigned(sink, spec, unsigned_argument(spec->length, ap));
		return true;
	case 'p':
		emit_number(
		    sink, spec, "0x", 16, (uintptr_t)va_arg(*ap, void *));
		return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		emit_text(sink, spec, &c, 1);
		return true;
	case 's':
		emit_string(sink, spec, va_arg(*ap, const char *));
		return true;
	case '%': emit(sink, "%", 1); return true;
	}
	return false;
}

static const char *
parse_flags(struct spec *spec, const char *p)
{
	for (;; p++) {
		switch (*p) {
		case '-': spec->minus = true; break;
		case '0': spec->zero = true; break;
		case '+': spec->plus = true; break;
		case ' ': spec->space = true; break;
		case '#': spec->alternate = true; break;
		default: return p;
		}
	}
}

/* Numbers larger than INT_MAX cannot be printed, so any of them will do. */
static const char *
parse_number(size_t *number, const char *p)
{
	for (*number = 0; isdigit(*p); p++)
		if (*number <= INT_MAX)
			*number = *number * 10 + (size_t)(*p - '0');
	return p;
}

static const char *
parse_width(struct spec *spec, const char *p, va_list *ap)
{
	int argument;

	if (*p != '*')
		return parse_number(&spec->width, p);
	argument = va_arg(*ap, int);
	if (argument < 0) /* "a - flag followed by a positive width" */
		spec->minus = true;
	spec->width = argument < 0 ? -(size_t)argument : (size_t)argument;
	return p + 1;
}

static const char *
parse_precision(struct spec *spec, const char *p, va_list *ap)
{
	int argument;

	if (*p != '.')
		return p;
	spec->has_precision = true;
	if (p[1] != '*')
		return parse_number(&spec->precision, p + 1);
	argument = va_arg(*ap, int);
	if (argument < 0) /* "as if the precision were omitted" */
		spec->has_precision = false;
	spec->precision = (size_t)argument;
	return p + 2;
}

/* long, long long, intmax_t, size_t and ptrdiff_t are the same here (psABI). */
static const char *
parse_length(struct spec *spec, const char *p)
{
	spec->length = INT;
	switch (*p) {
	case 'h':
		spec->length = p[1] == 'h' ? CHAR : SHORT;
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l': spec->length = LONG; return p + (p[1] == 'l' ? 2 : 1);
	case 'j':
	case 'z':
	case 't': spec->length = LONG; return p + 1;
	}
	return p;
}

/* Convert the text after a %.  Returns where the plain text continues. */
static const char *
conversion(struct sink *sink, const char *start, va_list *ap)
{
	struct spec spec = { .minus = false };
	const char *p = parse_flags(&spec, start);

	p = parse_width(&spec, p, ap);
	p = parse_precision(&spec, p, ap);
	p = parse_length(&spec, p);
	spec.letter = *p;
	if (convert(sink, &spec, ap))
		return p + 1;
	emit(sink, "%", 1); /* an unknown one is printed unchanged */
	return start;
}

int
format(struct sink *sink, const char *fmt, va_list arguments)
{
	va_list ap; /* a parameter of this type would decay to a pointer */

	va_copy(ap, arguments);
	while (*fmt != '\0' && sink->count <= INT_MAX) {
		size_t plain = strcspn(fmt, "%");

		emit(sink, fmt, plain);
		fmt += plain;
		if (*fmt == '%')
			fmt = conversion(sink, fmt + 1, &ap);
	}
	va_end(ap);
	if (sink->count <= INT_MAX)
		return (int)sink->count;
	errno = EOVERFLOW;
	return -1;
}

/* A buffer and its bound; bytes that do not fit are counted and dropped. */
struct buffer_sink {
	struct sink sink;
	char *at;
	size_t room;
};

static void
write_buffer(struct sink *sink, const char *bytes, size_t n)
{
	struct buffer_sink *buffer = (struct buffer_sink *)sink;

	if (n > buffer->room)
		n = buffer->room;
	memcpy(buffer->at, bytes, n);
	buffer->at += n;
	buffer->room -= n;
}

int
vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer_sink to = { { write_buffer, 0 }, buf,
		size > 0 ? size - 1 : 0 };
	int n = format(&to.sink, fmt, ap);

	if (size > 0)
		*to.at = '\0';
	return n;
}

int
snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
