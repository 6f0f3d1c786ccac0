# SPDX-License-Identifier: BSD-2-Clause
"""How far a word reaches: accept, skip, absent facts, shadow, the policy that a transaction began with."""
from harness import letter

from bed import rule, said

BOB, EVE, POST = "bob@example.net", "eve@example.net", "postmaster@example.net"
SHORT = "root@host"                                        # a sender whose domain is no full name
NOT_FULL = '{ sender_fqdn = false }'


def codes(client, sender, recipients, text=None):
    client.command("RSET")
    replies = [reply.code for reply in client.envelope(sender, recipients)]
    return replies + [client.data(text or letter()).code]


def accept(t, bed):
    bed.policy(rule("a-let", "rcpt", when=f'{{ recipient = "{BOB}" }}', accept="true")
               + rule("a-mail", "mail", when='{ sender = "good@example.com" }', accept="true")
               + rule("a-no", "rcpt", when='{ sender = "good@example.com" }', reject='"550 5.7.1 no"')
               + rule("a-end", "end-of-message", when='{ header.subject = "bad" }', reject='"550 5.7.1 bad"')
               + rule("a-limit", "data", limit='{ by = "sender", of = "messages", max = "1/1h" }',
                      defer='"450 4.7.1 over"'))
    with bed.client() as client:
        t.equal(codes(client, "good@example.com", [EVE, BOB, EVE]), [250, 550, 250, 550, 250],
                "accept at rcpt is for that recipient, at mail for that stage only")
        t.equal(codes(client, "good@example.com", [BOB])[-1], 450, "and turns no limit off")
        t.equal(codes(client, "good-2@example.com", [BOB], letter(subject="bad"))[-1], 550, "nor later stages")
    bed.sink.take()


def skip(t, bed):
    """The check is sender_fqdn; root@host fails it wherever it is asked."""
    at_data = rule("s-data", "data", when=NOT_FULL, reject='"550 5.1.8 data"')
    bed.policy(rule("s-allow", "rcpt", when=f'{{ recipient = "{POST}" }}', skip='["sender_fqdn"]')
               + rule("s-rcpt", "rcpt", when=NOT_FULL, unless=f'{{ recipient = "{BOB}" }}',
                      reject='"550 5.1.8 rcpt"') + at_data)
    with bed.client() as client:
        t.equal(codes(client, SHORT, [POST, EVE]), [250, 250, 550, 250], "skip at rcpt is for that recipient")
        t.equal(codes(client, SHORT, [BOB, POST]), [250, 250, 250, 550],
                "and reaches the message only if all its recipients say so")
        t.equal(codes(client, SHORT, [POST, EVE]), [250, 250, 550, 250], "where a refused recipient has no say")
        t.equal(codes(client, SHORT, [POST]), [250, 250, 250], "as here")
        t.equal(codes(client, SHORT, [BOB]), [250, 250, 550], "and is forgotten by the next message")
    bed.policy(rule("s-mail", "mail", when='{ sender = "root@host" }', skip='"all"') + at_data)
    with bed.client() as client:
        t.equal(codes(client, SHORT, [BOB]), [250, 250, 250], "skip at mail is for the transaction")
        t.equal(codes(client, "toor@host", [BOB]), [250, 250, 550], "and for no other")
    bed.policy(rule("s-helo", "helo", when='{ helo_name = "old.test" }', skip='["sender_fqdn"]') + at_data)
    with bed.postfix.client().ehlo("old.test") as client:
        t.equal([codes(client, SHORT, [BOB])[-1], codes(client, "toor@host", [BOB])[-1]], [250, 250],
                "skip at helo is for the session")
    with bed.client() as client:
        t.equal(codes(client, SHORT, [BOB])[-1], 550, "and for no other")
    bed.policy(rule("s-connect", "connect", when='{ client_address = "198.51.100.9" }', skip='"all"') + at_data)
    with bed.client(addr="198.51.100.9") as client:
        t.equal(codes(client, SHORT, [BOB])[-1], 250, "skip at connect too")
    with bed.client(addr="198.51.100.10") as client:
        t.equal(codes(client, SHORT, [BOB])[-1], 550, "for that client")
    bed.postfix.wait_empty()
    bed.sink.left()


def absent(t, bed):
    bed.policy(rule("n-when", "mail", when='{ sasl_username = "!alice@example.com" }', reject='"550 5.7.1 when"')
               + rule("n-domain", "rcpt", when='{ sender_domain = "!example.com" }', reject='"550 5.7.1 domain"')
               + rule("n-unless", "data", unless='{ sasl_username = "!bob@example.com" }',
                      when='{ sender = "/^unless@/" }', reject='"550 5.7.1 unless"')
               + rule("n-null", "data", when='{ sender = "<>" }', reject='"550 5.7.1 null"')
               + rule("n-header", "end-of-message", when='{ header.x-none = "!yes" }', reject='"550 5.7.1 header"'))
    t.equal(bed.send("a@example.com")[:3], "250", "an absent fact satisfies no condition, a negated one neither")
    t.equal(bed.send("a@example.org")[:13], "550 5.7.1 dom", "a known one does")
    t.equal(bed.send("unless@example.com"), "550 5.7.1 unless", "nor does it satisfy unless")
    t.equal(bed.send("unless@example.com", login="alice@example.com")[:3], "250", "where a known one does")
    t.equal(bed.send(""), "550 5.7.1 null", "<> is matched where it is named, its domain is absent")
    t.equal(bed.send("a@example.com", login="eve@example.com"), "550 5.7.1 when", "a login that is not alice's")
    bed.postfix.wait_empty()
    bed.sink.left()


def shadow(t, bed):
    bed.policy(rule("w-mail", "mail", reject='"550 5.7.1 no"', shadow="true")
               + rule("w-rcpt", "rcpt", discard="true", shadow="true")
               + rule("w-data", "data", hold='"no"', shadow="true")
               + rule("w-end", "end-of-message", remove_headers='"Subject"', add_headers='{ X-New = "1" }',
                      shadow="true"))
    bed.mark()
    mail = bed.taken("w@example.com")
    t.equal((mail.header("Subject"), mail.header("X-New")), ("hello", None), "rules in shadow do nothing")
    t.equal([(row["stage"], row["action"], row["shadow"]) for row in bed.lines(event="verdict")],
            [("mail", "continue", "w-mail"), ("rcpt", "continue", "w-rcpt"), ("data", "continue", "w-data"),
             ("end-of-message", "continue", "w-end")], "and log what they would have done")


def reload(t, bed):
    tag = rule("t-tag", "end-of-message", add_headers='{ X-Policy = "%s" }')
    bed.policy(tag % "old")
    with bed.client() as client:
        client.envelope("a@example.com", [BOB])
        bed.policy(tag % "new")
        client.data(letter())
        t.equal(bed.sink.take().header("X-Policy"), "old", "a transaction keeps the policy that it began with")
        client.message("a@example.com", [BOB], letter())
        t.equal(bed.sink.take().header("X-Policy"), "new", "the next one has the new one")
        bed.policy(tag % "newer" + rule("t-no", "rcpt", when='{ sender = "b@example.com" }', reject='"550 5.7.1 no"'))
        reply = client.envelope("b@example.com", [BOB])[1]
        client.command("RSET")
        client.message("a@example.com", [BOB], letter())
        t.equal((reply.code, bed.sink.take().header("X-Policy")), (250, "new"),
                "a session keeps its policy to its end when the new one needs more than was agreed with Postfix")
    t.equal(bed.send("b@example.com"), "550 5.7.1 no", "a new session has it")
    bed.daemon.reload(bed.daemon.text + rule("t-broken", "rcpt", reject='"450 4.7.1 no"'))
    t.equal(bed.send("b@example.com"), "550 5.7.1 no", "one with an error is not taken")
    t.ok("t-broken" in bed.daemon.wait_line(event="policy-error")["reason"], "and the log says why")
    t.equal(said(bed.client(), "MAIL FROM:<a@example.com>")[0][:3], "250", "mail flows on")


def run(t, bed):
    for case in (accept, skip, absent, shadow, reload):
        case(t, bed)
