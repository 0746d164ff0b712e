/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From needs.def to the rows of a filter.  Nothing here may know options.
 */
#include "needs.h"

#include "outfile.h"

#include "vm/core.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef CLONE_DETACHED
#define CLONE_DETACHED 0x00400000 /* ignored since Linux 2.6; musl sets it */
#endif

/* pthread_create()'s flags.  Without CLONE_THREAD it would be a process. */
#define THREAD_FLAGS                                                        \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
	    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |            \
	    CLONE_CHILD_CLEARTID)

/* hc_tree_inherit() opens a folder by these. */
#define SELF_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* Those of fork(). */
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

#define TYPE 0xfU /* a socket's type, without flags */

/* clang-format off */
#define ANY              { .mask = 0 }
#define HAS_NOT(n, bits) { .arg = n, .mask = (bits), .value = 0 }
#define MASKED(n, m, v)  { .arg = n, .mask = (m), .value = (v) }
#define IS(n, v)         MASKED(n, UINT32_MAX, (uint32_t)(v))
#define FLAGS(n, v, but) { .arg = n, .mask = ~(uint64_t)(but), .value = (v) }
#define IS_US(n)         { .arg = n, .mask = UINT32_MAX, .value = OUR_PID }
#define AND              ,
/* clang-format on */

/* Stands for our process number; no int has this value. */
#define OUR_PID UINT64_MAX

enum {
	ALWAYS = NEEDS_ALWAYS,
	CORE = NEEDS_CORE,
	GDB = NEEDS_GDB,
	SOCKET = NEEDS_SOCKET,
	THREADS = NEEDS_THREADS,
	MEMORY = NEEDS_MEMORY,
	RECORD = NEEDS_RECORD,
	REPLAY = NEEDS_REPLAY,
	OUTFILE = NEEDS_OUTFILE,
	FRONT = NEEDS_FRONT,
	GUEST = NEEDS_GUEST,
	RUNTIME = 1 << 11, /* of the compiler's runtime: always needed */
	NET = NEEDS_GUEST | 1 << 12,
};

struct need {
	unsigned when;
	struct filter_rule rule;
};

static bool
is_called(const struct needs *needs, int nr)
{
	return needs->calls[nr / 64] >> nr % 64 & 1;
}

void
needs_call(struct needs *needs, int nr)
{
	if (nr < 0 || nr >= FILTER_CALLS)
		return;
	needs->calls[nr / 64] |= UINT64_C(1) << nr % 64;
	/* C libraries implement fstat() by either call. */
	if (nr == SYS_newfstatat)
		needs_call(needs, SYS_fstat);
}

/* Does an allowed hypercall need a row for this call? */
static bool
is_of_guest(const struct needs *needs, unsigned when, int nr)
{
	return (when & GUEST) && is_called(needs, nr) &&
	       ((when & NET) != NET || is_called(needs, SYS_socket));
}

static struct filter_rule
with_pid(const struct filter_rule *row, int pid)
{
	struct filter_rule rule = *row;
	unsigned i;

	for (i = 0; i < FILTER_CONDITIONS; i++)
		if (rule.when[i].value == OUR_PID)
			rule.when[i].value = (uint32_t)pid;
	return rule;
}

/* Calls without a row of their own. */
static size_t
add_plain(const struct needs *needs, const uint64_t *listed,
    struct filter_rule *rules, size_t n)
{
	uint64_t left;
	int word;

	for (word = 0; word < FILTER_CALLS / 64; word++)
		for (left = needs->calls[word] & ~listed[word]; left;
		     left &= left - 1) {
			if (n == FILTER_RULES)
				return 0;
			rules[n++] = (struct filter_rule){
				.nr = 64 * word + __builtin_ctzll(left),
			};
		}
	return n;
}

size_t
needs_rules(const struct needs *needs, struct filter_rule rules[FILTER_RULES])
{
	static const struct need rows[] = {
#define NEED(w, call, conditions, why) \
	{ w, { .nr = SYS_##call, .when = { conditions } } },
#define REFUSE(w, call, number, why) \
	{ w, { .nr = SYS_##call, .error = number } },
#include "needs.def"
#undef NEED
#undef REFUSE
	};
	uint64_t listed[FILTER_CALLS / 64] = { 0 };
	size_t i, n = 0;

	_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FILTER_RULES,
	    "there is room for all rows");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int nr = rows[i].rule.nr;

		if (rows[i].when & (ALWAYS | GUEST))
			listed[nr / 64] |= UINT64_C(1) << nr % 64;
		if ((rows[i].when & (needs->asked | RUNTIME)) ||
		    is_of_guest(needs, rows[i].when, nr))
			rules[n++] = with_pid(&rows[i].rule, needs->pid);
	}
	return add_plain(needs, listed, rules, n);
}

#ifdef SANITIZED
/* The leak checker attaches to us from another process, which we forbid. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif
