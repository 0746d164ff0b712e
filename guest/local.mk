# SPDX-License-Identifier: BSD-2-Clause
#
# The guests and their runtime.  They are not automake programs: automake puts
# CFLAGS, which are the host's, after everything.  Here objects have suffixes
# of their own, and only GUEST_* variables reach them.
#
#	.g.o .elf	a guest: hypercalls by OUT
#	.n.o .native	the same source as a Linux program: by `syscall`

# The runtime, in the order in which a newcomer should read it.
GUEST_RUNTIME = guest/start $(GUEST_RUNTIME_C) guest/clone guest/sigreturn
GUEST_RUNTIME_C = \
	guest/crt \
	guest/posix \
	guest/file \
	guest/net \
	guest/errno \
	guest/panic \
	guest/signal \
	guest/ssp \
	guest/string \
	guest/stdlib \
	guest/malloc \
	guest/mman \
	guest/printf \
	guest/stdio \
	guest/getline \
	guest/thread \
	guest/tap

GUEST_INCLUDES = \
	guest/frame.h \
	guest/runtime.h \
	guest/include/arpa/inet.h \
	guest/include/assert.h \
	guest/include/ctype.h \
	guest/include/errno.def \
	guest/include/errno.h \
	guest/include/fcntl.h \
	guest/include/hcall.h \
	guest/include/limits.h \
	guest/include/netinet/in.h \
	guest/include/netinet/tcp.h \
	guest/include/poll.h \
	guest/include/sched.h \
	guest/include/signal.h \
	guest/include/stdio.h \
	guest/include/stdlib.h \
	guest/include/string.h \
	guest/include/sys/auxv.h \
	guest/include/sys/epoll.h \
	guest/include/sys/eventfd.h \
	guest/include/sys/ioctl.h \
	guest/include/sys/mman.h \
	guest/include/sys/prctl.h \
	guest/include/sys/random.h \
	guest/include/sys/select.h \
	guest/include/sys/socket.h \
	guest/include/sys/stat.h \
	guest/include/sys/resource.h \
	guest/include/sys/sysinfo.h \
	guest/include/sys/time.h \
	guest/include/sys/timerfd.h \
	guest/include/sys/types.h \
	guest/include/sys/uio.h \
	guest/include/sys/un.h \
	guest/include/sys/utsname.h \
	guest/include/tap.h \
	guest/include/thread.h \
	guest/include/time.h \
	guest/include/unistd.h

GUEST_ABI = lib/abi/hypercall.h lib/abi/hypercall.def

# Programs: what they do is seen from outside.
GUEST_PLAIN = \
	guest/compute.elf \
	guest/crowd.elf \
	guest/debug.elf \
	guest/echo.elf \
	guest/echo_server.elf \
	guest/empty.elf \
	guest/env.elf \
	guest/hello.elf \
	guest/misuse.elf \
	guest/number.elf \
	guest/read_blocks.elf \
	guest/registers.elf \
	guest/rounds.elf \
	guest/signals.elf \
	guest/sleep.elf \
	guest/spin.elf \
	guest/status.elf \
	guest/sum_file.elf \
	guest/threads.elf \
	guest/torov.elf \
	guest/torture.elf \
	guest/wc.elf \
	guest/write_file.elf

# The same bytes that torov.elf executes, as ToroV loads them.
GUEST_FLAT = guest/torov.bin

# Configurations as ToroV has them, to lie beside guests.
GUEST_CONFIGS = \
	guest/echo_server.json \
	guest/hello.json \
	guest/write_file.json

# Guests that die of what they are named after.
GUEST_FAULTS = \
	guest/fault_align.elf \
	guest/fault_auxv.elf \
	guest/fault_divide.elf \
	guest/fault_exec.elf \
	guest/fault_file.elf \
	guest/fault_fp.elf \
	guest/fault_int.elf \
	guest/fault_int3.elf \
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

# Guests that are tests by themselves: they print TAP.
GUEST_TESTS = \
	guest/t_avx.elf \
	guest/t_base.elf \
	guest/t_calls.elf \
	guest/t_door.elf \
	guest/t_efault.elf \
	guest/t_file.elf \
	guest/t_hostile.elf \
	guest/t_hypercall.elf \
	guest/t_malloc.elf \
	guest/t_memory.elf \
	guest/t_mmap.elf \
	guest/t_net.elf \
	guest/t_poll.elf \
	guest/t_printf.elf \
	guest/t_proc.elf \
	guest/t_race.elf \
	guest/t_signals.elf \
	guest/t_sse.elf \
	guest/t_start.elf \
	guest/t_string.elf \
	guest/t_threads.elf

# On Linux itself they say the same, so Linux is what they are checked against,
# and the runtime is tested where there is no KVM.  Automake wants them written
# out: it makes a rule for each.
GUEST_NATIVE_TESTS = \
	guest/t_avx.native \
	guest/t_base.native \
	guest/t_calls.native \
	guest/t_efault.native \
	guest/t_file.native \
	guest/t_hypercall.native \
	guest/t_malloc.native \
	guest/t_memory.native \
	guest/t_mmap.native \
	guest/t_net.native \
	guest/t_poll.native \
	guest/t_printf.native \
	guest/t_proc.native \
	guest/t_signals.native \
	guest/t_sse.native \
	guest/t_start.native \
	guest/t_string.native \
	guest/t_threads.native

# What a guest is compared with when it is timed.
GUEST_NATIVE_PLAIN = \
	guest/compute.native \
	guest/echo.native \
	guest/echo_server.native \
	guest/empty.native \
	guest/env.native \
	guest/hello.native \
	guest/misuse.native \
	guest/number.native \
	guest/read_blocks.native \
	guest/rounds.native \
	guest/spin.native \
	guest/status.native \
	guest/sum_file.native \
	guest/torture.native \
	guest/wc.native

GUEST_IMAGES = $(GUEST_PLAIN) $(GUEST_FAULTS) $(GUEST_TESTS)
GUEST_NATIVES = $(GUEST_NATIVE_PLAIN) $(GUEST_NATIVE_TESTS)

GUEST_LIBRARY_OBJECTS = $(GUEST_RUNTIME:=.g.o)
GUEST_OBJECTS = $(GUEST_IMAGES:.elf=.g.o) $(GUEST_LIBRARY_OBJECTS)
GUEST_NATIVE_LIBRARY_OBJECTS = $(GUEST_RUNTIME:=.n.o)
GUEST_NATIVE_OBJECTS = $(GUEST_NATIVES:.native=.n.o) \
	$(GUEST_NATIVE_LIBRARY_OBJECTS)

noinst_DATA += $(GUEST_IMAGES) $(GUEST_FLAT) guest/libguest.a
check_DATA += $(GUEST_NATIVES)
TESTS += $(GUEST_NATIVE_TESTS)

# The compiler runs in the source folder, which -ffile-prefix-map then calls
# ".", so that no path gets into the objects and every folder makes the same.
GUEST_COMPILE = cd -P '$(abs_top_srcdir)' && \
	$(GUEST_CC) -Iguest/include -Ilib/abi $(GUEST_CFLAGS_AUTO) \
	-ffile-prefix-map="$$PWD"=. $(GUEST_CFLAGS)
GUEST_LINK = $(GUEST_CC) $(GUEST_LDFLAGS_AUTO) \
	-Wl,-T,'$(abs_top_srcdir)/guest/guest.lds'

SUFFIXES += .c .S .g.o .n.o .bin .elf .native

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
.g.o.elf:
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest.a
.g.o.bin:
	$(AM_V_CCLD)$(GUEST_CC) $(GUEST_LDFLAGS_AUTO) -Wl,--build-id=none \
	    -Wl,-T,'$(abs_top_srcdir)/guest/flat.lds' \
	    -o $@ $< guest/libguest.a
.n.o.native:
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< guest/libguest-native.a

# Few and small enough to be rebuilt when any header changes.
$(GUEST_OBJECTS) $(GUEST_NATIVE_OBJECTS): $(GUEST_INCLUDES) $(GUEST_ABI)
$(GUEST_IMAGES): guest/libguest.a guest/guest.lds
$(GUEST_FLAT): guest/libguest.a guest/flat.lds
$(GUEST_NATIVES): guest/libguest-native.a guest/guest.lds

# D: no times and no owners in the archive.
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
	$(GUEST_IMAGES:.elf=.c) \
	$(GUEST_RUNTIME_C:=.c) \
	guest/README.md \
	guest/flat.lds \
	guest/guest.lds \
	guest/clone.S \
	guest/sigreturn.S \
	guest/start.S
CLEANFILES += \
	$(GUEST_OBJECTS) \
	$(GUEST_NATIVE_OBJECTS) \
	$(GUEST_IMAGES) \
	$(GUEST_FLAT) \
	$(GUEST_NATIVES) \
	guest/libguest.a \
	guest/libguest-native.a
