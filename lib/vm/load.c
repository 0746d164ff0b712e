/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From image to address space: segments, break, stack.  Nothing here may know
 * how the image was checked or what runs in it.
 */
#include "vm/error.h"
#include "vm/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define STACK_MAX   (UINT64_C(8) << 20)
#define STACK_SHARE 8 /* of memory, at most one part in so many */
/* Below the stack: what a frame that runs over it hits. */
#define STACK_GUARD (16 * PAGE_4K)

static uint64_t
page_down(uint64_t a)
{
	return a & ~PAGE_4K_MASK;
}

static uint64_t
page_up(uint64_t a)
{
	return page_down(a + PAGE_4K_MASK);
}

/* Bytes of the file into guest RAM by copying. */
static int
copy_segment(const struct machine *m, const struct image_segment *s, int fd,
    struct machine_error *error)
{
	uint8_t *at = m->mem.base + s->vaddr + m->image.bias;
	uint64_t done = 0;

	while (done < s->filesz) {
		ssize_t n = pread(
		    fd, at + done, s->filesz - done, (off_t)(s->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return machine_fail(error, -EIO,
			    "read of the image at %" PRIu64 ": %s",
			    s->offset + done,
			    n < 0 ? strerror(errno) : "it became shorter");
		done += (uint64_t)n;
	}
	return 0;
}

/*
 * The file's own pages, copy-on-write: the time this takes does not grow with
 * them.  What the last page holds behind the segment's bytes is cleared if it
 * belongs to the segment.
 */
static int
map_segment(const struct machine *m, const struct image_segment *s, int fd,
    struct machine_error *error)
{
	uint64_t va = s->vaddr + m->image.bias;
	uint64_t first = page_down(va);
	uint64_t end = va + s->filesz;
	void *p;

	if (s->filesz == 0)
		return 0;
	p = mmap(m->mem.base + first, page_up(end) - first,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, fd,
	    (off_t)(s->offset - (va - first)));
	if (p == MAP_FAILED)
		return machine_fail(error, -errno,
		    "mmap of the image at %" PRIu64 ": %s", s->offset,
		    strerror(errno));
	if (s->memsz > s->filesz)
		memset(m->mem.base + end, 0, page_up(end) - end);
	return 0;
}

static bool
can_map(const struct image *image, const struct image_segment *s)
{
	/* Congruent modulo the page, and no page shared with another. */
	return !image->flat && ((s->vaddr - s->offset) & PAGE_4K_MASK) == 0 &&
	       (s == image->segment ||
		   page_down(s->vaddr) >= page_up(s[-1].vaddr + s[-1].memsz));
}

static int
load_segment(struct machine *m, const struct image_segment *s, int fd,
    struct machine_error *error)
{
	uint64_t va = s->vaddr + m->image.bias;
	uint64_t first = page_down(va);
	int r = gmem_provide(&m->mem, first, page_up(va + s->memsz) - first);

	if (r < 0)
		return machine_fail(
		    error, r, "KVM_SET_USER_MEMORY_REGION: %s", strerror(-r));
	/* A flat image says nothing of its pages: only there W and X meet. */
	space_take(&m->guest.space, first, page_up(va + s->memsz) - first,
	    space_bits(s->prot));
	if (!can_map(&m->image, s))
		return copy_segment(m, s, fd, error);
	if (s->filesz > 0)
		space_take(&m->guest.space, first,
		    page_up(va + s->filesz) - first,
		    space_bits(s->prot) | PTE_FILE);
	return map_segment(m, s, fd, error);
}

static uint64_t
stack_size(const struct machine *m)
{
	uint64_t size = page_down(m->memory / STACK_SHARE);

	return size < STACK_MAX ? size : STACK_MAX;
}

/* The stack ends where RAM ends; its lowest pages are never there. */
static void
make_stack(struct machine *m)
{
	struct space *space = &m->guest.space;
	uint64_t size = stack_size(m);

	m->stack_bottom = m->mem.size - size;
	space_take(
	    space, m->stack_bottom, size, space_bits(PROT_READ | PROT_WRITE));
	space_take(space, space->top, STACK_GUARD, space_bits(PROT_NONE));
	m->guest.limit[RLIMIT_STACK] = (struct hc_limit){ size, size };
	m->guest.limit[RLIMIT_DATA] = (struct hc_limit){ m->memory, m->memory };
}

/* The guest's memory is no child's, and in no core of ours: its own core is
 * made by core.c.  Only advice. */
static void
keep_private(const struct machine *m)
{
	(void)madvise(m->mapping, m->mapping_size, MADV_DONTFORK);
	(void)madvise(m->mapping, m->mapping_size, MADV_DONTDUMP);
}

int
machine_load(struct machine *m, int fd, struct machine_error *error)
{
	const struct image *image = &m->image;
	uint64_t top = m->mem.size - stack_size(m) - STACK_GUARD;
	struct image_error why;
	unsigned i;
	int r;

	if (image_fits(image, top, m->memory - stack_size(m), &why) < 0)
		return machine_fail(error, -ENOEXEC, "%s", why.text);
	space_init(
	    &m->guest.space, &m->mem, page_up(image->end + image->bias), top);
	m->guest.space.limit = m->memory;
	make_stack(m);
	for (i = 0; i < image->segments; i++) {
		r = load_segment(m, &image->segment[i], fd, error);
		if (r < 0)
			return r;
	}
	keep_private(m);
	return 0;
}
