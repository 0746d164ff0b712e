/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that the guest has mapped, for /proc: the page tables say what is
 * mapped and with which rights, and this list says from which file.  It must
 * not know who maps.
 *
 * A full list loses names, never a right: what has no entry is shown as memory
 * without a file.  All functions are called with the lock of guest memory, or
 * before the guest runs.
 */
#ifndef HC_MAPPED_H
#define HC_MAPPED_H

#include "hypercall/core/fd.h"
#include "hypercall/core/ipc.h"

#include <stdint.h>

#define HC_MAPPED_FILES  128U
#define HC_MAPPED_RANGES 1024U

/* A file's name in the guest's tree, and its number in the host's. */
struct hc_mapped_file {
	uint64_t device, inode;
	char name[HC_PATH]; /* "": the guest's program */
};

/* Guest addresses [from, to) are the file's bytes from `offset` on. */
struct hc_mapped_range {
	uint64_t from, to, offset;
	uint16_t file;
};

/* The ranges, in order, do not overlap.  Segments of System V's have places of
 * their own after those of all other files, so that a number says which segment
 * it is. */
struct hc_mapped {
	unsigned ranges;
	struct hc_mapped_range range[HC_MAPPED_RANGES];
	struct hc_mapped_file file[HC_MAPPED_FILES + HC_SEGMENTS];
};

static inline unsigned
hc_mapped_segment(unsigned place)
{
	return HC_MAPPED_FILES + place;
}

/* From now on [from, to) is `file` from `offset` on, or no file if `file` is
 * NULL. */
void hc_mapped_set(struct hc_mapped *mapped, uint64_t from, uint64_t to,
    const struct hc_mapped_file *file, uint64_t offset);

/* The same for the file at place `number`. */
void hc_mapped_put(struct hc_mapped *mapped, uint64_t from, uint64_t to,
    unsigned number, uint64_t offset);

/* mremap() has moved [from, from + old) to [to, to + new). */
void hc_mapped_move(struct hc_mapped *mapped, uint64_t from, uint64_t old,
    uint64_t to, uint64_t new);

/* The range that contains `va`, or NULL; *end is lowered to where the answer
 * changes next. */
const struct hc_mapped_range *
hc_mapped_find(const struct hc_mapped *mapped, uint64_t va, uint64_t *end);

#endif
