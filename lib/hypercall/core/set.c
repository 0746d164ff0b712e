/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of hypercalls.  Nothing here may know what a set is for.
 */
#include "hypercall/core/set.h"

#include "hypercall/core/table.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned class;
} classes[] = {
	{ "base", HC_BASE },
	{ "file", HC_FILE },
	{ "net", HC_NET },
	{ "poll", HC_POLL },
	{ "time", HC_TIME },
	{ "memory", HC_MEMORY },
	{ "own", HC_OWN },
	{ "all", ~0U },
};

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static bool
same_word(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && memcmp(name, word, len) == 0;
}

/* The class with this name ("base"), or 0. */
static unsigned
class_by_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (same_word(classes[i].name, name, len))
			return classes[i].class;
	return 0;
}

const char *
hc_class_name(unsigned class)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (classes[i].class == class)
			return classes[i].name;
	return NULL;
}

bool
hc_set_has(const struct hc_set *set, uint32_t number)
{
	return number < HYPERCALL_END &&
	       (set->bits[number / 64] >> number % 64 & 1);
}

bool
hc_set_has_own(const struct hc_set *set, uint32_t number)
{
	return number < HYPERCALL_END &&
	       (set->own[number / 64] >> number % 64 & 1);
}

uint32_t
hc_set_next(const uint64_t *bits, uint32_t from)
{
	for (; from < HYPERCALL_END; from = (from | 63) + 1) {
		const uint64_t left = bits[from / 64] >> from % 64;

		if (left)
			return from + (uint32_t)__builtin_ctzll(left);
	}
	return HYPERCALL_END;
}

bool
hc_set_add(struct hc_set *set, uint32_t number)
{
	const uint64_t bit = UINT64_C(1) << number % 64;

	if (number >= HYPERCALL_END)
		return true;
	return !(
	    __atomic_fetch_or(&set->bits[number / 64], bit, __ATOMIC_RELAXED) &
	    bit);
}

static void
add_call(struct hc_set *set, uint32_t nr, const struct hc_row *row)
{
	const uint64_t bit = UINT64_C(1) << nr % 64;

	set->bits[nr / 64] |= bit;
	if (row->classes & HC_OWN)
		set->own[nr / 64] |= bit;
}

static bool
add_class(struct hc_set *set, const char *name, size_t len)
{
	const unsigned class = class_by_name(name, len);
	size_t i;

	hc_class_calls(class & ~(unsigned)HC_OWN, set->bits);
	hc_class_calls(HC_OWN, set->own);
	for (i = 0; i < HYPERCALL_WORDS && !(class & (HC_OWN | HC_BASE)); i++)
		set->own[i] &= set->bits[i];
	return class != 0;
}

static bool
add_name(struct hc_set *set, const char *name, size_t len)
{
	uint32_t nr;

	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		if (!row || !same_word(row->name, name, len))
			continue;
		add_call(set, nr, row);
		return true;
	}
	return false;
}

#define PATTERN 128 /* bytes of a pattern */

/* The calls that match "/.../", whose last slash may be left out. */
static bool
add_pattern(struct hc_set *set, const char *word, size_t len)
{
	char text[PATTERN];
	bool found = false;
	regex_t regex;
	uint32_t nr;

	len -= len > 1 && word[len - 1] == '/';
	if (len < 2 || len > sizeof(text))
		return false;
	memcpy(text, word + 1, len - 1);
	text[len - 1] = '\0';
	if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		if (!row || regexec(&regex, row->name, 0, NULL, 0) != 0)
			continue;
		add_call(set, nr, row);
		found = true;
	}
	regfree(&regex);
	return found;
}

/* The calls of a word.  False: nothing has that name. */
static bool
find_calls(struct hc_set *calls, const char *word, size_t len)
{
	*calls = (struct hc_set){ 0 };
	if (len > 0 && word[0] == '@')
		return add_class(calls, word + 1, len - 1);
	if (len > 0 && word[0] == '/')
		return add_pattern(calls, word, len);
	return add_name(calls, word, len);
}

/* Add the calls, or remove them. */
static void
apply_calls(struct hc_set *set, const struct hc_set *calls, bool in)
{
	size_t i;

	for (i = 0; in && i < HYPERCALL_WORDS; i++) {
		set->bits[i] |= calls->bits[i];
		set->own[i] |= calls->own[i];
	}
	for (i = 0; !in && i < HYPERCALL_WORDS; i++) {
		set->bits[i] &= ~calls->bits[i];
		set->own[i] &= ~calls->own[i];
	}
}

bool
hc_set_change_noted(
    struct hc_set *set, struct hc_set *forbidden, const char *word, size_t len)
{
	const bool in = len == 0 || word[0] != '-';

	struct hc_set calls;

	word += !in;
	len -= !in;
	/* A pattern is not a word of a policy. */
	if ((len > 0 && word[0] == '/') || !find_calls(&calls, word, len))
		return false;
	apply_calls(set, &calls, in);
	if (forbidden)
		apply_calls(forbidden, &calls, !in);
	return true;
}

bool
hc_set_change(struct hc_set *set, const char *word, size_t len)
{
	return hc_set_change_noted(set, NULL, word, len);
}

void
hc_set_join(struct hc_set *set, const struct hc_set *more,
    const struct hc_set *forbidden)
{
	size_t i;

	for (i = 0; i < HYPERCALL_WORDS; i++) {
		const uint64_t but = forbidden->bits[i] | forbidden->own[i];

		set->bits[i] |= more->bits[i] & ~but;
		set->own[i] |= more->own[i] & ~but;
	}
}

/* The length of the word at the start of a list.  A pattern may have commas. */
static size_t
word_length(const char *list)
{
	const char *pattern = list + (*list == '-');
	const char *end = *pattern == '/' ? strchr(pattern + 1, '/') : NULL;

	return end ? (size_t)(end + 1 - list) + strcspn(end + 1, ",")
		   : strcspn(list, ",");
}

/* Change a set by a word of a list; after '!' it removes calls. */
static bool
take_word(struct hc_set *set, const char *word, size_t len, bool except)
{
	const bool minus = !except && len > 0 && word[0] == '-';
	struct hc_set calls;

	if (!find_calls(&calls, word + minus, len - minus))
		return false;
	apply_calls(set, &calls, !minus && !except);
	return true;
}

int
hc_set_parse(
    struct hc_set *set, const char *list, const char **bad, size_t *bad_len)
{
	const bool except = *list == '!';

	*set = (struct hc_set){ 0 };
	if (except)
		(void)hc_set_change(set, "@all", 4);
	for (list += except;; list++) {
		size_t len = word_length(list);

		if (!take_word(set, list, len, except)) {
			*bad = list;
			*bad_len = len;
			return -EINVAL;
		}
		list += len;
		if (!*list)
			return 0;
	}
}
