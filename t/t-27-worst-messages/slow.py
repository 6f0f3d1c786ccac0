# SPDX-License-Identifier: BSD-2-Clause
"""Slow: half requests at the admin socket delay no other client, what they may bring is bounded; and without file
descriptors the log says so."""
import contextlib
import resource
import socket

from harness import Mailweir
from harness.process import wait_for
from measure import open_client, usual

RULES = """[[rule]]
name = "rcpt"
at = "rcpt"
when = { recipient = "nobody@example.net" }
reject = "550 5.1.1 no"
"""


def connect(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(30)
    peer.connect(path)
    return peer


def read_all(peer):
    answer = b""
    with contextlib.suppress(ConnectionError):
        while piece := peer.recv(65_536):
            answer += piece
    return answer.decode()


def admin(t, daemon):
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connect(daemon.admin)).sendall(b"GET /status HTTP/1.1\r\nHost: x")
        t.equal(daemon.ctl("status").returncode, 0, "40 half requests at the admin socket: mailweirctl has its answer")
    before = daemon.memory()[1]
    peer = connect(daemon.admin)
    with contextlib.suppress(ConnectionError):
        peer.sendall(b"GET /status HTTP/1.1\r\n")
        for _ in range(200):
            peer.sendall(b"a: b\r\n" * 10_000)
    t.like(read_all(peer), "^(HTTP/1.1 431 |$)", "2,000,000 header fields there are refused")
    if not daemon.sanitized():
        t.ok(daemon.memory()[1] - before < 8 << 20, "and take no memory", str(daemon.memory()[1] - before))


def descriptors(t):
    """Few, and both doors' connections above them."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60 if limit[1] == resource.RLIM_INFINITY else limit[1]))
    try:
        daemon = t.start(Mailweir(RULES, name="raised", policy_door=None))
        with open(f"/proc/{daemon.process.pid}/limits") as limits:
            soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]
        t.equal(soft, hard, "the limit of open files is raised to the hard limit")
        sanitized = daemon.sanitized()
        daemon.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    if sanitized:  # looks at an object's memory through a pipe, and calls the object bad when it gets none
        t.skip("without file descriptors the log says so", "the sanitizer itself needs descriptors")
        return
    few = t.start(Mailweir(RULES, name="few", policy_door=None, under=["prlimit", "--nofile=64:64"]))
    with contextlib.ExitStack() as stack:
        for _ in range(80):
            stack.enter_context(connect(few.milter.removeprefix("unix:")))
        line = few.wait_line(event="accept-failed")
        t.like(line["reason"], "Too many open files", "without file descriptors the log says so")
        t.equal(line["door"], "milter", "and at which door")
    wait_for(lambda: len(few.lines(event="accept-failed")) == 1, "one line", 5, alive=few.process)
    with open_client(few) as client:
        t.equal(usual(client), ("c", b""), "when others have ended, it goes on")
    few.stop()


def run(t):
    daemon = t.start(Mailweir(RULES, name="slow"))
    admin(t, daemon)
    daemon.stop()
    descriptors(t)
