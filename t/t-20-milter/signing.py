# SPDX-License-Identifier: BSD-2-Clause
"""Signatures as they come out of Postfix, before python3-dkim: every key signs, over the message as it leaves."""
import base64
import os
import re
import subprocess

from harness import letter
from harness.process import seconds

from bed import rule

try:
    import dkim
    import nacl  # noqa: F401 (python3-dkim wants it for Ed25519)
except ImportError:
    dkim = None

DOMAINS = ("example.com", "pf.test", "example.org")
KINDS = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "ed": ["-algorithm", "ed25519"]}
SIGN = rule("sign", "end-of-message", sign="true")


class Keys:
    """The same RSA and Ed25519 key for each domain. `toml` is their part of a policy."""

    def __init__(self, bed):
        directory = os.path.join(bed.daemon.directory, "keys")
        os.makedirs(directory, exist_ok=True)
        self.records = {}
        for kind, words in KINDS.items():
            path = os.path.join(directory, kind + ".pem")
            subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True,
                           timeout=seconds(60))
            subprocess.run(["chown", "nobody", path], check=True)
            os.chmod(path, 0o600)
            public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                                    capture_output=True, timeout=seconds(10)).stdout
            # RFC 6376 3.6.1: SubjectPublicKeyInfo; RFC 8463 4: the 32 bytes of the key at its end
            key = base64.b64encode(public if kind == "rsa" else public[-32:]).decode()
            self.records[kind] = f"v=DKIM1; k={'rsa' if kind == 'rsa' else 'ed25519'}; p={key}"
        self.toml = "".join(f'[[dkim.key]]\ndomain = "{domain}"\nselector = "{kind}"\nfile = "keys/{kind}.pem"\n'
                            for domain in DOMAINS for kind in KINDS)

    def verdicts(self, mail):
        """{(selector, domain): whether its signature is good} of a Mail."""
        result = {}
        for number, value in enumerate(mail.headers("DKIM-Signature")):
            tags = dict(re.findall(r"\b(\w+)=([^;]*)", re.sub(r"\s", "", value)))
            try:
                good = dkim.DKIM(mail.data).verify(idx=number, dnsfunc=self._record)
            except dkim.DKIMException as why:
                good = str(why)
            result[(tags["s"], tags["d"])] = good
        return result

    def _record(self, name, timeout=5):
        return self.records[name.decode().split(".")[0]].encode()


def good(domain="example.com"):
    return {(kind, domain): True for kind in KINDS}


FOLDED = [("Received", "from a.example by b.example;\r\n\tMon, 05 Jan 2026 09:59:00 +0000"),
          ("X-Folded", "one\r\n two\r\n\t\tthree"), ("Cc", "<c@example.net>,\r\n <d@example.net>"),
          ("Mime-Version", "1.0"), ("Content-Type", "text/plain;\r\n\tcharset=utf-8"),
          ("Content-Transfer-Encoding", "8bit")]

MESSAGES = {
    "plain": letter(),
    "folded headers": letter(subject="a long\r\n subject \r\n\tof three lines", headers=FOLDED),
    "8-bit": letter(subject="Grüße", headers=FOLDED[3:], body="bücher ".encode() * 3 + b"\xff\xfe\x80\r\nna\xefve\r\n"),
    "empty body": letter(body=""),
    "only empty lines": letter(body="\r\n" * 7),
    "empty lines at the end": letter(body="\r\n\r\na\r\n\r\nb\r\n \r\n\r\n\r\n"),
    "dot lines": letter(body=".\r\n..\r\n.a\r\n \r\n.\r\n"),
    "runs of blanks": letter(body="  a   b\t\tc \t d   \r\n\te\t\r\n f\r\n"),
    "two Subjects": letter(headers=[("Subject", "another")]),
    "no Date, no Message-ID": letter(without=("Date", "Message-ID")),
    "another's signature": letter(headers=[("List-Id", "<l.example.com>"), ("Sender", "<s@example.com>")]),
    "lines of 900": letter(subject="x" * 900, body="y" * 900 + "\r\n" + "z " * 450 + "\r\n"),
    "no header": b"just text\r\nand more\r\n",
    "nothing at all": b"",
    "a line that is no header": letter(headers=[("Sender", "<s@example.com>\r\nthis is no header")]),
    "NUL and bare CR": letter(subject="a\0b\rc", body="a\0b\rc\r\r\n\0\r\n\r"),
    "a blank before the colon": letter(headers=[("Cc ", "<c@example.net>"), ("Reply-To\t", "<r@example.com>")]),
    "no blank after the colon": letter().replace(b": ", b":"),
    "blanks and nothing": letter(subject=" \t ", headers=[("Cc", ""),
                                                          ("In-Reply-To", "\r\n <1@test>"),
                                                          ("References", "a\r\n \r\n b")]),
    "10 MB": letter(body=("word " * 12 + "\r\n.dot\t \r\n") * 147000),
}


def messages(t, bed, keys):
    for canon in ("relaxed/relaxed", "relaxed/simple", "simple/simple"):
        bed.policy(f'[dkim]\ncanonicalization = "{canon}"\n' + keys.toml + SIGN)
        for what, text in MESSAGES.items():
            if what == "10 MB" and canon != "relaxed/relaxed":
                continue
            mail = bed.taken(text=text)
            t.equal(keys.verdicts(mail), good(), f"{canon}: {what}")
            if what == "no Date, no Message-ID":
                t.equal((len(mail.headers("Date")), len(mail.headers("Message-Id"))), (1, 1), "Postfix added both")
                t.like(mail.header("DKIM-Signature"), r"\bh=[^;]*\bDate:[^;]*\bMessage-ID:", "and they are signed")
        with bed.client() as client:
            client.envelope("alice@example.com", ["bob@example.net"])
            client.bdat(letter(body="line\r\nthe end, without a line end"), chunk=100)
        t.equal(keys.verdicts(bed.sink.take()), good(), f"{canon}: no line end at the end")
    bed.policy(keys.toml + SIGN)
    mail = bed.taken(text=MESSAGES["plain"])
    mail.data = mail.data.replace(b"short", b"shirt")
    t.equal([verdict is True for verdict in keys.verdicts(mail).values()], [False, False],
            "a changed body is noticed: these checks can fail")


def edits(t, bed, keys):
    bed.policy(keys.toml
               + rule("e-edit", "end-of-message", remove_headers='["X-Originating-*", "Sender"]',
                      add_headers='{ X-Added = "{id}", List-Id = "<list.example.com>" }',
                      replace_header='{ Subject = "[list] {header.subject}" }')
               + SIGN + rule("e-after", "end-of-message", remove_headers='"Reply-To"'))
    mail = bed.taken(text=letter(headers=[("X-Originating-IP", "192.0.2.1"), ("Sender", "<s@example.com>"),
                                          ("Reply-To", "<r@example.com>")]))
    t.equal(keys.verdicts(mail), good(), "signed as it leaves: after all edits, those of later rules too")
    t.equal((mail.header("Subject"), mail.headers("Sender"), mail.headers("Reply-To"), mail.header("List-Id")),
            ("[list] hello", [], [], "<list.example.com>"), "the edits are there")
    t.equal([name for name, _ in mail.fields][:3], ["DKIM-Signature", "DKIM-Signature", "Received"],
            "the signatures stand on top")


def who_is_signed(t, bed, keys):
    bed.policy(keys.toml + SIGN)
    bed.mark()
    rows = [
        ("outgoing, by address", {}, "alice@example.com", "a@example.com", good()),
        ("outgoing, by login", {"login": "alice@example.com"}, "alice@example.com", "a@example.com", good()),
        ("incoming", {"addr": "198.51.100.7"}, "alice@example.com", "a@example.com", {}),
        ("a From without a key", {}, "alice@example.com", "a@example.net", {}),
        ("From decides, not the sender", {}, "a@example.net", "alice@Example.ORG", good("example.org")),
        ("several authors, one domain with keys", {}, "alice@example.com", "x@no.example>, <b@example.org",
         good("example.org")),
        ("several authors, each domain's keys", {}, "alice@example.com",
         "b@example.org>, <x@no.example>, Team: <a@example.com>, <c@example.org>;, <d@example.com",
         {**good("example.org"), **good("example.com")}),
        ("a subdomain has no key", {}, "alice@example.com", "a@sub.example.com", {}),
    ]
    for what, client, sender, author, wanted in rows:
        mail = bed.taken(sender, text=letter(sender=author), **client)
        t.equal(keys.verdicts(mail), wanted, f"{what}: {'signed' if wanted else 'not signed'}")
    t.equal(bed.lines(event="message")[0].get("signed"), "rsa._domainkey.example.com,ed._domainkey.example.com",
            "the log tells the keys")
    bed.policy(keys.toml + rule("named", "end-of-message", sign='["example.org"]'))
    t.equal(keys.verdicts(bed.taken()), good("example.org"), "a rule may name the domain")


def several_from(t, bed, keys):
    """No RFC 5322 message, so no signature; a rule that leaves one From field makes it one."""
    two = letter(headers=[("From", "<b@example.org>")])
    for what, sign in (("its domains", SIGN),
                       ("a named domain", rule("named", "end-of-message", sign='["example.org"]'))):
        bed.policy(keys.toml + sign)
        bed.mark()
        t.equal(keys.verdicts(bed.taken(text=two)), {}, f"two From fields: no signature of {what}")
        t.equal(bed.wait_line(event="not-signed")["reason"], "it has several From fields", "and the log says why")
    bed.policy(keys.toml + rule("one", "end-of-message", replace_header='{ From = "<a@example.com>" }') + SIGN)
    mail = bed.taken(text=two)
    t.equal((keys.verdicts(mail), mail.headers("From")), (good(), ["<a@example.com>"]),
            "a rule that makes one of them: signed")
    bed.policy(keys.toml + rule("other", "end-of-message", replace_header='{ From = "<a@example.org>" }') + SIGN)
    t.equal(keys.verdicts(bed.taken(text=letter(sender="a@example.net"))), good("example.org"),
            "an author whom a rule has put in: signed as the message leaves")


def many_authors(t, bed, keys):
    more = "".join(f'[[dkim.key]]\ndomain = "d{n}.example.com"\nselector = "ed"\nfile = "keys/ed.pem"\n'
                   for n in range(40))
    below = keys.toml.replace('domain = "example.org"\n', 'domain = "example.org"\nsubdomains = true\n')
    bed.policy(below + more + SIGN)
    mail = bed.taken(text=letter(sender=">, <".join(f"a@d{n}.example.com" for n in range(40))))
    t.equal(keys.verdicts(mail), {("ed", f"d{n}.example.com"): True for n in range(16)},
            "40 authors, 40 domains: 16 signatures")
    mail = bed.taken(text=letter(sender="a@x.example.org>, <b@y.example.org>, <c@example.org"))
    t.equal((len(mail.headers("DKIM-Signature")), keys.verdicts(mail)), (2, good("example.org")),
            "a key that authors share signs once")


def run(t, bed):
    if dkim is None:
        t.skip("signatures", "python3-dkim or python3-nacl is not installed")
        return
    keys = Keys(bed)
    for case in (messages, edits, who_is_signed, several_from, many_authors):
        case(t, bed, keys)
