# SPDX-License-Identifier: BSD-2-Clause
#
# Real debuggers, on guests and on a made-up machine, which needs no KVM.

SHELL_TESTS += \
	tests/gdb/t-gdb-agent.sh \
	tests/gdb/t-gdb-fake.sh \
	tests/gdb/t-lldb-fake.sh
GDB_TESTS = \
	tests/gdb/t-gdb-calls.sh \
	tests/gdb/t-gdb-checkpoints.sh \
	tests/gdb/t-gdb-control.sh \
	tests/gdb/t-gdb-debug.sh \
	tests/gdb/t-gdb-dynamic.sh \
	tests/gdb/t-gdb-files.sh \
	tests/gdb/t-gdb-history.sh \
	tests/gdb/t-gdb-kill.sh \
	tests/gdb/t-gdb-lines.sh \
	tests/gdb/t-gdb-live.sh \
	tests/gdb/t-gdb-mi.sh \
	tests/gdb/t-gdb-monitor.sh \
	tests/gdb/t-gdb-nonstop.sh \
	tests/gdb/t-gdb-places.sh \
	tests/gdb/t-gdb-preempt.sh \
	tests/gdb/t-gdb-points.sh \
	tests/gdb/t-gdb-python.sh \
	tests/gdb/t-gdb-record.sh \
	tests/gdb/t-gdb-regs.sh \
	tests/gdb/t-gdb-reverse.sh \
	tests/gdb/t-gdb-run.sh \
	tests/gdb/t-gdb-signals.sh \
	tests/gdb/t-gdb-static.sh \
	tests/gdb/t-gdb-stops.sh \
	tests/gdb/t-gdb-tested.sh \
	tests/gdb/t-gdb-threads.sh \
	tests/gdb/t-gdb-story.sh \
	tests/gdb/t-gdb-trace.sh \
	tests/gdb/t-gdb-tutorial.sh \
	tests/gdb/t-gdb-turns.sh \
	tests/gdb/t-gdb-vdso.sh \
	tests/gdb/t-gdb-watch.sh \
	tests/gdb/t-gdb-tui.sh \
	tests/gdb/t-gdb-ways.sh \
	tests/gdb/t-gdb.sh \
	tests/gdb/t-lldb.sh
KVM_TESTS += $(GDB_TESTS)

check_PROGRAMS += tests/gdb/fakestub tests/gdb/killer tests/gdb/onpty \
	tests/gdb/screen
tests_gdb_fakestub_SOURCES = tests/gdb/fakestub.c tests/unit/faketarget.c \
	tests/unit/faketarget.h
tests_gdb_fakestub_LDADD = lib/libgdb.a
tests_gdb_killer_SOURCES = tests/gdb/killer.c tests/long/peer.c \
	tests/long/peer.h
tests_gdb_onpty_SOURCES = tests/gdb/onpty.c
tests_gdb_screen_SOURCES = tests/gdb/screen.c

EXTRA_DIST += tests/gdb/api.py tests/gdb/fakeguest.S tests/gdb/gdb.sh \
	tests/gdb/recorded.sh
