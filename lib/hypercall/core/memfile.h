/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in memory (memfd_create): their size counts against the guest's memory,
 * since the host keeps their pages for novillo.  This file must not know how a
 * call writes.
 *
 * The size is counted before a call that may raise it, and corrected after it:
 * on the open file, the bytes and the offset that the host will get, since the
 * guest can change descriptors and vectors meanwhile.
 * It is given back when the only descriptor of the file is closed.  A file that
 * was mapped, sent over a socket or opened again may live on without a
 * descriptor that novillo knows, so its size counts until the guest ends.
 */
#ifndef HC_MEMFILE_H
#define HC_MEMFILE_H

#include "hypercall/core/hypercall.h"

/* Where a call writes, if not at an offset of its own. */
#define HC_AT_POSITION UINT64_MAX       /* at the file's position */
#define HC_AT_START    (UINT64_MAX - 1) /* its length is the new size */
#define HC_AT_END      (UINT64_MAX - 2) /* at the file's end */
#define HC_NOWHERE     (UINT64_MAX - 3) /* the host refuses it */

/* An offset of a call's own that `length` bytes follow, or HC_NOWHERE. */
static inline uint64_t
hc_memfile_offset(uint64_t offset, uint64_t length)
{
	return offset > INT64_MAX || length > INT64_MAX - offset ? HC_NOWHERE
								 : offset;
}

/* A host call that may make a file in memory larger. */
struct hc_growth {
	struct hc_guest *guest;
	struct hc_file *file; /* NULL: no such file */
	uint64_t size;        /* the size that was counted for it */
	bool sealed;          /* it cannot be made smaller again */
	bool moves;           /* the position follows the bytes from `at` on */
	uint64_t at;          /* where the call writes */
};

/* memfd_create() has returned `host`: from now on files in memory are looked
 * for, by their device.  0 or -errno. */
int64_t hc_memfile_made(struct hc_guest *guest, int host);

/* `file` is the only one of its file in memory, whose size is given back to
 * `guest` at the end. */
void hc_memfile_own(struct hc_guest *guest, struct hc_file *file);

/* A new file: it may be one in memory that has another already.  A file that is
 * about to be none.  The caller has the lock. */
void hc_memfile_new(struct hc_fds *fds, struct hc_file *file);
void hc_memfile_unlist(struct hc_fds *fds, struct hc_file *file);

/* `file` may outlive its descriptors. */
void hc_memfile_lent(struct hc_file *file);

/* The bytes that the host's file counts. */
uint64_t hc_memfile_bytes(int host);

/* The last holder has gone, and the host's descriptor will be closed. */
void hc_memfile_gone(struct hc_guest *guest, int host);

/*
 * Around a host call that writes up to `length` bytes to `file`, which the
 * caller holds: 0, or -ENOSPC, as of a full tmpfs, if the file would become
 * larger than there is memory.  Where hc_memfile_begin() returned 0,
 * hc_memfile_end() follows, which returns the call's result.
 *
 * Another thread can move the file's position meanwhile, or change O_APPEND.
 * The part of the file that is past the counted size, and for which memory is
 * missing, is cut off again then, and the result is -ENOSPC.
 */
int64_t hc_memfile_begin(struct hc_growth *growth, struct hc_guest *guest,
    struct hc_file *file, uint64_t offset, uint64_t length);
int64_t hc_memfile_end(struct hc_growth *growth, int64_t result);

/*
 * hc_memfile_begin() for the host's call *number of a row, as it will be made:
 * with the arguments `arg`, on the files `held` in the order of its
 * descriptors, and with `bytes` bytes in its vector, if it has one.  -EINVAL:
 * files in memory are not written by this call.
 *
 * The host cannot cut off bytes that F_SEAL_SHRINK protects.  So a write at the
 * position of such a file becomes one at the offset that was counted, and
 * hc_memfile_end() moves the position.
 */
int64_t hc_memfile_call(struct hc_growth *growth, struct hc_guest *guest,
    long *number, struct hc_file *const held[2], long *arg, uint64_t bytes);

/*
 * fcntl() with F_SETFL or F_ADD_SEALS, on any file: of a file in memory neither
 * O_APPEND nor the seals change between hc_memfile_begin() and
 * hc_memfile_end().
 */
int64_t hc_memfile_fcntl(
    struct hc_guest *guest, const struct hc_file *file, int cmd, unsigned arg);

/*
 * RLIMIT_FSIZE, if the guest has set it, for any regular file.
 * hc_growth_limit() is for the host's call of a row, as it will be made: what
 * would be written past the limit is cut off.  hc_growth_reaches() is for a
 * call that makes the host's file `size` bytes long.  0, or -EFBIG.
 */
int64_t hc_growth_limit(const struct hc_guest *guest, long number,
    struct hc_file *const held[2], long *arg);
int64_t
hc_growth_reaches(const struct hc_guest *guest, int host, uint64_t size);

#endif
