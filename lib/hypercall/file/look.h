/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's files for an observer within novillo, such as a debugger: found
 * by the same rules as the guest's own names, and opened for the observer
 * alone.  It must not know who looks.
 *
 * The observer may read every regular file of the guest's tree, novillo's own
 * files, and files that it was given by name, whatever calls the guest may
 * make.  It may write where the guest could: in volumes that are not read-only,
 * if the guest may open files.  It uses none of the guest's descriptors, nor
 * its limits, and never waits for a file.
 *
 * Threads of the guest may run meanwhile.
 */
#ifndef HC_LOOK_H
#define HC_LOOK_H

#include "hypercall/core/hypercall.h"

#include <sys/stat.h>

#define HC_LOOK_NAMES   8
#define HC_LOOK_FOLDERS 2

/* An absolute name that leads to a file which novillo has open, before any file
 * of the guest's; NULL: the program's name in the guest's tree. */
struct hc_look_name {
	const char *name;
	int fd;
};

struct hc_look {
	struct hc_guest *guest;
	struct hc_look_name name[HC_LOOK_NAMES];
	unsigned names;
	/* HC_LOOK_FOLDERS at most that only the observer has, read-only:
	 * searched after `name`, and before the guest's. */
	struct hc_tree tree;
};

void hc_look_init(struct hc_look *look, struct hc_guest *guest);

/* There is room for HC_LOOK_NAMES; `fd` stays the caller's. */
void hc_look_give(struct hc_look *look, const char *name, int fd);

/*
 * The calls of the host that looking needs, each list ended by -1: always; if
 * hc_look_opens(); if hc_look_writes().
 */
extern const int16_t hc_look_needs[];
extern const int16_t hc_look_opening_needs[];
extern const int16_t hc_look_writing_needs[];
bool hc_look_opens(const struct hc_look *look);
bool hc_look_writes(const struct hc_look *look);

/*
 * `thread` is any of the guest's, and `name` relative to the guest's working
 * folder unless absolute.
 *
 * Open a regular file with O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT,
 * O_EXCL and O_TRUNC: the host's descriptor, which the caller closes; or
 * -errno: -EROFS in a read-only volume, -EPERM if the guest may not open files,
 * -EACCES for what is not a regular file.
 */
int hc_look_open(const struct hc_look *look, struct hc_thread *thread,
    const char *name, unsigned flags, unsigned mode);

/*
 * For novillo itself, before the guest runs: open the regular file that `name`
 * leads to in the guest's tree, for reading.  The descriptor, with the file's
 * absolute name in `place`; or -errno: -EISDIR and -EACCES for what is not a
 * regular file.
 */
int
hc_look_program(struct hc_guest *guest, const char *name, char place[HC_PATH]);

/* The attributes of any file; with `follow`, of the one that a link leads to.
 * 0 or -errno. */
int hc_look_stat(const struct hc_look *look, struct hc_thread *thread,
    const char *name, bool follow, struct stat *st);

/* The text of a link in bytes[size]: its length, cut to `size`, or -errno. */
int64_t hc_look_readlink(const struct hc_look *look, struct hc_thread *thread,
    const char *name, char *bytes, size_t size);

/* Remove a file, not a folder, by the rules for writing.  0 or -errno. */
int hc_look_remove(
    const struct hc_look *look, struct hc_thread *thread, const char *name);

#endif
