/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests what a guest's System V objects and message queues take: segments count
 * against its memory while they exist, and tables have their limits.  How calls
 * behave is compared with Linux by tests/programs/t-ipc.sh.
 */
#include "guestcall.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define SIZE (4 * P)

static int64_t
make(uint64_t size)
{
	return CALL(HC_shmget, IPC_PRIVATE, size, IPC_CREAT | 0600);
}

static int64_t
rid(int64_t id)
{
	return CALL(HC_shmctl, (uint64_t)id, IPC_RMID, 0);
}

static unsigned
attached(int64_t id)
{
	const struct shmid_ds *ds = at(PAGE);

	return CALL(HC_shmctl, (uint64_t)id, IPC_STAT, PAGE) == 0
		   ? (unsigned)ds->shm_nattch
		   : 99;
}

static void
test_memory(void)
{
	const uint64_t used = guest.space.used;
	int64_t id = make(SIZE - 1), a, b;

	is_int(guest.space.used - used, SIZE, "a segment counts, in pages");
	a = CALL(HC_shmat, (uint64_t)id, 0, 0);
	b = CALL(HC_shmat, (uint64_t)id, 0, 0);
	ok(a > 0 && b > 0 && a != b, "it is attached twice");
	is_int(guest.space.used - used, SIZE, "which does not count");
	strcpy(at((uint64_t)a + P), "text");
	is_str(at((uint64_t)b + P), "text", "both are the same memory");
	is_int(attached(id), 2, "and are counted");
	CALL(HC_munmap, (uint64_t)a, P);
	is_int(attached(id), 2, "a part of one stays an attachment");
	rid(id);
	is_int(CALL(HC_shmdt, (uint64_t)a), 0, "and is detached as one");
	ok(space_is_free(&guest.space, (uint64_t)a, SIZE), "as a whole");
	is_int(guest.space.used - used, SIZE,
	    "a removed segment counts while it is attached");
	is_int(CALL(HC_shmdt, (uint64_t)b), 0, "the last is detached");
	is_int(guest.space.used, used, "then its memory is given back");
	guest.space.limit = guest.space.used + SIZE;
	is_int(make(SIZE + 1), -ENOMEM, "a segment does not pass the limit");
	id = make(SIZE);
	ok(id >= 0, "within it, it does");
	rid(id);
	guest.space.limit = mem.size;
	is_int(guest.space.used, used, "nothing counts any more");
}

/* munmap() ends the last attachment of a removed segment. */
static void
test_unmapped(void)
{
	const uint64_t used = guest.space.used;
	int64_t id = make(SIZE),
		a = CALL(HC_shmat, (uint64_t)id, 0, SHM_RDONLY);

	rid(id);
	is_int(CALL(HC_mprotect, (uint64_t)a, P, PROT_READ | PROT_WRITE),
	    -EACCES, "what is attached for reading stays so");
	CALL(HC_munmap, (uint64_t)a, SIZE);
	is_int(attached(id), 99, "the segment is gone");
	is_int(guest.space.used, used, "and its memory is given back");
}

/* A recorder that only makes the call. */
static int64_t
make_call(struct hc_call *made, const struct hc_row *row, uint32_t number,
    hc_serve_row *serve)
{
	return serve(made, row, number);
}

/* A recorded segment is memory, whose place the calls on memory change. */
static void
test_recorded(void)
{
	const uint64_t used = guest.space.used;
	int64_t id, a, b;

	guest.recorded = make_call;
	id = make(SIZE);
	a = CALL(HC_shmat, (uint64_t)id, 0, 0);
	b = CALL(HC_mremap, (uint64_t)a, SIZE, SIZE,
	    MREMAP_MAYMOVE | MREMAP_FIXED, BRK + SIZE);
	is_int(b, (int64_t)(BRK + SIZE), "a recorded segment is moved");
	is_int(CALL(HC_shmdt, (uint64_t)a), -EINVAL, "it has left its place");
	is_int(CALL(HC_shmat, (uint64_t)id, 0, 0), -ENOSYS,
	    "a second attachment is refused");
	ok(strstr(last.why, "second attachment"), "with a reason");
	CALL(HC_munmap, (uint64_t)b, P);
	is_int(attached(id), 1, "a part of it stays an attachment");
	CALL(HC_mmap, (uint64_t)b, P, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0, 0);
	is_int(CALL(HC_shmdt, (uint64_t)b), 0, "which is detached");
	ok(space_is_taken(&guest.space, (uint64_t)b, P) &&
		space_is_free(&guest.space, (uint64_t)b + P, SIZE - P),
	    "without what took the place of another part");
	is_int(CALL(HC_shmdt, (uint64_t)b), -EINVAL, "nothing is left");
	is_int(CALL(HC_shmat, (uint64_t)id, 0, 0), -ENOSYS,
	    "what was unmapped does not come back");
	ok(strstr(last.why, "has unmapped"), "with a reason");
	rid(id);
	ok(space_is_taken(&guest.space, (uint64_t)b, P),
	    "nor does the segment's end unmap the other");
	CALL(HC_munmap, (uint64_t)b, P);
	guest.recorded = NULL;
	is_int(guest.space.used, used, "its memory is given back");
}

/* It is also given back where it stays without an attachment. */
static void
test_kept(void)
{
	const uint64_t used = guest.space.used;
	int64_t id, a;

	guest.recorded = make_call;
	id = make(SIZE);
	a = CALL(HC_shmat, (uint64_t)id, 0, 0);
	is_int(CALL(HC_shmdt, (uint64_t)a), 0, "a segment is detached");
	is_int(attached(id), 0, "and has no attachment");
	ok(space_is_taken(&guest.space, (uint64_t)a, SIZE), "its memory stays");
	is_int(CALL(HC_shmdt, (uint64_t)a), -EINVAL, "once");
	rid(id);
	ok(space_is_free(&guest.space, (uint64_t)a, SIZE), "until its end");
	guest.recorded = NULL;
	is_int(guest.space.used, used, "and is given back");
}

static void
test_limits(void)
{
	int64_t id[HC_SEGMENTS];
	unsigned i, bad = 0;

	for (i = 0; i < HC_SEGMENTS; i++)
		bad += (id[i] = make(1)) < 0;
	is_int(bad, 0, "there may be as many segments as the limit says");
	is_int(make(1), -ENOSPC, "and no more");
	for (i = 0; i < HC_SEGMENTS; i++)
		bad += rid(id[i]) < 0;
	is_int(bad, 0, "all are removed");
	id[0] = CALL(HC_semget, IPC_PRIVATE, HC_SEMAPHORES - 2, 0600);
	id[1] = CALL(HC_semget, IPC_PRIVATE, 2, 0600);
	ok(id[0] >= 0 && id[1] >= 0, "two sets have all semaphores");
	is_int(CALL(HC_semget, IPC_PRIVATE, 1, 0600), -ENOSPC,
	    "a third set has none");
	CALL(HC_semctl, (uint64_t)id[1], 1, SETVAL, 7);
	CALL(HC_semctl, (uint64_t)id[0], 0, IPC_RMID);
	id[2] = CALL(HC_semget, IPC_PRIVATE, HC_SEMAPHORES - 2, 0600);
	ok(id[2] >= 0 && id[2] != id[0], "their place is used again");
	is_int(CALL(HC_semctl, (uint64_t)id[0], 0, GETVAL), -EINVAL,
	    "by another ID");
	is_int(CALL(HC_semctl, (uint64_t)id[2], HC_SEMAPHORES - 3, GETVAL), 0,
	    "and begins with zeros");
	is_int(CALL(HC_semctl, (uint64_t)id[1], 1, GETVAL), 7,
	    "the other set is as it was");
}

/* Open a queue of `most` messages of `size` bytes. */
static int64_t
open_queue(const char *name, long most, long size)
{
	struct mq_attr attr = { .mq_maxmsg = most, .mq_msgsize = size };

	strcpy(at(PAGE), name);
	memcpy(at(PAGE + 512), &attr, sizeof(attr));
	return CALL(
	    HC_mq_open, PAGE, O_RDWR | O_CREAT | O_NONBLOCK, 0600, PAGE + 512);
}

static int64_t
unlink_queue(const char *name)
{
	strcpy(at(PAGE), name);
	return CALL(HC_mq_unlink, PAGE);
}

static unsigned
queues(void)
{
	unsigned i, n = 0;

	for (i = 0; i < HC_MQUEUES; i++)
		n += guest.ipc.mqueue[i].used;
	return n;
}

static void
test_queue_bytes(void)
{
	const struct rlimit low = { 1000, HC_MQ_BYTES };
	int64_t fd[9];
	char name[8];
	unsigned i, bad = 0;

	is_int(open_queue("q", 11, 1), -EINVAL, "a queue has few messages");
	is_int(open_queue("q", 1, 8193), -EINVAL, "of a bounded size");
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		bad += (fd[i] = open_queue(name, 10, 8192)) < 0;
	}
	is_int(bad, 0, "as on Linux nine of the largest fit");
	is_int(open_queue("q", 10, 8192), -EMFILE, "and no more");
	is_int(unlink_queue("q0"), 0, "one is removed");
	is_int(open_queue("q", 10, 8192), -EMFILE, "but is open");
	CALL(HC_close, (uint64_t)fd[0]);
	fd[0] = open_queue("q0", 10, 8192);
	ok(fd[0] >= 0, "closed, it makes room");
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		CALL(HC_close, (uint64_t)fd[i]);
		bad += unlink_queue(name) < 0;
	}
	is_int(bad, 0, "all are removed");
	memcpy(at(PAGE), &low, sizeof(low));
	CALL(HC_setrlimit, RLIMIT_MSGQUEUE, PAGE);
	is_int(open_queue("q", 1, 1000), -EMFILE, "the guest can have less");
	memcpy(at(PAGE), &(struct rlimit){ HC_MQ_BYTES, HC_MQ_BYTES },
	    sizeof(low));
	CALL(HC_setrlimit, RLIMIT_MSGQUEUE, PAGE);
	is_int(queues(), 0, "no queue is left");
}

static void
test_queues(void)
{
	char name[8];
	int64_t fd, last_fd = -1;
	unsigned i, bad = 0, opens = 0;

	for (i = 0; i < HC_MQUEUES; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		fd = open_queue(name, 1, 1);
		bad += fd < 0;
		CALL(HC_close, (uint64_t)fd);
	}
	is_int(bad, 0, "there may be as many queues as the limit says");
	is_int(open_queue("q", 1, 1), -ENOSPC, "and no more");
	while (opens <= HC_MQ_OPENS && (fd = open_queue("q0", 1, 1)) >= 0) {
		last_fd = fd;
		opens++;
	}
	ok(opens > 100, "one may be opened many times: %u", opens);
	while (last_fd >= 0)
		CALL(HC_close, (uint64_t)last_fd--);
	for (i = 0; i < HC_MQUEUES; i++) {
		snprintf(name, sizeof(name), "q%u", i);
		bad += unlink_queue(name) < 0;
	}
	is_int(bad, 0, "all are removed");
	is_int(queues(), 0, "with their places");
}

/* Other flags do not change the way of opening, whatever <fcntl.h> has in its
 * mask. */
static void
test_queue_flags(void)
{
	int64_t fd;

	CALL(HC_close, (uint64_t)open_queue("a", 1, 8));
	fd = CALL(HC_mq_open, PAGE, O_PATH | O_NONBLOCK, 0, 0);
	ok(fd >= 0, "a queue is opened");
	is_int(CALL(HC_mq_timedsend, (uint64_t)fd, PAGE, 8, 0, 0), -EBADF,
	    "for reading");
	is_int(CALL(HC_mq_timedreceive, (uint64_t)fd, PAGE, 8, 0, 0), -EAGAIN,
	    "alone");
	CALL(HC_close, (uint64_t)fd);
	unlink_queue("a");
}

/* A message of a queue is not in the next queue of its place. */
static void
test_queue_again(void)
{
	int64_t a = open_queue("a", 2, 8), b;

	memcpy(at(PAGE), "message", 8);
	is_int(CALL(HC_mq_timedsend, (uint64_t)a, PAGE, 8, 3, 0), 0, "sent");
	is_int(CALL(HC_write, (uint64_t)a, PAGE, 8), -EINVAL,
	    "a queue is not written to");
	CALL(HC_close, (uint64_t)a);
	unlink_queue("a");
	b = open_queue("b", 2, 8);
	is_int(CALL(HC_mq_timedreceive, (uint64_t)b, PAGE, 8, 0, 0), -EAGAIN,
	    "a queue begins empty");
	CALL(HC_close, (uint64_t)b);
	unlink_queue("b");
}

int
main(void)
{
	guestcall_init();
	test_memory();
	test_unmapped();
	test_recorded();
	test_kept();
	test_limits();
	test_queue_bytes();
	test_queues();
	test_queue_flags();
	test_queue_again();
	return done_testing();
}
