# SPDX-License-Identifier: BSD-2-Clause
#
# Which lines and branches of lib and bin the tests execute.
#
#	./configure --enable-coverage && make coverage
#
# runs the tests and prints a table.  COVERAGE_TESTS=... runs those tests only.
# Without KVM host A executes what needs guests (see doc/hosts.md), if its emulator
# is installed.  Tests of the tree itself, and those whose claim is how much
# memory or time a run takes, say nothing here.

COVERAGE_TESTS = $(UNIT_TESTS) $(GUEST_TESTS) \
	$(filter-out tests/tree/%,$(SHELL_TESTS) $(KVM_TESTS))

# Tests of what needs guests, for machines without KVM.  Commands that are sent to
# a host ignore SIGINT, and their shells interrupt nothing: tests of ends and
# traces, which do, are not among them.
COVERAGE_INSIDE = \
	tests/unit/t-debug \
	tests/unit/t-target \
	tests/programs/t-ipc.sh \
	tests/run/t-faults.sh \
	tests/run/t-learn.sh \
	tests/run/t-pictures.sh \
	tests/run/t-preempt.sh \
	tests/run/t-record.sh \
	tests/run/t-run.sh \
	tests/run/t-threads.sh \
	guest/t_memory.elf \
	guest/t_pthread.elf \
	guest/t_signals.elf \
	guest/t_threads.elf
COVERAGE_OUTSIDE = \
	tests/gdb/t-gdb.sh \
	tests/gdb/t-gdb-checkpoints.sh \
	tests/gdb/t-gdb-files.sh \
	tests/gdb/t-gdb-monitor.sh \
	tests/gdb/t-gdb-places.sh \
	tests/gdb/t-gdb-reverse.sh \
	tests/gdb/t-gdb-stops.sh \
	tests/gdb/t-gdb-tested.sh \
	tests/gdb/t-gdb-threads.sh \
	tests/gdb/t-gdb-trace.sh

if COVERAGE
HOST_FLAGS = --enable-coverage CFLAGS='-g -O0'
BUILT_SOURCES += tests/coverage/counters.o
else
HOST_FLAGS = CFLAGS=-O2
endif
tests/coverage/counters.o: $(srcdir)/tests/coverage/counters.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(AM_CPPFLAGS) -std=gnu11 \
	    $(WARN_CFLAGS) -O2 -c -o $@ $(srcdir)/tests/coverage/counters.c

# The table comes even if a test fails; the status is that of both.
coverage:
	find bin tests -name '*.counters' -exec rm -f {} +
	rm -f $(HOST_BUILD)/bin/*.counters $(HOST_BUILD)/tests/unit/*.counters
	status=0; $(MAKE) check TESTS='$(COVERAGE_TESTS)' || status=1; \
	bin/novillo --probe >/dev/null 2>&1 || $(MAKE) coverage-host || status=1; \
	$(SHELL) '$(srcdir)/tests/coverage/report.sh' '$(srcdir)' && \
	    exit $$status

coverage-host: host-stage
	! command -v qemu-system-x86_64 >/dev/null || \
	    NOVILLO_TEST_SECONDS=900 $(HOST_WITH) A $(HOST_STAGE) --with \
		$(SHELL) $(top_srcdir)/tests/coverage/on-host.sh $(HOST_BUILD) \
		$(COVERAGE_INSIDE) -- $(COVERAGE_OUTSIDE)

.PHONY: coverage coverage-host
CLEANFILES += coverage.txt tests/coverage/counters.o
EXTRA_DIST += tests/coverage/counters.c tests/coverage/counters.lds \
	tests/coverage/on-host.sh tests/coverage/report.sh
