# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzers: configure with --enable-sanitizers and run them.  FUZZ_STATE names a
# folder that keeps inputs and counts, FUZZ_RUNS is then how many runs there are
# to be in all: doc/endurance.md.
FUZZ_SECONDS = 60
FUZZ_STATE =
FUZZ_RUNS = 0
FUZZ_OPTIONS = --seconds=$(FUZZ_SECONDS) --runs=$(FUZZ_RUNS) \
	$(FUZZ_STATE:%=--state=%/$(@:run-%=%))
FUZZERS = \
	tests/fuzz/fuzz-adopt \
	tests/fuzz/fuzz-agent \
	tests/fuzz/fuzz-calls \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-hypercall \
	tests/fuzz/fuzz-image \
	tests/fuzz/fuzz-insn \
	tests/fuzz/fuzz-json \
	tests/fuzz/fuzz-libraries \
	tests/fuzz/fuzz-lines \
	tests/fuzz/fuzz-monitor \
	tests/fuzz/fuzz-record \
	tests/fuzz/fuzz-rsp \
	tests/fuzz/fuzz-sigframe \
	tests/fuzz/fuzz-stub \
	tests/fuzz/fuzz-trace
EXTRA_PROGRAMS += $(FUZZERS)

SHELL_TESTS += tests/fuzz/t-state.sh
check_PROGRAMS += tests/fuzz/fuzz-json

FAKEVM_SOURCES = tests/fuzz/fakevm.h tests/unit/guestram.h \
	tests/unit/elfbuild.h
tests_fuzz_fuzz_adopt_SOURCES = tests/fuzz/fuzz-adopt.c tests/fuzz/fuzz-main.c \
	tests/unit/faketarget.c tests/unit/faketarget.h
tests_fuzz_fuzz_adopt_LDADD = lib/libdebugger.a lib/libgdb.a
tests_fuzz_fuzz_agent_SOURCES = tests/fuzz/fuzz-agent.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_agent_LDADD = lib/libgdb.a
tests_fuzz_fuzz_calls_SOURCES = tests/fuzz/fuzz-calls.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_calls_LDADD = lib/libimage.a
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c tests/fuzz/fuzz-main.c \
	$(CONFIG_SOURCES)
tests_fuzz_fuzz_config_LDADD = lib/libdebugger.a lib/libjson.a $(TEST_LIBS)
tests_fuzz_fuzz_hypercall_SOURCES = tests/fuzz/fuzz-hypercall.c \
	tests/fuzz/anycall.h tests/unit/guestram.h tests/unit/scratch.h \
	tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_hypercall_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz-json.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_json_LDADD = lib/libjson.a
tests_fuzz_fuzz_libraries_SOURCES = tests/fuzz/fuzz-libraries.c \
	tests/fuzz/fuzz-main.c $(FAKEVM_SOURCES)
tests_fuzz_fuzz_libraries_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
tests_fuzz_fuzz_lines_SOURCES = tests/fuzz/fuzz-lines.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_lines_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_image_SOURCES = tests/fuzz/fuzz-image.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_image_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_insn_SOURCES = tests/fuzz/fuzz-insn.c tests/fuzz/fuzz-main.c \
	$(OBJDUMP_SOURCES)
tests_fuzz_fuzz_insn_LDADD = lib/libimage.a
tests_fuzz_fuzz_monitor_SOURCES = tests/fuzz/fuzz-monitor.c \
	tests/fuzz/fuzz-main.c $(FAKEVM_SOURCES)
tests_fuzz_fuzz_monitor_LDADD = lib/libdebugger.a lib/libgdb.a $(TEST_LIBS)
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz-record.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_record_LDADD = lib/librecord.a
tests_fuzz_fuzz_rsp_SOURCES = tests/fuzz/fuzz-rsp.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_rsp_LDADD = lib/libgdb.a
tests_fuzz_fuzz_sigframe_SOURCES = tests/fuzz/fuzz-sigframe.c \
	tests/fuzz/fuzz-main.c $(FAKEVM_SOURCES)
tests_fuzz_fuzz_sigframe_LDADD = $(TEST_LIBS)
tests_fuzz_fuzz_stub_SOURCES = tests/fuzz/fuzz-stub.c tests/fuzz/fuzz-main.c \
	tests/unit/faketarget.c tests/unit/faketarget.h
tests_fuzz_fuzz_stub_LDADD = lib/libgdb.a
tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz-trace.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_trace_LDADD = $(TEST_LIBS)

FUZZ_CONFIGS = $(top_srcdir)/tests/run/config.json \
	$(GUEST_CONFIGS:%=$(top_srcdir)/%)

# Seeds: a loop; registers, memory and arithmetic; a printf; traces and
# variables.
run-fuzz-agent: tests/fuzz/fuzz-agent
	mkdir -p tests/fuzz/agent
	printf '\000"\000"\005(\040\000\012\051\047(3\002+"\001\003!\000\004' \
	    >tests/fuzz/agent/loop
	printf '\000&\000\001\026\100$$\000\100\040\000\032\011\005\016\047' \
	    >tests/fuzz/agent/numbers
	printf '\000"\001"\002"\003\064\001\000\003%%d\000"\001\047' \
	    >tests/fuzz/agent/printf
	printf '\000"\001\015\004\060\000\004"\002\014,\000\001-\000\001.\000\001\047' \
	    >tests/fuzz/agent/traces
	tests/fuzz/fuzz-agent $(FUZZ_OPTIONS) tests/fuzz/agent/*
run-fuzz-adopt: tests/fuzz/fuzz-adopt
	head -c 64 $(top_srcdir)/tests/unit/t-plan.c >tests/fuzz/adopt.seed
	tests/fuzz/fuzz-adopt $(FUZZ_OPTIONS) tests/fuzz/adopt.seed
run-fuzz-calls: tests/fuzz/fuzz-calls guest/hello.elf
	tail -c +4097 guest/hello.elf | head -c 2048 >tests/fuzz/calls.seed
	tests/fuzz/fuzz-calls $(FUZZ_OPTIONS) --piece=80 --binary \
	    tests/fuzz/calls.seed
run-fuzz-config: tests/fuzz/fuzz-config
	tests/fuzz/fuzz-config $(FUZZ_OPTIONS) $(FUZZ_CONFIGS)
run-fuzz-hypercall: tests/fuzz/fuzz-hypercall
	head -c 2048 $(top_srcdir)/tests/unit/t-files.c >tests/fuzz/hypercall.seed
	tests/fuzz/fuzz-hypercall $(FUZZ_OPTIONS) tests/fuzz/hypercall.seed
# The start of each file, as fuzz-image wants it.
run-fuzz-image: tests/fuzz/fuzz-image tests/run/mkelf
	rm -rf tests/fuzz/seeds && $(MKDIR_P) tests/fuzz/seeds/whole
	tests/run/mkelf tests/fuzz/seeds/whole >/dev/null
	for f in tests/fuzz/seeds/whole/*; do \
		n=$$(wc -c <"$$f") && \
		head -c $$(((n + 15) / 16)) "$$f" \
		    >"tests/fuzz/seeds/$${f##*/}" || exit 1; \
	done
	tests/fuzz/fuzz-image $(FUZZ_OPTIONS) tests/fuzz/seeds/*.elf
# Code.
run-fuzz-insn: tests/fuzz/fuzz-insn guest/hello.elf
	tail -c +4097 guest/hello.elf | head -c 2048 >tests/fuzz/insn.seed
	tests/fuzz/fuzz-insn $(FUZZ_OPTIONS) --piece=16 --binary \
	    tests/fuzz/insn.seed
run-fuzz-json: tests/fuzz/fuzz-json
	tests/fuzz/fuzz-json $(FUZZ_OPTIONS) $(FUZZ_CONFIGS)
# A loader's list of two objects, the second the C library; and a program's
# dynamic section that leads to it.
run-fuzz-libraries: tests/fuzz/fuzz-libraries
	mkdir -p tests/fuzz/libraries
	list='\003\001\000\003\003\000\003\000\003\000\000\060\000\010\003\000' && \
	    list=$$list'\000\004\001\000\003\000\003\000\002\005' && \
	    list=$$list'\003\000\003\000\000\020\003\000\003\000\003\011' && \
	    section='\003\000\003\001\003\000\002\003\000\000\003\000\003\000' && \
	    printf "\\000\\000$$list\\000\\016" >tests/fuzz/libraries/list && \
	    printf "\\061\\023$$list$$section\\000\\016" \
	    >tests/fuzz/libraries/section
	tests/fuzz/fuzz-libraries $(FUZZ_OPTIONS) --piece=40 --binary \
	    tests/fuzz/libraries/*
# Without what is not read, most changes are of what is.
run-fuzz-lines: tests/fuzz/fuzz-lines guest/hello.elf guest/empty.elf
	for f in hello empty; do \
		objcopy --only-keep-debug -R .debug_info -R .debug_abbrev \
		    -R .debug_aranges -R .debug_loclists -R .debug_rnglists \
		    -R .debug_frame -R .debug_str guest/$$f.elf \
		    tests/fuzz/$$f.seed || exit 1; \
	done
	tests/fuzz/fuzz-lines $(FUZZ_OPTIONS) --piece=1000 \
	    tests/fuzz/hello.seed tests/fuzz/empty.seed
# Registers, and each command with a value of each kind, but `fds`, which takes
# as long as all others and has no argument.
run-fuzz-monitor: tests/fuzz/fuzz-monitor
	printf '%s\n' '=1234567812345678' 'phys main 0x40' \
	    'phys $$rip+16-main' 'phys 0x1012ff0 16' 'walk main' \
	    'walk $$pc+0xffff800000000000' 'walk 0x600000' regions registers \
	    stats hypercall hypercalls 'trace on' 'trace off' core \
	    'walk $$cr3-$$gs_base+010' >tests/fuzz/monitor.seed
	tests/fuzz/fuzz-monitor $(FUZZ_OPTIONS) --piece=40 \
	    tests/fuzz/monitor.seed
run-fuzz-record: tests/fuzz/fuzz-record
	head -c 2048 $(top_srcdir)/tests/unit/t-record.c >tests/fuzz/record.seed
	tests/fuzz/fuzz-record $(FUZZ_OPTIONS) tests/fuzz/record.seed
run-fuzz-rsp: tests/fuzz/fuzz-rsp
	tests/fuzz/fuzz-rsp $(FUZZ_OPTIONS) --piece=200 $(top_srcdir)/tests/rsp/*.txt
# Frames of each kind, unchanged, and one with changes of each kind.
run-fuzz-sigframe: tests/fuzz/fuzz-sigframe
	mkdir -p tests/fuzz/sigframe
	for how in 003 022 073 124 151; do \
		printf "\\$$how\\100" >tests/fuzz/sigframe/$$how || exit 1; \
	done
	printf '\003\100\000\003\004\001\001\002\002\022\005\003\010\377\004\000\011' \
	    >tests/fuzz/sigframe/changes
	tests/fuzz/fuzz-sigframe $(FUZZ_OPTIONS) --piece=24 --binary \
	    tests/fuzz/sigframe/*
run-fuzz-stub: tests/fuzz/fuzz-stub
	tests/fuzz/fuzz-stub $(FUZZ_OPTIONS) --piece=300 $(top_srcdir)/tests/rsp/*.txt
run-fuzz-trace: tests/fuzz/fuzz-trace
	head -c 2048 $(top_srcdir)/tests/unit/t-files.c >tests/fuzz/trace.seed
	tests/fuzz/fuzz-trace $(FUZZ_OPTIONS) --piece=60 --binary \
	    tests/fuzz/trace.seed

RUN_FUZZERS = $(FUZZERS:tests/fuzz/%=run-%)

check-fuzz: $(RUN_FUZZERS)

.PHONY: check-fuzz $(RUN_FUZZERS)
CLEANFILES += $(FUZZERS) tests/fuzz/agent/* tests/fuzz/libraries/* \
	tests/fuzz/sigframe/* tests/fuzz/*.seed
