/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording of a guest, and the hash of its memory.  Nothing here may know
 * how a call is recorded.
 */
#include "hypercall/record/recording.h"

#include "hypercall/record/recorder.h"

#include <string.h>

void
hc_recording_attach(struct hc_guest *guest, struct hc_recording *rec)
{
	const bool records = rec->writer != NULL;

	guest->recording = rec;
	rec->guest = guest;
	hc_turns_attach(rec, guest->signals.threads);
	guest->recorded = records ? hc_record_call : hc_replay_call;
	guest->counted = records ? hc_record_counter : hc_replay_counter;
	guest->took = records ? hc_record_signal : hc_replay_signal;
	guest->took_all = records ? hc_record_signals : hc_replay_signals;
	guest->preemption = records ? &hc_record_preemption
				    : &hc_replay_preemption;
	if (records) {
		guest->living = &hc_record_living;
		guest->resumed = hc_record_resumed;
		/* A signal that ends the guest is taken as any other. */
		guest->signals.observed = true;
		guest->mem->lends = &rec->lends;
		return;
	}
	rec->replay.ops = &hc_replay_places;
	guest->replay = &rec->replay;
}

/* `input` is the hash of the bytes; the first `result` of them were written. */
void
hc_recording_add_output(
    struct hc_recording *rec, const struct record_call *event)
{
	const uint64_t part[] = { event->stream, (uint64_t)event->result,
		event->input };

	if (event->stream != RECORD_NO_STREAM && event->result >= 0)
		rec->written = record_hash(part, sizeof(part), rec->written);
}

const int16_t *
hc_replay_needs(uint32_t number)
{
	static const int16_t none[] = { -1 };

	switch (hc_treatment(number)) {
	case HC_AGAIN: return hc_row(number)->needs;
	/* Without a file. */
	case HC_ALONE:
	case HC_MAPPED: return hc_row(HC_munmap)->needs;
	default: return none;
	}
}

static bool
is_zero(const uint8_t page[PAGE_4K])
{
	static const uint8_t zeros[PAGE_4K];

	return memcmp(page, zeros, PAGE_4K) == 0;
}

static void
clear_holes(uint8_t page[PAGE_4K], uint64_t va, const struct hc_holes *holes)
{
	unsigned i;

	for (i = 0; i < holes->n; i++) {
		const uint64_t at = holes->hole[i].va, len = holes->hole[i].len;
		const uint64_t from = at > va ? at - va : 0;
		const uint64_t skip = va > at ? va - at : 0;
		uint64_t n = len > skip ? len - skip : 0;

		if (from >= PAGE_4K)
			continue;
		if (n > PAGE_4K - from)
			n = PAGE_4K - from;
		memset(page + from, 0, n);
	}
}

/* Pages of zeros are left out: whether they were touched is nobody's
 * concern. */
static uint64_t
hash_pages(const struct gmem *mem, uint64_t va, uint64_t end,
    const struct hc_holes *holes, uint64_t hash)
{
	uint8_t page[PAGE_4K];

	for (; va < end; va += PAGE_4K) {
		/* A page that is not in its file any more counts as zeros. */
		if (gmem_copy(page, mem->base + va, PAGE_4K) < PAGE_4K)
			continue;
		clear_holes(page, va, holes);
		if (is_zero(page))
			continue;
		hash = record_hash(&va, sizeof(va), hash);
		hash = record_hash(page, PAGE_4K, hash);
	}
	return hash;
}

uint64_t
hc_memory_hash_but(const struct gmem *mem, const struct hc_holes *holes)
{
	const uint64_t rights = PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_NX;
	uint64_t va, end, bits, hash = 0;

	for (va = 0; va < mem->size; va = end) {
		end = pt_run(&mem->pt, va, mem->size, rights, &bits);
		if (!(bits & PTE_PRESENT))
			continue;
		hash = record_hash(&va, sizeof(va), hash);
		hash = record_hash(&end, sizeof(end), hash);
		hash = record_hash(&bits, sizeof(bits), hash);
		hash = hash_pages(mem, va, end, holes, hash);
	}
	return hash;
}
