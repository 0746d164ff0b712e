/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making and unmaking a machine.  Nothing here may know the command line.
 */
#include "vm/machine.h"

#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/thread.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Host memory around the guest's that nothing may touch. */
#define HOST_GUARD PAGE_2M

static uint64_t
large_page_up(uint64_t a)
{
	return (a + PAGE_2M_MASK) & ~PAGE_2M_MASK;
}

/* `size` bytes on a large page, between guards: 0 or -errno. */
static int
map_between_guards(struct machine *m, uint64_t size)
{
	uint64_t all = size + 2 * HOST_GUARD + PAGE_2M;
	uint8_t *p = mmap(NULL, all, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *base;
	int r = 0;

	if (p == MAP_FAILED)
		return -errno;
	base = p + (large_page_up((uintptr_t)p + HOST_GUARD) - (uintptr_t)p);
	if (mprotect(base, size, PROT_READ | PROT_WRITE) < 0) {
		r = -errno;
		(void)munmap(p, all);
		return r;
	}
	m->mapping = p;
	m->mapping_size = all;
	m->mem.base = base;
	return 0;
}

static uint64_t
addresses(uint64_t memory, bool spare)
{
	uint64_t slots = (memory + MACHINE_SLOT - 1) / MACHINE_SLOT;

	return spare ? slots * MACHINE_SLOT + MACHINE_SPARE + MACHINE_LAST_SLOT
		     : memory;
}

/*
 * One mapping holds, from guest-physical 0: RAM, the monitor's pages, the page
 * tables.  It starts on a large page, as RAM does for the guest, and is never
 * executable for the host.
 */
static int
map_addresses(struct machine *m, uint64_t size)
{
	unsigned tables = pt_tables_for(size, 3 * MONITOR_PAGES / 512 + 3);
	uint64_t monitor = MONITOR_PAGES * PAGE_4K;
	uint64_t behind = monitor + tables * PAGE_4K;
	int r = map_between_guards(m, size + behind);

	if (r < 0)
		return r;
	m->mem.size = size;
	m->monitor = m->mem.base + size;
	/* A page that is touched is not 2 MiB that are cleared, and kept beyond
	 * what the guest's memory counts: see gmem_let_huge(). */
	(void)gmem_let_huge(&m->mem, 0, size + behind, false);
	pt_init(&m->mem.pt, (uint64_t *)(void *)(m->monitor + monitor),
	    size + monitor, tables);
	monitor_init(m->monitor, size, &m->mem.pt);
	return 0;
}

/* Where the host limits addresses, or takes them for memory, there are as many
 * as memory. */
static int
map_memory(struct machine *m, uint64_t memory, struct machine_error *error)
{
	int r;

	gmem_init(&m->mem);
	m->memory = memory;
	r = map_addresses(m, addresses(memory, true));
	if (r < 0)
		r = map_addresses(m, addresses(memory, false));
	return r == 0 ? 0
		      : machine_fail(error, r,
			    "mmap of %llu bytes of guest memory: %s",
			    (unsigned long long)memory, strerror(-r));
}

static struct vcpu *
vcpu_of(struct hc_thread *thread)
{
	return (struct vcpu *)(void *)((char *)thread -
				       offsetof(struct vcpu, thread));
}

static const uint32_t base_msr[] = {
	[HC_FS] = MSR_FS_BASE,
	[HC_GS] = MSR_GS_BASE,
};

static int
get_base(struct hc_thread *thread, enum hc_base_register which, uint64_t *v)
{
	return kvmcore_get_msr(&vcpu_of(thread)->kvm, base_msr[which], v);
}

static int
set_base(struct hc_thread *thread, enum hc_base_register which, uint64_t v)
{
	return kvmcore_set_msr(&vcpu_of(thread)->kvm, base_msr[which], v);
}

int
machine_add_vcpu(struct machine *m, struct machine_error *error)
{
	struct vcpu *vcpu = &m->vcpu[m->vcpus];
	int r;

	*vcpu = (struct vcpu){
		.kvm.fd = -1,
		.machine = m,
		.id = m->vcpus,
		.thread = {
			.get_base = get_base,
			.set_base = set_base,
			.kick = thread_kick_hc,
			.create = thread_create,
			.start = thread_start,
			.next = thread_next,
		},
	};
	pthread_cond_init(&vcpu->born, NULL);
	r = kvmcore_create_vcpu(m->kvm, m->vm, vcpu->id, &vcpu->kvm);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_CREATE_VCPU %u: %s", vcpu->id, strerror(-r));
	monitor_init_vcpu(m->monitor, vcpu->id);
	m->vcpus++;
	return 0;
}

/* The first thread's: it waits for nothing to be born. */
static int
add_first_vcpu(struct machine *m, struct machine_error *error)
{
	pthread_condattr_t monotonic;
	int r = machine_add_vcpu(m, error);

	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&m->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	m->vcpu[0].thread.tid = m->last_tid = 1;
	m->vcpu[0].state = VCPU_LIVE;
	m->live = 1;
	return r;
}

/* The piece of RAM that ends where RAM does; behind it are the monitor's pages
 * and the tables. */
static unsigned
last_slot(const struct machine *m)
{
	return (unsigned)((m->mem.size - 1) / MACHINE_SLOT);
}

static int
add_slot(struct machine *m, unsigned slot)
{
	uint64_t at = slot * MACHINE_SLOT;
	uint64_t end = slot == last_slot(m)
			   ? m->mem.pt.gpa + m->mem.pt.limit * PAGE_4K
			   : at + MACHINE_SLOT;
	int r;

	if (m->slots[slot / 64] >> slot % 64 & 1)
		return 0;
	r = kvmcore_set_memory(m->vm, slot, at, end - at, m->mem.base + at);
	if (r == 0)
		m->slots[slot / 64] |= UINT64_C(1) << slot % 64;
	return r;
}

static int
provide(struct gmem *mem, uint64_t va, uint64_t len)
{
	struct machine *m =
	    (struct machine *)(void *)((char *)mem -
				       offsetof(struct machine, mem));
	unsigned slot = (unsigned)(va / MACHINE_SLOT);
	unsigned last = (unsigned)((va + len - 1) / MACHINE_SLOT);
	int r = 0;

	for (; r == 0 && slot <= last; slot++)
		r = add_slot(m, slot);
	return r < 0 ? -ENOMEM : 0;
}

static int
create_vm(struct machine *m, struct machine_error *error)
{
	int r;

	r = kvmcore_check(m->kvm, KVM_CAP_SYNC_REGS);
	if (!((unsigned)r & KVM_SYNC_X86_REGS))
		return machine_fail(error, -ENOTSUP,
		    "this KVM has no KVM_CAP_SYNC_REGS (Linux 4.17 has)");
	r = kvmcore_create_vm(m->kvm);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_CREATE_VM: %s", strerror(-r));
	m->vm = r;
	r = add_slot(m, 0);
	if (r == 0)
		r = add_slot(m, last_slot(m));
	if (r < 0)
		return machine_fail(error, r,
		    "KVM_SET_USER_MEMORY_REGION, of %llu bytes: %s",
		    (unsigned long long)m->mem.size, strerror(-r));
	m->mem.provide = provide;
	return 0;
}

int
machine_create(
    struct machine *m, int kvm, uint64_t memory, struct machine_error *error)
{
	int r;

	m->kvm = kvm;
	m->vm = -1;
	r = map_memory(m, memory, error);
	if (r == 0)
		r = create_vm(m, error);
	if (r == 0)
		r = add_first_vcpu(m, error);
	if (r == 0)
		r = cpu_probe(m, error);
	if (r < 0)
		return r;
	hc_guest_init(&m->guest, &m->mem);
	hc_signals_join(&m->guest, &m->vcpu[0].thread, NULL);
	m->guest.world.cpuid = cpu_id;
	return 0;
}

void
machine_destroy(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		kvmcore_vcpu_close(&m->vcpu[i].kvm);
	if (m->vm >= 0)
		close(m->vm);
	if (m->mapping)
		munmap(m->mapping, m->mapping_size);
	memset(m, 0, sizeof(*m));
}

void
machine_time_out(struct machine *m)
{
	unsigned i;

	m->timed_out = 1;
	for (i = 0; i < m->vcpus; i++) {
		m->vcpu[i].thread.kicked = 1;
		m->vcpu[i].kvm.run->immediate_exit = 1;
		thread_kick(&m->vcpu[i]);
	}
	if (m->debug.on)
		debug_interrupt_from_signal(m);
}
