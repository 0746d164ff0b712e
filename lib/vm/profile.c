/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sampler and its storage.  Nothing here may change the machine: a kick
 * makes a vCPU leave the guest, and enter it again.
 */
#include "vm/profile.h"

#include "vm/context.h"
#include "vm/kick.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define SAMPLER_STACK (UINT64_C(256) << 10)

static int64_t
ns_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return 0;
	return (int64_t)t.tv_sec * HC_NS_PER_SECOND + t.tv_nsec;
}

static uint64_t
hash_of(const struct profile_stack *key, const uint64_t *frame)
{
	uint64_t hash = key->call;
	size_t i;

	for (i = 0; i < sizeof(key->thread); i++)
		hash = hash * 31 + (unsigned char)key->thread[i];
	for (i = 0; i < key->frames; i++) {
		hash = (hash ^ frame[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

static bool
is_same(const struct profile *p, const struct profile_stack *s,
    const struct profile_stack *key, const uint64_t *frame)
{
	return s->call == key->call && s->frames == key->frames &&
	       memcmp(s->thread, key->thread, sizeof(s->thread)) == 0 &&
	       memcmp(p->frame + s->first, frame,
		   key->frames * sizeof(frame[0])) == 0;
}

/* With the lock: the stored stack that equals *key, which may be new; NULL:
 * the table is full. */
static struct profile_stack *
find_stack(
    struct profile *p, const struct profile_stack *key, const uint64_t *frame)
{
	const uint32_t slots = 2 * PROFILE_STACKS;
	uint32_t i = (uint32_t)(hash_of(key, frame) % slots);
	struct profile_stack *s;

	/* Half of the slots at least are empty. */
	for (; p->slot[i]; i = (i + 1) % slots)
		if (is_same(p, &p->stack[p->slot[i] - 1], key, frame))
			return &p->stack[p->slot[i] - 1];
	if (p->stacks == PROFILE_STACKS ||
	    key->frames > PROFILE_FRAMES - p->frames)
		return NULL;
	s = &p->stack[p->stacks++];
	*s = *key;
	s->first = p->frames;
	memcpy(p->frame + s->first, frame, key->frames * sizeof(frame[0]));
	p->frames += key->frames;
	p->slot[i] = p->stacks;
	return s;
}

/* Does a call end just before `address`?  Then it is a return address. */
static bool
is_return(const struct gmem *mem, uint64_t address)
{
	static const unsigned lengths[] = { 2, 3, 6, 7 }; /* FF /2 */
	uint8_t code[7];
	size_t i;

	if (gmem_read(mem, code, address - sizeof(code), sizeof(code)) < 0)
		return false;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if (code[7 - lengths[i]] == 0xff &&
		    (code[8 - lengths[i]] & 0x38) == 0x10)
			return true;
	return code[2] == 0xe8; /* CALL rel32 */
}

/*
 * Follow frame pointers (psABI 3.2.2), as a report does: each frame lies above
 * the last, and anything else ends the walk.  A function that has no frame, not
 * yet or no more or at all, mostly has its return address on top of the stack.
 */
static uint32_t
walk(struct vcpu *vcpu, uint64_t frame[PROFILE_DEPTH])
{
	const struct gmem *mem = &vcpu->machine->mem;
	uint64_t link[2], last = 0;
	struct kvm_regs regs;
	uint32_t n = 0;

	vcpu_user_regs(vcpu, &regs);
	frame[n++] = vcpu_place(&regs);
	if (gmem_read(mem, link, regs.rsp, sizeof(link[0])) == 0 &&
	    is_return(mem, link[0]))
		frame[n++] = link[0];
	link[0] = regs.rbp;
	while (n < PROFILE_DEPTH && link[0] > last) {
		last = link[0];
		if (gmem_read(mem, link, last, sizeof(link)) < 0 ||
		    link[1] == 0)
			break;
		frame[n++] = link[1];
	}
	return n;
}

/* The vCPU's own thread, or nobody, runs it. */
static void
take(struct vcpu *vcpu, uint32_t call, uint64_t count)
{
	struct profile *p = vcpu->machine->profile;
	uint64_t frame[PROFILE_DEPTH];
	struct profile_stack key = { .call = call };
	struct profile_stack *s;

	memcpy(key.thread, vcpu->thread.name, sizeof(key.thread));
	key.frames = walk(vcpu, frame);
	pthread_mutex_lock(&p->lock);
	s = find_stack(p, &key, frame);
	if (s)
		s->count += count;
	else
		p->lost += count;
	p->samples += count;
	pthread_mutex_unlock(&p->lock);
}

/* With the vCPU's lock: has its host thread run since the last tick?  Then a
 * sample is due. */
static void
judge(struct profile_vcpu *v, int64_t wall, int64_t cpu)
{
	if (v->ticked &&
	    2 * (cpu - v->cpu) + PROFILE_SLACK_NS >= wall - v->wall)
		v->due++;
	v->ticked = false;
}

/* The samples that are due of a vCPU that was served. */
static void
settle(struct vcpu *vcpu, struct profile_vcpu *v)
{
	uint64_t due;

	pthread_mutex_lock(&v->lock);
	if (v->ticked)
		judge(v, ns_of(CLOCK_MONOTONIC), ns_of(v->clock));
	due = v->due;
	v->due = 0;
	pthread_mutex_unlock(&v->lock);
	if (due > 0)
		take(vcpu, vcpu->served, due);
}

void
profile_enter(struct vcpu *vcpu)
{
	struct profile_vcpu *v = &vcpu->machine->profile->vcpu[vcpu->id];

	settle(vcpu, v);
	pthread_mutex_lock(&v->lock);
	if (pthread_getcpuclockid(pthread_self(), &v->clock) != 0)
		v->clock = CLOCK_MONOTONIC;
	v->state = PROFILE_INSIDE;
	pthread_mutex_unlock(&v->lock);
}

void
profile_leave(struct vcpu *vcpu)
{
	struct profile_vcpu *v = &vcpu->machine->profile->vcpu[vcpu->id];
	bool wanted;

	pthread_mutex_lock(&v->lock);
	wanted = v->wanted;
	v->wanted = false;
	v->state = PROFILE_SERVED;
	pthread_mutex_unlock(&v->lock);
	vcpu->served = PROFILE_VMM;
	if (wanted)
		take(vcpu, PROFILE_GUEST, 1);
}

static void
tick(struct vcpu *vcpu, struct profile_vcpu *v)
{
	int64_t wall, cpu;

	pthread_mutex_lock(&v->lock);
	if (v->state == PROFILE_INSIDE) {
		/* It is in KVM_RUN, or about to be: its thread lives. */
		v->wanted = true;
		kick_vcpu(vcpu);
	} else if (v->state == PROFILE_SERVED) {
		wall = ns_of(CLOCK_MONOTONIC);
		cpu = ns_of(v->clock);
		judge(v, wall, cpu);
		v->ticked = true;
		v->wall = wall;
		v->cpu = cpu;
	}
	pthread_mutex_unlock(&v->lock);
}

static bool
await(struct profile *p, int64_t until)
{
	const struct timespec t = {
		.tv_sec = until / HC_NS_PER_SECOND,
		.tv_nsec = until % HC_NS_PER_SECOND,
	};
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->ends && r == 0)
		r = pthread_cond_timedwait(&p->ended, &p->lock, &t);
	pthread_mutex_unlock(&p->lock);
	return r == ETIMEDOUT;
}

static void *
sample(void *arg)
{
	struct profile *p = arg;
	struct machine *m = p->machine;
	const int64_t period = HC_NS_PER_SECOND / p->rate;
	int64_t next = ns_of(CLOCK_MONOTONIC) + period, now;
	unsigned i;

	while (await(p, next)) {
		for (i = 0; i < m->vcpus; i++)
			tick(&m->vcpu[i], &p->vcpu[i]);
		/* Ticks that were missed do not come in a row. */
		now = ns_of(CLOCK_MONOTONIC);
		next += period * (1 + (now > next ? (now - next) / period : 0));
	}
	return NULL;
}

static int
start_sampler(struct profile *p)
{
	pthread_condattr_t timed;
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	pthread_condattr_init(&timed);
	pthread_condattr_setclock(&timed, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ended, &timed);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SAMPLER_STACK);
	/* Signals are for the guest's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&p->sampler, &attr, sample, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	p->sampling = r == 0;
	return -r;
}

int
profile_start(struct profile *p, struct machine *m, unsigned rate)
{
	unsigned i;

	p->machine = m;
	p->rate = rate;
	pthread_mutex_init(&p->lock, NULL);
	for (i = 0; i < MACHINE_VCPUS; i++)
		pthread_mutex_init(&p->vcpu[i].lock, NULL);
	m->profile = p;
	return start_sampler(p);
}

void
profile_stop(struct profile *p)
{
	unsigned i;

	if (!p->sampling)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->sampler, NULL);
	p->sampling = false;
	for (i = 0; i < p->machine->vcpus; i++)
		if (p->vcpu[i].state == PROFILE_SERVED)
			settle(&p->machine->vcpu[i], &p->vcpu[i]);
}
