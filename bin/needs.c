/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From needs.def to rows of a filter.  Nothing here may know options.
 */
#include "needs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
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

/* What pthread_create() asks for.  Without CLONE_THREAD it were a process. */
#define THREAD_FLAGS                                                        \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
	    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |            \
	    CLONE_CHILD_CLEARTID)

#define TYPE 0xfU /* of a socket, without its flags */

/* clang-format off */
#define ANY              { .mask = 0 }
#define IS(n, v)         { .arg = n, .mask = UINT32_MAX, .value = (uint32_t)(v) }
#define HAS_NOT(n, bits) { .arg = n, .mask = (bits), .value = 0 }
#define MASKED(n, m, v)  { .arg = n, .mask = (m), .value = (v) }
#define FLAGS(n, v, but) { .arg = n, .mask = ~(uint64_t)(but), .value = (v) }
#define IS_US(n)         { .arg = n, .mask = UINT32_MAX, .value = OUR_PID }
#define AND              ,
/* clang-format on */

/* No int has this value: the place of our process number. */
#define OUR_PID UINT64_MAX

enum {
	ALWAYS = NEEDS_ALWAYS,
	CORE = NEEDS_CORE,
	GDB = NEEDS_GDB,
	SOCKET = NEEDS_SOCKET,
	STATS = NEEDS_STATS,
	THREADS = NEEDS_THREADS,
	MEMORY = NEEDS_MEMORY,
	GUEST = NEEDS_GUEST,
	RUNTIME =
	    1 << 8, /* of the compiler: always there, and nobody's limit */
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
	if (nr < 0 || nr >= NEEDS_CALLS)
		return;
	needs->calls[nr / 64] |= UINT64_C(1) << nr % 64;
	/* Some C libraries have this for fstat(), others that. */
	if (nr == SYS_newfstatat)
		needs_call(needs, SYS_fstat);
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

/* Calls about which no row says anything. */
static size_t
add_plain(const struct needs *needs, const uint64_t *told,
    struct filter_rule *rules, size_t n)
{
	int nr;

	for (nr = 0; nr < NEEDS_CALLS; nr++) {
		if (!is_called(needs, nr) || (told[nr / 64] >> nr % 64 & 1))
			continue;
		if (n == FILTER_RULES)
			return 0;
		rules[n++] = (struct filter_rule){ .nr = nr };
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
	uint64_t told[NEEDS_CALLS / 64] = { 0 };
	size_t i, n = 0;

	_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FILTER_RULES,
	    "there is room for all rows");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int nr = rows[i].rule.nr;

		if (rows[i].when & (ALWAYS | GUEST))
			told[nr / 64] |= UINT64_C(1) << nr % 64;
		if ((rows[i].when & (needs->asked | RUNTIME)) ||
		    ((rows[i].when & GUEST) && is_called(needs, nr)))
			rules[n++] = with_pid(&rows[i].rule, needs->pid);
	}
	return add_plain(needs, told, rules, n);
}

#ifdef SANITIZED
/* It looks for leaks from a process of its own, which looks at us. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif
