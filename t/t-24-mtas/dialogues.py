# SPDX-License-Identifier: BSD-2-Clause
"""The dialogue: several recipients and messages, RSET, pipelining, clients that vanish; and odd letters and
addresses."""
from bed import text
from row import MESSAGE, TAKEN, Row, letter, rule

NO_EVE = rule("no-eve", "rcpt", when='{ recipient = "eve@example.net" }', reject='"550 5.7.1 no"')
TAG = rule("tag", "end-of-message", add_headers='{ X-Id = "{id} {sender} {recipient_count}" }')


def tag(sender, count=1):
    return text(f"^[0-9a-z]{{11}} {sender} {count}$")


def message(number, ends="< 250 2.0.0\n"):
    return MESSAGE.replace("<a@", f"<m{number}@") + ends


LONG = "x" * 900
MANY = "\r\n ".join(["word " * 15] * 60)
BOUNDARY = [("MIME-Version", "1.0"), ("Content-Type", 'multipart/mixed;\r\n boundary="frontier"')]

ROWS = [
    Row("each recipient has its own verdict",
        NO_EVE + rule("wait", "rcpt", when='{ recipient = "full@example.net" }', defer='"452 4.2.2 full"') + TAG,
        """> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<eve@example.net>
        < 550 5\\.7\\.1 (<\\S+>\\.\\.\\. )?no$
        > RCPT TO:<bob@example.net>
        < 250
        > RCPT TO:<full@example.net>
        < 452 4\\.2\\.2 (<\\S+>\\.\\.\\. )?full$
        > RCPT TO:<carl@example.net>
        < 250
        > DATA
        < 354
        letter
        < 250""", [{"recipients": ["bob@example.net", "carl@example.net"], "X-Id": tag("a@example.com", 2)}],
        [{"event": "verdict", "stage": "rcpt", "action": "reject", "recipient": "eve@example.net"},
         {"event": "verdict", "stage": "rcpt", "action": "defer", "recipient": "full@example.net"},
         {"event": "message", "recipients": "2"}]),
    Row("all recipients refused", NO_EVE, """> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<eve@example.net>
        < 550
        > DATA
        < (554|503) 5
        > RSET
        < 250""", [], [{"event": "message", "outcome": "refused", "recipients": "0"}]),
    Row("three messages on a connection", TAG, message(1) + message(2) + message(3),
        [{"sender": f"m{number}@example.com", "X-Id": tag(f"m{number}@example.com")} for number in (1, 2, 3)]),
    Row("a refused message does not spoil the next", rule("no", "end-of-message", when='{ sender = "m1@example.com" }',
                                                         reject='"550 5.7.1 no"') + TAG,
        message(1, "< 550 5.7.1 no\n") + message(2), [{"X-Id": tag("m2@example.com")}],
        [{"outcome": "rejected"}, {"outcome": "accepted"}]),
    Row("nor a sender refused at MAIL",
        rule("no", "mail", when='{ sender = "m1@example.com" }', reject='"550 5.7.1 no"') + TAG,
        "> MAIL FROM:<m1@example.com>\n< 550\n" + message(2), [{"X-Id": tag("m2@example.com")}]),
    Row("nor one held", rule("keep", "mail", when='{ sender = "m1@example.com" }', hold="true") + TAG,
        message(1) + message(2), [{"X-Id": tag("m2@example.com")}], held=1),
    Row("RSET forgets the transaction", TAG + NO_EVE, """> MAIL FROM:<forgotten@example.com>
        < 250
        > RCPT TO:<bob@example.net>
        < 250
        > RCPT TO:<carl@example.net>
        < 250
        > RSET
        < 250
        """ + message(1), [{"X-Id": tag("m1@example.com")}], [{"outcome": "aborted"}, {"outcome": "accepted"}]),
    Row("EHLO does, too", TAG, """> MAIL FROM:<forgotten@example.com>
        < 250
        > EHLO again.test
        < 250
        """ + message(1), [{"X-Id": tag("m1@example.com")}]),
    Row("pipelined commands are answered in order", NO_EVE + TAG, """
        > MAIL FROM:<p@example.com> | RCPT TO:<eve@example.net> | RCPT TO:<bob@example.net> | DATA
        < 250
        < 550
        < 250
        < 354
        letter
        < 250""", [{"recipients": ["bob@example.net"], "X-Id": tag("p@example.com")}]),
    Row("a client that vanishes after MAIL", TAG, "> MAIL FROM:<a@example.com>\n< 250\ngone", [],
        [{"event": "message", "outcome": "aborted"}]),
    Row("after RCPT", TAG, "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<bob@example.net>\n< 250\ngone", [],
        [{"event": "message", "outcome": "aborted"}]),
    Row("within the message", TAG,
        "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<bob@example.net>\n< 250\n> DATA\n< 354\n"
        "> Subject: cut\\r\\nX-Half: a\ngone", [], [{"event": "message", "outcome": "aborted"}]),

    # --- letters -----------------------------------------------------------------------------------------------------
    Row("8-bit", TAG, TAKEN.replace("<a@example.com>", "<a@example.com> BODY=8BITMIME"),
        [{"body": "bücher\n".encode() + b"\xff\xfe\x80\n"}],
        letter=letter(body="bücher\r\n".encode() + b"\xff\xfe\x80\r\n", headers=[
            ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"),
                                                                                 ("Content-Transfer-Encoding",
                                                                                  "8bit")])),
    Row("8-bit in a header", rule("see", "end-of-message", when='{ header.subject = "/Gr..?..?e/" }',
                                  add_headers='{ X-Seen = "1" }'),
        letter=letter(subject="Grüße"), sink=[{"X-Seen": "1", "Subject": "Grüße"}]),
    Row("a header line of 900", TAG, letter=letter(subject=LONG),
        sink=[{"Subject": LONG, "X-Id": tag("a@example.com")}]),
    Row("a folded header of 60 lines", rule("long", "end-of-message", when='{ header.x-long = "/^(word ?)+/" }',
                                            add_headers='{ X-Seen = "1" }'),
        letter=letter(headers=[("X-Long", MANY)]), sink=[{"X-Seen": "1", "X-Long": text(r"^(word\s*){900}$")}]),
    Row("an empty body", TAG, letter=letter(body=""), sink=[{"body": b"", "X-Id": tag("a@example.com")}]),
    Row("dots", TAG, letter=letter(body=".\r\n..\r\n.a\r\n"), sink=[{"body": b".\n..\n.a\n"}]),
    Row("no header at all", TAG, letter=b"just text\r\n",
        sink=[{"body": b"just text\n", "X-Id": tag("a@example.com")}]),
    Row("a multipart", TAG, letter=letter(headers=BOUNDARY, body="--frontier\r\n\r\none\r\n--frontier--\r\n"),
        sink=[{"body": b"--frontier\n\none\n--frontier--\n"}]),
    Row("20 hops", rule("loop", "end-of-message", when='{ hops = "> 15" }', reject='"554 5.4.6 {hops} hops"'), MESSAGE
        + "< 554 5\\.4\\.6 20 hops$", [],
        letter=letter(headers=[("Received", f"from h{n}.test by i{n}.test; now") for n in range(20)])),

    # --- addresses ---------------------------------------------------------------------------------------------------
    Row("the null sender", TAG, TAKEN.replace("<a@example.com>", "<>"), [{"sender": "", "X-Id": tag("<>")}],
        [{"event": "message", "sender": "<>"}]),
    Row("a quoted local part", rule("see", "rcpt", when='{ recipient = "odd one@example.net" }', log="true"),
        TAKEN.replace("<bob@example.net>", '<"odd one"@example.net>'), [{"recipients": ['"odd one"@example.net']}],
        [{"stage": "rcpt", "rules": "see"}]),
    Row("an address extension", rule("see", "rcpt", when='{ recipient = "bob@example.net" }', log="true"),
        TAKEN.replace("<bob@example.net>", "<Bob+news@Example.NET>"), [{}], [{"stage": "rcpt", "rules": "see"}]),
    Row("an address literal", rule("see", "rcpt", when='{ recipient = "bob@[192.0.2.1]" }', log="true"),
        TAKEN.replace("<bob@example.net>", "<bob@[192.0.2.1]>"), [{"recipients": ["bob@[192.0.2.1]"]}],
        [{"stage": "rcpt", "rules": "see"}]),
    Row("a long local part", rule("see", "mail", when='{ sender = "/^y{60}@/" }', log="true"),
        TAKEN.replace("<a@example.com>", f"<{'y' * 60}@example.com>"), log=[{"stage": "mail", "rules": "see"}]),
    Row("blanks behind the colon", rule("see", "mail", when='{ sender = "a@example.com" }', log="true"),
        TAKEN.replace("FROM:<", "FROM: <"), log=[{"stage": "mail", "rules": "see"}]),
    Row("commands in small letters", rule("see", "mail", when='{ sender = "a@example.com" }', log="true"),
        TAKEN.replace("MAIL FROM", "mail from").replace("RCPT TO", "rcpt to").replace("DATA", "data"),
        log=[{"stage": "mail", "rules": "see"}]),
    # Sendmail takes no such name for one.
    Row("per cents in what we answer",
        rule("no", "mail", when='{ helo_name = "/%/" }', reject='"550 5.7.1 hello {helo_name}, 5% off"'),
        """< 220
        > EHLO a%s%n%99999d.test
        postfix: < 250
        postfix: > MAIL FROM:<a@example.com>
        postfix: < 550 5\\.7\\.1 hello a%s%n%99999d\\.test, 5% off$
        sendmail: < 501 5
        """, []),
]
