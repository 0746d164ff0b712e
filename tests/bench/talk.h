/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger's side of a line, as short as it can be: the same packet again
 * and again.  It must not know what is at the other end.
 */
#ifndef TALK_H
#define TALK_H

#include <stdint.h>

/*
 * `warm` packets that do not count, and `times` that do.  If there is a
 * `size`, each asks for that much memory behind the last one's,
 * "NAMEADDRESS,SIZE", and after so many `pieces` for the first again.
 */
struct talk {
	const char *packet;
	unsigned warm, times;
	uint64_t address;
	unsigned size, pieces;
};

/*
 * Agree on no-ack mode, ask how things stand, then hold the talk: how long
 * what counts of it took, in nanoseconds.  Whatever is wrong with an answer
 * ends the caller by give_up().
 */
double talk_hold(int fd, const struct talk *talk);

#endif
