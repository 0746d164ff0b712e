/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that novillo answers itself: /proc, /dev and /sys, as far as programs
 * ask for them, from the guest's own state and never from the host's files
 * (own.def).  It must not know how the guest's other names are resolved.
 *
 * What is opened is a snapshot: text in a sealed file in memory.  A folder is
 * such a file without text, for its position; a device is the host's, which is
 * opened once before the guest runs.
 */
#ifndef HC_OWN_H
#define HC_OWN_H

#include "hypercall/hypercall.h"
#include "hypercall/text.h"

#include <sys/stat.h>
#include <sys/vfs.h>

/* Of all snapshots that are open at once, in bytes: each takes whole pages. */
#define HC_OWN_BYTES (UINT64_C(16) << 20)

enum hc_own_kind {
	HC_OWN_FOLDER,
	HC_OWN_TEXT,
	HC_OWN_LINK,
	HC_OWN_DEVICE,
	HC_OWN_TERMINAL,
	HC_OWN_DESCRIPTOR,
	HC_OWN_MISSING,
};

struct hc_own_row {
	const char *path;
	enum hc_own_kind kind;
	unsigned mode;
	unsigned device;  /* enum hc_device */
	const char *text; /* of what is fixed */
	/* What a text or link says; `number` is that of its name. */
	void (*make)(
	    struct hc_text *text, const struct hc_call *call, int number);
};

/* The rows in order, and NULL behind the last. */
const struct hc_own_row *hc_own_row(unsigned i);

/* The generators. */
#define TEXT(path, mode, name) \
	void hc_own_##name(    \
	    struct hc_text *text, const struct hc_call *call, int number);
#define LINK_TO(path, name) TEXT(path, 0777, name)
#include "hypercall/own.def"

/* What they share: a clock in nanoseconds, and the processors as a list. */
uint64_t hc_own_clock(int clock);
void hc_own_put_cpus(struct hc_text *text, const char *before);

/* What the link of an open file says that has no name in the guest's tree. */
void hc_own_descriptor(struct hc_text *text, const struct stat *st);

/* Open the host's devices, for those that may be opened later.  A device that
 * the host has not, a guest has not either. */
void hc_own_open_devices(struct hc_guest *guest);

/* Let /proc/self/exe be the program called `name`, as typed: from the folder
 * in which the guest starts. */
void hc_own_set_exe(struct hc_guest *guest, const char *name);

/* The host's calls that answering takes, ended by -1. */
extern const int16_t hc_own_needs[];

/* Does the absolute name `place` lie where these files are? */
bool hc_own_covers(const struct hc_tree *tree, const char *place);

/*
 * Where does `name` lead, followed if its last part is a link?  To a file that
 * is answered here (HC_OWN_IS), to a descriptor of the guest's
 * (HC_OWN_IS_DESCRIPTOR), or elsewhere (HC_OWN_IS_NOT): then `name` is what is
 * to be looked for there, which links may have changed.  Or -errno, which is
 * HC_ELSEWHERE where the call may not look elsewhere.
 */
enum hc_own_is {
	HC_OWN_IS_NOT,
	HC_OWN_IS,
	HC_OWN_IS_DESCRIPTOR,
};
int hc_own_find(const struct hc_call *call, struct hc_name_at *name,
    bool follow, struct hc_own *own);

/* An open file, held, with open(2)'s `flags`.  0 or -errno. */
int hc_own_open(const struct hc_call *call, const struct hc_own *own,
    unsigned flags, struct hc_file **file);

/* What an open file is of these; own->row 0: none. */
struct hc_own hc_own_of(const struct hc_file *file);

/* What is told of one: 0, a length or -errno. */
int hc_own_stat(
    const struct hc_call *call, const struct hc_own *own, struct stat *);
int hc_own_statfs(const struct hc_own *own, struct statfs *fs);
int hc_own_access(const struct hc_own *own, unsigned mode);
int64_t hc_own_readlink(
    const struct hc_call *call, const struct hc_own *own, struct hc_text *text);
int64_t hc_own_getdents(const struct hc_call *call, const struct hc_file *file);

#endif
