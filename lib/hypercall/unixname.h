/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of AF_UNIX sockets.  To the guest they are names of files in its tree,
 * to the host names below a descriptor of novillo's: each side sees its own.
 * It must not know which call has the name.
 */
#ifndef HC_UNIXNAME_H
#define HC_UNIXNAME_H

#include "hypercall/hypercall.h"

#include <sys/socket.h>
#include <sys/un.h>

#define HC_UNIX 108U /* bytes of a name, as on Linux */

/* One name on both sides, while what it leads to is held. */
struct hc_unix {
	char name[HC_UNIX + 1]; /* the guest's */
	struct sockaddr_un host;
	int held;
};

/*
 * The `len` bytes of the guest's address `un`, for bind(2): the folder of a
 * name that is not there yet; or the socket that is there.  0, to be put, or
 * -errno.  Abstract names, which are the host's as a whole, are EPERM.
 */
int hc_unix_place(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
int hc_unix_find(struct hc_guest *guest, struct hc_unix *unix_name,
    const struct sockaddr_un *un, socklen_t len);
void hc_unix_put(struct hc_unix *unix_name);

/* Remember: `file` is bound to the name, connected to it, or was accepted by
 * `listener`. */
void hc_unix_bound(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to);
void hc_unix_connected(
    struct hc_guest *guest, struct hc_file *file, const struct hc_unix *to);
void hc_unix_accepted(struct hc_guest *guest, struct hc_file *file,
    const struct hc_file *listener);

/*
 * Put the guest's name in the place of the host's in *un: the socket's own, or
 * a peer's.  What the guest could not know is without a name.  Its length.
 */
socklen_t hc_unix_own(
    struct hc_guest *guest, const struct hc_file *file, struct sockaddr_un *un);
socklen_t hc_unix_peer(struct hc_guest *guest, const struct hc_file *file,
    struct sockaddr_un *un, socklen_t len);

#endif
