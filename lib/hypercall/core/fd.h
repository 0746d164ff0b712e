/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's file descriptors: numbers of its own, never the host's.  It must
 * not know what a descriptor is for.
 *
 * As in a kernel, a descriptor leads to an open file, and several may lead to
 * the same one.  A call holds the file it works on: if another thread closes
 * the descriptor meanwhile, the host's descriptor is closed after the call, so
 * that its number is not reused during the call.
 */
#ifndef HC_FD_H
#define HC_FD_H

#include "hypercall/core/locks.h"
#include "hypercall/core/places.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HC_FDS    65536U         /* descriptors of a guest */
#define HC_FILES  (HC_FDS + 512) /* and files that calls hold beyond them */
#define HC_PATH   4096U          /* a path with its NUL, as on Linux */
#define HC_NAMES  328U           /* a socket's names */
#define HC_KEYS   8U             /* numbers of a file that epoll watches, */
#define HC_COPIES 256U           /* and those beyond the first of all files */

/*
 * Sockets and ends of pipes have buffers in the host's kernel, which --memory
 * does not count.  So there is one for each HC_SOCKET_SHARE bytes of the
 * guest's memory, but at least HC_SOCKETS_LEAST and at most HC_SOCKETS.
 */
#define HC_SOCKETS       16384U
#define HC_SOCKETS_LEAST 1024U
#define HC_SOCKET_SHARE  (256U << 10)
#define HC_LISTENERS     8U    /* that may all have the longest queue */
#define HC_FLIGHT        1024U /* sent within the guest, and not received */
#define HC_OWNERS        4096U /* lists of files in memory */
#define HC_NAMED         (HC_SOCKETS + 3) /* and novillo's streams */

/* Access that an open file refuses although the host's descriptor has it. */
#define HC_NO_READ   1U
#define HC_NO_WRITE  2U
#define HC_PATH_ONLY 4U /* opened with O_PATH: both, and F_GETFL says so */

/*
 * Marks of what a guest may change of an open file.  A file gets them where the
 * guest opens or makes it, and nowhere else: inherited streams, novillo's own
 * files and descriptors that came over a socket have none.
 */
#define HC_MAY_FLAGS  1U /* its status flags: the open file is the guest's */
#define HC_MAY_INODE  2U /* mode, owner, times: so is what it leads to */
#define HC_MAY_CHANGE (HC_MAY_FLAGS | HC_MAY_INODE)

struct hc_call;
struct hc_file;
struct hc_guest;
struct hc_mq_open;
struct hc_signal_file;
struct hc_shared;
struct stat;

/* The answers of novillo's own about an open file, or NULL: read() into a
 * buffer of the guest's or of novillo's, from place *at, or for NULL from its
 * position, which moves; fstat(); lseek(), without which it is read from no
 * place; and write().  It is not read or written in any other way, unless the
 * host answers read(). */
struct hc_answers {
	int64_t (*read)(struct hc_call *call, struct hc_file *file,
	    const uint64_t *at, uint8_t *buf, uint64_t len);
	void (*stat)(const struct hc_guest *guest, const struct hc_file *file,
	    struct stat *st);
	int64_t (*seek)(struct hc_call *call, struct hc_file *file,
	    int64_t offset, int whence);
	int64_t (*write)(struct hc_call *call, struct hc_file *file,
	    const uint8_t *buf, uint64_t len);
};

/* An open file. */
struct hc_file {
	atomic_uint refs; /* descriptors and calls that hold it; 0: free */
	uint32_t place;   /* in hc_fds.file */
	int host;
	bool kept;      /* one of novillo's own streams: never closed */
	bool read_only; /* in a read-only volume, or inherited read-only */
	bool directory;
	bool program;   /* the guest's program, by /proc/self/exe */
	bool top;       /* a volume's uppermost folder, or the volume itself */
	bool buffered;  /* a socket or a pipe's end: one of HC_SOCKETS */
	uint16_t named; /* its socket names' place in hc_fds.name, plus 1, or
			 * 0: unixname.h */
	bool bound;     /* a socket bound by an allowed bind(): socket.c */
	bool stays;     /* not to be sent over a socket */
	bool no_follow; /* opened with O_NOFOLLOW, for F_GETFL */
	atomic_bool locked;   /* record locks were placed through it: locks.h */
	atomic_bool outlives; /* it was mapped or sent: the open file may stay
			       * open without it */
	int owner; /* set by F_SETOWN and F_SETSIG, without an effect */
	uint8_t signal;
	const struct hc_answers *answers; /* or NULL: the host does */
	atomic_bool *gone; /* set when nobody holds it any more, or NULL */
	struct hc_signal_file *signals; /* what is read from it, or NULL */
	struct hc_mq_open *queue;       /* a message queue, or NULL */
	uint16_t backlog; /* connections that may wait for it: a listener */
	uint8_t refuses;  /* HC_NO_READ, HC_NO_WRITE, HC_PATH_ONLY */
	uint8_t may;      /* HC_MAY_FLAGS, HC_MAY_INODE */
	uint8_t mount;    /* its volume's place in hc_tree.mount plus 1, or 0 */
	bool netlink;     /* what is sent to it must be checked: netlink.h */
	uint16_t own;     /* its row of novillo's own files (own.h), or 0 */
	int number;       /* the thread or descriptor in that file's name */
	uint32_t bytes;   /* the memory of novillo that it takes */
	/* A file in memory (memfile.h), and the guest that its size is given
	 * back to at the end, or NULL. */
	bool in_memory;
	uint64_t inode;
	struct hc_guest *_Atomic memory_of;
	struct hc_shared *_Atomic shared; /* one of /dev/shm, or NULL */
	bool listed;                      /* in hc_fds.owner, */
	uint32_t next_owner;              /* before that place plus 1, or 0 */
	/* The guest's numbers that epoll watches, and the host's for each. */
	unsigned keys;
	struct hc_key {
		unsigned number;
		int host;
	} key[HC_KEYS];
};

struct hc_fd {
	_Atomic uint32_t file; /* index of its file plus 1; 0: closed */
	atomic_bool cloexec;   /* kept without effect: no program is executed */
};

struct hc_fds {
	struct hc_fd fd[HC_FDS];
	struct hc_places named;    /* names */
	uint32_t owner[HC_OWNERS]; /* places plus 1 of files with memory_of, by
				    * their inodes; or 0 */
	/* Small members lie together: see struct hc_guest. */
	struct hc_locks locks;
	pthread_mutex_t growing; /* for calls that make files in memory larger,
				  * and novillo's own */
	pthread_mutex_t lock;    /* for opening and closing, the next three, and
				  * places */
	unsigned sockets;        /* files with `buffered`, */
	unsigned sockets_most;
	unsigned backlogs;       /* of all listeners: sockets_most at most */
	atomic_uint flight;      /* of HC_FLIGHT, or more than there are */
	atomic_uint departing;   /* calls that send such, */
	atomic_uint departures;  /* and all that there ever were: inflight.h */
	atomic_uint limit;       /* RLIMIT_NOFILE: no descriptor is made from
				 * this number on */
	atomic_uint size;        /* as of Linux's table: all have been below */
	atomic_uint own_bytes;   /* the sum of all files' `bytes` */
	atomic_bool memory_made; /* there has been one, on this device: */
	uint64_t memory_device;
	struct hc_places open; /* descriptors */
	struct hc_places used; /* files */
	struct hc_file file[HC_FILES];
	char name[HC_NAMED][HC_NAMES];
};

/*
 * Give the guest novillo's descriptors 0, 1 and 2, unless they are closed.  The
 * caller fills a closed one with an O_PATH descriptor, which the guest does not
 * get, so that no file of novillo's gets its number.
 */
void hc_fds_init(struct hc_fds *fds);

/* The guest has `memory` bytes, which bounds its sockets and pipes. */
void hc_fds_set_memory(struct hc_fds *fds, uint64_t memory);

/*
 * epoll knows what it watches by number and open file, so each number of the
 * guest's needs one of the host's, which is kept for as long as the file: for
 * the first that is the file's own, for the others a copy.  The host's number;
 * or if there is none and `make` is false -ENOENT, and -ENOSPC if there are too
 * many.
 */
int
hc_fd_key(struct hc_fds *fds, struct hc_file *file, unsigned number, bool make);

/* The file of descriptor `fd`, held; or NULL. */
struct hc_file *hc_fd_get(struct hc_fds *fds, uint64_t fd);

/*
 * How many connections may wait for the listener `file`, if `wanted` may: their
 * buffers are memory of the host that no descriptor stands for.  All listeners
 * together have as many as there may be sockets, and each a part of them.
 */
unsigned
hc_fd_backlog(struct hc_fds *fds, struct hc_file *file, unsigned wanted);

/* The listener may outlive its descriptors: what it has is not given back. */
void hc_fd_keep_backlog(struct hc_fds *fds, struct hc_file *file);

/* The first open file from place *at on, held; or NULL.  *at is then the next
 * place. */
struct hc_file *hc_fds_next_file(struct hc_fds *fds, unsigned *at);

/* Add a holder to a file that is held; remove one. */
void hc_file_hold(struct hc_file *file);
void hc_file_put(struct hc_file *file);

/* F_GETFL's answer; for a file of novillo's own, as the guest opened it. */
int64_t hc_file_flags(const struct hc_file *file);

/* Hold a file that may have lost its last holder, and be another by now: false
 * if it is not the one of `queue`. */
bool hc_file_hold_queue(struct hc_file *file, const struct hc_mq_open *queue);

/* A file without marks for the host's descriptor, held once.  With too many
 * files: NULL, and `host` is closed. */
struct hc_file *hc_file_new(struct hc_fds *fds, int host);

/* The same for a socket or an end of a pipe. */
struct hc_file *hc_file_new_socket(struct hc_fds *fds, int host);

/* Is there room for a descriptor, or for that of a socket?  0, or -EMFILE or
 * -ENFILE for a call that would have to undo what it did. */
int hc_fd_room(struct hc_fds *fds);
int hc_fd_room_for_socket(struct hc_fds *fds);

/* The lowest open descriptor from `fd` on, or HC_FDS. */
unsigned hc_fd_next(struct hc_fds *fds, unsigned fd);

/*
 * Give `file` the lowest free descriptor from `from` on, which takes the file
 * over from its holder.  The descriptor, or -EMFILE with the file put.
 */
int hc_fd_install(
    struct hc_fds *fds, struct hc_file *file, uint64_t from, bool cloexec);

/* hc_file_new() and hc_fd_install(): a descriptor for the host's, whose file
 * has the marks `may`, or -EMFILE or -ENFILE. */
int hc_fd_open(struct hc_fds *fds, int host, unsigned may, bool cloexec);
int hc_fd_open_socket(struct hc_fds *fds, int host, unsigned may, bool cloexec);

/* Make `fd` lead to `file`, and close what it led to.  `fd`, or -EBADF. */
int hc_fd_replace(
    struct hc_fds *fds, struct hc_file *file, uint64_t fd, bool cloexec);

/* Does novillo answer fstat() of `file`?  If so, it has. */
bool hc_answer_stat(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st);

/* 0 or -EBADF. */
int hc_fd_close(struct hc_fds *fds, uint64_t fd);

/* May the guest change its mode, owner or times?  0, -EROFS in a read-only
 * volume, or -EPERM. */
int hc_file_may_change(const struct hc_file *file);

/* Is this, with the status flags `flags`, a file of somebody else's that the
 * guest may only append to? */
bool hc_file_only_appends(const struct hc_file *file, int64_t flags);

/* The space for a socket's names: that of `file`, which has `named`; a new one,
 * zeroed, if it has not; and that of the first name from place *at on, which
 * becomes the place of it, or NULL.  The caller has the lock. */
char *hc_file_names(struct hc_fds *fds, const struct hc_file *file);
char *hc_file_make_names(struct hc_fds *fds, struct hc_file *file);
char *hc_fds_next_names(struct hc_fds *fds, unsigned *at);

#endif
