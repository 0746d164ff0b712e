/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the limits of a guest's resources: what setrlimit limits, and what
 * novillo's own storage does.
 */
#include "guestcall.h"

#include "hypercall/core/handlers.h"
#include "hypercall/core/places.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/task.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Writable memory for lists. */
#define LIST (UINT64_C(4) << 20)
#define ROOM (UINT64_C(1) << 20)

#define ROUNDS 20000
#define LITTLE 300U /* places of a small table */

/* Places agree with an array of booleans. */
static void
test_places(void)
{
	static struct hc_places places;
	static bool model[LITTLE];
	unsigned round, bad = 0;

	for (round = 0; round < ROUNDS && bad == 0; round++) {
		unsigned at = (unsigned)rand() % LITTLE;
		unsigned end = (unsigned)rand() % (LITTLE + 1);
		unsigned from = (unsigned)rand() % LITTLE;
		/* Most of them become taken, and then free again. */
		bool take = rand() % 16 < (round / 2000 % 2 ? 4 : 12);
		unsigned free = from, taken = from;

		if (take)
			hc_place_take(&places, at);
		else
			hc_place_give(&places, at);
		model[at] = take;
		while (free < end && model[free])
			free++;
		while (taken < end && !model[taken])
			taken++;
		bad += hc_place_free(&places, from, end) !=
		       (free < end ? free : end);
		bad += hc_place_taken(&places, from, end) !=
		       (taken < end ? taken : end);
	}
	is_int(bad, 0, "%u changes of places agree with a model", round);
}

static void
test_full_places(void)
{
	static struct hc_places places;
	unsigned i;

	for (i = 0; i < HC_FILES; i++)
		hc_place_take(&places, i);
	is_int(hc_place_free(&places, 0, HC_FILES), HC_FILES, "all are taken");
	hc_place_give(&places, HC_FILES - 1);
	is_int(hc_place_free(&places, 0, HC_FILES), HC_FILES - 1,
	    "the last is found");
	hc_place_give(&places, 4096);
	hc_place_give(&places, 4095);
	is_int(hc_place_free(&places, 0, HC_FILES), 4095, "and the lowest");
	is_int(hc_place_free(&places, 4096, HC_FILES), 4096, "from a place on");
	is_int(
	    hc_place_free(&places, 4097, 4200), 4200, "but not past the end");
}

static int64_t
set_limit(int resource, uint64_t now)
{
	struct rlimit limit = { now, guest.limit[resource].most };

	memcpy(at(PAGE), &limit, sizeof(limit));
	return CALL(HC_setrlimit, (uint64_t)resource, PAGE);
}

static uint64_t
most_files(void)
{
	return guest.limit[RLIMIT_NOFILE].most;
}

static void
put_list(unsigned n, int fd)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct pollfd entry = { fd, POLLIN, 0x77 };

		memcpy(at(LIST + i * sizeof(entry)), &entry, sizeof(entry));
	}
}

static void
test_few_files(void)
{
	int64_t fd, n = 0;

	is_int(set_limit(RLIMIT_NOFILE, 100), 0, "a limit of 100 descriptors");
	while ((fd = CALL(HC_eventfd2, 0, 0)) >= 0)
		n++;
	is_int(fd, -EMFILE, "ends in EMFILE");
	ok(n > 90 && guest.fds.fd[99].file && !guest.fds.fd[100].file,
	    "with 99 as the last");
	is_int(CALL(HC_dup, 50), -EMFILE, "for dup also");
	is_int(CALL(HC_dup2, 50, 100), -EBADF, "dup2 does not reach 100");
	is_int(CALL(HC_dup2, 50, 99), 99, "but 99");
	is_int(CALL(HC_fcntl, 50, F_DUPFD, 100), -EINVAL, "nor does F_DUPFD");
	is_int(CALL(HC_pipe, PAGE + 64), -EMFILE, "there is no pipe");
	put_list(100, -1);
	is_int(CALL(HC_poll, LIST, 101, 0), -EINVAL, "nor a list of 101");
	is_int(CALL(HC_poll, LIST, 100, 0), 0, "but one of 100");
	is_int(set_limit(RLIMIT_NOFILE, 20), 0, "a lower limit");
	is_int(CALL(HC_fcntl, 50, F_GETFD), 0, "leaves what is open");
	CALL(HC_close, 7);
	is_int(CALL(HC_dup, 50), 7, "and one below it can be opened");
	CALL(HC_close_range, 3, 98, 0);
	is_int(
	    hc_fd_next(&guest.fds, 3), 99, "close_range leaves what follows");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	is_int(hc_fd_next(&guest.fds, 3), HC_FDS, "or closes it");
	is_int(set_limit(RLIMIT_NOFILE, most_files()), 0, "it can be raised");
}

/* Each descriptor of the guest's would need one of ours; a copy does not. */
static void
test_many_files(void)
{
	const uint64_t most = most_files();
	int64_t fd = CALL(HC_eventfd2, 1, 0), top = fd;

	if (most < 2000) {
		skip(7, "the limit of descriptors is low");
		return;
	}
	while ((uint64_t)top + 1 < most && top >= 0)
		top = CALL(HC_dup, (uint64_t)fd);
	is_int(top, (int64_t)most - 1, "a guest may have %d descriptors",
	    (int)most);
	is_int(CALL(HC_dup, (uint64_t)fd), -EMFILE, "and no more");
	CALL(HC_close, 1500);
	CALL(HC_close, 1400);
	is_int(CALL(HC_dup, (uint64_t)fd), 1400, "the lowest is the next");
	is_int(CALL(HC_dup, (uint64_t)fd), 1500, "and then the other");
	is_int(CALL(HC_close_range, 1000, UINT32_MAX, 4), 0,
	    "close_range marks them");
	is_int(CALL(HC_fcntl, most - 1, F_GETFD), FD_CLOEXEC, "all of them");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	is_int(hc_fd_next(&guest.fds, 3), HC_FDS, "or closes them");
}

static void
test_long_lists(void)
{
	int64_t fd = CALL(HC_eventfd2, 1, 0), empty = CALL(HC_eventfd2, 0, 0);
	const unsigned n = most_files() < 60000 ? (unsigned)most_files()
						: 60000;
	struct pollfd *list = at(LIST);
	unsigned i;

	put_list(n, (int)fd);
	list[1].fd = -5;
	list[2].fd = (int)empty;
	list[n - 1].fd = (int)n;
	is_int(CALL(HC_poll, LIST, n, (uint64_t)-1), n - 2, "a long list");
	ok(list[0].revents == POLLIN && list[1].revents == 0 &&
		list[2].revents == 0 && list[n - 1].revents == POLLNVAL &&
		list[1].fd == -5,
	    "is answered entry by entry");
	is_int(CALL(HC_poll, LIST + 4 * ROOM - 64, n, 0), -EFAULT,
	    "one that is not there is EFAULT");
	for (i = 0; i < 8; i++)
		is_int(CALL(HC_poll, LIST, n, 0), n - 2,
		    "and gives its space back (%u)", i);
	CALL(HC_close, (uint64_t)fd);
	CALL(HC_close, (uint64_t)empty);
}

/* The bits of a set. */
static void
set_bit(uint64_t va, unsigned fd)
{
	uint64_t word;

	memcpy(&word, at(va + fd / 64 * 8), sizeof(word));
	word |= UINT64_C(1) << fd % 64;
	memcpy(at(va + fd / 64 * 8), &word, sizeof(word));
}

static bool
has_bit(uint64_t va, unsigned fd)
{
	const uint8_t *bytes = at(va);

	return bytes[fd / 8] >> fd % 8 & 1;
}

static void
test_large_sets(void)
{
	const uint64_t in = LIST, out = LIST + 8192;
	uint64_t fd = (uint64_t)CALL(HC_eventfd2, 1, 0);
	unsigned i;

	memset(at(LIST), 0, 2 * 8192);
	set_bit(in, (unsigned)fd);
	set_bit(in, 3000);
	is_int(CALL(HC_select, 3001, in, 0, 0, 0), 1,
	    "a set is not read past the table of descriptors, as on Linux");
	ok(has_bit(in, 3000), "nor written");
	is_int(CALL(HC_dup2, fd, 5000), 5000, "a larger table");
	is_int(CALL(HC_select, 3001, in, 0, 0, 0), -EBADF, "is looked at");
	memset(at(LIST), 0, 2 * 8192);
	set_bit(in, 5000);
	set_bit(out, (unsigned)fd);
	set_bit(out, 5000);
	is_int(CALL(HC_select, 5001, in, out, 0, 0), 3,
	    "a large descriptor is in sets");
	ok(has_bit(in, 5000) && !has_bit(in, (unsigned)fd) &&
		has_bit(out, 5000) && has_bit(out, (unsigned)fd),
	    "and the others are where they were");
	memset(at(LIST), 0, 2 * 8192);
	for (i = 1000; i < 3000; i++) {
		CALL(HC_dup2, fd, i);
		set_bit(in, i);
	}
	is_int(CALL(HC_select, 3000, in, 0, 0, 0), 2000, "2000 in one set");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
}

/* Sockets and pipes have buffers, which --memory does not count. */
static void
test_sockets(void)
{
	int64_t r, n = 0;
	unsigned start = guest.fds.sockets;

	hc_fds_set_memory(&guest.fds, RAM);
	is_int(guest.fds.sockets_most, HC_SOCKETS_LEAST, "few in few memory");
	hc_fds_set_memory(&guest.fds, UINT64_C(1) << 40);
	is_int(guest.fds.sockets_most, HC_SOCKETS, "and many in much");
	hc_fds_set_memory(&guest.fds, UINT64_C(2000) * HC_SOCKET_SHARE);
	is_int(guest.fds.sockets_most, 2000, "each has its share");
	guest.fds.sockets_most = 40;
	while ((r = CALL(HC_pipe, LIST)) == 0)
		n++;
	is_int(r, -ENFILE, "too many pipes are ENFILE");
	is_int(n, (40 - start) / 2, "each has two ends");
	is_int(CALL(HC_socket, AF_UNIX, SOCK_STREAM, 0), -ENFILE,
	    "sockets are counted with them");
	is_int(CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, LIST), -ENFILE,
	    "and so are pairs");
	r = CALL(HC_eventfd2, 0, 0);
	ok(r >= 0, "other files are not");
	is_int(CALL(HC_dup, 3), r + 1, "nor are copies");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	is_int(guest.fds.sockets, start, "closed, they are gone");
	guest.fds.sockets_most = HC_SOCKETS;
}

static int64_t
send_right(uint64_t socket, uint64_t fd)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)LIST, 1 };
	struct msghdr m = { .msg_iov = (void *)(PAGE + 512),
		.msg_iovlen = 1,
		.msg_control = (void *)(PAGE + 1024),
		.msg_controllen = sizeof(control) };
	int right = (int)fd;

	memcpy(CMSG_DATA(&control.header), &right, sizeof(right));
	memcpy(at(PAGE), &m, sizeof(m));
	memcpy(at(PAGE + 512), &iov, sizeof(iov));
	memcpy(at(PAGE + 1024), &control, sizeof(control));
	return CALL(HC_sendmsg, socket, PAGE, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A descriptor that was received, or -1. */
static int
receive_right(uint64_t socket, unsigned flags)
{
	int fd = -1;

	if (CALL(HC_recvmsg, socket, PAGE, MSG_DONTWAIT | flags) == 1)
		memcpy(&fd, at(PAGE + 1024 + CMSG_LEN(0)), sizeof(fd));
	return fd;
}

static void
test_flight(void)
{
	int pair[2], pipe[2];
	int64_t r;

	CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, LIST);
	memcpy(pair, at(LIST), sizeof(pair));
	CALL(HC_pipe, LIST);
	memcpy(pipe, at(LIST), sizeof(pipe));
	is_int(send_right((uint64_t)pair[0], (uint64_t)pipe[0]), 1,
	    "a pipe is sent");
	is_int(guest.fds.flight, 1, "and is in flight");
	r = receive_right((uint64_t)pair[1], MSG_PEEK);
	ok(r > pipe[1], "also if it is looked at");
	is_int(guest.fds.flight, 1, "and stays there");
	CALL(HC_close, (uint64_t)r);
	r = receive_right((uint64_t)pair[1], 0);
	ok(r > pipe[1], "until it is received");
	is_int(guest.fds.flight, 0, "which ends that");
	guest.fds.flight = HC_FLIGHT;
	CALL(HC_write, (uint64_t)pair[0], LIST, 1);
	is_int(send_right((uint64_t)pair[0], (uint64_t)pipe[0]), -ETOOMANYREFS,
	    "too many in flight are ETOOMANYREFS");
	is_int(send_right((uint64_t)pair[0], (uint64_t)CALL(HC_eventfd2, 0, 0)),
	    1, "files without buffers are not counted");
	guest.fds.flight = 5;
	CALL(HC_close, (uint64_t)pair[1]);
	is_int(send_right((uint64_t)pair[0], (uint64_t)pipe[0]), -EPIPE,
	    "where nobody reads");
	is_int(guest.fds.flight, 5, "nothing flies");
	guest.fds.flight = 0;
	CALL(HC_close_range, 3, UINT32_MAX, 0);
}

/* How a message with a descriptor may be lost for its guest. */
enum loss {
	LOST_BY_READ,
	LOST_BY_RECV,
	LOST_BY_CLOSE,
	LOST_WITH_SENDER,
	LOST_IN_FLIGHT,
	LOSSES,
};

static const char *const loss_names[] = { "read without control messages",
	"received without them", "waited in a socket that was closed",
	"waited in a socket whose peer was closed before",
	"waited in a socket that was in flight" };

static void
lose(enum loss how, uint64_t pipe)
{
	int pair[2], other[2];

	CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, LIST);
	memcpy(pair, at(LIST), sizeof(pair));
	CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, LIST);
	memcpy(other, at(LIST), sizeof(other));
	if (send_right((uint64_t)pair[0], pipe) != 1)
		bail("a pipe cannot be sent");
	if (how == LOST_BY_READ)
		CALL(HC_read, (uint64_t)pair[1], LIST, 8);
	else if (how == LOST_BY_RECV)
		CALL(HC_recvfrom, (uint64_t)pair[1], LIST, 8, 0, 0, 0);
	else if (how == LOST_IN_FLIGHT)
		send_right((uint64_t)other[0], (uint64_t)pair[1]);
	CALL(HC_close, (uint64_t)pair[how == LOST_WITH_SENDER ? 0 : 1]);
	CALL(HC_close, (uint64_t)pair[how == LOST_WITH_SENDER ? 1 : 0]);
	CALL(HC_close, (uint64_t)other[1]);
	CALL(HC_close, (uint64_t)other[0]);
}

/* A message that got lost is not in flight for ever; one that waits is, however
 * many look. */
static void
test_lost(void)
{
	int pipe[2], pair[2];
	unsigned how, i, sent;

	CALL(HC_pipe, LIST);
	memcpy(pipe, at(LIST), sizeof(pipe));
	for (how = 0; how < LOSSES; how++) {
		for (i = 0; i < 3 * HC_FLIGHT; i++)
			lose(how, (uint64_t)pipe[0]);
		ok(guest.fds.flight <= HC_FLIGHT, "%u descriptors %s", i,
		    loss_names[how]);
	}
	CALL(HC_socketpair, AF_UNIX, SOCK_DGRAM, 0, LIST);
	memcpy(pair, at(LIST), sizeof(pair));
	guest.fds.flight = HC_FLIGHT;
	is_int(send_right((uint64_t)pair[0], (uint64_t)pipe[0]), 1,
	    "with nothing to read the count begins anew");
	is_int(guest.fds.flight, 1, "at zero");
	guest.fds.flight = HC_FLIGHT - 3;
	for (sent = 0; sent < 10; sent++)
		if (send_right((uint64_t)pair[0], (uint64_t)pipe[0]) < 0)
			break;
	is_int(sent, 3, "what waits counts");
	while (receive_right((uint64_t)pair[1], 0) >= 0)
		;
	is_int(send_right((uint64_t)pair[0], (uint64_t)pipe[0]), 1,
	    "until it is received");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	guest.fds.flight = 0;
}

/* The length of a new listener's queue, with `wanted`: connections that were
 * made and closed. */
static unsigned
fill_listener(uint64_t fd, unsigned wanted)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t);
	struct hc_file *file = hc_fd_get(&guest.fds, fd);
	unsigned n = 0;
	int peer;

	/* An abstract name of the host's choice. */
	if (bind(file->host, (struct sockaddr *)&own, len) < 0)
		bail("bind");
	is_int(CALL(HC_listen, fd, wanted), 0, "listen succeeds");
	len = sizeof(own);
	getsockname(file->host, (struct sockaddr *)&own, &len);
	hc_file_put(file);
	for (;; n++) {
		peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(peer, (struct sockaddr *)&own, len) < 0)
			break;
		close(peer);
	}
	close(peer);
	return n;
}

static uint64_t
stream(void)
{
	return (uint64_t)CALL(HC_socket, AF_UNIX, SOCK_STREAM, 0);
}

/* Connections that wait have buffers, and no descriptor. */
static void
test_backlogs(void)
{
	unsigned i, n = 0;
	int pair[2];
	uint64_t fd;

	guest.fds.sockets_most = HC_SOCKETS_LEAST;
	for (i = 0; i < 2 * HC_LISTENERS; i++)
		n += fill_listener(stream(), UINT32_MAX);
	ok(n >= HC_SOCKETS_LEAST && n <= HC_SOCKETS_LEAST + 2 * HC_LISTENERS,
	    "as many connections wait as there may be sockets: %u", n);
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	is_int(guest.fds.backlogs, 0, "without listeners there are none");
	fd = stream();
	n = fill_listener(fd, 5);
	is_int(n, 6, "a short queue is as long as on Linux");
	is_int(CALL(HC_listen, fd, 0), 0, "and gets shorter");
	is_int(guest.fds.backlogs, 5, "but counts until its end");
	CALL(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, LIST);
	memcpy(pair, at(LIST), sizeof(pair));
	send_right((uint64_t)pair[0], fd);
	CALL(HC_close, fd);
	is_int(guest.fds.backlogs, 5, "or for ever, if it was sent");
	guest.fds.backlogs = 0;
	CALL(HC_close_range, 3, UINT32_MAX, 0);
	guest.fds.sockets_most = HC_SOCKETS;
}

/* A result of the last call, which also sent SIGXFSZ; that is blocked. */
static void
is_too_large(int64_t r, const char *what)
{
	const hc_sigset bit = UINT64_C(1) << (SIGXFSZ - 1);

	ok(r == -EFBIG && thread.signals.mine.set == bit,
	    "%s is EFBIG and SIGXFSZ (%lld)", what, (long long)r);
	hc_signal_drop(&guest.signals, SIGXFSZ);
}

static void
test_size_by_writes(uint64_t fd, uint64_t other)
{
	const struct iovec iov[] = { { (void *)LIST, 300 },
		{ (void *)LIST, 600 }, { (void *)LIST, 900 } };
	uint64_t offset = 900;

	is_int(CALL(HC_write, fd, LIST, 900), 900, "below the limit");
	is_int(CALL(HC_write, fd, LIST, 900), 100, "a write is cut there");
	is_too_large(CALL(HC_write, fd, LIST, 1), "a byte after it");
	is_int(CALL(HC_write, fd, LIST, 0), 0, "but not none");
	is_int(CALL(HC_pwrite64, fd, LIST, 500, 600), 400, "pwrite is cut");
	is_too_large(CALL(HC_pwrite64, fd, LIST, 1, 1000), "pwrite at it");
	memcpy(at(PAGE), iov, sizeof(iov));
	is_int(CALL(HC_pwritev, fd, PAGE, 3, 200), 800, "a vector is cut");
	CALL(HC_lseek, fd, 0, SEEK_SET);
	is_int(CALL(HC_writev, fd, PAGE, 3), 1000, "anywhere");
	is_too_large(CALL(HC_writev, fd, PAGE, 3), "a vector after it");
	CALL(HC_lseek, fd, 950, SEEK_SET);
	CALL(HC_lseek, other, 0, SEEK_SET);
	is_int(CALL(HC_sendfile, fd, other, 0, 200), 50, "sendfile is cut");
	is_too_large(CALL(HC_sendfile, fd, other, 0, 200), "sendfile");
	memcpy(at(PAGE), &offset, sizeof(offset));
	is_int(CALL(HC_copy_file_range, other, 0, fd, PAGE, 200, 0), 100,
	    "copy_file_range is cut at its offset");
	is_too_large(CALL(HC_copy_file_range, other, 0, fd, PAGE, 200, 0),
	    "copy_file_range");
}

static void
test_size_by_calls(uint64_t fd)
{
	CALL(HC_fcntl, fd, F_SETFL, O_APPEND);
	CALL(HC_ftruncate, fd, 990);
	CALL(HC_lseek, fd, 0, SEEK_SET);
	is_int(CALL(HC_write, fd, LIST, 50), 10, "appending is cut");
	is_too_large(CALL(HC_write, fd, LIST, 50), "appending");
	is_int(CALL(HC_ftruncate, fd, 1000), 0, "ftruncate reaches the limit");
	is_too_large(CALL(HC_ftruncate, fd, 1001), "ftruncate past it");
	is_too_large(CALL(HC_fallocate, fd, 0, 500, 501), "fallocate");
	guest.limit[RLIMIT_FSIZE].now = 500;
	is_int(CALL(HC_ftruncate, fd, 800), 0, "a file may become smaller");
	guest.limit[RLIMIT_FSIZE].now = 1000;
}

static void
recover(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	if (!gmem_recover(context))
		_exit(99);
}

/* An offset in a page that its file has lost is the host's to refuse. */
static void
test_lost_offset(uint64_t fd, uint64_t other)
{
	const struct sigaction action = { .sa_sigaction = recover,
		.sa_flags = SA_SIGINFO };
	uint64_t lost = (uint64_t)CALL(
	    HC_mmap, 0, P, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);

	sigaction(SIGBUS, &action, NULL);
	CALL(HC_ftruncate, other, 0);
	is_int(CALL(HC_copy_file_range, fd, 0, fd, lost, 100, 0), -EFAULT,
	    "copy_file_range at an offset that is lost");
	is_int(CALL(HC_munmap, lost, P), 0, "the page goes");
}

static void
test_size(void)
{
	uint64_t fd = (uint64_t)hc_fd_open(
	    &guest.fds, dup(fileno(tmpfile())), HC_MAY_CHANGE, false);
	uint64_t other = (uint64_t)hc_fd_open(
	    &guest.fds, dup(fileno(tmpfile())), HC_MAY_CHANGE, false);
	int pipe[2];

	CALL(HC_write, other, LIST, 4096);
	thread.signals.blocked = UINT64_C(1) << (SIGXFSZ - 1);
	is_int(set_limit(RLIMIT_FSIZE, 1000), 0, "files are limited");
	test_size_by_writes(fd, other);
	test_size_by_calls(fd);
	test_lost_offset(fd, other);
	fd = (uint64_t)CALL(HC_memfd_create, LIST, 0);
	is_int(CALL(HC_write, fd, LIST, 2000), 1000, "files in memory also");
	is_too_large(CALL(HC_write, fd, LIST, 2000), "one more byte");
	CALL(HC_pipe, LIST);
	memcpy(pipe, at(LIST), sizeof(pipe));
	is_int(CALL(HC_write, (uint64_t)pipe[1], LIST, 4096), 4096,
	    "but not pipes");
	set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
	is_int(CALL(HC_write, fd, LIST, 2000), 2000, "a limit can be raised");
	CALL(HC_close_range, 3, UINT32_MAX, 0);
}

#define MIB  (UINT64_C(1) << 20)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define BOTH (PROT_READ | PROT_WRITE)

static int64_t
map(uint64_t addr, uint64_t len, uint64_t prot, uint64_t flags)
{
	return CALL(HC_mmap, addr, len, prot, flags, (uint64_t)-1, 0);
}

/* The guest ends when this has been asked `lives` times. */
static unsigned lives;

static bool
is_over(const struct hc_thread *t)
{
	(void)t;
	return lives == 0 || lives-- == 0;
}

#define LARGE (20 * MIB) /* takes several pieces */

/* A large read or write of a file ends between two pieces with the guest. */
static void
test_pieces(void)
{
	static const struct hc_thread_ops ops = { .is_over = is_over };
	const int host = memfd_create("t-limits", 0);
	const uint64_t fd = (uint64_t)hc_fd_open(
	    &guest.fds, host, HC_MAY_CHANGE, false);
	const uint64_t buf = (uint64_t)map(0, LARGE, BOTH, ANON);
	uint64_t i, wrong = 0;

	for (i = 0; i < LARGE; i += P)
		memcpy(at(buf + i), &i, sizeof(i));
	is_int(CALL(HC_write, fd, buf, LARGE), LARGE, "a large write");
	memset(at(buf), 0, LARGE);
	is_int(CALL(HC_pread64, fd, buf, LARGE, 0), LARGE, "a large read");
	for (i = 0; i < LARGE; i += P)
		wrong += memcmp(at(buf + i), &i, sizeof(i)) != 0;
	is_int((intmax_t)wrong, 0, "reads what was written");
	is_int(CALL(HC_pread64, fd, buf, LARGE, P), LARGE - P,
	    "up to the file's end");
	CALL(HC_lseek, fd, 0, SEEK_SET);
	thread.ops = &ops;
	lives = 1;
	is_int(CALL(HC_read, fd, buf, LARGE), 16 * MIB,
	    "the guest's end ends it between two pieces");
	lives = 0;
	is_int(CALL(HC_pwrite64, fd, buf, LARGE, 0), 8 * MIB, "a write also");
	thread.ops = NULL;
	is_int(CALL(HC_lseek, fd, 0, SEEK_CUR), 16 * MIB, "at its position");
	CALL(HC_munmap, buf, LARGE);
	CALL(HC_close, fd);
}

static void
test_addresses(void)
{
	const uint64_t now = guest.limit[RLIMIT_AS].now;
	struct hc_pages has = hc_count_pages(&guest, 0, RAM);
	uint64_t a;

	set_limit(RLIMIT_AS, has.all + 2 * MIB);
	is_int(map(0, 3 * MIB, PROT_NONE, ANON), -ENOMEM, "3 MiB of 2");
	a = (uint64_t)map(0, MIB, PROT_NONE, ANON);
	ok((int64_t)a > 0, "1 MiB of 2");
	is_int(map(0, 2 * MIB, PROT_READ, ANON), -ENOMEM, "2 MiB of 1");
	is_int(map(a, MIB, PROT_READ, ANON | MAP_FIXED), (int64_t)a,
	    "what is replaced is not counted");
	is_int(CALL(HC_mremap, a, MIB, 3 * MIB, 1), -ENOMEM, "nor moved");
	is_int(CALL(HC_brk, BRK + 2 * MIB), BRK, "the break does not move");
	is_int(CALL(HC_brk, BRK + MIB), BRK + MIB, "but a little");
	CALL(HC_brk, BRK);
	CALL(HC_munmap, a, MIB);
	set_limit(RLIMIT_AS, now);
	a = (uint64_t)map(0, 3 * MIB, PROT_READ, ANON);
	ok((int64_t)a > 0, "the limit can be raised");
	CALL(HC_munmap, a, 3 * MIB);
}

static void
test_data(void)
{
	struct hc_pages has = hc_count_pages(&guest, 0, RAM);
	uint64_t a;

	set_limit(RLIMIT_DATA, has.data + MIB);
	is_int(map(0, 2 * MIB, BOTH, ANON), -ENOMEM, "2 MiB of data of 1");
	a = (uint64_t)map(0, 2 * MIB, PROT_READ, ANON);
	ok((int64_t)a > 0, "what is not written is not data");
	is_int(CALL(HC_mprotect, a, 2 * MIB, BOTH), -ENOMEM, "until it is");
	is_int(CALL(HC_mprotect, a, MIB, BOTH), 0, "a part may be");
	is_int(CALL(HC_brk, BRK + P), BRK, "the heap is data");
	CALL(HC_munmap, a, 2 * MIB);
	is_int(CALL(HC_brk, BRK + P), BRK + P, "and there is room for it");
	CALL(HC_brk, BRK);
	set_limit(RLIMIT_DATA, 0);
	is_int(
	    CALL(HC_brk, BRK + P), BRK + P, "0 is the hard limit, as on Linux");
	CALL(HC_brk, BRK);
	set_limit(RLIMIT_DATA, RLIM_INFINITY);
}

int
main(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	guestcall_init();
	space_take(
	    &guest.space, LIST, ROOM, space_bits(PROT_READ | PROT_WRITE));
	test_places();
	test_full_places();
	test_few_files();
	test_large_sets();
	test_many_files();
	test_long_lists();
	test_sockets();
	test_flight();
	test_lost();
	test_backlogs();
	test_size();
	test_pieces();
	test_addresses();
	test_data();
	return done_testing();
}
