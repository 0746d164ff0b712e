/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts of a run.  Nothing here may change the machine, nor make a call that
 * is not safe in a signal handler, such as printf().
 */
#include "stats.h"

#include "vm/counts.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct list {
	bool json;
	const char *what; /* the last kind, or NULL */
	struct output_buffer text;
};

static void
put(struct list *list, const char *text)
{
	output_add(&list->text, text, strlen(text));
}

static void
put_blanks(struct list *list, size_t n)
{
	while (n-- > 0)
		output_add(&list->text, " ", 1);
}

/* A word at the left of a column. */
static void
put_word(struct list *list, const char *text, size_t width)
{
	const size_t n = strlen(text);

	put(list, text);
	put_blanks(list, n < width ? width - n : 0);
}

/* A number at the right of a column. */
static void
put_number(struct list *list, uint64_t n, size_t width)
{
	char digits[20];
	size_t first = sizeof(digits);

	do
		digits[--first] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	n = sizeof(digits) - first;
	put_blanks(list, n < width ? width - n : 0);
	output_add(&list->text, digits + first, n);
}

/* The kinds are objects with a member for each name. */
static void
put_member(struct list *list, const char *what, const char *name, uint64_t n)
{
	if (list->what && strcmp(list->what, what) == 0) {
		put(list, ", \"");
	} else {
		put(list, list->what ? "}, \"" : "{\"stats\": {\"");
		put(list, what);
		put(list, "\": {\"");
	}
	list->what = what;
	put(list, name);
	put(list, "\": ");
	put_number(list, n, 0);
}

static void
put_line(struct list *list, const char *what, const char *name, uint64_t n)
{
	put_word(list, what, 12);
	put(list, " ");
	put_word(list, name, 20);
	put(list, " ");
	put_number(list, n, 12);
	put(list, "\n");
}

static void
put_count(void *ctx, const char *what, const char *name, uint64_t n)
{
	struct list *list = ctx;

	if (n == 0)
		return;
	if (list->json)
		put_member(list, what, name, n);
	else
		put_line(list, what, name, n);
}

void
stats_write(struct output *out, const struct machine *m,
    const struct confined *sandbox, bool json)
{
	struct list list = { .json = json, .text.out = out };
	struct rusage used;

	machine_each_count(m, put_count, &list);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		put_count(
		    &list, "memory", "peak KiB", (uint64_t)used.ru_maxrss);
	put_count(
	    &list, "sandbox", "Landlock ABI", (uint64_t)sandbox->landlock);
	put_count(&list, "sandbox", "seccomp filter", sandbox->filtered);
	put_count(&list, "sandbox", "no capabilities",
	    sandbox->no_privs && !sandbox->capabilities);
	put_count(&list, "sandbox", "capabilities left",
	    (uint64_t)__builtin_popcountll(sandbox->capabilities));
	if (json)
		put(&list, list.what ? "}}}\n" : "{\"stats\": {}}\n");
	output_flush(&list.text);
}
