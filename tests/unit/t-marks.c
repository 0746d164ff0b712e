/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests which changes of an open file a guest may make, without a vCPU: every
 * call that changes metadata or status flags, on every kind of descriptor.
 * Only files that the guest opened or made itself change (fd.h).  The test must
 * not touch the host's devices: it makes the device nodes that it needs.
 */
#include "guestcall.h"
#include "scratch.h"

#include "hypercall/file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME (PAGE + 2048)
#define CWD  ((uint64_t)AT_FDCWD)

static uint64_t
put(const char *text)
{
	strcpy(at(NAME), text);
	return NAME;
}

/* The name in /proc of descriptor `fd`. */
static uint64_t
name_of(uint64_t fd)
{
	char text[32];

	snprintf(text, sizeof(text), "/proc/self/fd/%d", (int)fd);
	return put(text);
}

static uint64_t
guest_open(const char *name, int flags)
{
	return (uint64_t)CALL(HC_open, put(name), (uint64_t)flags, 0700);
}

/* The calls that change an inode.  Each row of the list of hypercalls with such
 * a name must be here. */
#define CHANGES(X)                                                  \
	X(fchmod, fd, 0700)                                         \
	X(fchown, fd, getuid(), getgid())                           \
	X(chmod, name_of(fd), 0700)                                 \
	X(fchmodat, CWD, name_of(fd), 0700)                         \
	X(fchmodat2, CWD, name_of(fd), 0700, 0)                     \
	X(fchmodat2, fd, put(""), 0700, AT_EMPTY_PATH)              \
	X(chown, name_of(fd), getuid(), getgid())                   \
	X(fchownat, CWD, name_of(fd), getuid(), getgid(), 0)        \
	X(fchownat, fd, put(""), getuid(), getgid(), AT_EMPTY_PATH) \
	X(utime, name_of(fd), 0)                                    \
	X(utimes, name_of(fd), 0)                                   \
	X(futimesat, CWD, name_of(fd), 0)                           \
	X(utimensat, fd, 0, 0, 0)                                   \
	X(utimensat, fd, put(""), 0, AT_EMPTY_PATH)                 \
	X(utimensat, CWD, name_of(fd), 0, 0)

/* lchown does not follow the link in /proc, which cannot be changed. */
static const char *const changing[] = {
#define NAME_IT(name, ...) #name,
	CHANGES(NAME_IT) "lchown"
};

static bool
is_listed(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		if (strcmp(changing[i], name) == 0)
			return true;
	return false;
}

static void
test_list(void)
{
	static const char *const words[] = { "chmod", "chown", "utime",
		"setxattr", "removexattr", "file_setattr" };
	size_t i;
	uint32_t n;

	for (n = 0; n < HYPERCALL_END; n++)
		for (i = 0; hc_row(n) && i < sizeof(words) / sizeof(words[0]);
		     i++)
			if (strstr(hc_row(n)->name, words[i]) &&
			    !is_listed(hc_row(n)->name))
				ok(false, "%s is tested", hc_row(n)->name);
	ok(true, "every call that changes an inode is tested");
}

/* The state that must not change. */
struct state {
	struct stat st;
	int flags, pipe;
};

static struct state
state_of(uint64_t fd)
{
	struct hc_file *file = hc_fd_get(&guest.fds, fd);
	struct state s;

	memset(&s, 0, sizeof(s));
	if (!file || fstat(file->host, &s.st) < 0)
		bail("descriptor %d is lost", (int)fd);
	s.flags = fcntl(file->host, F_GETFL);
	s.pipe = fcntl(file->host, F_GETPIPE_SZ);
	hc_file_put(file);
	return s;
}

static bool
is_same(const struct state *a, const struct state *b)
{
	return a->st.st_mode == b->st.st_mode && a->st.st_uid == b->st.st_uid &&
	       a->st.st_ctim.tv_sec == b->st.st_ctim.tv_sec &&
	       a->st.st_ctim.tv_nsec == b->st.st_ctim.tv_nsec &&
	       a->flags == b->flags && a->pipe == b->pipe;
}

static bool
is_refused(int64_t r)
{
	return r == -EPERM || r == -EROFS;
}

static void
test_inode(const char *kind, uint64_t fd, bool may)
{
	struct state before = state_of(fd), after;
	int64_t r;

#define TRY(name, ...)                                                         \
	r = CALL(HC_##name, __VA_ARGS__);                                      \
	ok(may ? r == 0 : is_refused(r), "%s of %s is %s (%lld)", #name, kind, \
	    may ? "made" : "refused", (long long)r);
	CHANGES(TRY)
	after = state_of(fd);
	if (!may)
		ok(is_same(&before, &after), "%s is as it was", kind);
}

static void
test_flags(const char *kind, uint64_t fd, bool may)
{
	static const int flags[] = { O_APPEND, O_DIRECT, O_NOATIME };
	struct state before = state_of(fd), after;
	const uint64_t old = (unsigned)before.flags;
	size_t i;

	/* The host refuses the other flags where a file lacks them. */
	for (i = 0; i < (may ? 1 : sizeof(flags) / sizeof(flags[0])); i++) {
		uint64_t new = old ^ (unsigned)flags[i];

		is_int(CALL(HC_fcntl, fd, F_SETFL, new), may ? 0 : -EPERM,
		    "%#x is %schanged of %s", (unsigned)flags[i],
		    may ? "" : "not ", kind);
	}
	is_int(CALL(HC_fcntl, fd, F_SETFL, old), 0,
	    "%s may be given the flags that it has", kind);
	after = state_of(fd);
	ok(is_same(&before, &after), "%s has the flags that it had", kind);
	is_int(CALL(HC_fcntl, fd, F_SETFL, old | O_NONBLOCK), 0,
	    "O_NONBLOCK of %s is changed", kind);
	CALL(HC_fcntl, fd, F_SETFL, old);
	if (before.pipe > 0)
		ok(may ? CALL(HC_fcntl, fd, F_SETPIPE_SZ, 8192) == 8192
		       : CALL(HC_fcntl, fd, F_SETPIPE_SZ, 8192) == -EPERM,
		    "the size of %s is %schanged", kind, may ? "" : "not ");
}

static void
test_kind(const char *kind, uint64_t fd, unsigned may)
{
	if ((int64_t)fd < 0)
		bail("there is no %s: %lld", kind, (long long)fd);
	test_inode(kind, fd, may & HC_MAY_INODE);
	test_flags(kind, fd, may & HC_MAY_FLAGS);
}

/* One of two descriptors that a call made in PAGE. */
static uint64_t
one_of(int64_t r, unsigned i)
{
	return r < 0 ? (uint64_t)r : ((unsigned *)at(PAGE))[i];
}

static uint64_t pair[2]; /* sockets */

/* Send or receive a message with one descriptor: the descriptor, or -errno. */
static int64_t
pass(uint32_t number, uint64_t socket, int fd)
{
	const uint64_t control = PAGE + 512, vector = PAGE + 256;
	const struct cmsghdr header = { .cmsg_len = CMSG_LEN(sizeof(fd)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	const struct msghdr message = { .msg_iov = (void *)vector,
		.msg_iovlen = 1,
		.msg_control = (void *)control,
		.msg_controllen = CMSG_SPACE(sizeof(fd)) };
	const struct iovec part = { (void *)NAME, 1 };
	int64_t r;

	memcpy(at(PAGE), &message, sizeof(message));
	memcpy(at(vector), &part, sizeof(part));
	memcpy(at(control), &header, sizeof(header));
	memcpy(at(control + CMSG_LEN(0)), &fd, sizeof(fd));
	r = CALL(number, socket, PAGE, MSG_DONTWAIT);
	if (r < 0)
		return r;
	memcpy(&fd, at(control + CMSG_LEN(0)), sizeof(fd));
	return fd;
}

/* Send `fd` over a socket; the descriptor received. */
static uint64_t
returned(uint64_t fd)
{
	if (pass(HC_sendmsg, pair[0], (int)fd) < 0)
		bail("a descriptor is not sent");
	return (uint64_t)pass(HC_recvmsg, pair[1], -1);
}

/* A file that would lose its restrictions is not sent. */
static void
test_not_sent(const char *kind, uint64_t fd)
{
	is_int(
	    pass(HC_sendmsg, pair[0], (int)fd), -EPERM, "%s is not sent", kind);
}

static int
host_open(const char *name, int flags)
{
	int fd = open(name, flags | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		bail("cannot open %s", name);
	return fd;
}

/* Files of the scratch folder become the streams, instead of ours. */
static void
replace_streams(void)
{
	static const int flags[] = { O_RDONLY, O_RDWR, O_RDWR | O_APPEND };
	char name[16];
	int i, kept[3];

	for (i = 0; i < 3; i++) {
		kept[i] = dup(i);
		snprintf(name, sizeof(name), "stream%d", i);
		dup2(host_open(name, flags[i]), i);
	}
	hc_fds_init(&guest.fds);
	for (i = 0; i < 3; i++) {
		guest.fds.file[i].host = dup(i);
		dup2(kept[i], i);
		close(kept[i]);
	}
}

static void
test_streams(void)
{
	test_kind("an input", 0, 0);
	test_kind("an output", 1, 0);
	test_kind("a log", 2, 0);
	test_kind("a copy of a stream", (uint64_t)CALL(HC_dup, 1), 0);
	test_kind("a stream by its name", guest_open("/dev/stdout", O_RDWR), 0);
	is_int(CALL(HC_ftruncate, 1, 10), 0, "an output is cut");
	is_int(CALL(HC_fallocate, 1, 0, 0, 100), 0, "an output is made longer");
	is_int(CALL(HC_lseek, 1, 0, SEEK_SET), 0, "an output is sought");
	is_int(CALL(HC_lseek, 0, 0, SEEK_SET), 0, "an input is sought");
	is_int(CALL(HC_ftruncate, 2, 0), -EPERM, "a log is not cut");
	is_int(CALL(HC_fallocate, 2, 0, 0, 100), -EPERM,
	    "a log is not made longer");
	is_int(CALL(HC_pwritev2, 2, PAGE, 0, 0, 0, 0x20), -EOPNOTSUPP,
	    "a log is written only at its end");
	is_int(CALL(HC_mmap, 0, P, PROT_READ | PROT_WRITE, MAP_SHARED, 2, 0),
	    -EACCES, "a log is not mapped writable");
}

static void
test_opened(void)
{
	uint64_t fd = guest_open("/file", O_RDWR | O_CREAT);

	test_kind("a file of a volume", fd, HC_MAY_CHANGE);
	test_kind("a file that came back", returned(fd), 0);
	test_kind("a folder", guest_open("/dir", O_RDONLY), HC_MAY_CHANGE);
	fd = guest_open("/rom/file", O_RDONLY);
	test_kind("a file of a read-only volume", fd, HC_MAY_FLAGS);
	test_not_sent("a file of a read-only volume", fd);
	fd = guest_open("/proc/version", O_RDONLY);
	test_kind("a text of ours", fd, 0);
	test_not_sent("a text of ours", fd);
	test_not_sent("a folder of ours", guest_open("/proc", O_RDONLY));
}

static void
test_made(void)
{
	uint64_t fd = one_of(CALL(HC_pipe, PAGE), 1);
	uint64_t ear;

	test_kind("a pipe", fd, HC_MAY_CHANGE);
	test_kind("a pipe that came back", returned(fd), 0);
	fd = (uint64_t)CALL(HC_memfd_create, put("m"), 0);
	test_kind("a file in memory", fd, HC_MAY_CHANGE);
	test_kind("a file in memory that came back", returned(fd), 0);
	test_kind("one of two sockets", pair[0], HC_MAY_CHANGE);
	ear = (uint64_t)CALL(HC_socket, AF_UNIX, SOCK_STREAM, 0);
	test_kind("a socket", ear, HC_MAY_CHANGE);
	test_kind(
	    "an eventfd", (uint64_t)CALL(HC_eventfd2, 0, 0), HC_MAY_FLAGS);
	test_kind(
	    "an epoll", (uint64_t)CALL(HC_epoll_create1, 0), HC_MAY_FLAGS);
	test_kind(
	    "a timerfd", (uint64_t)CALL(HC_timerfd_create, 1, 0), HC_MAY_FLAGS);
	memset(at(PAGE), 1, 8);
	fd = (uint64_t)CALL(HC_signalfd4, UINT64_MAX, PAGE, 8, 0);
	test_kind("a signalfd", fd, HC_MAY_FLAGS);
	test_not_sent("a signalfd", fd);
}

/* A connection that the guest accepts is the guest's own. */
static void
test_accepted(void)
{
	struct sockaddr_un *un = at(PAGE);
	uint64_t ear = (uint64_t)CALL(HC_socket, AF_UNIX, SOCK_STREAM, 0);
	uint64_t mouth = (uint64_t)CALL(HC_socket, AF_UNIX, SOCK_STREAM, 0);

	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, "/ear");
	is_int(CALL(HC_bind, ear, PAGE, sizeof(*un)), 0, "a name is bound");
	CALL(HC_listen, ear, 1);
	is_int(CALL(HC_connect, mouth, PAGE, sizeof(*un)), 0,
	    "the bound name is connected");
	test_kind("a connection", (uint64_t)CALL(HC_accept, ear, 0, 0),
	    HC_MAY_CHANGE);
}

/* This test's own nodes stand for the host's devices. */
static void
test_devices(void)
{
	uint64_t fd;
	unsigned i;

	for (i = 0; i < HC_DEVICES; i++)
		guest.world.device[i] = -1;
	if (mknod("full", S_IFCHR | 0666,
		makedev(HC_MEMORY_MAJOR, HC_MINOR_full)) < 0) {
		skip(1, "no device nodes without root");
		return;
	}
	guest.world.device[HC_DEVICE_full] = open("full", O_RDWR | O_CLOEXEC);
	fd = guest_open("/dev/full", O_RDONLY);
	test_kind("a device of ours", fd, 0);
	test_not_sent("a device of ours", fd);
	test_not_sent(
	    "a device opened for both ways", guest_open("/dev/full", O_RDWR));
}

/* The working folder may change if its volume may. */
static void
test_cwd(void)
{
	is_int(
	    CALL(HC_fchownat, CWD, put(""), getuid(), getgid(), AT_EMPTY_PATH),
	    0, "the folder the guest starts in is changed");
	CALL(HC_chdir, put("/rom"));
	is_int(
	    CALL(HC_fchownat, CWD, put(""), getuid(), getgid(), AT_EMPTY_PATH),
	    -EROFS, "one of a read-only volume is not");
	CALL(HC_chdir, put("/dir"));
	is_int(
	    CALL(HC_fchownat, CWD, put(""), getuid(), getgid(), AT_EMPTY_PATH),
	    0, "one of the other is");
	CALL(HC_chdir, put("/proc"));
	is_int(
	    CALL(HC_fchownat, CWD, put(""), getuid(), getgid(), AT_EMPTY_PATH),
	    -EPERM, "a working folder of ours is not changed");
	CALL(HC_chdir, put("/"));
}

int
main(void)
{
	if (!scratch_make())
		bail("cannot make %s", scratch);
	if (chdir(scratch) < 0 || mkdir("root", 0755) < 0 ||
	    mkdir("root/dir", 0755) < 0 || mkdir("rom", 0755) < 0)
		bail("cannot make a tree");
	close(host_open("rom/file", O_RDWR));
	guestcall_init();
	replace_streams();
	if (hc_tree_mount(&guest, "root", "/", false) < 0 ||
	    hc_tree_mount(&guest, "rom", "/rom", true) < 0)
		bail("cannot mount");
	pair[0] = one_of(CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, PAGE), 0);
	pair[1] = one_of(0, 1);
	test_list();
	test_streams();
	test_opened();
	test_made();
	test_accepted();
	test_devices();
	test_cwd();
	return done_testing();
}
