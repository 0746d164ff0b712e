/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * novillo: which action the command line asks for.  Nothing here may know how
 * it is done.
 */
#include "options.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
 * A standard stream that is closed stays so for the guest.  Its number is
 * taken, or else the next file we open, /dev/kvm perhaps, would be the guest's
 * stream.
 */
static int
keep_stream_numbers(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_PATH | O_CLOEXEC) != fd) {
			say("/dev/null, for a stream that is closed: %s",
			    strerror(errno));
			return -1;
		}
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options;

	if (keep_stream_numbers() < 0)
		return STATUS_FAILED;
	if (options_parse(&options, argc, argv) < 0)
		return STATUS_FAILED;
	switch (options.action) {
	case ACTION_RUN: return run_guest(&options);
	case ACTION_PROBE: return probe_kvm();
	case ACTION_CHECK: return check_guest(&options);
	case ACTION_LIST: return list_hypercalls(&options);
	case ACTION_HELP: options_help(stdout); return STATUS_OK;
	case ACTION_VERSION: puts("novillo " PACKAGE_VERSION); return STATUS_OK;
	}
	return STATUS_FAILED;
}
