/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of hypercalls.  Nothing here may know what serves a call.
 */
#include "hypercall/core/table.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/hypercall.h"
#include "hypercall/core/names.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <mqueue.h>
#include <poll.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

/* The argument words of hypercall.def. */
#define ARG(...)            \
	{                   \
		__VA_ARGS__ \
	}
#define INT(n)     ARG(.name = #n, .kind = HC_ARG_INT)
#define UINT(n)    ARG(.name = #n, .kind = HC_ARG_UINT)
#define HEX(n)     ARG(.name = #n, .kind = HC_ARG_HEX)
#define OCT(n)     ARG(.name = #n, .kind = HC_ARG_OCT)
#define OFF(n)     ARG(.name = #n, .kind = HC_ARG_OFF)
#define MODE(n, l) ARG(.name = #n, .kind = HC_ARG_MODE, .length = l)
#define FD(n)      ARG(.name = #n, .kind = HC_ARG_FD)
#define RFD(n)     ARG(.name = #n, .kind = HC_ARG_FD, .unless = HC_NO_READ)
#define WFD(n)     ARG(.name = #n, .kind = HC_ARG_FD, .unless = HC_NO_WRITE)
#define DIRFD(n)   ARG(.name = #n, .kind = HC_ARG_DIRFD)
#define ADDR(n)    ARG(.name = #n, .kind = HC_ARG_ADDR)
#define FLAGS(n, set) \
	ARG(.name = #n, .kind = HC_ARG_FLAGS, .names = HC_NAMES_##set)
#define ENUM(n, set) \
	ARG(.name = #n, .kind = HC_ARG_ENUM, .names = HC_NAMES_##set)
#define STR(n)            ARG(.name = #n, .kind = HC_ARG_STR)
#define PATH(n)           ARG(.name = #n, .kind = HC_ARG_PATH)
#define INBUF(n, l)       ARG(.name = #n, .kind = HC_ARG_INBUF, .length = l)
#define OUTBUF(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTBUF, .length = l)
#define ENTRIES(n, l)     ARG(ENTRY(n), .kind = HC_ARG_OUTBUF, .length = l)
#define ENTRY(n)          .name = #n, .type = "struct linux_dirent64"
#define INMASK(n, l)      ARG(MASK(n), .kind = HC_ARG_INBUF, .length = l)
#define OUTMASK(n, l)     ARG(MASK(n), .kind = HC_ARG_OUTBUF, .length = l)
#define MASK(n)           .name = #n, .type = "cpu_set_t"
#define INIOV(n, l)       ARG(.name = #n, .kind = HC_ARG_INIOV, .length = l)
#define OUTIOV(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTIOV, .length = l)
#define STRUCT(n, t)      .name = #n, .size = sizeof(t), .type = #t
#define IN(n, t)          ARG(STRUCT(n, t), .kind = HC_ARG_IN)
#define OUT(n, t)         ARG(STRUCT(n, t), .kind = HC_ARG_OUT)
#define INOUT(n, t)       ARG(STRUCT(n, t), .kind = HC_ARG_INOUT)
#define REM(n, t)         ARG(STRUCT(n, t), .kind = HC_ARG_REM)
#define ARRAY(n, t, l)    STRUCT(n, t), .length = l
#define INARR(n, t, l)    ARG(ARRAY(n, t, l), .kind = HC_ARG_INARR)
#define OUTARR(n, t, l)   ARG(ARRAY(n, t, l), .kind = HC_ARG_OUTARR)
#define INOUTARR(n, t, l) ARG(ARRAY(n, t, l), .kind = HC_ARG_INOUTARR)
#define SOCKADDR(n, l)    ARG(.name = #n, .kind = HC_ARG_SOCKADDR, .length = l)
#define OUTADDR(n, l)     ARG(.name = #n, .kind = HC_ARG_OUTADDR, .length = l)
#define OUTLEN(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTLEN, .length = l)
#define IOCTL(n)          ARG(.name = #n, .kind = HC_ARG_IOCTL)
#define FCNTL(n)          ARG(.name = #n, .kind = HC_ARG_FCNTL)
#define PRCTL(n)          ARG(.name = #n, .kind = HC_ARG_PRCTL)
#define UNUSED(n)         ARG(.name = #n, .kind = HC_ARG_NONE)
#define SEVENTH(n)        NOARGS, NOARGS, NOARGS, NOARGS, NOARGS, NOARGS, STR(n)
#define NOARGS            ARG(.kind = HC_ARG_NONE)

#define NEEDS(...)              \
	{                       \
		__VA_ARGS__, -1 \
	}
#define NEEDS_NONE \
	{          \
		-1 \
	}
/* To map, unmap and prefault pages. */
#define MAPPING SYS_mmap, SYS_madvise, SYS_mremap, SYS_munmap
/* To resolve a name. */
#define FINDING                                                             \
	SYS_openat2, SYS_openat, SYS_close, SYS_newfstatat, SYS_readlinkat, \
	    SYS_fcntl, SYS_statx, SYS_sched_getaffinity
/* To open a file, which may be one of /dev/shm or /dev/mqueue that is made; to
 * remove it. */
#define OPENING                                                          \
	FINDING, SYS_memfd_create, SYS_fchmod, SYS_ftruncate, SYS_fstat, \
	    SYS_eventfd2, SYS_write, SYS_madvise
#define REMOVING FINDING, SYS_fstat, SYS_madvise
/* To make a segment of shared memory, and to give it back. */
#define SHARING SYS_memfd_create, SYS_fstat, SYS_fcntl, SYS_close
/* To show the state of a message queue, and whether it may block. */
#define QUEUEING SYS_futex, SYS_fcntl, SYS_read, SYS_write, SYS_close
/* To set a timer. */
#define TIMING SYS_timer_create, SYS_timer_settime, SYS_clock_gettime
/* To make a file that signals are read from, and to show and read them. */
#define SIGNALFD                                                             \
	SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl, SYS_fcntl, SYS_read, \
	    SYS_write, SYS_ppoll, SYS_close
/* To use an address: a name, or a port of netlink. */
#define ADDRESSING FINDING, SYS_bind, SYS_getrandom, SYS_getsockopt
/* To accept a connection, and to see who it is from. */
#define ACCEPTING SYS_accept4, SYS_getsockopt, SYS_getpid, SYS_close
/* To receive a message, and to check the descriptors in it. */
#define RECEIVING                                                            \
	SYS_recvmsg, SYS_newfstatat, SYS_fstatfs, SYS_fcntl, SYS_getsockopt, \
	    SYS_close

/* All arguments of all rows, and where those of each begin. */
static const struct hc_arg args[] = {
#define HYPERCALL(number, call, class_set, needed, count, ...) __VA_ARGS__,
#define FORWARD(number, call, class_set, count, ...)           __VA_ARGS__,
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
};

#define LENGTH(...) \
	(sizeof((const struct hc_arg[]){ __VA_ARGS__ }) / sizeof(struct hc_arg))

enum args_start {
#define HYPERCALL(number, call, class_set, needed, count, ...) \
	ARGS_##call, ARGS_LAST_##call = ARGS_##call + LENGTH(__VA_ARGS__) - 1,
#define FORWARD(number, call, class_set, count, ...) \
	HYPERCALL(number, call, class_set, , count, __VA_ARGS__)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
};

static const struct hc_row rows[] = {
#define HYPERCALL(number, call, class_set, needed, count, ...) \
	{                                                      \
		.name = #call,                                 \
		.classes = (class_set)&HC_CLASSES,             \
		.raises = (class_set) & ~HC_CLASSES,           \
		.argc = count,                                 \
		.args = ARGS_##call,                           \
		.needs = needed,                               \
	},
#define FORWARD(number, call, class_set, count, ...) \
	HYPERCALL(                                   \
	    number, call, class_set, NEEDS(SYS_##call), count, __VA_ARGS__)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
};

enum row_number {
#define HYPERCALL(number, call, ...) ROW_##call,
#include "abi/hypercall.def"
#undef HYPERCALL
	ROWS,
};

/* Indexes of rows plus 1, or 0: numbers are sparse, and rows are large. */
static const uint8_t row_index[HYPERCALL_END] = {
#define HYPERCALL(number, call, ...) [number] = ROW_##call + 1,
#include "abi/hypercall.def"
#undef HYPERCALL
};

_Static_assert(ROWS < UINT8_MAX, "an index fits into a byte");

/* The kernel's struct termios, which differs from the C library's. */
#define TERMIOS(kind_) \
	ARG(.name = "argp", .kind = kind_, .type = "struct termios", .size = 36)
/* No argument; the result has these names. */
#define GIVES(set)   ARG(.kind = HC_ARG_NONE, .names = HC_NAMES_##set)
#define GIVES_NUMBER ARG(.kind = HC_ARG_NONE)
#define REQUEST(kind, request, ...)                 \
	{                                           \
		HC_ARG_##kind, request, __VA_ARGS__ \
	}

static const struct {
	enum hc_arg_kind kind;
	uint32_t request;
	struct hc_arg arg;
} requests[] = {
	REQUEST(IOCTL, TCGETS, TERMIOS(HC_ARG_OUT)),
	REQUEST(IOCTL, TCSETS, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TCSETSW, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TCSETSF, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TIOCGWINSZ, OUT(argp, struct winsize)),
	REQUEST(IOCTL, FIONREAD, OUT(argp, int)),
	REQUEST(IOCTL, FIONBIO, IN(argp, int)),
	REQUEST(IOCTL, FIOASYNC, IN(argp, int)),
	REQUEST(IOCTL, FIOCLEX, NOARGS),
	REQUEST(IOCTL, FIONCLEX, NOARGS),
	REQUEST(IOCTL, TIOCOUTQ, OUT(argp, int)), /* also SIOCOUTQ */
	REQUEST(IOCTL, SIOCATMARK, OUT(argp, int)),
	REQUEST(IOCTL, SIOCGIFCONF, INOUT(argp, struct ifconf)),
	REQUEST(IOCTL, SIOCGIFINDEX, INOUT(argp, hc_if_index)),
	REQUEST(IOCTL, SIOCGIFNAME, INOUT(argp, hc_if_name)),
	REQUEST(IOCTL, SIOCGIFFLAGS, INOUT(argp, hc_if_flags)),
	REQUEST(IOCTL, SIOCGIFADDR, INOUT(argp, hc_if_addr)),
	REQUEST(IOCTL, SIOCGIFBRDADDR, INOUT(argp, hc_if_broad)),
	REQUEST(IOCTL, SIOCGIFNETMASK, INOUT(argp, hc_if_mask)),
	REQUEST(IOCTL, SIOCGIFMTU, INOUT(argp, hc_if_mtu)),
	REQUEST(IOCTL, SIOCGIFHWADDR, INOUT(argp, hc_if_hw)),
	REQUEST(FCNTL, F_DUPFD, INT(arg)),
	REQUEST(FCNTL, F_DUPFD_CLOEXEC, INT(arg)),
	REQUEST(FCNTL, F_GETFD, GIVES(descriptor)),
	REQUEST(FCNTL, F_SETFD, FLAGS(arg, descriptor)),
	REQUEST(FCNTL, F_GETFL, GIVES(open)),
	REQUEST(FCNTL, F_SETFL, FLAGS(arg, open)),
	REQUEST(FCNTL, F_GETLK, INOUT(arg, struct flock)),
	REQUEST(FCNTL, F_SETLK, IN(arg, struct flock)),
	REQUEST(FCNTL, F_SETLKW, IN(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_GETLK, INOUT(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_SETLK, IN(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_SETLKW, IN(arg, struct flock)),
	REQUEST(FCNTL, F_SETOWN, INT(arg)),
	REQUEST(FCNTL, F_GETOWN, GIVES_NUMBER),
	REQUEST(FCNTL, F_SETSIG, ENUM(arg, signal)),
	REQUEST(FCNTL, F_GETSIG, GIVES_NUMBER),
	REQUEST(FCNTL, F_SETOWN_EX, IN(arg, struct f_owner_ex)),
	REQUEST(FCNTL, F_GETOWN_EX, OUT(arg, struct f_owner_ex)),
	REQUEST(FCNTL, F_GETPIPE_SZ, GIVES_NUMBER),
	REQUEST(FCNTL, F_SETPIPE_SZ, INT(arg)),
	REQUEST(FCNTL, F_ADD_SEALS, FLAGS(arg, seals)),
	REQUEST(FCNTL, F_GET_SEALS, GIVES(seals)),
	REQUEST(PRCTL, PR_SET_NAME, STR(arg2)),
	REQUEST(PRCTL, PR_SET_PDEATHSIG, ENUM(arg2, signal)),
	REQUEST(PRCTL, PR_GET_PDEATHSIG, OUT(arg2, int)),
	REQUEST(PRCTL, PR_SET_DUMPABLE, INT(arg2)),
	REQUEST(PRCTL, PR_SET_KEEPCAPS, INT(arg2)),
	REQUEST(PRCTL, PR_SET_CHILD_SUBREAPER, INT(arg2)),
	REQUEST(PRCTL, PR_GET_CHILD_SUBREAPER, OUT(arg2, int)),
	REQUEST(PRCTL, PR_SET_TIMERSLACK, INT(arg2)),
	REQUEST(PRCTL, PR_GET_DUMPABLE, GIVES_NUMBER),
	REQUEST(PRCTL, PR_GET_KEEPCAPS, GIVES_NUMBER),
	REQUEST(PRCTL, PR_GET_SECCOMP, GIVES_NUMBER),
	REQUEST(PRCTL, PR_GET_TIMERSLACK, GIVES_NUMBER),
};

const struct hc_row *
hc_row(uint32_t number)
{
	if (number >= HYPERCALL_END || row_index[number] == 0)
		return NULL;
	return &rows[row_index[number] - 1];
}

/* Each start does this, so it makes no calls. */
void
hc_class_calls(unsigned classes, uint64_t bits[HYPERCALL_WORDS])
{
	static const uint16_t number[ROWS] = {
#define HYPERCALL(number, call, ...) [ROW_##call] = number,
#include "abi/hypercall.def"
#undef HYPERCALL
	};
	unsigned i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].classes & classes)
			bits[number[i] / 64] |= UINT64_C(1) << number[i] % 64;
}

const struct hc_arg *
hc_args(const struct hc_row *row)
{
	return &args[row->args];
}

bool
hc_takes_path(const struct hc_row *row)
{
	unsigned i;

	for (i = 0; row && i < row->argc; i++)
		if (hc_args(row)[i].kind == HC_ARG_PATH)
			return true;
	return false;
}

const struct hc_arg *
hc_request(enum hc_arg_kind kind, uint32_t request)
{
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].kind == kind && requests[i].request == request)
			return &requests[i].arg;
	return NULL;
}

const struct hc_arg *
hc_arg_of(const struct hc_call *call, const struct hc_row *row, unsigned i)
{
	static const struct hc_arg unknown = HEX(arg);
	const struct hc_arg *arg = &hc_args(row)[i];

	if (arg->kind != HC_ARG_IOCTL && arg->kind != HC_ARG_FCNTL &&
	    arg->kind != HC_ARG_PRCTL)
		return arg;
	arg = hc_request(arg->kind, (uint32_t)call->arg[i - 1]);
	return arg ? arg : &unknown;
}
