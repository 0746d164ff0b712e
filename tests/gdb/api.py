# SPDX-License-Identifier: BSD-2-Clause
#
# What scripts do by gdb's Python, on guest/threads.elf at its first
# instruction: one line "ok NAME" or "not ok NAME" for each.  For
# t-gdb-python.sh, which sets $folder, where files may be written.
import os
import tempfile

import gdb
import gdb.types

stops = []
exits = []
files = []
created = []


def check(name, good, more=''):
    print('ok' if good else 'not ok', name, '' if good else more)


def number(expression):
    return int(gdb.parse_and_eval(expression))


def fetch(name):
    """A file of the guest, as GEF and pwndbg get it."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        to = os.path.join(place, 'file')
        gdb.execute('remote get %s %s' % (name, to), to_string=True)
        with open(to, 'rb') as file:
            return file.read()


class Counts(gdb.Breakpoint):
    """Decides in Python, and stops at the tenth time."""
    times = 0

    def stop(self):
        self.times += 1
        return self.times == 10


class Returns(gdb.FinishBreakpoint):
    returned = False

    def stop(self):
        self.returned = True
        return True


gdb.events.stop.connect(stops.append)
gdb.events.exited.connect(exits.append)
gdb.events.new_objfile.connect(files.append)
gdb.events.breakpoint_created.connect(created.append)

folder = gdb.convenience_variable('folder').string()
inferior = gdb.selected_inferior()
check('an inferior has a process', inferior.is_valid() and inferior.pid > 0)
check('a program', inferior.progspace.filename.endswith('threads.elf'),
      inferior.progspace.filename)
check('and one thread', len(inferior.threads()) == 1)

# Breakpoints, and what stop events say.
at_work = gdb.Breakpoint('work')
gdb.execute('continue', to_string=True)
check('a breakpoint is created', at_work in created)
check('an event names its breakpoints',
      isinstance(stops[-1], gdb.BreakpointEvent) and
      at_work in stops[-1].breakpoints)
check('it counts its hits', at_work.hit_count == 1)
thread = gdb.selected_thread()
check('a thread stops', thread.is_stopped() and not thread.is_running())
check('it has numbers', thread.ptid[0] == inferior.pid and thread.num > 1)

# Frames.
frame = gdb.newest_frame()
older = frame.older()
check('frames have names', (frame.name(), older.name()) == ('work', 'worker'))
check('a frame is its older one\'s newer', older.newer() == frame)
check('a frame has a line', frame.find_sal().line > 0 and
      frame.find_sal().symtab.filename.endswith('threads.c'))
check('variables are read', int(frame.read_var('me')) >= 0)
check('and registers',
      int(frame.read_register('rip')) == frame.pc() == number('$pc'))
check('a block names its function', frame.block().function.name == 'work')
code = frame.architecture().disassemble(frame.pc(), count=3)
check('code is disassembled', len(code) == 3 and code[0]['addr'] == frame.pc())
threads = {t.num: t for t in inferior.threads()}
names = set()
for t in threads.values():
    t.switch()
    names.add(gdb.newest_frame().name() is not None)
check('each thread has frames', names == {True} and len(threads) >= 2)
thread.switch()

# Memory and types.
total = number('&total')
inferior.write_memory(total, (5).to_bytes(8, 'little'))
check('memory is written', number('total') == 5)
check('and read',
      bytes(inferior.read_memory(total, 8)) == bytes([5] + [0] * 7))
inferior.write_memory(number('&own[40]'), b'needle')
check('and searched', number('&own[40]') ==
      inferior.search_memory(number('&own[0]'), 512, b'needle'))
check('a pattern that is not there is not found',
      inferior.search_memory(number('&own[0]'), 512, b'no such') is None)
inferior.write_memory(number('&own[40]'), bytes(6))
try:
    inferior.read_memory(0, 8)
    check('memory that is none is an error', False)
except gdb.MemoryError:
    check('memory that is none is an error', True)
lock = gdb.lookup_global_symbol('lock').type
check('types have fields', gdb.types.has_field(
    gdb.types.get_basic_type(lock), lock.fields()[0].name))
inferior.write_memory(total, bytes(8))

# Python decides and finishes.
at_work.delete()
counts = Counts('meet')
gdb.execute('continue', to_string=True)
check('stop() of a breakpoint decides', counts.times == 10)
counts.delete()
gdb.Breakpoint('work', temporary=True)
gdb.execute('continue', to_string=True)
returns = Returns(internal=True)
gdb.execute('continue', to_string=True)
check('a FinishBreakpoint finishes', returns.returned)
watch = gdb.Breakpoint('total', gdb.BP_WATCHPOINT, gdb.WP_WRITE)
gdb.execute('continue', to_string=True)
check('a watchpoint is met', watch in stops[-1].breakpoints)
watch.delete()
gdb.execute('stepi', to_string=True)
check('a step ends with an event', type(stops[-1]) is gdb.StopEvent)

# The guest's process, as GEF and pwndbg see it.
proc = '/proc/%d/' % inferior.pid
maps = fetch(proc + 'maps').decode()
rip = number('$pc')
spans = [[int(n, 16) for n in line.split()[0].split('-')] + [line]
         for line in maps.splitlines()]
check('maps have the code', any(a <= rip < b and 'r-xp' in line and
                                line.endswith('threads.elf')
                                for a, b, line in spans), maps)
check('and the stack', '[stack]' in maps, maps)
status = fetch(proc + 'status').decode()
check('status is the guest\'s', '\nPid:\t%d\n' % inferior.pid in status, status)
check('exe is the guest\'s image', fetch(proc + 'exe')[:4] == b'\x7fELF')
check('auxv is whole', len(fetch(proc + 'auxv')) % 16 == 0 and
      'AT_ENTRY' in gdb.execute('info auxv', to_string=True))
check('cmdline has the arguments', fetch(proc + 'cmdline').split(b'\0')[1:3] ==
      [b'3', b'40'])
check('info proc mappings shows the same', 'threads.elf' in gdb.execute(
    'info proc mappings', to_string=True))
try:
    fetch('/etc/passwd')
    check('a file that the guest may not open is refused', False)
except gdb.error:
    check('a file that the guest may not open is refused', True)

# The program is read anew, and the guest ends.
gdb.execute('symbol-file')
gdb.execute('symbol-file target:' + proc + 'exe', to_string=True)
check('a new object file is an event', len(files) > 0)
gdb.execute('continue', to_string=True)
check('the end is an event', len(exits) == 1 and exits[0].exit_code == 0,
      str(exits))
check('threads are gone', inferior.threads() == ())
