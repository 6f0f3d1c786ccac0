# SPDX-License-Identifier: BSD-2-Clause
"""Work: the processor's time of one bad message in multiples of a usual one. Where something is quadratic the factor is
in the thousands, whatever the machine."""
from harness import Mailweir, MilterClient, PolicyClient
from measure import Others, open_client, processor_time, usual_cost

MOST = 1000   # times a usual message, for 1 MB of header or 5 MB of body

RULES = """[authentication_results]
authserv_id = "mx.example.net"
checks = ["dkim", "dmarc"]
[dns]
zone = "@TOP@/zone"
[lists]
bad = ["evil.example", ".evil.example", "boss@victim.example"]
[maps]
owners = { "boss@victim.example" = "boss" }
[[rule]]
name = "bad-from"
at = "end-of-message"
when = { from = "list:bad" }
reject = "550 5.7.1 listed"
[[rule]]
name = "bad-to"
at = "end-of-message"
when = { header.To = ["list:bad", "/boss@victim\\\\.example/"] }
reject = "550 5.7.1 listed"
[[rule]]
name = "not-yours"
at = "end-of-message"
when = { from_login_mismatch = "map:owners", authenticated = true }
reject = "553 5.7.1 not yours"
[[rule]]
name = "forged"
at = "end-of-message"
when = { dmarc = "fail" }
reject = "550 5.7.1 dmarc"
shadow = true
[[rule]]
name = "unsigned"
at = "end-of-message"
when = { dkim = "fail" }
reject = "550 5.7.20 dkim"
shadow = true
[[rule]]
name = "tidy"
at = "end-of-message"
remove_headers = ["X-Trace-*"]
replace_header = { X-Mark = "{from_domain}" }
[[rule]]
name = "rcpt"
at = "rcpt"
when = { recipient = "list:bad" }
reject = "550 5.1.1 listed"
"""


def addresses(size, text="u@d%d.example, "):
    parts, length, number = [], 0, 0
    while length < size:
        parts.append(text % number if "%d" in text else text)
        length += len(parts[-1])
        number += 1
    return " " + "".join(parts)


def fields(name, count, value=" a@example.com"):
    return [(name, value)] * count


def signature(tags="", names="From"):
    return (f" v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; {tags}h={names}; "
            "bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; b=AAAA")


FROM = [("From", " Alice <alice@example.com>")]
MEGABYTE = 1_000_000
MANY = "554 5.6.0 the From fields name more than 100 addresses"
LONG = "554 5.6.0 the From fields are longer than 32768 bytes"

# What is bad, its header, its body, the answer wanted ("": taken).
MESSAGES = [
    ("95,000 From addresses in as many domains", [("From", addresses(950_000))], b"", LONG),
    ("2,000 From addresses in 32 KB", [("From", addresses(30_000))], b"", MANY),
    ("100 From addresses with names of 100 labels",
     [("From", ", ".join(f"u@{'a.' * 100}d{number}.example" for number in range(100)))], b"", ""),
    ("5,000 From fields", fields("From", 5000, " a@x.example"), b"", LONG),
    ("a From field of quotes", [("From", ' "\\' * 10_000)], b"", ""),
    ("a From field of brackets", [("From", " <[(:;=?" * 4000)], b"", ""),
    ("To of 1 MB", FROM + [("To", addresses(MEGABYTE - 1000))], b"", ""),
    ("5,000 To fields", FROM + fields("To", 5000), b"", ""),
    ("a domain of 250,000 labels in To", FROM + [("To", " u@" + "a." * 250_000 + "evil.example")], b"", ""),
    ("Subject of 300,000 lines", FROM + [("Subject", " a\n" * 300_000)], b"", ""),
    ("10,000 header fields to be removed", FROM + [(f"X-Trace-{number}", " x") for number in range(9000)], b"", ""),
    ("9,000 header fields to become one", FROM + fields("X-Mark", 9000, " x"), b"", ""),
    ("4,000 forged results", FROM + fields("Authentication-Results", 4000, " mx.example.net; dkim=pass"), b"", ""),
    ("a signature of 40,000 tags", FROM + [("DKIM-Signature", signature("".join(f"z{n:x}=1;" for n in range(40_000))))],
     b"", ""),
    ("a signature of 200,000 signed names", FROM + [("DKIM-Signature", signature(names="From" + ":a" * 200_000))], b"",
     ""),
    ("signatures of 12,000 names over 5,000 fields",
     fields("DKIM-Signature", 10, signature(names="From" + ":a" * 12_000)) + FROM + fields("a", 5000, " x"), b"", ""),
    ("500 signatures", fields("DKIM-Signature", 500, signature()) + FROM, b"", ""),
    ("a body of 5 MB of blanks and line ends", fields("DKIM-Signature", 1, signature()) + FROM, b" \t \r\n" * 1_000_000,
     ""),
    ("a body of 5 MB without a line end", fields("DKIM-Signature", 1, signature()) + FROM, b"\r" * 5_000_000, ""),
]


def send(client, header, body):
    client.mail("alice@example.com")
    client.rcpt("bob@example.net")
    client.data()
    for name, value in header:
        client.header(name, value)
    client.end_of_header()
    for at in range(0, len(body), 65_535):
        client.body(body[at:at + 65_535])
    return client.end()


def words(answer):
    kind, data = answer
    return "" if kind == "c" else data.rstrip(b"\0").decode(errors="replace") or kind


def messages(t, daemon, normal):
    for label, header, body, want in MESSAGES:
        with open_client(daemon) as client:
            before = processor_time(daemon)
            got = words(send(client, header, body))
            factor = (processor_time(daemon) - before) / normal
        t.equal(got, want, f"{label}: {want or 'taken'}")
        t.ok(factor < MOST, f"{label}: less than {MOST} times a usual message's work", f"{factor:.0f} times")
        t.note(f"{factor:.0f} times")


def envelopes(t, daemon, normal):
    before = processor_time(daemon)
    with open_client(daemon) as client:
        client.mail("alice@example.com")
        long = "a" * 990 + "@e.example"
        t.equal(words(client.rcpt("a" * 1_000_000 + "@e.example")),
                "501 5.1.3 the recipient address is longer than 1000 bytes", "a recipient of 1 MB is refused")
        taken = sum(words(client.rcpt(f"{number}{long}"[:998])) == "" for number in range(12_000))
        t.ok(5000 < taken < 12_000, "of recipients of 1,000 bytes as many are taken as fit into what is kept",
             str(taken))
        t.like(words(client.rcpt(long)), "^452 4.5.3 ", "and the next is deferred")
        client.send("A")
    factor = (processor_time(daemon) - before) / normal
    t.ok(factor < 20 * MOST, "12,000 recipients: the work grows with their number only", f"{factor:.0f} times")
    with MilterClient(daemon.milter, within=120) as client:
        client.negotiate()
        client.connect()
        before = processor_time(daemon)
        client.step("M", b"<a@example.com>\0" + b"X\0" * 400_000)
        factor = (processor_time(daemon) - before) / normal
        t.ok(factor < MOST, f"MAIL with 400,000 parameters: less than {MOST} times a usual message's work",
             f"{factor:.0f} times")


def requests(t, daemon, normal):
    with PolicyClient(daemon.policy, within=120) as client:
        before = processor_time(daemon)
        answers = {client.ask(recipient=f"{number}{'a' * 60_000}@e.example", client_port="4711", instance="i")
                   for number in range(200)}
        t.equal(answers, {"501 5.1.3 the recipient address is longer than 1000 bytes"},
                "policy requests with a recipient of 60 KB are refused")
        factor = (processor_time(daemon) - before) / normal / 200
        t.ok(factor < MOST, f"each less than {MOST} times a usual message's work", f"{factor:.0f} times")


def run(t):
    t.file("zone",
           "example.com. TXT \"v=spf1 -all\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"\ns._domainkey.example.com. "
           "TXT \"v=DKIM1; p=\"\n")
    daemon = t.start(Mailweir(RULES.replace("@TOP@", t.directory), sections={"policy": 'stages = ["mail"]'}))
    normal = usual_cost(daemon)
    t.note(f"a usual message takes {normal * 1000:.2f} ms")
    messages(t, daemon, normal)
    envelopes(t, daemon, normal)
    requests(t, daemon, normal)
    with Others(daemon) as calm:
        usual_cost(daemon, 50)
    with Others(daemon) as others:
        for _, header, body, _ in MESSAGES:
            with open_client(daemon) as client:
                send(client, header, body)
    t.ok(all(len(answers) > 3 for answers in others.answers), "eight usual connections went on meanwhile",
         str([len(answers) for answers in others.answers]))
    t.equal({answer for answers in others.answers for answer in answers}, {("c", b"")},
            "and all of their mail was taken")
    t.ok(others.longest < 100 * max(calm.longest, 0.05), "none of it waited for long",
         f"{others.longest:.2f} s, calm {calm.longest:.2f} s")
    t.equal(daemon.lines(event="milter-exception"), [], "nothing went wrong inside")
    daemon.stop()
