/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's memory holds, written into a trace line by its type.  It must
 * not know calls.
 */
#ifndef HC_SHOW_H
#define HC_SHOW_H

#include "hypercall/line.h"

#include <signal.h>

#define SHOWN_BYTES 32  /* of a buffer, as strace's default */
#define SHOWN_PARTS 32  /* of a vector or an array, as strace's default */
#define SHOWN_PATH  256 /* bytes of a file's name */

/* A line and the memory it tells of. */
struct hc_show {
	struct hc_line *line;
	const struct gmem *mem;
	bool out;      /* what a call wrote, not what it was given */
	uint64_t left; /* bytes of a vector that mean anything */
};

/* What cannot be read is shown as its address. */
void show_buffer(const struct hc_show *show, uint64_t va, uint64_t len);
void show_string(const struct hc_show *show, uint64_t va, size_t most);
void show_vector(struct hc_show *show, uint64_t va, uint64_t count);
/* One of the C type `type`, of `size` bytes. */
void
show_struct(struct hc_show *show, const char *type, size_t size, uint64_t va);
void show_array(struct hc_show *show, const char *type, size_t size,
    uint64_t va, uint64_t count);
void show_sockaddr(const struct hc_show *show, uint64_t va, uint64_t len);
/* struct linux_dirent64, as many as fill `len` bytes: how many. */
void show_entries(const struct hc_show *show, uint64_t va, uint64_t len);

/* A signal that takes effect. */
void show_signal(struct hc_line *line, const siginfo_t *info);

/* A number behind a pointer that a call changes is [before => after]. */
bool show_joins(const char *type);

#endif
