/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffered standard streams.  This file knows descriptors, not formats.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime.h"

/* The moment when bytes leave a buffer that is not full. */
enum flush_rule {
	FLUSH_EACH_CALL, /* stderr */
	FLUSH_EACH_LINE, /* stdout */
	FLUSH_WHEN_FULL,
};

/*
 * A stream only reads or only writes.  Bytes in buf[start..end) wait for the
 * program if the stream reads, for the host if it writes.
 */
struct stream {
	int fd;
	enum flush_rule rule;
	bool at_end;
	bool failed;
	bool line_ended; /* a newline waits in the buffer */
	size_t start;
	size_t end;
	char buf[BUFSIZ];
};

static struct stream in = { .fd = STDIN_FILENO };
static struct stream out = { .fd = STDOUT_FILENO, .rule = FLUSH_EACH_LINE };
static struct stream err = { .fd = STDERR_FILENO, .rule = FLUSH_EACH_CALL };

FILE *const stdin = &in;
FILE *const stdout = &out;
FILE *const stderr = &err;

/* Bytes that cannot be written are dropped; errno has the reason. */
static int
drain(FILE *file)
{
	while (file->start < file->end) {
		ssize_t n = write(
		    file->fd, file->buf + file->start, file->end - file->start);

		if (n <= 0) {
			file->failed = true;
			break;
		}
		file->start += (size_t)n;
	}
	file->line_ended = false;
	file->start = file->end = 0;
	return file->failed ? EOF : 0;
}

/* Copy into the buffer; drain it as often as it fills up. */
static void
append(FILE *file, const char *bytes, size_t n)
{
	if (memchr(bytes, '\n', n) != NULL)
		file->line_ended = true;
	while (n > 0) {
		size_t room = sizeof(file->buf) - file->end;
		size_t piece = n < room ? n : room;

		memcpy(file->buf + file->end, bytes, piece);
		file->end += piece;
		bytes += piece;
		n -= piece;
		if (file->end == sizeof(file->buf))
			drain(file);
	}
}

/* The end of each call that writes: follow the stream's rule. */
static int
settle(FILE *file)
{
	if (file->rule == FLUSH_EACH_CALL ||
	    (file->rule == FLUSH_EACH_LINE && file->line_ended))
		drain(file);
	return file->failed ? EOF : 0;
}

int
fflush(FILE *file)
{
	if (file != NULL)
		return file == stdin ? 0 : drain(file);
	return drain(stdout) | drain(stderr);
}

size_t
fwrite(const void *data, size_t size, size_t count, FILE *file)
{
	size_t n;

	if (__builtin_mul_overflow(size, count, &n)) {
		errno = EOVERFLOW;
		return 0;
	}
	append(file, data, n);
	return settle(file) == 0 ? count : 0;
}

int
fputs(const char *text, FILE *file)
{
	append(file, text, strlen(text));
	return settle(file);
}

int
puts(const char *line)
{
	append(stdout, line, strlen(line));
	append(stdout, "\n", 1);
	return settle(stdout);
}

int
fputc(int c, FILE *file)
{
	char byte = (char)c;

	append(file, &byte, 1);
	return settle(file) == 0 ? (unsigned char)c : EOF;
}

int
putc(int c, FILE *file)
{
	return fputc(c, file);
}

int
putchar(int c)
{
	return fputc(c, stdout);
}

struct stream_sink {
	struct sink sink;
	FILE *file;
};

static void
write_stream(struct sink *sink, const char *bytes, size_t n)
{
	append(((struct stream_sink *)sink)->file, bytes, n);
}

int
vfprintf(FILE *file, const char *fmt, va_list ap)
{
	struct stream_sink to = { { write_stream, 0 }, file };
	int n = format(&to.sink, fmt, ap);

	return settle(file) == 0 ? n : EOF;
}

int
vprintf(const char *fmt, va_list ap)
{
	return vfprintf(stdout, fmt, ap);
}

int
vdprintf(int fd, const char *fmt, va_list ap)
{
	FILE file = { .fd = fd, .rule = FLUSH_EACH_CALL };

	return vfprintf(&file, fmt, ap);
}

int
printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(stdout, fmt, ap);
	va_end(ap);
	return n;
}

int
fprintf(FILE *file, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(file, fmt, ap);
	va_end(ap);
	return n;
}

int
dprintf(int fd, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}

/* Read more from the host.  A prompt on stdout goes out first. */
static bool
fill(FILE *file)
{
	ssize_t n;

	if (file->at_end || file->failed)
		return false;
	drain(stdout);
	n = read(file->fd, file->buf, sizeof(file->buf));
	file->at_end = n == 0;
	file->failed = n < 0;
	file->start = 0;
	file->end = n > 0 ? (size_t)n : 0;
	return n > 0;
}

int
fgetc(FILE *file)
{
	if (file->start == file->end && !fill(file))
		return EOF;
	return (unsigned char)file->buf[file->start++];
}

int
getc(FILE *file)
{
	return fgetc(file);
}

int
getchar(void)
{
	return fgetc(stdin);
}

size_t
fread(void *data, size_t size, size_t count, FILE *file)
{
	char *to = data;
	size_t n, done = 0;

	if (size == 0 || __builtin_mul_overflow(size, count, &n))
		return 0;
	while (done < n && (file->start < file->end || fill(file))) {
		size_t ready = file->end - file->start;
		size_t piece = ready < n - done ? ready : n - done;

		memcpy(to + done, file->buf + file->start, piece);
		file->start += piece;
		done += piece;
	}
	return done / size;
}

char *
fgets(char *buf, int size, FILE *file)
{
	int n = 0, c = 0;

	while (n < size - 1 && c != '\n') {
		c = fgetc(file);
		if (c == EOF)
			break;
		buf[n++] = (char)c;
	}
	if (n == 0)
		return NULL;
	buf[n] = '\0';
	return buf;
}

int
feof(FILE *file)
{
	return file->at_end;
}

int
ferror(FILE *file)
{
	return file->failed;
}

void
clearerr(FILE *file)
{
	file->at_end = file->failed = false;
}

int
fileno(FILE *file)
{
	return file->fd;
}

void
perror(const char *text)
{
	fprintf(stderr, "%s: %s\n", text, strerror(errno));
}
