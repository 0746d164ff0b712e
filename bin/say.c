/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to novillo's user.  Nothing here may know an option's effect.
 */
#include "say.h"

#include "optionrow.h"

#include "image/escape.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* A message has room for two paths; a longer one is cut. */
#define SENTENCE (3 * PATH_MAX)

struct output say_output = { .fd = STDERR_FILENO };
bool say_quiet;

__attribute__((format(printf, 2, 0))) static void
escape(char text[IMAGE_ESCAPED(SENTENCE)], const char *format, va_list ap)
{
	char raw[SENTENCE];

	(void)vsnprintf(raw, sizeof(raw), format, ap);
	(void)image_escape(text, IMAGE_ESCAPED(SENTENCE), raw);
}

__attribute__((format(printf, 1, 0))) static void
print(const char *format, va_list ap)
{
	char text[IMAGE_ESCAPED(SENTENCE)];

	escape(text, format, ap);
	output_write(&say_output, text, strlen(text));
}

/* The whole line at once, for other processes may write to stderr also. */
__attribute__((format(printf, 1, 0))) static void
say_whole(const char *format, va_list ap)
{
	static const char name[] = "novillo: ";
	char line[sizeof(name) + IMAGE_ESCAPED(SENTENCE)];
	size_t n = sizeof(name) - 1;

	memcpy(line, name, n);
	escape(line + n, format, ap);
	n += strlen(line + n);
	line[n++] = '\n';
	output_write(&say_output, line, n);
}

void
say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_whole(format, ap);
	va_end(ap);
}

void
remark(const char *format, ...)
{
	va_list ap;

	if (say_quiet)
		return;
	va_start(ap, format);
	say_whole(format, ap);
	va_end(ap);
}

void
say_line(FILE *out, const char *format, ...)
{
	char text[IMAGE_ESCAPED(SENTENCE)];
	va_list ap;

	va_start(ap, format);
	escape(text, format, ap);
	va_end(ap);
	fprintf(out, "%s\n", text);
}

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print(format, ap);
	va_end(ap);
}

static void
begin_complaint(const struct options *o)
{
	put("novillo: ");
	if (o->place.file)
		put("%s:%u:%u: ", o->place.file, o->place.line,
		    o->place.column);
}

static int
end_complaint(const struct options *o)
{
	output_print(
	    &say_output, "%s\n", o->place.file ? "" : " (see novillo --help)");
	return -1;
}

int
complain(const struct options *o, const char *format, ...)
{
	va_list ap;

	begin_complaint(o);
	va_start(ap, format);
	print(format, ap);
	va_end(ap);
	return end_complaint(o);
}

int
refuse(const struct options *o, enum option_number option, const char *value,
    const char *format, ...)
{
	va_list ap;

	begin_complaint(o);
	put("%s%s=%s: ", o->place.file ? "" : "--",
	    option_name(option - OPT_FIRST - 1), value);
	va_start(ap, format);
	print(format, ap);
	va_end(ap);
	return end_complaint(o);
}
