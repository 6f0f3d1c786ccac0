# SPDX-License-Identifier: BSD-2-Clause
"""Which keys sign a message behind Postfix, where they come from, and what becomes of a message that has none."""
import grp
import os
import pwd
import re
import subprocess

from harness import letter
from harness.process import wait_for

from bed import rule
from signing import KINDS, SIGN, Keys, dkim, good


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
    put("KeyTable", f"ours example.com:rsa:{pem['rsa']}", f"all %:ed:{pem['ed']}",
        "gone example.com:rsa:/nowhere/rsa.pem")
    put("SigningTable", "alice@example.com ours:a=b@news.example.com", "bad@example.com gone", "*@example.com all",
        "*@example.org all")
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
    t.equal((verdicts("x@example.net"), bed.lines(event="message")[-1]["not_signed"]), ({}, "no key"),
            "an author without a row")
    t.equal((verdicts("bad@example.com"), bed.lines(event="message")[-1]["not_signed"]), ({}, "its key cannot be used"),
            "a row whose key is gone is not replaced by one further down")
    t.equal(verdicts("x@example.org", addr="198.51.100.7"), {("ed", "example.org"): True},
            "internal_hosts: its mail is outgoing")
    t.equal(verdicts("x@example.org", addr="198.51.100.9"), {}, "but for the one that ! takes out")
    t.equal(bed.wait_line(event="external-author")["from_domain"], "example.org",
            "the log names an outsider with an author of ours")
    put("SigningTable", "*@example.net all")
    t.equal(wait_for(lambda: verdicts("x@example.net"), "the new row to be found", within=5),
            {("ed", "example.net"): True}, "a new row signs, without a reload")


def order(mail):
    """(selector, domain) of the signatures, from the top."""
    return [tuple(re.search(rf"\b{tag}=([^;]+);", value)[1] for tag in "sd")
            for value in mail.headers("DKIM-Signature")]


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
        mail = bed.taken(text=letter(sender=author,
                                     headers=[("Feedback-ID", "c1:m1:esp"),
                                              ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]))
        t.equal((order(mail), keys.verdicts(mail)), (wanted, dict.fromkeys(wanted, True)), what)
        logged = bed.wait_line(event="message")
        t.equal({key: logged.get(key) for key in line}, line, f"{what}: the log")
    t.like(re.sub(r"\s", "", mail.header("DKIM-Signature")),
           r"\bh=[^;]*\bList-Unsubscribe-Post:List-Unsubscribe-Post:[^;]*Feedback-ID:Feedback-ID[:;]",
           "fields that providers add are signed where they are there")
    bed.policy('[dkim]\noversign = "from"\n' + keys.toml + SIGN)
    mail = bed.taken(text=letter(without=("To",)))
    t.equal((keys.verdicts(mail), re.search(r"\bh=([^;]*);", re.sub(r"\s", "", mail.header("DKIM-Signature")))[1]),
            (good(), "From:From:Subject:Date:Message-ID"),
            "oversign = from: the rest is signed as often as it is there")


def without_key(t, bed, keys):
    """[dkim] without_key: what is refused, what is held, and what it is counted as."""
    unknown = letter(sender="a@nokey.example")
    own = 'without_key_reply = "554 5.7.0 {from_domain} has no key, ask us (ref {id})"\n'
    bed.mark()
    for what, dkim_keys, wanted in [
            ("continue", 'without_key = "continue"\n', "^250 "),
            ("defer", 'without_key = "defer"\n',
             r"^451 4\.7\.0 mail from nokey\.example cannot be signed: no key \(ref \w+\)"),
            ("reject", 'without_key = "reject"\n', r"^550 5\.7\.1 mail from nokey\.example cannot be signed: no key"),
            ("reject, in words of one's own", 'without_key = "reject"\n' + own,
             r"^554 5\.7\.0 nokey\.example has no key, ask us \(ref \w+\)")]:
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
    t.ok(wait_for(lambda: bed.lines(event="message", outcome="held"), "local mail to be held", within=10),
         "defer: local mail is held")
    bed.postfix.drop_all()
    t.equal(bed.sink.left(), [], "and does not leave unsigned")


def chosen(t, bed, keys):
    """sign = { domain, selector }: a domain of mail must be aligned with From, one of the policy need not."""
    tables = ('[maps]\nselectors = { "example.com" = "ed", "example.org" = "rsa, ed", "pf.test" = "none" '
              '}\n[facts]\ncustomer = { map = "customers", key = "sender" }\n')
    tables = tables.replace("[facts]",
                            '[maps.customers]\n"a@example.com" = "example.com"\n"b@example.com" = '
                            '"example.org"\n[facts]')
    for what, sign, sender, author, wanted, why in [
            ("a selector by map", '{ domain = "{from_domain}", selector = "map:selectors" }', "a@example.com",
             "a@example.com", [("ed", "example.com")], None),
            ("several by map", '{ selector = "map:selectors" }', "a@example.com", "a@example.org",
             [("rsa", "example.org"), ("ed", "example.org")], None),
            ("a selector without a key", '{ selector = "map:selectors" }', "a@example.com", "a@pf.test", [],
             "no key none._domainkey.pf.test"),
            ("a selector by name", '{ selector = "rsa" }', "a@example.com", "a@example.com", [("rsa", "example.com")],
             None),
            ("the customer's domain", '{ domain = "{customer}", selector = "ed" }', "a@example.com", "a@example.com",
             [("ed", "example.com")], None),
            ("the customer's domain, From below it", '{ domain = "{customer}", selector = "ed" }', "a@example.com",
             "a@sub.example.com", [("ed", "example.com")], None),
            ("another customer's domain in From", '{ domain = "{customer}", selector = "ed" }', "b@example.com",
             "a@example.com", [], "example.org is not aligned with From"),
            ("no customer", '{ domain = "{customer}" }', "c@example.com", "a@example.com", [],
             "the rule names no domain"),
            ("a domain that the policy names", '{ domain = "pf.test", selector = "ed" }', "a@example.com",
             "a@example.com", [("ed", "pf.test")], None)]:
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
            ("others can read it", ["chmod", "644", path], ["chmod", "600", path],
             "mode 0644: others can read this key"),
            ("its user cannot read it", ["chown", "root", path], ["chown", "nobody", path],
             "user nobody (uid 65534) may not read it"),
            ("another user owns it", ["sh", "-c", f"chown daemon:nogroup {path}; chmod 640 {path}"],
             ["sh", "-c", f"chown nobody {path}; chmod 600 {path}"], "is neither root nor nobody"),
            ("it is gone", ["mv", path, path + ".away"], ["mv", path + ".away", path], "no such file")]:
        subprocess.run(spoil, check=True)
        bed.mark()
        bed.policy(keys.toml + bad + SIGN)
        t.equal(len(bed.lines(event="dkim-key")), 1, f"{what}: one line")
        t.like(bed.lines(event="dkim-key")[0]["reason"],
               rf"mailweir\.toml:\d+:8: dkim\.key\.file: \S+open\.pem: .*{re.escape(why)}", f"{what}: says why")
        t.equal((of("a@bad.example"), of("a@example.com")), (({}, "its key cannot be used"), (good(), None)),
                f"{what}: its domain is unsigned, others are not")
        subprocess.run(mend, check=True)
    t.equal(len(bed.daemon.lines(event="reload-failed")), before, "no reload has failed")
    t.like(bed.daemon.metrics(), r"(?m)^mailweir_bad_keys_total [4-9]", "each was counted")
    bed.policy(keys.toml + bad + SIGN)
    t.equal(of("a@bad.example"), ({("rsa", "bad.example"): True}, None), "mended, it signs after a reload")
    os.chmod(path, 0o644)
    bed.policy('[dkim]\nwithout_key = "reject"\n' + keys.toml + bad + SIGN)
    t.like(bed.send(text=letter(sender="a@bad.example")),
           r"^451 4\.7\.0 mail from bad\.example cannot be signed: its key cannot be used",
           "without_key = reject: a key to be mended defers")
    bed.daemon.reload("[dkim]\nstrict = true\n" + keys.toml + bad + SIGN)
    t.equal(len(bed.daemon.lines(event="reload-failed")), before + 1, "strict: the reload is refused")


def why_unsigned(t, bed, keys):
    """Each message's line has the From domain, and why outgoing mail is not signed."""
    bed.policy(keys.toml + rule("only-alice", "end-of-message", when='{ sasl_username = "alice@example.com" }',
                                sign="true"))
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
            f"{bad}: mode 0644: others can read this key; run: chgrp {group} {bad} && chmod 640 {bad}",
            "a key that others can read is named")
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
        t.skip("who signs", "python3-dkim or python3-nacl is not installed")
        return
    keys = Keys(bed)
    for case in (who_else_signs, without_key, chosen, bad_key_in_policy, why_unsigned, by_place, by_tables):
        case(t, bed, keys)
