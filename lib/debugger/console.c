/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of text between threads.  Nothing here may know what the text is.
 */
#include "debugger/console.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#define LOOK_NS 5000000 /* how often a waiting writer looks */

static struct timespec
next_look(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += LOOK_NS;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

void
console_init(struct console *console)
{
	pthread_mutex_init(&console->lock, NULL);
	pthread_cond_init(&console->room, NULL);
}

static void
append(struct console *console, const char *text, size_t n)
{
	size_t at = (console->head + console->used) % CONSOLE_SIZE;
	size_t first = n < CONSOLE_SIZE - at ? n : CONSOLE_SIZE - at;

	memcpy(console->buf + at, text, first);
	memcpy(console->buf, text + first, n - first);
	console->used += n;
}

void
console_write(struct console *console, const char *text, size_t n,
    bool (*ends)(void *ctx), void *ctx)
{
	struct timespec look;

	assert(n <= CONSOLE_SIZE);
	pthread_mutex_lock(&console->lock);
	while (n > CONSOLE_SIZE - console->used && !ends(ctx)) {
		look = next_look();
		pthread_cond_timedwait(&console->room, &console->lock, &look);
	}
	if (n <= CONSOLE_SIZE - console->used)
		append(console, text, n);
	pthread_mutex_unlock(&console->lock);
}

size_t
console_peek(struct console *console, const char **text)
{
	size_t n;

	/* All that was written before a stop is seen when the stop is. */
	if (console->used == 0)
		return 0;
	pthread_mutex_lock(&console->lock);
	*text = console->buf + console->head;
	n = console->used < CONSOLE_SIZE - console->head
		? console->used
		: CONSOLE_SIZE - console->head;
	pthread_mutex_unlock(&console->lock);
	return n;
}

void
console_take(struct console *console, size_t n)
{
	pthread_mutex_lock(&console->lock);
	console->head = (console->head + n) % CONSOLE_SIZE;
	console->used -= n;
	pthread_cond_broadcast(&console->room);
	pthread_mutex_unlock(&console->lock);
}
