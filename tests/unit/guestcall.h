/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls without a vCPU: a guest with RAM and one thread, and CALL() to
 * make a call for it.  Include it in a test's one source file.
 */
#ifndef GUESTCALL_H
#define GUESTCALL_H

#include "guestram.h"
#include "tap.h"

#include "hypercall/core/hypercall.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/signal/signal.h"

#include <string.h>

/* RAM, the start of the break and the end of mmap; and a page for structures,
 * with an absent page after it. */
#define RAM  (UINT64_C(64) << 20)
#define BRK  (UINT64_C(2) << 20)
#define TOP  (UINT64_C(60) << 20)
#define PAGE (UINT64_C(1) << 20)
#define RO   (PAGE + 2 * PAGE_4K)
#define P    PAGE_4K

static struct gmem mem;
static struct hc_guest guest;
static struct hc_thread thread = { .tid = 1 };
static struct hc_call last; /* the call as it ended */

#define CALL(number, ...) call(number, (uint64_t[HC_ARGS]){ __VA_ARGS__ })

static inline int64_t
call(uint32_t number, const uint64_t *args)
{
	last = (struct hc_call){ .guest = &guest, .thread = &thread };
	memcpy(last.arg, args, sizeof(last.arg));
	return hc_dispatch(&last, number);
}

/* A pointer to guest memory. */
static inline void *
at(uint64_t va)
{
	return mem.base + va;
}

static inline void
guestcall_init(void)
{
	const char *bad;
	size_t len;

	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	hc_signals_join(&guest, &thread, NULL);
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	space_init(&guest.space, &mem, BRK, TOP);
	space_take(&guest.space, PAGE, P, space_bits(PROT_READ | PROT_WRITE));
	space_take(&guest.space, RO, P, space_bits(PROT_READ));
}

#endif
