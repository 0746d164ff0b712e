/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine as the GDB stub wants it: target.h on top of lib/vm.  It must not
 * know sockets or packets.
 */
#ifndef GDBTARGET_H
#define GDBTARGET_H

#include "gdb/target.h"
#include "vm/machine.h"

struct gdbtarget {
	struct machine *machine;
	const char *path; /* of the image, as a debugger shall name it */
	int image;        /* its descriptor */
	bool started;     /* the debugger and the guest began together */
};

/* The operations; their context is a struct gdbtarget. */
const struct target_ops *gdbtarget_ops(void);

/* An event of the machine's in the stub's terms. */
struct stop
gdbtarget_stop(const struct machine *m, const struct debug_event *event);

#endif
