/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynamic memory on brk: one list of free chunks in address order, first fit,
 * neighbours joined when a chunk is freed.  It is simple and good for thousands
 * of chunks, not for millions.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 16	/* of max_align_t (psABI AMD64 supplement, 3.1.2) */
#define GROWTH	  65536 /* bytes requested from brk at once */
#define LARGEST	  (PTRDIFF_MAX - GROWTH) /* differences must not overflow */

/*
 * A chunk: this header and the program's memory after it.  size counts both, in
 * multiples of ALIGNMENT.  A chunk, in use or free, must carry seal() of its
 * header: any other value was overwritten or never returned.
 */
struct chunk {
	size_t size;
	uintptr_t seal;
};

/* A free chunk keeps its links in its unused memory. */
struct free_chunk {
	struct chunk chunk;
	struct free_chunk *next;
};

#define SMALLEST (sizeof(struct chunk) + ALIGNMENT)

_Static_assert(sizeof(struct chunk) % ALIGNMENT == 0, "memory is aligned");
_Static_assert(sizeof(struct free_chunk) <= SMALLEST, "every chunk has room");

#define IN_USE	((uintptr_t)0x5ea1ed0fca11ab1e)
#define IS_FREE ((uintptr_t)0xf4eeb10c4e55aced)

static struct free_chunk *free_list;

/* The seal depends on place and size, so a moved or changed header shows. */
static uintptr_t
seal(const struct chunk *chunk, uintptr_t state)
{
	return state ^ (uintptr_t)chunk ^ (chunk->size << 8);
}

static void
set_state(struct chunk *chunk, uintptr_t state)
{
	chunk->seal = seal(chunk, state);
}

static void *
memory_of(struct chunk *chunk)
{
	return chunk + 1;
}

static char *
end_of(struct free_chunk *chunk)
{
	return (char *)chunk + chunk->chunk.size;
}

/* The chunk of this memory; if none, the program made a mistake. */
static struct chunk *
chunk_of(void *memory)
{
	struct chunk *chunk = (struct chunk *)memory - 1;

	if ((uintptr_t)memory % ALIGNMENT != 0)
		panic("malloc: not an address malloc returned", memory);
	if (chunk->seal == seal(chunk, IS_FREE))
		panic("malloc: freed twice", memory);
	if (chunk->seal != seal(chunk, IN_USE))
		panic(
		    "malloc: overwritten, or never returned by malloc", memory);
	return chunk;
}

static struct free_chunk *
checked(struct free_chunk *chunk)
{
	if (chunk != NULL && chunk->chunk.seal != seal(&chunk->chunk, IS_FREE))
		panic("malloc: written to after it was freed",
		    memory_of(&chunk->chunk));
	return chunk;
}

/* Make `next` follow `chunk`, joined with it if nothing lies between. */
static void
join(struct free_chunk *chunk, struct free_chunk *next)
{
	chunk->next = next;
	if (next == NULL || end_of(chunk) != (char *)next)
		return;
	chunk->chunk.size += next->chunk.size;
	chunk->next = next->next;
	set_state(&chunk->chunk, IS_FREE);
}

static void
put(struct chunk *memory)
{
	struct free_chunk *chunk = (struct free_chunk *)memory;
	struct free_chunk *before = NULL;
	struct free_chunk *after = checked(free_list);

	for (; after != NULL && after < chunk; after = checked(after->next))
		before = after;
	set_state(memory, IS_FREE);
	join(chunk, after);
	if (before == NULL)
		free_list = chunk;
	else
		join(before, chunk);
}

/* Cut a chunk in use to `size`; the rest, if a chunk, becomes free. */
static void
trim(struct chunk *chunk, size_t size)
{
	struct chunk *rest = (struct chunk *)((char *)chunk + size);

	if (chunk->size - size < SMALLEST)
		return;
	rest->size = chunk->size - size;
	chunk->size = size;
	set_state(chunk, IN_USE);
	put(rest);
}

/* Get memory for at least `size` bytes from brk, and add it to the list. */
static int
more(size_t size)
{
	size_t room = (size + GROWTH - 1) / GROWTH * GROWTH;
	char *start = sbrk(0);
	size_t skew = -(uintptr_t)start % ALIGNMENT;
	struct chunk *chunk;

	if (sbrk((intptr_t)(room + skew)) == (void *)-1)
		return -1;
	chunk = (struct chunk *)(start + skew);
	chunk->size = room;
	put(chunk);
	return 0;
}

static struct chunk *
take(size_t size)
{
	struct free_chunk **link;

	for (link = &free_list; checked(*link) != NULL; link = &(*link)->next) {
		struct free_chunk *chunk = *link;

		if (chunk->chunk.size >= size) {
			*link = chunk->next;
			set_state(&chunk->chunk, IN_USE);
			trim(&chunk->chunk, size);
			return &chunk->chunk;
		}
	}
	return NULL;
}

/* The size of a chunk for `size` bytes, or 0 if that is too much. */
static size_t
chunk_size(size_t size)
{
	if (size > LARGEST) {
		errno = ENOMEM;
		return 0;
	}
	size += sizeof(struct chunk) + ALIGNMENT - 1;
	size -= size % ALIGNMENT;
	return size < SMALLEST ? SMALLEST : size;
}

void *
malloc(size_t size)
{
	size_t wanted = chunk_size(size);
	struct chunk *chunk;

	if (wanted == 0)
		return NULL;
	chunk = take(wanted);
	if (chunk == NULL && more(wanted) == 0)
		chunk = take(wanted);
	return chunk == NULL ? NULL : memory_of(chunk);
}

void
free(void *memory)
{
	if (memory != NULL)
		put(chunk_of(memory));
}

void *
calloc(size_t count, size_t size)
{
	void *memory;
	size_t n;

	if (__builtin_mul_overflow(count, size, &n)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = malloc(n);
	return memory == NULL ? NULL : memset(memory, 0, n);
}

void *
realloc(void *memory, size_t size)
{
	size_t wanted = chunk_size(size);
	struct chunk *chunk;
	void *copy;

	if (memory == NULL || wanted == 0)
		return wanted == 0 ? NULL : malloc(size);
	chunk = chunk_of(memory);
	if (chunk->size >= wanted) {
		trim(chunk, wanted);
		return memory;
	}
	copy = malloc(size);
	if (copy == NULL)
		return NULL;
	memcpy(copy, memory, chunk->size - sizeof(*chunk));
	free(memory);
	return copy;
}

/*
 * Take enough memory to find an aligned place in it that leaves a whole free
 * chunk in front, and free the chunk in front.
 */
void *
aligned_alloc(size_t alignment, size_t size)
{
	struct chunk *front, *chunk;
	uintptr_t place;
	char *memory;

	if (alignment == 0 || (alignment & (alignment - 1)) != 0 ||
	    alignment > LARGEST / 2 || size > LARGEST / 2) {
		errno = EINVAL;
		return NULL;
	}
	memory = malloc(size + alignment + SMALLEST);
	if (memory == NULL || alignment <= ALIGNMENT)
		return memory;
	front = chunk_of(memory);
	place = (uintptr_t)memory + SMALLEST + alignment - 1;
	place -= place % alignment;
	chunk = (struct chunk *)place - 1;
	chunk->size = front->size - (size_t)((char *)chunk - (char *)front);
	front->size -= chunk->size;
	set_state(chunk, IN_USE);
	put(front);
	trim(chunk, chunk_size(size));
	return memory_of(chunk);
}
