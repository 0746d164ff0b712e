# SPDX-License-Identifier: BSD-2-Clause
#
# The libraries, from what knows least to what knows most.

# Host and guest share these: guest/local.mk distributes them also.
EXTRA_DIST += lib/abi/linux.def lib/abi/refused.def lib/abi/traps.def

# Installed, and nothing in it knows a guest.
lib_LIBRARIES += lib/libkvmcore.a
lib_libkvmcore_a_SOURCES = \
	lib/kvmcore/exits.def \
	lib/kvmcore/kvmcore.c
include_HEADERS += lib/kvmcore/kvmcore.h
pkgconfig_DATA += lib/kvmcore/kvmcore.pc

# Pure: bytes in, answers out.
noinst_LIBRARIES += lib/libimage.a
lib_libimage_a_SOURCES = \
	lib/image/calls.c \
	lib/image/calls.h \
	lib/image/cursor.c \
	lib/image/cursor.h \
	lib/image/debuglink.c \
	lib/image/debuglink.h \
	lib/image/elfview.c \
	lib/image/elfview.h \
	lib/image/escape.c \
	lib/image/escape.h \
	lib/image/image.c \
	lib/image/image.h \
	lib/image/insn.c \
	lib/image/insn.def \
	lib/image/insn.h \
	lib/image/lines.c \
	lib/image/lines.h \
	lib/image/symbols.c \
	lib/image/symbols.h

noinst_LIBRARIES += lib/libmem.a
lib_libmem_a_SOURCES = \
	lib/mem/advice.c \
	lib/mem/copy.S \
	lib/mem/gmem.c \
	lib/mem/gmem.h \
	lib/mem/mapping.h \
	lib/mem/pagetable.c \
	lib/mem/pagetable.h \
	lib/mem/charge.c \
	lib/mem/charge.h \
	lib/mem/space.c \
	lib/mem/space.h

noinst_LIBRARIES += lib/libhypercall.a
lib_libhypercall_a_SOURCES = \
	lib/hypercall/core/args.h \
	lib/hypercall/core/clock.c \
	lib/hypercall/core/clock.h \
	lib/hypercall/core/clockline.c \
	lib/hypercall/core/clockline.h \
	lib/hypercall/core/timepage.c \
	lib/hypercall/core/timepage.h \
	lib/hypercall/core/cure.c \
	lib/hypercall/core/cure.h \
	lib/hypercall/core/denial.c \
	lib/hypercall/core/denial.h \
	lib/hypercall/core/device.c \
	lib/hypercall/core/device.def \
	lib/hypercall/core/kinds.h \
	lib/hypercall/core/sockopt.c \
	lib/hypercall/core/sockopt.def \
	lib/hypercall/core/sockopt.h \
	lib/hypercall/core/device.h \
	lib/hypercall/core/fd.c \
	lib/hypercall/core/fd.h \
	lib/hypercall/core/forward.c \
	lib/hypercall/core/forward.h \
	lib/hypercall/core/handlers.h \
	lib/hypercall/core/hostcall.h \
	lib/hypercall/core/hostwait.c \
	lib/hypercall/core/hypercall.h \
	lib/hypercall/core/ipc.h \
	lib/hypercall/core/locks.c \
	lib/hypercall/core/locks.h \
	lib/hypercall/core/mapped.c \
	lib/hypercall/core/mapped.h \
	lib/hypercall/core/memfile.c \
	lib/hypercall/core/memfile.h \
	lib/hypercall/core/names.c \
	lib/hypercall/core/names.h \
	lib/hypercall/core/netrule.c \
	lib/hypercall/core/netrule.h \
	lib/hypercall/core/pending.h \
	lib/hypercall/core/preemption.h \
	lib/hypercall/core/places.c \
	lib/hypercall/core/places.h \
	lib/hypercall/core/plain.c \
	lib/hypercall/core/plain.h \
	lib/hypercall/core/replay.h \
	lib/hypercall/core/refused.c \
	lib/hypercall/core/refused.h \
	lib/hypercall/core/seal.h \
	lib/hypercall/core/sized.c \
	lib/hypercall/core/sized.h \
	lib/hypercall/core/set.c \
	lib/hypercall/core/set.h \
	lib/hypercall/core/shared.c \
	lib/hypercall/core/shared.h \
	lib/hypercall/core/table.c \
	lib/hypercall/core/table.h \
	lib/hypercall/core/thread.c \
	lib/hypercall/core/thread.h \
	lib/hypercall/core/tree.c \
	lib/hypercall/core/tree.h \
	lib/hypercall/core/wait.c \
	lib/hypercall/core/wait.h \
	lib/hypercall/core/waitcall.S \
	lib/hypercall/dispatch/dispatch.c \
	lib/hypercall/dispatch/dispatch.h \
	lib/hypercall/file/attribute.c \
	lib/hypercall/file/descriptor.c \
	lib/hypercall/file/event.c \
	lib/hypercall/file/file.c \
	lib/hypercall/file/file.h \
	lib/hypercall/file/folder.c \
	lib/hypercall/file/inotify.c \
	lib/hypercall/file/lock.c \
	lib/hypercall/file/look.c \
	lib/hypercall/file/look.h \
	lib/hypercall/file/path.c \
	lib/hypercall/file/path.h \
	lib/hypercall/file/poll.c \
	lib/hypercall/file/walk.c \
	lib/hypercall/file/walk.h \
	lib/hypercall/net/address.c \
	lib/hypercall/net/address.h \
	lib/hypercall/net/control.c \
	lib/hypercall/net/control.h \
	lib/hypercall/net/inflight.c \
	lib/hypercall/net/inflight.h \
	lib/hypercall/net/looksocket.c \
	lib/hypercall/net/looksocket.h \
	lib/hypercall/net/message.c \
	lib/hypercall/net/netlink.c \
	lib/hypercall/net/netlink.h \
	lib/hypercall/net/socket.c \
	lib/hypercall/net/sockopt.c \
	lib/hypercall/net/unixname.c \
	lib/hypercall/net/unixname.h \
	lib/hypercall/own/cpuinfo.c \
	lib/hypercall/own/files.c \
	lib/hypercall/own/ipc.c \
	lib/hypercall/own/list.c \
	lib/hypercall/own/open.c \
	lib/hypercall/own/own.c \
	lib/hypercall/own/own.def \
	lib/hypercall/own/own.h \
	lib/hypercall/own/proc.c \
	lib/hypercall/own/system.c \
	lib/hypercall/own/text.c \
	lib/hypercall/own/text.h \
	lib/hypercall/signal/send.h \
	lib/hypercall/signal/signal.c \
	lib/hypercall/signal/signal.h \
	lib/hypercall/signal/signalcall.c \
	lib/hypercall/signal/signalfile.c \
	lib/hypercall/signal/timer.c \
	lib/hypercall/task/futex.c \
	lib/hypercall/task/ipc.c \
	lib/hypercall/task/ipc.h \
	lib/hypercall/task/limits.c \
	lib/hypercall/task/memory.c \
	lib/hypercall/task/messages.c \
	lib/hypercall/task/messages.h \
	lib/hypercall/task/mqfile.c \
	lib/hypercall/task/mqueue.c \
	lib/hypercall/task/mqueue.h \
	lib/hypercall/task/msg.c \
	lib/hypercall/task/process.c \
	lib/hypercall/task/rights.c \
	lib/hypercall/task/schedule.c \
	lib/hypercall/task/semaphore.c \
	lib/hypercall/task/shm.c \
	lib/hypercall/task/task.h \
	lib/hypercall/task/thread.c \
	lib/hypercall/task/time.c \
	lib/hypercall/record/ahead.c \
	lib/hypercall/record/ahead.h \
	lib/hypercall/record/preempt.c \
	lib/hypercall/record/preempt.h \
	lib/hypercall/record/recorder.c \
	lib/hypercall/record/recorder.h \
	lib/hypercall/record/recording.c \
	lib/hypercall/record/recording.h \
	lib/hypercall/record/replayer.c \
	lib/hypercall/record/treat.c \
	lib/hypercall/record/treat.def \
	lib/hypercall/record/treat.h \
	lib/hypercall/record/turn.c \
	lib/hypercall/record/turn.h \
	lib/hypercall/record/turns.c \
	lib/hypercall/trace/events.c \
	lib/hypercall/trace/events.h \
	lib/hypercall/trace/line.c \
	lib/hypercall/trace/line.h \
	lib/hypercall/trace/shapes.c \
	lib/hypercall/trace/shapes.h \
	lib/hypercall/trace/show.c \
	lib/hypercall/trace/show.h \
	lib/hypercall/trace/showopt.c \
	lib/hypercall/trace/showaddr.c \
	lib/hypercall/trace/showmsg.c \
	lib/hypercall/trace/showsignal.c \
	lib/hypercall/trace/summary.c \
	lib/hypercall/trace/trace.c \
	lib/hypercall/trace/trace.h

noinst_LIBRARIES += lib/libvm.a
lib_libvm_a_SOURCES = \
	lib/vm/aside.c \
	lib/vm/aside.h \
	lib/vm/branch.c \
	lib/vm/branch.h \
	lib/vm/breaks.c \
	lib/vm/breaks.h \
	lib/vm/breakset.c \
	lib/vm/breakset.h \
	lib/vm/context.c \
	lib/vm/context.h \
	lib/vm/control.c \
	lib/vm/control.h \
	lib/vm/controller.c \
	lib/vm/copies.c \
	lib/vm/copies.h \
	lib/vm/core.c \
	lib/vm/core.h \
	lib/vm/counts.c \
	lib/vm/counts.h \
	lib/vm/cpu.c \
	lib/vm/cpu.h \
	lib/vm/debug.c \
	lib/vm/debug.h \
	lib/vm/debugcause.h \
	lib/vm/deliver.c \
	lib/vm/deliver.h \
	lib/vm/error.c \
	lib/vm/error.h \
	lib/vm/exits.c \
	lib/vm/exits.h \
	lib/vm/flight.h \
	lib/vm/hostthread.c \
	lib/vm/hostthread.h \
	lib/vm/kick.c \
	lib/vm/kick.h \
	lib/vm/load.c \
	lib/vm/machine.c \
	lib/vm/machine.h \
	lib/vm/moved.c \
	lib/vm/moved.h \
	lib/vm/operand.c \
	lib/vm/operand.h \
	lib/vm/meet.c \
	lib/vm/meet.h \
	lib/vm/plant.c \
	lib/vm/plant.h \
	lib/vm/position.c \
	lib/vm/position.h \
	lib/vm/preempt.c \
	lib/vm/preempt.h \
	lib/vm/probe.c \
	lib/vm/probe.h \
	lib/vm/exitline.c \
	lib/vm/exitline.h \
	lib/vm/profile.c \
	lib/vm/profile.h \
	lib/vm/report.c \
	lib/vm/report.h \
	lib/vm/rest.c \
	lib/vm/rest.h \
	lib/vm/rounds.c \
	lib/vm/rounds.h \
	lib/vm/straight.c \
	lib/vm/straight.h \
	lib/vm/sieve.c \
	lib/vm/sieve.h \
	lib/vm/sievecode.c \
	lib/vm/sievecode.h \
	lib/vm/sieveset.c \
	lib/vm/sieveset.h \
	lib/vm/shim.c \
	lib/vm/shim.h \
	lib/vm/sigframe.c \
	lib/vm/sigframe.h \
	lib/vm/snapshot.c \
	lib/vm/snapshot.h \
	lib/vm/start.c \
	lib/vm/step.c \
	lib/vm/step.h \
	lib/vm/stopinfo.c \
	lib/vm/stopinfo.h \
	lib/vm/stops.c \
	lib/vm/stops.h \
	lib/vm/thread.c \
	lib/vm/thread.h \
	lib/vm/trampoline.c \
	lib/vm/trampoline.h \
	lib/vm/trap.c \
	lib/vm/trap.h \
	lib/vm/vdso.c \
	lib/vm/vdso.h \
	lib/vm/vdsoimage.S \
	lib/vm/window.c \
	lib/vm/window.h \
	lib/vm/x86.h

# It contains the vDSO, from the build folder, in which make runs.
lib/vm/vdsoimage.$(OBJEXT): guest/vdso/vdso.so

# The GDB stub: pure, it reaches the machine through target.h alone.
noinst_LIBRARIES += lib/libgdb.a
lib_libgdb_a_SOURCES = \
	lib/gdb/agent.c \
	lib/gdb/agentinsn.h \
	lib/gdb/native.c \
	lib/gdb/native.h \
	lib/gdb/agent.def \
	lib/gdb/agent.h \
	lib/gdb/bulk.c \
	lib/gdb/bulk.h \
	lib/gdb/format.c \
	lib/gdb/format.h \
	lib/gdb/nonstop.c \
	lib/gdb/nonstop.h \
	lib/gdb/packet.c \
	lib/gdb/packet.h \
	lib/gdb/packets.def \
	lib/gdb/packets_break.c \
	lib/gdb/packets_data.c \
	lib/gdb/packets_file.c \
	lib/gdb/packets_frame.c \
	lib/gdb/packets_lldb.c \
	lib/gdb/packets_query.c \
	lib/gdb/packets_run.c \
	lib/gdb/packets_search.c \
	lib/gdb/packets_trace.c \
	lib/gdb/packets_upload.c \
	lib/gdb/points.c \
	lib/gdb/points.h \
	lib/gdb/regs.c \
	lib/gdb/flags.def \
	lib/gdb/regs.def \
	lib/gdb/regs.h \
	lib/gdb/rsp.c \
	lib/gdb/rsp.h \
	lib/gdb/signals.c \
	lib/gdb/signals.def \
	lib/gdb/signals.h \
	lib/gdb/stops.c \
	lib/gdb/stub.c \
	lib/gdb/stub.h \
	lib/gdb/target.h \
	lib/gdb/text.c \
	lib/gdb/text.h \
	lib/gdb/trace.c \
	lib/gdb/trace.h \
	lib/gdb/traceframe.c \
	lib/gdb/traceframe.h

# Between the stub and a machine: the target, gdb's `monitor`
# commands, the connection and the loop.
noinst_LIBRARIES += lib/libdebugger.a
lib_libdebugger_a_SOURCES = \
	lib/debugger/anchor.c \
	lib/debugger/checkpoints.c \
	lib/debugger/checkpoints.h \
	lib/debugger/command.c \
	lib/debugger/command.h \
	lib/debugger/connection.c \
	lib/debugger/connection.h \
	lib/debugger/console.c \
	lib/debugger/console.h \
	lib/debugger/files.c \
	lib/debugger/files.h \
	lib/debugger/front.c \
	lib/debugger/front.h \
	lib/debugger/history.c \
	lib/debugger/history.h \
	lib/debugger/hit.c \
	lib/debugger/hit.h \
	lib/debugger/libraries.c \
	lib/debugger/libraries.h \
	lib/debugger/limit.c \
	lib/debugger/limit.h \
	lib/debugger/past.c \
	lib/debugger/past.h \
	lib/debugger/plan.c \
	lib/debugger/plan.h \
	lib/debugger/present.c \
	lib/debugger/present.h \
	lib/debugger/recorded.c \
	lib/debugger/recorded.h \
	lib/debugger/replay.c \
	lib/debugger/replay.h \
	lib/debugger/scratch.c \
	lib/debugger/scratch.h \
	lib/debugger/served.c \
	lib/debugger/served.h \
	lib/debugger/server.c \
	lib/debugger/server.h \
	lib/debugger/session.h \
	lib/debugger/symbolfile.c \
	lib/debugger/symbolfile.h \
	lib/debugger/tables.c \
	lib/debugger/tables.h \
	lib/debugger/target.c \
	lib/debugger/target.h \
	lib/debugger/travel.c \
	lib/debugger/travel.h \
	lib/debugger/value.c \
	lib/debugger/value.h \
	lib/debugger/way.c \
	lib/debugger/way.h \
	lib/debugger/wayback.c \
	lib/debugger/wayname.c \
	lib/debugger/waystop.c

# Confining the process: it knows neither guests nor KVM.
noinst_LIBRARIES += lib/libsandbox.a
lib_libsandbox_a_SOURCES = \
	lib/sandbox/capability.c \
	lib/sandbox/capability.h \
	lib/sandbox/confine.c \
	lib/sandbox/confine.h \
	lib/sandbox/filter.c \
	lib/sandbox/filter.h \
	lib/sandbox/landlock.c \
	lib/sandbox/landlock.h \
	lib/sandbox/namespaces.c \
	lib/sandbox/namespaces.h \
	lib/sandbox/offers.c \
	lib/sandbox/offers.h \
	lib/sandbox/sys.h \
	lib/sandbox/waiter.c \
	lib/sandbox/waiter.h

# JSON, read piece by piece: pure, it knows nothing of its text's purpose.
noinst_LIBRARIES += lib/libjson.a
lib_libjson_a_SOURCES = \
	lib/json/json.c \
	lib/json/json.h

# The format of recordings: pure, it knows no guest and no file.
noinst_LIBRARIES += lib/librecord.a
lib_librecord_a_SOURCES = \
	lib/record/call.c \
	lib/record/call.h \
	lib/record/kinds.def \
	lib/record/reader.c \
	lib/record/reader.h \
	lib/record/record.c \
	lib/record/record.h \
	lib/record/writer.c \
	lib/record/writer.h

# The one writer to peers that may not read.
noinst_LIBRARIES += lib/liboutput.a
lib_liboutput_a_SOURCES = \
	lib/output/output.c \
	lib/output/output.h

# In the order a linker wants them: each needs only what follows it.
NOVILLO_LIBS = \
	lib/libvm.a \
	lib/libhypercall.a \
	lib/librecord.a \
	lib/libmem.a \
	lib/libimage.a \
	lib/libkvmcore.a \
	lib/liboutput.a
