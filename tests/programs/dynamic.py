# SPDX-License-Identifier: BSD-2-Clause
"""What Python's own library does natively and as a guest: the same lines."""

import asyncio
import ctypes
import hashlib
import json
import re
import sqlite3
import sys
import threading
import zlib


def threads():
    """Threads that share a sum."""
    lock = threading.Lock()
    total = [0]

    def work(number):
        for _ in range(200):
            with lock:
                total[0] += number

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("threads", total[0])


async def echo():
    """A server and a client in one event loop, over a pair of sockets."""
    import socket

    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    other_reader, other_writer = await asyncio.open_connection(sock=theirs)

    async def serve():
        other_writer.write((await other_reader.readline()).upper())
        await other_writer.drain()

    task = asyncio.create_task(serve())
    writer.write(b"through asyncio\n")
    print("asyncio", await reader.readline())
    await task
    await asyncio.sleep(0.01)
    writer.close()
    other_writer.close()


def database():
    """A data base in memory."""
    db = sqlite3.connect(":memory:")
    db.execute("create table t (n integer primary key, s text)")
    db.executemany("insert into t values (?, ?)",
                   [(n, "row %d" % (n * n)) for n in range(500)])
    print("sqlite3", db.execute("select count(*), sum(n), max(s) from t")
          .fetchone())


def rest():
    """Modules of C, exceptions, text."""
    print("zlib", zlib.crc32(zlib.compress(b"x" * 10000)))
    print("hashlib", hashlib.sha256(b"novillo").hexdigest())
    print("json", json.dumps({"a": [1, 2.5, None]}, sort_keys=True))
    print("re", re.sub(r"(\w+) (\w+)", r"\2 \1", "world hello"))
    print("ctypes", ctypes.CDLL(None).abs(-7))
    try:
        1 // 0
    except ZeroDivisionError as error:
        print("exception", error)


threads()
asyncio.run(echo())
database()
rest()
print("arguments", sys.argv[1:])
sys.exit(3)
