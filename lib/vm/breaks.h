/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints of a guest: what is wanted where, and how it is
 * had: a planted INT3, a debug register, a page without access.  It must not
 * know threads or who debugs.
 *
 * Everything here is called while no vCPU runs.
 */
#ifndef BREAKS_H
#define BREAKS_H

#include "mem/gmem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKS_MAX  1024 /* breakpoints, soft and hard */
#define WATCHES_MAX 64   /* watchpoints */
#define DEBUG_REGS  4    /* DR0 to DR3 */

/* As the GDB protocol numbers them. */
enum breaks_type {
	BREAKS_SOFT,
	BREAKS_HARD,
	BREAKS_WRITE,
	BREAKS_READ,
	BREAKS_ACCESS,
};

/* A soft and a hard breakpoint at once, if need be.  A hard one without a
 * debug register is planted as a soft one is. */
struct breakpoint {
	uint64_t addr;
	bool soft, hard;
	int reg;          /* the hard one's debug register, or -1 */
	bool planted;     /* memory holds INT3 */
	uint8_t original; /* what it held before */
};

struct watchpoint {
	enum breaks_type type;
	uint64_t addr;
	uint64_t len;
	int reg;       /* the debug register it has, or -1: by its pages */
	uint64_t hash; /* of the bytes when last looked at */
};

struct breaks {
	struct gmem *mem;
	unsigned count;
	struct breakpoint list[BREAKS_MAX];
	unsigned watches;
	struct watchpoint watch[WATCHES_MAX];
	bool registers;          /* this KVM honours debug registers */
	uint64_t dr[DEBUG_REGS]; /* what is in DR0 to DR3, and in DR7 */
	uint64_t dr7;
};

/* Inserting what is there and removing what is not succeed.  -EFAULT: nothing
 * mapped there, or a file that it would change; -ENOSPC: the list is full; -EINVAL: no such type or length. */
int breaks_insert(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len);
int breaks_remove(
    struct breaks *b, enum breaks_type type, uint64_t addr, uint64_t len);
void breaks_clear(struct breaks *b);

/* Is a breakpoint wanted at `addr`? */
bool breaks_has(const struct breaks *b, uint64_t addr);

/* The breakpoint planted at `addr`, or NULL. */
const struct breakpoint *breaks_at(const struct breaks *b, uint64_t addr);

/* Take the INT3 at `addr` out, and put it back. */
void breaks_lift(struct breaks *b, uint64_t addr);
void breaks_plant(struct breaks *b, uint64_t addr);

/*
 * Guest memory as if nothing was planted in it: the bytes of [addr, addr +
 * len) as the guest would read them, however it is protected.  The number of
 * bytes that are mapped, from the start.
 */
size_t
breaks_read(const struct breaks *b, uint64_t addr, void *buf, size_t len);
/* The same bytes where they lie, as long as nothing is planted among them and
 * they are no file's, which might be gone when they are read; else 0. */
size_t breaks_view(
    const struct breaks *b, uint64_t addr, size_t len, const uint8_t **bytes);
size_t
breaks_write(struct breaks *b, uint64_t addr, const void *buf, size_t len);

/*
 * Page-protection watchpoints.  After the guest changed its mappings, protect
 * anew.  Is `addr` on a page that is watched, and would the access (a write?)
 * be allowed without the watch?
 */
void breaks_protect(struct breaks *b);
bool breaks_watched_page(const struct breaks *b, uint64_t addr, bool write);

/* Let one instruction at that page through, and watch it again. */
void breaks_open_page(struct breaks *b, uint64_t addr);

/*
 * Which watchpoint an access at `addr` has hit, or whose bytes have changed
 * since they were last looked at; NULL if none.
 */
const struct watchpoint *
breaks_hit(struct breaks *b, uint64_t addr, bool write, bool access);

/* Remember the bytes of all watchpoints as they are. */
void breaks_look(struct breaks *b);

/* The watchpoint, or the hard breakpoint's address, behind DR6's bits. */
const struct watchpoint *breaks_watch_in(const struct breaks *b, uint64_t dr6);
bool breaks_hard_in(const struct breaks *b, uint64_t dr6);

#endif
