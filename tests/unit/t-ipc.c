/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests what a guest's System V objects take: segments count against its
 * memory while they exist, and tables have their limits.  How calls behave is
 * compared with Linux by tests/programs/t-ipc.sh.
 */
#include "guestcall.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/mman.h>
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

int
main(void)
{
	guestcall_init();
	test_memory();
	test_unmapped();
	test_limits();
	return done_testing();
}
