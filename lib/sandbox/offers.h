/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The means to make a sandbox that this kernel offers to this process, which
 * may be confined already.  It must not know what the sandbox is for.
 */
#ifndef SANDBOX_OFFERS_H
#define SANDBOX_OFFERS_H

#include <stdbool.h>

struct sandbox_offers {
	int landlock;    /* ABI, or 0 */
	bool filter;     /* seccomp programs that end the process */
	bool tsync;      /* for all threads at once */
	bool namespaces; /* user, mount and pid, without privileges */
};

/* Try each; the process itself is not changed. */
void sandbox_probe(struct sandbox_offers *offers);

#endif
