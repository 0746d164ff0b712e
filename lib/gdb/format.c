/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printf on arguments of 64 bits.  Nothing here may know where the text goes.
 */
#include "gdb/format.h"

#include <string.h>

#define DIGITS_MAX 66 /* 2^64 in octal has 22 digits; and a prefix */

/* A conversion: %[flags][width][.precision][length]letter. */
struct spec {
	bool left, plus, space, alt, zero;
	unsigned width;
	int precision;  /* -1: none */
	unsigned bytes; /* of the argument */
	char letter;
};

static unsigned
read_number(const char **at)
{
	unsigned n = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		if (n <= FORMAT_WIDTH_MAX)
			n = n * 10 + (unsigned)(**at - '0');
	return n < FORMAT_WIDTH_MAX ? n : FORMAT_WIDTH_MAX;
}

static bool
read_flag(char c, struct spec *spec)
{
	switch (c) {
	case '-': spec->left = true; return true;
	case '+': spec->plus = true; return true;
	case ' ': spec->space = true; return true;
	case '#': spec->alt = true; return true;
	case '0': spec->zero = true; return true;
	default: return false;
	}
}

static unsigned
read_length(const char **at)
{
	const char c = **at;

	if (c == 'l' || c == 'z' || c == 'j' || c == 't') {
		*at += c == 'l' && (*at)[1] == 'l' ? 2 : 1;
		return 8;
	}
	if (c != 'h')
		return 4;
	*at += (*at)[1] == 'h' ? 2 : 1;
	return (*at)[-2] == 'h' ? 1 : 2;
}

/* The conversion that follows a '%'; *at moves past it. */
static struct spec
read_spec(const char **at)
{
	struct spec spec = { .precision = -1 };

	while (read_flag(**at, &spec))
		++*at;
	spec.width = read_number(at);
	if (**at == '.') {
		++*at;
		spec.precision = (int)read_number(at);
	}
	spec.bytes = read_length(at);
	spec.letter = **at;
	*at += spec.letter != '\0';
	return spec;
}

static void
put(struct text *out, const char *bytes, size_t n)
{
	if (n > 0)
		text_printf(out, "%.*s", (int)n, bytes);
}

static void
pad(struct text *out, char c, size_t used, size_t width)
{
	for (; used < width; used++)
		put(out, &c, 1);
}

/* A prefix and a body in a field; zeros go between them. */
static void
put_field(struct text *out, const struct spec *spec, const char *prefix,
    const char *body, size_t n)
{
	size_t zeros = 0, used;

	if (spec->precision > 0 && (size_t)spec->precision > n)
		zeros = (size_t)spec->precision - n;
	used = strlen(prefix) + zeros + n;
	if (spec->zero && !spec->left && spec->precision < 0 &&
	    used < spec->width) {
		zeros = spec->width - used;
		used = spec->width;
	}
	if (!spec->left)
		pad(out, ' ', used, spec->width);
	put(out, prefix, strlen(prefix));
	pad(out, '0', 0, zeros);
	put(out, body, n);
	if (spec->left)
		pad(out, ' ', used, spec->width);
}

static void
put_number(struct text *out, const struct spec *spec, uint64_t value)
{
	const char *digit = spec->letter == 'X' ? "0123456789ABCDEF"
						: "0123456789abcdef";
	const unsigned base = spec->letter == 'o'           ? 8
			      : strchr("xXp", spec->letter) ? 16
							    : 10;
	const unsigned spare = 64 - 8 * spec->bytes;
	const bool is_signed = strchr("di", spec->letter);
	const char *prefix = "";
	char digits[DIGITS_MAX];
	size_t at = sizeof(digits);

	value = value << spare >> spare;
	if (is_signed && value >> (8 * spec->bytes - 1)) {
		value = (~value + 1) << spare >> spare;
		prefix = "-";
	} else if (is_signed) {
		prefix = spec->plus ? "+" : spec->space ? " " : "";
	} else if (base == 16 && (spec->letter == 'p' || spec->alt) && value) {
		prefix = spec->letter == 'X' ? "0X" : "0x";
	}
	for (; value; value /= base)
		digits[--at] = digit[value % base];
	if (at == sizeof(digits) && spec->precision != 0)
		digits[--at] = '0';
	else if (base == 8 && spec->alt)
		digits[--at] = '0';
	put_field(out, spec, prefix, digits + at, sizeof(digits) - at);
}

/* A character that a terminal would obey is replaced. */
static char
shown(uint8_t c)
{
	return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : (char)c;
}

static bool
put_string(struct text *out, const struct agent_env *env,
    const struct spec *spec, uint64_t addr)
{
	struct spec plain = *spec;
	char string[FORMAT_STRING_MAX];
	size_t n = 0, max = sizeof(string);
	uint8_t c;

	if (spec->precision >= 0 && (size_t)spec->precision < max)
		max = (size_t)spec->precision;
	for (; n < max; n++) {
		if (!env->read_mem(env->ctx, addr + n, &c, 1))
			return false;
		if (c == '\0')
			break;
		string[n] = shown(c);
	}
	plain.precision = -1;
	plain.zero = false;
	put_field(out, &plain, "", string, n);
	return true;
}

static bool
convert(struct text *out, const struct agent_env *env, struct spec spec,
    uint64_t value)
{
	char c;

	switch (spec.letter) {
	case 'p': spec.bytes = 8; /* fallthrough */
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o': put_number(out, &spec, value); return true;
	case 'c':
		c = shown((uint8_t)value);
		spec.precision = -1;
		spec.zero = false;
		put_field(out, &spec, "", &c, 1);
		return true;
	case 's': return put_string(out, env, &spec, value);
	default: return false;
	}
}

/* GDB sends a format as its user has written it: \n and the like, or up to
 * three octal digits, after the backslash at *at. */
static void
put_escape(struct text *out, const char **at)
{
	static const char letters[] = "abefnrtv",
			  bytes[] = "\a\b\033\f\n\r\t\v";
	const char *letter;
	unsigned digits, value = 0;
	char c;

	for (digits = 0; digits < 3 && **at >= '0' && **at <= '7'; digits++)
		value = value * 8 + (unsigned)(*(*at)++ - '0');
	c = (char)value;
	if (digits == 0) {
		c = **at;
		*at += c != '\0';
		letter = c ? strchr(letters, c) : NULL;
		c = letter ? bytes[letter - letters] : c;
	}
	put(out, &c, c != '\0');
}

bool
format_print(struct text *out, const struct agent_env *env,
    const struct agent_print *print)
{
	const char *at = print->format;
	size_t plain, arg = 0;

	for (;;) {
		plain = strcspn(at, "%\\");
		put(out, at, plain);
		at += plain;
		if (*at == '\0')
			return true;
		if (*at++ == '\\')
			put_escape(out, &at);
		else if (*at == '%')
			put(out, at++, 1);
		else if (arg == print->n ||
			 !convert(out, env, read_spec(&at), print->args[arg++]))
			return false;
	}
}
