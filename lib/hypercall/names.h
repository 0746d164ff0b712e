/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The named values of hypercall arguments, by the set names of hypercall.def.
 * Only the table includes this.
 */
#ifndef NAMES_H
#define NAMES_H

#include "hypercall/hypercall.h"

#include <asm/prctl.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif

#define NAME(value)                       \
	{                                 \
		(uint64_t)(value), #value \
	}
#define NAMES_END       \
	{               \
		0, NULL \
	}

static const struct hc_name set_prot[] = {
	NAME(PROT_READ),
	NAME(PROT_WRITE),
	NAME(PROT_EXEC),
	NAME(PROT_NONE),
	NAMES_END,
};

static const struct hc_name set_map[] = {
	NAME(MAP_SHARED),
	NAME(MAP_PRIVATE),
	NAME(MAP_FIXED),
	NAME(MAP_ANONYMOUS),
	NAME(MAP_32BIT),
	NAME(MAP_GROWSDOWN),
	NAME(MAP_LOCKED),
	NAME(MAP_NORESERVE),
	NAME(MAP_POPULATE),
	NAME(MAP_STACK),
	NAME(MAP_HUGETLB),
	NAME(MAP_FIXED_NOREPLACE),
	NAMES_END,
};

static const struct hc_name set_clock[] = {
	NAME(CLOCK_REALTIME),
	NAME(CLOCK_MONOTONIC),
	NAME(CLOCK_PROCESS_CPUTIME_ID),
	NAME(CLOCK_THREAD_CPUTIME_ID),
	NAME(CLOCK_MONOTONIC_RAW),
	NAME(CLOCK_REALTIME_COARSE),
	NAME(CLOCK_MONOTONIC_COARSE),
	NAME(CLOCK_BOOTTIME),
	NAME(CLOCK_TAI),
	NAMES_END,
};

static const struct hc_name set_timer[] = {
	NAME(TIMER_ABSTIME),
	NAMES_END,
};

static const struct hc_name set_grnd[] = {
	NAME(GRND_NONBLOCK),
	NAME(GRND_RANDOM),
	NAMES_END,
};

static const struct hc_name set_ioctl[] = {
	NAME(TCGETS),
	NAME(TIOCGWINSZ),
	NAMES_END,
};

static const struct hc_name set_arch_prctl[] = {
	NAME(ARCH_SET_GS),
	NAME(ARCH_SET_FS),
	NAME(ARCH_GET_FS),
	NAME(ARCH_GET_GS),
	NAMES_END,
};

#endif
