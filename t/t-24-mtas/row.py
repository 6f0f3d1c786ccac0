# SPDX-License-Identifier: BSD-2-Clause
"""A row of the table, and the one loop that runs it at an MTA.

A dialogue is lines, one step each:

    > MAIL FROM:<a@example.com>     a command is sent; \\r \\n \\xHH are bytes; several go in one write with
                                    " | " between
    < 250 2\\.1\\.0                   a reply comes: "code text", its lines joined by "\\n", matches at its start
    letter                          the row's message is sent after DATA's 354
    tls | tls server | tls stranger
                                    STARTTLS | with a certificate of ours: the server's own, which it knows |
                                    an unknown one
    login NAME PASSWORD             AUTH PLAIN
    gone | closed                   we vanish with a reset | the server hangs up
    # a remark

A step with "postfix:" or "sendmail:" before it is for that MTA. The connection's greeting and EHLO are read beforehand,
unless the dialogue begins with a reply."""
import re
from dataclasses import dataclass, field

from harness import letter
from harness.smtp import stuffed

INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.2"   # what the policy's mynetworks has, and what it has not

MESSAGE = """> MAIL FROM:<a@example.com>
< 250
> RCPT TO:<bob@example.net>
< 250
> DATA
< 354
letter
"""
TAKEN = MESSAGE + "< 250 2.0.0"


@dataclass
class Row:
    """`sink`: what arrives, in any order: each {"sender", "recipients", "body", "helo", or a header's name: its value,
    a list of its
    values, or a pattern}. `log`: lines that must stand in Mailweir's log, each {field: text or pattern}. `held`: how
    many messages the MTA keeps aside. `postfix`, `sendmail`: {field of this row: what it is there}."""
    name: str
    policy: str
    dialogue: str = TAKEN
    sink: list = field(default_factory=lambda: [{}])
    log: list = field(default_factory=list)
    held: int = 0
    letter: bytes = field(default_factory=letter)
    client: str = INSIDE
    service: str = None
    postfix: dict = field(default_factory=dict)
    sendmail: dict = field(default_factory=dict)

    def at(self, mta):
        return {**{name: getattr(self, name)
                   for name in ("dialogue", "sink", "log", "held", "letter", "client", "service")},
                **getattr(self, mta)}


def rule(name, at, **keys):
    """A [[rule]] as TOML text; values are TOML."""
    return f'[[rule]]\nname = "{name}"\nat = "{at}"\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


def run_table(t, bed, mtas, rows):
    for row in rows:
        bed.policy(row.policy.replace("@SINK@", str(bed.sink.port)))
        for mta in mtas:
            run(t, bed, mta, row)


def run(t, bed, mta, row):
    """One test point: [] or what went wrong."""
    wanted = row.at(mta.kind)
    bed.mark()
    client = mta.client(wanted["service"], source=wanted["client"], greeting=False)
    wrong = Player(client, mta, wanted["letter"], bed.stranger).play(wanted["dialogue"])
    client.close()
    arrived = bed.arrived(mta, len(wanted["sink"]))
    if len(arrived) != len(wanted["sink"]):
        wrong.append(f"{len(arrived)} messages arrived, not {len(wanted['sink'])}: "
                     f"{[mail.recipients for mail in arrived]}")
    for one in wanted["sink"]:
        told = [misfits(mail, one) for mail in arrived]
        if told and [] not in told:
            wrong.append(f"no message that arrived is {one}: {told}\n{arrived[0].data.decode(errors='replace')}")
    for line in wanted["log"]:
        if not bed.has_line(line):
            wrong.append(f"no log line {line}; there are {bed.lines()}")
    held = mta.held()
    if len(held) != wanted["held"]:
        wrong.append(f"{len(held)} messages are held, not {wanted['held']}")
    if held:
        mta.drop_all()
    t.ok(not wrong, f"{mta.kind}: {row.name}", "\n".join(wrong))


def misfits(mail, wanted):
    got = {"sender": mail.sender, "recipients": sorted(mail.recipients), "body": mail.body, "helo": mail.helo}
    wrong = []
    for name, value in wanted.items():
        if name in got:
            have = got[name]
            value = sorted(value) if name == "recipients" else value
        else:
            have = mail.headers(name)
            if not isinstance(value, list):
                have = have[0] if have else None
        if not fits(have, value):
            wrong.append(f"{name} is {have!r}")
    return wrong


def fits(have, wanted):
    return bool(wanted.search(have or "")) if isinstance(wanted, re.Pattern) else have == wanted


class Player:
    def __init__(self, client, mta, letter, stranger):
        self.client, self.kind, self.letter = client, mta.kind, letter
        self.certificates = {"server": mta.server.certificate, "stranger": stranger}

    def play(self, dialogue):
        lines = [line.strip() for line in dialogue.splitlines()]
        if not re.match(r"((postfix|sendmail): *)?<",
                        next(line for line in lines if line and not line.startswith("#"))):
            lines = ["< 220", "> EHLO client.test", "< 250", *lines]
        for line in lines:
            for kind in ("postfix", "sendmail"):
                if line.startswith(kind + ":"):
                    line = line[len(kind) + 1:].strip() if kind == self.kind else ""
            if not line or line.startswith("#"):
                continue
            wrong = self.step(line)
            if wrong:
                return [f"{line}: {wrong}"]
        return []

    def step(self, line):
        verb, _, rest = line.partition(" ")
        try:
            if verb == ">":
                self.client.send(b"".join(as_sent(part) + b"\r\n" for part in rest.split(" | ")))
            elif verb == "<":
                reply = self.client.read()
                got = f"{reply.code} {reply.text}"
                return None if re.match(rest, got) else f"the reply was {got!r}"
            elif verb == "letter":
                self.client.send(stuffed(self.letter) + b".\r\n")
            elif verb == "tls":
                self.client.starttls(self.certificates.get(rest)).ehlo()
            elif verb == "login":
                reply = self.client.auth_plain(*rest.split())
                return None if reply.code == 235 else f"the reply was {reply}"
            elif verb == "gone":
                self.client.abort()
            elif verb == "closed":
                return f"there is more: {self.client.read()}"
            else:
                raise ValueError(f"not a step: {line!r}")
        except ConnectionError as error:
            return None if verb == "closed" else str(error)
        return None


def as_sent(text):
    plain = re.sub(r"\\(r|n|x[0-9a-f]{2})",
                   lambda found: {"r": "\r", "n": "\n"}.get(found[1]) or chr(int(found[1][1:], 16)), text)
    return plain.encode("latin-1") if plain != text else text.encode()


__all__ = ["INSIDE", "MESSAGE", "OUTSIDE", "Row", "TAKEN", "letter", "rule", "run_table"]
