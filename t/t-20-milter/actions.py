# SPDX-License-Identifier: BSD-2-Clause
"""Each action of the milter door has its effect in Postfix."""
import os

from harness import letter

from bed import CLIENT, closed, rule, said

STAGES = {"mail": "MAIL", "rcpt": "RCPT", "data": "DATA", "end-of-message": "."}

# name (and the sender that it is for), stage, action, the text in the policy, what the client reads
REFUSALS = [
    ("r-mail", "mail", "reject", "553 5.7.1 not {sender}", "553 5.7.1 not r-mail@example.com"),
    ("r-rcpt", "rcpt", "reject", "550 5.1.1 no {recipient} here", "550 5.1.1 no bob@example.net here"),
    ("r-data", "data", "reject", "554 5.6.0 {recipient_count} is too many", "554 5.6.0 1 is too many"),
    ("r-end", "end-of-message", "reject", "550 5.7.1 {header.subject}: no", "550 5.7.1 hello: no"),
    ("d-mail", "mail", "defer", "450 4.7.1 later", "450 4.7.1 later"),
    ("d-rcpt", "rcpt", "defer", "451 4.2.1 later", "451 4.2.1 later"),
    ("d-data", "data", "defer", "452 4.3.1 later", "452 4.3.1 later"),
    ("d-end", "end-of-message", "defer", "450 4.7.1 {rule}", "450 4.7.1 d-end"),
    ("default-code", "mail", "reject", "550 without an enhanced code", "550 5.7.1 without an enhanced code"),
    ("percent", "rcpt", "reject", "550 5.7.1 100% of %s %n", "550 5.7.1 100% of %s %n"),
    ("m-mail", "mail", "reject", r"550 5.7.1 one\ntwo", "550-5.7.1 one / 550 5.7.1 two"),
    ("m-rcpt", "rcpt", "defer", r"450 4.7.1 one\n2%\nthree", "450-4.7.1 one / 450-4.7.1 2% / 450 4.7.1 three"),
    ("m-data", "data", "reject", r"550 5.7.1 one\ntwo", "550-5.7.1 one / 550 5.7.1 two"),
    ("m-end", "end-of-message", "reject", r"550 5.7.1 one\ntwo", "550-5.7.1 one / 550 5.7.1 two"),
    ("drop4-mail", "mail", "drop", "421 4.7.0 go", "421 4.7.0 go"),
    ("drop4-rcpt", "rcpt", "drop", "421 4.7.0 go", "421 4.7.0 go"),
    ("drop4-data", "data", "drop", "421 4.7.0 go", "421 4.7.0 go"),
    ("drop4-end", "end-of-message", "drop", "421 4.7.0 go", "421 4.7.0 go"),
    ("drop5-mail", "mail", "drop", "554 5.7.1 go away", "521 5.7.1 go away"),
    ("drop5-rcpt", "rcpt", "drop", "554 5.7.1 go away", "521 5.7.1 go away"),
    ("drop5-data", "data", "drop", "554 5.7.1 go away", "521 5.7.1 go away"),
    ("drop5-end", "end-of-message", "drop", "554 5.7.1 go away", "521 5.7.1 go away"),
]


def by_sender(name, at, **keys):
    return rule(name, at, when=f'{{ sender = "{name}@example.com" }}', **keys)


def dialogue(client, sender):
    """A message, command by command: the command that was refused, and its reply."""
    for command in (f"MAIL FROM:<{sender}>", "RCPT TO:<bob@example.net>", "DATA"):
        reply = client.command(command)
        if reply.code >= 400:
            return command.split()[0], str(reply)
    return ".", str(client.send(letter(sender=sender) + b".\r\n").read())


def refusals(t, bed):
    bed.policy("".join(by_sender(name, at, **{action: f'"{text}"'}) for name, at, action, text, _ in REFUSALS)
               + by_sender("accepted", "mail", accept="true")
               + rule("not-the-accepted", "mail", when='{ sender = "accepted@example.com" }', reject='"550 5.7.1 no"'))
    bed.mark()
    for name, at, action, _, wanted in REFUSALS:
        with bed.client() as client:
            t.equal(dialogue(client, name + "@example.com"), (STAGES[at], wanted), f"{action} at {at} ({name})")
            t.equal(closed(client), action == "drop",
                    "closes the connection" if action == "drop" else "and the session goes on")
    lines = {row["rule"]: row for row in bed.lines(event="verdict")}
    for name, at, action, _, wanted in REFUSALS:
        row = lines.get(name, {})
        reply = wanted.split(" / ")[0].replace("-", " ", 1) if " / " in wanted else wanted
        t.ok(row.get("stage") == at and row.get("action") == action and row.get("reply", "")[4:].startswith(reply[4:]),
             f"the log tells of {name}", f"{row}")
    t.equal(bed.send("accepted@example.com")[:3], "250", "accept ends the stage")
    bed.sink.take()
    t.equal(bed.quiet(), [], "nothing refused was delivered")


def after_data(t, bed):
    """A client that goes on after a refusal at DATA, without RSET. libmilter loses the session there."""
    if os.environ.get("MAILWEIR_TRANSPORT") == "libmilter":
        t.skip("after a refusal at DATA", "libmilter closes the session")
        return
    bed.policy(by_sender("refused", "data", reject='"554 5.6.0 no"'))
    with bed.client() as client:
        client.envelope("refused@example.com", ["bob@example.net"])
        got = said(client, "DATA", "DATA", "RCPT TO:<carl@example.net>", "DATA", "RSET")
        # This policy has nothing to say at RCPT: Postfix does not wait for an answer there.
        t.equal(got, ["554 5.6.0 no"] * 2 + ["250 2.1.5 Ok", "554 5.6.0 no", "250 2.0.0 Ok"],
                "what follows a refusal at DATA without RSET hears it again")
        t.equal(client.message("fine@example.com", ["bob@example.net"], letter()).code, 250,
                "and the next message passes")
    bed.sink.take()
    t.equal(bed.quiet(), [], "alone")


def at_connect(t, bed):
    """Postfix 3.7 shows no text of ours at connect. It greets in its own words, closes only for a 421, and refuses what
    follows with ours."""
    for name, action, reply, greeting, at_mail in [
            ("c-reject", "reject", "554 5.7.1 no", "554 pf.test ESMTP not accepting connections", "554 5.7.1 no"),
            ("c-defer", "defer", "450 4.7.1 later", "220 pf.test ESMTP Postfix", "450 4.7.1 later"),
            ("c-drop4", "drop", "421 4.7.0 go", "421 pf.test Service unavailable - try again later", None),
            ("c-drop5", "drop", "554 5.7.1 go", "554 pf.test ESMTP not accepting connections", "521 5.7.1 go")]:
        bed.policy(rule(name, "connect", when=f'{{ client_address = "{CLIENT}" }}', **{action: f'"{reply}"'}))
        bed.mark()
        with bed.postfix.client() as client:
            client.ehlo()
            t.equal(str(client.command(f"XCLIENT ADDR={CLIENT}")), greeting, f"{action} {reply[:3]} at connect")
            if at_mail:
                t.equal(said(client, "EHLO client.test", "MAIL FROM:<a@example.com>")[1], at_mail, "refuses at MAIL")
            t.equal(closed(client), action == "drop", "closes" if action == "drop" else "and the session goes on")
        row = bed.wait_line(event="verdict", rule=name)
        t.equal((row["reply"][4:], row["action"]), (reply[4:], action), "the log has our words")


def at_helo(t, bed):
    """A 421 at HELO is Postfix's answer to it; all else waits for MAIL."""
    for name, action, reply, at_ehlo, at_mail in [
            ("h-reject", "reject", "550 5.7.1 no {helo_name}", 250, "550 5.7.1 no evil.test"),
            ("h-defer", "defer", "450 4.7.1 later", 250, "450 4.7.1 later"),
            ("h-drop4", "drop", "421 4.7.0 go", 421, None), ("h-drop5", "drop", "554 5.7.1 go", 250, "521 5.7.1 go")]:
        bed.policy(rule(name, "helo", when='{ helo_name = "evil.test" }', **{action: f'"{reply}"'}))
        with bed.postfix.client() as client:
            t.equal(client.command("EHLO evil.test").code, at_ehlo, f"{action} {reply[:3]} at helo")
            if at_mail:
                t.equal(said(client, "MAIL FROM:<a@example.com>"), [at_mail], "refuses at MAIL")
            t.equal(closed(client), action == "drop", "closes" if action == "drop" else "and the session goes on")


def discard(t, bed):
    bed.policy("".join(by_sender(f"x-{at}", at, discard='"for the test"') for at in ("mail", "data", "end-of-message"))
               + rule("x-rcpt", "rcpt", when='{ recipient = ["spam@example.net", "trap@example.net"] }',
                      discard="true"))
    bed.mark()
    for at in ("mail", "data", "end-of-message"):
        t.like(bed.send(f"x-{at}@example.com"), "^250 ", f"discard at {at}: the client is told it was taken")
        row = bed.wait_line(event="verdict", rule=f"x-{at}")
        t.equal((row["action"], row["reason"]), ("discard", "for the test"), "the log knows better")
    t.equal(bed.quiet(), [], "and nothing arrives")
    t.equal(len(bed.lines(event="message", outcome="discarded")), 3, "the transactions' lines say discarded")
    t.equal(bed.postfix.queue(), [], "nor stays in the queue")
    mail = bed.taken(to=["bob@example.net", "Spam@example.net", "eve@example.net", "spam@example.net"])
    t.equal(sorted(mail.recipients), ["bob@example.net", "eve@example.net"], "discard at rcpt takes one recipient away")
    mail = bed.taken(to=["list@example.net", "spam@example.net"])
    t.equal(sorted(mail.recipients), ["carl@example.net", "dora@example.net"], "not those that others stand for")
    bed.send(to=["spam@example.net", "trap@example.net"])
    t.equal(bed.quiet(), [], "if it takes all, nothing arrives")


def hold(t, bed):
    """Postfix 3.7 does not keep the milter's reason; it stands in our log, under Postfix's queue id."""
    bed.policy(by_sender("h-data", "data", hold='"look at {sender}"') + by_sender("h-plain", "end-of-message",
                                                                                  hold="true"))
    for sender, reason in (("h-data", "look at h-data@example.com"), ("h-plain", "held by h-plain")):
        t.like(bed.send(f"{sender}@example.com"), "^250 ", "held mail is taken")
        row = bed.wait_line(event="message", outcome="held")
        held = [one for one in bed.postfix.queue("hold") if one["queue_id"] == row["queue_id"]]
        t.equal(len(held), 1, "and stands in the hold queue")
        t.equal(bed.wait_line(event="verdict", queue_id=row["queue_id"])["hold"], reason, "the log has the reason")
    t.equal(bed.quiet(), [], "and is not delivered")
    bed.postfix.drop_all()


def recipients(t, bed):
    bed.policy(by_sender("redir", "data", redirect='"archive@example.org"')
               + by_sender("copy", "rcpt", bcc='["first@example.net", "second+{rule}@example.net"]')
               + by_sender("last", "mail", redirect='"one@example.org"')
               + rule("last-2", "end-of-message", when='{ sender = "last@example.com" }', redirect='"two@example.org"'))
    mail = bed.taken("redir@example.com",
                     ["bob@example.net", "Eve@Example.net", "bob@example.net", '"bob"@example.net'])
    t.equal(mail.recipients, ["archive@example.org"], "redirect replaces all recipients")
    mail = bed.taken("redir@example.com", ["list@example.net", "carl@example.net"])
    t.equal(mail.recipients, ["archive@example.org"], "those that an alias stands for, too")
    mail = bed.taken("copy@example.com")
    others = [one for one in mail.recipients if one != "bob@example.net"]
    t.equal((len(mail.recipients), sorted(others)), (3, ["first@example.net", "second+copy@example.net"]),
            "bcc adds recipients")
    t.equal([name for name, _ in mail.fields if name.lower() == "bcc"], [], "and no header")
    t.equal(bed.taken("last@example.com").recipients, ["two@example.org"], "of two redirects the later one wins")
    t.equal(bed.quiet(), [], "nothing else came")


def route(t, bed):
    bed.policy(by_sender("route", "rcpt", route=f'"smtp-bad:[127.0.0.1]:{bed.bad.port}"'))
    spoof = letter(sender="mallory@example.com", headers=[("X-Mailweir-Route", f"smtp-bad:[127.0.0.1]:{bed.bad.port}")])
    t.like(bed.send("route@example.com", text=letter(headers=[("X-Mailweir-Route", "smtp-bad:[127.0.0.1]:1")])),
           "^250 ", "routed mail is taken")
    mail = bed.bad.take()
    t.equal((mail.helo, mail.recipients), ("bad.test", ["bob@example.net"]), "and leaves by the route's transport")
    t.equal(mail.headers("X-Mailweir-Route"), [], "without the header that told Postfix, and without a forged one")
    mail = bed.taken("mallory@example.com", text=spoof)
    t.equal(len(bed.bad.left()), 0, "a header of the client's routes nothing")


def run(t, bed):
    for case in (refusals, after_data, at_connect, at_helo, discard, hold, recipients, route):
        case(t, bed)
