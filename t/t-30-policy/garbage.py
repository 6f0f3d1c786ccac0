# SPDX-License-Identifier: BSD-2-Clause
"""Bytes at the policy door that no Postfix sends: logged, closed, and no other client is disturbed."""
import re
import socket
from dataclasses import dataclass

from actions import rule
from harness import Mailweir, PolicyClient, wait_for

HEAD = b"request=smtpd_access_policy\nprotocol_state=RCPT\n"
RULES = rule("no-eve", "rcpt", 'when = { recipient = "eve@example.net" }\nreject = "550 5.7.1 not eve"')


@dataclass
class Bad:
    what: str
    bytes: bytes
    reason: str            # of its log line, a regular expression; "": none is wanted
    ends: bool = False     # the client stops sending there


BAD = [
    Bad("an empty line alone", b"\n\n", "without name=value"),
    Bad("no request=", b"protocol_state=RCPT\nsender=a@example.com\n\n", "no request= attribute"),
    Bad("another request", b"request=junk\nprotocol_state=RCPT\n\n", "request=junk is not smtpd_access_policy"),
    Bad("lines without =", b"GET / HTTP/1.1\nHost: x\n\n", "without name=value"),
    Bad("CRLF lines of another protocol", b"EHLO client.test\r\n\r\nMAIL FROM:<a>\r\n\n\n", "without name=value"),
    Bad("a NUL byte in a value", HEAD + b"sender=a\0b@example.com\n\n", "NUL"),
    Bad("nothing but NUL bytes", b"\0" * 5000, "NUL"),
    Bad("a line of 1 MB", HEAD + b"sender=" + b"x" * 1_000_000 + b"\n\n", "bytes"),
    Bad("1 MB without a newline", b"x" * 1_000_000, "bytes"),
    Bad("attributes without end", HEAD + b"".join(b"a%d=1\n" % number for number in range(300)) + b"\n", "attributes"),
    Bad("200,000 bytes of attributes", HEAD + b"a=bbbbbbbb\n" * 20_000 + b"\n", "attributes|bytes"),
    Bad("a control sequence in the kind", b"request=\x1b[31mred\nx=y\n\n", r"request=.*is not"),
    Bad("half a request, then the end", HEAD + b"sender=a@exam", "ended in the middle", True),
    Bad("no newline at all, then the end", b"request", "ended in the middle", True),
    Bad("nothing, then the end", b"", "", True),
]


def open_raw(daemon):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20)
    one.connect(daemon.policy.removeprefix("unix:"))
    return one


def everything(one):
    """What comes until the door hangs up."""
    got = b""
    try:
        while piece := one.recv(65536):
            got += piece
    except ConnectionError:
        pass
    return got


def send_bad(one, row):
    try:
        one.sendall(row.bytes)
        if row.ends:
            one.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        pass   # it hung up before all was said


def one_by_one(t, daemon, good):
    for row in BAD:
        before = len(daemon.lines(event="bad-policy-request"))
        with open_raw(daemon) as one:
            send_bad(one, row)
            t.equal(everything(one), b"", f"{row.what}: closed without an answer")
        if row.reason:
            wait_for(lambda: len(daemon.lines(event="bad-policy-request")) > before, f"the log line of {row.what}")
        lines = daemon.lines(event="bad-policy-request")[before:]
        t.equal(len(lines), 1 if row.reason else 0, f"{row.what}: lines in the log")
        if row.reason:
            t.like(lines[0]["reason"], row.reason, f"{row.what}: why")
        t.equal(good.ask(recipient="eve@example.net", instance=row.what.replace(" ", ".")), "550 5.7.1 not eve",
                f"{row.what}: a good client is answered meanwhile")
    t.unlike(daemon.log(), r"[\x00-\x09\x0b-\x1f]", "no control byte reaches the log")


def many(t, daemon, good):
    rows = [BAD[number % len(BAD)] for number in range(100)]
    bad = [open_raw(daemon) for _ in rows]
    half = [open_raw(daemon) for _ in range(10)]
    for one in half:
        one.sendall(HEAD + b"sender=")   # and then nothing more
    for one, row in zip(bad, rows):
        send_bad(one, row)
    answers = [good.ask(recipient="bob@example.net", instance=f"many.{number}") for number in range(50)]
    t.equal(set(answers), {"DUNNO"}, "100 bad clients and 10 silent ones: the good one is served")
    t.equal({everything(one) for one in bad}, {b""}, "the bad ones are closed")
    for one in bad + half:
        one.close()


def half_closed(t, daemon):
    """A client that has said all and still listens gets its answer."""
    with open_raw(daemon) as one:
        one.sendall(HEAD + b"recipient=eve@example.net\n\n")
        one.shutdown(socket.SHUT_WR)
        t.equal(everything(one), b"action=550 5.7.1 not eve\n\n", "a half-closed connection is answered, then closed")
    with open_raw(daemon) as one:
        one.sendall((HEAD + b"recipient=eve@example.net\n\n") * 3 + b"junk\n\n")
        t.equal(everything(one), b"action=550 5.7.1 not eve\n\n" * 3, "good requests before a bad one are answered")
    with open_raw(daemon) as one:
        for byte in HEAD + b"recipient=eve@example.net\n\n":
            one.sendall(bytes([byte]))
        t.equal(one.recv(100), b"action=550 5.7.1 not eve\n\n", "a request that comes byte by byte")


def bound(t, daemon, most):
    wait_for(lambda: re.search(r"mailweir_policy_open 0\b", daemon.metrics()), "all connections to end")
    held = [PolicyClient(daemon.policy) for _ in range(most)]
    t.equal({client.ask() for client in held}, {"DUNNO"}, f"{most} connections are served")
    with open_raw(daemon) as one:
        t.equal(everything(one), b"", "one more is closed at once")
    t.equal(daemon.wait_line(event="connection-refused")["max"], str(most), "the log says why")
    held.pop().close()
    wait_for(lambda: re.search(rf"mailweir_policy_open {most - 1}\b", daemon.metrics()), "its end")
    with PolicyClient(daemon.policy) as client:
        t.equal(client.ask(), "DUNNO", "when one has ended, another may come")
    for client in held:
        client.close()


def run(t):
    most = 120
    daemon = t.start(Mailweir(RULES, milter=None, name="garbage", sections={"policy": f"max_connections = {most}"}))
    good = PolicyClient(daemon.policy)
    one_by_one(t, daemon, good)
    half_closed(t, daemon)
    many(t, daemon, good)
    good.close()
    bound(t, daemon, most)
    t.equal(t.stop(daemon), 0, "and the daemon ends as if nothing had been")
