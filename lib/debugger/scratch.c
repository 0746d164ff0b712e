/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for a debugger is an anonymous mapping of the guest, which counts as
 * its others do.  Nothing here may know packets.
 */
#include "debugger/scratch.h"

#include "debugger/target.h"
#include "mem/mapping.h"

#include <errno.h>
#include <stddef.h>

/* Pages are never writable and executable; a debugger writes code into them
 * without the right. */
static unsigned
protection(unsigned access)
{
	return (access & REGION_READ ? PROT_READ : 0U) |
	       (access & REGION_EXEC       ? PROT_EXEC
		   : access & REGION_WRITE ? PROT_WRITE
					   : 0U);
}

static size_t
find_piece(const struct debugger_scratch *scratch, uint64_t addr)
{
	size_t i = 0;

	while (i < DEBUGGER_SCRATCHES && scratch->piece[i].addr != addr)
		i++;
	return i;
}

int64_t
debugger_allocate(void *ctx, uint64_t len, unsigned access)
{
	struct debugger_target *target = ctx;
	struct space *space = &target->machine->guest.space;
	size_t i = find_piece(&target->scratch, 0);
	int64_t addr;

	if (i == DEBUGGER_SCRATCHES)
		return -ENOMEM;
	gmem_lock(space->mem);
	addr = space_mmap(space, 0, len, protection(access),
	    MAP_PRIVATE | MAP_ANONYMOUS, NULL);
	gmem_unlock(space->mem);
	if (addr > 0) {
		target->scratch.piece[i].addr = (uint64_t)addr;
		target->scratch.piece[i].len = len;
	}
	return addr;
}

int
debugger_release(void *ctx, uint64_t addr)
{
	struct debugger_target *target = ctx;
	struct space *space = &target->machine->guest.space;
	size_t i = addr ? find_piece(&target->scratch, addr)
			: DEBUGGER_SCRATCHES;
	int r;

	if (i == DEBUGGER_SCRATCHES)
		return -EINVAL;
	gmem_lock(space->mem);
	r = space_munmap(space, addr, target->scratch.piece[i].len);
	gmem_unlock(space->mem);
	if (r == 0)
		target->scratch.piece[i].addr = 0;
	return r;
}
