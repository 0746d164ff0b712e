/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files: notes of what the processor held, then every page the guest
 * could reach.  Nothing here may change the machine.
 */
#include "vm/core.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/trap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>
#include <unistd.h>

#define THREAD_NOTES 4096 /* of a thread, at most */
#define NOTE_SPACE   (4096 + MACHINE_VCPUS * THREAD_NOTES)

/* The notes in the making; each ends where the next may start. */
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
		return; /* sized for all there can be: see the assertion below */
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
put_program(struct notes *notes, const struct core_info *info)
{
	const char *slash = strrchr(info->program, '/');
	struct elf_prpsinfo ps = { .pr_sname = 'R', .pr_pid = 1 };
	size_t used = 0;
	char **arg;

	snprintf(ps.pr_fname, sizeof(ps.pr_fname), "%s",
	    slash ? slash + 1 : info->program);
	for (arg = info->argv; *arg && used < sizeof(ps.pr_psargs); arg++)
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
	siginfo_t info;

	trap_siginfo(vcpu, c->regs.rip, signal, &info);
	put_note(notes, NT_SIGINFO, "CORE", &info, sizeof(info));
}

/*
 * Where gdb looks for the state components: the offsets Intel's processors
 * have, whatever the host's (it tells a layout by XCR0 and the note's size).
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
#define XSTATE_XCR0  464 /* gdb finds XCR0 in the bytes left to software */
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
		    !cpu_xsave_component(xstate[i].component, &offset, &size) ||
		    size > xstate[i].size || offset > sizeof(area) - size)
			continue;
		memcpy(state + xstate[i].offset, (char *)&area + offset, size);
		end = xstate[i].offset + xstate[i].size;
	}
	memcpy(state + XSTATE_XCR0, &xcr0, sizeof(xcr0));
	put_note(notes, NT_X86_XSTATE, "LINUX", state, end);
}

/* As the guest left it: there may be no page any more. */
static void
put_auxv(struct notes *notes, const struct machine *m)
{
	uint8_t auxv[PAGE_4K];
	size_t size = m->auxv_size < sizeof(auxv) ? m->auxv_size : sizeof(auxv);

	size = gmem_copy(auxv, m->mem.base + m->auxv, size);
	put_note(notes, NT_AUXV, "CORE", auxv, size);
}

/* A thread's notes; of the first, who is to blame, also those of the signal
 * and of the program. */
static int
put_thread(struct notes *notes, struct vcpu *vcpu, bool first,
    struct machine_error *error)
{
	const struct machine *m = vcpu->machine;
	int signal = m->outcome.kind == OUTCOME_SIGNAL ? m->outcome.code
						       : SIGABRT;
	struct user_context c;
	int r = vcpu_user_context(vcpu, &c);

	if (r < 0)
		return machine_fail(error, r, "registers of vCPU %u: %s",
		    vcpu->id, strerror(-r));
	put_registers(notes, vcpu, &c, first ? signal : 0);
	if (first) {
		put_signal(notes, vcpu, &c, signal);
		put_auxv(notes, m);
	}
	put_fpu(notes, vcpu);
	return 0;
}

static int
make_notes(struct notes *notes, struct machine *m, const struct core_info *info,
    struct machine_error *error)
{
	struct vcpu *first = m->culprit ? m->culprit : &m->vcpu[0];
	unsigned i;
	int r;

	put_program(notes, info);
	r = put_thread(notes, first, true, error);
	for (i = 0; i < m->vcpus && r == 0; i++)
		if (&m->vcpu[i] != first && m->vcpu[i].state == VCPU_LIVE)
			r = put_thread(notes, &m->vcpu[i], false, error);
	return r;
}

/* The next range of pages at or above `va` that the guest could reach and that
 * are alike; false at the end of memory. */
static bool
next_range(const struct gmem *mem, uint64_t *va, uint64_t *end, uint64_t *bits)
{
	const uint64_t need = PTE_PRESENT | PTE_USER;
	const uint64_t alike = need | PTE_WRITE | PTE_NX;
	uint64_t page, entry;

	for (;; *va = (*va & ~(page - 1)) + page) {
		if (*va >= mem->size)
			return false;
		entry = pt_lookup(&mem->pt, *va, &page);
		if ((entry & need) == need)
			break;
	}
	*bits = entry & alike;
	*end = *va;
	do
		*end = (*end & ~(page - 1)) + page;
	while (*end < mem->size &&
	       (pt_lookup(&mem->pt, *end, &page) & alike) == *bits);
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
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Pages of zeros stay holes in the file, and so do those of a file that was
 * made shorter. */
static int
write_pages(int fd, const uint8_t *page, uint64_t len, uint64_t offset)
{
	static const uint8_t zeros[PAGE_4K];
	uint8_t copy[PAGE_4K];
	uint64_t done;
	int r = 0;

	for (done = 0; done < len && r == 0; done += PAGE_4K)
		if (gmem_copy(copy, page + done, PAGE_4K) == PAGE_4K &&
		    memcmp(copy, zeros, PAGE_4K) != 0)
			r = write_at(fd, copy, PAGE_4K, offset + done);
	return r;
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

/* Each range: its program header from `phdr` on, its bytes from `data` on. */
static int
write_memory(int fd, const struct gmem *mem, uint64_t phdr, uint64_t data)
{
	uint64_t va = 0, end, bits;
	int r = 0;

	for (; r == 0 && next_range(mem, &va, &end, &bits); va = end) {
		Elf64_Phdr p = range_header(va, end, bits, data);

		r = write_at(fd, &p, sizeof(p), phdr);
		if (r == 0)
			r = write_pages(fd, mem->base + va, end - va, data);
		phdr += sizeof(p);
		data += end - va;
	}
	if (r == 0 && ftruncate(fd, (off_t)data) < 0)
		r = -errno;
	return r;
}

static int
write_file(int fd, const struct gmem *mem, const struct notes *notes)
{
	unsigned phnum = 1 + count_ranges(mem);
	uint64_t notes_at = sizeof(Elf64_Ehdr) + phnum * sizeof(Elf64_Phdr);
	uint64_t data = (notes_at + notes->used + PAGE_4K_MASK) & ~PAGE_4K_MASK;
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
		r = write_memory(fd, mem, head.e_phoff + sizeof(note), data);
	return r;
}

int
core_write(struct machine *m, const char *path, const struct core_info *info,
    struct machine_error *error)
{
	static struct notes notes;
	int fd, r;

	_Static_assert(
	    sizeof(struct elf_prstatus) + FXSAVE_SIZE + XSTATE_MAX + 3 * 32 <=
		THREAD_NOTES,
	    "NOTE_SPACE holds the notes of every thread");
	notes.used = 0;
	r = make_notes(&notes, m, info, error);
	if (r < 0)
		return r;
	fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return machine_fail(error, -errno, "%s", strerror(errno));
	r = write_file(fd, &m->mem, &notes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		return machine_fail(
		    error, r, "write of the core: %s", strerror(-r));
	return 0;
}
