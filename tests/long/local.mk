# SPDX-License-Identifier: BSD-2-Clause
#
# Tests that take hours, in named parts.  `make check` and .ci/run do not run
# them; run them before closing a change that needs them.
#
#	make check-long				all of them, about three hours
#	make long-gdb LONG_TIMES=100		one part, 100 times
#
#	long-fuzz	each fuzzer, LONG_SECONDS; configure for it with
#			--enable-sanitizers
#	long-gdb	sessions with gdb and lldb, LONG_TIMES each: steps,
#			watchpoints on threads, debuggers that are killed
#	long-record	every guest of tests with many programs, recorded and
#			replayed, LONG_TIMES each
#	long-record-A	the same and the guests that test themselves on host A,
#			LONG_HOST_TIMES each
#	long-record-B	those guests and some applets on host B
#	long-races	threads, signals and memory under load, LONG_TIMES each
#	long-endurance	many sessions, steps, kills, guests, starts and ends, and
#			whether anything grows: doc/endurance.md
#	long-go		the tests of Go's own library, where Go is installed
#	long-servers	etcd, Node.js and Java under load, where they are installed
#	long-preempt	LONG_PREEMPTED recordings each of guests whose threads are
#			preempted
#	long-preempt-A	the same on host A, LONG_HOST_PREEMPTED each
#	long-tests	`make check`, all of it in this build: .ci/run leaves out
#			where sanitizers and other compilers say nothing new
#	long-hosts	all tests on hosts A and B; check-hosts leaves some out

LONG_SECONDS = 600
LONG_TIMES = 20
LONG_HOST_TIMES = 3
LONG_PREEMPTED = 250
LONG_HOST_PREEMPTED = 20
LONG_GO = bufio bytes container/heap container/list encoding/binary \
	encoding/json errors math/big regexp sort strconv strings sync \
	sync/atomic text/template time unicode/utf8

# Parts of tests/long/endure, each with its count and how many at once.
LONG_ENDURANCE = watch:10000:3 gdb:300:3 killed:1000 crowd:10 steps:1000000 \
	starts:10000:2

LONG_ENVIRONMENT = $(AM_TESTS_ENVIRONMENT) \
	NOVILLO_REQUIRE_KVM=1; export NOVILLO_REQUIRE_KVM;
LONG_PARTS = long-endurance long-fuzz long-gdb long-go long-hosts long-preempt \
	long-preempt-A long-races long-record long-record-A long-record-B \
	long-servers long-tests

check-long: $(LONG_PARTS)

long-fuzz:
	$(MAKE) check-fuzz FUZZ_SECONDS=$(LONG_SECONDS)
long-gdb: all $(check_PROGRAMS) guest/rounds.native
	@$(LONG_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/long/repeat.sh $(LONG_TIMES) $(GDB_TESTS)
long-races: all $(check_PROGRAMS)
	@$(LONG_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/long/repeat.sh $(LONG_TIMES) \
	    tests/run/t-threads.sh tests/run/t-signals.sh \
	    tests/programs/t-torture.sh guest/t_race.elf guest/t_threads.elf \
	    guest/t_signals.elf tests/unit/t-mmap
long-preempt: all
	@$(LONG_ENVIRONMENT) \
	NOVILLO_PREEMPTED=$(LONG_PREEMPTED) \
	$(SHELL) $(top_srcdir)/tests/long/repeat.sh 1 tests/run/t-preempt.sh
long-preempt-A: host-stage
	@NOVILLO_HOST_APPEND=NOVILLO_PREEMPTED=$(LONG_HOST_PREEMPTED) \
	NOVILLO_TEST_SECONDS=86400 NOVILLO_HOST_SECONDS=86400 \
	$(HOST_RUN) A $(HOST_STAGE) tests/run/t-preempt.sh
LONG_RECORDED = \
	tests/programs/t-busybox.sh \
	tests/programs/t-shells.sh \
	tests/programs/t-languages.sh \
	tests/programs/t-programs.sh \
	tests/run/t-threads.sh
long-record: all $(check_PROGRAMS)
	@$(LONG_ENVIRONMENT) RECORDED=long-record.txt; export RECORDED; \
	NOVILLO_RECORDED=$(abs_top_builddir)/bin/novillo; \
	NOVILLO=$(abs_top_srcdir)/tests/long/recorded.sh; \
	export NOVILLO NOVILLO_RECORDED; rm -f $$RECORDED; \
	$(SHELL) $(top_srcdir)/tests/long/repeat.sh $(LONG_TIMES) \
	    $(LONG_RECORDED); \
	cut -d: -f1 $$RECORDED | sort | uniq -c; \
	! grep '^DIFFERS' $$RECORDED

# The tests build the guests on this machine, where no guest runs; a host with
# few resources gets less of them.
LONG_KEPT_A = $(LONG_RECORDED) $(GUEST_TESTS)
LONG_KEPT_B = tests/programs/t-busybox.sh $(GUEST_TESTS)
long-record-A long-record-B: long-record-%: host-stage
	@$(LONG_ENVIRONMENT) \
	NOVILLO=$(abs_top_srcdir)/tests/long/keep.sh; export NOVILLO; \
	KEPT=`pwd`/$(HOST_STAGE)/kept; export KEPT; \
	test $* = A || { NOVILLO_HOST=$*; export NOVILLO_HOST; }; \
	$(SHELL) $(top_srcdir)/tests/long/repeat.sh 1 $(LONG_KEPT_$*) \
	    >/dev/null; \
	kept=`cd $(HOST_STAGE) && ls kept/*.sh`; \
	NOVILLO_HOST_APPEND=NOVILLO_TIMES=$(LONG_HOST_TIMES) \
	NOVILLO_TEST_SECONDS=`expr 1200 \* $(LONG_HOST_TIMES)` \
	NOVILLO_HOST_SECONDS=86400 $(HOST_RUN) $* $(HOST_STAGE) $$kept
long-endurance: all tests/long/endure
	@$(LONG_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/long/endure.sh $(LONG_ENDURANCE)
long-go: all
	@$(LONG_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/long/go.sh $(LONG_GO)

long-servers: all
	@$(LONG_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/long/servers.sh

long-tests: all $(check_PROGRAMS)
	$(MAKE) check

long-hosts: host-stage
	$(MAKE) $(HOST_RUNS) $(HOST_BOOTS)

.PHONY: check-long $(LONG_PARTS)

check_PROGRAMS += tests/long/endure
tests_long_endure_SOURCES = \
	tests/long/crowd.c \
	tests/long/endure.c \
	tests/long/endure.h \
	tests/long/gauge.c \
	tests/long/gauge.h \
	tests/long/guest.c \
	tests/long/killed.c \
	tests/long/peer.c \
	tests/long/peer.h \
	tests/long/pool.c \
	tests/long/starts.c \
	tests/long/steps.c \
	tests/long/watch.c

# A few of each, in `make check`; not in the hosts, which are too slow for it.
TESTS += tests/long/t-endure.sh

EXTRA_DIST += tests/long/endure.sh tests/long/go.sh tests/long/keep.sh \
	tests/long/kept.sh tests/long/recorded.sh tests/long/repeat.sh \
	tests/long/servers.sh tests/long/t-endure.sh \
	tests/long/tsan-direct.c tests/long/tsan-ignore.txt
