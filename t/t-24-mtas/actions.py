# SPDX-License-Identifier: BSD-2-Clause
"""Every action at every stage."""
from bed import text
from row import MESSAGE, OUTSIDE, TAKEN, Row, letter, rule

ENVELOPE = """> MAIL FROM:<a@example.com>
< 250
> RCPT TO:<bob@example.net>
< 250
"""
# What comes before the reply to a stage's command.
UNTIL = {
    "mail": "> MAIL FROM:<a@example.com>\n",
    "rcpt": "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<bob@example.net>\n",
    "data": ENVELOPE + "> DATA\n", "end-of-message": MESSAGE}
GOES_ON = "> NOOP\n< 250"


# Sendmail begins the text of most refusals at MAIL and RCPT with the address.
ADDRESS = "(<\\S+>\\.\\.\\. )?"
PREFIX = {"mail": ADDRESS, "rcpt": ADDRESS}


def reads(at, code, enhanced, words):
    """Steps: a reply that holds our text, as each MTA gives it."""
    return (f"postfix: < {code} {enhanced} {words}\n"
            f"sendmail: < {code} {enhanced} {PREFIX.get(at, '')}{words}\n")


def refusal(at, action, said, heard, ends=GOES_ON):
    """A refusal whose text the client reads, at both; `heard` is code, enhanced code and a pattern."""
    code, enhanced, words = heard.split(" ", 2)
    return Row(f"{action} {said[:3]} at {at}", rule("r", at, **{action: f'"{said}"'}),
               UNTIL[at] + reads(at, code, enhanced, words) + ends, [],
               [{"event": "verdict", "rule": "r", "stage": at, "action": action, "reply": text(f"{enhanced} {words}")}])


REFUSALS = [
    refusal("mail", "reject", "553 5.7.1 not {sender}", r"553 5\.7\.1 not a@example\.com$"),
    refusal("rcpt", "reject", "550 5.1.1 no {recipient}", r"550 5\.1\.1 no bob@example\.net$"),
    refusal("data", "reject", "554 5.6.0 {recipient_count} is too many", r"554 5\.6\.0 1 is too many$"),
    refusal("end-of-message", "reject", "550 5.7.1 {header.subject}: no", r"550 5\.7\.1 hello: no$"),
    refusal("mail", "defer", "450 4.7.1 later", r"450 4\.7\.1 later$"),
    refusal("rcpt", "defer", "451 4.2.1 later", r"451 4\.2\.1 later$"),
    refusal("data", "defer", "452 4.3.1 later", r"452 4\.3\.1 later$"),
    refusal("end-of-message", "defer", "450 4.7.1 {rule}", r"450 4\.7\.1 r$"),
    refusal("rcpt", "reject", "550 5.7.1 100% of %s %n", r"550 5\.7\.1 100% of %s %n$"),
    *(refusal(at, "drop", "421 4.7.0 go", r"421 4\.7\.0 go$", "closed") for at in UNTIL),
]

# Postfix hangs up after 521. Sendmail knows no code but 421 for that.
REFUSALS += [
    Row(f"drop 554 at {at}", rule("r", at, drop='"554 5.7.1 go away"'),
        UNTIL[at] + reads(at, "521", "5\\.7\\.1", "go away$") + "postfix: closed\nsendmail: > NOOP\nsendmail: < 250",
        [], [{"event": "verdict", "action": "drop"}]) for at in UNTIL]

REFUSALS += [
    Row(f"a reply of three lines at {at}", rule("r", at, **{action: f'"{code} {enhanced} one\\n2%\\nthree"'}),
        UNTIL[at] + reads(at, code, enhanced, f"one\\n{enhanced} 2%\\n{enhanced} three$") + GOES_ON, [])
    for at, action, code, enhanced in [("mail", "reject", "550", "5.7.1"), ("rcpt", "defer", "450", "4.7.1"),
                                       ("data", "reject", "550", "5.7.1"), ("end-of-message", "defer", "450", "4.7.1")]]

# --- connect and helo: neither shows our words there ------------------------------------------------------------------
C = {"when": f'{{ client_address = "{OUTSIDE}" }}'}
AT_CONNECT = [
    Row("reject at connect", rule("c", "connect", reject='"554 5.7.1 no"', **C), """
        postfix: < 554 pf\\.test ESMTP not accepting connections$
        sendmail: < 554 sm\\.test ESMTP not accepting messages$
        > EHLO client.test
        < 250
        > MAIL FROM:<a@example.com>
        postfix: < 554 5\\.7\\.1 no$
        sendmail: < 550 5\\.0\\.0 Command rejected
        """, [], [{"event": "verdict", "stage": "connect", "action": "reject", "reply": "554 5.7.1 no"}],
        client=OUTSIDE),
    Row("defer at connect", rule("c", "connect", defer='"450 4.7.1 later"', **C), """
        < 220
        > EHLO client.test
        < 250
        > MAIL FROM:<a@example.com>
        postfix: < 450 4\\.7\\.1 later$
        sendmail: < 451 4\\.3\\.2 Please try again later
        """, [], [{"event": "verdict", "stage": "connect", "action": "defer", "reply": "450 4.7.1 later"}],
        client=OUTSIDE),
    Row("drop 421 at connect", rule("c", "connect", drop='"421 4.7.0 go"', **C), """
        postfix: < 421 pf.test Service unavailable - try again later
        postfix: closed
        sendmail: < 421 4\\.7\\.0 sm\\.test closing connection$
        sendmail: closed
        """, [], [{"event": "verdict", "stage": "connect", "action": "drop", "reply": "421 4.7.0 go"}], client=OUTSIDE),
    Row("drop 554 at connect", rule("c", "connect", drop='"554 5.7.1 go"', **C), """
        postfix: < 554 pf\\.test ESMTP not accepting connections$
        sendmail: < 554 sm\\.test ESMTP not accepting messages$
        > EHLO client.test
        < 250
        > MAIL FROM:<a@example.com>
        postfix: < 521 5\\.7\\.1 go
        sendmail: < 550 5\\.0\\.0 Command rejected
        """, [], [{"event": "verdict", "stage": "connect", "action": "drop"}], client=OUTSIDE),
    Row("connect lets others pass", rule("c", "connect", reject='"554 5.7.1 no"', **C)),
]
H = {"when": '{ helo_name = "evil.test" }'}
AT_HELO = [
    Row("reject at helo", rule("h", "helo", reject='"550 5.7.1 no {helo_name}"', **H), """
        < 220
        > EHLO evil.test
        < 250
        > MAIL FROM:<a@example.com>
        < 550 5\\.7\\.1 no evil\\.test$
        """, [], [{"stage": "helo", "action": "reject"}]),
    Row("defer at helo", rule("h", "helo", defer='"450 4.7.1 later"', **H), """
        < 220
        > EHLO evil.test
        < 250
        > MAIL FROM:<a@example.com>
        < 450 4\\.7\\.1 later$
        """, [], [{"stage": "helo", "action": "defer"}]),
    Row("drop 421 at helo", rule("h", "helo", drop='"421 4.7.0 go"', **H), """
        < 220
        > EHLO evil.test
        < 421
        closed
        """, [], [{"stage": "helo", "action": "drop"}]),
]

# --- actions that let the message pass, or seem to ---
QUIET = [
    Row("no rule", "", log=[{"event": "message", "outcome": "accepted", "sender": "a@example.com", "recipients": "1"}],
        sink=[{"sender": "a@example.com", "recipients": ["bob@example.net"], "body": b"A short message.\n"}]),
    *(Row(f"accept at {at}", rule("yes", at, accept="true") + rule("no", at, reject='"550 5.7.1 no"'),
          log=[{"event": "verdict", "action": "accept", "rule": "yes"}]) for at in UNTIL),
    *(Row(f"discard at {at}", rule("gone", at, discard='"for the test"'), sink=[],
          log=[{"event": "verdict", "action": "discard", "rule": "gone", "reason": "for the test", "stage": at},
               {"event": "message", "outcome": "discarded"}]) for at in ("mail", "data", "end-of-message")),
    Row("discard at rcpt takes one of three",
        rule("gone", "rcpt", when='{ recipient = "spam@example.net" }', discard="true"),
        """> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<bob@example.net> | RCPT TO:<spam@example.net> | RCPT TO:<eve@example.net> | DATA
        < 250
        < 250
        < 250
        < 354
        letter
        < 250""", [{"recipients": ["bob@example.net", "eve@example.net"]}]),
    Row("discard at rcpt of all", rule("gone", "rcpt", discard="true"), sink=[], log=[{"outcome": "discarded"}]),
    *(Row(f"hold at {at}", rule("keep", at, hold='"look at {sender}"'), sink=[], held=1,
          log=[{"event": "message", "outcome": "held"}, {"event": "verdict", "hold": "look at a@example.com"}])
      for at in UNTIL),
    Row("redirect", rule("to", "data", redirect='"archive@example.org"'),
        """> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<bob@example.net> | RCPT TO:<Eve@Example.net> | RCPT TO:<"bob"@example.net>
        < 250
        < 250
        < 250
        > DATA
        < 354
        letter
        < 250""", [{"recipients": ["archive@example.org"]}]),
    Row("of two redirects the later wins", rule("one", "mail", redirect='"one@example.org"')
        + rule("two", "end-of-message", redirect='"two@example.org"'), sink=[{"recipients": ["two@example.org"]}]),
    Row("bcc", rule("copy", "rcpt", bcc='["first@example.net", "second+{rule}@example.net"]'),
        sink=[{"recipients": ["bob@example.net", "first@example.net", "second+copy@example.net"], "Bcc": []}]),
    Row("route, and a client's header that names one", rule("route", "rcpt", route='"smtp-bad:[127.0.0.1]:@SINK@"'),
        letter=letter(headers=[("X-Mailweir-Route", "smtp-bad:[127.0.0.1]:1")]),
        log=[{"event": "verdict", "rules": "route"}], postfix={"sink": [{"helo": "bad.test", "X-Mailweir-Route": []}]},
        sendmail={"sink": [{"helo": "sm.test", "X-Mailweir-Route": []}]}),
    Row("shadow", rule("s-mail", "mail", reject='"550 5.7.1 no"', shadow="true")
        + rule("s-data", "data", hold='"no"', shadow="true")
        + rule("s-end", "end-of-message", remove_headers='"Subject"', shadow="true"),
        sink=[{"Subject": "hello"}], log=[{"stage": "mail", "action": "continue", "shadow": "s-mail"}]),
    Row("skip turns a check off for one recipient",
        rule("let", "rcpt", when='{ recipient = "post@example.net" }', skip='["sender_fqdn"]')
        + rule("fqdn", "rcpt", when="{ sender_fqdn = false }", reject='"550 5.1.8 {sender}"'),
        """> MAIL FROM:<root@host>
        < 250
        > RCPT TO:<bob@example.net>
        """ + reads("rcpt", "550", "5\\.1\\.8", "root@host$") + """
        > RCPT TO:<post@example.net>
        < 250
        > DATA
        < 354
        letter
        < 250""", [{"recipients": ["post@example.net"]}]),
    Row("alert and log", rule("see", "mail", alert="true", log="true"), log=[{"event": "alert", "rule": "see"}]),
    Row("a limit, given back when the message is refused",
        rule("once", "data", limit='{ by = "sender", of = "messages", max = "1/1h" }', defer='"450 4.7.1 over {limit}"')
        + rule("bad", "end-of-message", when='{ header.subject = "hello", sender = "back@example.com" }',
               reject='"550 5.7.1 bad"'),
        """> MAIL FROM:<back@example.com> | RCPT TO:<bob@example.net> | DATA
        < 250
        < 250
        < 354
        letter
        < 550 5\\.7\\.1 bad
        > MAIL FROM:<back@example.com> | RCPT TO:<bob@example.net> | DATA
        < 250
        < 250
        < 354
        letter
        < 550 5\\.7\\.1 bad""", []),
]

HEADERS = [
    Row("headers are removed, added, replaced",
        rule("edit", "end-of-message",
             remove_headers='["X-Originating-*", { name = "X-Spam-?", value = "/^no/" }, "X-Many"]',
             add_headers='{ X-Added = "by {rule} for {sender}" }',
             replace_header='{ User-Agent = "none", Subject = "[{header.subject}] 100%" }'),
        letter=letter(headers=[("X-Originating-IP", "192.0.2.1"), ("x-originating-client", "me\r\n folded"),
                               ("X-Spam-A", "no"), ("X-Spam-B", "yes"), ("User-Agent", "one"), ("User-Agent", "two"),
                               ("X-Many", "1"), ("X-Between", "b"), ("x-mANY", "2\r\n "), ("X-Many", "3")]),
        sink=[{"X-Originating-IP": [], "X-Originating-Client": [], "X-Spam-A": [], "X-Spam-B": ["yes"], "X-Many": [],
               "User-Agent": ["none"], "Subject": ["[hello] 100%"], "X-Added": ["by edit for a@example.com"],
               "X-Between": ["b"], "body": b"A short message.\n"}]),
    Row("of several of one name some go",
        rule("some", "end-of-message", remove_headers='{ name = "X-Many", value = "/^(2|4|5)$/" }'),
        letter=letter(headers=[("X-Many", str(number)) for number in range(1, 6)]), sink=[{"X-Many": ["1", "3"]}]),
    Row("edits of an early stage wait for the end", rule("early", "mail", remove_headers='"X-Early"',
                                                         add_headers='{ X-Late = "{client_address}" }'),
        letter=letter(headers=[("X-Early", "a")]), sink=[{"X-Early": [], "X-Late": ["127.0.0.1"]}]),
]

ROWS = REFUSALS + AT_CONNECT + AT_HELO + QUIET + HEADERS
__all__ = ["ROWS", "TAKEN"]
