# SPDX-License-Identifier: BSD-2-Clause
"""What the policy door counts: once however often Postfix asks, by login, by service, over several messages of one
connection, and given back when the mail is refused after all."""
from actions import rule
from harness import PolicyClient, letter


def codes(replies):
    return [reply.code for reply in replies]


def asked_twice(t, postfix, alone, sink):
    """check_policy_service stands in the client and in the recipient restrictions: two requests, one instance."""
    alone.reload(rule("three", "rcpt", 'limit = { by = "sender", of = "recipients", max = "3/1h" }\n'
                                       'defer = "450 4.7.1 {count} of {limit}"'))
    client = postfix.client("twice").ehlo()
    replies = client.envelope("twice@example.com", [f"r{number}@example.net" for number in range(5)])
    t.equal(codes(replies), [250, 250, 250, 250, 450, 450], "asked twice for each recipient, charged once")
    t.like(replies[4].text, "3/1h", "the reply names the limit")
    t.equal(codes([client.command("RCPT TO:<r0@example.net>")]), [250], "a recipient named again is not charged again")
    t.equal(client.data(letter()).code, 250, "the message goes to those within the limit")
    t.equal(len(sink.take().recipients), 3, "all three of them")
    t.equal(len(alone.lines(event="verdict", rule="three")), 2, "one line for each refusal, though asked twice")
    client.quit()


def several_messages(t, postfix, alone, sink):
    """One connection, one smtpd, one connection of the policy door: each message is counted by itself."""
    alone.reload(rule("two", "data", 'limit = { by = "sender", of = "messages", max = "2/1h" }\n'
                                     'defer = "450 4.7.1 {rule}: {limit}"'))
    client = postfix.client().ehlo()
    got = []
    for number in range(3):
        got.append(client.message("many@example.com", ["bob@example.net", "eve@example.net"], letter()).code)
        client.command("RSET")
    t.equal(got, [250, 250, 450], "two messages of three on one connection")
    t.equal(client.message("other@example.com", ["bob@example.net"], letter()).code, 250,
            "another sender is within his limit")
    sink.take_all(3)
    client.quit()


def by_login(t, postfix, alone, sink):
    alone.reload(rule("quota", "data", 'limit = { by = "sasl_username", of = "recipients", max = "3/1h" }\n'
                                       'defer = "450 4.7.1 {sasl_username} ({sasl_domain}): {limit}"'))
    client = postfix.client().xclient(addr="198.51.100.9", login="Carol@Example.Com")
    t.equal(client.message("c@example.com", ["a@example.net", "b@example.net"], letter()).code, 250, "within the quota")
    client.quit()
    client = postfix.client().xclient(addr="198.51.100.10", login="carol@example.com")
    reply = client.message("d@example.com", ["a@example.net", "b@example.net"], letter())
    t.equal(reply.code, 450, "the login counts, from whatever address and in whatever case")
    t.like(reply.text, r"carol@example\.com \(example\.com\): 3/1h", "and stands in the reply")
    client.command("RSET")
    t.equal(client.message("d@example.com", ["a@example.net"], letter()).code, 250, "what was refused used no quota")
    client.quit()
    t.equal(postfix.client().ehlo().message("c@example.com", ["a@example.net"], letter()).code, 250,
            "without a login the limit is not asked")
    sink.take_all(3)


def by_service(t, postfix, alone, sink):
    alone.reload(rule("customers", "rcpt",
                      'when = { service = "for-customers" }\nreject = "550 5.7.1 not for {service}"'))
    reply = postfix.client("context").ehlo().message("alice@example.com", ["bob@example.net"], letter())
    t.like(str(reply), r"550 5\.7\.1 .*not for for-customers", "policy_context is the service")
    t.equal(postfix.client().ehlo().message("alice@example.com", ["bob@example.net"], letter()).code, 250,
            "without it there is none")
    sink.take()


def given_back(t, postfix, alone, sink):
    """What RCPT charged comes back at once when DATA is refused: the client that was refused may still be there."""
    alone.reload(rule("two", "rcpt", 'limit = { by = "sender", of = "recipients", max = "2/1h" }\n'
                                     'defer = "450 4.7.1 over"') +
                 rule("no-big", "data", 'when = { recipient_count = ">= 2" }\nreject = "550 5.7.1 too many at once"'))
    first, second = postfix.client().ehlo(), postfix.client().ehlo()
    t.equal(first.message("back@example.com", ["a@example.net", "b@example.net"], letter()).code, 550,
            "refused at DATA")
    t.equal(second.message("back@example.com", ["a@example.net"], letter()).code, 250,
            "another connection may use what was given back, while the first is still open")
    t.equal(second.message("back@example.com", ["a@example.net"], letter()).code, 250, "the limit is what it says")
    t.equal(second.message("back@example.com", ["a@example.net"], letter()).code, 450, "and no more")
    sink.take_all(2)
    first.quit()
    second.quit()


def no_recipient_left(t, postfix, alone, sink):
    """Charged by MAIL, and then we refuse every recipient: there was no message."""
    alone.reload(rule("one", "mail",
                      'limit = { by = "sender", of = "messages", max = "1/1h" }\ndefer = "450 4.7.1 over"') +
                 rule("not-eve", "rcpt", 'when = { recipient = "eve@example.net" }\nreject = "550 5.1.1 no eve"'))
    client = postfix.client().ehlo()
    for _ in range(2):
        t.equal(client.message("one@example.com", ["eve@example.net"], letter()).code, 550,
                "a message without an accepted recipient")
        client.command("RSET")
    t.equal(client.message("one@example.com", ["bob@example.net"], letter()).code, 250, "used no quota")
    t.equal(client.message("one@example.com", ["bob@example.net"], letter()).code, 450, "the next one has")
    sink.take()
    client.quit()


def by_hand(t, alone):
    """What Postfix does not do by itself, but may be asked."""
    alone.reload(rule("one", "rcpt",
                      'limit = { by = "sender", of = "recipients", max = "1/1h" }\ndefer = "450 4.7.1 over"'))
    with PolicyClient(alone.policy) as client:
        first = client.ask(sender="h@example.com", instance="a.1", recipient="one@example.net")
        again = client.ask(sender="h@example.com", instance="a.1", recipient="one@example.net")
        over = client.ask(sender="h@example.com", instance="a.1", recipient="two@example.net")
        other = client.ask(sender="h@example.com", instance="a.2", recipient="one@example.net")
        t.equal((first, again), ("DUNNO", "DUNNO"), "the same question, the same answer")
        t.equal((over, other), ("450 4.7.1 over",) * 2, "another recipient, another message: charged")
        states = [client.ask(state, sender="x@example.com", instance="b.1") for state in ("VRFY", "ETRN", "SOMETHING")]
        t.equal(states, ["DUNNO"] * 3, "states that we do not judge")
        text = client.send("request=smtpd_access_policy\nprotocol_state=RCPT\nnew_attribute=1\n\n").read()
        t.equal(text, "DUNNO", "a request of hardly anything, with an unknown attribute")
        reply = client.ask(sender="ü@example.com", recipient="\x80\xff@example.net".encode("latin-1").decode("latin-1"))
        t.equal(reply, "DUNNO", "addresses that are not ASCII")


def run(t, postfix, alone, sink):
    asked_twice(t, postfix, alone, sink)
    several_messages(t, postfix, alone, sink)
    by_login(t, postfix, alone, sink)
    by_service(t, postfix, alone, sink)
    given_back(t, postfix, alone, sink)
    no_recipient_left(t, postfix, alone, sink)
    by_hand(t, alone)
