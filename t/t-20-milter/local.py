# SPDX-License-Identifier: BSD-2-Clause
"""Mail that no client brought: sendmail(1), a content filter's re-injection, bounces."""
from harness import letter

import signing
from bed import rule, used

WWW = "www-data@pf.test"


def submit(bed, subject, to="bob@example.net", **more):
    text = letter(subject=subject, sender=WWW, **more).replace(b"\r\n", b"\n")
    assert bed.postfix.sendmail(text, [to], sender=WWW) == 0


def refusals(t, bed):
    """Postfix's pickup would try mail again for ever that is refused before its end."""
    bed.policy(rule("l-mail", "mail", when='{ origin = "local", sender = "!<>" }',
                    reject='"550 5.7.1 {origin} mail is not wanted"'))
    bed.mark()
    submit(bed, "refused at mail")
    bounce = bed.sink.take()
    t.equal((bounce.sender, bounce.recipients), ("", [WWW]), "sendmail(1): a refusal at MAIL bounces")
    t.like(bounce.data.decode(errors="replace"), "local mail is not wanted", "with our text")
    t.equal(bed.wait_line(event="message", sender=WWW)["outcome"], "rejected", "once, at its end")
    bed.postfix.wait_empty()
    t.equal(bed.postfix.queue(), [], "and leaves nothing behind")
    for at, action, reply, outcome in [("rcpt", "reject", "550 5.7.1 no", "rejected"),
                                       ("data", "drop", "554 5.7.1 no", "rejected"),
                                       ("end-of-message", "reject", "550 5.7.1 no", "rejected"),
                                       ("mail", "defer", "450 4.7.1 wait", "held"),
                                       ("rcpt", "defer", "450 4.7.1 wait", "held"),
                                       ("rcpt", "drop", "421 4.7.1 wait", "held"),
                                       ("data", "defer", "450 4.7.1 wait", "held"),
                                       ("end-of-message", "defer", "450 4.7.1 wait", "held"),
                                       ("end-of-message", "discard", "gone", "discarded")]:
        name = f"l-{action}-{at}"
        bed.policy(rule(name, at, when='{ origin = "local", sender = "!<>" }', **{action: f'"{reply}"'}))
        bed.mark()
        submit(bed, name)
        row = bed.wait_line(event="message", sender=WWW)
        t.equal(row["outcome"], outcome, f"sendmail(1): {action} at {at}: {outcome}")
        if outcome == "rejected":
            t.equal(bed.sink.take().sender, "", "it bounces")
        if outcome == "held":
            bed.postfix.wait_empty()
            t.equal([one["queue_id"] for one in bed.postfix.queue()], [row["queue_id"]], "and waits in the hold queue")
            t.like(bed.lines(event="verdict", rule=name)[0]["reply"], "wait", "the log has the reason")
            bed.postfix.drop_all()
        t.equal((bed.quiet(), bed.postfix.queue(), len(bed.lines(event="message", sender=WWW))), ([], [], 1),
                "judged once; nothing else")


def limits(t, bed):
    bed.policy(rule("l-limit", "data", when='{ origin = "local" }',
                    limit='{ by = "sender", of = "messages", max = "1/1h" }',
                    defer='"450 4.7.1 over {limit}"'))
    bed.mark()
    submit(bed, "first")
    bed.sink.take()
    submit(bed, "second")
    row = bed.wait_line(event="message", outcome="held")
    bed.postfix.wait_empty()
    t.equal([one["queue_id"] for one in bed.postfix.queue("hold")], [row["queue_id"]], "over a limit it is held")
    t.equal(bed.lines(event="verdict")[-1]["reply"], "450 4.7.1 over 1/1h", "the log has the reason")
    bed.postfix.drop_all()


def privacy(t, bed, keys):
    bed.policy((keys.toml + signing.SIGN if keys else "")
               + rule("l-privacy", "end-of-message", when='{ direction = "outgoing", origin = "local" }',
                      remove_headers='["X-PHP-Originating-Script"]',
                      add_headers='{ X-Origin = "{origin} {direction}" }'))
    submit(bed, "from php", headers=[("X-PHP-Originating-Script", "33:mail.php")], without=("Date", "Message-ID"))
    mail = bed.sink.take()
    t.equal((mail.headers("X-PHP-Originating-Script"), mail.header("X-Origin")), ([], "local outgoing"),
            "sendmail(1): local mail is outgoing, and stripped")
    if keys:
        t.equal(keys.verdicts(mail), signing.good("pf.test"), "and signed")
    bed.sink.refuse["gone@example.net"] = "550 5.1.1 gone"
    bed.mark()
    bed.send("alice@example.com", ["gone@example.net"])
    bounce = bed.sink.take()
    bed.sink.refuse.clear()
    t.equal((bounce.sender, bounce.recipients, bounce.header("X-Origin")),
            ("", ["alice@example.com"], "local outgoing"),
            "a bounce (internal_mail_filter_classes) is local mail of <>")
    if keys:
        t.equal(keys.verdicts(bounce), signing.good("pf.test"), "and signed, too")
    t.equal([row["sender"] for row in bed.lines(event="message")], ["alice@example.com", "<>"], "each has its line")


def content_filter(t, bed, keys):
    """What the filter gives back comes in with receive_override_options=no_milters."""
    bed.policy((keys.toml + signing.SIGN if keys else "")
               + rule("f-limit", "data", limit='{ by = "sender", of = "messages", max = "2/1h" }',
                      defer='"450 4.7.1 over"')
               + rule("f-tag", "end-of-message", add_headers='{ X-Judged = "{id}" }'))
    bed.mark()
    for number in (1, 2):
        t.like(bed.send("filter@example.com", service="filtered"), "^250", "through a content filter")
        mail = bed.sink.take()
        rows = bed.lines(event="message")
        t.equal((len(mail.headers("X-Judged")), len(rows), used(rows[-1])), (1, number, {"f-limit": number}),
                "judged once and charged once")
        if keys:
            t.equal(keys.verdicts(mail), signing.good(), "signed once, and still good")
    t.equal(len(bed.filter.left()), 2, "the filter saw both")
    t.equal(bed.send("filter@example.com", service="filtered")[:3], "450", "a third is over the limit")


def run(t, bed):
    keys = signing.Keys(bed) if signing.dkim else None
    if keys is None:
        t.skip("the signatures of local mail", "python3-dkim or python3-nacl is not installed")
    refusals(t, bed)
    limits(t, bed)
    privacy(t, bed, keys)
    content_filter(t, bed, keys)
