# SPDX-License-Identifier: BSD-2-Clause
"""Mail that sendmail(1) hands in. At Postfix it comes without a connection (non_smtpd_milters); Sendmail's submission
program is a client on this host that greets with the host's own name."""
from bed import text
from harness import letter, wait_for
from row import TAKEN, Row, rule, run_table

WWW = "www-data@example.com"   # its bounces go to the sink
LOCAL = '{ origin = "local", sender = "!<>" }'
SHOW = rule("show", "end-of-message", when='{ origin = "local" }',
            add_headers='{ X-Origin = "{origin} {direction} {sasl_username}" }')

# What is not sendmail(1), though it looks a little like it.
ROWS = [
    Row("a client on this host that greets otherwise", SHOW, sink=[{"X-Origin": []}]),
    Row("one that greets with the host's name is Sendmail's submission program", SHOW, """
        < 220
        postfix: > EHLO pf.test
        sendmail: > EHLO SM.test
        < 250
        """ + TAKEN, postfix={"sink": [{"X-Origin": []}]}, sendmail={"sink": [{"X-Origin": "local outgoing"}]}),
    Row("unless it logs in", SHOW, """
        < 220
        postfix: > EHLO pf.test
        sendmail: > EHLO sm.test
        < 250
        login alice@example.com secret
        """ + TAKEN, [{"X-Origin": []}]),
    Row("or comes from elsewhere", SHOW, """
        < 220
        postfix: > EHLO pf.test
        sendmail: > EHLO sm.test
        < 250
        > EHLO client.test
        < 250
        """ + TAKEN, [{"X-Origin": []}]),
]

# at, action, reply; what becomes of the message, and whether its sender gets a bounce
VERDICTS = [
    ("mail", "reject", "550 5.7.1 not wanted", "rejected"), ("rcpt", "reject", "550 5.7.1 no", "rejected"),
    ("data", "drop", "554 5.7.1 no", "rejected"), ("end-of-message", "reject", "550 5.7.1 no", "rejected"),
    ("mail", "defer", "450 4.7.1 wait", "held"), ("rcpt", "defer", "450 4.7.1 wait", "held"),
    ("rcpt", "drop", "421 4.7.1 wait", "held"), ("end-of-message", "defer", "450 4.7.1 wait", "held"),
    ("end-of-message", "discard", "gone", "discarded"),
]


def submit(mta, subject):
    raw = letter(subject=subject, sender=WWW).replace(b"\r\n", b"\n")
    return mta.submit(raw, ["bob@example.net"], WWW)


def quarantine(t, bed, mta):
    """What docs/sendmail.md tells an admin to do with mail that is held; and sendmail -bs, which has no connection."""
    bed.policy(SHOW + rule("keep", "mail", when=LOCAL, hold='"look at {sender}"'))
    submit(mta, "kept")
    wait_for(mta.held, "the message in quarantine")
    queue_id = mta.held()[0]
    listed = mta.server.run("-bp", "-qQ").stdout.decode()
    t.ok(queue_id in listed and "look at www-data@example.com" in listed, "mailq -qQ shows what is held, and why",
         listed)
    mta.server.run("-qQ", f"-qI{queue_id}", "-Q")
    t.equal((mta.held(), mta.server.queue()), ([], [queue_id]), "sendmail -qQ -qI... -Q puts it back into the queue")
    mta.server.run("-q")
    t.equal(bed.sink.take().header("Subject"), "kept", "which the next queue run sends")
    bed.policy(SHOW)
    mta.server.talk("EHLO x", "MAIL FROM:<www-data@example.com>", "RCPT TO:<bob@example.net>", "DATA",
                    "Subject: by hand\r\n\r\ntext\r\n.", "QUIT")
    mail = bed.sink.take()
    t.equal((mail.header("Subject"), mail.header("X-Origin")), ("by hand", "local outgoing"),
            "sendmail -bs -Am is local mail, too")


def run(t, bed, mtas):
    run_table(t, bed, mtas, ROWS)
    bed.policy(SHOW)
    for mta in mtas:
        bed.mark()
        status = submit(mta, "from php")
        mail = bed.sink.take()
        t.equal((status, mail.sender, mail.header("Subject"), mail.header("X-Origin")),
                (0, WWW, "from php", "local outgoing"), f"{mta.kind}: sendmail(1) is local mail, and outgoing")
    sendmail = next((mta for mta in mtas if mta.kind == "sendmail"), None)
    if sendmail:
        quarantine(t, bed, sendmail)
    for at, action, reply, outcome in VERDICTS:
        name = f"l-{action}-{at}"
        bed.policy(rule(name, at, when=LOCAL, **{action: f'"{reply}"'}))
        for mta in mtas:
            bed.mark()
            submit(mta, name)
            row = wait_for(lambda: [one for one in bed.lines() if one.get("event") == "message"
                                    and one.get("sender") == WWW],
                           "the message's line")[0]
            arrived = bed.arrived(mta, 1 if outcome == "rejected" else 0)
            t.equal((row["outcome"], len(mta.held()), [(mail.sender, mail.recipients) for mail in arrived]),
                    (outcome, int(outcome == "held"), [("", [WWW])] if outcome == "rejected" else []),
                    f"{mta.kind}: sendmail(1): {action} at {at}: {outcome}")
            if outcome == "rejected":
                t.like(arrived[0].data.decode(errors="replace"), reply.split(" ", 2)[2], "the bounce has our text")
            t.ok(bed.has_line({"event": "verdict", "rule": name,
                               "reply" if outcome != "discarded" else "reason": text(reply[4:])}),
                 "the log has the reason")
            mta.drop_all()
            if mta.kind == "sendmail":
                t.equal(mta.server.queue(role="submit"), [], "and the submission program keeps nothing")
