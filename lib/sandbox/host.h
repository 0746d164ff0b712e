/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel, and whoever confined us before, lets a sandbox be made of.
 * It must not know who asks.
 */
#ifndef SANDBOX_HOST_H
#define SANDBOX_HOST_H

#include <stdbool.h>

struct sandbox_host {
	int landlock;    /* ABI, or 0 */
	bool filter;     /* seccomp programs that end the process */
	bool tsync;      /* for all threads at once */
	bool namespaces; /* user, mount and pid, without privileges */
	bool openat2;
};

/* Tries each; this process stays as it is. */
void sandbox_probe(struct sandbox_host *host);

#endif
