/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a recording.  Nothing here may know how calls are recorded.
 */
#include "recording.h"

#include "outfile.h"
#include "processor.h"
#include "run.h"
#include "say.h"

#include "hypercall/record/recorder.h"
#include "hypercall/task/task.h"
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Flags of the header. */
#define FLAG_JIT    1U
#define FLAG_KILL   2U
#define FLAG_FLAT   4U
#define FLAG_ASLR   8U
#define FLAGS_KNOWN 15U

#define SET_WORDS (sizeof(((struct hc_set *)0)->bits) / sizeof(uint64_t))

/* One guest a process. */
static struct record_writer writer;
static struct record_reader reader;

int
recording_check(const struct options *o)
{
	if (o->record && o->replay)
		say("--record and --replay exclude each other");
	else if ((o->record || o->replay) && o->multi)
		say("--%s and --multi exclude each other",
		    o->record ? "record" : "replay");
	else
		return 0;
	return -1;
}

static int
write_blocks(void *context, const void *bytes, size_t len)
{
	const struct recording *rec = context;
	const uint8_t *p = bytes;

	while (len > 0) {
		ssize_t n = write(rec->fd, p, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
draft_block(void *context, uint64_t offset, const void *bytes, size_t len)
{
	const struct recording *rec = context;
	const uint8_t *p = bytes;

	while (len > 0) {
		ssize_t n = pwrite(rec->fd, p, len, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			offset += (uint64_t)n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int64_t
read_blocks(void *context, uint64_t offset, void *bytes, size_t len)
{
	const struct recording *rec = context;
	ssize_t n;

	/* A replay may go back, and another process may read the same file. */
	do
		n = pread(rec->fd, bytes, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* CPUID, where the guest sees the host's, is not to change while it runs.  The
 * guest sees as many processors as before. */
static int
stay(struct hc_guest *guest)
{
	const int64_t cpus = hc_count_cpus(guest);
	int r;

	if (kvmcore_has_hardware())
		return 0;
	r = cpus < 0 ? (int)cpus : processor_stay();
	if (r < 0)
		say("--record: cannot stay on one processor: %s", strerror(-r));
	else
		guest->world.cpus = (uint32_t)cpus;
	return r;
}

/* The hash of a file's contents: 0 or -errno. */
static int
hash_file(int fd, uint64_t *hash)
{
	static uint8_t buffer[RECORD_BLOCK];
	off_t at = 0;
	ssize_t n;

	*hash = 0;
	while ((n = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		*hash = record_hash(buffer, (size_t)n, *hash);
		at += n;
	}
	return n < 0 ? -errno : 0;
}

/* The host's name of an open file, and the hash of its contents. */
static int
find_file(struct recorded_file *file, int fd, const char *fallback)
{
	char link[32];
	ssize_t n;
	int r;

	if (fd < 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, file->path, sizeof(file->path) - 1);
	if (n <= 0)
		snprintf(file->path, sizeof(file->path), "%s", fallback);
	r = hash_file(fd, &file->hash);
	if (r < 0)
		say("%s: %s", fallback, strerror(-r));
	return r;
}

/* The file holds the guest's data. */
int
recording_create(struct recording *rec, const struct options *o,
    const struct program *p, struct hc_guest *guest)
{
	if (stay(guest) < 0)
		return -1;
	rec->fd = outfile_private("--record", o->record);
	if (rec->fd < 0 || find_file(&rec->program, p->fd, o->guest) < 0 ||
	    find_file(&rec->interp, p->interp_fd, p->interp_name) < 0)
		return -1;
	writer.write = write_blocks;
	writer.draft = draft_block;
	writer.context = rec;
	record_open(&writer);
	rec->calls.writer = &writer;
	rec->calls.limit = o->record_limit;
	return 0;
}

static void
put_file(const struct recorded_file *file)
{
	record_put_text(&writer, file->path);
	record_put_bytes(&writer, &file->hash, sizeof(file->hash));
}

static void
put_policy(const struct options *o)
{
	size_t i;

	record_put(&writer, (o->jit ? FLAG_JIT : 0) |
				(o->on_deny == ON_DENY_KILL ? FLAG_KILL : 0) |
				(o->flat ? FLAG_FLAT : 0) |
				(o->aslr ? FLAG_ASLR : 0));
	record_put(&writer, o->flat_start);
	record_put(&writer, o->memory);
	record_put(&writer, SET_WORDS);
	for (i = 0; i < SET_WORDS; i++) {
		record_put_bytes(
		    &writer, &o->allowed.bits[i], sizeof(uint64_t));
		record_put_bytes(&writer, &o->allowed.own[i], sizeof(uint64_t));
	}
}

static void
put_cpuid(const struct machine_cpuid *cpuid)
{
	uint32_t i;

	record_put(&writer, cpuid->nent);
	for (i = 0; i < cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *leaf = &cpuid->entries[i];

		record_put(&writer, leaf->function);
		record_put(&writer, leaf->index);
		record_put(&writer, leaf->flags);
		record_put(&writer, leaf->eax);
		record_put(&writer, leaf->ebx);
		record_put(&writer, leaf->ecx);
		record_put(&writer, leaf->edx);
	}
}

static void
put_header(const struct recording *rec, const struct options *o,
    const struct machine *m, const struct program *p)
{
	record_begin(&writer, RECORD_HEADER);
	put_policy(o);
	record_put(&writer, m->mem.size);
	record_put(&writer, m->guest.world.uid);
	record_put(&writer, m->guest.world.gid);
	record_put_text(&writer, o->guest);
	put_file(&rec->program);
	put_file(&rec->interp);
	record_put_text(&writer, p->interp_fd >= 0 ? p->interp_name : "");
	put_cpuid(&m->cpuid);
	if (o->aslr)
		record_put(&writer, m->random);
}

/* The stack has arguments, environment and the auxiliary vector. */
static void
put_start(const struct machine *m)
{
	const uint64_t sp = machine_start_stack(m);
	const uint64_t len = machine_stack_end(m) - sp;

	record_begin(&writer, RECORD_START);
	record_put(&writer, len);
	record_put(&writer, m->auxv - sp);
	record_put(&writer, m->auxv_size);
	record_put_bytes(&writer, m->mem.base + sp, len);
}

static void
get_policy(struct options *o)
{
	const uint64_t flags = record_get(&reader);
	size_t i;

	o->jit = flags & FLAG_JIT;
	o->on_deny = flags & FLAG_KILL ? ON_DENY_KILL : ON_DENY_ERRNO;
	o->flat = flags & FLAG_FLAT;
	o->aslr = flags & FLAG_ASLR;
	o->flat_or_elf = false;
	o->flat_start = record_get(&reader);
	o->memory = record_get(&reader);
	if (flags & ~(uint64_t)FLAGS_KNOWN ||
	    record_get(&reader) != SET_WORDS ||
	    o->memory < MACHINE_MIN_MEMORY || o->memory > MACHINE_MAX_MEMORY ||
	    o->memory % PAGE_4K)
		record_reject(&reader);
	for (i = 0; i < SET_WORDS; i++) {
		record_get_bytes(
		    &reader, &o->allowed.bits[i], sizeof(uint64_t));
		record_get_bytes(&reader, &o->allowed.own[i], sizeof(uint64_t));
	}
}

static uint32_t
get_word(void)
{
	const uint64_t word = record_get(&reader);

	if (word > UINT32_MAX)
		record_reject(&reader);
	return (uint32_t)word;
}

static void
get_cpuid(struct machine_cpuid *cpuid)
{
	uint32_t i;

	cpuid->nent = get_word();
	if (cpuid->nent > MACHINE_CPUID) {
		record_reject(&reader);
		cpuid->nent = 0;
	}
	for (i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *leaf = &cpuid->entries[i];

		leaf->function = get_word();
		leaf->index = get_word();
		leaf->flags = get_word();
		leaf->eax = get_word();
		leaf->ebx = get_word();
		leaf->ecx = get_word();
		leaf->edx = get_word();
	}
}

static void
get_file(struct recorded_file *file)
{
	record_get_text(&reader, file->path, sizeof(file->path));
	record_get_bytes(&reader, &file->hash, sizeof(file->hash));
}

static bool
get_header(struct recording *rec, struct options *o)
{
	if (record_next(&reader) != RECORD_HEADER)
		record_reject(&reader);
	get_policy(o);
	rec->addresses = record_get(&reader);
	rec->uid = get_word();
	rec->gid = get_word();
	record_get_text(&reader, rec->guest, sizeof(rec->guest));
	get_file(&rec->program);
	get_file(&rec->interp);
	record_get_text(&reader, rec->interp_name, sizeof(rec->interp_name));
	get_cpuid(&rec->cpuid);
	rec->random = o->aslr ? record_get(&reader) : 0;
	return reader.state == RECORD_GOOD;
}

static void
begin_reading(struct recording *rec)
{
	reader.read = read_blocks;
	reader.context = rec;
	record_start(&reader);
	rec->calls.reader = &reader;
}

int
recording_reopen(struct recording *rec, struct options *o)
{
	o->replay = o->record;
	o->record = NULL;
	rec->calls = (struct hc_recording){
		.shown = UINT64_MAX,
		.replay.open = true,
	};
	begin_reading(rec);
	if (get_header(rec, o))
		return 0;
	say("--record=%s: %s", o->replay, record_state_text(&reader));
	return -1;
}

/* A recording does not use more of the host's memory than its user knows of. */
static int
check_memory(const struct options *o, uint64_t most)
{
	const uint64_t mib = UINT64_C(1) << 20;

	if (o->memory <= most)
		return 0;
	say("--replay=%s: the guest has %" PRIu64 " MiB of memory: if it may"
	    " have that here, add --memory=%" PRIu64 "M",
	    o->replay, (o->memory + mib - 1) / mib,
	    (o->memory + mib - 1) / mib);
	return -1;
}

/* Go to the recorded processor, where the guest sees the host's CPUID. */
static int
move(const struct machine_cpuid *cpuid)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < cpuid->nent && !kvmcore_has_hardware(); i++)
		if (cpuid->entries[i].function == 1)
			r = processor_move(cpuid->entries[i].ebx);
	if (r < 0)
		say("--replay: cannot run on the processor of the recording,"
		    " which this KVM shows to the guest: %s",
		    r == -ESRCH ? "it is not here" : strerror(-r));
	return r;
}

static int
open_recording(struct recording *rec, const char *name)
{
	struct stat st;

	rec->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (rec->fd < 0 || fstat(rec->fd, &st) < 0)
		say("--replay=%s: %s", name, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		say("--replay=%s: it is %s, not a regular file", name,
		    machine_file_kind(st.st_mode));
	else
		return 0;
	return -1;
}

/* The words after --replay=FILE: the recorded program and its interpreter, if
 * they are not where they were. */
static int
take_given(struct recording *rec, char **word)
{
	unsigned i, words = 0;

	while (word[words])
		words++;
	if (words > 2) {
		say("%s: a recording has its guest's arguments, and at most the"
		    " program and its interpreter follow --replay=FILE",
		    word[2]);
		return -1;
	}
	for (i = 0; i < words; i++)
		rec->given[i] = word[i];
	return 0;
}

int
recording_open(struct recording *rec, struct options *o)
{
	const uint64_t most = o->memory;

	if (take_given(rec, o->argv) < 0 || open_recording(rec, o->replay) < 0)
		return -1;
	begin_reading(rec);
	if (!get_header(rec, o)) {
		say("--replay=%s: %s", o->replay, record_state_text(&reader));
		return -1;
	}
	if (check_memory(o, most) < 0 || move(&rec->cpuid) < 0)
		return -1;
	o->guest = rec->guest;
	o->arg[0] = o->guest;
	o->argv = o->arg;
	o->envs = o->volumes = o->nets = 0;
	o->env[0] = NULL;
	o->volume_program = false;
	o->chdir = NULL;
	return 0;
}

/* Where a recorded file is now: NULL after a message. */
static const char *
locate(const struct recorded_file *file, const char *given, const char *what,
    int *status)
{
	const char *path = given ? given : file->path;

	if (given && !*file->path) {
		say("%s: the recorded program has no %s: leave this word out",
		    given, what);
		*status = STATUS_FAILED;
		return NULL;
	}
	if (given || !*path || access(path, F_OK) == 0)
		return path;
	say("%s: %s: write the name that the recorded %s has now after"
	    " --replay=FILE",
	    path, strerror(errno), what);
	*status = STATUS_NOT_FOUND;
	return NULL;
}

/* Is it still the file that was recorded? */
static int
compare_file(const struct recorded_file *file, const char *path, int fd)
{
	uint64_t hash;
	int r = hash_file(fd, &hash);

	if (r == 0 && hash == file->hash)
		return 0;
	if (r < 0)
		say("%s: %s", path, strerror(-r));
	else
		say("%s: it has changed since the recording was made: put back"
		    " the file as it was, or write the name of one that is the"
		    " same after --replay=FILE",
		    path);
	return -1;
}

int
recording_load(struct recording *rec, const struct options *o,
    struct program *p, int *status)
{
	const char *program, *interp;

	program = locate(&rec->program, rec->given[0], "program", status);
	if (!program)
		return -1;
	interp = locate(&rec->interp, rec->given[1], "interpreter", status);
	if (!interp || program_open_recorded(
			   o, p, program, interp, rec->interp_name, status) < 0)
		return -1;
	*status = STATUS_FAILED;
	if (compare_file(&rec->program, program, p->fd) < 0)
		return -1;
	return p->interp_fd < 0
		   ? 0
		   : compare_file(&rec->interp, interp, p->interp_fd);
}

/* Bits that name the processor on which KVM was asked: a replay takes those of
 * the recording. */
static struct kvm_cpuid_entry2
without_place(struct kvm_cpuid_entry2 leaf)
{
	switch (leaf.function) {
	case 0x1: leaf.ebx &= 0x00ffffff; break;
	case 0xb:
	case 0x1f: leaf.edx = 0; break;
	case 0x8000001e: leaf.eax = leaf.ebx = leaf.ecx = 0; break;
	default: break;
	}
	return leaf;
}

static bool
same_leaf(const struct kvm_cpuid_entry2 *a, const struct kvm_cpuid_entry2 *b)
{
	const struct kvm_cpuid_entry2 x = without_place(*a);
	const struct kvm_cpuid_entry2 y = without_place(*b);

	return x.function == y.function && x.index == y.index &&
	       x.flags == y.flags && x.eax == y.eax && x.ebx == y.ebx &&
	       x.ecx == y.ecx && x.edx == y.edx;
}

static int
compare_cpuid(
    const struct machine_cpuid *here, const struct machine_cpuid *there)
{
	uint32_t i;

	for (i = 0; i < here->nent && i < there->nent; i++)
		if (!same_leaf(&here->entries[i], &there->entries[i]))
			break;
	if (i == here->nent && i == there->nent)
		return 0;
	say("--replay: this processor differs from the recorded one: CPUID leaf"
	    " 0x%x: replay on a processor of the same kind",
	    i < here->nent ? here->entries[i].function
			   : there->entries[i].function);
	return -1;
}

int
recording_attach(struct recording *rec, struct machine *m)
{
	hc_recording_attach(&m->guest, &rec->calls);
	cpu_show_plain(m);
	if (!rec->calls.reader)
		return 0;
	if (rec->addresses != m->mem.size) {
		say("--replay: the guest had 0x%" PRIx64 " addresses, and this"
		    " host gives 0x%" PRIx64 ": change ulimit -v",
		    rec->addresses, m->mem.size);
		return -1;
	}
	m->guest.world.uid = (uint32_t)rec->uid;
	m->guest.world.gid = (uint32_t)rec->gid;
	if (compare_cpuid(&m->cpuid, &rec->cpuid) < 0)
		return -1;
	m->cpuid = rec->cpuid;
	return 0;
}

/* Replace the stack by the recorded one. */
static bool
get_start(struct machine *m)
{
	const uint64_t end = machine_stack_end(m);
	const uint64_t most = end - m->stack_bottom;
	uint64_t len, auxv, auxv_size;

	if (record_next(&reader) != RECORD_START)
		record_reject(&reader);
	len = record_get(&reader);
	auxv = record_get(&reader);
	auxv_size = record_get(&reader);
	if (len > most || auxv > len || auxv_size > len - auxv)
		record_reject(&reader);
	if (reader.state != RECORD_GOOD ||
	    !record_get_bytes(&reader, m->mem.base + end - len, len))
		return false;
	m->auxv = end - len + auxv;
	m->auxv_size = auxv_size;
	machine_replace_stack(m, end - len);
	return true;
}

struct recorded_end {
	uint64_t kind, code, events, written, hash;
	struct hc_holes lost;
};

static bool
get_end(struct recorded_end *end)
{
	(void)record_next(&reader);
	end->kind = record_get(&reader);
	end->code = record_get(&reader);
	end->events = record_get(&reader);
	record_get_bytes(&reader, &end->written, sizeof(end->written));
	record_get_bytes(&reader, &end->hash, sizeof(end->hash));
	return hc_holes_get(&reader, &end->lost);
}

/* Is that what the replay has had, up to the end of the recording? */
static void
compare_sums(struct hc_recording *calls, const struct recorded_end *end)
{
	if (end->events != calls->events)
		hc_recording_diverges(calls,
		    "the recording says that it has %" PRIu64 " events",
		    end->events);
	else if (end->written != calls->written)
		hc_recording_diverges(calls,
		    "the guest's output differs: hash %016" PRIx64
		    ", recorded %016" PRIx64,
		    calls->written, end->written);
	else if (record_peek(&reader) != 0 || reader.state != RECORD_OVER)
		hc_recording_diverges(
		    calls, "the recording goes on after the guest's end");
}

/* The recorded guest was ended from outside here.  The status. */
static int
end_cut(struct hc_recording *calls)
{
	struct recorded_end end;

	calls->state = HC_REPLAY_RUNS;
	if (!get_end(&end)) {
		(void)hc_recording_goes_on(calls);
		return STATUS_FAILED;
	}
	compare_sums(calls, &end);
	if (calls->state != HC_REPLAY_RUNS)
		return STATUS_FAILED;
	calls->state = HC_REPLAY_CUT;
	switch (end.kind) {
	case OUTCOME_TIMEOUT: return STATUS_TIMEOUT;
	case OUTCOME_KILLED: return STATUS_SIGNAL + (int)(end.code & 0x7f);
	default: return STATUS_FAILED;
	}
}

int
recording_start(struct recording *rec, const struct options *o,
    struct machine *m, const struct program *p, int *status)
{
	if (rec->calls.writer) {
		put_header(rec, o, m, p);
		put_start(m);
		return 0;
	}
	if (!get_start(m)) {
		say("--replay=%s: %s", o->replay, record_state_text(&reader));
		return -1;
	}
	if (hc_recording_goes_on(&rec->calls))
		return 0;
	if (rec->calls.state == HC_REPLAY_CUT)
		*status = end_cut(&rec->calls);
	say("%s: %s", o->guest, rec->calls.why);
	return -1;
}

/* Ends that come from outside are at no place that is recorded. */
static bool
is_cut(const struct recording *rec, const struct machine *m)
{
	const struct outcome *end = &m->outcome;

	/* A call that cannot be recorded is the guest's own end. */
	return hc_record_is_full(&rec->calls) || end->kind == OUTCOME_KILLED ||
	       end->kind == OUTCOME_TIMEOUT || debug_was_killed(m) ||
	       (end->kind == OUTCOME_FAILED && !rec->calls.why[0]) ||
	       rec->calls.state == HC_REPLAY_CUT;
}

static void
put_end(struct recording *rec, struct machine *m)
{
	const bool cut = is_cut(rec, m);
	const struct hc_holes *lost = &rec->calls.lost;
	const uint64_t hash = cut ? 0 : hc_memory_hash_but(&m->mem, lost);
	int r;

	record_begin(&writer, cut ? RECORD_CUT : RECORD_END);
	record_put(
	    &writer, debug_was_killed(m) ? OUTCOME_KILLED : m->outcome.kind);
	record_put(&writer, (uint64_t)m->outcome.code);
	record_put(&writer, rec->calls.events);
	record_put_bytes(
	    &writer, &rec->calls.written, sizeof(rec->calls.written));
	record_put_bytes(&writer, &hash, sizeof(hash));
	hc_holes_put(&writer, lost);
	r = record_close(&writer);
	if (r < 0)
		say("the recording: %s; it is torn", strerror(-r));
}

static void
compare_memory(struct hc_recording *calls, const struct machine *m,
    const struct recorded_end *end)
{
	const uint64_t hash = hc_memory_hash_but(&m->mem, &end->lost);

	if (hash != end->hash)
		hc_recording_diverges(calls,
		    "the guest's memory differs at the end: hash %016" PRIx64
		    ", recorded %016" PRIx64,
		    hash, end->hash);
}

/* The guest has ended by itself: as it did when it was recorded? */
static void
compare_end(struct hc_recording *calls, const struct machine *m)
{
	const unsigned next = record_peek(&reader);
	struct recorded_end end;

	if (next != RECORD_END) {
		if (hc_recording_goes_on(calls))
			hc_recording_diverges(calls,
			    "the guest ended; the recording has %s",
			    record_kind_text(next));
		return;
	}
	if (!get_end(&end))
		(void)hc_recording_goes_on(calls);
	else if (end.kind != m->outcome.kind ||
		 end.code != (uint64_t)m->outcome.code)
		hc_recording_diverges(calls,
		    "the guest ended in another way than when it was recorded");
	else
		compare_sums(calls, &end);
	/* A difference that was found before stays. */
	if (calls->state == HC_REPLAY_RUNS)
		compare_memory(calls, m, &end);
}

/* Where the guest was stopped: " at main+0x12 (0x401234)". */
static void
say_with_place(const struct recording *rec, const struct machine *m, int image)
{
	struct image_bytes file = { NULL, 0 };
	char place[256] = "";
	const off_t size = lseek(image, 0, SEEK_END);
	void *p;

	p = size > 0
		? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, image, 0)
		: MAP_FAILED;
	if (p != MAP_FAILED) {
		file.bytes = p;
		file.size = (size_t)size;
	}
	report_place(place, sizeof(place), m, &file, m->stopped_at);
	say("%s: %s; the guest is at 0x%" PRIx64 "%s%s", rec->guest,
	    rec->calls.why, m->stopped_at, *place ? ", " : "", place);
}

static int
end_replay(struct recording *rec, struct machine *m, int image, int status)
{
	struct hc_recording *calls = &rec->calls;

	/* --timeout, a signal to novillo, or a debugger. */
	if (calls->state == HC_REPLAY_RUNS && is_cut(rec, m))
		return status;
	if (calls->state == HC_REPLAY_RUNS)
		compare_end(calls, m);
	if (calls->state == HC_REPLAY_CUT)
		status = end_cut(calls);
	switch (calls->state) {
	case HC_REPLAY_RUNS: return status;
	case HC_REPLAY_CUT:
		say("%s: %s", rec->guest, calls->why);
		return status;
	case HC_REPLAY_DIVERGED:
	case HC_REPLAY_BROKEN: say_with_place(rec, m, image); break;
	}
	return STATUS_FAILED;
}

bool
recording_speaks(const struct recording *rec)
{
	return rec->calls.reader && rec->calls.state != HC_REPLAY_RUNS;
}

int
recording_end(struct recording *rec, struct machine *m, int image, int status)
{
	if (rec->calls.reader)
		return end_replay(rec, m, image, status);
	if (rec->calls.writer)
		put_end(rec, m);
	return status;
}
