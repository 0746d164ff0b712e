/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on its way to the debugger's console: the guest's threads write, the
 * server's thread reads.  It must not know what the text is, nor who reads it.
 *
 * A writer waits while the buffer is full.
 */
#ifndef DEBUGGER_CONSOLE_H
#define DEBUGGER_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_SIZE 0x10000U

struct console {
	pthread_mutex_t lock;
	pthread_cond_t room;
	size_t head; /* the text is buf[head], and wraps */
	_Atomic size_t used;
	char buf[CONSOLE_SIZE];
};

/* An empty console, all zero so far. */
void console_init(struct console *console);

/* Append n <= CONSOLE_SIZE bytes.  It waits while the buffer is full, but gives
 * up when `ends` returns true, which is asked every few milliseconds. */
void console_write(struct console *console, const char *text, size_t n,
    bool (*ends)(void *ctx), void *ctx);

/* The text that is first: text[returned], valid until console_take(). */
size_t console_peek(struct console *console, const char **text);

/* n bytes of it are done with. */
void console_take(struct console *console, size_t n);

#endif
