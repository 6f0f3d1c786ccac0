# SPDX-License-Identifier: BSD-2-Clause
"""What no MTA sends to the milter door, and what a hostile client makes one send: no other client is disturbed, memory
stays bounded."""
import os
import struct

from actions import rule
from harness import Mailweir, MilterClient, wait_for

MIB = 1 << 20
RULES = (rule("no-eve", "rcpt", 'when = { recipient = "eve@example.net" }\nreject = "550 5.7.1 not eve"') +
         rule("privacy", "end-of-message", 'remove_headers = ["X-Secret*"]') +
         rule("quota", "end-of-message",
              'limit = { by = "sender", of = "recipients", max = "100000/1h" }\ndefer = "450 4.7.1 over"'))
OPTIONS = struct.pack("!I", 13) + b"O" + struct.pack("!III", 6, 0x1ff, 0x1fffff)


def packet(data):
    return struct.pack("!I", len(data)) + data


RAW = {
    "nothing": b"",
    "text": b"EHLO client.test\r\nMAIL FROM:<a@example.com>\r\n",
    "a packet of no length": b"\0\0\0\0",
    "a packet of 4 GB": b"\xff\xff\xff\xffM<a>\0",
    "a packet of 64 MB": struct.pack("!I", 64 << 20) + b"B" + b"x" * 100_000,
    "a version of the future": struct.pack("!I", 13) + b"O" + struct.pack("!III", 99, 0x1ff, 0x1fffff),
    "an MTA that allows nothing": struct.pack("!I", 13) + b"O" + struct.pack("!III", 6, 0, 0),
    "half a negotiation": OPTIONS[:9],
    "no negotiation": struct.pack("!I", 6) + b"M<a>\0\0",
    "an unknown command": OPTIONS + struct.pack("!I", 2) + b"\x07x",
    "MAIL without its end": OPTIONS + struct.pack("!I", 4) + b"M<a>",
    "the body first": OPTIONS + struct.pack("!I", 5) + b"Btext" + struct.pack("!I", 1) + b"E",
    "the end first": OPTIONS + struct.pack("!I", 1) + b"E",
    "RCPT without MAIL": OPTIONS + struct.pack("!I", 5) + b"R<a>\0" + struct.pack("!I", 1) + b"E",
    "macros without end": OPTIONS + struct.pack("!I", 8) + b"DMi\0abcd",
    "a macro with a name and no value": OPTIONS + packet(b"DCj\0") + packet(b"Cclient.test\0U"),
    "three strings are no pairs": OPTIONS + packet(b"DC{daemon_name}\0smtp\0{v}\0") + packet(b"Cclient.test\0U"),
    "a macro without a value, where others have "
    "been": OPTIONS + 20 * (packet(b"DC{daemon_name}\0" + 15 * b"A" + b"\0") + packet(b"DC" + 3 * b"name\0"))
    + packet(b"Cclient.test\0U"),
    "macros of no names": OPTIONS + packet(b"DC") + packet(b"Cclient.test\0U"),
    "a header without a value": OPTIONS + struct.pack("!I", 5) + b"M<a>\0" + struct.pack("!I", 3) + b"LX\0",
    "1,000 negotiations": OPTIONS * 1000,
    "random bytes": os.urandom(20_000),
}


def good_message(daemon, recipient="bob@example.net"):
    with MilterClient(daemon.milter) as client:
        client.envelope(recipients=[recipient])
        return client.message((("From", " a@example.com"), ("X-Secret-1", " x")))


def raw_bytes(t, daemon):
    for what, data in RAW.items():
        with MilterClient(daemon.milter) as client:
            try:
                client.send_raw(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            t.equal(good_message(daemon), ("c", b""), f"{what}: a good message passes meanwhile")
    clients = [MilterClient(daemon.milter) for _ in range(100)]
    for number, client in enumerate(clients):
        try:
            client.send_raw(list(RAW.values())[number % len(RAW)])
        except (BrokenPipeError, ConnectionResetError):
            pass
    # Those that stop within a packet are closed after 10 s; with libmilter they hold its workers until then.
    for client in clients:
        client.close()
    t.equal(good_message(daemon), ("c", b""), "100 of them at once, and a good message passes")


STEPS = ["negotiate", "connect", "helo", "mail", "rcpt", "data", "header", "end_of_header", "body", "end"]
WORDS = {"header": ("Subject", " x"), "body": ("text\r\n",)}


def vanishing(t, daemon):
    """The MTA's connection breaks after each step, and in the middle of the packet that would be next."""
    for count in range(1, len(STEPS) + 1):
        for half in (False, True):
            client = MilterClient(daemon.milter)
            for step in STEPS[:count]:
                getattr(client, step)(*WORDS.get(step, ()))
            if half:
                client.send_raw(b"\0\0\0\x20R<half")
            client.close()
    wait_for(lambda: "\nmailweir_milter_open 0\n" in daemon.metrics(), "all sessions to be over")
    t.like(daemon.metrics(), r"(?m)^mailweir_milter_in_flight 0$", "clients that vanish anywhere leave nothing behind")
    aborted = [line for line in daemon.lines(event="message") if line["outcome"] == "aborted"]
    t.ok(len(aborted) >= 2 * 6, "and their messages are aborted", str(len(aborted)))
    t.equal(good_message(daemon), ("c", b""), "a good message passes")


def recipients(t, daemon):
    with MilterClient(daemon.milter) as client:
        client.negotiate()
        client.connect(), client.helo(), client.mail("mass@example.com")
        answers = {client.rcpt(f"user{number}@example.net") for number in range(10_000)}
        t.equal(answers, {("c", b"")}, "10,000 recipients are answered")
        t.equal(client.rcpt("eve@example.net")[1][:14], b"550 5.7.1 not ", "another one is refused")
        client.data()
        t.equal(client.message(), ("c", b""), "and the message passes")
    line = daemon.wait_line(event="message", sender="mass@example.com")
    t.equal(line["recipients"], "10000", "its line counts them")
    t.like(line["used"], r"^quota:10000/100000/1h", "and so does its limit")


def headers(t, daemon):
    with MilterClient(daemon.milter) as client:
        client.envelope("heads@example.com")
        fields = [(f"X-{number}", " v") for number in range(100_000)]
        answer = client.message([("From", " a@example.com"), *fields])
        t.equal((answer[0], answer[1][:9]), ("y", b"552 5.3.4"), "100,000 header fields: refused at the end")
    with MilterClient(daemon.milter) as client:
        client.envelope("few@example.com")
        fields = [(f"X-{number}", " v") for number in range(5_000)] + [("X-Secret-a", " v")] * 100
        answer = client.message([("From", " a@example.com"), *fields])
        removed = [edit for edit in client.edits if edit[0] == "m"]
        t.equal((answer, len(removed)), (("c", b""), 100), "5,000 pass, and 100 of 5,100 are taken out")


def one_field(t, daemon):
    """max_header_size decides about a field, however long its packet is. Postfix sends none over 60 KB."""
    for size, want in ((60_000, ("c", b"", 1)), (900_000, ("c", b"", 1)), (1_300_000, ("y", b"552 5.3.4", 0))):
        with MilterClient(daemon.milter) as client:
            client.envelope("long@example.com")
            answer = client.message([("From", " a@example.com"), ("X-Secret-Long", " " + "x" * size)])
            t.equal((answer[0], answer[1][:9], len(client.edits)), want, f"a header field of {size} bytes")


def without_end(t, daemon):
    """Header fields of 60 KB until 100 MB have been sent, and then no end."""
    before = daemon.memory()[0]
    client = MilterClient(daemon.milter)
    client.envelope("endless@example.com")
    value = b" " + b"x" * 60_000
    for number in range(100 * MIB // len(value)):
        client.header(f"X-{number}", value)
    t.equal(good_message(daemon), ("c", b""), "headers without end: others are served")
    if not daemon.sanitized():
        risen = (daemon.memory()[1] - before) / MIB
        t.ok(risen < 8, "headers without end: memory stays bounded", f"risen by {risen:.1f} MiB")
    client.end_of_header()
    answer = client.end()
    t.equal((answer[0], answer[1][:9]), ("y", b"552 5.3.4"), "refused, should the end come after all")
    client.close()


def run(t):
    daemon = t.start(Mailweir(RULES, policy_door=None, name="milter-garbage"))
    raw_bytes(t, daemon)
    vanishing(t, daemon)
    recipients(t, daemon)
    headers(t, daemon)
    one_field(t, daemon)
    without_end(t, daemon)
    t.unlike(daemon.log(), r"[\x00-\x09\x0b-\x1f]|event=milter-exception",
             "no control byte and no exception in the log")
    t.equal(t.stop(daemon), 0, "and the daemon ends as if nothing had been")
