/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in the guest's tree of files: volumes where the user put them,
 * novillo's own files, and nothing else.  It must not know the calls that use
 * what a name leads to.
 *
 * A name is resolved once, as Linux resolves it (path_resolution(7)), and what
 * it leads to is held by an O_PATH descriptor: it can be looked at, and is then
 * opened by that descriptor and not by its name, which may lead to another file
 * by then.  For a name that is made or removed its folder is held.
 *
 * The walk goes from folder to folder, each held by an O_PATH descriptor.  The
 * host follows no link for it: the link's text is read, and walked from where
 * the link is, or from the guest's root.  A component, also "..", is opened in
 * the held folder of a volume with RESOLVE_NO_MAGICLINKS and RESOLVE_NO_XDEV,
 * so neither a link of /proc nor another mount of the host's is entered.  ".."
 * goes to the folder that the walk came from, at a volume's top to the volume's
 * base (tree.h), and else to the host's parent; that is used only after the way
 * from there up has been seen to reach the volume's top.  So a folder that
 * others move out of its volume leads nowhere else.
 *
 * The rest of a name is given to the host whole, in one openat2(2), where the
 * result cannot differ:
 *
 *	from a folder below which nothing hangs (no volume, none of novillo's
 *	own folders), with RESOLVE_BENEATH;
 *	from the top of the root, if only its top has such places and the host
 *	itself lets no name into them (it has other mounts there), with
 *	RESOLVE_IN_ROOT;
 *	from the top of a volume, if only its top has such places, the name does
 *	not begin with one and has no "..": with RESOLVE_NO_SYMLINKS.
 *
 * Where that answers EXDEV, or ELOOP because of a link, the walk goes on by
 * component.  A host without openat2 has every name walked.
 */
#ifndef HC_PATH_H
#define HC_PATH_H

#include "hypercall/own/own.h"

#include <limits.h>
#include <sys/stat.h>

/* The mode bits that a guest can give a file.  Set-user-ID and set-group-ID
 * mean nothing to a guest, which cannot execute files; on the host they would
 * let others run the guest's file as novillo's user. */
#define HC_MODE 01777U

/* To go up by "..", unless the walk came from the parent, all folders up to the
 * volume's top are looked at; a name for which these are more than so many in
 * total is -ENAMETOOLONG. */
#define HC_CLIMB 16384U

/*
 * Put the host's folder or file `host` at `at`, an absolute name without "."
 * and "..", into the guest's tree.  0 or -errno: -EEXIST if a volume is there,
 * -ENOSPC, -ENOSYS without /proc, -EMEDIUMTYPE for a folder of procfs, -ENODEV
 * for a device; -ENOTDIR for a file at the root; -ENAMETOOLONG for a place, or
 * a part of it, that is too long.  The guest starts in the folder at "/", or
 * else in the first.
 */
int hc_tree_mount(
    struct hc_guest *guest, const char *host, const char *at, bool read_only);

/* The same for another tree, which has no working folder and nothing of
 * novillo's own. */
int hc_tree_add(
    struct hc_tree *tree, const char *host, const char *at, bool read_only);

/*
 * In a child of the process that has mounted the folders: let the names of
 * descriptors lead to those of the child.  `proc` is the host's /proc.  0 or
 * -errno.
 */
int hc_tree_inherit(const struct hc_tree *tree, int proc);

/* Where a name leads. */
enum hc_leads {
	HC_LEADS_HOST,       /* to a file of a volume */
	HC_LEADS_OWN,        /* to one of novillo's own */
	HC_LEADS_DESCRIPTOR, /* by its link in /proc to a descriptor of the
			      * guest's: own.number */
	HC_LEADS_SHARED,     /* to no file yet: one of /dev/shm is to be made */
	HC_LEADS_QUEUE,      /* the same of /dev/mqueue */
	HC_LEADS_PROGRAM,    /* by /proc/self/exe to the guest's program */
};

/* The side that decides on an entry, a name in a folder that is made or
 * removed. */
enum hc_entry {
	HC_ENTRY_HOST,   /* the host, in the held folder */
	HC_ENTRY_POINT,  /* a volume is there, or a made-up folder above one */
	HC_ENTRY_SHARED, /* the folder of shared files (shared.h) */
	HC_ENTRY_QUEUE,  /* that of message queues (task/mqueue.h) */
	HC_ENTRY_OWN,    /* it is one of novillo's own files */
	HC_ENTRY_NONE,   /* it does not exist, and nothing can be made there */
};

/* How a name is resolved. */
#define HC_PATH_FOLLOW 1U /* its last component is followed if it is a link */
#define HC_PATH_ENTRY  2U /* it is made or removed: its folder is held */
#define HC_PATH_EMPTY  4U /* it may be empty, for the descriptor itself */
#define HC_PATH_MAKE   8U /* it may be missing: its folder is held then */

/*
 * The ways of openat2(2) to resolve a name.  It is walked by component, and
 * never given to the host whole.
 */
#define HC_PATH_NO_LINKS 16U /* a link that is followed is -ELOOP, */
#define HC_PATH_NO_JUMPS 32U /* or only that of a descriptor in /proc */
#define HC_PATH_BENEATH  64U /* a name that leads above its start is -EXDEV */
#define HC_PATH_BY_STEPS (HC_PATH_NO_LINKS | HC_PATH_NO_JUMPS | HC_PATH_BENEATH)

/* The file or entry that a name led to.  hc_found_put() closes `fd`. */
struct hc_found {
	enum hc_leads leads;
	enum hc_entry entry;
	struct hc_own own;
	int fd;          /* held, O_PATH; -1: there is none */
	uint8_t mount;   /* its volume's place in hc_tree.mount plus 1, or 0 */
	bool read_only;  /* its volume is, or the file of a descriptor */
	bool changeable; /* with the mark HC_MAY_INODE (fd.h) */
	bool program;    /* it is the guest's program */
	struct hc_shared *shared; /* one of /dev/shm, held; or NULL */
	struct hc_file *answers;  /* novillo answers for it, held; or NULL */
	bool missing; /* with HC_PATH_MAKE: `fd` is the folder of `last` */
	/* An entry that is a point: is it a folder?  The volume there or below
	 * it, and the length of its place in that volume's name. */
	bool folder;
	const struct hc_mount *point;
	size_t point_len;
	/* The last component of an entry, with a slash at its end if the name
	 * had one. */
	char last[NAME_MAX + 2];
};

/*
 * Resolve the name at `va`, relative to descriptor `dirfd` or AT_FDCWD, with
 * `how` a set of HC_PATH_*.  0 or -errno, with found->fd -1; that is
 * HC_ELSEWHERE for a call that may look at novillo's own files only.
 */
int hc_path_find(struct hc_call *call, uint64_t dirfd, uint64_t va,
    unsigned how, struct hc_found *found);

/* The same for a name of less than HC_PATH bytes, relative to the working
 * folder. */
int hc_path_find_name(struct hc_call *call, const char *name, unsigned how,
    struct hc_found *found);

/* The same for an absolute name in a tree that is not the guest's. */
int hc_path_find_in(const struct hc_tree *tree, const char *name, unsigned how,
    struct hc_found *found);

/* The same where no thread of the guest's asks: novillo's own files are
 * -ENOENT, but for the root and made-up folders. */
int hc_path_find_for(struct hc_guest *guest, const char *name, unsigned how,
    struct hc_found *found);

/* Close what is held, and hand `result` on. */
int64_t hc_found_put(const struct hc_found *found, int64_t result);

/* Describe an open file of a volume that was found: `st` are its attributes. */
void hc_found_file(const struct hc_tree *tree, const struct hc_found *found,
    const struct stat *st, struct hc_file *file);

/* Hold the guest's program.  0 or -errno. */
int hc_found_program(const struct hc_guest *guest, struct hc_found *found);

/* Hold the file of a descriptor once more, of any kind.  0 or -errno. */
int hc_found_descriptor(struct hc_file *file, struct hc_found *found);

/* Make the folder that `name`, of less than HC_PATH bytes, leads to the guest's
 * working folder: 0 or -errno. */
int hc_tree_enter(struct hc_guest *guest, const char *name);

/* Have /proc/self/fd open, by which held files are opened once more, if the
 * host has it. */
void hc_tree_open_self(struct hc_tree *tree);

/* Does this host have openat2(2), and may novillo call it? */
bool hc_has_openat2(void);

#endif
