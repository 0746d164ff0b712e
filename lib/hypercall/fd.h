/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's file descriptors: numbers of its own, never the host's.  It must
 * not know what a descriptor is for.
 *
 * As in a kernel a descriptor leads to an open file, and several may lead to
 * the same one.  A call holds the file it works on: when another thread closes
 * the descriptor meanwhile, the host's is closed after the call, so that its
 * number cannot become that of something else under the call's feet.
 */
#ifndef HC_FD_H
#define HC_FD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HC_FDS   1024U          /* descriptors of a guest */
#define HC_FILES (HC_FDS + 512) /* and files that calls hold beyond them */
#define HC_PATH  4096U          /* a path with its NUL, as on Linux */

/* What an open file was not opened for, though the host's descriptor is. */
#define HC_NO_READ  1U
#define HC_NO_WRITE 2U

/* An open file. */
struct hc_file {
	atomic_uint refs; /* descriptors and calls that have it; 0: free */
	int host;
	bool kept;      /* one of novillo's own streams: never closed */
	bool read_only; /* it lies in a volume that is, or was handed in so */
	bool directory;
	bool placed;     /* its place in the guest's tree is in hc_fds.place */
	bool named;      /* a socket's names are there: unixname.h */
	bool bound;      /* a socket by bind, which was judged: socket.c */
	uint8_t refuses; /* HC_NO_READ and such: what the host would do */
	uint16_t own;    /* which of novillo's own files it is (own.h), or 0 */
	uint32_t bytes;  /* and how much memory of ours it takes */
};

struct hc_fd {
	_Atomic uint16_t file; /* its place in the list, and one; 0: closed */
	atomic_bool cloexec;   /* told, and of no effect: nothing is executed */
};

struct hc_fds {
	pthread_mutex_t lock; /* of whoever opens or closes */
	unsigned next;        /* no lower descriptor is free */
	struct hc_fd fd[HC_FDS];
	struct hc_file file[HC_FILES];
	char place[HC_FILES][HC_PATH];
};

/*
 * Descriptors 0, 1, 2: novillo's own, as far as it has them.  Where it has none
 * the caller keeps the number from becoming that of a file of novillo's, which
 * the guest would have then: by one that is O_PATH, which it does not get.
 */
void hc_fds_init(struct hc_fds *fds);

/* The file behind descriptor `fd`, held; or NULL. */
struct hc_file *hc_fd_get(struct hc_fds *fds, uint64_t fd);

/* One more holder of a file that is held; and one less. */
void hc_file_hold(struct hc_file *file);
void hc_file_put(struct hc_file *file);

/* A file for the host's descriptor, held once; NULL, and `host` closed: there
 * are too many. */
struct hc_file *hc_file_new(struct hc_fds *fds, int host);

/*
 * Let the lowest free descriptor from `from` on lead to `file`, which it takes
 * over from its holder.  The descriptor, or -EMFILE with the file put.
 */
int hc_fd_install(
    struct hc_fds *fds, struct hc_file *file, uint64_t from, bool cloexec);

/* Both at once: a descriptor for the host's, with what hc_fd_install() says. */
int hc_fd_open(struct hc_fds *fds, int host, bool cloexec);

/* Let `fd` itself lead to `file`, whatever it led to.  `fd`, or -EBADF. */
int hc_fd_replace(
    struct hc_fds *fds, struct hc_file *file, uint64_t fd, bool cloexec);

/* 0 or -EBADF. */
int hc_fd_close(struct hc_fds *fds, uint64_t fd);

/* Where it is in the guest's tree, if it is `placed`. */
char *hc_file_place(struct hc_fds *fds, const struct hc_file *file);

#endif
