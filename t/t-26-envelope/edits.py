# SPDX-License-Identifier: BSD-2-Clause
"""Recipients that a rule discards or redirects do not arrive, whatever their spelling."""
from cases import NO_ERROR_LIMIT
from harness import Mailweir, Postfix, Sendmail, Sink, letter

POLICY = """
[[rule]]
name = "discard"
at = "rcpt"
when = { recipient = "ceo@victim.example" }
discard = "x"
[[rule]]
name = "redirect"
at = "rcpt"
when = { recipient = "ceo@moved.example" }
redirect = "safe@example.com"
"""
# @D@ is the domain. Each was seen to survive one of the two deletions alone, or is a plain one.
SPELLINGS = ["<ceo@@D@>", "<CEO@@D@>", "<Boss <ceo@@D@>>", "< ceo@@D@ >", "<ceo@@D@ (x)>", '<"ceo@@D@">', '<"ceo"@@D@>',
             "<ceo%@D@>", "<@D@!ceo>", "<@x:ceo@@D@>", "<ceo@@D@.>", "<\\ceo@@D@>"]
AT_POSTFIX = ["<ceo@@D@;>", "<ceo%@D@@>"]


def recipients(t, mta, sink, path):
    with mta.client() as client:
        client.ehlo()
        client.command("MAIL FROM:<a@example.org>")
        replies = [client.command(f"RCPT TO:{path}").code, client.command("RCPT TO:<bob@example.net>").code]
        reply = client.data(letter())
    return (replies, reply.code, sorted(sink.take().recipients))


def run(t):
    sink = t.start(Sink())
    daemon = t.start(Mailweir(POLICY, policy_door=None, name="edits"))
    mtas = {"Postfix": t.start(Postfix(sink, milters=[daemon.milter], main=NO_ERROR_LIMIT, name="ed")),
            "Sendmail": t.start(Sendmail(sink, milter=daemon.milter, name="sm-ed"))}
    for kind, mta in mtas.items():
        wrong = []
        for spelling in SPELLINGS + (AT_POSTFIX if kind == "Postfix" else []):
            for domain, left in (("victim.example", ["bob@example.net"]), ("moved.example", ["safe@example.com"])):
                path = spelling.replace("@D@", domain)
                got = recipients(t, mta, sink, path)
                if got != ([250, 250], 250, left):
                    wrong.append(f"{path}: {got}")
        t.equal(wrong, [], f"{kind}: what is discarded or redirected does not arrive")
