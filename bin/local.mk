# SPDX-License-Identifier: BSD-2-Clause
#
# The program.

# What a configuration is read with; its fuzzer needs no more.
CONFIG_SOURCES = \
	bin/config.c \
	bin/config.h \
	bin/json.c \
	bin/json.h \
	bin/optionrow.c \
	bin/optionrow.h \
	bin/options.def \
	bin/options.h

bin_PROGRAMS += bin/novillo
bin_novillo_SOURCES = \
	$(CONFIG_SOURCES) \
	bin/check.c \
	bin/gdbmonitor.c \
	bin/gdbmonitor.h \
	bin/gdbserve.c \
	bin/gdbserve.h \
	bin/gdbstart.c \
	bin/gdbstart.h \
	bin/gdbtarget.c \
	bin/gdbtarget.h \
	bin/main.c \
	bin/needs.c \
	bin/needs.def \
	bin/needs.h \
	bin/open.c \
	bin/options.c \
	bin/outside.c \
	bin/outside.h \
	bin/run.c \
	bin/run.h \
	bin/sandbox.c \
	bin/sandbox.h \
	bin/stats.c \
	bin/stats.h \
	bin/tracing.c \
	bin/tracing.h
bin_novillo_LDADD = lib/libgdb.a lib/libsandbox.a $(NOVILLO_LIBS)
