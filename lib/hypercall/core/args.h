/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of each call by the names in its row of hypercall.def: struct
 * hc_args_openat { uint64_t dirfd, path, flags, mode; } and so on.  It must not
 * know handlers.
 *
 * Each argument is a register, and so a uint64_t, whatever its row says it
 * means.  A guest address has no type of its own: gmem and space, which alone
 * turn one into a pointer, calculate with it, and handlers pass it on or add to
 * it.
 */
#ifndef HC_ARGS_H
#define HC_ARGS_H

#include <dirent.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

/* A C library may have macros of these names for functions of its own. */
#undef getdents64
#undef pread64
#undef prlimit64
#undef pwrite64

/* rdi rsi rdx r10 r8 r9, and rcx for ToroV. */
#define HC_ARGS 7

/* The argument words of hypercall.def. */
#define INT(n)            n
#define UINT(n)           n
#define HEX(n)            n
#define OCT(n)            n
#define OFF(n)            n
#define MODE(n, l)        n
#define FD(n)             n
#define RFD(n)            n
#define WFD(n)            n
#define DIRFD(n)          n
#define ADDR(n)           n
#define FLAGS(n, set)     n
#define ENUM(n, set)      n
#define STR(n)            n
#define PATH(n)           n
#define INBUF(n, l)       n
#define OUTBUF(n, l)      n
#define ENTRIES(n, l)     n
#define INMASK(n, l)      n
#define OUTMASK(n, l)     n
#define INIOV(n, l)       n
#define OUTIOV(n, l)      n
#define IN(n, t)          n
#define OUT(n, t)         n
#define INOUT(n, t)       n
#define REM(n, t)         n
#define INARR(n, t, l)    n
#define OUTARR(n, t, l)   n
#define INOUTARR(n, t, l) n
#define SOCKADDR(n, l)    n
#define OUTADDR(n, l)     n
#define OUTLEN(n, l)      n
#define IOCTL(n)          n
#define FCNTL(n)          n
#define PRCTL(n)          n
#define UNUSED(n)         n
#define SEVENTH(n)        unused[HC_ARGS - 1], n
#define NOARGS            none

#define HYPERCALL(number, name, classes, needs, argc, ...)    \
	struct hc_args_##name {                               \
		uint64_t __VA_ARGS__;                         \
	};                                                    \
	_Static_assert(sizeof(struct hc_args_##name) ==       \
			   sizeof(uint64_t[argc ? argc : 1]), \
	    "row " #number " names as many arguments as it says");
#include "abi/hypercall.def"
#undef HYPERCALL

#undef INT
#undef UINT
#undef HEX
#undef OCT
#undef OFF
#undef MODE
#undef FD
#undef RFD
#undef WFD
#undef DIRFD
#undef ADDR
#undef FLAGS
#undef ENUM
#undef STR
#undef PATH
#undef INBUF
#undef OUTBUF
#undef ENTRIES
#undef INMASK
#undef OUTMASK
#undef INIOV
#undef OUTIOV
#undef IN
#undef OUT
#undef INOUT
#undef REM
#undef INARR
#undef OUTARR
#undef INOUTARR
#undef SOCKADDR
#undef OUTADDR
#undef OUTLEN
#undef IOCTL
#undef FCNTL
#undef PRCTL
#undef UNUSED
#undef SEVENTH
#undef NOARGS

#endif
