/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping the vDSO.  Nothing here may know what is in it.
 */
#include "vm/vdso.h"

#include "vm/error.h"
#include "vm/machine.h"

#include <assert.h>
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* vdsoimage.S */
extern const uint8_t vdso_image[] __attribute__((visibility("hidden")));
extern const uint8_t vdso_image_end[] __attribute__((visibility("hidden")));

static const char source_path[] =
    "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/* AMD APM vol. 3, E.4.7: CPUID 0x80000007, the counter is invariant. */
#define LEAF_POWER    0x80000007U
#define INVARIANT_TSC (1U << 8)

static bool
counter_is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(LEAF_POWER, &a, &b, &c, &d) && d & INVARIANT_TSC;
}

/*
 * Do the host's clocks go by the counter, as user code reads it?  Linux chooses
 * "tsc" only after it has proved the counter; under a hypervisor it may take
 * that one's word and correct the counter, unless that is steady by itself.
 */
static bool
host_goes_by_counter(void)
{
	char source[32] = "";
	int fd = open(source_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, source, sizeof(source) - 1) < 0)
		source[0] = '\0';
	close(fd);
	return strcmp(source, "tsc\n") == 0 ||
	       (strcmp(source, "kvm-clock\n") == 0 && counter_is_invariant());
}

void
vdso_want(struct machine *m)
{
	m->vdso = true;
	m->same_counter = host_goes_by_counter();
}

int
vdso_set_counter(const struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	int r;

	if (!m->same_counter)
		return 0;
	r = kvmcore_set_tsc_offset(&vcpu->kvm, 0);
	if (r == 0 || vcpu->id > 0)
		return r;
	/* Before Linux 5.16: no vCPU has it. */
	m->same_counter = false;
	return 0;
}

/* Take pages of the guest's for a part, and note the part's name for /proc. */
static int
take(struct machine *m, uint64_t va, uint64_t len, uint64_t bits,
    const char *name)
{
	struct hc_mapped_file file = { .name = "" };
	int r = gmem_provide(&m->mem, va, len);

	if (r < 0)
		return r;
	strcpy(file.name, name);
	hc_mapped_set(&m->guest.mapped, va, va + len, &file, 0);
	space_take(&m->guest.space, va, len, bits);
	return 0;
}

/* Two mappings of one page: the writer's, and the guest's at `va`, which the
 * host must not write either.  0 or -errno. */
static int
map_clocks(struct machine *m, uint64_t va)
{
	const uint64_t bits = space_bits(PROT_READ) | PTE_FILE | PTE_SHARED |
			      PTE_NEVER_WRITE;
	uint8_t *there = m->mem.base + va;
	void *page = mmap(NULL, PAGE_4K, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	m->clocks = page;
	if (mremap(page, 0, PAGE_4K, MREMAP_MAYMOVE | MREMAP_FIXED, there) ==
		MAP_FAILED ||
	    mprotect(there, PAGE_4K, PROT_READ) < 0)
		return -errno;
	if (m->same_counter)
		hc_timepage_init(&m->guest.time, page);
	else
		m->clocks->sequence = CLOCK_PAGE_EMPTY;
	return take(m, va, PAGE_4K, bits, "[vvar]");
}

static int
map_code(struct machine *m, uint64_t va, uint64_t size)
{
	int r = take(
	    m, va, page_up(size), space_bits(PROT_READ | PROT_EXEC), "[vdso]");

	if (r < 0)
		return r;
	memcpy(m->mem.base + va, vdso_image, size);
	m->vdso_at = va;
	return 0;
}

int
vdso_map(struct machine *m, uint64_t top, struct machine_error *error)
{
	uint64_t size = (uint64_t)(vdso_image_end - vdso_image);
	uint64_t va = top - page_up(size);
	int r;

	assert(page_up(size) + PAGE_4K <= VDSO_ROOM);
	if (!m->vdso)
		return 0;
	r = map_code(m, va, size);
	if (r == 0)
		r = map_clocks(m, va - PAGE_4K);
	return r == 0 ? 0
		      : machine_fail(
			    error, r, "mmap of the vDSO: %s", strerror(-r));
}

void
vdso_destroy(struct machine *m)
{
	if (m->clocks)
		munmap(m->clocks, PAGE_4K);
}
