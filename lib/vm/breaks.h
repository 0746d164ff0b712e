/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints of a guest: where they are wanted, and how each
 * is realized: by a planted INT3, a debug register, a page without access.  It
 * must not know threads or who debugs.
 *
 * Everything that changes them is called while no vCPU is in the guest.
 */
#ifndef BREAKS_H
#define BREAKS_H

#include "mem/gmem.h"
#include "vm/breakset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCHES_MAX 64 /* watchpoints */
#define DEBUG_REGS  4  /* DR0 to DR3 */

/* An access whose length is not known may reach so far: a vector's 64 bytes. */
#define BREAKS_REACH 64

/* The first ones as the GDB protocol numbers them.  A tracepoint never stops
 * the guest, and outlives the debugger. */
enum breaks_type {
	BREAKS_SOFT,
	BREAKS_HARD,
	BREAKS_WRITE,
	BREAKS_READ,
	BREAKS_ACCESS,
	BREAKS_TRACE,
	BREAKS_INNER, /* a stop that the debugger has not asked for */
};

struct watchpoint {
	enum breaks_type type;
	uint64_t addr;
	uint64_t len;
	int reg;       /* its debug register, or -1: its pages are protected */
	uint64_t hash; /* of the bytes when last looked at */
};

/* Memory that an instruction touched, or may have. */
struct breaks_access {
	uint64_t addr, len;
	bool read, write;
};

struct breaks {
	struct breakset set;
	unsigned watches;
	struct watchpoint watch[WATCHES_MAX];
	bool registers;          /* this KVM honours debug registers */
	uint64_t dr[DEBUG_REGS]; /* what is in DR0 to DR3, and in DR7 */
	uint64_t dr7;
	unsigned settling; /* hard breakpoints without a debug register */
	struct gmem *mem;
	const struct sieves *sieves; /* what lies over them, or NULL */
};

/*
 * Inserting one that is there and removing one that is not succeed.  A hard
 * breakpoint needs no page: without a debug register it waits for one.
 * -EFAULT: no page is mapped there, or a shared file, which INT3 would change;
 * of a removal: the page is gone with its INT3.  -ENOSPC: there are BREAKS_MAX
 * or WATCHES_MAX; -EINVAL: there is no such type or length.
 */
int breaks_insert(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len);
int breaks_remove(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len);

/* Remove all but tracepoints. */
void breaks_clear(struct breaks *b);

/* Does a watchpoint see reads? */
bool breaks_see_reads(const struct breaks *b);

/* Is a breakpoint wanted at `addr`, not only a tracepoint? */
bool breaks_has(const struct breaks *b, uint64_t addr);

/* The breakpoint planted at `addr`, or NULL. */
const struct breakpoint *breaks_at(const struct breaks *b, uint64_t addr);

/*
 * A hard breakpoint without a debug register, at `addr` where it cannot be
 * planted: an instruction fetch there is its hit.  Plant such breakpoints where
 * the guest has made code of their pages.
 */
bool breaks_waits_at(const struct breaks *b, uint64_t addr);
void breaks_settle(struct breaks *b);

/* Remove the INT3 at `addr` from memory, and put it back. */
void breaks_lift(struct breaks *b, uint64_t addr);
void breaks_plant(struct breaks *b, uint64_t addr);

/*
 * Guest memory as if nothing was planted in it: the bytes of [addr, addr +
 * len) as the guest would read them, however it is protected.  The number of
 * bytes that are mapped, from the start.
 */
size_t
breaks_read(const struct breaks *b, uint64_t addr, void *buf, size_t len);
/* In a copy of [addr, addr + len), the bytes in place of what is planted. */
void
breaks_restore(const struct breaks *b, uint64_t addr, void *buf, size_t len);
/* The same bytes in place, if nothing is planted among them and no file backs
 * them, which could be truncated before they are read; else 0. */
size_t breaks_view(
    const struct breaks *b, uint64_t addr, size_t len, const uint8_t **bytes);
size_t
breaks_write(struct breaks *b, uint64_t addr, const void *buf, size_t len);

/*
 * Watchpoints by page protection: protect all of them again, after the guest
 * has changed its mappings or a page was opened.  Is `addr` on a page that is
 * watched, and would the access be allowed without the watch?
 */
void breaks_protect(struct breaks *b);
bool breaks_watched_page(const struct breaks *b, uint64_t addr, bool write);

/* Give the page its own rights, until breaks_protect(). */
void breaks_open_page(struct breaks *b, uint64_t addr);

/*
 * The watchpoints that one of the accesses has hit: bit i is watch[i].
 * Accesses count for page watchpoints alone: the others have debug registers.
 */
uint64_t
breaks_hits(struct breaks *b, const struct breaks_access *access, unsigned n);

/*
 * The watchpoints whose bytes have changed since they were last looked at.  One
 * that an access of `but` writes is left for breaks_hits().
 */
uint64_t
breaks_changed(struct breaks *b, const struct breaks_access *but, unsigned n);

/* Take everything that was planted out of memory, and give watched pages their
 * rights, while memory is copied, compared or replaced; put it back. */
void breaks_hide(struct breaks *b);
void breaks_show(struct breaks *b);

/* Remember the bytes of all watchpoints as they are. */
void breaks_look(struct breaks *b);

/* The watchpoints that DR6 names; does it name a hard breakpoint? */
uint64_t breaks_watches_in(const struct breaks *b, uint64_t dr6);
bool breaks_hard_in(const struct breaks *b, uint64_t dr6);

#endif
