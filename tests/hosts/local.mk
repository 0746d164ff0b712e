# SPDX-License-Identifier: BSD-2-Clause
#
# The tests that run guests, on the two other hosts.  For one test on one host:
#
#	make check-host-A HOST_TESTS=tests/run/t-faults.sh
#
# For any other command that runs on this machine and runs novillo in the host:
#
#	make with-host-B HOST_COMMAND='sh tests/gdb/t-gdb.sh'

# check-hosts runs on both hosts what depends on how a KVM reports: steps,
# watchpoints, threads and ways back in a debugger, recordings, faults, signals,
# and most guests.  The rest of what a processor can change runs on one of them.
# Packets, commands, options, files and programs of others are the same on every
# KVM, so these tests run on this machine's only.  check-host-A, check-host-B and
# check-long run all.
#
# Tests that need a debugger, which the hosts lack, run on this machine.
HOST_MAIN = \
	tests/gdb/t-gdb-record.sh \
	tests/gdb/t-gdb-regs.sh \
	tests/gdb/t-gdb-reverse.sh \
	tests/gdb/t-gdb-stops.sh \
	tests/gdb/t-gdb-threads.sh
HOST_DEBUGGER_A = \
	tests/gdb/t-gdb.sh \
	tests/gdb/t-gdb-history.sh \
	tests/gdb/t-gdb-nonstop.sh \
	tests/gdb/t-gdb-points.sh \
	tests/gdb/t-gdb-preempt.sh \
	tests/gdb/t-gdb-tested.sh \
	tests/gdb/t-gdb-turns.sh
HOST_DEBUGGER_B = \
	tests/gdb/t-gdb-signals.sh \
	tests/gdb/t-gdb-ways.sh
HOST_DEBUGGER_NEITHER = \
	tests/gdb/t-gdb-calls.sh \
	tests/gdb/t-gdb-checkpoints.sh \
	tests/gdb/t-gdb-control.sh \
	tests/gdb/t-gdb-files.sh \
	tests/gdb/t-gdb-history.sh \
	tests/gdb/t-gdb-lines.sh \
	tests/gdb/t-gdb-live.sh \
	tests/gdb/t-gdb-mi.sh \
	tests/gdb/t-gdb-monitor.sh \
	tests/gdb/t-gdb-places.sh \
	tests/gdb/t-gdb-python.sh \
	tests/gdb/t-gdb-run.sh \
	tests/gdb/t-gdb-story.sh \
	tests/gdb/t-gdb-trace.sh \
	tests/gdb/t-gdb-tutorial.sh \
	tests/gdb/t-gdb-vdso.sh \
	tests/gdb/t-lldb.sh
# They skip there, for lack of compilers, programs and debuggers.
HOST_LACKING = \
	tests/gdb/t-gdb-debug.sh \
	tests/gdb/t-gdb-dynamic.sh \
	tests/gdb/t-gdb-static.sh \
	tests/gdb/t-gdb-tui.sh \
	tests/gdb/t-gdb-watch.sh \
	tests/programs/t-dynamic.sh \
	tests/programs/t-hostile.sh \
	tests/programs/t-inotify.sh \
	tests/programs/t-languages.sh \
	tests/programs/t-pascal.sh \
	tests/programs/t-programs.sh \
	tests/programs/t-servers.sh \
	tests/programs/t-shells.sh \
	tests/programs/t-torture.sh \
	tests/run/t-aslr.sh \
	tests/run/t-attack.sh \
	tests/run/t-check.sh \
	tests/run/t-hints.sh \
	tests/run/t-net.sh
HOST_NEITHER = $(HOST_DEBUGGER_NEITHER) $(HOST_LACKING) \
	tests/gdb/t-gdb-kill.sh \
	tests/programs/t-busybox.sh \
	tests/programs/t-ipc.sh \
	tests/programs/t-static.sh \
	tests/run/t-allow.sh \
	tests/run/t-core.sh \
	tests/run/t-ends.sh \
	tests/run/t-examples.sh \
	tests/run/t-learn.sh \
	tests/run/t-lines.sh \
	tests/run/t-pictures.sh \
	tests/run/t-proc.sh \
	tests/run/t-run.sh \
	tests/run/t-sandbox.sh \
	tests/run/t-trace.sh \
	guest/t_printf.elf
HOST_OUTSIDE = $(HOST_MAIN) $(HOST_DEBUGGER_A) $(HOST_DEBUGGER_B) \
	$(HOST_DEBUGGER_NEITHER)
# Host A, whose emulator is faster, has what takes long.
HOST_ONLY_A = $(HOST_DEBUGGER_A) \
	tests/run/t-preempt.sh \
	tests/run/t-record.sh \
	guest/t_hostile.elf \
	guest/t_race.elf
HOST_ONLY_B = $(HOST_DEBUGGER_B)
HOST_TESTS = tests/unit/t-debug tests/unit/t-target $(KVM_TESTS) $(GUEST_TESTS)
HOST_COMMAND = $(SHELL)
HOST_BUILD = hosts-build
HOST_STAGE = $(HOST_BUILD)/stage
HOST_RUN = $(SHELL) $(top_srcdir)/tests/hosts/run.sh

# The hosts have a static build of their own, because they have no libraries.
# The build uses a copy of the sources, because a configured tree cannot be
# configured elsewhere.
host-source:
	$(MKDIR_P) $(HOST_BUILD)
	$(MAKE) distdir distdir=$(HOST_BUILD)/source

$(HOST_BUILD)/Makefile: $(top_builddir)/config.status
	cd $(HOST_BUILD) && source/configure --quiet \
	    CC='$(CC)' $(HOST_FLAGS) LDFLAGS=-static CPPFLAGS= \
	    GUEST_CC='$(GUEST_CC)' GUEST_CFLAGS='$(GUEST_CFLAGS)'

# Not `make all OTHERS`: `all` is a make of its own, beside that of the others.
# The kernel is fetched here, once for both hosts.
host-stage: host-source
	$(MAKE) $(HOST_BUILD)/Makefile
	cd $(HOST_BUILD) && $(MAKE) all && $(MAKE) tests/unit/t-debug \
	    tests/unit/t-events tests/unit/t-target tests/gdb/killer tests/run/alter \
	    tests/run/without guest/rounds.native
	CC='$(CC)' $(SHELL) $(top_srcdir)/tests/hosts/stage.sh $(HOST_BUILD)/source \
	    $(HOST_BUILD) $(HOST_STAGE)
	$(SHELL) $(top_srcdir)/tests/hosts/kernel.sh >/dev/null || test $$? = 77

HOST_WITH = top_srcdir='$(top_srcdir)' top_builddir=$(HOST_STAGE) \
	NOVILLO_REQUIRE_KVM=1 $(HOST_RUN)

# The stem of a target's name is a host: HOST_IN are the tests that it runs by
# itself, HOST_OUT those that this machine runs on it.
HOST_LEFT_A = $(HOST_ONLY_B) $(HOST_NEITHER)
HOST_LEFT_B = $(HOST_ONLY_A) $(HOST_NEITHER)
HOST_ALL = $(filter-out $(if $(HOST_HALVES),$(HOST_LEFT_$*)),$(HOST_TESTS))
HOST_IN = $(filter-out $(HOST_OUTSIDE),$(HOST_ALL))
HOST_OUT = $(filter $(HOST_OUTSIDE),$(HOST_ALL))

check-host-A check-host-Ai check-host-B: check-host-%: host-stage
	$(MAKE) -k run-inside-$* run-outside-$*

# These targets do not make the stage, so that several can run at once.
run-inside-A run-inside-Ai run-inside-B: run-inside-%:
	@$(if $(HOST_IN),$(HOST_RUN) $* $(HOST_STAGE) $(HOST_IN))
run-outside-A run-outside-Ai run-outside-B: run-outside-%:
	@$(if $(HOST_OUT),$(HOST_WITH) $* $(HOST_STAGE) --with \
	    $(SHELL) $(top_srcdir)/tests/hosts/outside.sh $(HOST_OUT))

with-host-A with-host-B: host-stage
	$(HOST_WITH) $(@:with-host-%=%) $(HOST_STAGE) --with $(HOST_COMMAND)

# Three at once, the longest first: a host waits for a debugger, and a debugger
# for it.  More of them only take processor time from each other: a host that
# waits does not sleep.
HOST_RUNS = -k -j3 --output-sync=target run-outside-B run-outside-A \
	run-inside-B run-inside-A
check-hosts: host-stage
	$(MAKE) $(HOST_RUNS) HOST_HALVES=1

shell-A: host-stage
	$(HOST_RUN) A $(HOST_STAGE) --shell

.PHONY: check-host-A check-host-Ai check-host-B check-hosts host-source \
	host-stage run-inside-A run-inside-Ai run-inside-B run-outside-A \
	run-outside-Ai run-outside-B shell-A with-host-A with-host-B

TESTS += tests/hosts/t-report.sh
EXTRA_DIST += \
	tests/hosts/boot.S \
	tests/hosts/disk.sh \
	tests/hosts/in.sh \
	tests/hosts/init \
	tests/hosts/initrd.sh \
	tests/hosts/kernel.sh \
	tests/hosts/outside.sh \
	tests/hosts/report.awk \
	tests/hosts/run.sh \
	tests/hosts/stage.sh \
	tests/hosts/t-report.sh
