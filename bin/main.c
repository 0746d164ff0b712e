/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * novillo: the action that the command line asks for.  Nothing here may know
 * how it is done.
 */
#include "check.h"
#include "options.h"
#include "program.h"
#include "run.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
print_classes(unsigned classes)
{
	unsigned bit;

	for (bit = 0; bit < 8 * sizeof(classes); bit++) {
		const char *name = hc_class_name(classes & 1U << bit);

		if (name)
			printf(" @%s", name);
	}
}

static int
list_hypercalls(const struct options *o)
{
	uint32_t number;

	for (number = 0; number < HYPERCALL_END; number++) {
		const struct hc_row *row = hc_row(number);

		if (!row)
			continue;
		printf("%3u %-20s %-7s", number, row->name,
		    hc_set_has(&o->allowed, number)       ? "allowed"
		    : hc_set_has_own(&o->allowed, number) ? "own"
							  : "-");
		print_classes(row->classes);
		putchar('\n');
	}
	return STATUS_OK;
}

/*
 * Our storage is large and little of it is touched: with huge pages each touch
 * would clear 2 MiB.  This is advice, so its failure is ignored.  end(3) has
 * the two symbols.
 */
static void
keep_pages_small(void)
{
	extern char edata[], end[];
	const uintptr_t start = (uintptr_t)edata & -(uintptr_t)getpagesize();

	(void)madvise((void *)start, (uintptr_t)end - start, MADV_NOHUGEPAGE);
}

/*
 * A closed standard stream stays closed for the guest.  Its number is occupied
 * here: a file that novillo opens would otherwise become the guest's stream.
 */
static int
keep_stream_numbers(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_PATH | O_CLOEXEC) != fd) {
			say("/dev/null, in place of a closed stream: %s",
			    strerror(errno));
			return -1;
		}
	return 0;
}

/*
 * A parent may leave signals blocked: then neither --timeout nor a kick would
 * arrive.  If it leaves SIGCHLD ignored, the status of a child is lost.  Others
 * that it ignores are the guest's concern.
 */
static void
take_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
}

/* Its argv[0] stays as the user typed it. */
static void
find_guest(struct options *o, char path[PATH_MAX])
{
	if (o->guest)
		o->guest = (char *)(uintptr_t)program_find(o->guest, path);
}

int
main(int argc, char **argv)
{
	struct options options;
	static char path[PATH_MAX];

	keep_pages_small();
	take_signals();
	if (keep_stream_numbers() < 0)
		return STATUS_FAILED;
	if (options_parse(&options, argc, argv) < 0)
		return STATUS_FAILED;
	find_guest(&options, path);
	switch (options.action) {
	case ACTION_RUN: return run_guest(&options);
	case ACTION_PROBE: return probe_kvm();
	case ACTION_CHECK: return check_guest(&options);
	case ACTION_LIST: return list_hypercalls(&options);
	case ACTION_HELP:
		options_help(stdout, options.help_all);
		return STATUS_OK;
	case ACTION_VERSION: puts("novillo " PACKAGE_VERSION); return STATUS_OK;
	}
	return STATUS_FAILED;
}
