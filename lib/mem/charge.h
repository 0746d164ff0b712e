/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counts of an address space against its limit: questions; space.h has the
 * functions that change it.  This file must not know which call changes a
 * mapping, or why.
 *
 * A page counts from the moment that it can be filled until it is unmapped
 * (PTE_CHARGED).
 *
 * A page marked PTE_HUGE may be part of a large page of the host.  The host
 * keeps the whole large page as long as one byte of it is mapped: it splits
 * the page when memory becomes scarce, and no call both forces that and says
 * that it was done.  So marks are set for whole aligned blocks of 2 MiB only,
 * and a block counts as 2 MiB until its last marked page is unmapped.  What
 * is mapped into the gaps of such a block counts in addition.
 */
#ifndef CHARGE_H
#define CHARGE_H

#include "mem/space.h"

/* Can a page with these PTE_* bits be filled, or could it once? */
bool charge_counts(uint64_t bits);

/* How many bytes of [va, va + len) are charged page by page. */
uint64_t charge_pages(const struct space *space, uint64_t va, uint64_t len);

/* How many bytes the blocks that [va, va + len) touches count. */
uint64_t charge_weigh(const struct space *space, uint64_t va, uint64_t len);

/* How many bytes fewer would count if [va, va + len) were unmapped. */
uint64_t charge_freed(const struct space *space, uint64_t va, uint64_t len);

/* How many bytes more may count. */
uint64_t charge_room(const struct space *space);

#endif
