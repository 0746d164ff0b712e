/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as a recording sees them.  Nothing here may know how one is stored.
 */
#include "hypercall/record/treat.h"

#include "hypercall/signal/send.h"
#include "mem/mapping.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define TEXT_PIECE 4096U

static const struct treat {
	uint8_t how; /* enum hc_treatment */
	uint8_t arg;
} treats[HYPERCALL_END] = {
#define TREAT(name, how, arg) [HC_##name] = { HC_##how, arg },
#include "hypercall/record/treat.def"
#undef TREAT
};

enum hc_treatment
hc_treatment(uint32_t number)
{
	const struct hc_row *row = hc_row(number);

	if (treats[number].how != HC_BY_ROW)
		return (enum hc_treatment)treats[number].how;
	return row->needs[0] < 0 || (row->classes & HC_MEMORY) ? HC_AGAIN
							       : HC_ANSWERED;
}

/* A shared mapping of a file: others see what the guest writes there. */
static bool
shares_file(const struct hc_call *call)
{
	const uint64_t type = call->mmap.flags & MAP_TYPE;

	return !(call->mmap.flags & MAP_ANONYMOUS) && type != MAP_PRIVATE;
}

/* The file's bytes would come back, which nobody has any more. */
static bool
drops_changes(const struct hc_call *call)
{
	return (call->madvise.advice == MADV_DONTNEED ||
		   call->madvise.advice == MADV_DONTNEED_LOCKED) &&
	       space_holds(&call->guest->space, call->madvise.addr,
		   call->madvise.length, PTE_COPIED | PTE_WRITE);
}

/* More would be mapped of a file, or of memory that is one on Linux. */
static bool
lengthens_file(const struct hc_call *call)
{
	const struct space *space = &call->guest->space;
	const uint64_t at = call->mremap.addr, old = call->mremap.old_length;

	return page_up(call->mremap.new_length) > page_up(old) &&
	       (space_holds(space, at, old, PTE_COPIED) ||
		   space_holds(space, at, old, PTE_SHARED));
}

const char *
hc_unrecordable(const struct hc_call *call, uint32_t number)
{
	switch (number) {
	case HC_mmap:
		return shares_file(call) ? "shares the memory of files" : NULL;
	case HC_madvise:
		return drops_changes(call)
			   ? "drops what it has written to a file's pages"
			   : NULL;
	case HC_mremap:
		return lengthens_file(call) ? "lengthens a file's mapping"
					    : NULL;
	default: return NULL;
	}
}

void
hc_begin_treated_mask(struct hc_call *call, uint32_t number)
{
	const unsigned arg = treats[number].arg;
	uint64_t pair[2] = { 0 };

	switch (hc_treatment(number)) {
	case HC_MASKED:
		pair[0] = call->arg[arg];
		pair[1] = call->arg[arg + 1];
		break;
	case HC_PAIRED:
		if (call->arg[arg])
			(void)gmem_read(call->guest->mem, pair, call->arg[arg],
			    sizeof(pair));
		break;
	default: return;
	}
	/* The recorded result says whether that failed. */
	(void)hc_begin_mask(call, pair[0], pair[1]);
}

static enum record_stream
stream_of(const struct hc_call *call, uint64_t fd)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, fd);
	enum record_stream stream = RECORD_NO_STREAM;

	if (!file)
		return stream;
	if (file->host == STDOUT_FILENO)
		stream = RECORD_OUTPUT;
	else if (file->host == STDERR_FILENO)
		stream = RECORD_ERRORS;
	hc_file_put(file);
	return stream;
}

bool
hc_is_shown(const struct hc_call *call, uint32_t number)
{
	return stream_of(call, call->arg[treats[number].arg]) !=
	       RECORD_NO_STREAM;
}

/* A part of memory that may end before its length says so. */
static void
visit_part(const struct hc_call *call, uint64_t va, uint64_t len,
    void (*visit)(void *, const void *, uint64_t), void *context)
{
	const void *bytes = gmem_part(call->guest->mem, va, &len, GMEM_READ);

	if (bytes && len > 0)
		visit(context, bytes, len);
}

static void
visit_text(const struct hc_call *call, uint64_t va,
    void (*visit)(void *, const void *, uint64_t), void *context)
{
	char piece[TEXT_PIECE];
	int64_t len;

	do {
		len = gmem_string(call->guest->mem, piece, sizeof(piece), va);
		if (len < 0 && len != -ENAMETOOLONG)
			return;
		visit(context, piece, len < 0 ? sizeof(piece) : (uint64_t)len);
		va += sizeof(piece);
	} while (len < 0);
}

static void
visit_vector(const struct hc_call *call, uint64_t va, uint64_t parts,
    void (*visit)(void *, const void *, uint64_t), void *context)
{
	struct iovec part;
	uint64_t i;

	for (i = 0; i < parts && i < IOV_MAX; i++) {
		if (gmem_read(call->guest->mem, &part, va + i * sizeof(part),
			sizeof(part)) < 0)
			return;
		visit_part(call, (uintptr_t)part.iov_base, part.iov_len, visit,
		    context);
	}
}

/* The bytes that argument i has the call read. */
static void
visit_arg(const struct hc_call *call, const struct hc_row *row, unsigned i,
    void (*visit)(void *, const void *, uint64_t), void *context)
{
	const struct hc_arg *arg = hc_arg_of(call, row, i);
	const uint64_t va = call->arg[i];

	if (!arg)
		return;
	switch (arg->kind) {
	case HC_ARG_STR:
	case HC_ARG_PATH: visit_text(call, va, visit, context); break;
	case HC_ARG_INBUF:
		visit_part(call, va, call->arg[arg->length], visit, context);
		break;
	case HC_ARG_SOCKADDR:
		visit_part(
		    call, va, (uint32_t)call->arg[arg->length], visit, context);
		break;
	case HC_ARG_INIOV:
		visit_vector(call, va, call->arg[arg->length], visit, context);
		break;
	case HC_ARG_INARR:
	case HC_ARG_INOUTARR:
		visit_part(call, va,
		    (uint32_t)call->arg[arg->length] * (uint64_t)arg->size,
		    visit, context);
		break;
	case HC_ARG_IN:
	case HC_ARG_INOUT:
		if (va)
			visit_part(call, va, arg->size, visit, context);
		break;
	default: break;
	}
}

static void
add_hash(void *context, const void *bytes, uint64_t len)
{
	uint64_t *hash = context;

	*hash = record_hash(bytes, len, *hash);
}

void
hc_describe_call(const struct hc_call *call, const struct hc_row *row,
    uint32_t number, struct record_call *event)
{
	unsigned i;

	*event = (struct record_call){
		.number = number,
		.argc = row->argc,
		.sp = call->sp,
	};
	for (i = 0; i < row->argc; i++) {
		event->arg[i] = call->arg[i];
		visit_arg(call, row, i, add_hash, &event->input);
	}
}

enum record_stream
hc_stream_of(const struct hc_call *call, const struct hc_row *row)
{
	unsigned i;

	if (row == hc_row(HC_torov_print))
		return stream_of(call, STDOUT_FILENO);
	for (i = 1; i < row->argc; i++)
		if (hc_args(row)[0].kind == HC_ARG_FD &&
		    (hc_args(row)[i].kind == HC_ARG_INBUF ||
			hc_args(row)[i].kind == HC_ARG_INIOV))
			return stream_of(call, call->arg[0]);
	return RECORD_NO_STREAM;
}

void
hc_each_output(const struct hc_call *call, const struct hc_row *row,
    void (*visit)(void *context, const void *bytes, uint64_t len),
    void *context)
{
	unsigned i;

	for (i = 0; i < row->argc; i++)
		if (hc_args(row)[i].kind == HC_ARG_INBUF ||
		    hc_args(row)[i].kind == HC_ARG_INIOV ||
		    row == hc_row(HC_torov_print))
			visit_arg(call, row, i, visit, context);
	if (row == hc_row(HC_torov_print))
		visit(context, "\n", 1);
}
