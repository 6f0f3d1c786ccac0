# SPDX-License-Identifier: BSD-2-Clause
"""Keys in a directory."""
import json
import os
import re
import stat

from bed import ADDRESSES, Node, RULE, new_key
from harness.process import wait_for

POLICY = '[dkim]\nkeys = "dir:@DIR@/dkim"' + RULE


class Bed(Node):
    def __init__(self, t, names):
        super().__init__(t, POLICY)
        self.publish = names.publish
        self.place = os.path.join(self.daemon.directory, "dkim")
        self.states = os.path.join(self.daemon.directory, "state", "dkim-states.sqlite")


def first_key(t, bed):
    t.equal((bed.signatures(), bed.not_signed()), ({}, "no key"), "a domain without a key is not signed")
    made = bed.ctl("keygen", "example.com", "--selector", "s1")
    t.equal(made.returncode, 0, "dkim keygen makes its first key")
    wait_for(lambda: bed.signatures() == {} and bed.not_signed() == "its key is pending", "the key to be found",
             within=5)
    t.ok(True, "it does not sign, and the message's line says that it is pending")
    missing = " missing, ".join(f"ns{number}.example.com {address}" for number,
                                address in enumerate(ADDRESSES, 1)) + " missing"
    bed.wait_note("example.com", "s1", missing)
    t.ok(True, "no server has its record: dkim list says so")
    letter = t.file("letter", "From: a@example.com\r\n\r\ntext\r\n")
    explained = bed.daemon.ctl("explain", "--login", "alice", "--sender", "a@example.com", "--recipient",
                               "b@example.net", "--message", letter)
    t.like(explained.stdout, r"s1\._domainkey\.example\.com is pending", "explain says why the message leaves unsigned")
    bed.publish(1, "example.com", made.stdout)
    lagging = f"ns2.example.com {ADDRESSES[1]} missing"
    bed.wait_note("example.com", "s1", lagging)
    t.equal((bed.signatures(), bed.listed("example.com")["s1"]["state"]), ({}, "pending"),
            "the second server lags: still pending")
    checked = bed.ctl("check", "example.com", "--resolver", f"{ADDRESSES[0]}:53")
    t.ok(checked.returncode == 1 and lagging in checked.stdout
         and f"ns1.example.com {ADDRESSES[0]} published" in checked.stdout,
         "dkim check names the server that lacks it", checked.stdout + checked.stderr)
    bed.publish(2, "example.com", made.stdout)
    bed.wait_state("s1._domainkey.example.com", "active")
    t.equal(wait_for(bed.signatures, "a signature", within=5), {"s1": True},
            "both have it: it signs, and python3-dkim verifies")
    checked = bed.ctl("check", "example.com", "--resolver", f"{ADDRESSES[0]}:53")
    t.equal((checked.returncode, checked.stdout.split()[0]), (0, "pass"), "dkim check passes")


def rotation(t, bed):
    done = bed.ctl("rotate", "example.com", "--older", "1d")
    t.equal((done.returncode, done.stdout, list(bed.listed("example.com"))), (0, "", ["s1"]),
            "a key that is not old is not rotated")
    done = bed.ctl("rotate", "--all", "--dry-run", "--selector", "s2")
    t.equal((done.returncode, re.sub(r"\(.*?\)", "", done.stdout), list(bed.listed("example.com"))),
            (0, "example.com: s1  -> s2\n", ["s1"]), "--dry-run only prints what would be done")
    made = bed.ctl("rotate", "--all", "--selector", "s2", "--overlap", "2s")
    t.equal((made.returncode, made.stdout), (0, bed.ctl("record", "example.com").stdout.split("\n", 1)[1]),
            "dkim rotate prints the record")
    again = bed.ctl("rotate", "example.com")
    t.ok(again.returncode == 1 and "s2 is pending" in again.stderr, "and not twice", again.stderr)
    wait_for(lambda: bed.signatures() == {"s1": True} and bed.listed("example.com")["s2"]["note"],
             "the new key to be looked for", within=10)
    bed.publish(1, "example.com", made.stdout)
    bed.wait_note("example.com", "s2", f"ns2.example.com {ADDRESSES[1]} missing")
    t.equal(bed.signatures(), {"s1": True}, "the old key signs while the second server lags")
    bed.publish(2, "example.com", made.stdout)
    bed.wait_state("s1._domainkey.example.com", "retiring")
    t.equal(wait_for(lambda: bed.signatures() == {"s2": True}, "the new key to sign", within=5), True,
            "both have it: the new key signs alone")
    bed.wait_state("s1._domainkey.example.com", "removed")
    t.equal(os.listdir(os.path.join(bed.place, "example.com")), ["s2.pem"], "after the overlap the old key is removed")
    done = bed.ctl("retire", "example.com", "s2", "--now")
    t.ok(done.returncode == 1 and "the only key" in done.stderr, "the only key is not retired", done.stderr)


def admin_door(t, bed):
    key = new_key(t, "panel.pem")
    with open(key) as file:
        pem = file.read()
    long, no_key = t.file("long.pem", pem + "#" * 70000), t.file("no.pem", "no key")
    rows = [("/dkim/example.net/p1", no_key, 400, "the body: is not a PEM file (no line"),
            ("/dkim/example.net/p1", long, 413, "the body is longer than 64 KiB"),
            ("/dkim/example.net", key, 404, "/dkim/DOMAIN/SELECTOR"),
            ("/dkim/Example.NET/p1", key, 400, 'the domain "Example.NET" is not'),
            ("/dkim/example.net/a%2Fb", key, 400, 'the selector "a%2Fb" is not'),
            ("/dkim/example.net/..", key, 400, 'the selector ".." is not'),
            ("/dkim/.hidden/p1", key, 400, 'the domain ".hidden" is not')]
    for path, body, status, why in rows:
        # A body is sent once it is wanted: curl that is still sending when the door closes does not read the answer.
        got, text = bed.curl("PUT", path, "--path-as-is", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
                             "--data-binary", f"@{body}")
        t.ok(got == status and why in text and "\n-----BEGIN" not in text,
             f"PUT {path} {os.path.basename(body)}: {status}", f"{got} {text}")
    t.equal(os.listdir(bed.place), ["example.com"], "nothing was written")
    status, text = bed.curl("PUT", "/dkim/example.net/p1", "--data-binary", f"@{key}")
    answer = json.loads(text)
    t.equal((status, answer["state"], answer["key"]), (201, "pending", "p1._domainkey.example.net"),
            "PUT: the key is there, and pending")
    mode = os.stat(answer["file"])
    t.equal((stat.S_IMODE(mode.st_mode), os.listdir(os.path.dirname(answer["file"]))), (0o600, ["p1.pem"]),
            "its file is there, whole")
    t.equal(bed.curl("PUT", "/dkim/example.net/p1", "--data-binary", f"@{key}")[0], 200,
            "PUT again: it is there already")
    other = new_key(t, "other.pem")
    status, text = bed.curl("PUT", "/dkim/example.net/p1", "--data-binary", f"@{other}")
    t.ok(status == 409 and "another key" in text, "another key is not overwritten", text)
    for number in (1, 2):
        bed.publish(number, "example.net", f'p1._domainkey TXT "{answer["record"]}"\n')
    bed.wait_state("p1._domainkey.example.net", "active")
    t.equal(wait_for(lambda: bed.signatures("example.net"), "a signature", within=5), {"p1": True},
            "once it is published it signs")
    status, text = bed.curl("DELETE", "/dkim/example.net/p1")
    t.ok(status == 409 and "?force=1" in text, "DELETE does not take the only key", text)
    t.equal(bed.curl("PUT", "/dkim/example.net/p2", "--data-binary", f"@{other}")[0], 201, "a second key")
    t.equal([bed.curl("DELETE", path)[0]
             for path in ("/dkim/example.net/p2", "/dkim/example.net/p2", "/dkim/example.net/p1?force=1")],
            [200, 404, 200], "DELETE takes a pending one, nothing twice, and the only one with force")
    t.equal([row["key"] for row in bed.daemon.lines(event="dkim-key-deleted")],
            ["p2._domainkey.example.net", "p1._domainkey.example.net"],
            "the log says so")
    t.equal(sorted(os.listdir(bed.place)), ["example.com"], "an empty folder goes too")
    wait_for(lambda: bed.signatures("example.net") == {}, "the key to be missed", within=5)
    t.equal(bed.not_signed(), "no key", "nothing signs any more")


def imports(t, bed):
    good, open_to_all = new_key(t, "od/good.private"), new_key(t, "od/open.private", mode=0o644)
    t.file("od/KeyTable",
           f"good example.org:od1:{good}\nopen open.example:od1:{open_to_all}\nlost lost.example:od1:/nowhere\n"
                          f"mine example.com:s2:{good}\nold old.example:od1:{good}\n")
    t.file("od/SigningTable", "*@example.org good\n*@open.example open\n*@lost.example lost\n*@example.com mine\n")
    config = t.file("od/opendkim.conf",
                    f"KeyTable file:{t.directory}/od/KeyTable\nSigningTable refile:{t.directory}/od/SigningTable\n")
    done = bed.ctl("import", "opendkim", config)
    t.equal((done.returncode, done.stdout),
            (3, f"od1._domainkey.example.org  active  {bed.place}/example.org/od1.pem\n"),
            "import opendkim takes what is good")
    wanted = ["od1._domainkey.open.example: .*others can read this key", "od1._domainkey.lost.example: ",
              "s2._domainkey.example.com: .*already", 'KeyTable:5: the key signs nothing', "1 key taken, 4 left out"]
    t.equal([text for text in wanted if not re.search(text, done.stderr)], [],
            "what is left out is named, with the reason")
    t.ok("PRIVATE" not in done.stdout + done.stderr, "no private key is printed")
    owner = os.stat(os.path.join(bed.place, "example.org", "od1.pem"))
    t.equal((owner.st_uid, stat.S_IMODE(owner.st_mode)), (os.stat(bed.daemon.directory).st_uid, 0o600),
            "the key is the daemon's, mode 0600")
    record = re.search(r'"(v=DKIM1.*)"', bed.ctl("record", "example.org").stdout)[1].encode()
    t.equal(bed.signatures("example.org", lambda name, timeout=5: record), {"od1": True},
            "an imported key signs at once, as it did before")
    new_key(t, "rs/r.example.dkim.key")
    new_key(t, "gk/g.example/mail.private")
    for kind, directory, line in (("rspamd", "rs", "dkim._domainkey.r.example  active"),
                                  ("dir", "gk", "mail._domainkey.g.example  active")):
        done = bed.ctl("import", kind, os.path.join(t.directory, directory))
        t.ok(done.returncode == 0 and done.stdout.startswith(line), f"import {kind}", done.stdout + done.stderr)


def without_propagation(t, bed):
    bed.daemon.reload(POLICY.replace("[dns]", 'propagation = "off"\n[dns]'))
    made = bed.ctl("keygen", "hidden.example", "--selector", "h1", "--type", "ed25519")
    record = re.search(r'"(v=DKIM1.*)"', made.stdout)[1].encode()
    t.equal(wait_for(lambda: bed.signatures("hidden.example", lambda name, timeout=5: record), "a signature", within=5),
            {"h1": True}, 'propagation = "off": a new key signs at once')
    bed.wait_state("h1._domainkey.hidden.example", "active")
    bed.daemon.reload(POLICY)


def damage(t, bed):
    def broken():
        with open(bed.states, "r+b") as file:  # again, if the daemon wrote to it meanwhile
            file.write(b"x" * 4096)
        return bed.daemon.lines(event="dkim-states-failed")

    row = wait_for(broken, "the damage to be seen", within=10)[0]
    t.ok(bed.states in row["reason"], "a damaged file of states is named in the log", row["reason"])
    t.equal(bed.signatures(), {"s2": True}, "keys that were active sign")
    bed.daemon.reload()
    t.equal((bed.signatures(), len(bed.daemon.lines(event="dkim-states-failed"))), ({"s2": True}, 1),
            "after a reload too, and it is one line")
    os.remove(bed.states)
    bed.daemon.wait_line(event="dkim-states-usable")
    t.equal(bed.signatures(), {"s2": True}, "the file is made anew: keys that were there are active")


def run(t, names):
    bed = Bed(t, names)
    os.makedirs(bed.place)
    os.chown(bed.place, os.stat(bed.daemon.directory).st_uid, -1)
    for case in (first_key, rotation, admin_door, imports, without_propagation, damage):
        case(t, bed)
