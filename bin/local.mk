# SPDX-License-Identifier: BSD-2-Clause
#
# The program.

# The reader of configurations; its fuzzer needs only these.
CONFIG_SOURCES = \
	bin/config.c \
	bin/config.h \
	bin/nearest.c \
	bin/nearest.h \
	bin/optionrow.c \
	bin/optionrow.h \
	bin/options.def \
	bin/options.h \
	bin/say.c \
	bin/say.h

bin_PROGRAMS += bin/novillo
bin_novillo_SOURCES = \
	$(CONFIG_SOURCES) \
	bin/check.c \
	bin/check.h \
	bin/debugfiles.c \
	bin/debugfiles.h \
	bin/foreign.def \
	bin/gdbstart.c \
	bin/gdbstart.h \
	bin/hints.c \
	bin/hints.h \
	bin/lostpage.c \
	bin/lostpage.h \
	bin/main.c \
	bin/needs.c \
	bin/needs.def \
	bin/needs.h \
	bin/open.c \
	bin/open.h \
	bin/options.c \
	bin/outcome.c \
	bin/outcome.h \
	bin/outside.c \
	bin/outside.h \
	bin/policy.c \
	bin/policy.h \
	bin/program.c \
	bin/program.h \
	bin/run.c \
	bin/run.h \
	bin/sandbox.c \
	bin/sandbox.h \
	bin/stats.c \
	bin/stats.h \
	bin/tracing.c \
	bin/tracing.h
bin_novillo_LDADD = lib/libdebugger.a lib/libgdb.a lib/libsandbox.a \
	lib/libjson.a $(NOVILLO_LIBS)
