# SPDX-License-Identifier: BSD-2-Clause
#
# Tests print TAP and run under automake's driver.  Most need no KVM; without
# KVM the others skip and print the reason.

TEST_EXTENSIONS = .sh .elf
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
ELF_LOG_DRIVER = $(TAP_DRIVER)
# A test that hangs fails, and the other tests run.
SH_LOG_COMPILER = timeout -k 10 900 $(SHELL)
# A guest that prints TAP is a test.
ELF_LOG_COMPILER = timeout -k 10 900 $(SHELL) \
	$(top_srcdir)/tests/run/run-guest.sh

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(top_srcdir)'; export top_srcdir; \
	top_builddir='$(top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; \
	SANITIZE_FLAGS='$(SANITIZE_FLAGS)'; export SANITIZE_FLAGS; \
	MAKE='$(MAKE)'; export MAKE;
TEST_SUITE_LOG = tests/test-suite.log

# SHELL_TESTS need no KVM.  KVM_TESTS run guests, and run also in the hosts of
# tests/hosts.  Each folder adds its own tests.
SHELL_TESTS =
KVM_TESTS =

include tests/unit/local.mk
include tests/run/local.mk
include tests/gdb/local.mk
include tests/programs/local.mk
include tests/tree/local.mk
include tests/fuzz/local.mk
include tests/long/local.mk

TESTS += $(SHELL_TESTS) $(KVM_TESTS) $(GUEST_TESTS)
EXTRA_DIST += $(SHELL_TESTS) $(KVM_TESTS) tests/lib.sh \
	tests/rsp/breaks.txt \
	tests/rsp/errors.txt \
	tests/rsp/expressions.txt \
	tests/rsp/files.txt \
	tests/rsp/first.txt \
	tests/rsp/ahead.txt \
	tests/rsp/again.txt \
	tests/rsp/life.txt \
	tests/rsp/lldb.txt \
	tests/rsp/malformed.txt \
	tests/rsp/memory.txt \
	tests/rsp/nonstop-end.txt \
	tests/rsp/nonstop.txt \
	tests/rsp/registers.txt \
	tests/rsp/reverse.txt \
	tests/rsp/run.txt \
	tests/rsp/search.txt \
	tests/rsp/session.txt \
	tests/rsp/threads.txt \
	tests/rsp/trace.txt \
	tests/rsp/tracecode.txt \
	tests/rsp/traceless.txt \
	tests/rsp/traceruns.txt

# Tests that depend on compilers and flags: of the library, the program with
# guests, and the runtime.  Tests with debuggers and other people's programs
# depend on no further flag, nor do those of options, files and pictures.
# The longest tests come first.
QUICK_CHECKS = tests/gdb/t-gdb-stops.sh tests/gdb/t-gdb.sh $(UNIT_TESTS) \
	tests/run/t-ends.sh tests/run/t-faults.sh tests/run/t-net.sh \
	tests/run/t-record.sh tests/run/t-run.sh tests/run/t-sandbox.sh \
	tests/run/t-signals.sh tests/run/t-threads.sh \
	tests/tree/t-guest-elf.sh $(RSP_GUESTS) $(GUEST_TESTS) \
	$(GUEST_NATIVE_TESTS)
check-quick:
	$(MAKE) check TESTS='$(QUICK_CHECKS)'

# Programs that need no KVM, under valgrind.  It does not know the functions of a
# static C library that read beyond their ends, so novillo has to be linked with
# the shared one.
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full
VALGRIND_TESTS = tests/unit/t-gmem tests/unit/t-cure tests/unit/t-hypercall \
	tests/unit/t-image tests/unit/t-insn tests/unit/t-json tests/unit/t-netrule \
	tests/unit/t-symbols tests/unit/t-trace
VALGRIND_OWN = $(if $(STATIC_LDFLAGS),: static:,$(VALGRIND))

check-valgrind: $(VALGRIND_TESTS) bin/novillo
	for test in $(VALGRIND_TESTS); do \
	    $(VALGRIND) ./$$test >tests/valgrind.out || \
		{ cat tests/valgrind.out; exit 1; }; \
	done
	$(VALGRIND_OWN) bin/novillo --list >tests/valgrind.out
	$(VALGRIND_OWN) bin/novillo --help >tests/valgrind.out
	$(VALGRIND_OWN) bin/novillo --list \
	    --config=$(top_srcdir)/tests/run/config.json >tests/valgrind.out

.PHONY: check-quick check-valgrind
CLEANFILES += tests/valgrind.out
