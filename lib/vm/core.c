/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files: notes of the processor's state, then every page that the
 * guest could reach.  Nothing here may change the machine.
 */
#include "vm/core.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/trap.h"

#include "hypercall/core/plain.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#define THREAD_NOTES 4096    /* bytes for a thread, at most */
#define FILES_NOTE   0x10000 /* bytes for the mapped files, at most */
#define NOTE_SPACE   (4096 + FILES_NOTE + MACHINE_VCPUS * THREAD_NOTES)

/* The notes so far; each ends where the next may start. */
struct notes {
	size_t used;
	_Alignas(8) uint8_t bytes[NOTE_SPACE];
};

static void
put(struct notes *notes, const void *bytes, size_t len)
{
	static const uint8_t zeros[4];
	size_t padding = -len & 3;

	if (len + padding > sizeof(notes->bytes) - notes->used)
		return; /* never: see the assertion in core_write() */
	memcpy(notes->bytes + notes->used, bytes, len);
	memcpy(notes->bytes + notes->used + len, zeros, padding);
	notes->used += len + padding;
}

static void
put_note(struct notes *notes, uint32_t type, const char *owner,
    const void *bytes, size_t len)
{
	const Elf64_Nhdr header = {
		.n_namesz = (Elf64_Word)strlen(owner) + 1,
		.n_descsz = (Elf64_Word)len,
		.n_type = type,
	};

	put(notes, &header, sizeof(header));
	put(notes, owner, header.n_namesz);
	put(notes, bytes, len);
}

static void
put_program(struct notes *notes, const struct core_place *place)
{
	const char *slash = strrchr(place->program, '/');
	struct elf_prpsinfo ps = { .pr_sname = 'R', .pr_pid = 1 };
	size_t used = 0;
	char **arg;

	snprintf(ps.pr_fname, sizeof(ps.pr_fname), "%s",
	    slash ? slash + 1 : place->program);
	for (arg = place->argv; *arg && used < sizeof(ps.pr_psargs); arg++)
		used += (size_t)snprintf(ps.pr_psargs + used,
		    sizeof(ps.pr_psargs) - used, "%s%s", used ? " " : "", *arg);
	put_note(notes, NT_PRPSINFO, "CORE", &ps, sizeof(ps));
}

static void
put_registers(struct notes *notes, const struct vcpu *vcpu,
    const struct user_context *c, int signal)
{
	const struct user_regs_struct regs = {
#define SAME(name) .name = c->regs.name
		SAME(rax), SAME(rbx), SAME(rcx), SAME(rdx), SAME(rsi),
		SAME(rdi), SAME(rbp), SAME(rsp), SAME(r8), SAME(r9), SAME(r10),
		SAME(r11), SAME(r12), SAME(r13), SAME(r14), SAME(r15),
		SAME(rip),
#undef SAME
#define SAME(name) .name = c->name
		SAME(cs), SAME(ss), SAME(ds), SAME(es), SAME(fs), SAME(gs),
		SAME(fs_base), SAME(gs_base),
#undef SAME
		.eflags = c->regs.rflags,
		.orig_rax = ~UINT64_C(0), /* not in a system call */
	};
	struct elf_prstatus status = {
		.pr_info.si_signo = signal,
		.pr_cursig = (short)signal,
		.pr_pid = vcpu->thread.tid,
		.pr_fpvalid = 1,
	};

	_Static_assert(sizeof(status.pr_reg) == sizeof(regs),
	    "prstatus holds the registers of struct user_regs_struct");
	memcpy(&status.pr_reg, &regs, sizeof(regs));
	put_note(notes, NT_PRSTATUS, "CORE", &status, sizeof(status));
}

static void
put_signal(struct notes *notes, const struct vcpu *vcpu,
    const struct user_context *c, int signal)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_KERNEL };

	if (vcpu == vcpu->machine->culprit)
		trap_siginfo(vcpu, c->regs.rip, signal, &info);
	put_note(notes, NT_SIGINFO, "CORE", &info, sizeof(info));
}

/*
 * Where gdb looks for the state components: at the offsets of Intel's
 * processors, whatever the host is.  It derives the layout from XCR0 and the
 * note's size.
 */
static const struct {
	unsigned component;
	uint32_t offset;
	uint32_t size;
} xstate[] = {
	{ 2, 576, 256 },   /* AVX */
	{ 5, 1088, 64 },   /* AVX-512 masks */
	{ 6, 1152, 512 },  /* AVX-512 ZMM 0-15, upper half */
	{ 7, 1664, 1024 }, /* AVX-512 ZMM 16-31 */
};

#define XSTATE_MAX   2688
#define XSTATE_XCR0  464 /* where gdb reads XCR0: bytes free to software */
#define FXSAVE_SIZE  512
#define XSAVE_LEGACY (FXSAVE_SIZE + 64) /* with the XSAVE header */

static void
put_fpu(struct notes *notes, const struct vcpu *vcpu)
{
	struct kvm_xsave area;
	uint8_t state[XSTATE_MAX] = { 0 };
	uint64_t xcr0 = vcpu->machine->xfeatures;
	uint32_t end = XSAVE_LEGACY;
	size_t i;

	if (kvmcore_get_xsave(&vcpu->kvm, &area) < 0)
		return;
	memcpy(state, area.region, XSAVE_LEGACY);
	put_note(notes, NT_FPREGSET, "CORE", state, FXSAVE_SIZE);
	for (i = 0; i < sizeof(xstate) / sizeof(xstate[0]); i++) {
		uint32_t offset, size;

		if (!(xcr0 >> xstate[i].component & 1) ||
		    !cpu_xsave_component(
			vcpu->machine, xstate[i].component, &offset, &size) ||
		    size > xstate[i].size || offset > sizeof(area) - size)
			continue;
		memcpy(state + xstate[i].offset, (char *)&area + offset, size);
		end = xstate[i].offset + xstate[i].size;
	}
	memcpy(state + XSTATE_XCR0, &xcr0, sizeof(xcr0));
	put_note(notes, NT_X86_XSTATE, "LINUX", state, end);
}

/* The guest may have changed it, or unmapped its page. */
static void
put_auxv(struct notes *notes, const struct machine *m)
{
	uint8_t auxv[PAGE_4K];
	size_t size = m->auxv_size < sizeof(auxv) ? m->auxv_size : sizeof(auxv);

	size = gmem_copy(auxv, m->mem.base + m->auxv, size);
	put_note(notes, NT_AUXV, "CORE", auxv, size);
}

static const char *
file_name(const struct machine *m, const struct hc_mapped_range *range)
{
	const char *name = m->guest.mapped.file[range->file].name;

	return *name ? name : m->guest.exe;
}

/* Names as "[vdso]" are not those of files. */
static bool
is_file(const struct machine *m, const struct hc_mapped_range *range)
{
	return file_name(m, range)[0] != '[';
}

/*
 * The mapped files, as Linux notes them (fs/binfmt_elf.c, fill_files_note): how
 * many, the size of a page; start, end and the file's page for each; the names.
 * Those that do not fit are left out.
 */
static void
put_files(struct notes *notes, const struct machine *m)
{
	static uint8_t note[FILES_NOTE];
	const struct hc_mapped *mapped = &m->guest.mapped;
	uint64_t head[2] = { 0, PAGE_4K };
	size_t names, size = sizeof(head);
	uint8_t *at = note + sizeof(head);
	unsigned i, end;

	for (end = 0; end < mapped->ranges; end++) {
		size_t more = 3 * sizeof(uint64_t) + 1 +
			      strlen(file_name(m, &mapped->range[end]));

		if (more > sizeof(note) - size)
			break;
		if (!is_file(m, &mapped->range[end]))
			continue;
		size += more;
		head[0]++;
	}
	memcpy(note, head, sizeof(head));
	names = sizeof(head) + head[0] * 3 * sizeof(uint64_t);
	for (i = 0; i < end; i++) {
		const struct hc_mapped_range *range = &mapped->range[i];
		const uint64_t row[3] = { range->from, range->to,
			range->offset / PAGE_4K };

		if (!is_file(m, range))
			continue;
		memcpy(at, row, sizeof(row));
		at += sizeof(row);
		strcpy((char *)note + names, file_name(m, range));
		names += strlen(file_name(m, range)) + 1;
	}
	put_note(notes, NT_FILE, "CORE", note, size);
}

/* A thread's notes.  The first thread is the one to blame, and has the notes of
 * the signal and the auxiliary vector also. */
static int
put_thread(struct notes *notes, struct vcpu *vcpu, bool first,
    struct machine_error *error)
{
	const struct machine *m = vcpu->machine;
	int signal = outcome_is_signal(&m->outcome) ? m->outcome.code
		     : machine_is_over(m)           ? SIGABRT
						    : 0;
	struct user_context c;
	int r = vcpu_user_context(vcpu, &c);

	if (r < 0)
		return machine_fail(error, r, "registers of vCPU %u: %s",
		    vcpu->id, strerror(-r));
	put_registers(notes, vcpu, &c, first ? signal : 0);
	if (first) {
		put_signal(notes, vcpu, &c, signal);
		put_auxv(notes, m);
		put_files(notes, m);
	}
	put_fpu(notes, vcpu);
	return 0;
}

static int
make_notes(struct notes *notes, struct machine *m,
    const struct core_place *place, struct machine_error *error)
{
	struct vcpu *first = m->culprit ? m->culprit : &m->vcpu[0];
	unsigned i;
	int r;

	put_program(notes, place);
	r = put_thread(notes, first, true, error);
	for (i = 0; i < m->vcpus && r == 0; i++)
		if (&m->vcpu[i] != first && m->vcpu[i].state == VCPU_LIVE)
			r = put_thread(notes, &m->vcpu[i], false, error);
	return r;
}

/* The next range of pages at or above `va` that the guest could reach with the
 * same rights; false at the end of memory. */
static bool
next_range(const struct gmem *mem, uint64_t *va, uint64_t *end, uint64_t *bits)
{
	const uint64_t need = PTE_PRESENT | PTE_USER;
	const uint64_t alike = need | PTE_WRITE | PTE_NX;
	uint64_t page, entry;

	for (;; *va = (*va & ~(page - 1)) + page) {
		if (*va >= mem->size)
			return false;
		entry = pte_rights(pt_lookup(&mem->pt, *va, &page));
		if ((entry & need) == need)
			break;
	}
	*bits = entry & alike;
	*end = *va;
	do
		*end = (*end & ~(page - 1)) + page;
	while (*end < mem->size &&
	       (pte_rights(pt_lookup(&mem->pt, *end, &page)) & alike) == *bits);
	return true;
}

static unsigned
count_ranges(const struct gmem *mem)
{
	uint64_t va = 0, end, bits;
	unsigned n = 0;

	for (; next_range(mem, &va, &end, &bits); va = end)
		n++;
	return n;
}

static int
write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = pwrite(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* A page of zeros stays a hole in the core, and so does one beyond the end of a
 * truncated file.  An INT3 that is planted is not the guest's. */
static int
write_page(int fd, const struct machine *m, uint64_t va, uint64_t offset)
{
	static const uint8_t zeros[PAGE_4K];
	uint8_t copy[PAGE_4K];

	if (gmem_copy(copy, m->mem.base + va, PAGE_4K) < PAGE_4K ||
	    memcmp(copy, zeros, PAGE_4K) == 0)
		return 0;
	breaks_restore(&m->debug.breaks, va, copy, PAGE_4K);
	return write_at(fd, copy, PAGE_4K, offset);
}

static Elf64_Phdr
range_header(uint64_t va, uint64_t end, uint64_t bits, uint64_t offset)
{
	return (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | (bits & PTE_WRITE ? PF_W : 0U) |
			   (bits & PTE_NX ? 0U : PF_X),
		.p_offset = offset,
		.p_vaddr = va,
		.p_filesz = end - va,
		.p_memsz = end - va,
		.p_align = PAGE_4K,
	};
}

/* Write the program header of each range from `phdr` on, its bytes from `data`
 * on. */
static int
write_memory(int fd, const struct machine *m, uint64_t phdr, uint64_t data)
{
	uint64_t va = 0, end, bits;
	int r = 0;

	while (r == 0 && next_range(&m->mem, &va, &end, &bits)) {
		Elf64_Phdr p = range_header(va, end, bits, data);

		r = write_at(fd, &p, sizeof(p), phdr);
		phdr += sizeof(p);
		for (; r == 0 && va < end; va += PAGE_4K, data += PAGE_4K)
			r = write_page(fd, m, va, data);
	}
	if (r == 0 && ftruncate(fd, (off_t)data) < 0)
		r = -errno;
	return r;
}

static int
write_file(int fd, const struct machine *m, const struct notes *notes)
{
	unsigned phnum = 1 + count_ranges(&m->mem);
	uint64_t notes_at = sizeof(Elf64_Ehdr) + phnum * sizeof(Elf64_Phdr);
	uint64_t data = page_up(notes_at + notes->used);
	const Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		    ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)phnum,
	};
	const Elf64_Phdr note = {
		.p_type = PT_NOTE,
		.p_offset = notes_at,
		.p_filesz = notes->used,
	};
	int r;

	if (phnum >= PN_XNUM)
		return -E2BIG;
	r = write_at(fd, &head, sizeof(head), 0);
	if (r == 0)
		r = write_at(fd, &note, sizeof(note), head.e_phoff);
	if (r == 0)
		r = write_at(fd, notes->bytes, notes->used, notes_at);
	if (r == 0)
		r = write_memory(fd, m, head.e_phoff + sizeof(note), data);
	return r;
}

/* The name must be free, or that of a regular file. */
static int
check_place(const struct core_place *place, struct machine_error *error)
{
	struct stat st;

	if (fstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT &&
		    faccessat(place->folder, ".", W_OK | X_OK, AT_EACCESS) == 0)
			return 0;
	} else if (!S_ISREG(st.st_mode)) {
		return machine_fail(error, -EINVAL,
		    "it is %s, not a regular file",
		    machine_file_kind(st.st_mode));
	} else if (faccessat(place->folder, place->name, W_OK, AT_EACCESS) ==
		   0) {
		return 0;
	}
	return machine_fail(error, -errno, "%s", strerror(errno));
}

int
core_find_place(
    struct core_place *place, const char *path, struct machine_error *error)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	int r;

	if (strlen(path) >= sizeof(place->path))
		return machine_fail(
		    error, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	strcpy(place->path, path);
	place->name = place->path + len;
	if (!*place->name)
		return machine_fail(error, -EISDIR, "it is a folder");
	strcpy(folder, len ? path : ".");
	if (len)
		folder[len] = '\0';
	place->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->folder < 0)
		return machine_fail(error, -errno, "%s", strerror(errno));
	r = hc_is_plain(place->folder)
		? check_place(place, error)
		: machine_fail(error, -EINVAL,
		      "its file system stores no files; name another folder");
	if (r < 0)
		close(place->folder);
	return r;
}

/* Open the core and empty it.  ftruncate() fails with EINVAL for anything but a
 * regular file. */
static int
open_core(const struct core_place *place, struct machine_error *error)
{
	int fd = openat(place->folder, place->name, CORE_FLAGS, 0600);
	int r;

	if (fd >= 0 && ftruncate(fd, 0) == 0)
		return fd;
	r = -errno;
	if (fd >= 0)
		close(fd);
	return machine_fail(error, r, "%s",
	    r == -EINVAL || r == -ENXIO || r == -ELOOP
		? "it is not a regular file"
		: strerror(-r));
}

int
core_write(struct machine *m, const struct core_place *place,
    struct machine_error *error)
{
	static struct notes notes;
	int fd, r;

	_Static_assert(
	    sizeof(struct elf_prstatus) + FXSAVE_SIZE + XSTATE_MAX + 3 * 32 <=
		THREAD_NOTES,
	    "NOTE_SPACE holds the notes of every thread");
	notes.used = 0;
	r = make_notes(&notes, m, place, error);
	if (r < 0)
		return r;
	fd = open_core(place, error);
	if (fd < 0)
		return fd;
	r = write_file(fd, m, &notes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		return machine_fail(
		    error, r, "write to the core: %s", strerror(-r));
	return 0;
}
