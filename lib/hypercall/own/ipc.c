/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of /proc/sysvipc, in Linux's format (proc(5)), and of the limits
 * of messages and semaphores.  Nothing here may know how a file is opened.
 */
#include "hypercall/own/own.h"
#include "hypercall/task/ipc.h"

#include <inttypes.h>

/* The columns that all kinds have in common. */
static void
put_first(struct hc_text *text, const struct ipc_perm *perm, int id)
{
	hc_text_put(
	    text, "%10d %10d  %4o ", perm->__key, id, (unsigned)perm->mode);
}

static void
put_owner(struct hc_text *text, const struct ipc_perm *perm)
{
	hc_text_put(text, "%5u %5u %5u %5u ", perm->uid, perm->gid, perm->cuid,
	    perm->cgid);
}

void
hc_own_sysvipc_shm(struct hc_text *text)
{
	union ipc_ds ds;
	unsigned i;
	int id;

	hc_text_put(text,
	    "       key      shmid perms                  size  cpid  lpid "
	    "nattch"
	    "   uid   gid  cuid  cgid      atime      dtime      ctime"
	    "                   rss                  swap\n");
	(void)ipc_lock(text->call->guest);
	hc_shm_sweep(text->call->guest);
	for (i = 0; i < HC_SEGMENTS; i++) {
		id = (int)i;
		if (!ipc_show_nth(text->call->guest, &ipc_segments, &id, &ds))
			continue;
		put_first(text, &ds.segment.shm_perm, id);
		hc_text_put(text, "%21zu %5d %5d  %5lu ", ds.segment.shm_segsz,
		    ds.segment.shm_cpid, ds.segment.shm_lpid,
		    (unsigned long)ds.segment.shm_nattch);
		put_owner(text, &ds.segment.shm_perm);
		hc_text_put(text,
		    "%10" PRId64 " %10" PRId64 " %10" PRId64 " %21" PRIu64
		    " %21u\n",
		    (int64_t)ds.segment.shm_atime,
		    (int64_t)ds.segment.shm_dtime,
		    (int64_t)ds.segment.shm_ctime,
		    hc_shm_resident(text->call->guest, i), 0U);
	}
	(void)ipc_unlock(text->call->guest, 0);
}

void
hc_own_sysvipc_sem(struct hc_text *text)
{
	union ipc_ds ds;
	unsigned i;
	int id;

	hc_text_put(text,
	    "       key      semid perms      nsems   uid   gid  cuid  cgid"
	    "      otime      ctime\n");
	(void)ipc_lock(text->call->guest);
	for (i = 0; i < HC_SEMAPHORE_SETS; i++) {
		id = (int)i;
		if (!ipc_show_nth(text->call->guest, &ipc_sets, &id, &ds))
			continue;
		put_first(text, &ds.set.sem_perm, id);
		hc_text_put(text, "%10lu ", (unsigned long)ds.set.sem_nsems);
		put_owner(text, &ds.set.sem_perm);
		hc_text_put(text, "%10" PRId64 " %10" PRId64 "\n",
		    (int64_t)ds.set.sem_otime, (int64_t)ds.set.sem_ctime);
	}
	(void)ipc_unlock(text->call->guest, 0);
}

void
hc_own_sysvipc_msg(struct hc_text *text)
{
	union ipc_ds ds;
	unsigned i;
	int id;

	hc_text_put(text,
	    "       key      msqid perms      cbytes       qnum lspid lrpid"
	    "   uid   gid  cuid  cgid      stime      rtime      ctime\n");
	(void)ipc_lock(text->call->guest);
	for (i = 0; i < HC_MESSAGE_QUEUES; i++) {
		id = (int)i;
		if (!ipc_show_nth(text->call->guest, &ipc_queues, &id, &ds))
			continue;
		put_first(text, &ds.queue.msg_perm, id);
		hc_text_put(text, " %10lu %10lu %5d %5d ",
		    (unsigned long)ds.queue.__msg_cbytes,
		    (unsigned long)ds.queue.msg_qnum, ds.queue.msg_lspid,
		    ds.queue.msg_lrpid);
		put_owner(text, &ds.queue.msg_perm);
		hc_text_put(text, "%10" PRId64 " %10" PRId64 " %10" PRId64 "\n",
		    (int64_t)ds.queue.msg_stime, (int64_t)ds.queue.msg_rtime,
		    (int64_t)ds.queue.msg_ctime);
	}
	(void)ipc_unlock(text->call->guest, 0);
}

HC_OWN_LINE(sem, "%u\t%u\t%u\t%u\n", HC_SEMAPHORES, HC_SEMAPHORES,
    HC_SEMAPHORE_OPS, HC_SEMAPHORE_SETS)

/* Files with the number of a limit. */
HC_OWN_LINE(msgmax, "%u\n", HC_MESSAGE_BYTES)
HC_OWN_LINE(msgmnb, "%u\n", HC_QUEUE_BYTES)
HC_OWN_LINE(msgmni, "%u\n", HC_MESSAGE_QUEUES)
HC_OWN_LINE(shmmni, "%u\n", HC_SEGMENTS)
HC_OWN_LINE(queue_messages, "%u\n", HC_MQ_MESSAGES)
HC_OWN_LINE(queue_message, "%u\n", HC_MESSAGE_BYTES)
HC_OWN_LINE(queues, "%u\n", HC_MQUEUES)
