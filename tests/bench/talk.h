/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's side of a line, in its shortest form: the same request again and
 * again, to a debugger's stub or an echo server.  It must not know more of the
 * other end.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `warm` packets that do not count, and `times` that do.  If `size` is set,
 * each packet requests that much memory after the last one's,
 * "NAMEADDRESS,SIZE", and after `pieces` of them the first again.  Without a
 * packet `size` bytes are sent and must come back.
 *
 * With `turns`, the counted packets are these, one after the other and again
 * from the first; '@' in one is the pc of the last warm packet's reply, and
 * '@+N' is N bytes more, in hexadecimal digits.
 */
struct talk {
	const char *packet;
	const char *const *turns; /* ends with NULL */
	unsigned warm, times;
	uint64_t address;
	unsigned size, pieces;
	bool runs; /* of the same bytes: a reply may be short */
	bool ends; /* the last reply is the guest's end */
};

/*
 * With packets, agree on no-ack mode and query the state; then hold the talk.
 * Returns the time of the counted part in nanoseconds.  Any wrong reply ends
 * the caller by give_up().
 */
double talk_hold(int fd, const struct talk *talk);

#endif
