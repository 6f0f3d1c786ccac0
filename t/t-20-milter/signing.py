# SPDX-License-Identifier: BSD-2-Clause
"""Signatures as they come out of Postfix, before python3-dkim: every key signs, over the message as it leaves."""
import base64
import grp
import os
import pwd
import re
import subprocess

from harness import letter
from harness.process import seconds, wait_for

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
          ("Mime-Version", "1.0"), ("Content-Type", "text/plain;\r\n\tcharset=utf-8"), ("Content-Transfer-Encoding", "8bit")]

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
                                                          ("In-Reply-To", "\r\n <1@test>"), ("References", "a\r\n \r\n b")]),
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
    """No RFC 5322 message, so nobody's signature; a rule that leaves one From field makes it one."""
    two = letter(headers=[("From", "<b@example.org>")])
    for what, sign in (("its domains", SIGN), ("a named domain", rule("named", "end-of-message", sign='["example.org"]'))):
        bed.policy(keys.toml + sign)
        bed.mark()
        t.equal(keys.verdicts(bed.taken(text=two)), {}, f"two From fields: no signature of {what}")
        t.equal(bed.wait_line(event="not-signed")["reason"], "it has several From fields", "and the log says why")
    bed.policy(keys.toml + rule("one", "end-of-message", replace_header='{ From = "<a@example.com>" }') + SIGN)
    mail = bed.taken(text=two)
    t.equal((keys.verdicts(mail), mail.headers("From")), (good(), ["<a@example.com>"]), "a rule that makes one of them: signed")
    bed.policy(keys.toml + rule("other", "end-of-message", replace_header='{ From = "<a@example.org>" }') + SIGN)
    t.equal(keys.verdicts(bed.taken(text=letter(sender="a@example.net"))), good("example.org"),
            "an author whom a rule has put in: signed as the message leaves")


def many_authors(t, bed, keys):
    more = "".join(f'[[dkim.key]]\ndomain = "d{n}.example.com"\nselector = "ed"\nfile = "keys/ed.pem"\n' for n in range(40))
    below = keys.toml.replace('domain = "example.org"\n', 'domain = "example.org"\nsubdomains = true\n')
    bed.policy(below + more + SIGN)
    mail = bed.taken(text=letter(sender=">, <".join(f"a@d{n}.example.com" for n in range(40))))
    t.equal(keys.verdicts(mail), {("ed", f"d{n}.example.com"): True for n in range(16)},
            "40 authors, 40 domains: 16 signatures")
    mail = bed.taken(text=letter(sender="a@x.example.org>, <b@y.example.org>, <c@example.org"))
    t.equal((len(mail.headers("DKIM-Signature")), keys.verdicts(mail)), (2, good("example.org")),
            "a key that authors share signs once")


def by_tables(t, bed, keys):
    """[dkim] key_table, signing_table: OpenDKIM's files sign, with its choice of row, domain, selector and i=."""
    place = os.path.join(bed.daemon.directory, "opendkim")
    os.makedirs(place)

    def put(name, *rows):
        path = os.path.join(place, name)
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("".join(row + "\n" for row in rows))
        os.rename(path + ".new", path)

    pem = {kind: os.path.join(bed.daemon.directory, "keys", f"{kind}.pem") for kind in KINDS}
    put("KeyTable", f"ours example.com:rsa:{pem['rsa']}", f"all %:ed:{pem['ed']}", "gone example.com:rsa:/nowhere/rsa.pem")
    put("SigningTable", "alice@example.com ours:a=b@news.example.com", "bad@example.com gone", "*@example.com all", "*@example.org all")
    put("hosts", "198.51.100.0/24 # theirs", "!198.51.100.9")
    tables = ('[dkim]\nkey_table = "file:opendkim/KeyTable"\nsigning_table = "refile:opendkim/SigningTable"\n'
              'internal_hosts = "file:opendkim/hosts"\n')
    bed.policy(tables + SIGN)
    bed.mark()

    def verdicts(sender, **client):
        return keys.verdicts(bed.taken(text=letter(sender=sender), **client))

    mail = bed.taken(text=letter(sender="Alice@Example.com"))
    t.equal(keys.verdicts(mail), {("rsa", "example.com"): True}, "an author with a row of his own")
    t.like(mail.header("DKIM-Signature"), r"\bi=a=3Db@news\.example\.com;", "i= is the row's signer, encoded")
    t.equal(verdicts("bob@example.com"), {("ed", "example.com"): True}, "a pattern, and % as the author's domain")
    t.equal(verdicts("x@example.org"), {("ed", "example.org"): True}, "another domain by the same key")
    t.equal((verdicts("x@example.net"), bed.lines(event="message")[-1]["not_signed"]), ({}, "no key"), "an author without a row")
    t.equal((verdicts("bad@example.com"), bed.lines(event="message")[-1]["not_signed"]), ({}, "its key cannot be used"),
            "a row whose key is gone is not replaced by one further down")
    t.equal(verdicts("x@example.org", addr="198.51.100.7"), {("ed", "example.org"): True}, "internal_hosts: its mail is outgoing")
    t.equal(verdicts("x@example.org", addr="198.51.100.9"), {}, "but for the one that ! takes out")
    t.equal(bed.wait_line(event="external-author")["from_domain"], "example.org", "the log names an outsider with an author of ours")
    put("SigningTable", "*@example.net all")
    t.equal(wait_for(lambda: verdicts("x@example.net"), "the new row to be found", within=5), {("ed", "example.net"): True},
            "a new row signs, without a reload")


def order(mail):
    """(selector, domain) of the signatures, from the top."""
    return [tuple(re.search(rf"\b{tag}=([^;]+);", value)[1] for tag in "sd") for value in mail.headers("DKIM-Signature")]


def who_else_signs(t, bed, keys):
    """[dkim] also, without_key and provider: the signatures from the top, each of them good."""
    def of(*domains):
        return [(kind, domain) for domain in domains for kind in KINDS]

    esp = 'without_key = "provider"\nprovider = "pf.test"\n'
    for what, dkim_keys, author, wanted, line in [
            ("also: the author's on top, the provider's below", 'also = ["pf.test"]\n', "a@example.com",
             of("example.com", "pf.test"), {"no_key": None, "not_signed": None}),
            ("also: several, each once", 'also = ["pf.test", "example.org", "example.com"]\n', "a@example.com",
             of("example.com", "pf.test", "example.org"), {"no_key": None}),
            ("also: of an author without a key", 'also = ["pf.test"]\n', "a@nokey.example", of("pf.test"),
             {"from_domain": "nokey.example", "no_key": "nokey.example", "not_signed": None}),
            ("provider: the author has a key", esp, "a@example.com", of("example.com"), {"no_key": None}),
            ("provider: the author has none", esp, "a@nokey.example", of("pf.test"), {"no_key": "nokey.example"}),
            ("provider and also", esp + 'also = ["example.org"]\n', "a@nokey.example", of("pf.test", "example.org"),
             {"no_key": "nokey.example"}),
            ("several authors, and also", 'also = ["pf.test"]\n', "a@example.org>, <b@example.com",
             of("example.org", "example.com", "pf.test"), {"from_domain": "example.org,example.com"})]:
        bed.policy("[dkim]\n" + dkim_keys + keys.toml + SIGN)
        bed.mark()
        mail = bed.taken(text=letter(sender=author, headers=[("Feedback-ID", "c1:m1:esp"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]))
        t.equal((order(mail), keys.verdicts(mail)), (wanted, dict.fromkeys(wanted, True)), what)
        logged = bed.wait_line(event="message")
        t.equal({key: logged.get(key) for key in line}, line, f"{what}: the log")
    t.like(re.sub(r"\s", "", mail.header("DKIM-Signature")), r"\bh=[^;]*\bList-Unsubscribe-Post:List-Unsubscribe-Post:[^;]*Feedback-ID:Feedback-ID[:;]",
           "fields that providers add are signed where they are there")
    bed.policy('[dkim]\noversign = "from"\n' + keys.toml + SIGN)
    mail = bed.taken(text=letter(without=("To",)))
    t.equal((keys.verdicts(mail), re.search(r"\bh=([^;]*);", re.sub(r"\s", "", mail.header("DKIM-Signature")))[1]),
            (good(), "From:From:Subject:Date:Message-ID"), "oversign = from: the rest is signed as often as it is there")


def without_key(t, bed, keys):
    """[dkim] without_key: what is refused, what is held, and what it is counted as."""
    unknown = letter(sender="a@nokey.example")
    own = 'without_key_reply = "554 5.7.0 {from_domain} has no key, ask us (ref {id})"\n'
    bed.mark()
    for what, dkim_keys, wanted in [
            ("continue", 'without_key = "continue"\n', "^250 "),
            ("defer", 'without_key = "defer"\n', r"^451 4\.7\.0 mail from nokey\.example cannot be signed: no key \(ref \w+\)"),
            ("reject", 'without_key = "reject"\n', r"^550 5\.7\.1 mail from nokey\.example cannot be signed: no key"),
            ("reject, in words of one's own", 'without_key = "reject"\n' + own, r"^554 5\.7\.0 nokey\.example has no key, ask us \(ref \w+\)")]:
        bed.policy("[dkim]\n" + dkim_keys + keys.toml + SIGN)
        t.like(bed.send(text=unknown), wanted, f"without_key: {what}")
        t.equal(bed.lines(event="message")[-1].get("not_signed"), "no key", f"{what}: the message's line says why")
        t.like(bed.send(text=letter()), "^250 ", f"{what}: other domains are not touched")
        arrived = [keys.verdicts(bed.sink.take()) for _ in range(2 if what == "continue" else 1)]
        t.equal(sorted(map(len, arrived)), [0, 2] if what == "continue" else [2], f"{what}: and signed")
    t.equal(len(bed.lines(event="not-signed")), 3, "each refusal has its line")
    t.like(bed.daemon.metrics(), r"(?m)^mailweir_refused_no_key_total 3", "and is counted")
    t.like(bed.send(text=unknown, addr="198.51.100.7"), "^250 ", "incoming mail needs no key")
    bed.sink.take()
    bed.policy('[dkim]\nwithout_key = "defer"\n' + keys.toml + SIGN)
    bed.postfix.sendmail(unknown, ["bob@example.net"])
    t.ok(wait_for(lambda: bed.lines(event="message", outcome="held"), "local mail to be held", within=10), "defer: local mail is held")
    bed.postfix.drop_all()
    t.equal(bed.sink.left(), [], "and does not leave unsigned")


def chosen(t, bed, keys):
    """sign = { domain, selector }: a domain of mail must be aligned with From, one of the policy need not."""
    tables = '[maps]\nselectors = { "example.com" = "ed", "example.org" = "rsa, ed", "pf.test" = "none" }\n[facts]\ncustomer = { map = "customers", key = "sender" }\n'
    tables = tables.replace("[facts]", '[maps.customers]\n"a@example.com" = "example.com"\n"b@example.com" = "example.org"\n[facts]')
    for what, sign, sender, author, wanted, why in [
            ("a selector by map", '{ domain = "{from_domain}", selector = "map:selectors" }', "a@example.com", "a@example.com",
             [("ed", "example.com")], None),
            ("several by map", '{ selector = "map:selectors" }', "a@example.com", "a@example.org",
             [("rsa", "example.org"), ("ed", "example.org")], None),
            ("a selector without a key", '{ selector = "map:selectors" }', "a@example.com", "a@pf.test", [],
             "no key none._domainkey.pf.test"),
            ("a selector by name", '{ selector = "rsa" }', "a@example.com", "a@example.com", [("rsa", "example.com")], None),
            ("the customer's domain", '{ domain = "{customer}", selector = "ed" }', "a@example.com", "a@example.com",
             [("ed", "example.com")], None),
            ("the customer's domain, From below it", '{ domain = "{customer}", selector = "ed" }', "a@example.com", "a@sub.example.com",
             [("ed", "example.com")], None),
            ("another customer's domain in From", '{ domain = "{customer}", selector = "ed" }', "b@example.com", "a@example.com", [],
             "example.org is not aligned with From"),
            ("no customer", '{ domain = "{customer}" }', "c@example.com", "a@example.com", [], "the rule names no domain"),
            ("a domain that the policy names", '{ domain = "pf.test", selector = "ed" }', "a@example.com", "a@example.com",
             [("ed", "pf.test")], None)]:
        bed.policy(tables + keys.toml + rule("sign", "end-of-message", sign=sign))
        bed.mark()
        mail = bed.taken(sender, text=letter(sender=author))
        t.equal((order(mail), keys.verdicts(mail), bed.wait_line(event="message").get("not_signed")),
                (wanted, dict.fromkeys(wanted, True), why), f"chosen: {what}")


def bad_key_in_policy(t, bed, keys):
    """A [[dkim.key]] that cannot be used touches its own domain, not the reload; nor is its mail refused for good."""
    path = os.path.join(bed.daemon.directory, "keys", "open.pem")
    subprocess.run(["cp", "-p", os.path.join(bed.daemon.directory, "keys", "rsa.pem"), path], check=True)
    bad = '[[dkim.key]]\ndomain = "bad.example"\nselector = "rsa"\nfile = "keys/open.pem"\n'

    def of(author):
        mail = bed.taken(text=letter(sender=author))
        return keys.verdicts(mail), bed.lines(event="message")[-1].get("not_signed")

    before = len(bed.daemon.lines(event="reload-failed"))
    for what, spoil, mend, why in [
            ("others can read it", ["chmod", "644", path], ["chmod", "600", path], "mode 0644: others can read this key"),
            ("its user cannot read it", ["chown", "root", path], ["chown", "nobody", path], "user nobody (uid 65534) may not read it"),
            ("another user owns it", ["sh", "-c", f"chown daemon:nogroup {path}; chmod 640 {path}"],
             ["sh", "-c", f"chown nobody {path}; chmod 600 {path}"], "is neither root nor nobody"),
            ("it is gone", ["mv", path, path + ".away"], ["mv", path + ".away", path], "no such file")]:
        subprocess.run(spoil, check=True)
        bed.mark()
        bed.policy(keys.toml + bad + SIGN)
        t.equal(len(bed.lines(event="dkim-key")), 1, f"{what}: one line")
        t.like(bed.lines(event="dkim-key")[0]["reason"], rf"mailweir\.toml:\d+:8: dkim\.key\.file: \S+open\.pem: .*{re.escape(why)}", f"{what}: says why")
        t.equal((of("a@bad.example"), of("a@example.com")), (({}, "its key cannot be used"), (good(), None)), f"{what}: its domain is unsigned, others are not")
        subprocess.run(mend, check=True)
    t.equal(len(bed.daemon.lines(event="reload-failed")), before, "no reload has failed")
    t.like(bed.daemon.metrics(), r"(?m)^mailweir_bad_keys_total [4-9]", "each was counted")
    bed.policy(keys.toml + bad + SIGN)
    t.equal(of("a@bad.example"), ({("rsa", "bad.example"): True}, None), "mended, it signs after a reload")
    os.chmod(path, 0o644)
    bed.policy('[dkim]\nwithout_key = "reject"\n' + keys.toml + bad + SIGN)
    t.like(bed.send(text=letter(sender="a@bad.example")), r"^451 4\.7\.0 mail from bad\.example cannot be signed: its key cannot be used",
           "without_key = reject: a key to be mended defers")
    bed.daemon.reload("[dkim]\nstrict = true\n" + keys.toml + bad + SIGN)
    t.equal(len(bed.daemon.lines(event="reload-failed")), before + 1, "strict: the reload is refused")


def why_unsigned(t, bed, keys):
    """Each message's line has the From domain, and why outgoing mail is not signed."""
    bed.policy(keys.toml + rule("only-alice", "end-of-message", when='{ sasl_username = "alice@example.com" }', sign="true"))
    for what, client, author, wanted in [
            ("a rule signs", {"login": "alice@example.com"}, "a@example.com", ("example.com", None)),
            ("no rule's conditions hold", {}, "a@example.org", ("example.org", "no rule signs it")),
            ("incoming", {"addr": "198.51.100.7"}, "a@example.net", ("example.net", None))]:
        bed.mark()
        bed.taken(text=letter(sender=author), **client)
        line = bed.wait_line(event="message")
        t.equal((line.get("from_domain"), line.get("not_signed")), wanted, f"{what}: the message's line")


def by_place(t, bed, keys):
    """[dkim] keys: a key signs as soon as it is there, and no longer than it is; a bad one harms its domain only."""
    place = os.path.join(bed.daemon.directory, "place")
    os.makedirs(place)
    bed.policy(f'[dkim]\nkeys = "dir:{place}"\npropagation = "off"\n' + SIGN)
    bed.mark()

    def put(domain, kind, mode=0o600):
        os.makedirs(os.path.join(place, domain), exist_ok=True)
        hidden, path = (os.path.join(place, domain, name) for name in (f".{kind}", f"{kind}.pem"))
        subprocess.run(["cp", "-p", os.path.join(bed.daemon.directory, "keys", f"{kind}.pem"), hidden], check=True)
        os.chmod(hidden, mode)
        os.rename(hidden, path)
        return path

    def verdicts(domain):
        return keys.verdicts(bed.taken(text=letter(sender="a@" + domain)))

    def count(metric):
        return int(re.search(rf"(?m)^{metric} (\d+)", bed.daemon.metrics())[1])

    counted = count("mailweir_bad_keys_total")
    t.equal(verdicts("example.com"), {}, "no key at its place: not signed")
    t.equal(bed.wait_line(event="message")["not_signed"], "no key", "and the message's line says so")
    paths = [put("example.com", kind) for kind in KINDS]
    t.equal(wait_for(lambda: verdicts("example.com"), "the keys to be found", within=5), good(),
            "keys that are put there sign, without a reload")
    bad = put("example.org", "rsa", 0o644)
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name   # the daemon's
    t.equal(wait_for(lambda: bed.lines(event="dkim-key"), "the bad key to be found",
                     within=5 if verdicts("example.org") == {} else 0)[0]["reason"],
            f"{bad}: mode 0644: others can read this key; run: chgrp {group} {bad} && chmod 640 {bad}", "a key that others can read is named")
    t.equal((verdicts("example.org"), bed.lines(event="message")[-1]["not_signed"]), ({}, "its key cannot be used"),
            "its domain leaves unsigned")
    t.equal(verdicts("example.com"), good(), "others are signed")
    t.equal(len(bed.lines(event="dkim-key")), 1, "it is named once")
    t.equal(count("mailweir_bad_keys_total"), counted + 1, "and counted")
    os.chmod(bad, 0o600)
    t.equal(wait_for(lambda: verdicts("example.org"), "the mended key to be found", within=5),
            {("rsa", "example.org"): True}, "once it is mended it signs")
    os.remove(paths[0])
    t.ok(wait_for(lambda: verdicts("example.com") == {("ed", "example.com"): True}, "the key to be missed", within=5),
         "a key that is gone signs no more")
    made = bed.daemon.ctl("dkim", "keygen", "new.example", "--type", "both", "--selector", "s1", "--user", "nobody")
    t.equal(made.returncode, 0, "mailweirctl dkim keygen makes keys")
    published = bed.daemon.ctl("dkim", "record", "new.example", "--user", "nobody")
    t.equal((published.returncode, published.stdout), (0, made.stdout), "and prints what dkim record prints")
    for line in made.stdout.splitlines():
        keys.records[line.split(".")[0]] = "".join(re.findall(r'"([^"]*)"', line))
    t.equal(wait_for(lambda: verdicts("new.example"), "the new keys to be found", within=5),
            {("s1", "new.example"): True, ("s1e", "new.example"): True}, "and they sign, as its records say")


def run(t, bed):
    if dkim is None:
        t.skip("signatures", "python3-dkim or python3-nacl is not installed")
        return
    keys = Keys(bed)
    for case in (messages, edits, who_is_signed, several_from, many_authors, who_else_signs, without_key, chosen,
                 bad_key_in_policy, why_unsigned, by_place, by_tables):
        case(t, bed, keys)
