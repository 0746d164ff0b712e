/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that novillo answers itself: /proc, /dev and /sys, as far as programs
 * need them, from the guest's own state and never from the host's files
 * (own.def).  It must not know how the guest's other names are resolved.
 *
 * An open file is a snapshot: text in a sealed file in memory.  A folder is
 * such a file without text, for its position; a device is a copy of the host's,
 * which is opened once before the guest runs.
 */
#ifndef HC_OWN_H
#define HC_OWN_H

#include "hypercall/core/hypercall.h"
#include "hypercall/own/text.h"

#include <sys/stat.h>
#include <sys/vfs.h>

/* The size of all snapshots open at once, in bytes: each takes whole pages. */
#define HC_OWN_BYTES (UINT64_C(16) << 20)

enum hc_own_kind {
	HC_OWN_FOLDER,
	HC_OWN_TEXT,
	HC_OWN_LINK,
	HC_OWN_PROGRAM, /* a link to the program's file */
	HC_OWN_DEVICE,
	HC_OWN_TERMINAL,
	HC_OWN_DESCRIPTOR,
	HC_OWN_MISSING,
	HC_OWN_SHARED,  /* the folder of shared.h */
	HC_OWN_QUEUES,  /* that of task/mqueue.h, */
	HC_OWN_QUEUE,   /* and a queue in it, by its number */
	HC_OWN_VOLUMES, /* a folder: the root, or a made-up one above volumes */
};

struct hc_own_row {
	const char *path;
	enum hc_own_kind kind;
	unsigned mode;
	unsigned device;    /* enum hc_device */
	bool of_descriptor; /* the number in its path is that of one, */
	bool of_cpu;        /* or of a processor */
	const char *text;   /* of a file that never changes */
	void (*make)(struct hc_text *text); /* of a file or link */
};

/* The rows in order, and NULL after the last. */
const struct hc_own_row *hc_own_row(unsigned i);

/* The type of a row's file, as in st_mode; 0: there is none. */
unsigned hc_own_type(const struct hc_own_row *row);
bool hc_own_is_folder(const struct hc_own_row *row);

/* The generators. */
#define TEXT(path, mode, name)          void hc_own_##name(struct hc_text *text);
#define LINK_TO(path, name)             TEXT(path, 0777, name)
#define PROGRAM(path, name)             TEXT(path, 0777, name)
#define OF_DESCRIPTOR(path, mode, name) TEXT(path, mode, name)
#define OF_CPU(path, name)              TEXT(path, 0444, name)
#include "hypercall/own/own.def"

/* The generator of a text of one line. */
#define HC_OWN_LINE(name, ...)                   \
	void hc_own_##name(struct hc_text *text) \
	{                                        \
		hc_text_put(text, __VA_ARGS__);  \
	}

/* For the generators: a tick of AT_CLKTCK and a clock, in nanoseconds, and the
 * list of processors. */
#define HC_OWN_TICK (HC_NS_PER_SECOND / 100)
uint64_t hc_own_clock(int clock);
void hc_own_put_cpus(struct hc_text *text, const char *before);

/* The same as a mask, in words of 32 bits. */
void hc_own_put_cpu_mask(struct hc_text *text, const char *before);

/* The link text of an open file without a name in the guest's tree. */
void hc_own_descriptor(struct hc_text *text, const struct stat *st);

/* Write the link text of descriptor `fd`, or of the working folder (AT_FDCWD),
 * into name[size], cut if need be.  Return the length of the whole, or 0.  It
 * makes those of the host's calls. */
size_t hc_own_name_fd(struct hc_guest *guest, int fd, char *name, size_t size);
extern const int16_t hc_own_name_needs[];

/* The first of novillo's streams that is a terminal, or -ENXIO. */
int hc_own_terminal(void);

/* Open the host's devices, which the sandbox forbids later.  A guest lacks the
 * devices that the host lacks. */
void hc_own_open_devices(struct hc_guest *guest);

/* Make /proc/self/exe lead to the program `name`, as typed, from the folder in
 * which the guest starts. */
void hc_own_set_exe(struct hc_guest *guest, const char *name);

/* The initial state of these files, before the machine fills in more. */
void hc_world_init(struct hc_guest *guest);

/* The host's calls that these files need, ended by -1. */
extern const int16_t hc_own_needs[];

/* Is `name` in the guest's root one of these? */
bool hc_own_covers(const char *name);

/* One of these files. */
struct hc_own {
	unsigned row; /* its place in the list, plus one; 0: none */
	int number;   /* the thread, descriptor, queue or processor */
};

const struct hc_own_row *hc_own_row_of(const struct hc_own *own);
uint64_t hc_own_inode(const struct hc_own *own);

/* Find the file at `place`, an absolute name without "." and "..", of which no
 * part is a link; false: there is none. */
bool
hc_own_find(const struct hc_call *call, const char *place, struct hc_own *own);

/* Do C libraries look for the absolute name `path`, and do without it? */
bool hc_own_is_missing(const char *path);

/* The place of one in the tree: "" for the root, else "/a/b". */
void hc_own_place(
    const struct hc_tree *tree, const struct hc_own *own, char place[HC_PATH]);

/* The present name of an open file in the guest's tree, of novillo's own or of
 * a volume: its length, or -errno as hc_tree_name(). */
int64_t hc_own_file_name(
    struct hc_guest *guest, const struct hc_file *file, char name[HC_PATH]);

/* An open file, held, with open(2)'s `flags`.  0 or -errno. */
int hc_own_open(const struct hc_call *call, const struct hc_own *own,
    unsigned flags, struct hc_file **file);

/* The host's descriptor of a snapshot that the guest has no part in, or -errno:
 * only files of text have one. */
int hc_own_snapshot(const struct hc_call *call, const struct hc_own *own);

/* Which of these an open file is; row 0: none. */
struct hc_own hc_own_of(const struct hc_file *file);

/* Put the text of one into a text that has begun. */
void hc_own_make(
    struct hc_text *text, const struct hc_call *call, const struct hc_own *own);

/* The answers of calls on one: 0, a length or -errno. */
int hc_own_stat(
    const struct hc_call *call, const struct hc_own *own, struct stat *);
int hc_own_statfs(
    struct hc_guest *guest, const struct hc_own *own, struct statfs *fs);
int hc_own_access(
    const struct hc_call *call, const struct hc_own *own, unsigned mode);
int64_t hc_own_readlink(
    const struct hc_call *call, const struct hc_own *own, struct hc_text *text);

/* Read as many entries of an open folder as bytes[room] takes: their size, or
 * -errno. */
int64_t hc_own_getdents(const struct hc_call *call, const struct hc_file *file,
    void *bytes, size_t room);

#endif
