/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor under ordinary static programs: `syscall` leads to an OUT, memory
 * is handed out upwards and never taken back, a thread is a vCPU on a host
 * thread.  Nothing is checked.  It must not use any part of novillo.
 */
#include "floor.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 8
#define MIB     (UINT64_C(1) << 20)

/* The state of the only program. */
static uint64_t brk_start, brk_now, mappings;
static atomic_uint threads;

struct thread {
	struct floor floor;
	uint64_t clear_tid;
	pthread_t host;
};
static struct thread thread[THREADS];

/*
 * `syscall` enters at MSR_LSTAR, on some KVMs without a change to supervisor
 * mode; the way back depends on that.
 */
static void
make_door(const struct floor *f, int supervisor)
{
	static const uint8_t sysretq[] = { 0xe7, 0x10, 0x48, 0x0f, 0x07 };
	static const uint8_t jump[] = { 0xe7, 0x10, 0xff, 0xe1 };

	memcpy(f->ram + CODE, supervisor ? sysretq : jump,
	    supervisor ? sizeof(sysretq) : sizeof(jump));
}

static void
set_fs(const struct floor *f, uint64_t base)
{
	must(ioctl(f->vcpu, KVM_GET_SREGS, &f->run->s.regs.sregs),
	    "KVM_GET_SREGS");
	f->run->s.regs.sregs.fs.base = base;
	f->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
}

static uint64_t
set_brk(const struct floor *f, uint64_t to)
{
	if (to >= brk_start && to < f->size / 2)
		brk_now = to;
	return brk_now;
}

/* Hand out fresh memory, from the middle upwards. */
static uint64_t
map(const struct floor *f, const uint64_t args[static 6])
{
	uint64_t size = (args[1] + 4095) & ~UINT64_C(4095);
	uint64_t at = mappings;

	if (!(args[3] & MAP_ANONYMOUS) || (args[3] & MAP_FIXED) ||
	    size > f->size - 16 * MIB - at)
		return (uint64_t)-ENOMEM;
	mappings += size;
	return at;
}

static void
set_xcr0(const struct floor *f)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = f->xcr0 };

	if (f->xcr0)
		must(ioctl(f->vcpu, KVM_SET_XCRS, &xcrs), "KVM_SET_XCRS");
}

static int serve_thread(struct thread *t);

static void *
begin(void *arg)
{
	serve_thread(arg);
	return NULL;
}

/* The flags of a thread apply, whatever the program requests. */
static uint64_t
clone_thread(const struct floor *f, const uint64_t args[static 6])
{
	const struct kvm_regs *r = &f->run->s.regs.regs;
	unsigned n = ++threads;
	uint32_t tid = n + 1;
	struct thread *t = &thread[n];
	struct kvm_regs *child;

	must(n < THREADS ? 0 : -1, "threads");
	t->floor = *f;
	floor_add_vcpu(&t->floor, n);
	set_xcr0(&t->floor);
	floor_registers(&t->floor, 0, 0, 0);
	child = &t->floor.run->s.regs.regs;
	*child = *r;
	child->rax = 0;
	child->rip = r->rcx;
	child->rflags = r->r11 | 0x3000;
	child->rsp = args[1];
	t->floor.run->s.regs.sregs.fs.base = args[4];
	if (args[0] & CLONE_PARENT_SETTID)
		memcpy(f->ram + args[2], &tid, sizeof(tid));
	if (args[0] & CLONE_CHILD_SETTID)
		memcpy(f->ram + args[3], &tid, sizeof(tid));
	t->clear_tid = args[0] & CLONE_CHILD_CLEARTID ? args[3] : 0;
	must(-pthread_create(&t->host, NULL, begin, t), "pthread_create");
	return tid;
}

static void
end_thread(const struct thread *t)
{
	if (!t->clear_tid)
		return;
	memset(t->floor.ram + t->clear_tid, 0, 4);
	syscall(SYS_futex, t->floor.ram + t->clear_tid, FUTEX_WAKE, 1);
}

static uint64_t
serve(struct floor *f, uint64_t number, const uint64_t args[static 6])
{
	switch (number) {
	case SYS_getppid: return 0;
	case SYS_set_tid_address: return 1;
	case SYS_set_robust_list:
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
	case SYS_mprotect:
	case SYS_madvise:
	case SYS_munmap: return 0;
	case SYS_brk: return set_brk(f, args[0]);
	case SYS_mmap: return map(f, args);
	case SYS_clone: return clone_thread(f, args);
	case SYS_arch_prctl:
		if (args[0] != ARCH_SET_FS)
			return (uint64_t)-EINVAL;
		set_fs(f, args[1]);
		return 0;
	default: return floor_call(f, number, args);
	}
}

/* Run until the program or this thread ends; returns the status. */
static int
serve_thread(struct thread *t)
{
	struct floor *f = &t->floor;
	uint64_t args[6], number;

	while ((number = floor_next(f, args)) != SYS_exit) {
		if (number == SYS_exit_group)
			_exit((int)args[0]);
		f->run->s.regs.regs.rax = serve(f, number, args);
	}
	end_thread(t);
	return 0;
}

/* A trial `syscall` shows the mode that it enters. */
static int
syscall_is_supervisor(struct floor *f)
{
	static const uint8_t trial[] = { 0x0f, 0x05 };
	struct kvm_regs regs = f->run->s.regs.regs;
	struct kvm_sregs *s = &f->run->s.regs.sregs;
	const struct kvm_sregs before = *s;
	int supervisor;

	memcpy(f->ram + CODE + 64, trial, sizeof(trial));
	f->run->s.regs.regs.rip = CODE + 64;
	must(ioctl(f->vcpu, KVM_RUN, 0), "KVM_RUN");
	must(ioctl(f->vcpu, KVM_GET_SREGS, s), "KVM_GET_SREGS");
	supervisor = (s->cs.selector & 3) == 0;
	*s = before;
	f->run->s.regs.regs = regs;
	f->run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	return supervisor;
}

int
floor_static(struct floor *f, const struct image *image)
{
	brk_start = brk_now = (image->end + 4095) & ~UINT64_C(4095);
	mappings = f->size / 2;
	set_xcr0(f);
	make_door(f, 0);
	make_door(f, syscall_is_supervisor(f));
	thread[0].floor = *f;
	return serve_thread(&thread[0]);
}
