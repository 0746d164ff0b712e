# SPDX-License-Identifier: BSD-2-Clause
#
# The guests and their runtime.  They are not automake programs: automake puts
# CFLAGS, which are the host's, after all other flags.  Objects have their own
# suffixes here, and only GUEST_* variables reach them.
#
#	runtime/	the library, libguest.a
#	include/	its headers
#	examples/	programs to copy from
#	checks/		guests that are only tests
#	sdk/		what is installed for authors of guests
#	vdso/		the vDSO, which novillo contains and gives to guests
#
# Programs are built into this folder, where they are easy to type: the source
# of guest/NAME.elf is examples/NAME.c or checks/NAME.c.  `make guest/NAME.elf`
# builds one that is in no list.
#
#	.g.o .elf	a guest: hypercalls by OUT
#	.n.o .native	the same source as a Linux program: by `syscall`

# The runtime, in the order in which a newcomer should read it.
GUEST_RUNTIME = guest/runtime/start $(GUEST_RUNTIME_C) \
	guest/runtime/clone guest/runtime/sigreturn
GUEST_RUNTIME_C = \
	guest/runtime/crt \
	guest/runtime/posix \
	guest/runtime/clock \
	guest/runtime/file \
	guest/runtime/net \
	guest/runtime/errno \
	guest/runtime/panic \
	guest/runtime/signal \
	guest/runtime/ssp \
	guest/runtime/string \
	guest/runtime/stdlib \
	guest/runtime/malloc \
	guest/runtime/mman \
	guest/runtime/printf \
	guest/runtime/stdio \
	guest/runtime/getline \
	guest/runtime/thread \
	guest/runtime/pthread \
	guest/runtime/tap

# Headers of guests' authors, which are installed.
GUEST_TOP_FILES = \
	guest/include/assert.h \
	guest/include/ctype.h \
	guest/include/errno.def \
	guest/include/errno.h \
	guest/include/fcntl.h \
	guest/include/frame.h \
	guest/include/hcall.h \
	guest/include/limits.h \
	guest/include/poll.h \
	guest/include/pthread.h \
	guest/include/sched.h \
	guest/include/signal.h \
	guest/include/stdio.h \
	guest/include/stdlib.h \
	guest/include/string.h \
	guest/include/tap.h \
	guest/include/thread.h \
	guest/include/time.h \
	guest/include/unistd.h
GUEST_ARPA_FILES = \
	guest/include/arpa/inet.h
GUEST_NETINET_FILES = \
	guest/include/netinet/in.h \
	guest/include/netinet/tcp.h
GUEST_SYS_FILES = \
	guest/include/sys/auxv.h \
	guest/include/sys/epoll.h \
	guest/include/sys/eventfd.h \
	guest/include/sys/ioctl.h \
	guest/include/sys/mman.h \
	guest/include/sys/prctl.h \
	guest/include/sys/random.h \
	guest/include/sys/select.h \
	guest/include/sys/signalfd.h \
	guest/include/sys/socket.h \
	guest/include/sys/stat.h \
	guest/include/sys/resource.h \
	guest/include/sys/sysinfo.h \
	guest/include/sys/time.h \
	guest/include/sys/timerfd.h \
	guest/include/sys/types.h \
	guest/include/sys/uio.h \
	guest/include/sys/un.h \
	guest/include/sys/utsname.h

GUEST_INCLUDES = guest/runtime/runtime.h $(GUEST_TOP_FILES) \
	$(GUEST_ARPA_FILES) $(GUEST_NETINET_FILES) $(GUEST_SYS_FILES)
GUEST_ABI_FILES = lib/abi/hypercall.h lib/abi/hypercall.def
GUEST_ABI = lib/abi/clockpage.h $(GUEST_ABI_FILES)

# Programs to copy from.
GUEST_EXAMPLES = \
	guest/compute.elf \
	guest/echo.elf \
	guest/echo_server.elf \
	guest/env.elf \
	guest/hello.elf \
	guest/number.elf \
	guest/sleep.elf \
	guest/threads.elf \
	guest/torov.elf \
	guest/wc.elf \
	guest/write_file.elf

# Guests that tests and benchmarks observe from outside.
GUEST_PLAIN = \
	guest/alike.elf \
	guest/branches.elf \
	guest/busy.elf \
	guest/caught.elf \
	guest/clocks.elf \
	guest/counter.elf \
	guest/crowd.elf \
	guest/debug.elf \
	guest/empty.elf \
	guest/handover.elf \
	guest/hot.elf \
	guest/misuse.elf \
	guest/pace.elf \
	guest/map_page.elf \
	guest/middle.elf \
	guest/preempted.elf \
	guest/read_blocks.elf \
	guest/recorded.elf \
	guest/registers.elf \
	guest/rewind.elf \
	guest/straight.elf \
	guest/rounds.elf \
	guest/signals.elf \
	guest/spin.elf \
	guest/spinners.elf \
	guest/tested.elf \
	guest/status.elf \
	guest/sum_file.elf \
	guest/torture.elf \
	guest/touch.elf \
	guest/turns.elf \
	guest/unwind.elf \
	guest/where.elf

# The same bytes that torov.elf executes, as ToroV loads them.
GUEST_FLAT = guest/torov.bin

# Configurations in ToroV's format, to lie beside guests.
GUEST_CONFIGS = \
	guest/examples/echo_server.json \
	guest/examples/hello.json \
	guest/examples/write_file.json

# Guests that die of the fault in their name.
GUEST_FAULTS = \
	guest/fault_align.elf \
	guest/fault_auxv.elf \
	guest/fault_divide.elf \
	guest/fault_exec.elf \
	guest/fault_file.elf \
	guest/fault_fp.elf \
	guest/fault_int.elf \
	guest/fault_int3.elf \
	guest/fault_memory.elf \
	guest/fault_msr.elf \
	guest/fault_noncanonical.elf \
	guest/fault_null.elf \
	guest/fault_port.elf \
	guest/fault_privileged.elf \
	guest/fault_stack.elf \
	guest/fault_text.elf \
	guest/fault_thread.elf \
	guest/fault_undefined.elf \
	guest/fault_unmapped.elf

# Guests that test themselves: they print TAP.
GUEST_TESTS = \
	guest/t_avx.elf \
	guest/t_base.elf \
	guest/t_calls.elf \
	guest/t_door.elf \
	guest/t_efault.elf \
	guest/t_file.elf \
	guest/t_hostile.elf \
	guest/t_hypercall.elf \
	guest/t_limits.elf \
	guest/t_locks.elf \
	guest/t_malloc.elf \
	guest/t_memfd.elf \
	guest/t_memory.elf \
	guest/t_mmap.elf \
	guest/t_net.elf \
	guest/t_netlink.elf \
	guest/t_poll.elf \
	guest/t_printf.elf \
	guest/t_proc.elf \
	guest/t_race.elf \
	guest/t_shm.elf \
	guest/t_signalfd.elf \
	guest/t_signals.elf \
	guest/t_sse.elf \
	guest/t_start.elf \
	guest/t_string.elf \
	guest/t_tasks.elf \
	guest/t_threads.elf \
	guest/t_pthread.elf \
	guest/t_timers.elf \
	guest/t_vdso.elf

# The same tests run on Linux itself: this checks them against Linux, and it
# tests the runtime where KVM is missing.  Automake makes a rule for each, so it
# wants the names written out.
GUEST_NATIVE_TESTS = \
	guest/t_avx.native \
	guest/t_base.native \
	guest/t_calls.native \
	guest/t_efault.native \
	guest/t_file.native \
	guest/t_hypercall.native \
	guest/t_limits.native \
	guest/t_locks.native \
	guest/t_malloc.native \
	guest/t_memfd.native \
	guest/t_memory.native \
	guest/t_mmap.native \
	guest/t_net.native \
	guest/t_netlink.native \
	guest/t_poll.native \
	guest/t_printf.native \
	guest/t_proc.native \
	guest/t_shm.native \
	guest/t_signalfd.native \
	guest/t_signals.native \
	guest/t_sse.native \
	guest/t_start.native \
	guest/t_string.native \
	guest/t_tasks.native \
	guest/t_threads.native \
	guest/t_pthread.native \
	guest/t_timers.native \
	guest/t_vdso.native

# Linux programs to which benchmarks compare guests.
GUEST_NATIVE_PLAIN = \
	guest/compute.native \
	guest/echo.native \
	guest/echo_server.native \
	guest/empty.native \
	guest/env.native \
	guest/hello.native \
	guest/hot.native \
	guest/map_page.native \
	guest/misuse.native \
	guest/number.native \
	guest/read_blocks.native \
	guest/rounds.native \
	guest/spin.native \
	guest/status.native \
	guest/sum_file.native \
	guest/torture.native \
	guest/wc.native

GUEST_CHECKS = $(GUEST_PLAIN) $(GUEST_FAULTS) $(GUEST_TESTS)
GUEST_IMAGES = $(GUEST_EXAMPLES) $(GUEST_CHECKS)
GUEST_NATIVES = $(GUEST_NATIVE_PLAIN) $(GUEST_NATIVE_TESTS)

GUEST_LIBRARY_OBJECTS = $(GUEST_RUNTIME:=.g.o)
GUEST_EXAMPLES_C = $(GUEST_EXAMPLES:guest/%.elf=guest/examples/%.c)
GUEST_PROGRAMS_C = $(GUEST_EXAMPLES_C) \
	$(GUEST_CHECKS:guest/%.elf=guest/checks/%.c)
GUEST_OBJECTS = $(GUEST_PROGRAMS_C:.c=.g.o) $(GUEST_LIBRARY_OBJECTS)
GUEST_NATIVE_LIBRARY_OBJECTS = $(GUEST_RUNTIME:=.n.o)
GUEST_NATIVE_OBJECTS = $(GUEST_PROGRAMS_C:.c=.n.o) \
	$(GUEST_NATIVE_LIBRARY_OBJECTS)

include guest/sdk/local.mk

noinst_DATA += $(GUEST_IMAGES) $(GUEST_FLAT)
check_DATA += $(GUEST_NATIVES)
TESTS += $(GUEST_NATIVE_TESTS)

# The compiler runs in the source folder, which -ffile-prefix-map then calls
# ".", so that objects contain no path and every folder makes the same.
GUEST_COMPILE = cd -P '$(abs_top_srcdir)' && \
	$(GUEST_CC) -Iguest/include -Ilib/abi $(GUEST_CPPFLAGS) \
	$(GUEST_CFLAGS_AUTO) -Wall -Wextra \
	-ffile-prefix-map="$$PWD"=. $(GUEST_CFLAGS)
GUEST_LINK = $(GUEST_CC) $(GUEST_LDFLAGS_AUTO) \
	-Wl,-T,'$(abs_top_srcdir)/guest/runtime/guest.lds'

# The vDSO: relocatable, with unwind tables in memory, and no data.
GUEST_VDSO_COMPILE = $(GUEST_COMPILE) -fpic -fvisibility=hidden \
	-fasynchronous-unwind-tables
GUEST_VDSO_LINK = $(GUEST_CC) -nostdlib -shared -fno-lto \
	-Wl,-soname,linux-vdso.so.1 -Wl,--hash-style=both \
	-Wl,--build-id=sha1 -Wl,--eh-frame-hdr -Wl,--no-undefined \
	-Wl,-Bsymbolic -Wl,-s -Wl,-z,noexecstack -Wl,-z,max-page-size=0x1000 \
	-Wl,--fatal-warnings -Wl,--orphan-handling=error \
	-Wl,-T,'$(abs_top_srcdir)/guest/vdso/vdso.lds'

SUFFIXES += .c .S .g.o .n.o

.c.g.o:
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(GUEST_COMPILE) -c -o '$(abs_top_builddir)/$@' $*.c
.S.g.o:
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(GUEST_COMPILE) -c -o '$(abs_top_builddir)/$@' $*.S
.c.n.o:
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(GUEST_COMPILE) -DHYPERCALL_BY_SYSCALL \
	    -c -o '$(abs_top_builddir)/$@' $*.c
.S.n.o:
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(GUEST_COMPILE) -DHYPERCALL_BY_SYSCALL \
	    -c -o '$(abs_top_builddir)/$@' $*.S

guest/%.elf: guest/examples/%.g.o guest/libguest.a guest/runtime/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest.a
guest/%.elf: guest/checks/%.g.o guest/libguest.a guest/runtime/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest.a
guest/%.bin: guest/examples/%.g.o guest/libguest.a guest/runtime/flat.lds
	$(AM_V_CCLD)$(GUEST_CC) $(GUEST_LDFLAGS_AUTO) -Wl,--build-id=none \
	    -Wl,-T,'$(abs_top_srcdir)/guest/runtime/flat.lds' \
	    -o $@ $< guest/libguest.a
guest/%.native: guest/examples/%.n.o guest/libguest-native.a \
    guest/runtime/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest-native.a
guest/%.native: guest/checks/%.n.o guest/libguest-native.a \
    guest/runtime/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest-native.a

guest/vdso/vdso.o: guest/vdso/vdso.c $(GUEST_INCLUDES) $(GUEST_ABI)
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(GUEST_VDSO_COMPILE) -c -o '$(abs_top_builddir)/$@' guest/vdso/vdso.c
guest/vdso/vdso.so: guest/vdso/vdso.o guest/vdso/vdso.lds
	$(AM_V_CCLD)$(GUEST_VDSO_LINK) -o $@ guest/vdso/vdso.o

# The guests are few and small enough to be rebuilt when any header changes.
$(GUEST_OBJECTS) $(GUEST_NATIVE_OBJECTS): $(GUEST_INCLUDES) $(GUEST_ABI)

# D: the archive records neither times nor owners.
guest/libguest.a: $(GUEST_LIBRARY_OBJECTS)
	$(AM_V_GEN)rm -f $@ && \
	$(AR) crsD $@ $(GUEST_LIBRARY_OBJECTS)
guest/libguest-native.a: $(GUEST_NATIVE_LIBRARY_OBJECTS)
	$(AM_V_GEN)rm -f $@ && \
	$(AR) crsD $@ $(GUEST_NATIVE_LIBRARY_OBJECTS)

EXTRA_DIST += \
	$(GUEST_ABI) \
	$(GUEST_CONFIGS) \
	$(GUEST_INCLUDES) \
	$(GUEST_PROGRAMS_C) \
	$(GUEST_RUNTIME_C:=.c) \
	guest/README.md \
	guest/runtime/clone.S \
	guest/runtime/flat.lds \
	guest/runtime/guest.lds \
	guest/runtime/sigreturn.S \
	guest/runtime/start.S \
	guest/vdso/vdso.c \
	guest/vdso/vdso.lds
CLEANFILES += \
	$(GUEST_OBJECTS) \
	$(GUEST_NATIVE_OBJECTS) \
	$(GUEST_IMAGES) \
	$(GUEST_FLAT) \
	$(GUEST_NATIVES) \
	guest/libguest.a \
	guest/libguest-native.a \
	guest/vdso/vdso.o \
	guest/vdso/vdso.so
