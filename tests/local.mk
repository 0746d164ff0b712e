# SPDX-License-Identifier: BSD-2-Clause
#
# Tests, as TAP under automake's driver.  Most need no KVM; the others say
# why they skip.

TEST_EXTENSIONS = .sh .elf
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
ELF_LOG_DRIVER = $(TAP_DRIVER)
# What hangs has failed: no test stops all others.
SH_LOG_COMPILER = timeout -k 10 900 $(SHELL)
# A guest that prints TAP is a test by itself.
ELF_LOG_COMPILER = timeout -k 10 900 $(SHELL) $(top_srcdir)/tests/run-guest.sh

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(top_srcdir)'; export top_srcdir; \
	top_builddir='$(top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; \
	SANITIZE_FLAGS='$(SANITIZE_FLAGS)'; export SANITIZE_FLAGS; \
	MAKE='$(MAKE)'; export MAKE;
TEST_SUITE_LOG = tests/test-suite.log

# Units; all but t-debug and t-line without KVM.
TEST_LIBS = $(NOVILLO_LIBS)
UNIT_TESTS = \
	tests/t-confine \
	tests/t-debug \
	tests/t-files \
	tests/t-filter \
	tests/t-gmem \
	tests/t-hypercall \
	tests/t-image \
	tests/t-json \
	tests/t-line \
	tests/t-lines \
	tests/t-mmap \
	tests/t-net \
	tests/t-netrule \
	tests/t-own \
	tests/t-regs \
	tests/t-rsp \
	tests/t-signal \
	tests/t-space \
	tests/t-stub \
	tests/t-symbols \
	tests/t-trace
UNIT_SOURCES = tests/tap.h tests/guestram.h tests/guestcall.h \
	tests/elfmaker.h \
	tests/elfbuild.h tests/selfelf.h
tests_t_confine_SOURCES = tests/t-confine.c $(UNIT_SOURCES)
tests_t_confine_LDADD = lib/libsandbox.a
tests_t_debug_SOURCES = tests/t-debug.c $(UNIT_SOURCES)
tests_t_debug_LDADD = $(TEST_LIBS)
tests_t_files_SOURCES = tests/t-files.c $(UNIT_SOURCES)
tests_t_files_LDADD = $(TEST_LIBS)
tests_t_filter_SOURCES = tests/t-filter.c bin/needs.c bin/needs.h \
	bin/needs.def $(UNIT_SOURCES)
tests_t_filter_LDADD = lib/libsandbox.a $(TEST_LIBS)
tests_t_gmem_SOURCES = tests/t-gmem.c $(UNIT_SOURCES)
tests_t_gmem_LDADD = $(TEST_LIBS)
tests_t_hypercall_SOURCES = tests/t-hypercall.c $(UNIT_SOURCES)
tests_t_hypercall_LDADD = $(TEST_LIBS)
tests_t_image_SOURCES = tests/t-image.c $(UNIT_SOURCES)
tests_t_image_LDADD = $(TEST_LIBS)
tests_t_json_SOURCES = tests/t-json.c bin/json.c bin/json.h $(UNIT_SOURCES)
tests_t_line_SOURCES = tests/t-line.c $(UNIT_SOURCES)
tests_t_lines_SOURCES = tests/t-lines.c $(UNIT_SOURCES)
tests_t_lines_LDADD = $(TEST_LIBS)
tests_t_mmap_SOURCES = tests/t-mmap.c $(UNIT_SOURCES)
tests_t_mmap_LDADD = $(TEST_LIBS)
tests_t_net_SOURCES = tests/t-net.c $(UNIT_SOURCES)
tests_t_net_LDADD = $(TEST_LIBS)
tests_t_netrule_SOURCES = tests/t-netrule.c $(UNIT_SOURCES)
tests_t_netrule_LDADD = $(TEST_LIBS)
tests_t_own_SOURCES = tests/t-own.c $(UNIT_SOURCES)
tests_t_own_LDADD = $(TEST_LIBS)
tests_t_regs_SOURCES = tests/t-regs.c $(UNIT_SOURCES)
tests_t_regs_LDADD = lib/libgdb.a
tests_t_rsp_SOURCES = tests/t-rsp.c $(UNIT_SOURCES)
tests_t_rsp_LDADD = lib/libgdb.a
tests_t_signal_SOURCES = tests/t-signal.c $(UNIT_SOURCES)
tests_t_signal_LDADD = $(TEST_LIBS)
tests_t_space_SOURCES = tests/t-space.c $(UNIT_SOURCES)
tests_t_space_LDADD = $(TEST_LIBS)
tests_t_stub_SOURCES = tests/t-stub.c tests/faketarget.c tests/faketarget.h \
	$(UNIT_SOURCES)
tests_t_stub_LDADD = lib/libgdb.a
tests_t_trace_SOURCES = tests/t-trace.c $(UNIT_SOURCES)
tests_t_trace_LDADD = $(TEST_LIBS)
tests_t_symbols_SOURCES = tests/t-symbols.c $(UNIT_SOURCES)
tests_t_symbols_LDADD = $(TEST_LIBS)
# They look at themselves, so they need what -g0 of a packager would take away.
tests_t_lines_CFLAGS = $(AM_CFLAGS) -g
tests_t_symbols_CFLAGS = $(AM_CFLAGS) -g

# The program and its guests, seen from outside.  Those in the second list
# run guests, and run in the hosts of tests/hosts too.
SHELL_TESTS = \
	tests/t-badelf.sh \
	tests/t-cli.sh \
	tests/t-config.sh \
	tests/t-doc.sh \
	tests/t-gdb-fake.sh \
	tests/t-guest-elf.sh \
	tests/t-install.sh \
	tests/t-layers.sh \
	tests/t-lldb-fake.sh
KVM_TESTS = \
	tests/t-allow.sh \
	tests/t-busybox.sh \
	tests/t-check.sh \
	tests/t-core.sh \
	tests/t-ends.sh \
	tests/t-faults.sh \
	tests/t-gdb.sh \
	tests/t-gdb-kill.sh \
	tests/t-gdb-lines.sh \
	tests/t-gdb-static.sh \
	tests/t-gdb-stops.sh \
	tests/t-gdb-signals.sh \
	tests/t-gdb-threads.sh \
	tests/t-gdb-ways.sh \
	tests/t-gdb-debug.sh \
	tests/t-gdb-monitor.sh \
	tests/t-gdb-regs.sh \
	tests/t-hostile.sh \
	tests/t-lldb.sh \
	tests/t-languages.sh \
	tests/t-net.sh \
	tests/t-proc.sh \
	tests/t-programs.sh \
	tests/t-run.sh \
	tests/t-sandbox.sh \
	tests/t-shells.sh \
	tests/t-static.sh \
	tests/t-signals.sh \
	tests/t-threads.sh \
	tests/t-torture.sh \
	tests/t-trace.sh

# What runs unmodified, beside what Debian has ready-made: natively, then as a
# guest.
PROGRAMS_TESTED = \
	tests/programs/applets.txt \
	tests/programs/calls.c \
	tests/programs/events.c \
	tests/programs/files.lua \
	tests/programs/hostile.c \
	tests/programs/language.lua \
	tests/programs/lua.c \
	tests/programs/memory.c \
	tests/programs/notify.go \
	tests/programs/raised.c \
	tests/programs/modern.cc \
	tests/programs/parts.h \
	tests/programs/routines.go \
	tests/programs/script.bash \
	tests/programs/script.sash \
	tests/programs/script.zsh \
	tests/programs/serve.go \
	tests/programs/sessions.c \
	tests/programs/shell.sh \
	tests/programs/spawn.c \
	tests/programs/sql.c \
	tests/programs/statements.sql \
	tests/programs/threads.c \
	tests/programs/torture.c \
	tests/programs/work.lua

check_PROGRAMS += $(UNIT_TESTS) tests/mkelf tests/fakestub tests/killer \
	tests/onpty tests/without
tests_fakestub_SOURCES = tests/fakestub.c tests/faketarget.c \
	tests/faketarget.h
tests_fakestub_LDADD = lib/libgdb.a
tests_killer_SOURCES = tests/killer.c
tests_mkelf_SOURCES = tests/mkelf.c tests/elfmaker.h
tests_onpty_SOURCES = tests/onpty.c
tests_without_SOURCES = tests/without.c

# The codec as a guest has it: its sources, compiled as one with the test.
RSP_GUESTS = tests/t_rsp.elf tests/t_rsp.native
check_DATA += $(RSP_GUESTS)
tests/t_rsp.elf: tests/t_rsp.c lib/gdb/bulk.c lib/gdb/bulk.h lib/gdb/rsp.c \
    lib/gdb/rsp.h guest/libguest.a guest/guest.lds
	$(AM_V_CC)$(MKDIR_P) $(@D) && ($(GUEST_COMPILE) -Ilib \
	    -c -o '$(abs_top_builddir)/tests/t_rsp.g.o' tests/t_rsp.c) && \
	$(GUEST_LINK) -o $@ tests/t_rsp.g.o guest/libguest.a
tests/t_rsp.native: tests/t_rsp.c lib/gdb/bulk.c lib/gdb/bulk.h lib/gdb/rsp.c \
    lib/gdb/rsp.h guest/libguest-native.a guest/guest.lds
	$(AM_V_CC)$(MKDIR_P) $(@D) && ($(GUEST_COMPILE) -Ilib \
	    -DHYPERCALL_BY_SYSCALL \
	    -c -o '$(abs_top_builddir)/tests/t_rsp.n.o' tests/t_rsp.c) && \
	$(GUEST_LINK) -o $@ tests/t_rsp.n.o guest/libguest-native.a
CLEANFILES += $(RSP_GUESTS) tests/t_rsp.g.o tests/t_rsp.n.o

TESTS += $(UNIT_TESTS) $(SHELL_TESTS) $(KVM_TESTS) \
	$(GUEST_TESTS) tests/t_rsp.elf tests/t_rsp.native
EXTRA_DIST += $(SHELL_TESTS) $(KVM_TESTS) tests/gdb.sh tests/lib.sh \
	tests/config.json \
	tests/run-guest.sh \
	tests/fakeguest.S \
	tests/static-hello.c \
	tests/static-signals.c \
	tests/static-threads.c \
	$(PROGRAMS_TESTED) \
	tests/t_rsp.c \
	tests/rsp/breaks.txt \
	tests/rsp/errors.txt \
	tests/rsp/files.txt \
	tests/rsp/life.txt \
	tests/rsp/lldb.txt \
	tests/rsp/malformed.txt \
	tests/rsp/memory.txt \
	tests/rsp/registers.txt \
	tests/rsp/run.txt \
	tests/rsp/session.txt \
	tests/rsp/threads.txt

# Fuzzers: configure with --enable-sanitizers and see what they find.
FUZZ_SECONDS = 60
FUZZERS = \
	tests/fuzz-config \
	tests/fuzz-hypercall \
	tests/fuzz-image \
	tests/fuzz-json \
	tests/fuzz-lines \
	tests/fuzz-rsp \
	tests/fuzz-stub \
	tests/fuzz-trace
EXTRA_PROGRAMS += $(FUZZERS)
tests_fuzz_config_SOURCES = tests/fuzz-config.c tests/fuzz-main.c \
	$(CONFIG_SOURCES)
tests_fuzz_config_LDADD = $(TEST_LIBS)
tests_fuzz_hypercall_SOURCES = tests/fuzz-hypercall.c tests/fuzz-main.c
tests_fuzz_hypercall_LDADD = $(TEST_LIBS)
tests_fuzz_json_SOURCES = tests/fuzz-json.c tests/fuzz-main.c bin/json.c \
	bin/json.h
tests_fuzz_lines_SOURCES = tests/fuzz-lines.c tests/fuzz-main.c
tests_fuzz_lines_LDADD = $(TEST_LIBS)
tests_fuzz_image_SOURCES = tests/fuzz-image.c tests/fuzz-main.c
tests_fuzz_image_LDADD = $(TEST_LIBS)
tests_fuzz_rsp_SOURCES = tests/fuzz-rsp.c tests/fuzz-main.c
tests_fuzz_rsp_LDADD = lib/libgdb.a
tests_fuzz_stub_SOURCES = tests/fuzz-stub.c tests/fuzz-main.c \
	tests/faketarget.c tests/faketarget.h
tests_fuzz_stub_LDADD = lib/libgdb.a
tests_fuzz_trace_SOURCES = tests/fuzz-trace.c tests/fuzz-main.c
tests_fuzz_trace_LDADD = $(TEST_LIBS)

FUZZ_CONFIGS = $(top_srcdir)/tests/config.json \
	$(GUEST_CONFIGS:%=$(top_srcdir)/%)

run-fuzz-config: tests/fuzz-config
	tests/fuzz-config --seconds=$(FUZZ_SECONDS) $(FUZZ_CONFIGS)
run-fuzz-hypercall: tests/fuzz-hypercall
	head -c 2048 $(top_srcdir)/tests/t-files.c >tests/hypercall.seed
	tests/fuzz-hypercall --seconds=$(FUZZ_SECONDS) tests/hypercall.seed
run-fuzz-image: tests/fuzz-image tests/mkelf
	rm -rf tests/seeds && $(MKDIR_P) tests/seeds
	tests/mkelf tests/seeds >/dev/null
	tests/fuzz-image --seconds=$(FUZZ_SECONDS) tests/seeds/*
run-fuzz-json: tests/fuzz-json
	tests/fuzz-json --seconds=$(FUZZ_SECONDS) $(FUZZ_CONFIGS)
run-fuzz-lines: tests/fuzz-lines guest/hello.elf guest/empty.elf
	tests/fuzz-lines --seconds=$(FUZZ_SECONDS) guest/hello.elf \
	    guest/empty.elf
run-fuzz-rsp: tests/fuzz-rsp
	tests/fuzz-rsp --seconds=$(FUZZ_SECONDS) $(top_srcdir)/tests/rsp/*.txt
run-fuzz-stub: tests/fuzz-stub
	tests/fuzz-stub --seconds=$(FUZZ_SECONDS) $(top_srcdir)/tests/rsp/*.txt
run-fuzz-trace: tests/fuzz-trace
	head -c 2048 $(top_srcdir)/tests/t-files.c >tests/trace.seed
	tests/fuzz-trace --seconds=$(FUZZ_SECONDS) tests/trace.seed

RUN_FUZZERS = $(FUZZERS:tests/%=run-%)

check-fuzz: $(RUN_FUZZERS)

.PHONY: $(RUN_FUZZERS)

# Everything that runs without KVM, under valgrind.
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full
VALGRIND_TESTS = tests/t-gmem tests/t-hypercall tests/t-image tests/t-json \
	tests/t-netrule tests/t-symbols tests/t-trace

check-valgrind: $(VALGRIND_TESTS) bin/novillo
	for test in $(VALGRIND_TESTS); do \
	    $(VALGRIND) ./$$test >tests/valgrind.out || \
		{ cat tests/valgrind.out; exit 1; }; \
	done
	$(VALGRIND) bin/novillo --list >tests/valgrind.out
	$(VALGRIND) bin/novillo --help >tests/valgrind.out
	$(VALGRIND) bin/novillo --list --config=$(top_srcdir)/tests/config.json \
	    >tests/valgrind.out

.PHONY: check-fuzz check-valgrind
CLEANFILES += $(FUZZERS) tests/hypercall.seed \
	tests/trace.seed tests/valgrind.out
