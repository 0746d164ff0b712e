/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing without being held up.  Nothing here may know what is written.
 *
 * A pipe or a socket may be shared with the guest, and O_NONBLOCK would change
 * it for the guest and for our parent also.  RWF_NOWAIT is for one call; where
 * a file does not know it, such as a terminal, poll() says whether a short
 * write would wait.
 */
#include "output/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static _Atomic int64_t deadline; /* in ms of CLOCK_MONOTONIC, or 0 */

/* Signal handlers call this, where the counter that the vDSO reads may be
 * withheld (PR_SET_TSC). */
static int64_t
now(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
output_hurry(void)
{
	int64_t none = 0;

	atomic_compare_exchange_strong(
	    &deadline, &none, now() + OUTPUT_GRACE_MS);
}

bool
output_is_hurried(void)
{
	return deadline != 0;
}

bool
output_is_late(void)
{
	return deadline != 0 && now() >= deadline;
}

/* Is there room for PIPE_BUF bytes, or an error to report? */
static bool
has_room(int fd, int ms)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, ms) > 0;
}

static ssize_t
result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

ssize_t
output_try(int fd, const void *bytes, size_t n)
{
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	ssize_t r = syscall(SYS_pwritev2, fd, &part, 1UL, -1L, -1L, RWF_NOWAIT);

	if (r >= 0)
		return r;
	switch (errno) {
	case EAGAIN:
		/* A regular file may refuse the flag; it has no peer. */
		if (lseek(fd, 0, SEEK_CUR) < 0)
			return -EAGAIN;
		break;
	case EOPNOTSUPP:
	case EINVAL:
	case ENOSYS:
	case EPERM: /* of a sandbox around us */
		if (!has_room(fd, 0))
			return -EAGAIN;
		break;
	default: return result(r);
	}
	return result(write(fd, bytes, n < PIPE_BUF ? n : PIPE_BUF));
}

/* Wait for the peer.  False: novillo is to end, and has waited enough. */
static bool
await_room(int fd)
{
	int64_t left = deadline ? deadline - now() : OUTPUT_LOOK_MS;

	if (left <= 0)
		return false;
	(void)has_room(
	    fd, (int)(left < OUTPUT_LOOK_MS ? left : OUTPUT_LOOK_MS));
	return true;
}

void
output_write(struct output *output, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0 && !output->error) {
		ssize_t r = output_try(output->fd, at, n);

		if (r >= 0) {
			at += r;
			n -= (size_t)r;
		} else if (r != -EAGAIN) {
			output->error = (int)-r;
		} else if (!await_room(output->fd)) {
			output->error = OUTPUT_NOT_READ;
		}
	}
}

/* Format into text[OUTPUT_TEXT]: how many bytes of it there are. */
__attribute__((format(printf, 2, 0))) static size_t
format_text(char *text, const char *format, va_list ap)
{
	int n = vsnprintf(text, OUTPUT_TEXT, format, ap);

	if (n < 0)
		return 0;
	return n < OUTPUT_TEXT ? (size_t)n : OUTPUT_TEXT - 1;
}

void
output_print(struct output *output, const char *format, ...)
{
	char text[OUTPUT_TEXT];
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = format_text(text, format, ap);
	va_end(ap);
	output_write(output, text, n);
}

void
output_flush(struct output_buffer *buffer)
{
	output_write(buffer->out, buffer->bytes, buffer->used);
	buffer->used = 0;
}

void
output_add(struct output_buffer *buffer, const void *bytes, size_t n)
{
	if (n > sizeof(buffer->bytes) - buffer->used)
		output_flush(buffer);
	if (n > sizeof(buffer->bytes)) {
		output_write(buffer->out, bytes, n);
		return;
	}
	memcpy(buffer->bytes + buffer->used, bytes, n);
	buffer->used += n;
}

void
output_addf(struct output_buffer *buffer, const char *format, ...)
{
	char text[OUTPUT_TEXT];
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = format_text(text, format, ap);
	va_end(ap);
	output_add(buffer, text, n);
}
