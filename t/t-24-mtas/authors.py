# SPDX-License-Identifier: BSD-2-Clause
"""Authors as strangers write them: each address that stands in From where the message arrives must be among those
that rules judge. Postfix rewrites the field before its filters, Sendmail behind them
(t/unit/mail/sendmail_author_test.cc has what it writes)."""
import re

from facts import show
from harness import letter
from row import INSIDE, OUTSIDE

VICTIM, EVE = "ceo@victim.example", "eve@evil.example"
VALUES = [
    # words beside addresses, in groups, with comments
    "ceo", f"ceo, {EVE}", f"{EVE}, ceo", f"{EVE},, ceo", "a,b,c,d@e.example", f"Boss <ceo>, {EVE}",
    f"Eve <{EVE}>,ceo", f"Eve <{EVE}> <ceo>",
    f"<ceo, {EVE}>", f"<@x.example:ceo>, {EVE}", f"ceo <{EVE}>", f"<{EVE}> ceo", f"Public, John Q. <{EVE}>",
    f'"ceo", {EVE}', f"\\ceo, {EVE}",
    f"!ceo, {EVE}", f"ceo (x), {EVE}", f"ceo(x), {EVE}", f"(ceo), {EVE}", f"Team: ceo, {EVE};",
    f"Team: ceo;, {EVE}", f"x:ceo, {EVE}",
    "ceo@victim,example", "ceo@victim:example", "Team: ; ceo", "a b@c.example d;, e", f"=?utf-8?Q?ceo?=, {EVE}",
    "=?utf-8?q?a?= =?utf-8?q?b?=",
    # several words
    "Pat ceo", f"Pat ceo, {EVE}", "a b, c@d.example", f"<Pat ceo>, {EVE}", f"Pat (c) ceo, {EVE}",
    f"Team: Pat ceo, {EVE};", "ceo +x",
    # blanks and strays within an address
    "ceo@victim example", "ceo@victim(x)example", "Boss <ceo@victim example>", "Pat ceo@victim example",
    f"ceo {EVE}", f"{EVE} ceo", "a@b c@d",
    "ceo@vict>im.example", "ceo@vict> im.example", "ceo@vict)im.example", f">{VICTIM}", f"ceo>, {EVE}",
    "<ceo@vict<im.example>",
    # ! and %, names of the host itself
    f"victim!ceo, {EVE}", "victim.example!ceo", "victim.example !ceo", "victim example!ceo",
    "a!victim.example!ceo", "ceo%victim.example",
    "ceo %victim.example", "ceo%victim example", "ceo@localhost", f"Boss <ceo@localhost>, {EVE}",
    "ceo@localhost.test", "ceo@ [127.0.0.1]",
    "ceo%localhost", "localhost!ceo",
    # nothing, or no author
    None, "", " ", "(ceo)", "<>", "Mail System <>", "undisclosed-recipients:;",
]


def message(author):
    field = b"" if author is None else f"From: {author}\r\n".encode()
    return field + letter(without=("From",))


def authors(text):
    """The addresses that a reader finds in an address field: names and comments are not among them."""
    text = re.sub(r"\([^()]*\)", " ", text)
    text = re.sub(r'"[^"]*"\s*<', "<", text)
    return {plain(found) for found in re.findall(r'(?:"[^"]*"|[^\s<>,;:()"])+@[^\s<>,;:()"]+', text)}


def plain(text):
    return text.replace('"', "").replace("\\", "").lower()


def run(t, bed, mtas):
    bed.policy(show("end-of-message", "from"))
    # Of a client from outside Postfix rewrites nothing.
    for mta, client in [(mta, client) for mta in mtas for client in (INSIDE, OUTSIDE)]:
        if mta.kind == "sendmail" and client == OUTSIDE:
            continue
        wrong, found = {}, set()
        with mta.client(source=client) as session:
            session.ehlo()
            for author in VALUES:
                reply = session.message(VICTIM, ["bob@example.net"], message(author))
                if reply.code != 250:
                    wrong[author] = reply
                    continue
                mail = bed.sink.take()
                left = {one for value in mail.headers("From") for one in authors(value)}
                judged = mail.header("X-End-Of-Message")
                missing = [one for one in left if one not in plain(judged)]
                if missing:
                    wrong[author] = missing, judged, mail.headers("From")
                found |= left
        t.equal(wrong, {}, f"{mta.kind}: the authors that leave are judged, {len(VALUES)} forms of From by {client}")
        t.ok({VICTIM, EVE} <= found, f"{mta.kind}: {len(found)} different authors left")
