# SPDX-License-Identifier: BSD-2-Clause
#
# Novillo measured against a floor.  Nothing here belongs to `make check`: times
# depend on the machine's other work.
#
#	make bench		figures, and bench.json, bench.md, bench.svg
#	make bench BENCH_FLAGS='--vs=COMMAND'
#	make bench-Ai		on the host whose clock counts instructions
#	make bench-Ai BENCH_PARTS='start memory'
#	make start-order	start.lds, a new bin/start.lds: some minutes

BENCHES = tests/bench/bench tests/bench/floor
BENCH_GUESTS = guest/compute.elf guest/compute.native \
	guest/echo_server.elf guest/echo_server.native \
	guest/empty.elf \
	guest/hot.elf guest/hot.native \
	guest/map_page.elf guest/map_page.native \
	guest/read_blocks.elf guest/read_blocks.native \
	guest/spin.elf \
	guest/sum_file.elf guest/sum_file.native
# Ordinary static programs.  A program of a missing library is neither built nor
# measured.
BENCH_STATICS = tests/bench/lua.static tests/bench/sql.static \
	tests/bench/work.static
BENCH_FLAGS =
# Programs that a clock that counts instructions measures well.
BENCH_PARTS = call-count start-count faults memory step-count watch-count \
	echo-count hit break registers \
	read-count start image call filter step echo read map compute hello \
	syscall-count syscall hop-count hop touch

EXTRA_PROGRAMS += $(BENCHES)
tests_bench_bench_SOURCES = \
	tests/bench/bench.c \
	tests/bench/calls.c \
	tests/bench/child.c \
	tests/bench/child.h \
	tests/bench/debugger.c \
	tests/bench/figure.c \
	tests/bench/figure.h \
	tests/bench/files.c \
	tests/bench/files.h \
	tests/bench/ioctls.def \
	tests/bench/line.c \
	tests/bench/line.h \
	tests/bench/parts.h \
	tests/bench/programs.c \
	tests/bench/recording.c \
	tests/bench/serving.c \
	tests/bench/startup.c \
	tests/bench/talk.c \
	tests/bench/talk.h
tests_bench_bench_LDADD = -lm
tests_bench_floor_SOURCES = \
	tests/bench/floor.c \
	tests/bench/floor.h \
	tests/bench/floorline.c \
	tests/bench/floorserve.c \
	tests/bench/floorstatic.c
tests_bench_floor_LDFLAGS = -pthread $(STATIC_LDFLAGS)

BENCH_LINK = $(MKDIR_P) $(@D) && $(CC) -O2 -static -pthread
BENCH_ABSENT = 2>/dev/null || rm -f $@
tests/bench/work.static: tests/bench/work.c
	$(AM_V_CCLD)$(BENCH_LINK) '$(top_srcdir)/tests/bench/work.c' \
	    -o $@ $(BENCH_ABSENT)
tests/bench/sql.static: tests/programs/sql.c
	$(AM_V_CCLD)$(BENCH_LINK) '$(top_srcdir)/tests/programs/sql.c' \
	    -lsqlite3 -lm -o $@ $(BENCH_ABSENT)
tests/bench/lua.static: tests/programs/lua.c
	$(AM_V_CCLD)$(BENCH_LINK) `pkg-config --cflags lua5.4` \
	    '$(top_srcdir)/tests/programs/lua.c' -llua5.4 -lm \
	    -o $@ $(BENCH_ABSENT)

bench: bin/novillo $(BENCHES) $(BENCH_GUESTS) $(BENCH_STATICS)
	status=0; \
	tests/bench/bench --programs=tests/bench --json=bench.json \
	    $(BENCH_FLAGS) bin/novillo tests/bench/floor guest || status=$$?; \
	$(AWK) -f '$(top_srcdir)/tests/bench/table.awk' bench.json \
	    >bench.md && \
	$(AWK) -v svg=1 -f '$(top_srcdir)/tests/bench/table.awk' bench.json \
	    >bench.svg && exit $$status

# The stage of tests/hosts, and the further needs of this test.
bench-Ai: host-stage
	cd $(HOST_BUILD) && \
	    $(MAKE) $(BENCHES) $(BENCH_GUESTS) tests/bench/work.static
	$(MKDIR_P) $(HOST_STAGE)/tests/bench
	cp $(BENCHES:%=$(HOST_BUILD)/%) $(HOST_BUILD)/tests/bench/work.static \
	    '$(top_srcdir)/tests/bench/on-host.sh' $(HOST_STAGE)/tests/bench/
	cp $(BENCH_GUESTS:%=$(HOST_BUILD)/%) $(HOST_STAGE)/guest/
	sh '$(top_srcdir)/tests/bench/gdbserver.sh' $(HOST_STAGE)/tests/bench
	echo $(BENCH_PARTS) >$(HOST_STAGE)/tests/bench/parts
	NOVILLO_HOST_VERBOSE=1 $(HOST_RUN) Ai $(HOST_STAGE) \
	    tests/bench/on-host.sh >bench.out; status=$$?; cat bench.out; \
	$(AWK) -f '$(top_srcdir)/tests/bench/table.awk' bench.out >bench.md && \
	$(AWK) -v svg=1 -f '$(top_srcdir)/tests/bench/table.awk' bench.out \
	    >bench.svg && exit $$status

STARTS = guest/empty.elf guest/hello.elf
start-order: bin/novillo tests/bench/steps $(STARTS)
	sh '$(top_srcdir)/tests/bench/order.sh' $(STARTS) >start.lds

.PHONY: bench bench-Ai start-order

EXTRA_PROGRAMS += tests/bench/steps
tests_bench_steps_SOURCES = tests/bench/steps.c

EXTRA_DIST += tests/bench/gdbserver.sh tests/bench/on-host.sh \
	tests/bench/order.sh \
	tests/bench/table.awk tests/bench/work.c
CLEANFILES += $(BENCHES) tests/bench/steps start.lds $(BENCH_STATICS) bench.json bench.md bench.out bench.svg
