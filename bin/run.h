/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running and checking a guest, from open options to exit status.  It must
 * not know how options are written.
 */
#ifndef RUN_H
#define RUN_H

#include "options.h"

#include "image/image.h"

/* Exit statuses of novillo's own; the guest's are 0 to 255. */
enum status {
	STATUS_OK = 0,
	STATUS_UNUSABLE = 77, /* --probe: automake's "skip" */
	STATUS_TIMEOUT = 124,
	STATUS_FAILED = 125,
	STATUS_NOT_RUNNABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* and the signal's number */
};

/* Run the guest to its end. */
int run_guest(const struct options *options);

/* --check: say what the guest is and whether it would run here. */
int check_guest(const struct options *options);

/* --probe: say what this machine's KVM can do. */
int probe_kvm(void);

/*
 * Open /dev/kvm: the descriptor, or -1 after a sentence that names the cause
 * and the cure.
 */
int open_kvm(void);

/*
 * Open and check the guest's file into *image: the descriptor, or -1 with
 * *status set after a sentence.
 */
int open_guest(const struct options *options, struct image *image, int *status);

/* "novillo: ..." on stderr. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
