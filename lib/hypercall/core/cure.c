/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A choice of classes, names and rules.  Nothing here may know how a denial is
 * reported.
 */
#include "hypercall/core/cure.h"

#include "hypercall/core/table.h"

#include <asm/unistd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A choice of classes never includes HC_OWN: it allows some files only. */
#define CHOICES ((unsigned)HC_OWN)
_Static_assert(HC_OWN == (HC_CLASSES + 1) / 2, "HC_OWN is the last class");

/* The cost of a choice of classes, the more important number first. */
struct cost {
	unsigned beyond; /* calls outside @base that it allows in addition */
	unsigned calls;  /* all calls that it allows in addition */
	unsigned size;   /* the sum of its classes */
};

static bool
is_missing(const struct hc_wish *wish, uint32_t number)
{
	return hc_set_has(wish->calls, number) && hc_row(number) &&
	       !hc_set_has(wish->allowed, number);
}

/* The cost of a choice.  False: it leaves out a call that is missing. */
static bool
weigh(const struct hc_wish *wish, unsigned choice, struct cost *cost)
{
	uint32_t number;

	*cost = (struct cost){ 0 };
	for (number = 0; number < HYPERCALL_END; number++) {
		const struct hc_row *row = hc_row(number);
		unsigned chosen = row ? row->classes & choice : 0;

		if (!chosen && is_missing(wish, number))
			return false;
		if (!chosen)
			continue;
		cost->size += (unsigned)__builtin_popcount(chosen);
		if (hc_set_has(wish->allowed, number))
			continue;
		cost->calls++;
		cost->beyond += !(row->classes & HC_BASE);
	}
	return true;
}

static bool
is_cheaper(const struct cost *a, const struct cost *b)
{
	if (a->beyond != b->beyond)
		return a->beyond < b->beyond;
	if (a->calls != b->calls)
		return a->calls < b->calls;
	return a->size < b->size;
}

static unsigned
choose(const struct hc_wish *wish)
{
	struct cost cost, least = { UINT32_MAX, 0, 0 };
	unsigned choice, best = 0;

	for (choice = 0; choice < CHOICES; choice++)
		if (weigh(wish, choice, &cost) && is_cheaper(&cost, &least)) {
			best = choice;
			least = cost;
		}
	return best;
}

/* Is most of this class allowed? */
static bool
is_mostly_allowed(const struct hc_set *allowed, unsigned class)
{
	unsigned in = 0, out = 0;
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++) {
		if (!hc_row(number) || !(hc_row(number)->classes & class))
			continue;
		if (hc_set_has(allowed, number))
			in++;
		else
			out++;
	}
	return in > out;
}

struct list {
	char *text;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void
put(struct list *list, const char *format, ...)
{
	size_t room;
	va_list ap;
	int n;

	if (list->used > 0 && list->used < HC_CURE_TEXT - 1)
		list->text[list->used++] = ',';
	room = HC_CURE_TEXT - list->used;
	va_start(ap, format);
	n = vsnprintf(list->text + list->used, room, format, ap);
	va_end(ap);
	list->used += (size_t)n < room ? (size_t)n : room - 1;
}

void
hc_cure(const struct hc_wish *wish, char text[HC_CURE_TEXT])
{
	struct list list = { text, 0 };
	unsigned choice = choose(wish), whole = 0, class, i;
	char rule[HC_NET_RULE_TEXT];
	uint32_t number;

	text[0] = '\0';
	for (class = 1; class < CHOICES; class <<= 1) {
		if (!(choice & class) ||
		    is_mostly_allowed(wish->allowed, class))
			continue;
		whole |= class;
		put(&list, "@%s", hc_class_name(class));
	}
	for (number = 0; number < HYPERCALL_END; number++)
		if (is_missing(wish, number) &&
		    !(hc_row(number)->classes & whole))
			put(&list, "%s", hc_row(number)->name);
	for (i = 0; i < wish->rules; i++) {
		hc_net_rule_text(&wish->rule[i], rule);
		put(&list, "%s", rule);
	}
}

#define ANY(...)                \
	{                       \
		__VA_ARGS__, -1 \
	}
#define NONE ANY(-1)

/* A program is of a family if it was refused one call of a list, has asked for
 * one of another, and for none of a third; the first that fits counts. */
static const struct {
	int16_t refused[5];
	int16_t asked[3];
	int16_t never[2];
	struct hc_family family;
} families[] = {
	/* getppid is for a shell's variable PPID. */
	{ ANY(__NR_fork, __NR_vfork, __NR_pipe, __NR_pipe2), ANY(__NR_getppid),
	    NONE,
	    { "a shell", NULL,
		"other programs and pipelines are further processes, which no"
		" option allows" } },
	/* A C library sets the address; Go's runtime without C does not. */
	{ ANY(__NR_openat, __NR_socket), ANY(__NR_sched_getaffinity),
	    ANY(__NR_set_tid_address), { "a Go program", "@file", NULL } },
	{ ANY(__NR_openat, __NR_socket),
	    ANY(__NR_epoll_create, __NR_epoll_create1), NONE,
	    { "an event loop, as Tokio has one", "@file,@net", NULL } },
};

static bool
has_any(const struct hc_set *set, const int16_t *numbers)
{
	for (; *numbers >= 0; numbers++)
		if (hc_set_has(set, (uint32_t)*numbers))
			return true;
	return false;
}

const struct hc_family *
hc_family(const struct hc_set *refused, const struct hc_set *asked)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (has_any(refused, families[i].refused) &&
		    has_any(asked, families[i].asked) &&
		    !has_any(asked, families[i].never))
			return &families[i].family;
	return NULL;
}
