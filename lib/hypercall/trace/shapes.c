/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of shapes.h, and the fields that need a function of their own.
 */
#include "hypercall/trace/shapes.h"

#include "hypercall/core/names.h"
#include "hypercall/trace/trace.h"

#include <inttypes.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <net/if_arp.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

/* The kernel's struct termios, which the C library's headers do not have. */
struct kernel_termios {
	uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line, c_cc[19];
};

#define PLACE(t, f) .at = offsetof(t, f), .size = sizeof(((t *)0)->f)
#define FIELD(t, f, how_)                               \
	{                                               \
#f, PLACE(t, f), how_, NULL, NULL, NULL \
	}
#define NAMED(t, f, how_, set)                         \
	{                                              \
#f, PLACE(t, f), how_, set, NULL, NULL \
	}
#define NESTED(t, f, type_)                                \
	{                                                  \
#f, PLACE(t, f), INSIDE, NULL, type_, NULL \
	}
#define OTHER(function)                                   \
	{                                                 \
		NULL, 0, 0, SPECIAL, NULL, NULL, function \
	}
#define MORE                                           \
	{                                              \
		"...", 0, 0, SPECIAL, NULL, NULL, NULL \
	}
#define END                                           \
	{                                             \
		NULL, 0, 0, SPECIAL, NULL, NULL, NULL \
	}

static const struct hc_name set_poll[] = {
	NAME(POLLIN),
	NAME(POLLPRI),
	NAME(POLLOUT),
	NAME(POLLERR),
	NAME(POLLHUP),
	NAME(POLLNVAL),
	NAME(POLLRDNORM),
	NAME(POLLRDBAND),
	NAME(POLLWRNORM),
	NAME(POLLWRBAND),
	{ 0x2000, "POLLRDHUP", 0 },
	NAMES_END,
};

static const struct hc_name set_epoll[] = {
	NAME(EPOLLIN),
	NAME(EPOLLPRI),
	NAME(EPOLLOUT),
	NAME(EPOLLRDNORM),
	NAME(EPOLLRDBAND),
	NAME(EPOLLWRNORM),
	NAME(EPOLLWRBAND),
	NAME(EPOLLMSG),
	NAME(EPOLLERR),
	NAME(EPOLLHUP),
	NAME(EPOLLRDHUP),
	NAME(EPOLLEXCLUSIVE),
	NAME(EPOLLWAKEUP),
	NAME(EPOLLONESHOT),
	NAME(EPOLLET),
	NAMES_END,
};

static const struct hc_name set_lock[] = {
	NAME(F_RDLCK),
	NAME(F_WRLCK),
	NAME(F_UNLCK),
	NAMES_END,
};

static const struct hc_name set_stack[] = {
	NAME(SS_ONSTACK),
	NAME(SS_DISABLE),
	NAMES_END,
};

static const struct hc_name set_action[] = {
	{ 0x04000000, "SA_RESTORER", 0 },
	NAME(SA_ONSTACK),
	NAME(SA_RESTART),
	NAME(SA_NODEFER),
	{ (uint32_t)SA_RESETHAND, "SA_RESETHAND", 0 },
	NAME(SA_SIGINFO),
	NAME(SA_NOCLDSTOP),
	NAME(SA_NOCLDWAIT),
	NAMES_END,
};

static const struct hc_name set_handler[] = {
	{ 0, "SIG_DFL", 0 },
	{ 1, "SIG_IGN", 0 },
	NAMES_END,
};

static const struct hc_name set_mode[] = {
	{ S_IFSOCK, "S_IFSOCK", S_IFMT },
	{ S_IFLNK, "S_IFLNK", S_IFMT },
	{ S_IFREG, "S_IFREG", S_IFMT },
	{ S_IFBLK, "S_IFBLK", S_IFMT },
	{ S_IFDIR, "S_IFDIR", S_IFMT },
	{ S_IFCHR, "S_IFCHR", S_IFMT },
	{ S_IFIFO, "S_IFIFO", S_IFMT },
	NAME(S_ISUID),
	NAME(S_ISGID),
	NAME(S_ISVTX),
	NAMES_END,
};

static const struct hc_name set_statx[] = {
	NAME(STATX_BASIC_STATS),
	NAME(STATX_TYPE),
	NAME(STATX_MODE),
	NAME(STATX_NLINK),
	NAME(STATX_UID),
	NAME(STATX_GID),
	NAME(STATX_ATIME),
	NAME(STATX_MTIME),
	NAME(STATX_CTIME),
	NAME(STATX_INO),
	NAME(STATX_SIZE),
	NAME(STATX_BLOCKS),
	NAME(STATX_BTIME),
	{ 0x1000, "STATX_MNT_ID", 0 },
	NAMES_END,
};

static const struct hc_name set_mount[] = {
	{ 0x20, "ST_VALID", 0 },
	{ 1, "ST_RDONLY", 0 },
	{ 2, "ST_NOSUID", 0 },
	{ 4, "ST_NODEV", 0 },
	{ 8, "ST_NOEXEC", 0 },
	{ 16, "ST_SYNCHRONOUS", 0 },
	{ 64, "ST_MANDLOCK", 0 },
	{ 1024, "ST_NOATIME", 0 },
	{ 2048, "ST_NODIRATIME", 0 },
	{ 4096, "ST_RELATIME", 0 },
	NAMES_END,
};

static const struct hc_name set_interface[] = {
	NAME(IFF_UP),
	NAME(IFF_BROADCAST),
	NAME(IFF_DEBUG),
	NAME(IFF_LOOPBACK),
	NAME(IFF_POINTOPOINT),
	NAME(IFF_NOTRAILERS),
	NAME(IFF_RUNNING),
	NAME(IFF_NOARP),
	NAME(IFF_PROMISC),
	NAME(IFF_ALLMULTI),
	NAME(IFF_MASTER),
	NAME(IFF_SLAVE),
	NAME(IFF_MULTICAST),
	NAME(IFF_PORTSEL),
	NAME(IFF_AUTOMEDIA),
	NAME(IFF_DYNAMIC),
	NAMES_END,
};

/* S_IFREG|0644 */
static void
put_mode(struct hc_show *show, unsigned mode)
{
	unsigned special = mode & ~0777U;

	if (special) {
		line_flags(show->line, set_mode, special);
		line_put(show->line, "|");
	}
	line_put(show->line, "%#03o", mode & 0777);
}

/* A device's number, or the size of another file. */
static void
put_size(struct hc_show *show, const char *prefix, unsigned mode, dev_t rdev,
    int64_t size)
{
	if (S_ISCHR(mode) || S_ISBLK(mode))
		line_put(show->line, "%s_rdev=makedev(%#x, %#x)", prefix,
		    major(rdev), minor(rdev));
	else
		line_put(show->line, "%s_size=%" PRId64, prefix, size);
}

static bool
special_stat(struct hc_show *show, const uint8_t *whole)
{
	const struct stat *st = (const void *)whole;

	line_put(show->line, "st_mode=");
	put_mode(show, st->st_mode);
	line_put(show->line, ", ");
	put_size(show, "st", st->st_mode, st->st_rdev, st->st_size);
	return true;
}

static bool
special_sigval(struct hc_show *show, const uint8_t *whole)
{
	const struct sigevent *event = (const void *)whole;

	if (!event->sigev_value.sival_ptr)
		return false;
	line_put(show->line, "sigev_value={sival_int=%d, sival_ptr=",
	    event->sigev_value.sival_int);
	line_address(show->line, (uintptr_t)event->sigev_value.sival_ptr);
	line_put(show->line, "}");
	return true;
}

static bool
special_statx(struct hc_show *show, const uint8_t *whole)
{
	const struct statx *st = (const void *)whole;

	line_put(show->line, "stx_mode=");
	put_mode(show, st->stx_mode);
	line_put(show->line, ", ");
	put_size(show, "stx", st->stx_mode,
	    makedev(st->stx_rdev_major, st->stx_rdev_minor),
	    (int64_t)st->stx_size);
	return true;
}

static bool
special_fsid(struct hc_show *show, const uint8_t *whole)
{
	const struct statfs *st = (const void *)whole;
	uint32_t id[2];

	memcpy(id, &st->f_fsid, sizeof(id));
	line_put(show->line, "f_fsid={val=[%#x, %#x]}", id[0], id[1]);
	return true;
}

static bool
special_loads(struct hc_show *show, const uint8_t *whole)
{
	const struct sysinfo *s = (const void *)whole;

	line_put(show->line, "loads=[%lu, %lu, %lu]", s->loads[0], s->loads[1],
	    s->loads[2]);
	return true;
}

/* Either UTIME_NOW or UTIME_OMIT of utimensat(), or a time. */
static bool
special_timespec(struct hc_show *show, const uint8_t *whole)
{
	const struct timespec *ts = (const void *)whole;

	if (ts->tv_nsec == UTIME_NOW || ts->tv_nsec == UTIME_OMIT)
		line_put(show->line, "%s",
		    ts->tv_nsec == UTIME_NOW ? "UTIME_NOW" : "UTIME_OMIT");
	else
		line_put(show->line, "{tv_sec=%lld, tv_nsec=%ld}",
		    (long long)ts->tv_sec, ts->tv_nsec);
	return true;
}

static bool
special_pollfd(struct hc_show *show, const uint8_t *whole)
{
	const struct pollfd *p = (const void *)whole;

	if (show->output && p->revents == 0)
		return false;
	line_put(show->line, "{fd=%d", p->fd);
	if (p->fd >= 0) {
		line_put(show->line, show->output ? ", revents=" : ", events=");
		line_flags(show->line, set_poll,
		    (uint16_t)(show->output ? p->revents : p->events));
	}
	line_put(show->line, "}");
	return true;
}

static bool
special_epoll_data(struct hc_show *show, const uint8_t *whole)
{
	struct epoll_event e;

	memcpy(&e, whole, sizeof(e));
	line_put(show->line, "data={u32=%" PRIu32 ", u64=%" PRIu64 "}",
	    e.data.u32, e.data.u64);
	return true;
}

static bool
special_fd_set(struct hc_show *show, const uint8_t *whole)
{
	const char *between = "";
	unsigned fd, shown = 0;

	line_put(show->line, "[");
	for (fd = 0; fd < FD_SETSIZE; fd++) {
		if (!(whole[fd / 8] >> fd % 8 & 1))
			continue;
		if (shown++ == SHOWN_PARTS) {
			line_put(show->line, " ...");
			break;
		}
		line_put(show->line, "%s%u", between, fd);
		between = " ";
	}
	line_put(show->line, "]");
	return true;
}

static void
put_signal(struct hc_line *line, int signal)
{
#ifdef HAVE_SIGABBREV_NP
	const char *name = signal < 32 ? sigabbrev_np(signal) : NULL;
#else
	const char *name = NULL;
#endif

	if (name)
		line_put(line, "%s", name);
	else if (signal > 32)
		line_put(line, "RT_%d", signal - 32);
	else
		line_put(line, "RTMIN");
}

/* A set that is more than half full is shown as its complement, as by
 * strace. */
static void
put_sigset(struct hc_line *line, uint64_t set)
{
	bool full = __builtin_popcountll(set) > 32;
	const char *between = "";
	int signal;

	line_put(line, full ? "~[" : "[");
	for (signal = 1; signal <= 64; signal++) {
		if ((set >> (signal - 1) & 1) == full)
			continue;
		line_put(line, "%s", between);
		put_signal(line, signal);
		between = " ";
	}
	line_put(line, "]");
}

static bool
special_sigset(struct hc_show *show, const uint8_t *whole)
{
	uint64_t set;

	memcpy(&set, whole, sizeof(set));
	put_sigset(show->line, set);
	return true;
}

static bool
special_sigaction(struct hc_show *show, const uint8_t *whole)
{
	struct hc_sigaction a;

	memcpy(&a, whole, sizeof(a));
	line_put(show->line, "sa_handler=");
	line_enum(show->line, set_handler, a.handler);
	line_put(show->line, ", sa_mask=");
	put_sigset(show->line, a.mask);
	line_put(show->line, ", sa_flags=");
	line_flags(show->line, set_action, a.flags);
	if (a.flags & HC_SA_RESTORER)
		line_put(show->line, ", sa_restorer=0x%" PRIx64, a.restorer);
	return true;
}

/* The kernel's struct user_msghdr, which is the same as struct msghdr. */
static bool
special_msghdr(struct hc_show *show, const uint8_t *whole)
{
	struct msghdr m;

	memcpy(&m, whole, sizeof(m));
	show_message(show, &m);
	return true;
}

/* How much was sent or received is known after the call. */
static bool
special_mmsghdr(struct hc_show *show, const uint8_t *whole)
{
	struct mmsghdr m;

	memcpy(&m, whole, sizeof(m));
	if (show->output)
		show->left = m.msg_len;
	line_put(show->line, "{msg_hdr={");
	show_message(show, &m.msg_hdr);
	line_put(show->line, "}");
	if (show->output)
		line_put(show->line, ", msg_len=%u", m.msg_len);
	line_put(show->line, "}");
	return true;
}

/* The kernel finds an interface by its name, and fills in one other field. */
static const struct ifreq *
put_interface(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = (const void *)whole;

	line_put(show->line, "ifr_name=");
	line_text(
	    show->line, i->ifr_name, strnlen(i->ifr_name, sizeof(i->ifr_name)));
	return show->output ? i : NULL;
}

static bool
special_if_index(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = put_interface(show, whole);

	if (i)
		line_put(show->line, ", ifr_ifindex=%d", i->ifr_ifindex);
	return true;
}

static bool
special_if_name(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = (const void *)whole;

	line_put(show->line, "ifr_ifindex=%d%s", i->ifr_ifindex,
	    show->output ? ", " : "");
	if (show->output)
		(void)put_interface(show, whole);
	return true;
}

static bool
special_if_flags(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = put_interface(show, whole);

	if (i) {
		line_put(show->line, ", ifr_flags=");
		line_flags(show->line, set_interface, (uint16_t)i->ifr_flags);
	}
	return true;
}

/* The kernel's union has each of an interface's addresses at one place. */
static bool
put_if_address(struct hc_show *show, const uint8_t *whole, const char *name)
{
	const struct ifreq *i = put_interface(show, whole);

	if (i) {
		line_put(show->line, ", %s=", name);
		show_address(show->line, &i->ifr_addr);
	}
	return true;
}

static bool
special_if_addr(struct hc_show *show, const uint8_t *whole)
{
	return put_if_address(show, whole, "ifr_addr");
}

static bool
special_if_mask(struct hc_show *show, const uint8_t *whole)
{
	return put_if_address(show, whole, "ifr_netmask");
}

static bool
special_if_broad(struct hc_show *show, const uint8_t *whole)
{
	return put_if_address(show, whole, "ifr_broadaddr");
}

static bool
special_if_hw(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = put_interface(show, whole);
	unsigned kind = i ? i->ifr_hwaddr.sa_family : 0, k;

	if (!i)
		return true;
	line_put(show->line, ", ifr_hwaddr={sa_family=");
	if (kind == ARPHRD_LOOPBACK || kind == ARPHRD_ETHER)
		line_put(show->line, "ARPHRD_%s",
		    kind == ARPHRD_ETHER ? "ETHER" : "LOOPBACK");
	else
		line_put(show->line, "%#x", kind);
	for (k = 0; k < IFHWADDRLEN; k++)
		line_put(show->line, "%s%02x", k == 0 ? ", sa_data=" : ":",
		    (uint8_t)i->ifr_hwaddr.sa_data[k]);
	line_put(show->line, "}");
	return true;
}

static bool
special_if_mtu(struct hc_show *show, const uint8_t *whole)
{
	const struct ifreq *i = put_interface(show, whole);

	if (i)
		line_put(show->line, ", ifr_mtu=%d", i->ifr_mtu);
	return true;
}

static bool
special_ifconf(struct hc_show *show, const uint8_t *whole)
{
	const struct ifconf *c = (const void *)whole;
	const size_t n = (size_t)c->ifc_len / sizeof(struct ifreq);

	line_put(show->line, "ifc_len=%d /* %zu * sizeof(struct ifreq) */",
	    c->ifc_len, n);
	if (show->output) {
		line_put(show->line, ", ifc_buf=");
		show_array(show, "hc_if_addr", sizeof(struct ifreq),
		    (uintptr_t)c->ifc_buf, n);
	}
	return true;
}

static const struct shape_field timeval_fields[] = {
	FIELD(struct timeval, tv_sec, SIGNED),
	FIELD(struct timeval, tv_usec, SIGNED),
	END,
};
static const struct shape_field timezone_fields[] = {
	FIELD(struct timezone, tz_minuteswest, SIGNED),
	FIELD(struct timezone, tz_dsttime, SIGNED),
	END,
};
static const struct shape_field itimerspec_fields[] = {
	NESTED(struct itimerspec, it_interval, "struct timespec"),
	NESTED(struct itimerspec, it_value, "struct timespec"),
	END,
};
static const struct shape_field itimerval_fields[] = {
	NESTED(struct itimerval, it_interval, "struct timeval"),
	NESTED(struct itimerval, it_value, "struct timeval"),
	END,
};
static const struct shape_field tms_fields[] = {
	FIELD(struct tms, tms_utime, SIGNED),
	FIELD(struct tms, tms_stime, SIGNED),
	FIELD(struct tms, tms_cutime, SIGNED),
	FIELD(struct tms, tms_cstime, SIGNED),
	END,
};
static const struct shape_field stat_fields[] = {
	OTHER(special_stat),
	MORE,
	END,
};
static const struct shape_field statx_fields[] = {
	NAMED(struct statx, stx_mask, FLAGS, set_statx),
	FIELD(struct statx, stx_attributes, HEX),
	OTHER(special_statx),
	MORE,
	END,
};
static const struct shape_field statfs_fields[] = {
	FIELD(struct statfs, f_type, HEX),
	FIELD(struct statfs, f_bsize, SIGNED),
	FIELD(struct statfs, f_blocks, UNSIGNED),
	FIELD(struct statfs, f_bfree, UNSIGNED),
	FIELD(struct statfs, f_bavail, UNSIGNED),
	FIELD(struct statfs, f_files, UNSIGNED),
	FIELD(struct statfs, f_ffree, UNSIGNED),
	OTHER(special_fsid),
	FIELD(struct statfs, f_namelen, SIGNED),
	FIELD(struct statfs, f_frsize, SIGNED),
	NAMED(struct statfs, f_flags, FLAGS, set_mount),
	END,
};
static const struct shape_field rlimit_fields[] = {
	FIELD(struct rlimit, rlim_cur, LIMIT),
	FIELD(struct rlimit, rlim_max, LIMIT),
	END,
};
static const struct shape_field rusage_fields[] = {
	NESTED(struct rusage, ru_utime, "struct timeval"),
	NESTED(struct rusage, ru_stime, "struct timeval"),
	MORE,
	END,
};
static const struct shape_field sysinfo_fields[] = {
	FIELD(struct sysinfo, uptime, SIGNED),
	OTHER(special_loads),
	FIELD(struct sysinfo, totalram, UNSIGNED),
	FIELD(struct sysinfo, freeram, UNSIGNED),
	FIELD(struct sysinfo, sharedram, UNSIGNED),
	FIELD(struct sysinfo, bufferram, UNSIGNED),
	FIELD(struct sysinfo, totalswap, UNSIGNED),
	FIELD(struct sysinfo, freeswap, UNSIGNED),
	FIELD(struct sysinfo, procs, UNSIGNED),
	FIELD(struct sysinfo, totalhigh, UNSIGNED),
	FIELD(struct sysinfo, freehigh, UNSIGNED),
	FIELD(struct sysinfo, mem_unit, UNSIGNED),
	END,
};
static const struct shape_field utsname_fields[] = {
	FIELD(struct utsname, sysname, TEXT),
	FIELD(struct utsname, nodename, TEXT),
	MORE,
	END,
};
static const struct shape_field winsize_fields[] = {
	FIELD(struct winsize, ws_row, UNSIGNED),
	FIELD(struct winsize, ws_col, UNSIGNED),
	FIELD(struct winsize, ws_xpixel, UNSIGNED),
	FIELD(struct winsize, ws_ypixel, UNSIGNED),
	END,
};
static const struct shape_field termios_fields[] = {
	FIELD(struct kernel_termios, c_iflag, HEX),
	FIELD(struct kernel_termios, c_oflag, HEX),
	FIELD(struct kernel_termios, c_cflag, HEX),
	FIELD(struct kernel_termios, c_lflag, HEX),
	MORE,
	END,
};
static const struct shape_field flock_fields[] = {
	NAMED(struct flock, l_type, ENUM, set_lock),
	NAMED(struct flock, l_whence, ENUM, hc_names_seek),
	FIELD(struct flock, l_start, SIGNED),
	FIELD(struct flock, l_len, SIGNED),
	END,
};
static const struct shape_field epoll_fields[] = {
	NAMED(struct epoll_event, events, FLAGS, set_epoll),
	OTHER(special_epoll_data),
	END,
};
static const struct shape_field stack_fields[] = {
	FIELD(stack_t, ss_sp, ADDRESS),
	NAMED(stack_t, ss_flags, FLAGS, set_stack),
	FIELD(stack_t, ss_size, UNSIGNED),
	END,
};
static const struct hc_name set_resolve[] = {
	NAME(RESOLVE_NO_XDEV),
	NAME(RESOLVE_NO_MAGICLINKS),
	NAME(RESOLVE_NO_SYMLINKS),
	NAME(RESOLVE_BENEATH),
	NAME(RESOLVE_IN_ROOT),
	NAMES_END,
};

static const struct shape_field how_fields[] = {
	NAMED(struct open_how, flags, FLAGS, hc_names_open),
	FIELD(struct open_how, mode, OCTAL),
	NAMED(struct open_how, resolve, FLAGS, set_resolve),
	END,
};
static const struct shape_field clone_fields[] = {
	NAMED(struct clone_args, flags, FLAGS, hc_names_clone),
	FIELD(struct clone_args, child_tid, ADDRESS),
	FIELD(struct clone_args, parent_tid, ADDRESS),
	FIELD(struct clone_args, exit_signal, UNSIGNED),
	FIELD(struct clone_args, stack, ADDRESS),
	FIELD(struct clone_args, stack_size, HEX),
	FIELD(struct clone_args, tls, ADDRESS),
	END,
};
static const struct shape_field linger_fields[] = {
	FIELD(struct linger, l_onoff, SIGNED),
	FIELD(struct linger, l_linger, SIGNED),
	END,
};
static const struct shape_field ucred_fields[] = {
	FIELD(struct ucred, pid, SIGNED),
	FIELD(struct ucred, uid, SIGNED),
	FIELD(struct ucred, gid, SIGNED),
	END,
};
static const struct hc_name set_sigevent[] = {
	NAME(SIGEV_SIGNAL),
	NAME(SIGEV_NONE),
	NAME(SIGEV_THREAD),
	{ 4, "SIGEV_THREAD_ID", 0 },
	NAMES_END,
};
static const struct shape_field sigevent_fields[] = {
	OTHER(special_sigval),
	NAMED(struct sigevent, sigev_signo, ENUM, hc_names_signal),
	NAMED(struct sigevent, sigev_notify, ENUM, set_sigevent),
	END,
};
static const struct shape_field mq_attr_fields[] = {
	NAMED(struct mq_attr, mq_flags, FLAGS, hc_names_mq),
	FIELD(struct mq_attr, mq_maxmsg, SIGNED),
	FIELD(struct mq_attr, mq_msgsize, SIGNED),
	FIELD(struct mq_attr, mq_curmsgs, SIGNED),
	END,
};

#define SHAPE(type, kind, fields)                 \
	{                                         \
#type, sizeof(type), kind, fields \
	}
#define ALONE(type, kind, function) \
	SHAPE(type, kind,           \
	    ((const struct shape_field[]){ OTHER(function), END }))
#define SCALAR(type, kind, how_)           \
	SHAPE(type, kind,                  \
	    ((const struct shape_field[]){ \
		{ .size = sizeof(type), .how = how_ }, END }))

/* By type and size, so that a header with another definition is noticed. */
static const struct shape shapes[] = {
	ALONE(struct timespec, BARE, special_timespec),
	SHAPE(struct timeval, BRACED, timeval_fields),
	SHAPE(struct timezone, BRACED, timezone_fields),
	SHAPE(struct itimerspec, BRACED, itimerspec_fields),
	SHAPE(struct itimerval, BRACED, itimerval_fields),
	SHAPE(struct tms, BRACED, tms_fields),
	SHAPE(struct stat, BRACED, stat_fields),
	SHAPE(struct statx, BRACED, statx_fields),
	SHAPE(struct statfs, BRACED, statfs_fields),
	SHAPE(struct rlimit, BRACED, rlimit_fields),
	SHAPE(struct rusage, BRACED, rusage_fields),
	SHAPE(struct sysinfo, BRACED, sysinfo_fields),
	SHAPE(struct utsname, BRACED, utsname_fields),
	SHAPE(struct winsize, BRACED, winsize_fields),
	SHAPE(struct flock, BRACED, flock_fields),
	ALONE(struct pollfd, BARE, special_pollfd),
	SHAPE(struct epoll_event, BRACED, epoll_fields),
	SHAPE(struct sigevent, BRACED, sigevent_fields),
	SHAPE(struct mq_attr, BRACED, mq_attr_fields),
	ALONE(struct msghdr, BRACED, special_msghdr),
	ALONE(struct mmsghdr, BARE, special_mmsghdr),
	ALONE(hc_if_index, BRACED, special_if_index),
	ALONE(hc_if_name, BRACED, special_if_name),
	ALONE(hc_if_flags, BRACED, special_if_flags),
	ALONE(hc_if_addr, BRACED, special_if_addr),
	ALONE(hc_if_mask, BRACED, special_if_mask),
	ALONE(hc_if_mtu, BRACED, special_if_mtu),
	ALONE(hc_if_broad, BRACED, special_if_broad),
	ALONE(hc_if_hw, BRACED, special_if_hw),
	ALONE(struct ifconf, BRACED, special_ifconf),
	SHAPE(struct clone_args, BRACED, clone_fields),
	SHAPE(struct open_how, BRACED, how_fields),
	SHAPE(stack_t, BRACED, stack_fields),
	ALONE(fd_set, BARE, special_fd_set),
	SHAPE(struct linger, BRACED, linger_fields),
	SHAPE(struct ucred, BRACED, ucred_fields),
	{ "struct termios", sizeof(struct kernel_termios), BRACED,
	    termios_fields },
	ALONE(struct hc_sigaction, BRACED, special_sigaction),
	ALONE(hc_sigset, BARE, special_sigset),
	SCALAR(int, NUMBER, SIGNED),
	SCALAR(unsigned, NUMBER, UNSIGNED),
	SCALAR(uid_t, NUMBER, UNSIGNED),
	SCALAR(gid_t, NUMBER, UNSIGNED),
	SCALAR(socklen_t, ARGUMENT, UNSIGNED),
	SCALAR(off_t, NUMBER, SIGNED),
	SCALAR(time_t, NUMBER, SIGNED),
	SCALAR(uint64_t, NUMBER, HEX),
};

const struct shape *
shape_find(const char *type, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strlen(shapes[i].type) == len &&
		    memcmp(shapes[i].type, type, len) == 0)
			return &shapes[i];
	return NULL;
}
