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

static void
put_bit(uint64_t *bits, uint32_t nr, bool in)
{
	const uint64_t bit = UINT64_C(1) << nr % 64;

	if (in)
		bits[nr / 64] |= bit;
	else
		bits[nr / 64] &= ~bit;
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

/* Change one call if `class` or its name (`named`) selects it; else false. */
static bool
put_call(struct hc_set *set, uint32_t nr, const struct hc_row *row,
    unsigned class, bool named, bool in)
{
	bool whole = named || (row->classes & class & ~(unsigned)HC_OWN);

	if (whole)
		put_bit(set->bits, nr, in);
	else if (!(row->classes & HC_OWN) || !(class & (HC_OWN | HC_BASE)))
		return false;
	if (row->classes & HC_OWN)
		put_bit(set->own, nr, in);
	return true;
}

/* Add the call or @class `word`, or remove it.  False: nothing has that
 * name. */
static bool
put_word(struct hc_set *set, const char *word, size_t len, bool in)
{
	const bool is_class = len > 0 && word[0] == '@';
	const unsigned class = is_class ? class_by_name(word + 1, len - 1) : 0;
	bool found = class != 0;
	uint32_t nr;

	if (is_class && !found)
		return false;
	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		if (row &&
		    put_call(set, nr, row, class,
			!is_class && same_word(row->name, word, len), in))
			found = true;
	}
	return found;
}

bool
hc_set_change_noted(
    struct hc_set *set, struct hc_set *forbidden, const char *word, size_t len)
{
	const bool in = len == 0 || word[0] != '-';

	word += !in;
	len -= !in;
	return put_word(set, word, len, in) &&
	       (!forbidden || put_word(forbidden, word, len, !in));
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

	for (i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++) {
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

#define PATTERN 128 /* bytes of a pattern */

/* Add or remove the calls that match the pattern "/.../", whose last slash may
 * be left out.  False: it is not a pattern, or matches none. */
static bool
put_pattern(struct hc_set *set, const char *word, size_t len, bool in)
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

		if (row && regexec(&regex, row->name, 0, NULL, 0) == 0)
			found |= put_call(set, nr, row, 0, true, in);
	}
	regfree(&regex);
	return found;
}

/* Change a set by a word of a list; after '!' it removes calls. */
static bool
take_word(struct hc_set *set, const char *word, size_t len, bool except)
{
	const bool minus = !except && len > 0 && word[0] == '-';

	word += minus;
	len -= minus;
	if (len > 0 && word[0] == '/')
		return put_pattern(set, word, len, !minus && !except);
	return put_word(set, word, len, !minus && !except);
}

int
hc_set_parse(
    struct hc_set *set, const char *list, const char **bad, size_t *bad_len)
{
	const bool except = *list == '!';

	*set = (struct hc_set){ 0 };
	if (except)
		(void)put_word(set, "@all", 4, true);
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
