/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way by which novillo writes to its peers: the readers of its
 * messages, trace and counts, and the debugger.  It must not know what is
 * written.
 *
 * A peer that does not read makes the writer wait.  The wait ends when novillo
 * is to end: output_hurry() gives all peers together OUTPUT_GRACE_MS more.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OUTPUT_GRACE_MS 1000
#define OUTPUT_LOOK_MS  100 /* how often a wait looks at that */

/* The first error of an output that got lost because novillo is to end. */
#define OUTPUT_NOT_READ ETIMEDOUT

struct output {
	int fd;
	_Atomic int
	    error; /* the first, an errno; nothing is written after it */
};

/* Write all of it, and wait for the peer if need be. */
void output_write(struct output *output, const void *bytes, size_t n);

/* The same for formatted text, of which OUTPUT_TEXT - 1 bytes are written.  It
 * takes no memory: a sandbox may forbid what malloc() does at first. */
#define OUTPUT_TEXT 4096
__attribute__((format(printf, 2, 3))) void
output_print(struct output *output, const char *format, ...);

/* Text that is written in large pieces.  The caller sets `out`, and flushes. */
#define OUTPUT_BUFFER 65536U
struct output_buffer {
	struct output *out;
	size_t used;
	char bytes[OUTPUT_BUFFER];
};

void output_add(struct output_buffer *buffer, const void *bytes, size_t n);
__attribute__((format(printf, 2, 3))) void
output_addf(struct output_buffer *buffer, const char *format, ...);
void output_flush(struct output_buffer *buffer);

/* Write what the peer takes now: how many bytes, or -errno; -EAGAIN: none. */
ssize_t output_try(int fd, const void *bytes, size_t n);

/* novillo is to end.  The first call counts.  For signal handlers also. */
void output_hurry(void);

/* Is novillo to end; has its time run out? */
bool output_is_hurried(void);
bool output_is_late(void);

#endif
