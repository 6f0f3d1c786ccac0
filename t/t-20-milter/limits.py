# SPDX-License-Identifier: BSD-2-Clause
"""What limits count at the milter door, and when a charge is given back."""
from harness import RecordingMilter, letter, wait_for

from bed import CLIENT, rule, used

BOB, EVE, CARL = "bob@example.net", "eve@example.net", "carl@example.net"


def limit_rule(name, at, of, most, by="sender", **keys):
    most = '"' + '", "'.join(most.split(", ")) + '"'
    limit = f'{{ by = "{by}", of = "{of}", max = [{most}]' + keys.pop("more", "") + " }"
    if not {"reject", "defer", "drop", "hold"} & set(keys):
        keys["defer"] = '"450 4.7.1 over"'
    return rule(name, at, limit=limit, **keys)


def quantities(t, bed):
    only = {who: f'{{ sender = "/^{who}@/" }}' for who in ("n", "r", "each", "b", "w")}
    text = '"450 4.7.1 {limit} {count} {retry_after} {rule}"'
    bed.policy(limit_rule("q-messages", "mail", "messages", "2/1h", when=only["n"], defer=text)
               + limit_rule("q-recipients", "data", "recipients", "3/1h", when=only["r"], defer=text)
               + limit_rule("q-each", "rcpt", "recipients", "2/1h", when=only["each"],
                            reject='"550 5.7.1 {count} of {limit}"')
               + limit_rule("q-bytes", "end-of-message", "bytes", "10KiB/1h", when=only["b"], defer=text)
               + limit_rule("q-windows", "data", "messages", "2/1h, 3/1d", when=only["w"], defer=text))
    t.equal([bed.send("n@example.com")[:3] for _ in range(2)], ["250", "250"], "messages: two of two")
    t.like(bed.send("N@Example.COM"), r"^450 4\.7\.1 2/1h 2 .*(m|h).* q-messages$",
           "the third is over, however it is spelt")
    t.equal(bed.send("other.n@example.com")[:3], "250", "another key counts alone")
    t.equal([bed.send("r@example.com", to)[:3] for to in ([BOB, EVE], [BOB, EVE], [BOB], [BOB])],
            ["250", "450", "250", "450"], "recipients: all of a message or none")
    with bed.client() as client:
        replies = [str(reply) for reply in client.envelope("each@example.com", [BOB, EVE, CARL])]
        t.equal((replies[1][:3], replies[2][:3], replies[3]), ("250", "250", "550 5.7.1 2 of 2/1h"),
                "recipients at rcpt: those over are refused")
        t.equal(client.data(letter()).code, 250, "and the message goes to the others")
    body = {size: letter(sender="b@example.com", body=("y" * 62 + "\r\n") * (size * 16))
            for size in (4, 12)}
    t.equal([bed.send("b@example.com", text=body[4])[:3] for _ in range(3)], ["250", "250", "450"],
            "bytes, of the true size")
    bed.mark()
    t.like(bed.send("b@example.com", text=body[12]),
           r"^550 5\.7\.1 this message alone is over the limit of 10KiB/1h, so it will not pass later either",
           "what can never fit is refused for good")
    t.equal(bed.wait_line(event="verdict", rule="q-bytes")["never_fits"], "true", "and the log says so")
    t.equal([bed.send("w@example.com").split()[0] for _ in range(2)], ["250", "250"], "several windows")
    t.equal(bed.send("w@example.com").split()[2], "2/1h", "of which the one that is over is told")
    bed.postfix.wait_empty()
    bed.sink.left()


def overrides(t, bed):
    bed.policy('[maps]\nquota = { "vip@example.com" = "unlimited", "two@example.com" = "2/1h 5/1d",'
               ' "@three.example" = "3/1h",'
               ' "default" = "1/1h" }\n'
               + limit_rule("o-quota", "data", "messages", "9/1h", more=', overrides = "map:quota"'))
    for sender, most in (("vip@example.com", 4), ("two@example.com", 2), ("any@three.example", 3),
                         ("else@example.org", 1)):
        got = [bed.send(sender)[:3] for _ in range(most + 1)]
        want = ["250"] * most + ["250" if sender.startswith("vip") else "450"]
        t.equal(got, want, f"overrides: {sender} has its own limit")
    bed.postfix.wait_empty()
    bed.sink.left()


def connections(t, bed):
    outside = '{ client_address = "list:mynetworks" }'
    bed.policy(limit_rule("c-number", "connect", "connections", "2/1h", by="client_address", unless=outside,
                          drop='"421 4.7.0 too many"'))

    def greets(address):
        with bed.postfix.client() as client:
            client.ehlo()
            return client.command(f"XCLIENT ADDR={address}").code

    t.equal([greets("203.0.113.1") for _ in range(3)], [220, 220, 421], "connections: two of two")
    bed.policy(limit_rule("c-open", "connect", "open-connections", "2", by="client_address", unless=outside,
                          drop='"421 4.7.0 too many"'))
    first, second = bed.client(), bed.client()
    for client in (first, second):
        client.command(f"XCLIENT ADDR={CLIENT}")
        client.ehlo()
    t.equal(greets(CLIENT), 421, "open connections: a third is turned away")
    t.equal(greets("198.51.100.8"), 220, "another client is not")
    second.quit()
    t.equal(wait_for(lambda: greets(CLIENT) == 220, "a connection to be free"), True, "one that ends makes room")
    wait_for(lambda: greets(CLIENT) == 220, "a connection to be free")
    third = bed.client()
    wait_for(lambda: third.ehlo().command(f"XCLIENT ADDR={CLIENT}").code == 220, "room for a third")
    t.equal(greets(CLIENT), 421, "full again")
    third.abort()
    t.ok(wait_for(lambda: greets(CLIENT) == 220, "a connection to be free"), "also one that is cut")
    first.quit()


def given_back(t, bed):
    """Each limit is one message; what is given back leaves room for the one after."""
    bed.policy(limit_rule("g-message", "mail", "messages", "1/1h")
               + limit_rule("g-rcpt", "rcpt", "recipients", "1/1h", when='{ sender = "/rset|vanish/" }')
               + limit_rule("g-data", "data", "recipients", "2/1h")
               + rule("g-no-eve", "rcpt", when=f'{{ recipient = "{EVE}" }}', reject='"550 5.7.1 no"')
               + rule("g-end", "end-of-message", when='{ header.subject = "refuse" }', reject='"550 5.7.1 no"')
               + rule("g-later", "end-of-message", when='{ header.subject = "later" }', defer='"450 4.7.1 no"')
               + rule("g-drop", "end-of-message", when='{ header.subject = "drop" }', drop='"421 4.7.1 no"')
               + rule("g-discard", "end-of-message", when='{ header.subject = "discard" }', discard='true'))

    def then_room(who, text, room=True):
        bed.mark()
        reply = bed.send(who, [BOB])
        t.equal(reply[:3], "250" if room else "450", text)
        return reply

    for subject, code in (("refuse", "550"), ("later", "450"), ("drop", "421")):
        who = f"{subject}@example.com"
        t.equal(bed.send(who, text=letter(subject=subject, sender=who))[:3], code, f"refused at its end ({subject})")
        then_room(who, "is given back")
        then_room(who, "and what is taken is not", room=False)
    t.equal(bed.send("dis@example.com", text=letter(subject="discard"))[:3], "250", "what we discard was taken")
    then_room("dis@example.com", "and stays charged", room=False)

    for who, commands in (("rset@example.com", ["RSET"]), ("ehlo-rset@example.com", ["EHLO other.test"]),
                          ("quit-rset@example.com", ["QUIT"])):
        with bed.client() as client:
            client.envelope(who, [BOB])
            for command in commands:
                client.command(command)
        bed.wait_line(event="message", sender=who)
        then_room(who, f"{commands[0]} gives back")

    for stage in ("mail", "rcpt", "data"):
        who = f"vanish-{stage}@example.com"
        bed.mark()
        client = bed.client()
        client.envelope(who, [BOB] if stage != "mail" else [])
        if stage == "data":
            client.command("DATA")
            client.send("Subject: half a message\r\n\r\nand then")
        client.abort()
        bed.wait_line(event="message", sender=who, outcome="aborted")
        then_room(who, f"a client that vanishes after {stage} gives back")

    bed.mark()
    who = "big@example.com"
    reply = bed.send(who, text=letter(sender=who, body="some text\r\n" * 5000), service="small")
    t.equal(reply[:3], "552", "Postfix refuses what is over message_size_limit")
    t.equal(bed.wait_line(event="message", sender=who)["outcome"], "aborted", "the milter sees an abort")
    then_room(who, "which gives back")

    who = "declared@example.com"
    with bed.client("small") as client:
        t.equal([client.command(f"MAIL FROM:<{who}> SIZE=99999").code for _ in range(2)], [552, 552],
                "or already what is declared to be")
    then_room(who, "which charges nothing")

    bed.mark()
    who = "checks@example.com"
    reply = bed.send(who, text=letter(sender=who, headers=[("X-Checked", "refuse")]), service="checked")
    t.like(reply, r"^550 5\.7\.1 refused by header_checks", "header_checks refuse in cleanup")
    t.equal(bed.wait_line(event="message", sender=who)["outcome"], "aborted",
            "before the milter's end-of-message: an abort")
    then_room(who, "which gives back")

    bed.mark()
    with bed.client() as client:
        replies = client.envelope("some@example.com", [EVE, BOB, EVE])
        t.equal([reply.code for reply in replies], [250, 550, 250, 550], "two recipients are refused")
        client.data(letter(sender="some@example.com"))
    t.equal(used(bed.wait_line(event="message", sender="some@example.com")), {"g-message": 1, "g-data": 1},
            "and are not counted")
    bed.mark()
    with bed.client(addr=CLIENT) as client:
        replies = client.envelope("relay-rset@example.com", ["x@elsewhere.example", BOB])
        t.equal([reply.code for reply in replies], [250, 554, 250], "nor is one that Postfix refuses to relay to")
        client.data(letter())
    t.equal(used(bed.wait_line(event="message", sender="relay-rset@example.com"))["g-rcpt"], 1, "one was charged")
    bed.postfix.wait_empty()
    bed.sink.left()


def later_milter(t, bed):
    """What a milter behind us refuses we cannot know: the charge stays. So Mailweir stands last."""
    behind = t.start(RecordingMilter())
    behind.answers["eom"] = "550 5.7.1 no"
    bed.policy(limit_rule("l-messages", "data", "messages", "1/1h"))
    bed.postfix.set(smtpd_milters=f"{bed.daemon.milter}, {behind.address}")
    t.equal([bed.send("behind@example.com") for _ in range(2)], ["550 5.7.1 no", "450 4.7.1 over"],
            "refused by a milter behind us: charged")
    bed.postfix.set(smtpd_milters=f"{behind.address}, {bed.daemon.milter}")
    t.equal([bed.send("before@example.com") for _ in range(2)], ["550 5.7.1 no", "550 5.7.1 no"],
            "by one before us: given back")
    bed.postfix.set(smtpd_milters=bed.daemon.milter)
    t.stop(behind)


def counting(t, bed):
    bed.policy(limit_rule("all", "data", "messages", "2/1h", when='{ sender = "/^all@/" }', more=', count = "all"')
               + limit_rule("first", "data", "messages", "1/1h", when='{ sender = "/^pair@/" }')
               + limit_rule("second", "data", "recipients", "3/1h", when='{ sender = "/^pair@/" }',
                            defer='"450 4.7.1 second"')
               + limit_rule("counted-on", "data", "messages", "1/1h", when='{ sender = "/^on@/" }',
                            hold='"{count} of {limit}"')
               + limit_rule("shade", "data", "messages", "1/1h", when='{ sender = "/^shade@/" }',
                            reject='"550 5.7.1 no"', shadow="true")
               + limit_rule("login", "data", "messages", "1/1h", by="sasl_username")
               + limit_rule("everybody", "data", "messages", "1/1h", when='{ sender = "/^tous@/" }')
               .replace('by = "sender"', "by = []")
               + rule("c-end", "end-of-message", when='{ header.subject = "refuse" }', reject='"550 5.7.1 no"')
               + rule("c-data", "data", when='{ sender = "/^walk@/" }', reject='"550 5.7.1 walked"'))
    refuse = letter(subject="refuse")
    t.equal([bed.send("all@example.com", text=text)[:3] for text in (refuse, refuse, None)], ["550", "550", "450"],
            'count = "all" counts what was refused, too')
    t.equal([bed.send("pair@example.com", to)[:12] for to in ([BOB, EVE, CARL, "dora@example.net"], [BOB, EVE], [BOB])],
            ["550 5.7.1 se", "250 2.0.0 Ok", "450 4.7.1 ov"], "two limits are charged together or not at all")
    bed.mark()
    t.equal([bed.send("on@example.com")[:3] for _ in range(3)], ["250"] * 3, "over a limit that holds, mail is taken")
    t.equal([row["hold"] for row in bed.lines(event="verdict", stage="data")], ["2 of 1/1h", "3 of 1/1h"],
            "and counted on")
    bed.postfix.drop_all()
    bed.mark()
    t.equal([bed.send("shade@example.com")[:3] for _ in range(2)], ["250", "250"], "a limit in shadow stops no mail")
    t.equal([row["shadow"] for row in bed.lines(event="verdict")], ["shade"], "and logs what it would have done")
    t.equal([bed.send("x@example.com")[:3] for _ in range(2)], ["250", "250"],
            "a limit whose key is absent is not asked")
    t.equal([bed.send(f"{name}@example.com", login="alice@example.com")[:3] for name in ("y", "z")], ["250", "450"],
            "with a login it is")
    t.equal([bed.send(f"tous@{host}.example")[:3] for host in ("a", "b")], ["250", "450"],
            "by = [] is one counter of all")
    bed.postfix.wait_empty()
    bed.sink.left()



def old_protocols(t, bed):
    """Versions 2 and 3 do not tell the milter of DATA: what is to be judged there is judged at the end."""
    for version in (2, 3, 4):
        bed.policy(limit_rule(f"old-{version}", "data", "recipients", "2/1h"))
        bed.postfix.set(milter_protocol=str(version))
        got = [bed.send(f"old{version}@example.com")[:3] for _ in range(3)]
        t.equal(got, ["250", "250", "450"], f"milter_protocol = {version}: a limit at data holds")
        bed.postfix.wait_empty()  # what is being delivered while Postfix reloads stays in its queue for minutes
    bed.postfix.set(milter_protocol="6")


def run(t, bed):
    for case in (quantities, overrides, connections, given_back, later_milter, counting, old_protocols):
        case(t, bed)
