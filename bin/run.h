/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a guest, from open options to exit status.  It must not know how
 * options are written.
 */
#ifndef RUN_H
#define RUN_H

#include "options.h"

/* novillo's own exit statuses; the guest's are 0 to 255. */
enum status {
	STATUS_OK = 0,
	STATUS_UNUSABLE = 77, /* --probe: automake's "skip" */
	STATUS_TIMEOUT = 124,
	STATUS_FAILED = 125,
	STATUS_NOT_RUNNABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* plus the signal's number */
};

/* Run the guest to its end. */
int run_guest(const struct options *options);

#endif
