/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making and destroying a machine.  Nothing here may know the command line, nor
 * threads.
 */
#include "vm/machine.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/signal/signal.h"
#include "mem/mapping.h"
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/vdso.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Inaccessible host memory on either side of the guest's. */
#define HOST_GUARD PAGE_2M

/* The tables of the smallest guest: of a flat image, whose code and stack lie
 * at the ends of its memory. */
#define FIRST_TABLES 9

static uint64_t
large_page_up(uint64_t a)
{
	return (a + PAGE_2M_MASK) & ~PAGE_2M_MASK;
}

/* Map `size` bytes from a large page on, between guards.  0 or -errno. */
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

/* A flat image reserves nothing: each of its addresses can be filled. */
uint64_t
machine_addresses(uint64_t memory, bool flat)
{
	uint64_t slots = (memory + MACHINE_SLOT - 1) / MACHINE_SLOT;

	return slots * MACHINE_SLOT +
	       (flat ? MACHINE_FLAT_SLOT : MACHINE_SPARE + MACHINE_LAST_SLOT);
}

/* Pages that each start fills: a call for all of them costs about half of a
 * fault for each.  Linux before 5.14 refuses it. */
static void
fill_first(struct machine *m, uint64_t shim)
{
	(void)madvise(m->shim, SHIM_FILLED * PAGE_4K, MADV_POPULATE_WRITE);
	(void)madvise(
	    m->shim + shim, FIRST_TABLES * PAGE_4K, MADV_POPULATE_WRITE);
}

/*
 * One mapping holds RAM, from guest-physical 0, the shim's pages and the page
 * tables.  It starts on a large page, as RAM does for the guest, and is never
 * executable for the host.
 */
static int
map_addresses(struct machine *m, uint64_t size)
{
	unsigned tables = pt_tables_for(size, SHIM_TABLES);
	uint64_t shim = SHIM_PAGES * PAGE_4K;
	uint64_t rest = shim + tables * PAGE_4K;
	int r = map_between_guards(m, size + rest);

	if (r < 0)
		return r;
	m->mem.size = size;
	m->shim = m->mem.base + size;
	/* Or the first touch of a page would clear 2 MiB, which would stay
	 * beyond what the guest's memory counts: see gmem_let_huge(). */
	(void)gmem_let_huge(&m->mem, 0, size + rest, false);
	fill_first(m, shim);
	pt_init(&m->mem.pt, (uint64_t *)(void *)(m->shim + shim), size + shim,
	    tables);
	shim_init(m->shim, size, &m->mem.pt);
	return 0;
}

/* If the host limits addresses, or counts them as memory, the guest has no more
 * addresses than memory. */
static int
map_memory(struct machine *m, uint64_t memory, struct machine_error *error)
{
	int r;

	m->memory = memory;
	r = map_addresses(m, machine_addresses(memory, m->image.flat));
	if (r < 0)
		r = map_addresses(m, memory);
	return r == 0
		   ? 0
		   : machine_fail(error, r,
			 "mmap of %llu bytes of guest memory: %s; give it less"
			 " with --memory",
			 (unsigned long long)memory, strerror(-r));
}

unsigned
machine_descriptors(const struct machine *m, int *fds)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		fds[i] = m->vcpu[i].kvm.fd;
	return i;
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
	};
	pthread_cond_init(&vcpu->born, NULL);
	r = kvmcore_create_vcpu(m->kvm, m->vm, vcpu->id, &vcpu->kvm);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_CREATE_VCPU %u: %s", vcpu->id, strerror(-r));
	shim_init_vcpu(m->shim, vcpu->id);
	r = vdso_set_counter(vcpu);
	if (r < 0)
		return machine_fail(error, r,
		    "KVM_VCPU_TSC_OFFSET of vCPU %u: %s", vcpu->id,
		    strerror(-r));
	m->vcpus++;
	return 0;
}

/* The first thread's vCPU, which is live from the start. */
static int
add_first_vcpu(struct machine *m, struct machine_error *error)
{
	pthread_condattr_t monotonic;
	int r;

	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&m->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	m->live = 1;
	m->last_tid = 1;
	r = machine_add_vcpu(m, error);
	m->vcpu[0].thread.tid = m->last_tid;
	m->vcpu[0].state = VCPU_LIVE;
	return r;
}

static unsigned
slot_of(uint64_t gpa)
{
	return gpa < MACHINE_FIRST_SLOT ? 0
					: (unsigned)(gpa / MACHINE_SLOT) + 1;
}

static uint64_t
slot_start(unsigned slot)
{
	switch (slot) {
	case 0: return 0;
	case 1: return MACHINE_FIRST_SLOT;
	default: return (slot - 1) * MACHINE_SLOT;
	}
}

/* The slot that holds the end of RAM, the shim's pages and the tables. */
static unsigned
last_slot(const struct machine *m)
{
	return slot_of(m->mem.size - 1);
}

static bool
has_slot(const struct machine *m, unsigned slot)
{
	return m->slots[slot / 64] >> slot % 64 & 1;
}

static uint64_t
slot_size(const struct machine *m, unsigned slot)
{
	uint64_t end = slot == last_slot(m)
			   ? m->mem.pt.gpa + m->mem.pt.limit * PAGE_4K
			   : slot_start(slot + 1);

	return end - slot_start(slot);
}

uint64_t
machine_slot(const struct machine *m, unsigned slot, uint64_t *at)
{
	*at = slot_start(slot);
	return has_slot(m, slot) ? slot_size(m, slot) : 0;
}

static int
add_slot(struct machine *m, unsigned slot)
{
	uint64_t at = slot_start(slot);
	int r;

	if (has_slot(m, slot))
		return 0;
	r = kvmcore_set_memory(
	    m->vm, slot, at, slot_size(m, slot), m->mem.base + at);
	if (r == 0)
		m->slots[slot / 64] |= UINT64_C(1) << slot % 64;
	return r;
}

static struct machine *
machine_of(const struct gmem *mem)
{
	return (
	    struct machine *)((uintptr_t)mem - offsetof(struct machine, mem));
}

static bool
is_over(const struct gmem *mem)
{
	return machine_is_over(machine_of(mem));
}

static int
provide_slots(struct gmem *mem, uint64_t va, uint64_t len)
{
	struct machine *m = machine_of(mem);
	unsigned slot = slot_of(va);
	unsigned last = slot_of(va + len - 1);
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
		    "this KVM lacks KVM_CAP_SYNC_REGS; Linux 4.17 has it");
	r = kvmcore_create_vm(m->kvm);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_CREATE_VM: %s", strerror(-r));
	m->vm = r;
	r = add_slot(m, last_slot(m));
	if (r < 0)
		return machine_fail(error, r,
		    "KVM_SET_USER_MEMORY_REGION, of %llu bytes: %s; give it"
		    " less with --memory",
		    (unsigned long long)m->mem.size,
		    r == -EINVAL ? "more than the host's processor can address"
				 : strerror(-r));
	m->mem.provide = provide_slots;
	m->mem.over = is_over;
	return 0;
}

static void
read_cpuid(const struct hc_guest *guest, uint32_t function, uint32_t index,
    uint32_t reg[4])
{
	const struct machine *m =
	    (const struct machine *)(const void *)((const char *)guest -
						   offsetof(
						       struct machine, guest));

	cpu_id(m, function, index, reg);
}

struct vcpu *
machine_thread(struct machine *m, int tid)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) && m->vcpu[i].thread.tid == tid)
			return &m->vcpu[i];
	return NULL;
}

void
machine_init(struct machine *m)
{
	gmem_init(&m->mem);
	hc_guest_init(&m->guest, &m->mem);
	m->guest.world.cpuid = read_cpuid;
}

int
machine_create(
    struct machine *m, int kvm, uint64_t memory, struct machine_error *error)
{
	int r;

	if (!m->guest.mem) {
		gmem_init(&m->mem);
		hc_guest_init_bare(&m->guest, &m->mem);
	}
	m->debug.breaks.mem = &m->mem;
	pthread_mutex_init(&m->ending, NULL);
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
	hc_signals_join(&m->guest, &m->vcpu[0].thread, NULL);
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
	vdso_destroy(m);
	if (m->mapping)
		munmap(m->mapping, m->mapping_size);
}
