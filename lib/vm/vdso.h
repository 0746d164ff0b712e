/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vDSO of a guest: code of the guest's own (guest/vdso) and the page of
 * clocks before it.  It must not know what the code does, nor what the page
 * says.
 *
 *	[vvar]	the page of clocks, shared with the VMM, which alone writes it
 *	[vdso]	an ELF file, as AT_SYSINFO_EHDR says: see vdso(7)
 *
 * The page is of use where the guest's time stamp counter is the host's, and
 * the host's clocks go by it.  Elsewhere the vDSO is there also, and makes
 * hypercalls.
 */
#ifndef VDSO_H
#define VDSO_H

#include "mem/pagetable.h"

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct machine_error;
struct vcpu;

/* Both take at most so much of the guest's addresses. */
#define VDSO_PAGES 3
#define VDSO_ROOM  (VDSO_PAGES * PAGE_4K)

/* Let the machine have a vDSO.  Call this before the machine is made, and
 * before novillo is confined. */
void vdso_want(struct machine *m);

/* Let the counter of a new vCPU be the host's.  0 or -errno. */
int vdso_set_counter(const struct vcpu *vcpu);

/* Put the vDSO, if one is wanted, right below `top`, where nothing is mapped.
 * 0, or -errno with *error filled in. */
int vdso_map(struct machine *m, uint64_t top, struct machine_error *error);

/* Free the writer's page. */
void vdso_destroy(struct machine *m);

#endif
