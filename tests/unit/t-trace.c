/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests trace lines: calls are dispatched without a vCPU, and the trace is
 * compared with the trace by strace(1) of the same calls to Linux.
 *
 *	t-trace --native	makes those calls to Linux, under strace
 */
#include "guestram.h"
#include "scratch.h"
#include "tap.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"
#include "hypercall/trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <net/if.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define RAM  (UINT64_C(8) << 20)
#define DATA (UINT64_C(1) << 20)
#define SIZE (16 * PAGE_4K)
#define BAD  UINT64_C(16) /* mapped nowhere */

static struct gmem mem;
static struct hc_guest guest;
static struct hc_trace trace;
static struct output written;
static struct hc_thread first = { .tid = 1 };
static struct hc_thread second = { .tid = 2 };

/* Each argument is a number, or a place in memory if it has this bit. */
#define PLACE     (UINT64_C(1) << 62)
#define AT(place) (PLACE | (place))
#define STRINGS   0x1000 /* s() puts text here */
#define BUFFER    0x2000 /* calls write here */
#define LEN(n)    (n)

static uint8_t *memory; /* DATA on the host */
static size_t text_used;
static uint64_t base; /* the address of place 0: the guest's or ours */

static uint64_t
s(const char *text)
{
	uint64_t place = STRINGS + text_used;

	strcpy((char *)memory + place, text);
	text_used += strlen(text) + 1;
	return AT(place);
}

/* Copy bytes to a place; return the place as an argument. */
static uint64_t
there(size_t place, const void *bytes, size_t len)
{
	memcpy(memory + place, bytes, len);
	return AT(place);
}

static int64_t (*make)(uint32_t number, const uint64_t *arg);

static int64_t
native(uint32_t number, const uint64_t *a)
{
	return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int64_t
dispatched(uint32_t number, const uint64_t *arg)
{
	struct hc_call call = { .guest = &guest, .thread = &first };

	memcpy(call.arg, arg, 6 * sizeof(arg[0]));
	return hc_dispatch(&call, number);
}

static int64_t
do_call(uint32_t number, const uint64_t *given)
{
	uint64_t arg[6];
	unsigned i;

	for (i = 0; i < 6; i++)
		arg[i] = given[i] >> 62 == 1 ? base + (given[i] & ~PLACE)
					     : given[i];
	text_used = 0;
	return make(number, arg);
}

#define DO(name, ...) do_call(HC_##name, (const uint64_t[6]){ __VA_ARGS__ })
#define CWD           ((uint64_t)AT_FDCWD)

/* A vector of two parts.  Their addresses differ between guest and host. */
static uint64_t
vector(const char *a, const char *b)
{
	uint64_t x = s(a), y = s(b);
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)(base + (x & ~PLACE)), strlen(a) },
		{ (void *)(uintptr_t)(base + (y & ~PLACE)), strlen(b) },
	};

	return there(0, iov, sizeof(iov));
}

static void
files(void)
{
	DO(umask, 022);
	DO(umask, 0);
	DO(mkdir, s("folder"), 0755);
	DO(mkdir, s("none/folder"), 0);
	DO(openat, CWD, s("a"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	DO(openat, CWD, s("none"), O_RDONLY | O_NONBLOCK, 0777);
	DO(open, s("none"), O_WRONLY | O_APPEND | O_DIRECTORY);
	DO(open, BAD, O_RDONLY);
	DO(open, 0, O_RDONLY);
	DO(creat, s("none/x"), 0644);
	DO(write, 3, s("tab\tbell\a\b\v\33\0012\177\377\"\\end\n"), 22);
	DO(write, 3, s("a text of more than thirty-two bytes"), 36);
	DO(write, 3, BAD, 5);
	DO(write, 77, s("x"), 1);
	DO(writev, 3, vector("first", "second"), 2);
	DO(writev, 3, BAD, 3);
	DO(pwrite64, 3, s("pw"), 2, 1);
	DO(lseek, 3, 0, SEEK_SET);
	DO(lseek, 3, 5000000000, SEEK_CUR);
	DO(lseek, 3, (uint64_t)-7, SEEK_SET);
	DO(lseek, 3, 0, SEEK_SET);
	DO(read, 3, AT(BUFFER), 10);
	DO(read, 3, AT(BUFFER), 100);
	DO(read, 3, AT(BUFFER), 100);
	DO(read, 3, BAD, 0);
	DO(pread64, 3, AT(BUFFER), 7, 3);
	DO(lseek, 3, 0, SEEK_SET);
	DO(readv, 3, vector("12345", "123456789"), 2);
	DO(preadv, 3, vector("12345", "123456789"), 2, 40);
	DO(fstat, 3, AT(BUFFER));
	DO(stat, s("folder"), AT(BUFFER));
	DO(lstat, s("none"), AT(BUFFER));
	DO(newfstatat, CWD, s("a"), AT(BUFFER), AT_SYMLINK_NOFOLLOW);
	DO(newfstatat, 3, s(""), AT(BUFFER), AT_EMPTY_PATH);
	DO(access, s("a"), R_OK | W_OK);
	DO(access, s("a"), F_OK);
	DO(faccessat, CWD, s("none"), X_OK);
	DO(chmod, s("a"), 0600);
	DO(fchmod, 3, 01711);
	DO(fstat, 3, AT(BUFFER));
	DO(symlink, s("a"), s("link"));
	DO(readlink, s("link"), AT(BUFFER), 100);
	DO(rename, s("a"), s("b"));
	DO(renameat2, CWD, s("none"), CWD, s("c"), RENAME_NOREPLACE);
	DO(linkat, CWD, s("b"), CWD, s("d"), 0);
	DO(unlinkat, CWD, s("folder"), AT_REMOVEDIR);
	DO(unlinkat, CWD, s("d"), 0);
	DO(ftruncate, 3, 5000000000);
	DO(truncate, s("b"), 5);
	DO(fallocate, 3, FALLOC_FL_KEEP_SIZE, 0, 10);
	DO(fadvise64, 3, 0, 0, POSIX_FADV_DONTNEED);
	DO(flock, 3, LOCK_EX | LOCK_NB);
	DO(fsync, 3);
}

static void
descriptors(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 3 };
	struct timespec times[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };

	DO(fcntl, 3, F_GETFD);
	DO(fcntl, 3, F_SETFD, 0);
	DO(fcntl, 3, F_GETFD);
	DO(fcntl, 3, F_SETFL, O_APPEND | O_NONBLOCK);
	DO(fcntl, 3, F_SETFL, 0);
	DO(fcntl, 3, F_DUPFD, 10);
	DO(fcntl, 3, F_SETLK, there(0, &lock, sizeof(lock)));
	DO(fcntl, 3, F_SETLK, BAD);
	DO(fcntl, 77, F_GETFL);
	DO(dup, 3);
	DO(dup, (uint64_t)-1);
	DO(dup2, 3, 20);
	DO(dup3, 3, 21, O_CLOEXEC);
	DO(close, 21);
	DO(close, 21);
	DO(pipe, AT(BUFFER));
	DO(pipe2, AT(BUFFER), O_CLOEXEC | O_NONBLOCK);
	DO(pipe2, BAD, 0);
	DO(ioctl, 5, FIONREAD, AT(BUFFER));
	DO(ioctl, 3, TCGETS, AT(BUFFER));
	DO(utimensat, CWD, s("b"), there(0, times, sizeof(times)), 0);
	DO(utimensat, CWD, s("b"), 0, 0);
	DO(getdents64, 3, AT(BUFFER), 1000);
	DO(openat, CWD, s("."), O_RDONLY | O_DIRECTORY);
	DO(getdents64, 9, AT(BUFFER), 1000);
	DO(getdents64, 9, AT(BUFFER), 1000);
	DO(fchdir, 3);
	DO(open, s("b"), O_RDONLY);
	DO(sendfile, 3, 11, 0, 4);
	*(off_t *)(void *)memory = 1;
	DO(sendfile, 3, 11, AT(0), 2);
	*(off_t *)(void *)memory = 9;
	DO(copy_file_range, 11, AT(0), 77, 0, 2, 0);
}

static void
others(void)
{
	struct timespec wait = { 0, 5000 }, bad = { 0, 2000000000 };
	struct pollfd p = { 3, POLLIN, 0 };

	DO(poll, there(0, &p, sizeof(p)), 1, 0);
	DO(poll, BAD, 1, 0);
	DO(ppoll, there(0, &p, sizeof(p)), 1, there(64, &bad, sizeof(bad)), 0,
	    0);
	DO(nanosleep, there(0, &wait, sizeof(wait)), 0);
	DO(nanosleep, there(0, &wait, sizeof(wait)), AT(BUFFER));
	DO(clock_nanosleep, CLOCK_MONOTONIC, 0, there(0, &wait, sizeof(wait)));
	DO(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
	    there(0, &wait, sizeof(wait)));
	DO(clock_gettime, CLOCK_REALTIME, BAD);
	DO(getuid, 0);
	DO(sched_yield, 0);
	DO(getrandom, AT(BUFFER), 0, GRND_NONBLOCK);
	DO(munmap, AT(1), 4096);
	DO(mprotect, AT(1), 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	do_call(498, (const uint64_t[6]){ 0, 1, 2, 0xfff, 0, 5 });
	DO(getppid, 0);
}

#define PARTS   0x400 /* messages() puts parts here */
#define CONTROL 0x500
#define TEXT    0x600

/* An array of messages at place 0; the first has `len` bytes at CONTROL. */
static uint64_t
messages(size_t n, size_t len)
{
	struct iovec part = { (void *)(uintptr_t)(base + TEXT), 3 };
	struct mmsghdr m[2];
	size_t i;

	for (i = 0; i < n; i++) {
		m[i] = (struct mmsghdr){ { .msg_iovlen = 1 }, 0 };
		m[i].msg_hdr.msg_iov = (void *)(uintptr_t)(base + PARTS);
	}
	if (len) {
		m[0].msg_hdr.msg_control = (void *)(uintptr_t)(base + CONTROL);
		m[0].msg_hdr.msg_controllen = len;
	}
	there(PARTS, &part, sizeof(part));
	return there(0, m, n * sizeof(m[0]));
}

/* A control message with two descriptors; the next, if any, is malformed. */
static void
rights(size_t next)
{
	const struct cmsghdr head = { CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS };
	const int fds[2] = { 3, 3 };

	there(CONTROL, &head, sizeof(head));
	there(CONTROL + CMSG_LEN(0), fds, sizeof(fds));
	there(CONTROL + CMSG_SPACE(8), &next, sizeof(next));
}

static void
sockets(void)
{
	const struct timespec limit = { .tv_sec = 1 };
	uint32_t pair[2];

	DO(socketpair, AF_UNIX, SOCK_DGRAM, 0, AT(BUFFER));
	memcpy(pair, memory + BUFFER, sizeof(pair));
	strcpy((char *)memory + TEXT, "abc");
	rights(0);
	DO(sendmsg, pair[0], messages(1, CMSG_SPACE(8)), 0);
	DO(recvmsg, pair[1], messages(1, CMSG_SPACE(8)), MSG_DONTWAIT);
	DO(sendmsg, 77, messages(1, 3), MSG_NOSIGNAL);
	DO(sendmmsg, pair[0], messages(2, 0), 2, 0);
	DO(recvmmsg, pair[1], messages(2, 0), 2, MSG_DONTWAIT, 0);
	DO(recvmmsg, pair[1], messages(2, 0), 2, MSG_DONTWAIT, 0);
	DO(recvmmsg, pair[1], messages(2, 0), 2, MSG_DONTWAIT,
	    there(BUFFER, &limit, sizeof(limit)));
}

static void
interfaces(void)
{
	struct ifreq lo = { .ifr_name = "lo" }, none = { .ifr_name = "none" };
	const uint64_t mask = UINT64_C(1) << 63 | 5;
	uint64_t fd;

	fd = (uint64_t)DO(socket, AF_INET, SOCK_DGRAM, 0);
	DO(ioctl, fd, SIOCGIFINDEX, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFNAME, AT(0));
	DO(ioctl, fd, SIOCGIFFLAGS, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFADDR, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFBRDADDR, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFHWADDR, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFNETMASK, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFMTU, there(0, &lo, sizeof(lo)));
	DO(ioctl, fd, SIOCGIFINDEX, there(0, &none, sizeof(none)));
	DO(ioctl, fd, SIOCGIFINDEX, BAD);
	DO(sched_setaffinity, 0x7fffffff, 8, there(0, &mask, sizeof(mask)));
	DO(sched_setaffinity, 0, 8, BAD);
}

static void
all(void)
{
	files();
	descriptors();
	others();
	sockets();
	interfaces();
}

/* Remove the digits of each address in `line`: guest and host differ in them.
 * Numbers below a page, and 0x8000, are not addresses. */
static void
without_addresses(char *line)
{
	char *in = line, *out = line;

	while (*in) {
		unsigned long value;
		char *end;

		*out++ = *in;
		if (in[0] != '0' || in[1] != 'x') {
			in++;
			continue;
		}
		value = strtoul(in, &end, 16);
		if (value < 4096 || value == 0x8000) {
			in++;
			continue;
		}
		*out++ = 'x';
		in = end;
	}
	*out = '\0';
}

static char text[1 << 18];

/* Return the trace since the last call of this function. */
static char *
traced(void)
{
	static off_t seen;
	ssize_t n = pread(written.fd, text, sizeof(text) - 1, seen);

	seen += n > 0 ? n : 0;
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static FILE *
run_strace(const char *self)
{
	char command[512];
	FILE *f;
	int status;

	snprintf(command, sizeof(command),
	    "self=$(realpath %s) && mkdir %s/native && cd %s/native &&"
	    " strace -a1 -o ../strace \"$self\" --native <&0 >/dev/null 2>&1",
	    self, scratch, scratch);
	status = system(command);
	snprintf(command, sizeof(command), "%s/strace", scratch);
	f = status == 0 ? fopen(command, "r") : NULL;
	return f;
}

/* Compare both traces from their first umask on. */
static void
test_strace(const char *self)
{
	FILE *f = run_strace(self);
	char line[8192], *ours = text, *next;
	bool begun = false;
	unsigned lines = 0;

	if (!f) {
		skip(1, "no strace here, or it may not trace");
		return;
	}
	all();
	traced();
	while (fgets(line, sizeof(line), f) && *ours) {
		begun = begun || strncmp(line, "umask", 5) == 0;
		if (!begun)
			continue;
		next = strchr(ours, '\n');
		line[strcspn(line, "\n")] = '\0';
		if (next)
			*next = '\0';
		without_addresses(line);
		without_addresses(ours);
		if (strncmp(line, "getppid", 7) != 0)
			is_str(
			    ours, line, "strace writes the same for %s", line);
		ours = next ? next + 1 : ours + strlen(ours);
		lines++;
	}
	ok(lines > 90 && !*ours, "every line was compared");
	fclose(f);
}

static void
test_refusals(void)
{
	struct hc_set allowed = guest.policy.allowed;

	guest.policy.allowed = (struct hc_set){ 0 };
	DO(close, 77);
	is_str(traced(),
	    "close(77) = -1 EPERM (Operation not permitted) (not allowed)\n",
	    "a call that is not allowed says so");
	guest.policy.kill = true;
	DO(close, 77);
	is_str(traced(), "close(77) = ? (not allowed)\n",
	    "one that ends the guest has no result");
	guest.policy.kill = false;
	guest.policy.allowed = allowed;
	trace.ending = 0;
}

static void
test_filter(void)
{
	const char *bad;
	size_t len;

	hc_set_parse(&trace.wanted, "dup", &bad, &len);
	DO(close, 77);
	DO(dup, 77);
	is_str(traced(), "dup(77) = -1 EBADF (Bad file descriptor)\n",
	    "only requested calls are shown");
	trace.lines = false;
	DO(dup, 77);
	do_call(498, (const uint64_t[6]){ 0 });
	is_str(traced(), "", "or nothing at all");
	trace.lines = true;
	hc_set_parse(&trace.wanted, "@all", &bad, &len);
}

static void
test_hostile(void)
{
	static char name[4000];
	char *got;

	memset(name, '\33', sizeof(name) - 1);
	DO(link, s(name), s(name));
	got = traced();
	ok(strlen(got) < HC_LINE && !strchr(got, '\33'),
	    "a name of 4000 escapes is one line without any");
	ok(strstr(got, "\\33\"...") && strstr(got, ") = -1 EN"),
	    "the line is cut and has its result");
	DO(write, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	is_str(traced(),
	    "write(-1, 0xffffffffffffffff, 18446744073709551615) = -1 EBADF"
	    " (Bad file descriptor)\n",
	    "arguments of -1 do no harm");
	trace.most = HC_TRACE_MOST;
	DO(write, UINT64_MAX, s(name), sizeof(name) - 1);
	got = traced();
	ok(strlen(got) < HC_LINE && strstr(got, "\\33\"..., 3999) = -1 EB"),
	    "the longest buffer that a line shows fits into it");
	trace.most = 3;
	DO(write, UINT64_MAX, s("12345"), 5);
	is_str(traced(),
	    "write(-1, \"123\"..., 5) = -1 EBADF (Bad file descriptor)\n",
	    "as many bytes are shown as was asked for");
	trace.most = 0;
	DO(write, UINT64_MAX, s("12345"), 5);
	is_str(traced(),
	    "write(-1, \"\"..., 5) = -1 EBADF (Bad file descriptor)\n",
	    "or none");
	trace.most = HC_TRACE_BYTES;
	DO(writev, 77, AT(SIZE - 16), UINT64_MAX);
	ok(strstr(traced(), ", ...], -1) = -1 E"),
	    "a vector that leaves memory is shown as far as it is there");
}

/* The time that is left differs from run to run: strace's form of it. */
static void
test_left(void)
{
	const struct timespec limit = { .tv_sec = 1 };
	uint32_t pair[2];
	char *got;

	DO(socketpair, AF_UNIX, SOCK_DGRAM, 0, AT(BUFFER));
	memcpy(pair, memory + BUFFER, sizeof(pair));
	DO(write, pair[0], s("abc"), 3);
	traced();
	DO(recvmmsg, pair[1], messages(1, 0), 1, 0,
	    there(BUFFER, &limit, sizeof(limit)));
	got = traced();
	ok(strstr(got, ", 1, 0, {tv_sec=1, tv_nsec=0}) = 1 (left "
		       "{tv_sec=0, tv_nsec=9"),
	    "a limit as it was, and what is left of it");
	DO(close, pair[0]);
	DO(close, pair[1]);
	traced();
}

static void
test_frame(void)
{
	ucontext_t frame = { 0 };
	struct hc_call call = {
		.guest = &guest, .thread = &first, .sp = base + BUFFER
	};
	struct hc_traced t;

	sigaddset(&frame.uc_sigmask, SIGUSR1);
	there(BUFFER, &frame, sizeof(frame));
	hc_trace_enter(&trace, &t, &call, HC_rt_sigreturn);
	call.end = HC_LEAVES_HANDLER;
	hc_trace_leave(&trace, &t, 0);
	is_str(traced(), "rt_sigreturn({mask=[USR1]}) = ?\n",
	    "rt_sigreturn has the mask that it restores");
}

static void
leave(struct hc_traced *t, int64_t result)
{
	hc_trace_leave(&trace, t, result);
}

static void
test_threads(void)
{
	static struct hc_traced one, two, three;
	struct hc_call read_call = { &guest, &first, .arg = { 0, 0, 5 } };
	struct hc_call yield = { .guest = &guest, .thread = &second };

	hc_trace_enter(&trace, &one, &read_call, HC_read);
	hc_trace_enter(&trace, &two, &yield, HC_sched_yield);
	is_str(traced(), "", "nothing is written before a call returns");
	leave(&two, 0);
	is_str(traced(),
	    "[pid     1] read(0,  <unfinished ...>\n"
	    "[pid     2] sched_yield() = 0\n",
	    "a call that began before another thread's is shown as unfinished");
	hc_trace_enter(&trace, &three, &yield, HC_getuid);
	leave(&one, -EIO);
	is_str(traced(),
	    "[pid     1] <... read resumed>NULL, 5) = -1 EIO (Input/output"
	    " error)\n",
	    "and resumed later, before calls that began after it");
	trace.ending = 1;
	leave(&three, -EINTR);
	is_str(traced(), "[pid     2] getuid() = ?\n",
	    "a call that the guest's end interrupts has no result");
	trace.ending = 0;
	hc_trace_enter(&trace, &one, &read_call, HC_read);
	hc_trace_say(&trace, "+++ exited with %d +++", 3);
	is_str(traced(),
	    "[pid     1] read(0,  <unfinished ...>\n"
	    "[pid     1] +++ exited with 3 +++\n",
	    "at the end calls in progress are unfinished");
	leave(&one, 0);
	traced();
	trace.threads = false;
}

static bool
looks_like(const char *got, const char *pattern)
{
	for (; *pattern; got++, pattern++)
		if (*pattern == '9' ? *got < '0' || *got > '9'
				    : *got != *pattern)
			return false;
	return *got == '\0';
}

/* The trace of a call lies where another's was. */
static void
test_leftover(void)
{
	struct hc_call call = {
		.guest = &guest, .thread = &first, .arg = { 1, 1, 1, 1, 1, 1 }
	};
	struct hc_traced t;

	memset(&t, 0x41, sizeof(t));
	hc_trace_enter(&trace, &t, &call, 498);
	leave(&t, 0);
	is_str(traced(), "syscall_0x1f2(0x1, 0x1, 0x1, 0x1, 0x1, 0x1) = 0\n",
	    "a call without a row shows nothing of another");
}

static void
test_times(void)
{
	trace.times = HC_TRACE_CLOCK | HC_TRACE_SPENT;
	DO(getppid, 0);
	ok(looks_like(traced(), "99:99:99.999999 getppid() = 9 <9.999999>\n"),
	    "clock and spent: the time of day, and how long it took");
	trace.times = HC_TRACE_EPOCH;
	DO(getppid, 0);
	ok(looks_like(traced(), "9999999999.999999 getppid() = 9\n"),
	    "epoch: seconds since 1970");
	trace.times = HC_TRACE_RELATIVE;
	DO(getppid, 0);
	traced();
	DO(getppid, 0);
	ok(looks_like(traced(), "     9.999999 getppid() = 9\n"),
	    "relative: time since the line before");
	trace.times = 0;
}

static void
test_summary(void)
{
	memset(trace.count, 0, sizeof(trace.count));
	trace.counted.bits[0] = UINT64_MAX;
	DO(dup, 77);
	DO(dup, 0);
	DO(getppid, 0);
	do_call(498, (const uint64_t[6]){ 0 });
	traced();
	trace.count[HC_dup].ns = 3000000;
	trace.count[HYPERCALL_END].ns = 1000000;
	hc_trace_summary(&trace);
	is_str(traced(),
	    "% time     seconds  usecs/call     calls    errors hypercall\n"
	    "------ ----------- ----------- --------- ---------"
	    " ----------------\n"
	    " 75.00    0.003000        1500         2         1 dup\n"
	    " 25.00    0.001000        1000         1         1 (unknown)\n"
	    "------ ----------- ----------- --------- ---------"
	    " ----------------\n"
	    "100.00    0.004000        1333         3         2 total\n",
	    "the summary counts requested calls, most time first");
}

static void
prepare(void)
{
	const char *bad;
	size_t len;
	FILE *f = tmpfile();
	char folder[64];

	if (!scratch_make() || !f)
		bail("cannot make %s or a file", scratch);
	snprintf(folder, sizeof(folder), "%s/guest", scratch);
	mkdir(folder, 0755);
	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	space_init(&guest.space, &mem, 2 << 20, 7 << 20);
	space_take(
	    &guest.space, DATA, SIZE, space_bits(PROT_READ | PROT_WRITE));
	if (hc_tree_mount(&guest, folder, "/", false) < 0)
		bail("cannot mount");
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	written.fd = dup(fileno(f));
	fcntl(written.fd, F_SETFD, FD_CLOEXEC);
	fclose(f);
	trace.lines = true;
	trace.wanted = guest.policy.allowed;
	trace.out = &written;
	trace.most = HC_TRACE_BYTES;
	hc_trace_init(&trace);
	hc_trace_attach(&guest, &trace);
	make = dispatched;
	memory = mem.base + DATA;
	base = DATA;
}

/* Make the calls to Linux, with only the standard streams open. */
static int
be_native(void)
{
	int fd;

	for (fd = 3; fd < 256; fd++)
		close(fd);
	make = native;
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	base = (uintptr_t)memory;
	all();
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--native") == 0)
		return be_native();
	prepare();
	test_strace(argv[0]);
	test_refusals();
	test_filter();
	test_hostile();
	test_left();
	test_frame();
	test_threads();
	test_leftover();
	test_times();
	test_summary();
	return done_testing();
}
