/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of AF_UNIX sockets.  For the guest they are names of files in its tree,
 * for the host names below a descriptor of novillo's: each side sees its own.
 * It must not know which call uses the name.
 */
#ifndef HC_UNIXNAME_H
#define HC_UNIXNAME_H

#include "hypercall/core/hypercall.h"

#include <sys/socket.h>
#include <sys/un.h>

#define HC_UNIX 108U /* bytes of a name, as on Linux */

/* One name on both sides, while its file is held. */
struct hc_unix {
	char name[HC_UNIX + 1]; /* the guest's */
	struct sockaddr_un host;
	int held;
};

/*
 * Find the `len` bytes of the guest's address `un`: hc_unix_place() for bind(2)
 * the folder of a new name, hc_unix_find() an existing socket.  0, and
 * hc_unix_put() follows, or -errno.  Abstract names belong to the whole host:
 * EPERM.
 */
int hc_unix_place(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
int hc_unix_find(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
void hc_unix_put(struct hc_unix *unix_name);

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
