/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads by their numbers.  Nothing here may know how they run.
 */
#include "hypercall/core/thread.h"

#include <string.h>

bool
hc_thread_next(struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME])
{
	if (thread->ops && thread->ops->next)
		return thread->ops->next(thread, tid, name);
	if (thread->tid <= *tid)
		return false;
	*tid = thread->tid;
	memcpy(name, thread->name, HC_THREAD_NAME);
	return true;
}

bool
hc_thread_is_held(struct hc_thread *thread, int tid)
{
	return thread->ops && thread->ops->is_held &&
	       thread->ops->is_held(thread, tid);
}
