# SPDX-License-Identifier: BSD-2-Clause
"""The milter with a policy door that owns some stages: each stage is judged once, and what Postfix does not ask the
policy door is judged by the milter."""
import json
import re

from actions import rule
from harness import letter, wait_for

ALL = "".join(rule(f"at-{stage}", stage, "log = true")
              for stage in ("connect", "helo", "mail", "rcpt", "data", "end-of-message"))
NO_EVE = rule("no-eve", "rcpt", 'when = { recipient = "eve@example.net" }\nreject = "550 5.7.1 not eve"')


def judged(daemon, **of):
    """Of one client or transaction: what else Postfix hands in meanwhile is judged, too."""
    return [(line["stage"], line["door"]) for line in daemon.lines(event="verdict", **of)]


def each_once(t, postfix, both, sink):
    for owned, policy_door, address in (('["rcpt"]', ["rcpt"], "198.51.100.20"),
                                        ('["mail", "rcpt", "data"]', ["mail", "rcpt", "data"], "198.51.100.21")):
        both.sections["policy"] = f"stages = {owned}"
        both.reload(ALL)
        client = postfix.client("both").xclient(addr=address, port="50123", name="client.example")
        t.equal(client.message("alice@example.com", ["bob@example.net", "eve@example.net"], letter()).code, 250,
                f"stages = {owned}: a message passes")
        t.equal(len(sink.take().recipients), 2, "to both recipients")
        client.quit()
        want = [(stage, "policy" if stage in policy_door else "milter")
                for stage in ("connect", "helo", "mail", "rcpt", "rcpt", "data", "end-of-message")]
        wait_for(lambda: ("end-of-message", "milter") in judged(both, client_address=address), "the verdicts")
        t.equal(judged(both, client_address=address), want, "each of its stages is judged once, by its door")
    t.equal(both.lines(event="stage-not-asked"), [], "nothing was left out")
    outcomes = {(line["door"], line["outcome"]) for line in both.lines(event="message")}
    t.ok(("milter", "accepted") in outcomes, "the milter's line says accepted", str(outcomes))


def refused_at_each(t, postfix, both, sink):
    both.sections["policy"] = 'stages = ["rcpt"]'
    both.reload(NO_EVE + rule("not-now", "data", 'when = { sender = "late@example.com" }\ndefer = "450 4.7.1 not now"'))
    client = postfix.client("both").ehlo()
    replies = client.envelope("alice@example.com", ["eve@example.net", "bob@example.net"])
    t.equal([reply.code for reply in replies], [250, 550, 250], "the policy door refuses one recipient")
    t.equal(client.data(letter()).code, 250, "the milter takes the message for the other")
    t.equal(sink.take().recipients, ["bob@example.net"], "who gets it")
    t.equal(client.message("late@example.com", ["bob@example.net"], letter()).code, 450,
            "and the milter refuses at DATA")
    client.command("RSET")
    client.quit()
    doors = [(line["rule"], line["door"]) for line in both.lines(event="verdict")
             if line.get("rule") in ("no-eve", "not-now")]
    t.equal(doors, [("no-eve", "policy"), ("not-now", "milter")], "each in its own line")
    t.equal(both.lines(event="stage-not-asked"), [], "a second message of a session is asked about, too")


def permitted(t, postfix, both, sink):
    """A permit at an early stage is the answer of the later ones that the policy door has; the milter does not judge
    them."""
    both.sections["policy"] = 'stages = ["connect", "helo", "mail", "rcpt"]'
    friend = rule("friend", "connect", 'when = { client_address = "198.51.100.81" }\npermit = true')
    both.reload(friend + NO_EVE.replace("no-eve", "never-eve") + rule("later", "data",
                                                                      'when = { sender = "late@example.com" }\ndefer = '
                                                                      '"450 4.7.1 not now"'))
    since = len(both.lines(event="stage-not-asked"))
    client = postfix.client("both").xclient(addr="198.51.100.81", port="50181", name="client.example")
    for number in range(2):
        t.equal(client.message("alice@example.com", ["eve@example.net"], letter()).code, 250,
                "permit at connect: what the policy door would refuse at rcpt passes")
        sink.take()
    t.equal(len(both.lines(event="stage-not-asked")), since, "and the milter does not judge it instead")
    t.equal(client.message("late@example.com", ["eve@example.net"], letter()).code, 450,
            "what is the milter's it judges")
    client.command("RSET")
    client.quit()
    client = postfix.client("both").xclient(addr="198.51.100.82", port="50182", name="client.example")
    t.equal(client.message("alice@example.com", ["eve@example.net"], letter()).code, 550, "another client is refused")
    client.quit()


def no_unknown_recipient(t, postfix, both, sink):
    both.sections["policy"] = 'stages = ["rcpt"]'
    both.reload(rule("nobody", "rcpt", 'when = { recipient = "nobody@example.net" }\nreject = "550 5.1.1 no such user"')
                + rule("harvest", "mail", 'limit = { by = "client_address", of = "unknown-recipients", max = "1/1d" }\n'
                       'reject = "550 5.7.1 guessing"'))
    postfix.set(relay_recipient_maps="inline:{ bob@example.net=x nobody@example.net=x }")
    client = postfix.client("both").xclient(addr="198.51.100.77")
    replies = client.envelope("alice@example.com",
                              ["nobody@example.net", "gone@example.net", "nobody@example.net", "bob@example.net"])
    t.equal([reply.code for reply in replies], [250, 550, 550, 550, 250],
            "the policy door and Postfix refuse recipients")
    t.equal(client.data(letter()).code, 250, "the message goes to the other")
    t.equal(sink.take().recipients, ["bob@example.net"], "who gets it")
    lines = [line["recipient"] for line in both.lines(event="unknown-recipient")]
    t.equal(lines, ["gone@example.net"], "what the policy door refused is no unknown recipient")
    client.quit()
    postfix.set(relay_recipient_maps="")


def guesses_until_midnight(t, postfix, both, sink):
    """More than N unknown recipients: refused for the rest of the day, whatever the counter has by then."""
    both.sections["policy"] = 'stages = ["rcpt"]'
    both.reload(rule("guesses", "mail", 'limit = { by = "client_address", of = "unknown-recipients", max = "2/1h", '
                                        'block = "until-midnight" }\nreject = "550 5.7.1 guessing"'))
    postfix.set(relay_recipient_maps="inline:{ bob@example.net=x }")
    client = postfix.client("both").xclient(addr="198.51.100.78")
    replies = client.envelope("alice@example.com",
                              ["one@example.net", "two@example.net", "three@example.net", "bob@example.net"])
    t.equal([reply.code for reply in replies], [250, 550, 550, 550, 250], "Postfix refuses unknown recipients")
    client.command("RSET")
    for what in ("more than N", "and again"):
        t.like(str(client.command("MAIL FROM:<alice@example.com>")), "^550 5.7.1 guessing", f"{what}: refused at MAIL")
        client.command("RSET")
    block = [row for row in json.loads(both.ctl("blocks", "--json").stdout) if row["limit"] == "guesses"]
    t.equal([row["key"] for row in block], ["198.51.100.78"], "this client is blocked")
    t.ok(0 < block[0]["seconds_left"] <= 25 * 3600, "until midnight", str(block))
    t.equal(both.ctl("reset", "guesses", "198.51.100.78").returncode, 0, "its counter is forgotten")
    t.like(str(client.command("MAIL FROM:<alice@example.com>")), "^550 5.7.1 guessing", "the block stands")
    client.quit()
    client = postfix.client("both").xclient(addr="198.51.100.79")
    t.equal(client.message("alice@example.com", ["bob@example.net"], letter()).code, 250,
            "another client is not blocked")
    sink.take()
    client.quit()
    both.ctl("unblock", "guesses", "198.51.100.78")
    postfix.set(relay_recipient_maps="")


def not_asked(t, postfix, both, sink):
    """permit_sasl_authenticated stands before check_policy_service."""
    client = postfix.client("submission").ehlo()
    client.auth_plain("alice@example.com", "secret")
    reply = client.message("alice@example.com", ["bob@example.net", "eve@example.net"], letter())
    t.like(str(reply), "550 5.7.1 not eve", "a stage that Postfix did not ask is judged at DATA")
    line = both.wait_line(event="stage-not-asked")
    t.equal(line["stage"], "rcpt", "and the log says so")
    t.equal([line["door"] for line in both.lines(event="verdict", rule="no-eve")[-1:]], ["milter"],
            "as the milter's verdict")
    client.command("RSET")
    t.equal(client.message("alice@example.com", ["bob@example.net"], letter()).code, 250, "what may pass, passes")
    sink.take()
    client.quit()
    t.like(both.metrics(), r"(?m)^mailweir_stages_not_asked_total 2$", "the metrics count it")
    since = len(both.lines(event="stage-not-asked"))
    client = postfix.client("submission").ehlo()
    t.equal(client.message("alice@example.com", ["eve@example.net"], letter()).code, 550,
            "without a login the policy door is asked there")
    client.quit()
    t.equal(len(both.lines(event="stage-not-asked")), since, "and nothing is missed")
    client = postfix.client("submission").ehlo()
    t.equal([reply.code for reply in client.envelope("alice@example.com", ["bob@example.net", "eve@example.net"])],
            [250, 250, 550], "recipients are tried before the login")
    client.command("RSET")
    client.auth_plain("alice@example.com", "secret")
    for what in ("one that was asked about before", "and again in the same session"):
        reply = client.message("alice@example.com", ["bob@example.net", "eve@example.net"], letter())
        t.like(str(reply), "550 5.7.1 not eve", f"{what}: that covers nothing that is sent with the login")
        client.command("RSET")
    client.quit()
    t.equal(len(both.lines(event="stage-not-asked")), since + 2, "which is told")


def local_mail(t, postfix, both, sink):
    both.reload(ALL + NO_EVE)
    t.equal(postfix.sendmail(letter(subject="cron"), ["bob@example.net"]), 0, "sendmail(1) takes a message")
    t.equal(sink.take().header("Subject"), "cron", "which arrives")
    mail = both.wait_line(event="message", door="milter", sender="www-data@pf.test", outcome="accepted")
    t.equal(judged(both, id=mail["id"]), [(stage, "milter") for stage in
                                          ("connect", "helo", "mail", "rcpt", "data", "end-of-message")],
            "the milter judges all its stages, those of the policy door too")
    postfix.sendmail(letter(subject="cron"), ["eve@example.net"])
    bounce = sink.take()
    t.equal((bounce.sender, bounce.recipients), ("", ["www-data@pf.test"]), "what it refuses bounces")
    t.ok(b"not eve" in bounce.data, "with our words")
    postfix.wait_empty()
    t.equal(postfix.queue(), [], "and is not tried again")
    t.equal([line["door"] for line in both.lines(event="verdict", rule="no-eve")[-1:]], ["milter"],
            "the milter's verdict")
    t.equal(both.lines(event="message")[-1]["outcome"], "rejected", "and its line")


def discarded(t, postfix, both, sink):
    """Postfix replays what a policy reply DISCARDs to non_smtpd_milters, having told smtpd's milter that it is over."""
    both.sections["policy"] = 'stages = ["data"]'
    both.reload(rule("away", "data", 'when = { sender = "spam@example.com" }\ndiscard = "not wanted"'))
    client = postfix.client("both").ehlo()
    t.equal(client.message("spam@example.com", ["bob@example.net"], letter()).code, 250,
            "taken, as far as the client knows")
    client.quit()
    postfix.wait_log("discard: .*not wanted")
    postfix.wait_empty()
    t.equal(sink.left(), [], "and no recipient gets it")
    lines = [(line["door"], line["action"]) for line in both.lines(event="verdict", rule="away")]
    t.equal(lines[0], ("policy", "discard"), "the policy door's verdict")
    wait_for(lambda: [line for line in both.lines(event="message", sender="spam@example.com")
                      if line["door"] == "milter"],
             "the milter's line")
    t.note([line for line in both.lines(event="message", sender="spam@example.com")])


def run(t, postfix, both, sink):
    each_once(t, postfix, both, sink)
    no_unknown_recipient(t, postfix, both, sink)
    guesses_until_midnight(t, postfix, both, sink)
    permitted(t, postfix, both, sink)
    refused_at_each(t, postfix, both, sink)
    not_asked(t, postfix, both, sink)
    local_mail(t, postfix, both, sink)
    discarded(t, postfix, both, sink)
    t.ok(re.search("door=policy", both.log()) and re.search("door=milter", both.log()), "both doors stand in the log")
