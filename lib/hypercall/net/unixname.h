/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of AF_UNIX sockets.  For the guest they are names of files in its tree,
 * for the host names below a descriptor of novillo's: each side sees its own.
 * An abstract name of the guest's stands for one that the host chose.  It must
 * not know which call uses the name.
 */
#ifndef HC_UNIXNAME_H
#define HC_UNIXNAME_H

#include "hypercall/core/hypercall.h"

#include <sys/socket.h>
#include <sys/un.h>

#define HC_UNIX 108U /* bytes of a name, as on Linux */

/* A name: a file's, or after a NUL an abstract one; without a byte, none. */
struct hc_unix_name {
	uint8_t len;
	char text[HC_UNIX];
};

/* One name on both sides, while its file is held. */
struct hc_unix {
	struct hc_unix_name name; /* the guest's */
	struct sockaddr_un host;
	socklen_t host_len;
	int held; /* -1: the name is abstract, or the host is to choose it */
	struct hc_tree *entered; /* until hc_unix_put(): that of the folder */
};

/*
 * Find the `len` bytes of the guest's address `un`: hc_unix_place() for bind(2)
 * the folder of a new name, hc_unix_find() an existing socket.  0, and
 * hc_unix_put() follows, or -errno.  For an abstract name hc_unix_place() finds
 * nothing, and hc_unix_bind() follows.
 */
int hc_unix_place(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
int hc_unix_find(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
void hc_unix_put(struct hc_unix *unix_name);

/* Bind `file` to a name that the host chooses, which stands for the guest's
 * abstract name, or is the guest's also if it gave none: 0 or -errno. */
int hc_unix_bind(struct hc_guest *guest, struct hc_file *file,
    const struct hc_unix *unix_name);

/* Is `file` bound to an abstract name? */
bool hc_unix_is_abstract(struct hc_guest *guest, const struct hc_file *file);

/* Record that `file` is bound to the name, connected to it, or was accepted by
 * `listener`. */
void hc_unix_bound(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to);
void hc_unix_connected(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to);
void hc_unix_accepted(struct hc_guest *guest, struct hc_file *file,
    const struct hc_file *listener);

/*
 * Replace the host's name in *un by the guest's: the socket's own, or a peer's.
 * A name that the guest could not know becomes empty.  The new length.
 */
socklen_t hc_unix_own(
    struct hc_guest *guest, const struct hc_file *file, struct sockaddr_un *un);
socklen_t hc_unix_peer(struct hc_guest *guest, const struct hc_file *file,
    struct sockaddr_un *un, socklen_t len);

#endif
