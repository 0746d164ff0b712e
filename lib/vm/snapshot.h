/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a replayed guest, to come back to: memory with its mappings,
 * registers, what novillo keeps for the guest, and the place in the recording.
 * It must not know who comes back, nor why.
 *
 * All functions are for a machine at rest whose guest is replayed
 * (hypercall/core/replay.h), so that no host file, clock or process is part of
 * its state.  Breakpoints and watchpoints are the debugger's and are not part
 * of it either: they stay as they are.
 *
 * Between two records such a guest has no input, and one of its threads runs.
 * So two moments with the same next record and the same memory and registers of
 * that thread are one moment, or the guest is in a loop that it never leaves.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "vm/context.h"
#include "vm/machine.h"

/* Contents of a page, shared by the snapshots in which it has them.  A spare
 * one has none. */
struct snapshot_bytes {
	union {
		unsigned refs;
		struct snapshot_bytes *next;
	};
	uint8_t bytes[PAGE_4K];
};

/* The page tables, shared in the same way. */
struct snapshot_tables {
	unsigned refs, used;
	uint64_t entry[];
};

/* Pages of zeros have none. */
struct snapshot_page {
	uint64_t va;
	struct snapshot_bytes *copy;
};

/* A thread of the guest, on this vCPU. */
struct snapshot_vcpu {
	struct vcpu *vcpu;
	struct user_context user;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	/* A struct kvm_xsave. */
	_Alignas(8) uint8_t xsave[sizeof(struct kvm_xsave)];
	struct hc_thread thread;
	struct flight flight;
	struct debug_vcpu debug;
};

/* All zero: none. */
struct snapshot {
	bool taken;
	uint64_t events;
	uint64_t at; /* where the next record is */
	unsigned threads;
	struct snapshot_vcpu *thread;
	struct snapshot_vcpu *turn; /* the one that runs next */
	int last_tid, main_status;
	struct snapshot_tables *tables;
	size_t pages, room;
	struct snapshot_page *page; /* by address */
	size_t copied;  /* pages that `near` did not have (snapshot_take()) */
	size_t differs; /* the page that differed at the last comparison */
	uint8_t *guest; /* parts of struct hc_guest */
	void *place;    /* in the recording */
};

/* Replace what *s has by the present: 0 or -errno, and it has nothing.  It
 * shares with `near`, another one or NULL, the pages that are the same. */
int snapshot_take(
    struct snapshot *s, struct machine *m, const struct snapshot *near);
void snapshot_drop(struct snapshot *s);

/* How many pages all snapshots of this process have copied, and still have. */
size_t snapshot_pages_held(void);

/* Make it the present: 0 or -errno.  After an error the guest cannot go on. */
int snapshot_return(const struct snapshot *s, struct machine *m);

/* Memory of [addr, addr + len) as it was, with zeros where it had none. */
void snapshot_read(
    const struct snapshot *s, uint64_t addr, uint8_t *buf, size_t len);

/* Did the thread live? */
bool snapshot_has_thread(const struct snapshot *s, int tid);

/* Is it the present? */
bool snapshot_is_present(struct snapshot *s, struct machine *m);

/* After that was denied: a word of memory, which the guest can read, by which
 * it differs from the present, with the snapshot's value.  False: none is
 * known. */
bool snapshot_differing(
    struct snapshot *s, struct machine *m, struct hc_witness *word);

#endif
