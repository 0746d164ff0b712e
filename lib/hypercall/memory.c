/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the address space.  Nothing here may know how it is kept.
 */
#include "hypercall/handlers.h"

#include <errno.h>
#include <sys/mman.h>

int64_t
hc_do_brk(struct hc_call *call)
{
	return space_brk(&call->guest->space, call->arg[0]);
}

int64_t
hc_do_mmap(struct hc_call *call)
{
	unsigned flags = (unsigned)call->arg[3];
	unsigned type = flags & MAP_TYPE;

	if (type != MAP_PRIVATE && type != MAP_SHARED &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		struct hc_file *file = hc_fd_get(
		    &call->guest->fds, call->arg[4]);

		if (!file)
			return -EBADF;
		hc_file_put(file);
		return -ENODEV;
	}
	return space_mmap(&call->guest->space, call->arg[0], call->arg[1],
	    (unsigned)call->arg[2], flags);
}

int64_t
hc_do_munmap(struct hc_call *call)
{
	return space_munmap(&call->guest->space, call->arg[0], call->arg[1]);
}

int64_t
hc_do_mprotect(struct hc_call *call)
{
	return space_mprotect(&call->guest->space, call->arg[0], call->arg[1],
	    (unsigned)call->arg[2]);
}
