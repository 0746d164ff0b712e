/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of sockets, translated between guest and host.  Every address of
 * the guest's passes hc_address_get(): a private copy, which is checked and
 * then given to the host.  It must not know which call uses the address.
 */
#ifndef HC_ADDRESS_H
#define HC_ADDRESS_H

#include "hypercall/net/unixname.h"

#include <sys/socket.h>

#include <linux/netlink.h>
#include <netinet/in.h>

/* The use of an address. */
enum hc_address_use {
	HC_ADDRESS_BIND,
	HC_ADDRESS_CONNECT,
	HC_ADDRESS_SEND,
};

/* An address for the host. */
struct hc_address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_nl nl;
		struct sockaddr_storage storage;
	} u;
	socklen_t len;
	bool is_unix; /* and then: */
	struct hc_unix name;
};

/*
 * Fetch the guest's address of `len` bytes, an int as on Linux.  0, or -errno;
 * hc_address_put() if it is 0.
 */
int hc_address_get(struct hc_guest *guest, struct hc_address *address,
    uint64_t va, uint64_t len, enum hc_address_use use);
void hc_address_put(struct hc_address *address);

/* May the guest use the address so?  0, or -EACCES, which is reported. */
int hc_address_judge(struct hc_guest *guest, const struct sockaddr *address,
    socklen_t len, enum hc_address_use use);

/* May the socket `fd` also use this address, a group or a source, as if it were
 * bound to it at the port that it has?  0 or -errno. */
int hc_address_judge_also(
    struct hc_guest *guest, int fd, struct hc_address *address);

/* The place for an address in guest memory. */
struct hc_address_out {
	bool wanted; /* and then: */
	uint64_t va, va_len;
	socklen_t room;
};

/*
 * Check the place before the call is made, so that its answer cannot be lost.
 * With hc_address_room(), an address is not wanted if `va` is 0; with
 * hc_address_place(), it is always, and `va` matters only if there is room.
 */
int hc_address_room(struct hc_guest *guest, struct hc_address_out *out,
    uint64_t va, uint64_t va_len);
int hc_address_place(struct hc_guest *guest, struct hc_address_out *out,
    uint64_t va, uint64_t va_len);

/* Translate the host's address, of the socket itself or of a peer. */
void hc_address_own(
    struct hc_guest *guest, const struct hc_file *file, struct hc_address *a);
void hc_address_peer(
    struct hc_guest *guest, const struct hc_file *file, struct hc_address *a);

/* Write the address to the guest: 0 or -EFAULT. */
int hc_address_give(struct hc_guest *guest, const struct hc_address_out *out,
    const struct hc_address *address);

#endif
