/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V's shared memory, semaphores and message queues, for t-ipc.sh, which
 * runs this natively, as a guest, recorded and replayed.  It prints only text
 * that must be the same in all.
 */
#define _GNU_SOURCE
#include "parts.h"
#include "show.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

union arg {
	int val;
	struct semid_ds *ds;
	unsigned short *array;
	struct seminfo *info;
};

#define CTL(id, n, cmd, ...) semctl(id, n, cmd, (union arg){ __VA_ARGS__ })

/* Natively another process may have a key. */
static key_t
some_key(void)
{
	return 0x6e760000 | (getpid() & 0xffff);
}

static void
nothing(int signal)
{
	(void)signal;
}

static void
handle(int signal)
{
	struct sigaction act = { .sa_handler = nothing,
		.sa_flags = SA_RESTART };

	sigaction(signal, &act, NULL);
}

static void
nap(void)
{
	const struct timespec t = { 0, 2000000 };

	nanosleep(&t, NULL);
}

/* The result of shmat() without its address. */
static void *
attach(const char *what, int id, const void *at, int flags)
{
	void *p = shmat(id, at, flags);

	if (p == (void *)-1)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: %s\n", what,
		    at && p != at ? "attached elsewhere" : "attached");
	return p;
}

static void
state(int id)
{
	struct shmid_ds ds;

	if (shmctl(id, IPC_STAT, &ds) < 0) {
		printf("state: %s\n", strerror(errno));
		return;
	}
	printf("state: %lu bytes, %lu attached, mode %o, creator %d, last %d,"
	       " owner %d\n",
	    (unsigned long)ds.shm_segsz, (unsigned long)ds.shm_nattch,
	    (unsigned)ds.shm_perm.mode, ds.shm_cpid == getpid(),
	    ds.shm_lpid == getpid(),
	    ds.shm_perm.uid == getuid() && ds.shm_perm.cgid == getgid());
}

static void
shm_errors(void)
{
	const key_t key = some_key();
	int id;

	SHOW(shmget(key, 100, 0));
	SHOW(shmget(key, 0, IPC_CREAT | 0600));
	SHOW(shmget(key, (size_t)-1 >> 1, IPC_CREAT | 0600));
	id = shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600);
	printf("made: %d\n", id >= 0);
	SHOW(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(shmget(key, 5000, 0));
	printf("found: %d\n", shmget(key, 50, 0) == id);
	printf("found: %d\n", shmget(key, 0, IPC_CREAT) == id);
	SHOW(shmctl(id, 99, NULL));
	SHOW(shmctl(-1, IPC_STAT, NULL));
	SHOW(shmctl(id + 1000000, IPC_STAT, NULL));
	SHOW(shmctl(id, IPC_STAT, NULL));
	SHOW(shmctl(id, IPC_SET, NULL));
	attach("no such", id + 1000000, NULL, 0);
	attach("negative", -1, NULL, 0);
	attach("unaligned", id, (void *)0x10000001, 0);
	attach("over nothing", id, NULL, SHM_REMAP);
	SHOW(shmdt((void *)0x10000000));
	SHOW(shmdt((void *)0x10000001));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmget(key, 100, 0));
}

static void
shm_once(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE + 1, IPC_CREAT | 0640);
	struct shmid_ds ds;
	char *p, *q;

	state(id);
	p = attach("first", id, NULL, 0);
	printf("zero: %d\n", p[0] == 0 && p[3 * PAGE] == 0);
	strcpy(p, "there");
	strcpy(p + 3 * PAGE, "also");
	state(id);
	SHOW(shmdt(p + PAGE));
	SHOW(shmdt(p));
	SHOW(shmdt(p));
	state(id);
	p = attach("again", id, NULL, SHM_RDONLY);
	printf("bytes: %s %s\n", p, p + 3 * PAGE);
	SHOW(shmdt(p));
	q = mmap(
	    NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	attach("over another", id, q, 0);
	SHOW(munmap(q, 16 * PAGE));
	p = attach("at a place", id, q, 0);
	printf("bytes: %s\n", p);
	SHOW(shmdt(p));
	p = attach("rounded", id, q + 123, SHM_RND);
	printf("same: %d, bytes: %s\n", p == q, p);
	SHOW(shmctl(id, IPC_STAT, &ds));
	ds.shm_perm.mode = 0400;
	SHOW(shmctl(id, IPC_SET, &ds));
	state(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	state(id);
	strcpy(p, "still");
	SHOW(shmdt(p));
	state(id);
}

/* Second attachments cannot be recorded. */
static void
shm_twice(void)
{
	int id = shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600);
	char *room = mmap(
	    NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = attach("lower", id, room, SHM_REMAP);
	char *q = attach("upper", id, room + 2 * PAGE, SHM_REMAP);
	char *r;

	strcpy(p + 2 * PAGE - 3, "a ring");
	printf("wraps: %s\n", q - 3);
	printf("wraps: %s\n", p);
	r = attach("to read", id, NULL, SHM_RDONLY);
	SHOW(mprotect(r, PAGE, PROT_READ | PROT_WRITE));
	strcpy(q + 100, "seen");
	printf("shared: %s\n", r + 100);
	state(id);
	SHOW(munmap(p, PAGE));
	state(id);
	SHOW(shmdt(p));
	state(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(munmap(r, 2 * PAGE));
	state(id);
	r = mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	    room + 5 * PAGE);
	printf("moved: %d\n", r == room + 5 * PAGE && r[100] == 's');
	SHOW(shmdt(r));
	state(id);
}

/* Other memory takes the place of [at, at + len). */
static char *
take_place(char *at, size_t len)
{
	char *new = mmap(at, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	strcpy(new, "other");
	return new;
}

/* An attachment moves, and then ends by munmap(). */
static void
shm_moved(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	char *room = mmap(
	    NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = attach("first", id, NULL, 0), *q;

	strcpy(p, "there");
	SHOW(madvise(p, 3 * PAGE, MADV_DONTNEED));
	printf("bytes: %s\n", p);
	q = mremap(
	    p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE);
	printf("moved: %d, bytes: %s\n", q == room + PAGE, q);
	take_place(p, 3 * PAGE);
	SHOW(shmdt(p));
	state(id);
	SHOW(shmdt(q));
	state(id);
	SHOW(munmap(p, 3 * PAGE));
	attach("at the first place", id, p, 0);
	printf("bytes: %s\n", p);
	SHOW(munmap(p, 3 * PAGE));
	state(id);
	take_place(p, 3 * PAGE);
	SHOW(shmdt(p));
	printf("bytes: %s\n", p);
	SHOW(shmctl(id, IPC_RMID, NULL));
	printf("bytes: %s\n", p);
	state(id);
}

/* A page in its middle is replaced, and a part is moved. */
static void
shm_parts(void)
{
	int id = shmget(IPC_PRIVATE, 5 * PAGE, IPC_CREAT | 0600);
	char *p = attach("first", id, NULL, 0), *q;

	q = take_place(p + PAGE, PAGE);
	state(id);
	strcpy(p + 4 * PAGE, "there");
	p = mremap(p + 4 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	    p + 3 * PAGE);
	p -= 3 * PAGE;
	printf("bytes: %s\n", p + 3 * PAGE);
	state(id);
	SHOW(shmdt(p));
	state(id);
	SHOW(shmdt(p));
	printf("bytes: %s %s\n", q, p + 3 * PAGE);
	SHOW(shmctl(id, IPC_RMID, NULL));
	state(id);
	SHOW(shmdt(p - PAGE));
	printf("bytes: %s\n", q);
	state(id);
}

/* A recording has no second copy of what is unmapped. */
static void
shm_lost(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	char *p = attach("first", id, NULL, 0);

	strcpy(p, "there");
	SHOW(munmap(p, 3 * PAGE));
	p = attach("again", id, NULL, 0);
	printf("bytes: %s\n", p);
}

/* Nor of what a mapping is cut by. */
static void
shm_longer(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	char *p = attach("first", id, NULL, 0);

	strcpy(p + PAGE, "there");
	printf("shorter: %d\n", mremap(p, 3 * PAGE, PAGE, 0) == p);
	p = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	printf("bytes: %s\n", p + PAGE);
}

/* Nor of what takes its place while it is detached. */
static void
shm_replaced(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	char *p = attach("first", id, NULL, 0), *q;

	strcpy(p, "there");
	SHOW(shmdt(p));
	take_place(p, 3 * PAGE);
	q = attach("again", id, NULL, 0);
	printf("bytes: %s %s\n", p, q);
}

/* Many in turn: what is removed is given back. */
static void
shm_many(void)
{
	int i, id, bad = 0;
	char *p;

	for (i = 0; i < 300; i++) {
		id = shmget(IPC_PRIVATE, 16 << 20, IPC_CREAT | 0600);
		p = shmat(id, NULL, 0);
		bad += p == (void *)-1 || shmctl(id, IPC_RMID, NULL) < 0;
		if (p != (void *)-1) {
			memset(p, 1, PAGE);
			bad += i % 2 ? shmdt(p) : munmap(p, 16 << 20);
		}
	}
	printf("bad: %d\n", bad);
}

static void
sem_errors(void)
{
	const key_t key = some_key();
	struct sembuf far = { 3, 1, 0 }, up = { 0, 32767, 0 },
		      two[] = { { 0, 1, 0 }, { 1, -1, IPC_NOWAIT } };
	const struct timespec bad = { 0, 1000000000 }, none = { 0, 0 };
	struct sembuf many[501] = { { 0, 0, 0 } };
	unsigned short values[3] = { 1, 40000, 0 };
	int id;

	SHOW(semget(key, 3, 0));
	SHOW(semget(key, 0, IPC_CREAT | 0600));
	SHOW(semget(key, -1, IPC_CREAT | 0600));
	SHOW(semget(key, 32001, IPC_CREAT | 0600));
	id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
	SHOW(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(semget(key, 4, 0));
	printf("found: %d\n", semget(key, 0, 0) == id);
	SHOW(semop(id, &far, 1));
	SHOW(semop(id, &far, 0));
	SHOW(semop(id, NULL, 1));
	SHOW(semop(-1, &up, 1));
	SHOW(semop(id + 1000000, &up, 1));
	SHOW(semop(id, many, 501));
	SHOW(semop(id, many, 500));
	SHOW(semop(id, &up, 1));
	SHOW(semop(id, &up, 1));
	SHOW(CTL(id, 0, GETVAL, 0));
	SHOW(CTL(id, 0, SETVAL, .val = 5));
	SHOW(semop(id, two, 2));
	SHOW(CTL(id, 0, GETVAL, 0));
	SHOW(semtimedop(id, &(struct sembuf){ 1, -1, 0 }, 1, &bad));
	SHOW(semtimedop(id, &(struct sembuf){ 1, -1, 0 }, 1, &none));
	SHOW(semtimedop(id, &(struct sembuf){ 0, 0, IPC_NOWAIT }, 1, NULL));
	SHOW(CTL(id, 0, SETVAL, .val = 32768));
	SHOW(CTL(id, 0, SETVAL, .val = -1));
	SHOW(CTL(id, 3, GETVAL, 0));
	SHOW(CTL(id, -1, GETVAL, 0));
	SHOW(CTL(id, 0, 99, 0));
	SHOW(CTL(-1, 0, GETVAL, 0));
	SHOW(CTL(id, 0, SETALL, .array = values));
	SHOW(CTL(id, 0, IPC_STAT, .ds = NULL));
	SHOW(CTL(id, 0, GETALL, .array = NULL));
	SHOW(CTL(id, 0, IPC_RMID, 0));
	SHOW(CTL(id, 0, IPC_RMID, 0));
	SHOW(semop(id, &up, 1));
}

static void
sem_values(void)
{
	int id = semget(IPC_PRIVATE, 4, IPC_CREAT | 0640), n;
	unsigned short set[4] = { 1, 2, 3, 32767 }, got[4] = { 0 };
	struct semid_ds ds;
	struct seminfo info;
	struct sembuf ops[] = { { 0, -1, SEM_UNDO }, { 0, 0, 0 }, { 1, -2, 0 },
		{ 2, 4, 0 } };

	SHOW(CTL(id, 0, GETPID, 0));
	SHOW(CTL(id, 0, SETALL, .array = set));
	printf("by us: %d\n", CTL(id, 0, GETPID, 0) == getpid());
	SHOW(semop(id, ops, 4));
	SHOW(CTL(id, 0, GETALL, .array = got));
	printf("values: %d %d %d %d\n", got[0], got[1], got[2], got[3]);
	SHOW(CTL(id, 0, IPC_STAT, .ds = &ds));
	printf("%lu semaphores, mode %o, changed %d\n",
	    (unsigned long)ds.sem_nsems, (unsigned)ds.sem_perm.mode,
	    ds.sem_otime >= ds.sem_ctime);
	ds.sem_perm.mode = 0200;
	SHOW(CTL(id, 0, IPC_SET, .ds = &ds));
	if (getuid() != 0) {
		SHOW(CTL(id, 0, GETVAL, 0));
		SHOW(CTL(id, 0, SETVAL, .val = 1));
		SHOW(semop(id, &(struct sembuf){ 0, 0, IPC_NOWAIT }, 1));
		SHOW(semop(id, &(struct sembuf){ 0, 1, IPC_NOWAIT }, 1));
	}
	n = CTL(0, 0, SEM_INFO, .info = &info);
	printf("at least one: %d\n", n >= 0 && info.semusz > 0);
	SHOW(CTL(id, 0, IPC_RMID, 0));
}

static struct {
	int id, rounds;
} shared;

static void *
down(void *arg)
{
	struct sembuf op = { 0, -1, 0 };
	int i;

	(void)arg;
	for (i = 0; i < shared.rounds; i++) {
		if (semop(shared.id, &op, 1) < 0)
			return (void *)(intptr_t)errno;
		if (semop(shared.id, &(struct sembuf){ 1, 1, 0 }, 1) < 0)
			return (void *)(intptr_t)errno;
	}
	return NULL;
}

static void
join(pthread_t t)
{
	void *result;

	pthread_join(t, &result);
	printf("thread: %s\n", strerror((int)(intptr_t)result));
}

/* Threads pass semaphores to each other; counts of those that wait. */
static void
sem_threads(void)
{
	struct sembuf up = { 0, 1, 0 }, back = { 1, -1, 0 };
	pthread_t t[3];
	int i;

	shared.id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
	shared.rounds = 100;
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, down, NULL);
	for (i = 0; i < 300; i++)
		if (semop(shared.id, &up, 1) < 0 ||
		    semop(shared.id, &back, 1) < 0)
			printf("round %d: %s\n", i, strerror(errno));
	for (i = 0; i < 3; i++)
		join(t[i]);
	SHOW(CTL(shared.id, 0, GETVAL, 0));
	SHOW(CTL(shared.id, 1, GETVAL, 0));
	shared.rounds = 1;
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, down, NULL);
	while (CTL(shared.id, 0, GETNCNT, 0) < 3)
		nap();
	SHOW(CTL(shared.id, 0, GETZCNT, 0));
	SHOW(CTL(shared.id, 0, IPC_RMID, 0));
	for (i = 0; i < 3; i++)
		join(t[i]);
}

static void *
await_zero(void *arg)
{
	struct sembuf op = { 0, 0, 0 };

	(void)arg;
	return semop(shared.id, &op, 1) < 0 ? (void *)(intptr_t)errno : NULL;
}

static void
sem_waits(void)
{
	const struct timespec time = { 0, 20000000 };
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct sembuf op = { 0, -1, 0 };
	struct timespec from, to;
	pthread_t t;

	shared.id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	clock_gettime(CLOCK_MONOTONIC, &from);
	SHOW(semtimedop(shared.id, &op, 1, &time));
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("waited: %d\n", (to.tv_sec - from.tv_sec) * 1000000000 +
				       to.tv_nsec - from.tv_nsec >=
				   time.tv_nsec);
	handle(SIGALRM);
	setitimer(ITIMER_REAL, &soon, NULL);
	SHOW(semop(shared.id, &op, 1));
	SHOW(CTL(shared.id, 0, GETNCNT, 0));
	SHOW(CTL(shared.id, 0, SETVAL, .val = 2));
	pthread_create(&t, NULL, await_zero, NULL);
	while (CTL(shared.id, 0, GETZCNT, 0) < 1)
		nap();
	SHOW(CTL(shared.id, 0, SETVAL, .val = 0));
	join(t);
	SHOW(CTL(shared.id, 0, IPC_RMID, 0));
}

static struct {
	long type;
	char text[8193];
} message;

static long
post(int id, long type, const char *text, int flags)
{
	message.type = type;
	strcpy(message.text, text);
	return msgsnd(id, &message, strlen(text) + 1, flags);
}

static void
fetch(int id, size_t size, long type, int flags)
{
	ssize_t n;

	memset(&message, 0, sizeof(message));
	n = msgrcv(id, &message, size, type, flags);
	if (n < 0)
		printf("of type %ld: %s\n", type, strerror(errno));
	else
		printf("of type %ld: %zd bytes, %ld, %.*s\n", type, n,
		    message.type, (int)n, message.text);
}

static void
queue_state(int id)
{
	struct msqid_ds ds;

	if (msgctl(id, IPC_STAT, &ds) < 0) {
		printf("queue: %s\n", strerror(errno));
		return;
	}
	printf("queue: %lu messages, %lu bytes of %lu, mode %o, sender %d,"
	       " receiver %d\n",
	    (unsigned long)ds.msg_qnum, (unsigned long)ds.__msg_cbytes,
	    (unsigned long)ds.msg_qbytes, (unsigned)ds.msg_perm.mode,
	    ds.msg_lspid == getpid(), ds.msg_lrpid == getpid());
}

static void
msg_errors(void)
{
	const key_t key = some_key();
	struct msqid_ds ds;
	int id;

	SHOW(msgget(key, 0));
	id = msgget(key, IPC_CREAT | IPC_EXCL | 0620);
	SHOW(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
	printf("found: %d\n", msgget(key, IPC_CREAT) == id);
	SHOW(post(id, 0, "zero", 0));
	SHOW(post(id, -1, "negative", 0));
	SHOW(msgsnd(id, NULL, 1, 0));
	SHOW(post(-1, 1, "x", 0));
	SHOW(post(id + 1000000, 1, "x", 0));
	message.type = 1;
	SHOW(msgsnd(id, &message, 8193, 0));
	SHOW(msgsnd(id, &message, (size_t)-1, 0));
	SHOW(msgsnd(id, &message, 0, 0));
	fetch(id, 0, 0, 0);
	fetch(id, 100, 0, IPC_NOWAIT);
	fetch(-1, 100, 0, 0);
	fetch(id, (size_t)-1, 0, 0);
	SHOW(post(id, 5, "long text", 0));
	fetch(id, 4, 0, 0);
	queue_state(id);
	fetch(id, 4, 0, MSG_NOERROR);
	SHOW(post(id, 5, "lost", 0));
	SHOW(msgrcv(id, NULL, 100, 0, 0));
	queue_state(id);
	SHOW(msgctl(id, 99, &ds));
	SHOW(msgctl(-1, IPC_STAT, &ds));
	SHOW(msgctl(id, IPC_STAT, NULL));
	SHOW(msgctl(id, IPC_STAT, &ds));
	ds.msg_qbytes = 100;
	ds.msg_perm.mode = 0600;
	SHOW(msgctl(id, IPC_SET, &ds));
	queue_state(id);
	SHOW(msgsnd(id, &message, 101, IPC_NOWAIT));
	SHOW(msgsnd(id, &message, 100, IPC_NOWAIT));
	SHOW(post(id, 1, "", IPC_NOWAIT));
	SHOW(msgctl(id, IPC_RMID, NULL));
	SHOW(post(id, 1, "x", 0));
	fetch(id, 100, 0, 0);
}

static void
msg_types(void)
{
	int i, id = msgget(IPC_PRIVATE, 0600);
	char text[2] = "a";

	for (i = 0; i < 8; i++, text[0]++)
		post(id, 1 + i * 3 % 8, text, 0);
	queue_state(id);
	fetch(id, 100, 0, IPC_NOWAIT);
	fetch(id, 100, 7, IPC_NOWAIT);
	fetch(id, 100, 7, IPC_NOWAIT);
	fetch(id, 100, 4, MSG_EXCEPT | IPC_NOWAIT);
	fetch(id, 100, -3, IPC_NOWAIT);
	fetch(id, 100, -3, IPC_NOWAIT);
	fetch(id, 100, -3, IPC_NOWAIT);
	fetch(id, 100, (long)(1UL << 63), IPC_NOWAIT);
	fetch(id, 100, -100, IPC_NOWAIT);
	fetch(id, 100, 0, IPC_NOWAIT);
	queue_state(id);
	SHOW(msgctl(id, IPC_RMID, NULL));
}

/* Numbers through a queue that holds few of them, until a 0. */
static void *
add(void *arg)
{
	struct {
		long type, number;
	} m;
	long sum = 0;

	(void)arg;
	do {
		if (msgrcv(shared.id, &m, sizeof(m.number), 2, 0) < 0)
			return (void *)(intptr_t)errno;
		sum += m.number;
	} while (m.number);
	printf("sum: %ld\n", sum);
	return NULL;
}

static void
msg_waits(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct msqid_ds ds;
	struct {
		long type, number;
	} m = { 2, 1000 };
	pthread_t t;

	shared.id = msgget(IPC_PRIVATE, 0600);
	msgctl(shared.id, IPC_STAT, &ds);
	ds.msg_qbytes = 40;
	SHOW(msgctl(shared.id, IPC_SET, &ds));
	pthread_create(&t, NULL, add, NULL);
	for (; m.number >= 0; m.number--)
		if (msgsnd(shared.id, &m, sizeof(m.number), 0) < 0)
			printf("sent: %s\n", strerror(errno));
	join(t);
	handle(SIGALRM);
	setitimer(ITIMER_REAL, &soon, NULL);
	fetch(shared.id, 100, 0, 0);
	message.type = 1;
	SHOW(msgsnd(shared.id, &message, 40, 0));
	setitimer(ITIMER_REAL, &soon, NULL);
	SHOW(msgsnd(shared.id, &message, 1, 0));
	pthread_create(&t, NULL, add, NULL);
	nap();
	SHOW(msgctl(shared.id, IPC_RMID, NULL));
	pthread_join(t, NULL);
}

/* The line of /proc/sysvipc that has our object: some columns after the ID, and
 * how many there are.  A process natively has a number of any length. */
static void
show_line(const char *name, int id, int columns)
{
	char path[64], line[512];
	int key, there, n, i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sysvipc/%s", name);
	f = fopen(path, "r");
	if (!f || !fgets(line, sizeof(line), f)) {
		printf("%s: %s\n", name, strerror(errno));
		return;
	}
	printf("%s", line);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%d %d%n", &key, &there, &n) != 2 ||
		    there != id)
			continue;
		printf("%s, key %d:", name, key == some_key());
		for (i = 0;; i++) {
			int more = 0;
			char word[64];

			if (sscanf(line + n, "%63s%n", word, &more) != 1)
				break;
			if (i < columns)
				printf(" %s", word);
			n += more;
		}
		printf(", of %d columns\n", i);
	}
	fclose(f);
}

static void
proc(void)
{
	const key_t key = some_key();
	int shm = shmget(key, 5000, IPC_CREAT | 0640);
	int sem = semget(key, 3, IPC_CREAT | 0600);
	int msg = msgget(key, IPC_CREAT | 0620);
	void *p = shmat(shm, NULL, 0);

	msgsnd(msg, &(struct {
		long type;
		char text[4];
	}){ 1, "abc" },
	    4, 0);
	show_line("shm", shm, 2);
	show_line("sem", sem, 2);
	show_line("msg", msg, 3);
	shmdt(p);
	SHOW(shmctl(shm, IPC_RMID, NULL));
	SHOW(semctl(sem, 0, IPC_RMID));
	SHOW(msgctl(msg, IPC_RMID, NULL));
	show_line("shm", shm, 2);
	show_line("msg", msg, 3);
}

/* The column of /proc/sysvipc/shm that says how much of a segment has memory;
 * -1: the segment is not there. */
static long
resident(int id)
{
	FILE *f = fopen("/proc/sysvipc/shm", "r");
	char line[512];
	long rss = -1, bytes;
	int there;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line,
			"%*d %d %*o %*d %*d %*d %*d %*d %*d %*d %*d"
			" %*d %*d %*d %ld",
			&there, &bytes) == 2 &&
		    there == id)
			rss = bytes;
	if (f)
		fclose(f);
	return rss;
}

static void
shm_resident(void)
{
	int id = shmget(IPC_PRIVATE, 3 * 4096, IPC_CREAT | 0600);
	char *p = shmat(id, NULL, 0);

	printf("of an untouched segment %ld\n", resident(id));
	p[4096] = 1;
	printf("of one page %ld\n", resident(id));
	SHOW(shmctl(id, IPC_RMID, NULL));
	printf("removed, and attached: %ld\n", resident(id));
	SHOW(munmap(p, 3 * 4096));
	printf("and no more: %ld\n", resident(id));
}

static const struct part parts[] = {
	{ "proc", proc },
	{ "shm-resident", shm_resident },
	{ "shm-errors", shm_errors },
	{ "shm-once", shm_once },
	{ "shm-twice", shm_twice },
	{ "shm-many", shm_many },
	{ "shm-moved", shm_moved },
	{ "shm-parts", shm_parts },
	{ "shm-lost", shm_lost },
	{ "shm-longer", shm_longer },
	{ "shm-replaced", shm_replaced },
	{ "sem-errors", sem_errors },
	{ "sem-values", sem_values },
	{ "sem-threads", sem_threads },
	{ "sem-waits", sem_waits },
	{ "msg-errors", msg_errors },
	{ "msg-types", msg_types },
	{ "msg-waits", msg_waits },
};

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	return RUN_PART(parts, argc, argv, 0);
}
