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
#define NAMES_END          \
	{                  \
		0, NULL, 0 \
	}

extern const struct hc_name hc_names_prot[], hc_names_map[], hc_names_open[],
    hc_names_made[], hc_names_seek[], hc_names_access[], hc_names_fcntl[],
    hc_names_flock[], hc_names_fadvise[], hc_names_fallocate[], hc_names_at[],
    hc_names_unlink[], hc_names_rename[], hc_names_statx[], hc_names_clone[],
    hc_names_futex[], hc_names_clock[], hc_names_timer[], hc_names_grnd[],
    hc_names_ioctl[], hc_names_mremap[], hc_names_msync[], hc_names_madvise[],
    hc_names_mlockall[], hc_names_mlock[], hc_names_itimer[], hc_names_rlimit[],
    hc_names_rusage[], hc_names_sigmask[], hc_names_signal[], hc_names_prctl[],
    hc_names_arch_prctl[], hc_names_descriptor[], hc_names_family[],
    hc_names_socktype[], hc_names_sockflags[], hc_names_ipproto[],
    hc_names_level[], hc_names_msg[], hc_names_shut[], hc_names_epoll[],
    hc_names_epoll_ctl[], hc_names_eventfd[], hc_names_sfd[], hc_names_tfd[],
    hc_names_timerfd[], hc_names_seals[], hc_names_memfd[], hc_names_ipc_get[],
    hc_names_shmat[], hc_names_shmctl[], hc_names_semctl[], hc_names_priority[],
    hc_names_msgrcv[], hc_names_msgctl[], hc_names_inotify[], hc_names_mq[];

#endif
