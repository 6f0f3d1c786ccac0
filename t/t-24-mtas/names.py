# SPDX-License-Identifier: BSD-2-Clause
"""Display names as people and programs write them, in From, To, Cc and Reply-To, signed, through Sendmail with our
fragment and Sendmail with its own settings, and Postfix: each signature must be good where the message arrives, before
python3-dkim and opendkim-testmsg. What Sendmail quotes, completes or mends it does behind its filters."""
import re

from harness import Sendmail, letter
from signatures import GOOD, SIGN, Keys, by_opendkim, dkim

# Phrases, which stand before an address.
PHRASES = [
    "Alice", "Alice Example", '"Alice Example"', "alice.example", "Pat O'Brien", "\"Pat O'Brien\"", "John Q. Public",
           "Amazon.com",
    "'A B'", "'Single", "A [x] B", "[x]", "[open", "closed]", "A;B", "A; B", "A: B", "A:B", "A@B", "user@example.org",
           "A <B", "A > B",
    "A\\B", "A \\\"B\\\"", "A (comment) B", "A. (comment) B", "A (c.d)", "(c) A.", "A) B", "Dr. med. A. B.", "A.", ".A",
           ".", "...",
    "St. John's", "L'Oreal", "Mr. O'Neil, Jr.", "Public, John Q.", "Smith, John", '"Smith, John"', '"A \\"B\\" C"',
           '"A" B', '"A" B.', 'A "B" C.',
    '"A.B" C', '"A." "B."', '""', '"A" (c) B.', "A & B", "A + B", "A = B", "A/B", "A|B", "A!B", "A#B", "A$B", "$j",
           "${x}", "A%B", "A*B",
    "A?B", "A^B", "A_B", "A`B", "{A}", "~A", "A  B", "A\tB", "1&1", "C++", "50% off!", "No-Reply", "no.reply",
           "*** A ***", "--", "A -- B",
    "Grüße", "Grü.ße", "Müller, Jörg", "À Á Â", "À. Á", "\"À. Á\"", "王小明", "王.小明", "Иван И. Иванов", "👍 A.", "Naïve’s",
           "«A»",
    "=?utf-8?B?w4HDgA==?=", "=?utf-8?Q?O'Brien?=", "=?utf-8?Q?A._B?=", "=?utf-8?Q?A=2E_B?=", "=?utf-8?Q?A,_B?=",
           "=?utf-8?Q?a@b?=",
    "=?iso-8859-1?Q?J=F6rg?= M.", "A. =?utf-8?Q?=C3=81?= B.", "=?utf-8?Q?a?= =?utf-8?Q?b.c?=", "\"=?utf-8?Q?a.b?=\"",
           "=?utf-8?Q?open.",
    "x" * 100, "x" * 180 + ".", "x" * 250, "'" * 20, '"' + "a.b " * 40 + '"',
]
# Whole items; A is the address.
ITEMS = [
    "A", "<A>", "< A >", "a @ example.com", "<a @ example.com>", "X <a . b@example.com>", "a(c)@example.com",
         "X <a(c)@example.com>", "A (c)",
    "A(c)", "(c)A", "(c) A (d)", "A (c.d, e)", "A (c (d))", "<<A>>", "X <<A>>", "X. <<A>>", "X <A", "<A", "A>",
         "X <A>>", "X<A>", "X.<A>",
    "X <A> (c)", "X. <A> (c)", "X <A>;", "A;", "A,", ",A", "A,,A", "A , A", "A;A", "X <A>; Y <A>", "X. <A>,Y <A>",
         "X <A> Y <A>", "<@r.example:A>",
    "X <a@example.com.>", "a@example.com.", "bob, A", "X <bob>, A", "\"a b\"@example.com", "X <\"a b\"@example.com>",
         "X <\"a@b\"@example.com>",
    "o'brien@example.com", "X. <o'brien@example.com>", "a+b=c/d@example.com", "a%b@example.com", "X <a@[192.0.2.1]>, A",
         "a@localhost, A",
    "Team: A, X. <A>;", "Pat's: A;", "Team:A;, X. <A>", "Team: ;, A", "X <mailto:A>", "A, undisclosed-recipients:;",
         "a..b@example.com", "A,\r\n\tX. <A>",
    "X.\r\n <A>", "\"X,\r\n Y\" <A>",
]

# Postfix takes the first for an address of its own before we see it: From has no key then. opendkim-testmsg reads no
# From like the second.
ODD = {"[open <alice@example.com>", 'A \\"B\\" <alice@example.com>'}


def values():
    """Each with an address of example.com in it, by which From is signed."""
    return [f"{phrase} <alice@example.com>" for phrase in PHRASES] + [re.sub(r"\bA\b", "alice@example.com", item)
                                                                      for item in ITEMS]


def fields(value):
    raw = letter(without=("From", "To"))
    return "".join(f"{name}: {value}\r\n" for name in ("From", "To", "Cc", "Reply-To")).encode() + raw


def run(t, bed, mtas):
    if dkim is None:
        t.skip("names", "python3-dkim or python3-nacl is not installed")
        return
    keys = Keys(bed)
    bed.policy(keys.toml + SIGN)
    table = values()
    t.ok(len(table) >= 150, f"{len(table)} names and forms of addresses")
    doors = {mta.kind: mta.client for mta in mtas}
    if "sendmail" in doors:
        kind, _, rest = bed.daemon.milter.partition(":")
        host, _, port = rest.rpartition(":")
        where = bed.daemon.milter if kind == "unix" else f"inet:{port}@{host}"
        bare = t.start(Sendmail(bed.sink, name="bare",
                                mc=f"INPUT_MAIL_FILTER(`mailweir', `S={where}, F=T, T=C:30s;S:30s;R:30s;E:5m')dnl\n"
                                                          "FEATURE(`nocanonify')dnl"))
        doors["sendmail with its own settings"] = bare.client
    for number, (kind, client) in enumerate(doors.items()):
        mails, wrong = {}, {}
        with client() as session:
            session.ehlo()
            for index, value in enumerate(table):
                reply = session.message("a@example.com", ["bob@example.net"], fields(value))
                if reply.code != 250:
                    wrong[value] = reply.code
                    continue
                mails[f"m{index}"] = mail = bed.sink.take()
                verdicts = keys.verdicts(mail)
                if verdicts != GOOD:
                    wrong[value] = verdicts, mail.header("To")
        if kind == "postfix":
            t.equal(wrong.pop("[open <alice@example.com>", ({},))[0], {},
                    "postfix: what it takes for its own address is not signed")
            mails = {name: mail for name, mail in mails.items() if table[int(name[1:])] not in ODD}
        t.equal(wrong, {}, f"{kind}: RSA and Ed25519 are good at the sink for {len(table)} names")
        found = by_opendkim(t, keys, mails, f"opendkim-names-{number}")
        if found is None:
            t.skip("opendkim-testmsg", "it or a network name space is not to be had")
            continue
        wrong = {table[int(name[1:])]: found.get(name) for name in mails if found.get(name) != "good"}
        t.equal(wrong, {}, f"{kind}: opendkim-testmsg says so of {len(mails)}")
