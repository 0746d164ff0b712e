/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile guest without a vCPU: a world to call in, which is a scratch folder
 * and a private network, and arguments that are likely to hurt for the type
 * that a row gives them.  Include it in a test's only source file.
 */
#ifndef ANYCALL_H
#define ANYCALL_H

#include "../unit/guestram.h"
#include "../unit/scratch.h"

#include "hypercall/core/hypercall.h"
#include "hypercall/core/names.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"
#include "hypercall/own/own.h"
#include "hypercall/signal/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define RAM    (UINT64_C(4) << 20)
#define DATA   (UINT64_C(1) << 20)
#define SIZE   (8 * PAGE_4K)
#define ROM    (DATA + SIZE + PAGE_4K) /* a read-only page, between holes */
#define SECRET "never to be read or written by a guest"

static struct gmem mem;
static struct hc_guest guest;
static int ours; /* a descriptor outside the guest's table */

/* The bytes, in a stream of noise that depends on all of them: a change of one
 * byte results in quite different calls. */
struct input {
	const uint8_t *at, *end;
	uint64_t noise;
};

static uint8_t
byte(struct input *in)
{
	in->noise ^= in->noise << 13;
	in->noise ^= in->noise >> 7;
	in->noise ^= in->noise << 17;
	return in->at < in->end ? (uint8_t)(*in->at++ ^ in->noise >> 56) : 0;
}

static uint64_t
word(struct input *in)
{
	uint64_t w = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		w = w << 8 | byte(in);
	return w;
}

static const uint64_t edges[] = { 0, 1, 2, 7, 8, 16, 64, 4095, 4096, 4097, 1024,
	1025, INT32_MAX, UINT64_C(1) << 31, UINT32_MAX, INT64_MAX,
	UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1, (uint64_t)AT_FDCWD };

static uint64_t
edge(uint8_t b)
{
	return edges[b % (sizeof(edges) / sizeof(edges[0]))];
}

/* Places in memory: good, at the last byte, across the end, read-only,
 * absent. */
static uint64_t
place(uint8_t b)
{
	static const uint64_t places[] = { DATA, DATA + 64, DATA + 128,
		DATA + 256, DATA + 1024, DATA + 4090, DATA + SIZE - 1,
		DATA + SIZE - 8, DATA + SIZE - 64, DATA + SIZE, ROM, ROM - 1,
		ROM + PAGE_4K - 1, 0, 1, RAM - 1, RAM, UINT64_MAX,
		UINT64_MAX - 7, UINT64_C(0xffffffff80000000),
		UINT64_C(0x800000000000), DATA + 3 };

	return places[b % (sizeof(places) / sizeof(places[0]))];
}

/* The names of novillo's own files are also in own.def. */
static const char *const names[] = { "/", "a", "/a", "a/b", "..", "../..",
	"/../../outside", "link", "link/..", "a/../link/x", ".", "",
	"/proc/self/mem", "fifo", "a/", "sock", "/rom/x", "loop" };

/* A name of novillo's own files, with a number if it has one; or a name below
 * or above it. */
static void
own_name(uint8_t b, char text[64])
{
	static const char *const tails[] = { "", "", "", "", "/", "/..",
		"/root/a", "/x" };
	static unsigned rows;
	const char *path;
	size_t len;

	while (hc_own_row(rows))
		rows++;
	path = hc_own_row(b % rows)->path;
	len = strcspn(path, "#");
	snprintf(text, 64, "%.*s%.0d%s%s", (int)len, path,
	    path[len] ? 1 + b % 7 : 0, path + len + !!path[len],
	    tails[b / 8 % 8]);
}

static uint64_t
name(uint8_t how, uint8_t b)
{
	uint64_t va = DATA + 512 + (b & 3) * 64;
	char text[64];

	if (how & 32)
		own_name(b, text);
	else
		snprintf(text, sizeof(text), "%s",
		    names[(b >> 2) % (sizeof(names) / sizeof(names[0]))]);
	gmem_write(&mem, va, text, strlen(text) + 1);
	return b == 255 ? place(b) : va;
}

/* A socket address: loopback, a name below the root or an odd one. */
static uint64_t
address(uint8_t b)
{
	uint64_t va = DATA + 768;
	uint8_t at[128] = { 0 };

	switch (b % 5) {
	case 0:
		at[0] = AF_INET;
		at[3] = b / 4 % 4;
		at[4] = 127;
		at[7] = 1;
		break;
	case 1:
		at[0] = AF_INET6;
		at[3] = b / 4 % 4;
		at[23] = 1;
		break;
	case 2:
		at[0] = AF_UNIX;
		strcpy((char *)at + 2,
		    names[b / 4 % (sizeof(names) / sizeof(names[0]))]);
		break;
	case 3: /* the kernel, a port or a group */
		at[0] = AF_NETLINK;
		at[4 + b / 5 % 8] = b / 5 % 3;
		break;
	default: at[0] = b / 4;
	}
	gmem_write(&mem, va, at, sizeof(at));
	return va;
}

/* A request over AF_NETLINK at DATA, with two attributes; pokes spoil it. */
static void
request(uint8_t b)
{
	static const uint8_t types[] = { 18, 22, 26, 16 }; /* RTM_GETLINK... */
	static const uint8_t sizes[] = { 16, 8, 12, 1 };
	uint32_t words[14] = { 48, types[b & 3], 0, 0 };
	uint8_t at = (uint8_t)(4 + (sizes[b >> 2 & 3] + 3) / 4);

	words[1] |= b & 16 ? 0x03010000 : 0x00010000;
	words[4] = b & 32 ? AF_INET : AF_UNSPEC;
	words[at] = 8 | (uint32_t)(b >> 6) << 16;
	words[at + 2] = 8 | (uint32_t)b % 64 << 16;
	gmem_write(&mem, DATA, words, sizeof(words));
}

/* A message with an address, a descriptor and a word; pokes spoil it. */
static uint64_t
message(uint8_t b)
{
	uint64_t va = DATA + 1280;
	uint64_t words[] = { address(b), b & 1 ? 16 : 110, va + 64, 1,
		b & 2 ? va + 96 : 0, 24, 0, 0, DATA, b & 8 ? 48 : 8, 0, 0, 20,
		(uint64_t)SCM_RIGHTS << 32 | SOL_SOCKET, b % 24 };

	if (!(b & 4))
		words[0] = 0;
	if (b & 8)
		request(b);
	gmem_write(&mem, va, words, sizeof(words));
	return va;
}

static uint64_t
named(uint8_t number, uint8_t b)
{
	const struct hc_name *set = hc_names(number);
	unsigned n = 0;

	while (set && set[n].name[0])
		n++;
	return n ? set[b % n].value : b;
}

static uint64_t
argument(struct input *in, const struct hc_arg *arg)
{
	uint8_t how = byte(in);
	uint8_t b = byte(in);

	if (how % 16 == 0)
		return word(in);
	if (how % 16 == 1)
		return edge(b);
	switch (arg->kind) {
	case HC_ARG_FD:
	case HC_ARG_DIRFD: return b < 250 ? b % 24 : edge(b);
	case HC_ARG_PATH:
	case HC_ARG_STR: return name(how, b);
	case HC_ARG_SOCKADDR: return address(b);
	case HC_ARG_INBUF:
		if (how & 16)
			request(b);
		return how & 16 ? DATA : place(b);
	case HC_ARG_FLAGS:
		return named(arg->names, b % 16) | named(arg->names, b / 16) |
		       named(arg->names, how / 16);
	case HC_ARG_ENUM: return named(arg->names, b);
	case HC_ARG_INT:
	case HC_ARG_UINT:
	case HC_ARG_OCT:
	case HC_ARG_OFF:
	case HC_ARG_MODE:
	case HC_ARG_HEX:
		return how % 16 < 6 ? b % 8 : how % 16 < 9 ? b : edge(b);
	default:
		if (arg->size == sizeof(struct msghdr) ||
		    arg->size == sizeof(struct mmsghdr))
			return message(b);
		return place(b);
	}
}

static int
base(struct hc_thread *thread, enum hc_base_register which, uint64_t *v)
{
	(void)thread;
	(void)which;
	(void)v;
	return 0;
}

static int
take_base(struct hc_thread *thread, enum hc_base_register which, uint64_t v)
{
	return base(thread, which, &v);
}

static const struct hc_thread_ops thread_ops = {
	.get_base = base,
	.set_base = take_base,
};

static struct hc_thread thread = {
	.tid = 1,
	.ops = &thread_ops,
};

/* Take signals as a run loop does between two calls. */
static void
take_signals(void)
{
	struct hc_delivery d;

	thread.kicked = 0;
	while (hc_signal_next(&guest, &thread, &d.info)) {
		hc_signal_judge(&guest, &thread, false, &d);
		if (d.act == HC_SIGNAL_HANDLED)
			hc_signal_entered(&guest, &thread, &d);
	}
	hc_signal_unswap(&guest, &thread);
}

static void
nothing(int signal)
{
	(void)signal;
}

static void
on_tick(int signal)
{
	(void)signal;
	hc_signal_outside(&guest, 0);
}

/* Recover from a page that a mapped file lost when it was made shorter. */
static void
on_lost_page(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	if (!gmem_recover(context))
		abort();
}

/* A tick wakes a blocking call every millisecond; files stay small. */
static void
set_limits(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct rlimit small = { 1 << 20, 1 << 20 };
	const struct sigaction wake = { .sa_handler = nothing };

	const struct sigaction lost = {
		.sa_sigaction = on_lost_page,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &lost, NULL);
	sigaction(SIGSEGV, &lost, NULL);
	sigaction(SIGALRM, &wake, NULL);
	signal(HC_TICK, on_tick);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setitimer(ITIMER_REAL, &often, NULL);
	setrlimit(RLIMIT_FSIZE, &small);
}

static void
make_world(void)
{
	if (!scratch_make() || chdir(scratch) < 0 || mkdir("root", 0755) < 0)
		abort();
	ours = open("outside", O_RDWR | O_CREAT, 0600);
	if (ours < 0 || write(ours, SECRET, strlen(SECRET)) < 0)
		abort();
	guestram_init(&mem, RAM);
	set_limits();
}

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

/* Enter a network without a way out; the user's identity stays. */
static bool
leave_network(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "%u %u 1", getuid(), getuid());
	snprintf(groups, sizeof(groups), "%u %u 1", getgid(), getgid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", users) &&
	       write_file("/proc/self/gid_map", groups);
}

static void
start_guest(bool net)
{
	char root[64];
	const char *bad;
	size_t len;

	hc_guest_init(&guest, &mem);
	hc_fd_close(&guest.fds, 0);
	hc_fd_close(&guest.fds, 1);
	hc_fd_close(&guest.fds, 2);
	hc_set_parse(&guest.policy.allowed,
	    net ? "@all" : "@base,@file,@poll,@time,@memory", &bad, &len);
	snprintf(root, sizeof(root), "%s/root", scratch);
	if (hc_tree_mount(&guest, root, "/", false) < 0)
		abort();
	hc_own_open_devices(&guest);
	hc_own_set_exe(&guest, "/a");
	guest.world.args = (struct hc_span){ DATA - 8, DATA + 64 };
	guest.world.stack = DATA + SIZE;
	space_init(&guest.space, &mem, DATA / 2, RAM - PAGE_4K);
}

/* Restore memory to its state at the start. */
static void
renew_memory(void)
{
	space_munmap(&guest.space, PAGE_4K, RAM - PAGE_4K);
	space_init(&guest.space, &mem, DATA / 2, RAM - PAGE_4K);
	space_take(
	    &guest.space, DATA, SIZE, space_bits(PROT_READ | PROT_WRITE));
	space_take(&guest.space, ROM, PAGE_4K, space_bits(PROT_READ));
}

#endif
