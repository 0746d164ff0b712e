/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of hypercalls: a row of hypercall.def as data.  It must not know
 * what serves a call.
 */
#ifndef HC_TABLE_H
#define HC_TABLE_H

#include "abi/hypercall.h"
#include "hypercall/core/args.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct hc_call;

/* Classes of calls, which --allow names @base and so on. */
enum hc_class {
	HC_BASE = 1 << 0,
	HC_FILE = 1 << 1,
	HC_NET = 1 << 2,
	HC_POLL = 1 << 3,
	HC_TIME = 1 << 4,
	HC_MEMORY = 1 << 5,
	/* Calls on file names, which can be allowed for novillo's own files
	 * (own.h) alone. */
	HC_OWN = 1 << 6,
	HC_CLASSES = (1 << 7) - 1,
};

/* Signals that go with errors of a call, as on Linux. */
enum hc_raises {
	HC_SIGPIPE = 1 << 8, /* with EPIPE, unless it says MSG_NOSIGNAL */
	HC_SIGXFSZ = 1 << 9, /* with EFBIG */
	HC_WRITES = HC_SIGPIPE | HC_SIGXFSZ,
};

enum hc_arg_kind {
	HC_ARG_NONE,
	HC_ARG_INT,
	HC_ARG_UINT,
	HC_ARG_HEX,
	HC_ARG_OCT,
	HC_ARG_OFF,
	HC_ARG_FD,
	HC_ARG_DIRFD,
	HC_ARG_ADDR,
	HC_ARG_FLAGS,
	HC_ARG_ENUM,
	HC_ARG_STR,
	HC_ARG_PATH,
	/* From here on `length` is the number of another argument: the length,
	 * or the open flags, which say whether there is a mode. */
	HC_ARG_MODE,
	HC_ARG_INBUF,
	HC_ARG_OUTBUF,
	HC_ARG_INIOV,
	HC_ARG_OUTIOV,
	HC_ARG_INARR,
	HC_ARG_OUTARR,
	HC_ARG_INOUTARR,
	HC_ARG_SOCKADDR,
	HC_ARG_OUTADDR,
	HC_ARG_OUTLEN,
	/* From here on without `length`. */
	HC_ARG_IN,
	HC_ARG_OUT,
	HC_ARG_INOUT,
	HC_ARG_REM,
	/* The argument before these determines what they are: hc_arg_of(). */
	HC_ARG_IOCTL,
	HC_ARG_FCNTL,
	HC_ARG_PRCTL,
};

/* These tables have texts and numbers where others have pointers, which a
 * loader would relocate at each start, a page at a time. */

/*
 * A value and its name; an empty name ends a set.  In a set of flags, a mask
 * says that the name is one of several for those bits: O_RDONLY for O_ACCMODE.
 */
struct hc_name {
	uint64_t value;
	char name[28];
	uint64_t mask;
};

struct hc_arg {
	char name[16];
	uint8_t kind;   /* enum hc_arg_kind */
	uint8_t length; /* which argument is the length */
	uint16_t size;  /* of the structure */
	uint8_t unless; /* a file with this mark refuses the call (fd.h) */
	uint8_t names;  /* enum hc_names; for NONE, the result's */
	char type[24];  /* its C type, or empty */
};

/* The kernel's struct ifreq has a union: a type for each answer in it. */
typedef struct ifreq hc_if_index, hc_if_name, hc_if_flags, hc_if_addr,
    hc_if_broad, hc_if_mask, hc_if_mtu, hc_if_hw;

/* The most host calls that a row needs. */
#define HC_NEEDS 16

struct hc_row {
	char name[24];
	uint16_t classes; /* enum hc_class */
	uint16_t raises;  /* enum hc_raises */
	uint16_t argc;
	uint16_t args; /* hc_args() */
	/* The host calls that the handler makes, ended by -1.  A FORWARD row
	 * has one, to which the call is forwarded. */
	int16_t needs[HC_NEEDS];
};

/* The table, by number. */
const struct hc_row *hc_row(uint32_t number);

/* Add the calls that have one of these classes, as bits by number. */
void hc_class_calls(unsigned classes, uint64_t bits[HYPERCALL_WORDS]);

/* Its arguments. */
const struct hc_arg *hc_args(const struct hc_row *row);

/* Is one of them a path?  `row` may be NULL: no. */
bool hc_takes_path(const struct hc_row *row);

/* The argument of a request of this kind, such as IOCTL; NULL if the request
 * is not served. */
const struct hc_arg *hc_request(enum hc_arg_kind kind, uint32_t request);

/* Argument i of a call as its row describes it, or as its request does. */
const struct hc_arg *
hc_arg_of(const struct hc_call *call, const struct hc_row *row, unsigned i);

#endif
