# SPDX-License-Identifier: BSD-2-Clause
#
# The tests that run guests, on the two other hosts.  For one test on one host:
#
#	make check-host-A HOST_TESTS=tests/t-faults.sh
#
# For a test that stays out here, as one with gdb does, and runs novillo there:
#
#	make with-host-B HOST_COMMAND='sh tests/t-gdb.sh'

HOST_TESTS = tests/t-debug $(KVM_TESTS) $(GUEST_TESTS)
HOST_COMMAND = $(SHELL)
HOST_BUILD = hosts-build
HOST_STAGE = $(HOST_BUILD)/stage
HOST_RUN = $(SHELL) $(top_srcdir)/tests/hosts/run.sh

# A build of its own, of a copy of the sources: what goes into a host has no
# libraries there, and a tree that is configured cannot be configured elsewhere.
host-source:
	$(MKDIR_P) $(HOST_BUILD)
	$(MAKE) distdir distdir=$(HOST_BUILD)/source

$(HOST_BUILD)/Makefile: $(top_builddir)/config.status
	cd $(HOST_BUILD) && source/configure --quiet \
	    CC='$(CC)' CFLAGS='-O2 -g' LDFLAGS=-static CPPFLAGS= \
	    GUEST_CC='$(GUEST_CC)' GUEST_CFLAGS='$(GUEST_CFLAGS)'

host-stage: host-source
	$(MAKE) $(HOST_BUILD)/Makefile
	cd $(HOST_BUILD) && $(MAKE) all tests/t-debug
	CC='$(CC)' $(SHELL) $(top_srcdir)/tests/hosts/stage.sh '$(top_srcdir)' \
	    $(HOST_BUILD) $(HOST_STAGE)

check-host-A check-host-Ai check-host-B: host-stage
	$(HOST_RUN) $(@:check-host-%=%) $(HOST_STAGE) $(HOST_TESTS)

with-host-A with-host-B: host-stage
	top_srcdir='$(top_srcdir)' top_builddir=$(HOST_STAGE) \
	    NOVILLO_REQUIRE_KVM=1 $(HOST_RUN) $(@:with-host-%=%) \
	    $(HOST_STAGE) --with $(HOST_COMMAND)

check-hosts: host-stage
	status=0; \
	$(HOST_RUN) A $(HOST_STAGE) $(HOST_TESTS) || status=1; \
	$(HOST_RUN) B $(HOST_STAGE) $(HOST_TESTS) || status=1; \
	exit $$status

shell-A: host-stage
	$(HOST_RUN) A $(HOST_STAGE) --shell

.PHONY: check-host-A check-host-Ai check-host-B check-hosts host-source \
	host-stage shell-A with-host-A with-host-B

TESTS += tests/hosts/t-report.sh
EXTRA_DIST += \
	tests/hosts/boot.S \
	tests/hosts/disk.sh \
	tests/hosts/in.sh \
	tests/hosts/init \
	tests/hosts/initrd.sh \
	tests/hosts/kernel.sh \
	tests/hosts/report.awk \
	tests/hosts/run.sh \
	tests/hosts/stage.sh \
	tests/hosts/t-report.sh
