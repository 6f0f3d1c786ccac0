# SPDX-License-Identifier: BSD-2-Clause
"""Every action of the design's table at the policy door, and what Postfix then does. No milter: the policy door judges
all stages, the earlier ones when Postfix asks at RCPT (smtpd_delay_reject)."""
from dataclasses import dataclass

from harness import letter

STAGES = ["connect", "helo", "mail", "rcpt", "data", "end-of-message"]


def rule(name, at, body):
    return f'[[rule]]\nname = "{name}"\nat = "{at}"\n{body}\n'


@dataclass
class Refusal:
    """A refusing action: its line, the reply that the client reads, and whether Postfix then hangs up."""
    action: str
    line: str
    code: int
    text: str
    closes: bool = False


REFUSALS = [
    Refusal("reject", 'reject = "550 5.7.1 {client_address} is not wanted"', 550,
            "5.7.1 <.*>: .* 127.0.0.1 is not wanted"),
    Refusal("defer", 'defer = "450 4.7.1 later, 100% (ref {id})"', 450,
            r"4.7.1 <.*>: .* later, 100% \(ref [0-9a-z]{11}\)"),
    Refusal("drop", 'drop = "421 4.7.0 away"', 421, "4.7.0 <.*>: .* away", True),
    Refusal("drop", 'drop = "554 5.7.0 away for ever"', 521, "5.7.0 <.*>: .* away for ever", True),
]


def last_reply(client, message):
    """The reply that decided, and whether the connection is still there afterwards."""
    reply = client.message("alice@example.com", ["bob@example.net"], message)
    try:
        return reply, client.command("NOOP").code == 250
    except ConnectionError:
        return reply, False


def refusals(t, postfix, alone):
    for row in REFUSALS:
        for stage in STAGES:
            before = len(alone.lines(event="verdict"))
            alone.reload(rule("refuse", stage, row.line))
            reply, open_still = last_reply(postfix.client().ehlo(), letter())
            said = f"{row.action} at {stage}, {row.line.split()[2][1:]}"
            t.equal((reply.code, open_still), (row.code, not row.closes), f"{said}: its code, and who hangs up")
            t.like(reply.text, row.text, f"{said}: its text")
            lines = [line for line in alone.lines(event="verdict")[before:]]
            t.equal([(line["stage"], line["door"], line["action"], line["rule"]) for line in lines],
                    [(stage, "policy", row.action, "refuse")], f"{said}: one line in the log")


def passing(t, postfix, alone, sink):
    refuse = rule("behind", "rcpt", 'reject = "550 5.7.1 no"')
    alone.reload(rule("before", "rcpt", 'when = { recipient = "bob@example.net" }\naccept = true') + refuse)
    client = postfix.client().ehlo()
    replies = client.envelope("alice@example.com", ["bob@example.net", "eve@example.net"])
    t.equal([reply.code for reply in replies], [250, 250, 550], "accept ends the stage, for that recipient alone")
    t.equal(client.data(letter()).code, 250, "and the message goes on")
    t.equal(sink.take().recipients, ["bob@example.net"], "to who was accepted")
    t.equal(postfix.client("strict").ehlo().message("alice@example.com", ["bob@example.net"], letter()).code, 554,
            "accept is DUNNO: Postfix's own restrictions go on")
    alone.reload(rule("open", "rcpt", "permit = true"))
    t.equal(postfix.client("strict").ehlo().message("alice@example.com", ["bob@example.net"], letter()).code, 250,
            "permit is OK: they end")
    sink.take()
    for stage in ("mail", "connect"):
        alone.reload(rule("open", stage, 'permit = "known"') + refuse)
        t.equal(postfix.client("strict").ehlo().message("alice@example.com", ["bob@example.net"], letter()).code, 250,
                f"permit at {stage} is told at RCPT, and what stands behind is not asked")
        sink.take()


def along(t, postfix, alone, sink, other):
    def send(subject, recipients=("bob@example.net",)):
        return postfix.client().ehlo().message("alice@example.com", list(recipients), letter(subject=subject)).code

    for stage in ("mail", "rcpt", "data", "end-of-message"):
        alone.reload(rule("keep", stage, 'hold = "look at {sender}"'))
        t.equal(send("held"), 250, f"hold at {stage}: taken")
        postfix.wait_log(r"hold: .*look at alice@example\.com")
        postfix.wait_empty()
        t.equal([row["sender"] for row in postfix.queue("hold")], ["alice@example.com"],
                f"hold at {stage}: in the hold queue")
        postfix.drop_all()
    for stage in ("rcpt", "data", "end-of-message"):
        alone.reload(rule("elsewhere", stage, 'redirect = "post@example.net"'))
        send("redirected", ["bob@example.net", "eve@example.net"])
        t.equal(sink.take().recipients, ["post@example.net"], f"redirect at {stage}: all of it goes to one address")
        alone.reload(rule("copy", stage, 'bcc = "archive@example.net"'))
        send("copied")
        got = sorted(recipient for mail in sink.take_all(1) for recipient in mail.recipients)
        if "archive@example.net" not in got or "bob@example.net" not in got:
            got += sink.take().recipients
        t.equal(sorted(got), ["archive@example.net", "bob@example.net"], f"bcc at {stage}: one more recipient")
        alone.reload(rule("way-out", stage, f'route = "smtp:[127.0.0.1]:{other.port}"'))
        send("routed")
        t.equal(other.take().header("Subject"), "routed", f"route at {stage}: by another way")
    for stage in ("mail", "rcpt", "data"):
        alone.reload(rule("mark", stage, 'add_headers = { X-Customer = "{sender_domain}" }'))
        send("marked")
        mail = sink.take()
        t.equal((mail.fields[0], len(mail.headers("X-Customer"))), (("X-Customer", "example.com"), 1),
                f"add_headers at {stage}: on top of the message, once")
    for stage in ("mail", "data", "end-of-message"):
        alone.reload(rule("away", stage, 'discard = "not wanted"'))
        t.equal(send("discarded"), 250, f"discard at {stage}: taken")
        postfix.wait_log(r"discard: .*not wanted")
    postfix.wait_empty()
    t.equal((sink.left(), other.left(), postfix.queue()), ([], [], []), "and it is not seen again")


def shadow(t, postfix, alone, sink):
    alone.reload(rule("perhaps", "rcpt", 'reject = "550 5.7.1 no"\nshadow = true'))
    t.equal(postfix.client().ehlo().message("alice@example.com", ["bob@example.net"], letter()).code, 250,
            "a shadow rule stops no mail")
    sink.take()
    line = alone.wait_line(event="verdict", shadow="perhaps")
    t.equal((line["action"], line["stage"]), ("continue", "rcpt"), "but says what it would have done")


def run(t, postfix, alone, sink, other):
    refusals(t, postfix, alone)
    passing(t, postfix, alone, sink)
    along(t, postfix, alone, sink, other)
    shadow(t, postfix, alone, sink)
