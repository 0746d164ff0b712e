# SPDX-License-Identifier: BSD-2-Clause
#
# Tests of the program from outside, with the guests of guest/.

SHELL_TESTS += \
	tests/run/t-badelf.sh \
	tests/run/t-browser.sh \
	tests/run/t-cli.sh \
	tests/run/t-complete.sh \
	tests/run/t-config.sh \
	tests/run/t-outfile.sh
RUN_TESTS = \
	tests/run/t-allow.sh \
	tests/run/t-aslr.sh \
	tests/run/t-attack.sh \
	tests/run/t-check.sh \
	tests/run/t-core.sh \
	tests/run/t-ends.sh \
	tests/run/t-examples.sh \
	tests/run/t-faults.sh \
	tests/run/t-hints.sh \
	tests/run/t-learn.sh \
	tests/run/t-lines.sh \
	tests/run/t-net.sh \
	tests/run/t-pictures.sh \
	tests/run/t-preempt.sh \
	tests/run/t-proc.sh \
	tests/run/t-record.sh \
	tests/run/t-run.sh \
	tests/run/t-sandbox.sh \
	tests/run/t-signals.sh \
	tests/run/t-threads.sh \
	tests/run/t-trace.sh
KVM_TESTS += $(RUN_TESTS)

check_PROGRAMS += tests/run/alter tests/run/mkelf tests/run/pester \
	tests/run/without
tests_run_alter_SOURCES = tests/run/alter.c
tests_run_alter_LDADD = lib/librecord.a
tests_run_mkelf_SOURCES = tests/run/mkelf.c tests/unit/elfmaker.h
tests_run_pester_SOURCES = tests/run/pester.c
tests_run_without_SOURCES = tests/run/without.c

EXTRA_DIST += tests/run/config.json tests/run/run-guest.sh
