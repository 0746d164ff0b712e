/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options a guest runs with.  It must not know what they lead to.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "hypercall/hypercall.h"
#include "hypercall/netrule.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_ENV     256 /* variables a guest can be given */
#define OPTIONS_ARGS    256 /* arguments a configuration can give it */
#define OPTIONS_VOLUMES 16  /* folders it can be shown */
#define OPTIONS_NET     64  /* rules for addresses */

#define OPTIONS_DEFAULT_MEMORY (UINT64_C(1) << 30)
#define OPTIONS_ALLOWED        "@base" /* without --allow */

enum action {
	ACTION_RUN,
	ACTION_PROBE,
	ACTION_CHECK,
	ACTION_LIST,
	ACTION_HELP,
	ACTION_VERSION,
};

/* What becomes of a call that is known and not allowed. */
enum on_deny {
	ON_DENY_ERRNO,
	ON_DENY_KILL,
};

/* How novillo confines itself: or fail, as far as it can, not at all. */
enum sandbox_mode {
	SANDBOX_STRICT,
	SANDBOX_BEST_EFFORT,
	SANDBOX_NONE,
};

/* Our folder `host` is what the guest sees at `guest`: an absolute path
 * without "." and "..", without empty parts, and "/" for the root. */
struct options_volume {
	const char *host;
	const char *guest;
	bool read_only;
};

/* Where an option stands; `file` is NULL for the command line. */
struct options_place {
	const char *file;
	unsigned line;
	unsigned column;
};

struct options {
	enum action action;
	uint64_t memory; /* bytes, whole pages */
	char *env[OPTIONS_ENV + 1];
	unsigned envs;
	struct hc_set allowed;
	enum on_deny on_deny;
	struct hc_net_rule net[OPTIONS_NET];
	unsigned nets;
	struct options_volume volumes[OPTIONS_VOLUMES];
	unsigned volumes_n;
	enum sandbox_mode sandbox;
	bool new_pid;
	bool new_mount;
	const char *config; /* the file options came from, or NULL */
	bool flat;
	bool flat_or_elf; /* flat if it is not an ELF file */
	uint64_t flat_start;
	const char *gdb; /* where debuggers connect; NULL: nowhere */
	bool gdb_wait;   /* the guest waits for one */
	bool gdb_once;
	const char *debugger; /* to be started; NULL: none */
	bool trace;
	struct hc_set traced;
	unsigned trace_times; /* enum hc_trace_time */
	bool trace_summary;
	struct hc_set summed;
	const char *output; /* NULL: standard error */
	bool core;
	const char *core_file; /* NULL: named after the guest */
	uint64_t timeout_ns;   /* 0: none */
	bool stats;
	char *guest; /* NULL only where the action needs none */
	char **argv; /* the guest's: argv[0] is `guest` */
	char *args[OPTIONS_ARGS + 2]; /* a configuration's argv */
	unsigned args_n;              /* without argv[0] */
	struct options_place place;   /* what is being read */
};

/*
 * Read the command line, and the configuration it names.  0, or -1 after one
 * sentence on stderr.  What `options` points to belongs to argv, to the
 * environment and to the configuration, which stay as long as the program.
 */
int options_parse(struct options *options, int argc, char **argv);

/* The words of --on-deny and --sandbox. */
const char *on_deny_name(enum on_deny on_deny);
const char *sandbox_name(enum sandbox_mode mode);

/* The text of --help. */
void options_help(FILE *out);

#endif
