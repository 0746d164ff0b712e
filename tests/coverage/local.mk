# SPDX-License-Identifier: BSD-2-Clause
#
# Which lines and branches of lib and bin the tests execute.
#
#	./configure --enable-coverage && make coverage
#
# runs the tests and prints a table.  COVERAGE_TESTS=... runs those tests only.
# Tests of the tree itself, and those whose claim is how much memory or time a
# run takes, say nothing here.

COVERAGE_TESTS = $(UNIT_TESTS) $(GUEST_TESTS) \
	$(filter-out tests/tree/%,$(SHELL_TESTS) $(KVM_TESTS))

if COVERAGE
BUILT_SOURCES += tests/coverage/counters.o
endif
tests/coverage/counters.o: $(srcdir)/tests/coverage/counters.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(AM_CPPFLAGS) -std=gnu11 \
	    $(WARN_CFLAGS) -O2 -c -o $@ $(srcdir)/tests/coverage/counters.c

# The table comes even if a test fails; the status is that of both.
coverage:
	find bin tests -name '*.counters' -exec rm -f {} +
	status=0; $(MAKE) check TESTS='$(COVERAGE_TESTS)' || status=1; \
	$(SHELL) '$(srcdir)/tests/coverage/report.sh' '$(srcdir)' && \
	    exit $$status

.PHONY: coverage
CLEANFILES += coverage.txt tests/coverage/counters.o
EXTRA_DIST += tests/coverage/counters.c tests/coverage/counters.lds \
	tests/coverage/report.sh
