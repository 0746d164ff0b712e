/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of hypercalls, written as for --allow and --trace: by names and classes.
 * It must not know what a set is for.
 */
#ifndef HC_SET_H
#define HC_SET_H

#include "abi/hypercall.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of one class. */
const char *hc_class_name(unsigned class);

/* `bits` are the calls in the set; `own`, those in it at least for novillo's
 * own files. */
struct hc_set {
	uint64_t bits[HYPERCALL_WORDS];
	uint64_t own[HYPERCALL_WORDS];
};

bool hc_set_has(const struct hc_set *set, uint32_t number);

/* The first number from `from` on in `bits` of a set, or HYPERCALL_END. */
uint32_t hc_set_next(const uint64_t *bits, uint32_t from);

/* Add a call; true if it was not in the set.  If several threads add the same
 * call at once, one gets true. */
bool hc_set_add(struct hc_set *set, uint32_t number);

/* Is the call in the set at least for novillo's own files? */
bool hc_set_has_own(const struct hc_set *set, uint32_t number);

/*
 * Change `set` by one word: add a call or @class by its name, or remove it if
 * the word begins with a minus.  False if no call or class has that name.
 * @base and @own add the calls of @own for novillo's own files only.
 */
bool hc_set_change(struct hc_set *set, const char *word, size_t len);

/* The same, and `forbidden` becomes those calls that such words removed, and
 * that none has added since. */
bool hc_set_change_noted(
    struct hc_set *set, struct hc_set *forbidden, const char *word, size_t len);

/* Add the calls of `more` but those that are in `forbidden`, at least for
 * novillo's own files. */
void hc_set_join(struct hc_set *set, const struct hc_set *more,
    const struct hc_set *forbidden);

/*
 * Make `set` from `list`: such words, separated by commas, applied in order.
 * A word may also be "/PATTERN/", an extended regular expression for names, and
 * a list that begins with '!' has all calls but those that its words name.
 * 0, or -EINVAL with the unknown word in *bad and *bad_len.
 */
int hc_set_parse(
    struct hc_set *set, const char *list, const char **bad, size_t *bad_len);

#endif
