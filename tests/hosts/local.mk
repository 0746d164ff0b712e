# SPDX-License-Identifier: BSD-2-Clause
#
# The tests that run guests, on the two other hosts.  For one test on one host:
#
#	make check-host-A HOST_TESTS=tests/t-faults.sh

HOST_TESTS = tests/t-debug $(KVM_TESTS) $(GUEST_TESTS)
HOST_BUILD = hosts-build
HOST_STAGE = $(HOST_BUILD)/stage
HOST_RUN = $(SHELL) $(top_srcdir)/tests/hosts/run.sh

# A build of its own: what goes into a host has no libraries there.
$(HOST_BUILD)/Makefile: $(top_builddir)/config.status
	$(MKDIR_P) $(HOST_BUILD)
	cd $(HOST_BUILD) && $(abs_top_srcdir)/configure --quiet \
	    CC='$(CC)' CFLAGS='-O2 -g' LDFLAGS=-static CPPFLAGS= \
	    GUEST_CC='$(GUEST_CC)' GUEST_CFLAGS='$(GUEST_CFLAGS)'

host-stage: $(HOST_BUILD)/Makefile
	cd $(HOST_BUILD) && $(MAKE) all tests/t-debug
	CC='$(CC)' $(SHELL) $(top_srcdir)/tests/hosts/stage.sh '$(top_srcdir)' \
	    $(HOST_BUILD) $(HOST_STAGE)

check-host-A check-host-Ai check-host-B: host-stage
	$(HOST_RUN) $(@:check-host-%=%) $(HOST_STAGE) $(HOST_TESTS)

check-hosts: host-stage
	status=0; \
	$(HOST_RUN) A $(HOST_STAGE) $(HOST_TESTS) || status=1; \
	$(HOST_RUN) B $(HOST_STAGE) $(HOST_TESTS) || status=1; \
	exit $$status

shell-A: host-stage
	$(HOST_RUN) A $(HOST_STAGE) --shell

.PHONY: check-host-A check-host-Ai check-host-B check-hosts host-stage shell-A

EXTRA_DIST += \
	tests/hosts/init \
	tests/hosts/initrd.sh \
	tests/hosts/kernel.sh \
	tests/hosts/run.sh \
	tests/hosts/stage.sh
