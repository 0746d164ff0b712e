/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From image to address space: segments, break, stack.  Nothing here may know
 * how the image was checked or what runs in it.
 */
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/machine.h"
#include "vm/vdso.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK_MAX   (UINT64_C(8) << 20)
#define STACK_SHARE 8 /* the stack is at most this part of memory */

/*
 * Places that m->random moves: the bits of it that are the number of pages, and
 * the part of all addresses that a place is moved by at most.
 */
enum place { PLACE_IMAGE, PLACE_MMAP, PLACE_BREAK };

static const struct {
	unsigned shift, bits, share;
} places[] = {
	[PLACE_IMAGE] = { 0, 20, 16 },
	[PLACE_MMAP] = { 20, 20, 16 },
	[PLACE_BREAK] = { 40, 9, 1024 },
};

_Static_assert(IMAGE_PAGE == PAGE_4K, "the image was checked for these pages");

/* A file that is being loaded; `name` is its name in the guest's tree, and ""
 * for the program. */
struct loaded {
	struct machine *m;
	const struct image *image;
	const char *name;
	int fd;
};

/* Copy bytes of the file into guest RAM. */
static int
copy_segment(const struct loaded *l, const struct image_segment *s,
    struct machine_error *error)
{
	uint8_t *at = l->m->mem.base + s->vaddr + l->image->bias;
	uint64_t done = 0;

	while (done < s->filesz) {
		ssize_t n = pread(l->fd, at + done, s->filesz - done,
		    (off_t)(s->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return machine_fail(error, -EIO,
			    "read of the image at %" PRIu64 ": %s",
			    s->offset + done,
			    n < 0 ? strerror(errno)
				  : "the file is shorter now");
		done += (uint64_t)n;
	}
	return 0;
}

/*
 * Map the file's own pages, copy-on-write, in a time that does not grow with
 * their number.  The rest of the last page is cleared if it belongs to the
 * segment.
 */
static int
map_segment(const struct loaded *l, const struct image_segment *s,
    struct machine_error *error)
{
	uint8_t *base = l->m->mem.base;
	uint64_t va = s->vaddr + l->image->bias;
	uint64_t first = page_down(va);
	uint64_t end = va + s->filesz;
	void *p;

	if (s->filesz == 0)
		return 0;
	p = mmap(base + first, page_up(end) - first, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, l->fd,
	    (off_t)(s->offset - (va - first)));
	if (p == MAP_FAILED)
		return machine_fail(error, -errno,
		    "mmap of the image at %" PRIu64 ": %s", s->offset,
		    strerror(errno));
	if (s->memsz > s->filesz)
		memset(base + end, 0, page_up(end) - end);
	return 0;
}

/* The segment's file and memory addresses must agree modulo the page, and no
 * page may be shared with another segment: the later one would be copied into
 * the file's page, which would then pass for anonymous memory. */
static bool
can_map(const struct image *image, const struct image_segment *s)
{
	const struct image_segment *last = &image->segment[image->segments - 1];

	return ((s->vaddr - s->offset) & PAGE_4K_MASK) == 0 &&
	       (s == image->segment ||
		   page_down(s->vaddr) >= page_up(s[-1].vaddr + s[-1].memsz)) &&
	       (s == last ||
		   page_up(s->vaddr + s->memsz) <= page_down(s[1].vaddr));
}

/* For /proc: these pages are the file's. */
static void
note_segment(const struct loaded *l, const struct image_segment *s)
{
	uint64_t va = s->vaddr + l->image->bias;
	uint64_t before = va - page_down(va);
	struct hc_mapped_file file;
	struct stat st;

	if (s->filesz == 0 || s->offset < before || fstat(l->fd, &st) < 0)
		return;
	snprintf(file.name, sizeof(file.name), "%s", l->name);
	file.device = st.st_dev;
	file.inode = st.st_ino;
	hc_mapped_set(&l->m->guest.mapped, page_down(va),
	    page_up(va + s->filesz), &file, s->offset - before);
}

/* Can code of the flat image execute CPUID?  Its bytes may lie anywhere. */
static bool
may_ask_cpuid(const struct loaded *l, const struct image_segment *s)
{
	static const uint8_t cpuid[] = { 0x0f, 0xa2 };

	return l->m->mem.size > CPU_PLAIN_ADDRESSES ||
	       memmem(
		   l->m->mem.base + s->vaddr, s->filesz, cpuid, sizeof(cpuid));
}

static int
load_flat(const struct loaded *l, const struct image_segment *s,
    struct machine_error *error)
{
	int r = copy_segment(l, s, error);

	if (r == 0 && may_ask_cpuid(l, s))
		cpu_show_plain(l->m);
	return r;
}

static int
load_segment(const struct loaded *l, const struct image_segment *s,
    struct machine_error *error)
{
	struct machine *m = l->m;
	uint64_t va = s->vaddr + l->image->bias;
	uint64_t first = page_down(va);
	int r = gmem_provide(&m->mem, first, page_up(va + s->memsz) - first);

	if (r < 0)
		return machine_fail(
		    error, r, "KVM_SET_USER_MEMORY_REGION: %s", strerror(-r));
	note_segment(l, s);
	/* A flat image does not state rights: only there W and X meet. */
	space_take(&m->guest.space, first, page_up(va + s->memsz) - first,
	    space_bits(s->prot));
	if (l->image->flat)
		return load_flat(l, s, error);
	if (!can_map(l->image, s))
		return copy_segment(l, s, error);
	if (s->filesz > 0)
		space_take(&m->guest.space, first,
		    page_up(va + s->filesz) - first,
		    space_bits(s->prot) | PTE_FILE);
	return map_segment(l, s, error);
}

static int
load_segments(const struct loaded *l, struct machine_error *error)
{
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < l->image->segments; i++)
		r = load_segment(l, &l->image->segment[i], error);
	return r;
}

/* How far a place is moved: whole pages, or 0. */
static uint64_t
moved(const struct machine *m, enum place place)
{
	const uint64_t pages = m->mem.size / places[place].share / PAGE_4K;
	const uint64_t mask = (UINT64_C(1) << places[place].bits) - 1;

	return ((m->random >> places[place].shift) & mask) % (pages + 1) *
	       PAGE_4K;
}

static uint64_t
stack_size(uint64_t memory)
{
	uint64_t size = page_down(memory / STACK_SHARE);

	return size < STACK_MAX ? size : STACK_MAX;
}

/* The stack ends where RAM ends; the guard below it is never accessible. */
static void
make_stack(struct machine *m)
{
	struct space *space = &m->guest.space;
	uint64_t size = stack_size(m->memory);

	m->stack_bottom = space->stack = m->mem.size - size;
	space_take_stack(space);
	space_take(space, m->stack_bottom - MACHINE_STACK_GUARD,
	    MACHINE_STACK_GUARD, space_bits(PROT_NONE));
	m->guest.limit[RLIMIT_STACK] = (struct hc_limit){ size, size };
	m->guest.limit[RLIMIT_AS] = (struct hc_limit){ m->mem.size,
		m->mem.size };
	m->guest.limit[RLIMIT_DATA] = (struct hc_limit){ m->memory, m->memory };
	m->guest.limit[RLIMIT_NPROC] = (struct hc_limit){ MACHINE_VCPUS,
		MACHINE_VCPUS };
	hc_fds_set_memory(&m->guest.fds, m->memory);
}

/* Keep the guest's memory out of a core of novillo: core.c writes the guest's
 * own core.  This is only advice. */
static void
keep_private(const struct machine *m)
{
	(void)madvise(m->mapping, m->mapping_size, MADV_DONTDUMP);
}

/* Where the guest's addresses below the stack and its guard end. */
static uint64_t
stack_floor(uint64_t addresses, uint64_t memory)
{
	return addresses - stack_size(memory) - MACHINE_STACK_GUARD;
}

/* Is there room for the image and the stack? */
static int
check_room(const struct image *image, uint64_t addresses, uint64_t memory,
    struct machine_error *error)
{
	struct image_error why;

	if (image_fits(image, stack_floor(addresses, memory) - VDSO_ROOM,
		memory - stack_size(memory), &why) < 0)
		return machine_fail(error, -ENOEXEC, "%s", why.text);
	return 0;
}

int
machine_fits(
    const struct image *image, uint64_t memory, struct machine_error *error)
{
	return check_room(
	    image, machine_addresses(memory, image->flat), memory, error);
}

/* The interpreter lies where mmap would put it, or at its own addresses if they
 * are free. */
static int
load_interp(struct machine *m, int fd, struct machine_error *error)
{
	const struct loaded interp = { m, &m->interp, m->interp_name, fd };
	const struct space *space = &m->guest.space;
	const uint64_t size = page_up(m->interp.end) - m->interp.lowest;
	uint64_t first = m->interp.lowest;

	if (m->interp.pie) {
		first = space_find(space, size, m->interp.align);
		image_place(&m->interp, first);
	}
	if (first < SPACE_MIN || size > space->top ||
	    first > space->top - size || !space_is_free(space, first, size))
		return machine_fail(error, -ENOEXEC,
		    "its interpreter does not fit: it needs %" PRIu64
		    " KiB of free addresses at 0x%" PRIx64,
		    size >> 10, first);
	return load_segments(&interp, error);
}

/* The range from the first executable segment to the end of the last one's
 * bytes in the file; and that from the last segment to the end of all bytes
 * (load_elf_binary() in fs/binfmt_elf.c). */
static void
note_spans(struct hc_world *world, const struct image *image)
{
	struct hc_span *code = &world->code, *data = &world->data;
	unsigned i;

	*code = (struct hc_span){ UINT64_MAX, 0 };
	*data = (struct hc_span){ 0, 0 };
	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		const uint64_t from = s->vaddr + image->bias;
		const uint64_t to = from + s->filesz;

		if ((s->prot & PROT_EXEC) && from < code->from)
			code->from = from;
		if ((s->prot & PROT_EXEC) && to > code->to)
			code->to = to;
		if (from > data->from)
			data->from = from;
		if (to > data->to)
			data->to = to;
	}
}

int
machine_load(struct machine *m, int fd, int interp, struct machine_error *error)
{
	const struct loaded program = { m, &m->image, "", fd };
	const struct image *image = &m->image;
	const uint64_t addresses = m->mem.size - moved(m, PLACE_MMAP);
	int r;

	image_place(&m->image,
	    moved(m, PLACE_IMAGE) +
		(m->mem.size < MACHINE_SPARE ? IMAGE_PIE_LOW : IMAGE_PIE_BASE));
	r = check_room(
	    image, addresses - moved(m, PLACE_BREAK), m->memory, error);
	if (r < 0)
		return r;
	space_init(&m->guest.space, &m->mem,
	    page_up(image->end + image->bias) + moved(m, PLACE_BREAK),
	    stack_floor(addresses, m->memory));
	m->guest.space.low = image->lowest + image->bias;
	m->guest.space.limit = m->memory;
	m->guest.space.jit = m->guest.policy.jit;
	m->guest.space.eager = m->guest.policy.eager;
	note_spans(&m->guest.world, image);
	make_stack(m);
	r = vdso_map(m, m->guest.space.top, error);
	if (r == 0)
		r = load_segments(&program, error);
	if (r == 0 && m->interp.segments > 0)
		r = load_interp(m, interp, error);
	if (r == 0)
		keep_private(m);
	return r;
}
