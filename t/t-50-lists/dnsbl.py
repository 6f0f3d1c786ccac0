# SPDX-License-Identifier: BSD-2-Clause
"""Block lists: who is refused, what a zone in trouble does, and that all zones are asked at once."""
from bed import LISTS, rule
from harness import letter

RULES = LISTS + (
    rule("listed", "rcpt", when='{ dnsbl = ["zen", "liar", "empty", "broken", "mute"] }',
         reject='"554 5.7.1 listed: {dnsbl_reason}"')
    + rule("slow-ones", "rcpt", when='{ dnsbl = ["slow", "slow2"] }', reject='"554 5.7.1 slowly listed"')
    + rule("score", "rcpt", when='{ dnsbl_score = "> 20" }', reject='"554 5.7.1 never"')
    + rule("sender", "rcpt", when='{ sender_dnsbl = "names" }', reject='"554 5.7.1 {sender_domain} is listed"')
    + rule("helo", "rcpt", when='{ helo_dnsbl = "names" }', reject='"554 5.7.1 {helo_name} is listed"'))
FROM = rule("from", "end-of-message", when='{ from_dnsbl = "names" }', reject='"554 5.7.1 From is listed"')


def run(t, bed):
    bed.daemons["milter"].reload(RULES + FROM)
    bed.daemons["policy"].reload(RULES)
    bed.wait_dnsbl(8)
    for door, daemon in bed.daemons.items():
        t.equal(sorted(row["dnsbl"] for row in daemon.lines(event="dnsbl-on")), ["names", "slow", "slow2", "zen"],
                f"{door}: what tells the truth is on")
        off = {row["dnsbl"]: row["state"] for row in daemon.lines(event="dnsbl-off")}
        t.equal(off, {"liar": "lies", "empty": "lies", "broken": "trouble", "mute": "trouble"},
                f"{door}: and what does not is off, and why")
        t.equal(daemon.lines(event="dnsbl-on", dnsbl="zen")[0]["serves"], "IPv4 and IPv6",
                f"{door}: both families of zen are proved")
        metrics = daemon.metrics()
        t.ok('mailweir_dnsbl_up{dnsbl="zen"} 1' in metrics and 'mailweir_dnsbl_up{dnsbl="liar"} 0' in metrics,
             f"{door}: the metrics say so")
        status = daemon.ctl("status").stdout
        t.like(status, r"(?m)^dnsbl zen \(zen.test\): on ", f"{door}: and status")
        t.like(status, r"(?m)^dnsbl liar \(liar.test\): off: it lies for \S+ \(127.0.0.1 is listed",
               f"{door}: with the reason")
    bed.both("250", "a client that is listed nowhere that counts")
    bed.both("554 5.7.1 ", "a listed client; the reply has the zone's text", addr="192.0.2.7")
    for door in bed.daemons:
        t.like(bed.send(door, addr="192.0.2.7"), "listed: see https://zen.test/7",
               f"{door}: the TXT record is in the reply")
    bed.both("554 5.7.1 ", "a listed IPv6 client", addr="IPv6:2001:db8::7")
    bed.both("250", "127.255.255.254 is no listing", addr="192.0.2.9")
    for door, daemon in bed.daemons.items():
        row = daemon.wait_line(event="dnsbl-errors", dnsbl="zen")
        t.like(row["last"], "9.2.0.192.zen.test: the answer 127.255.255.254", f"{door}: it is logged")
    bed.both("554 5.7.1 ", "a listed sender domain", sender="x@spam.example")
    bed.both("554 5.7.1 ", "a listed HELO name", helo="spam.example")
    t.like(bed.send("milter", text=letter(sender="x@spam.example")), "554 5.7.1 From is listed",
           "milter: a listed From")
    at_once(t, bed)


def at_once(t, bed):
    """Two zones that take their time are asked at once: both before either has answered."""
    for door in bed.daemons:
        bed.relay.asked.clear()
        bed.relay.answered.clear()
        reply = bed.send(door, addr="192.0.2.8")
        slow = [name for name in bed.relay.asked if name.startswith("8.2.0.192.") and name.endswith("slow.test")]
        t.ok(reply.startswith("554 5.7.1 ") and "slowly listed" in reply, f"{door}: listed in slow zones", reply)
        t.equal(sorted(set(slow)), ["8.2.0.192.slow.test", "8.2.0.192.slow2.slow.test"], f"{door}: each is asked")
        first_answer = min(bed.relay.answered.get(name, 0) for name in set(slow))
        t.equal(set(bed.relay.asked[:first_answer]) & set(slow), set(slow), f"{door}: both before either has answered")
