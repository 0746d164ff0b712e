# SPDX-License-Identifier: BSD-2-Clause
"""A client that puts load on a server, and prints a digest of its answers.

Usage: load.py port | load.py KIND PORT

Several connections at once send hundreds of requests.  The digest must be the
same whoever serves, so it has no times, names of servers or counts of theirs.
"""

import base64
import hashlib
import http.client
import json
import socket
import sys
import threading
import time

CONNECTIONS = 8
REQUESTS = 60


def connect(port):
    """The server may need a while until it listens."""
    end = time.monotonic() + 100
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 60)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def http_load(port, digest, n):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for i in range(REQUESTS):
        name = ("/a.txt", "/big", "/none", "/sub/", "/big?x=%d" % i)[i % 5]
        headers = {"Range": "bytes=%d-%d" % (i, i * 100 + n)} if i % 3 else {}
        c.request("HEAD" if i % 7 == 0 else "GET", name, headers=headers)
        r = c.getresponse()
        body = r.read()
        digest("%s %d %s" % (name, r.status, r.getheader("Content-Range")))
        if r.status < 300:
            digest(body)
    c.close()


def ask(f, *words):
    """A request to Redis, and its whole answer."""
    f.write(b"*%d\r\n" % len(words))
    for w in words:
        w = str(w).encode()
        f.write(b"$%d\r\n%s\r\n" % (len(w), w))
    f.flush()
    return answer(f)


def answer(f):
    line = f.readline()
    n = int(line[1:]) if line[:1] in b"$*" else 0
    if line[:1] == b"$" and n >= 0:
        return line + f.read(n + 2)
    if line[:1] == b"*":
        return line + b"".join(answer(f) for _ in range(n))
    return line


def redis_load(port, digest, n):
    with connect(port) as s, s.makefile("rwb") as f:
        for i in range(REQUESTS):
            key = "key:%d:%d" % (n, i % 9)
            digest(ask(f, "SET", key, "x" * (i * 50)))
            digest(ask(f, "APPEND", key, n))
            digest(ask(f, "GET", key))
            digest(ask(f, "RPUSH", "list:%d" % n, i))
            digest(ask(f, "ZADD", "set:%d" % n, i % 11, "m%d" % i))
            ask(f, "INCR", "all")
        digest(ask(f, "LRANGE", "list:%d" % n, 0, -1))
        digest(ask(f, "ZRANGE", "set:%d" % n, 0, -1, "WITHSCORES"))
        digest(ask(f, "NO-SUCH-COMMAND"))


def redis_look(port, digest, n):
    """The same data after a restart."""
    with connect(port) as s, s.makefile("rwb") as f:
        while b"LOADING" in ask(f, "PING"):
            time.sleep(0.05)
        for i in range(9):
            digest(ask(f, "GET", "key:%d:%d" % (n, i)))
        digest(ask(f, "LRANGE", "list:%d" % n, 0, -1))
        digest(ask(f, "ZRANGE", "set:%d" % n, 0, -1, "WITHSCORES"))
        digest(ask(f, "GET", "all"))


def memcached_load(port, digest, n):
    with connect(port) as s, s.makefile("rwb") as f:

        def say(text, last):
            f.write(text)
            f.flush()
            while True:
                line = f.readline()
                digest(line)
                if not line or line.split(b" ")[0].strip() in last:
                    break

        done = (b"STORED", b"END", b"DELETED", b"NOT_FOUND", b"ERROR")
        say(b"set n%d 0 0 1\r\n0\r\n" % n, done)
        for i in range(REQUESTS):
            text = b"v" * (i * 200)
            say(b"set k%d:%d 7 0 %d\r\n%s\r\n" % (n, i, len(text), text), done)
            say(b"get k%d:%d k%d:none\r\n" % (n, i, n), done)
            f.write(b"incr n%d 3\r\n" % n)
            f.flush()
            digest(f.readline())
        say(b"delete k%d:0\r\n" % n, done)
        say(b"get k%d:0\r\n" % n, done)
        say(b"nonsense\r\n", done)


def etcd_load(port, digest, n):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=100)

    def post(what, **fields):
        c.request("POST", "/v3/kv/" + what, json.dumps(fields))
        r = c.getresponse()
        got = json.loads(r.read())
        digest("%s %d" % (what, r.status))
        for kv in got.get("kvs", []):
            digest("%s %s %s" % (kv["key"], kv.get("value"), kv["version"]))

    def code(text):
        return base64.b64encode(text.encode()).decode()

    for i in range(REQUESTS // 6):
        key = code("key%d/%d" % (n, i % 5))
        post("put", key=key, value=code("v" * i * 100))
        post("range", key=key)
    post("deleterange", key=code("key%d/0" % n))
    post("range", key=code("key%d/" % n), range_end=code("key%d0" % n))
    c.close()


def run(load, port):
    connect(port).close()
    digests = [hashlib.sha256() for _ in range(CONNECTIONS)]
    counts = [0] * CONNECTIONS

    def work(n):
        def digest(what):
            counts[n] += 1
            digests[n].update(what if isinstance(what, bytes)
                              else what.encode())

        load(port, digest, n)
        digest("whole")

    threads = [threading.Thread(target=work, args=(n,))
               for n in range(CONNECTIONS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for n in range(CONNECTIONS):
        print(counts[n], digests[n].hexdigest()[:16])


if sys.argv[1] == "port":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1])
else:
    run({"http": http_load, "redis": redis_load, "look": redis_look,
         "memcached": memcached_load, "etcd": etcd_load}[sys.argv[1]],
        int(sys.argv[2]))
