/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of a recorded guest that is preempted between two events, at a
 * position that its replay finds again.  It must not know recordings, nor how a
 * vCPU comes to a position.
 */
#ifndef HC_PREEMPTION_H
#define HC_PREEMPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hc_guest;
struct hc_thread;

/* The general registers by their numbers, and after them: */
enum hc_position_register {
	HC_POSITION_RAX = 0,
	HC_POSITION_RCX = 1,
	HC_POSITION_R11 = 11,
	HC_POSITION_RIP = 16,
	HC_POSITION_RFLAGS,
	HC_POSITION_FS_BASE,
	HC_POSITION_GS_BASE,
	HC_POSITION_XMM, /* and 15 more: the low halves */
	HC_POSITION_REGISTERS = HC_POSITION_XMM + 16,
};

#define HC_POSITION_WORDS 16

/* A word of memory by which positions with the same registers differ: code that
 * the thread has just run writes there. */
struct hc_witness {
	uint64_t address, value;
};

/*
 * A state of the guest between two instructions of a thread.  States that agree
 * in all of this are the same, whichever of them a replay finds.
 */
struct hc_position {
	uint64_t reg[HC_POSITION_REGISTERS];
	uint64_t hash; /* of memory, and of the other registers */
	unsigned words;
	struct hc_witness word[HC_POSITION_WORDS];
};

#define HC_HOLES 64 /* ranges of memory that waiting calls may write */

/* Memory that the hash leaves out. */
struct hc_holes {
	unsigned n;
	struct {
		uint64_t va, len;
	} hole[HC_HOLES];
};

struct hc_preemption {
	/* Recording: is the thread, which runs, to be preempted? */
	bool (*is_wanted)(
	    const struct hc_guest *guest, struct hc_thread *thread);
	/* Replaying: the position at which the thread is preempted before it
	 * has another event, or NULL in *position.  NULL, or a sentence that
	 * says why the guest cannot go on. */
	const char *(*next)(struct hc_guest *guest, struct hc_thread *thread,
	    const struct hc_position **position);
	/* The hash of memory, continued by `len` bytes of registers, as a
	 * position has it.  False: memory has no hash now. */
	bool (*hash)(struct hc_guest *guest, const void *registers, size_t len,
	    uint64_t *hash);
	/* The thread is there: an event.  NULL, or the sentence. */
	const char *(*reached)(struct hc_guest *guest, struct hc_thread *thread,
	    const struct hc_position *position);
};

#endif
