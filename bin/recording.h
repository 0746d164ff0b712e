/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --record and --replay: the file of a recording, its header, start and end.
 * It must not know how calls are recorded.
 *
 *	--record	create, then start, then end
 *	--replay	open, then load, then check, then start, then end
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "options.h"
#include "program.h"

#include "hypercall/record/recording.h"
#include "vm/machine.h"

struct recording {
	struct recorded_file {
		char path[PATH_MAX]; /* the host's, or "" */
		uint64_t hash;       /* of its contents */
	} program, interp;
	/* Where --replay finds both now, if the user says so. */
	const char *given[2];
	/* The header of one that is replayed. */
	uint64_t addresses;
	uint64_t uid, gid;
	char guest[PATH_MAX]; /* as the user typed it */
	char interp_name[HC_PATH];
	struct machine_cpuid cpuid;
	uint64_t random; /* of the places of --aslr, or 0 */
	/* Last, for the smallest run looks here: see struct hc_guest. */
	struct hc_recording calls;
	int fd; /* -1: there is none */
};

/* All functions but recording_end() return 0, or -1 after a message. */

/* Do --record and --replay go with the other options? */
int recording_check(const struct options *options);

/* Open the file of --record, for this program.  The number of processors that
 * the guest sees does not change. */
int recording_create(struct recording *recording, const struct options *o,
    const struct program *program, struct hc_guest *guest);

/* Open the file of --replay, read its header, and set the options that it
 * has. */
int recording_open(struct recording *recording, struct options *o);

/* In another process, while the guest is recorded: replay what there is,
 * without its output.  The options become those of a replay. */
int recording_reopen(struct recording *recording, struct options *o);

/* Open the recorded program; the exit status is in *status. */
int recording_load(struct recording *recording, const struct options *o,
    struct program *program, int *status);

/* The guest's state and processor are to be those of the recording: before its
 * machine is loaded. */
int recording_attach(struct recording *recording, struct machine *m);

/* The machine is ready to run, and the file has begun: record the start, or
 * replace it.  If the guest had ended there, its status is in *status. */
int recording_start(struct recording *recording, const struct options *o,
    struct machine *m, const struct program *program, int *status);

/* The guest has ended: record that, or compare it.  The status, `status` unless
 * the recording decides it.  `image` is the program's file, for symbols. */
int recording_end(
    struct recording *recording, struct machine *m, int image, int status);

/* Does recording_end() say how the guest ended?  Nobody else needs to. */
bool recording_speaks(const struct recording *recording);

#endif
