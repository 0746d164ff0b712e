/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's side of a line, as short as it can be: the same again and again,
 * to a debugger's stub or to what sends it back.  It must not know more of the
 * other end.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `warm` packets that do not count, and `times` that do.  If there is a
 * `size`, each asks for that much memory behind the last one's,
 * "NAMEADDRESS,SIZE", and after so many `pieces` for the first again.  Without
 * a packet it is `size` bytes that are sent and have to come back.
 */
struct talk {
	const char *packet;
	unsigned warm, times;
	uint64_t address;
	unsigned size, pieces;
	bool runs; /* of the same bytes: an answer may be short */
};

/*
 * Agree on no-ack mode and ask how things stand, where there are packets; then
 * hold the talk: how long what counts of it took, in nanoseconds.  Whatever is wrong with an answer
 * ends the caller by give_up().
 */
double talk_hold(int fd, const struct talk *talk);

#endif
