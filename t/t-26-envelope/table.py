# SPDX-License-Identifier: BSD-2-Clause
"""What Postfix makes of each spelling: its policy attribute and its milter's macro, seen by servers of our own."""
from cases import NO_ERROR_LIMIT, ask, rows
from harness import PolicyServer, Postfix, RecordingMilter, Sink

MACRO = {"sender": ("mail", "mail_addr"), "recipient": ("rcpt", "rcpt_addr")}


def plain(macro):
    """Without the quotes; the domain that Postfix appends taken off."""
    if not macro.startswith('"'):
        return macro
    local, _, domain = macro.rpartition("@")
    text, escaped = "", False
    for letter in local[1:-1]:
        escaped = letter == "\\" and not escaped
        text += "" if escaped else letter
    return f"{text}@{domain}"


def alabels(address):
    local, at, domain = address.rpartition("@")
    return local + at + (domain if domain.isascii() else domain.encode("idna").decode())


def run(t):
    sink, milter, policy = t.start(Sink()), t.start(RecordingMilter()), t.start(PolicyServer())
    postfix = t.start(Postfix(sink, milters=[milter.address],
                              policy={"sender": policy.address, "recipient": policy.address},
                              main={"smtpd_delay_reject": "no", "mydestination": "$myhostname", **NO_ERROR_LIMIT},
                              name="seen"))
    with postfix.client() as client:
        client.ehlo()
        wrong = []
        for path, mailbox, meant in rows():
            for side in ("sender", "recipient"):
                asked, (event, macro) = len(policy.requests), MACRO[side]
                told = len(milter.events(event)) if milter.sessions else 0
                reply = ask(client, path, side)
                events = milter.events(event)[told:] if milter.sessions else []
                if reply.code != 250 or mailbox is None or (mailbox == "" and side == "recipient"):
                    if (reply.code == 250) != (mailbox is not None and not (mailbox == "" and side == "recipient")):
                        wrong.append(f"{side} {path}: {reply}")
                    continue
                attributes = [one[side] for one in policy.requests[asked:]]
                if mailbox not in attributes and mailbox != "postmaster":
                    wrong.append(f"{side} {path}: the attribute is {attributes}, not {mailbox!r}")
                got = plain(events[-1].macros[macro])
                if "@" not in meant:
                    got = got.removesuffix("@seen.test")
                if alabels(got) != meant:
                    wrong.append(f"{side} {path}: the macro is {got!r}, not {meant!r}")
    t.equal(wrong, [], f"Postfix makes of {len(rows())} spellings what the table says")
    t.ok(len(rows()) >= 60, "the table is long enough", len(rows()))
