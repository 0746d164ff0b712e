/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options that a guest runs with.  It must not know their effect.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "hypercall/core/hypercall.h"
#include "hypercall/core/netrule.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_ENV     256 /* variables a guest can be given */
#define OPTIONS_ARGS    256 /* arguments a configuration can give it */
#define OPTIONS_VOLUMES 16  /* folders it can be given */
#define OPTIONS_NET     64  /* rules for addresses */

#define OPTIONS_DEFAULT_MEMORY (UINT64_C(1) << 30)
#define OPTIONS_ALLOWED        "@base" /* without --allow */
#define OPTIONS_VOLUME_CALLS   "@file" /* with a volume */
#define OPTIONS_JIT            "@jit"

enum action {
	ACTION_RUN,
	ACTION_PROBE,
	ACTION_CHECK,
	ACTION_LIST,
	ACTION_HELP,
	ACTION_VERSION,
};

/* The effect of a hypercall that is not allowed. */
enum on_deny {
	ON_DENY_ERRNO,
	ON_DENY_KILL,
};

/* How novillo confines itself: fully or not run, as far as possible, not at
 * all. */
enum sandbox_mode {
	SANDBOX_STRICT,
	SANDBOX_BEST_EFFORT,
	SANDBOX_NONE,
};

/* The guest sees the host's folder `host` at `guest`: an absolute path without
 * ".", ".." and empty parts, "/" for the root. */
struct options_volume {
	const char *host;
	const char *guest;
	bool read_only;
};

/* The place of an option; `file` is NULL for the command line. */
struct options_place {
	const char *file;
	unsigned line;
	unsigned column;
};

struct option_row;

struct options {
	enum action action;
	/* The last option of the command line if it could have a value, and has
	 * none; or NULL. */
	const struct option_row *bare;
	uint64_t given;  /* a bit for each option that was given */
	uint64_t typed;  /* and for those of the command line */
	bool help_all;   /* of --help */
	uint64_t memory; /* bytes, whole pages */
	char *env[OPTIONS_ENV + 1];
	unsigned envs;
	struct hc_set allowed;
	struct hc_set forbidden; /* by --allow, whatever else allows them */
	bool jit;                /* writable and executable pages: @jit */
	enum on_deny on_deny;
	struct hc_net_rule net[OPTIONS_NET];
	unsigned nets;
	struct options_volume volume[OPTIONS_VOLUMES];
	unsigned volumes;
	bool volume_calls;   /* they allow OPTIONS_VOLUME_CALLS */
	bool volume_program; /* and the folder of the guest's file */
	const char *chdir;   /* the first working folder, or NULL */
	enum sandbox_mode sandbox;
	bool new_pid;
	bool new_mount;
	bool no_vdso;
	bool aslr;
	const char *record;    /* the file of a recording to make, or NULL */
	uint64_t record_limit; /* its size in bytes, or 0 */
	const char *replay;    /* of one to run again, or NULL */
	bool clocks_traced;    /* --trace names clock_gettime */
	const char *config; /* the file that options were read from, or NULL */
	bool flat;
	bool flat_or_elf; /* flat unless the file is ELF */
	uint64_t flat_start;
	const char *gdb; /* the address that debuggers connect to, or NULL */
	bool gdb_wait;   /* the guest waits for a debugger */
	bool gdb_once;
	bool multi;              /* debuggers are served without a guest */
	const char *debugger;    /* the one to start, or NULL */
	const char *debug_files; /* a folder of debug files, or NULL */
	bool trace;
	struct hc_set traced;
	unsigned trace_times; /* enum hc_trace_time */
	unsigned trace_size;  /* bytes of a buffer in a line */
	bool trace_summary;
	bool trace_paths;
	bool trace_exits;
	struct hc_set summed;
	const char *profile;   /* the file of a profile to make, or NULL */
	unsigned profile_rate; /* samples a second */
	const char *trace_out; /* the file of events to make, or NULL */
	const char *output;    /* NULL: standard error; +FILE is appended to */
	bool json;             /* counts and tables */
	const char *log;       /* the same for novillo's own lines */
	bool quiet;            /* no remarks on the guest */
	bool learn;
	const char *learn_file; /* NULL: to where messages go */
	bool core;
	const char *core_file; /* NULL: the guest's name and .core */
	uint64_t timeout_ns;   /* 0: none */
	bool stats;
	char *guest; /* NULL only if the action needs no guest */
	/* The guest's: argv[0] is `guest`; of --replay, the recorded program
	 * and its interpreter, where these are now. */
	char **argv;
	char *arg[OPTIONS_ARGS + 2]; /* a configuration's argv */
	unsigned args;               /* without argv[0] */
	struct options_place place;  /* what is being read */
};

/*
 * Read the command line, and the configuration that it names.  0, or -1 after
 * one message on stderr.  Strings of *options belong to argv, to the
 * environment and to the configuration, which live as long as the process.
 */
int options_parse(struct options *options, int argc, char **argv);

/* Is a debugger to be served? */
static inline bool
options_debugged(const struct options *o)
{
	return o->gdb || o->debugger;
}

/* The words of --on-deny and --sandbox. */
const char *on_deny_name(enum on_deny on_deny);
const char *sandbox_name(enum sandbox_mode mode);

/* The text of --help, or of --help=all. */
void options_help(FILE *out, bool all);

#endif
