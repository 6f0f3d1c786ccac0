# SPDX-License-Identifier: BSD-2-Clause
"""The message and the dialogue: header edits, what replies and log lines hold, and clients that do more than one thing
on a connection."""
import re

from harness import letter

from actions import by_sender
from bed import rule


def headers(t, bed):
    bed.policy(
        by_sender("edit", "end-of-message",
                  remove_headers='["X-Originating-*", "x-php-script", { name = "X-Spam-?", value = "/^no\\\\b/" }, '
                                 '"X-Many"]',
                  add_headers='{ X-Added = "by {rule} for {sender}", X-Folded = "one two" }',
                  replace_header='{ User-Agent = "none", Subject = "[{header.subject}] 100%" }')
        + rule("every-other", "end-of-message", when='{ sender = "some@example.com" }',
               remove_headers='{ name = "X-Many", value = "/^(2|4|5)$/" }')
        + rule("early", "mail", when='{ sender = "early@example.com" }', remove_headers='"X-Early"',
               add_headers='{ X-Late = "{client_address}" }')
        + by_sender("received", "end-of-message", remove_headers='["Received", "Message-ID"]')
        + by_sender("control", "end-of-message", add_headers='{ X-Helo = "{header.x-odd}" }'))
    many = [("X-Many" if number % 2 else "x-mANY", f"{number}\r\n " if number == 2 else str(number))
            for number in range(1, 6)]
    mail = bed.taken("edit@example.com", text=letter(headers=[
        ("Received", "from inside by outside; Mon, 05 Jan 2026 10:00:00 +0000"),
        ("X-Originating-IP", "192.0.2.1"), ("X-ORIGINATING-client", "me\r\n folded"), ("X-PHP-Script", "a.php"),
        ("X-Originally", "stays"), ("X-Spam-A", "no, not at all"), ("X-Spam-B", "yes"), ("X-Spam-C", "nothing"),
        ("User-Agent", "one"), ("User-Agent", "two"), *many]))
    names = [name.lower() for name, _ in mail.fields]
    t.equal([name for name in names if name.startswith(("x-originating", "x-php", "x-many"))], [],
            "headers are removed by name and wildcard, all of them, in any case")
    t.equal([name for name in names if name.startswith("x-spam") or name == "x-originally"],
            ["x-originally", "x-spam-b", "x-spam-c"], "by a pattern of the value only those that fit")
    t.equal(mail.headers("User-Agent"), ["none"], "replace_header makes one of all of that name")
    t.equal(mail.headers("Subject"), ["[hello] 100%"], "with what it held in its new value")
    t.equal((mail.header("X-Added"), mail.header("X-Folded")), ("by edit for edit@example.com", "one two"),
            "headers are added")
    t.equal((names[:2], mail.body), (["received", "received"], b"A short message.\n"), "the rest stands as it was")
    mail = bed.taken("some@example.com", text=letter(headers=many))
    t.equal(mail.headers("X-Many"), ["1", "3"], "of several of one name those that fit go, and no other")
    mail = bed.taken("received@example.com", text=letter(headers=[
        ("Received", "from a by b; x\r\n\ty"), ("X-Between", "1"), ("Received", "from c by d; z")]))
    t.like(mail.headers("Received")[0], r"by pf\.test", "Postfix's own Received is hidden from milters, and stays")
    t.equal(([name for name, _ in mail.fields][1:]), ["X-Between", "From", "To", "Subject", "Date"],
            "all others can go")
    mail = bed.taken("early@example.com", text=letter(headers=[("X-Early", "a")]))
    t.equal((mail.headers("X-Early"), mail.header("X-Late")), ([], "127.0.0.1"),
            "edits of an early stage wait for the end")
    mail = bed.taken("control@example.com", text=letter(headers=[("X-Odd", "a\x01b\tc\x7f\r\n d é")]))
    t.unlike(mail.header("X-Helo"), r"[\x00-\x08\x0a-\x1f\x7f-\U0010ffff]",
             "what a fact brings into a header is cleaned")


def replies(t, bed):
    bed.policy(by_sender("facts", "rcpt",
                         reject='"550 5.7.1 {sender} {recipient} {client_address} {helo_name} {direction} '
                                                 '{{as is}} {rule} ref {id}"')
               + rule("helo", "mail", when='{ helo_name = "/%/" }', reject='"550 5.7.1 hello {helo_name}, 5% off"')
               + rule("sender", "mail", when='{ sender = "/odd/" }', reject='"550 5.7.1 {sender}: grüße"')
               + rule("long", "mail", when='{ sender = "/^x{60}/" }', reject=f'"550 5.7.1 {"{sender} " * 4}"')
               + by_sender("header", "end-of-message", reject='"550 5.7.1 {header.subject}"'))
    bed.mark()
    reply = bed.send("facts@example.com", helo="h.test")
    row = bed.wait_line(event="verdict", rule="facts")
    t.equal(reply,
            "550 5.7.1 facts@example.com bob@example.net 198.51.100.7 h.test incoming {as is} facts ref " + row["id"],
            "a reply tells facts, and the id that the log has")
    t.equal((row["reply"], row["stage"], row["door"]), (reply, "rcpt", "milter"), "the log has the reply")
    t.ok(re.fullmatch(r"[0-9a-z]{11}", row["id"]), "the id is short", row["id"])
    with bed.client() as client:
        client.command("EHLO a%s%n%99999d.test")
        t.equal(str(client.command("MAIL FROM:<a@example.com>")), "550 5.7.1 hello a%s%n%99999d.test, 5% off",
                "per cents of the client stay per cents")
    with bed.client() as client:
        t.equal(str(client.command("MAIL FROM:<odd@example.com>")), "550 5.7.1 odd@example.com: gr??e",
                "without SMTPUTF8 a reply is ASCII")
        t.equal(str(client.command("MAIL FROM:<ödd.odd@example.com> SMTPUTF8")), "550 5.7.1 ödd.odd@example.com: grüße",
                "with it, UTF-8")
        got = str(client.command("MAIL FROM:<\"odd\x01\x1b[31m\x7f\"@example.com>"))
        t.unlike(got, r"[\x00-\x1f\x7f]", "control bytes never come back")
        t.ok(len(str(client.command(f"MAIL FROM:<{'x' * 63}@{'y' * 60}.{'z' * 60}.example.com>"))) <= 510,
             "a long reply is cut to a line of SMTP")
    reply = bed.send("header@example.com", text=letter(subject="a\tb\x02\x1b %d", sender="header@example.com"))
    t.equal(reply, "550 5.7.1 a?b?? %d", "nor do those of a header")
    raw = [line for line in bed.daemon.log().splitlines() if "event=" in line]
    t.equal([line for line in raw if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line)], [], "no control byte in the log")


def log_lines(t, bed):
    bed.policy(rule("note", "rcpt", when='{ recipient = "eve@example.net" }', log="true")
               + rule("limit", "data", limit='{ by = "sender", of = "recipients", max = ["5/1h", "9/1d"] }',
                      defer='"450 4.7.1 later"')
               + rule("bad", "end-of-message", when='{ header.subject = "bad" }', reject='"550 5.7.1 bad"',
                      alert="true"))
    bed.mark()
    text = letter(subject="loglines", sender="log@example.com")
    bed.send("log@example.com", to=["bob@example.net", "eve@example.net"], text=text, login="alice@example.com")
    arrived = bed.sink.take()
    row = bed.wait_line(event="message")
    t.equal({key: row.get(key) for key in ("door", "outcome", "client_address", "sasl_username", "sender", "recipients",
                                           "direction", "service", "used")},
            {"door": "milter", "outcome": "accepted", "client_address": "198.51.100.7",
             "sasl_username": "alice@example.com",
             "sender": "log@example.com", "recipients": "2", "direction": "outgoing", "service": "pf.test",
             "used": "limit:2/5/1h"}, "one line tells of the transaction")
    t.ok("took_us" in row and "size" not in row, "the time it took; not the size, as the policy needs no body",
         f"{row}")
    t.like(arrived.header("Received"), row["queue_id"], "its queue id is Postfix's")
    t.equal([(one["rule"] if "rule" in one else one.get("rules"), one["recipient"])
             for one in bed.lines(event="verdict")
             if one["stage"] == "rcpt"], [("note", "eve@example.net")],
            "log = true writes a line where nothing is decided")
    t.equal(len(bed.lines(event="message")), 1, "and there is but one line a transaction")
    bed.mark()
    bed.send("log@example.com", text=letter(subject="bad"))
    verdict, alert = bed.wait_line(event="verdict", rule="bad"), bed.wait_line(event="alert", rule="bad")
    t.equal((verdict["header.subject"], verdict["queue_id"] == alert["queue_id"] != "-"), ("bad", True),
            "a verdict's line has the facts that decided; alert a line of its own")
    t.equal(bed.wait_line(event="message")["outcome"], "rejected", "the transaction's line says rejected")
    bed.policy(rule("size", "end-of-message", when='{ sender = "big@example.com", size = "> 200" }',
                    reject='"550 5.3.4 {size} is too much"'))
    bed.mark()
    bed.taken(text=text)
    size = int(bed.wait_line(event="message")["size"])
    t.ok(len(text) <= size <= len(text) + 100, "where a rule tells it, the true size is known", f"{size}, {len(text)}")
    reply = bed.send("big@example.com", text=letter(body="x" * 70 + "\r\n"))
    t.like(reply, r"^550 5\.3\.4 2\d\d is too much$", "and told")
    bed.policy(rule("skipping", "mail", when='{ sender = "quiet@example.com" }', accept="true"))
    bed.mark()
    bed.taken("quiet@example.com")
    t.equal(([one["action"] for one in bed.lines(event="verdict")], len(bed.lines(event="message"))), (["accept"], 1),
            "accept is a verdict, going on is none")


def dialogues(t, bed):
    bed.policy(rule("no-eve", "rcpt", when='{ recipient = "eve@example.net" }', reject='"550 5.7.1 no"')
               + rule("tag", "end-of-message", add_headers='{ X-Id = "{id} {sender} {recipient_count}" }'))
    bed.mark()
    client = bed.client()
    for number in (1, 2):
        reply = client.message(f"m{number}@example.com", ["bob@example.net", "eve@example.net"],
                               letter(subject=f"m{number}"))
        t.equal((reply.code, bed.sink.take().header("X-Id").split()[1:]), (250, [f"m{number}@example.com", "1"]),
                "several messages on a connection, each with its own facts")
    client.envelope("forgotten@example.com", ["bob@example.net", "carl@example.net"])
    client.command("RSET")
    client.message("m3@example.com", ["bob@example.net"], letter(subject="m3"))
    t.equal(bed.sink.take().header("X-Id").split()[1:], ["m3@example.com", "1"], "RSET forgets the transaction")
    client.command("EHLO again.test")
    client.envelope("bdat@example.com", ["bob@example.net"])
    t.equal(client.bdat(letter(subject="chunks", body=".dot\r\n" * 3000), chunk=777).code, 250, "BDAT is taken")
    mail = bed.sink.take()
    t.equal((mail.header("X-Id").split()[1], mail.body.count(b".dot\n")), ("bdat@example.com", 3000), "and judged")
    reply = client.message("jürgen@münchen.example", ["bob@example.net"], letter(sender="jürgen@münchen.example"),
                           "SMTPUTF8")
    mail = bed.sink.take()
    t.equal((reply.code, mail.sender), (250, "jürgen@münchen.example"), "SMTPUTF8 mail passes")
    t.like(mail.header("X-Id"), "jürgen@(münchen|xn--mnchen-3ya).example", "and a header of ours may hold its address")
    replies = client.pipeline("MAIL FROM:<p@example.com>", "RCPT TO:<eve@example.net>", "RCPT TO:<bob@example.net>",
                              "RSET")
    t.equal([reply.code for reply in replies], [250, 550, 250, 250], "pipelined commands are answered in order")
    t.equal(client.message("", ["bob@example.net"], letter(subject="bounce")).code, 250, "the null sender")
    t.equal(bed.sink.take().header("X-Id").split()[1:], ["<>", "1"], "is told as <>")
    client.quit()
    ids = [row["id"] for row in bed.lines(event="message")]
    t.equal(([row["outcome"] for row in bed.lines(event="message")], len(set(ids))),
            (["accepted", "accepted", "aborted", "accepted", "accepted", "accepted", "aborted", "accepted"], 8),
            "each transaction has its line and its id")
    for cut, text in (("MAIL", ""), ("RCPT", ""), ("DATA", "Subject: cut\r\nX-Half: a")):
        bed.mark()
        client = bed.client()
        client.command("MAIL FROM:<cut@example.com>")
        if cut != "MAIL":
            client.command("RCPT TO:<bob@example.net>")
        if text:
            client.command("DATA")
            client.send(text)
        client.abort()
        t.equal(bed.wait_line(event="message")["outcome"], "aborted", f"a client that vanishes after {cut} is an abort")
    t.equal(bed.quiet(), [], "nothing came of them")


def run(t, bed):
    for case in (headers, replies, log_lines, dialogues):
        case(t, bed)
