/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The named values of arguments and of fields, by the set names of
 * hypercall.def.  Nothing here may know calls.
 */
#ifndef HC_NAMES_H
#define HC_NAMES_H

#include "hypercall/core/table.h"

/* How a set is written down. */
#define NAME(value)                          \
	{                                    \
		(uint64_t)(value), #value, 0 \
	}
/* One of several names for the bits of `mask`. */
#define PART(mask, value)                       \
	{                                       \
		(uint64_t)(value), #value, mask \
	}
#define NAMES_END        \
	{                \
		0, "", 0 \
	}

/* The sets, a macro for each. */
#define HC_NAME_SETS(SET)                                                      \
	SET(prot), SET(map), SET(open), SET(made), SET(seek), SET(access),     \
	    SET(fcntl), SET(flock), SET(fadvise), SET(fallocate), SET(at),     \
	    SET(unlink), SET(rename), SET(statx), SET(clone), SET(futex),      \
	    SET(clock), SET(timer), SET(grnd), SET(ioctl), SET(mremap),        \
	    SET(msync), SET(madvise), SET(mlockall), SET(mlock), SET(itimer),  \
	    SET(rlimit), SET(rusage), SET(sigmask), SET(signal), SET(prctl),   \
	    SET(arch_prctl), SET(descriptor), SET(family), SET(socktype),      \
	    SET(sockflags), SET(ipproto), SET(level), SET(msg), SET(shut),     \
	    SET(epoll), SET(epoll_ctl), SET(eventfd), SET(sfd), SET(tfd),      \
	    SET(timerfd), SET(seals), SET(memfd), SET(ipc_get), SET(shmat),    \
	    SET(shmctl), SET(semctl), SET(priority), SET(msgrcv), SET(msgctl), \
	    SET(inotify), SET(mq)

enum hc_names {
	HC_NAMES_NONE,
#define NUMBER(set) HC_NAMES_##set
	HC_NAME_SETS(NUMBER),
#undef NUMBER
	HC_NAMES_END,
};

#define DECLARED(set) hc_names_##set[]
extern const struct hc_name HC_NAME_SETS(DECLARED);
#undef DECLARED

/* The set of this number; NULL for HC_NAMES_NONE. */
const struct hc_name *hc_names(uint8_t set);

#endif
