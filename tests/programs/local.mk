# SPDX-License-Identifier: BSD-2-Clause
#
# Unmodified programs of the system's C libraries, natively first, then as a
# guest.

KVM_TESTS += \
	tests/programs/t-busybox.sh \
	tests/programs/t-dynamic.sh \
	tests/programs/t-hostile.sh \
	tests/programs/t-inotify.sh \
	tests/programs/t-ipc.sh \
	tests/programs/t-languages.sh \
	tests/programs/t-pascal.sh \
	tests/programs/t-programs.sh \
	tests/programs/t-servers.sh \
	tests/programs/t-shells.sh \
	tests/programs/t-static.sh \
	tests/programs/t-torture.sh

# Programs of these tests, besides Debian's ready-made ones.
EXTRA_DIST += \
	tests/programs/applets.txt \
	tests/programs/calls.c \
	tests/programs/dynamic.pl \
	tests/programs/dynamic.py \
	tests/programs/events.c \
	tests/programs/files.lua \
	tests/programs/hello.pas \
	tests/programs/hostile.c \
	tests/programs/ipc.c \
	tests/programs/jit.c \
	tests/programs/language.lua \
	tests/programs/load.py \
	tests/programs/lua.c \
	tests/programs/memory.c \
	tests/programs/modern.cc \
	tests/programs/mqueue.c \
	tests/programs/notify.go \
	tests/programs/notices.c \
	tests/programs/parts.h \
	tests/programs/raised.c \
	tests/programs/routines.go \
	tests/programs/script.bash \
	tests/programs/script.sash \
	tests/programs/script.zsh \
	tests/programs/serve.go \
	tests/programs/sessions.c \
	tests/programs/shell.sh \
	tests/programs/show.h \
	tests/programs/sockets.c \
	tests/programs/spawn.c \
	tests/programs/Serve.java \
	tests/programs/serve.js \
	tests/programs/servers.sh \
	tests/programs/sql.c \
	tests/programs/statements.sql \
	tests/programs/static-hello.c \
	tests/programs/static-signals.c \
	tests/programs/static-threads.c \
	tests/programs/threads.c \
	tests/programs/torture.c \
	tests/programs/twice.c \
	tests/programs/twofold.c \
	tests/programs/watched.c \
	tests/programs/work.lua
