# SPDX-License-Identifier: BSD-2-Clause
"""Signatures as they come out of each MTA, before two verifiers that are not ours: python3-dkim for all, and
opendkim-testmsg for some. Sendmail writes address fields anew behind its filters, and adds what is missing."""
import base64
import os
import re
import shutil
import subprocess

from harness import letter
from harness.process import seconds
from row import rule

try:
    import dkim
    import nacl  # noqa: F401 (python3-dkim wants it for Ed25519)
except ImportError:
    dkim = None

KINDS = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "ed": ["-algorithm", "ed25519"]}
SIGN = rule("sign", "end-of-message", sign="true")
GOOD = {"rsa": True, "ed": True}
NONE = {}
BROKEN = {"rsa": "body hash mismatch", "ed": "body hash mismatch"}


def with_field(name, value):
    """A letter in which this field is as given, byte for byte."""
    raw = letter(without=(name,))
    return f"{name}: {value}\r\n".encode() + raw


MIME = [("MIME-Version", "1.0"), ("Content-Type", "text/plain;\r\n\tcharset=utf-8"),
        ("Content-Transfer-Encoding", "8bit")]

# what, the letter, what becomes of its signatures: at both, or at each
LETTERS = [
    ("plain", letter(), GOOD),
    ("folded headers", letter(subject="a long\r\n subject \r\n\tof three lines", headers=[
        ("Received", "from a.example by b.example;\r\n\tnow"), ("Cc", "<c@example.net>,\r\n <d@example.net>"), *MIME]),
     GOOD),
    ("8-bit", letter(subject="Grüße", headers=MIME, body="bücher ".encode() * 3 + b"\xff\xfe\x80\r\n"), GOOD),
    ("an empty body", letter(body=""), GOOD),
    ("only empty lines", letter(body="\r\n" * 7), GOOD),
    ("dots and blanks", letter(body=".\r\n..a  b\t \r\n\r\n \r\n\r\n"), GOOD),
    ("a multipart", letter(headers=[("MIME-Version", "1.0"), ("Content-Type", 'multipart/mixed; boundary="b"')],
                           body="--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>\r\n--b--\r\n"), GOOD),
    ("lines of 900", letter(subject="x" * 900, body="y" * 900 + "\r\n"), GOOD),
    ("no Date, no Message-ID", letter(without=("Date", "Message-ID")), GOOD),
    # Postfix puts the sender there before us, Sendmail behind us.
    ("no From", letter(without=("From",)), {"postfix": GOOD, "sendmail": NONE}),
    ("To without blanks", with_field("To", "a@example.net,b@example.net"), GOOD),
    ("To with names and comments", with_field("To",
                                              '"Bob, B." <bob@example.net>,Eve  <eve@example.net>,c@example.net '
                                              '(Carl)'), GOOD),
    ("To over several lines", with_field("To", "a@example.net,\r\n\tb@example.net ,\r\n   c@example.net"), GOOD),
    ("60 in To", with_field("To", ",".join(f"r{number}@example.net" for number in range(60))), GOOD),
    ("empty items in To", with_field("To", "a@example.net,,b@example.net, "), GOOD),
    ("blanks within <>", with_field("To", "Bob <  bob@example.net >"), GOOD),
    ("a group in To", with_field("To", "undisclosed-recipients:;"), GOOD),
    ("two authors", with_field("From", "alice@example.com,carl@example.com"), GOOD),
    ("Reply-To and Sender", letter(headers=[("Reply-To", "<r@example.com>,s@example.com"),
                                            ("Sender", "x@example.com")]), GOOD),
    ("8-bit in To", with_field("To", "Grüße <bob@example.net>"), GOOD),
    ("1 MB", letter(body=("word " * 12 + "\r\n.dot\t \r\n") * 14700), GOOD),
    # Sendmail gives each name without a domain its own; Mailweir does so before.
    ("a name without a domain in To", with_field("To", "bob"), GOOD),
    ("two words for one address in To", with_field("To", "bob builder"), {"postfix": GOOD, "sendmail": NONE}),
    ("a multipart without its last boundary",
     letter(headers=[("MIME-Version", "1.0"), ("Content-Type", 'multipart/mixed; boundary="b"')],
                                                     body="--b\r\n\r\none\r\n"), GOOD),
    # RFC 5322 2.1.1: the next server breaks what is over 998 bytes, at a blank or not.
    ("References on one line", with_field("References",
                                          " ".join(f"<{number}@mail.example.com>" for number in range(60))), GOOD),
    ("List-Unsubscribe on one line", letter(headers=[("List-Unsubscribe", ", ".join(
        f"<https://example.com/unsubscribe/{number}/{'x' * 60}>" for number in range(14)))]), GOOD),
    ("2000 in Subject", letter(subject="word " * 400 + "end"), GOOD),
    ("5000 in Cc", with_field("Cc", ", ".join(f"Name {number} <r{number}@example.net>" for number in range(160))),
     GOOD),
    ("1200 in Subject without a blank", letter(subject="x" * 1200), NONE),
    # A body cannot be folded: the log says so (see told). Postfix breaks the line and the signature; Sendmail's smtp
    # mailer does not.
    ("1200 in the body", letter(body="y" * 1200 + "\r\n"), {"postfix": BROKEN, "sendmail": GOOD}),
    ("1200 in a header that is not signed", letter(headers=[("X-Long", "x" * 1200)]), GOOD),
]


class Keys:
    """An RSA and an Ed25519 key of example.com. `toml` is their part of a policy."""

    def __init__(self, bed):
        self.directory = os.path.join(bed.daemon.directory, "keys")
        os.makedirs(self.directory, exist_ok=True)
        self.records = {}
        for kind, words in KINDS.items():
            path = os.path.join(self.directory, kind + ".pem")
            subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True,
                           timeout=seconds(60))
            subprocess.run(["chown", "nobody", path], check=True)
            os.chmod(path, 0o600)
            public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                                    capture_output=True, timeout=seconds(10)).stdout
            # RFC 6376 3.6.1: SubjectPublicKeyInfo; RFC 8463 4: the 32 bytes of the key at its end
            key = base64.b64encode(public if kind == "rsa" else public[-32:]).decode()
            self.records[kind] = f"v=DKIM1; k={'rsa' if kind == 'rsa' else 'ed25519'}; p={key}"
        self.toml = "".join(f'[[dkim.key]]\ndomain = "example.com"\nselector = "{kind}"\nfile = "keys/{kind}.pem"\n'
                            for kind in KINDS)

    def verdicts(self, mail):
        """{selector: whether its signature is good}."""
        result = {}
        for number, value in enumerate(mail.headers("DKIM-Signature")):
            selector = re.search(r"\bs=(\w+)", value)[1]
            try:
                result[selector] = dkim.DKIM(mail.data).verify(
                    idx=number, dnsfunc=lambda name, timeout=5: self.records[name.decode().split(".")[0]].encode())
            except dkim.DKIMException as why:
                result[selector] = str(why).split(" (", 1)[0]
        return result


JUDGE = """set -e
ip link set lo up
mount --bind "$1/resolv.conf" /etc/resolv.conf
knotd -c "$1/knot.conf" > "$1/knot.log" 2>&1 &
knot=$!
trap 'kill $knot; wait $knot || true' EXIT
tries=0
until kdig @127.0.0.1 +time=1 +retry=0 +short rsa._domainkey.example.com TXT 2>/dev/null | grep -q DKIM1; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || { cat "$1/knot.log" >&2; exit 1; }
done
for mail in "$1"/*.eml; do
  if why=$(opendkim-testmsg -C -t "$1" < "$mail" 2>&1); then echo "$(basename "$mail" .eml) good"
  else echo "$(basename "$mail" .eml) $why"; fi
done
"""


def by_opendkim(t, keys, mails, place="opendkim"):
    """{name: what opendkim-testmsg says} of {name: Mail}. It asks the DNS at port 53, so it runs in a network name
    space of its own, with a name server. It knows no Ed25519: that signature is left out."""
    missing = [tool for tool in ("opendkim-testmsg", "knotd", "kdig", "ip") if not shutil.which(tool)]
    space = ["unshare", "--mount", "--net"]
    if missing or subprocess.run([*space, "ip", "link", "set", "lo", "up"], capture_output=True,
                                 check=False).returncode:
        return None
    work = os.path.join(t.directory, place)
    os.makedirs(os.path.join(work, "db"))
    record = keys.records["rsa"]
    strings = " ".join('"' + record[i:i + 200] + '"' for i in range(0, len(record), 200))
    t.file(f"{place}/zone", "$ORIGIN example.com.\n$TTL 60\n@ SOA ns h 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n"
                            f"rsa._domainkey TXT {strings}\n")
    t.file(f"{place}/knot.conf",
           f'server:\n    rundir: "{work}"\n    listen: 127.0.0.1@53\ndatabase:\n    storage: "{work}/db"\n'
                                 f'zone:\n  - domain: example.com\n    file: "{work}/zone"\n    journal-content: none\n'
                                 "    zonefile-sync: -1\n")
    t.file(f"{place}/resolv.conf", "nameserver 127.0.0.1\n")
    for name, mail in mails.items():
        head, _, body = mail.data.partition(b"\r\n\r\n")
        fields = [one for one in re.split(rb"\r\n(?![ \t])", head) if b"a=ed25519" not in one]
        t.file(f"{place}/{name}.eml", b"\r\n".join(fields) + b"\r\n\r\n" + body)
    done = subprocess.run([*space, "sh", "-c", JUDGE, "sh", work], capture_output=True, text=True, timeout=seconds(120),
                          check=False)
    return dict(line.split(" ",
                           1) for line in done.stdout.splitlines()) if done.returncode == 0 else {"judge": done.stderr}


def run(t, bed, mtas):
    if dkim is None:
        t.skip("signatures", "python3-dkim or python3-nacl is not installed")
        return
    keys = Keys(bed)
    mails, wants = {}, {}   # for the second verifier
    for canon in ("relaxed/relaxed", "relaxed/simple"):
        bed.policy(f'[dkim]\ncanonicalization = "{canon}"\n' + keys.toml + SIGN)
        for mta in mtas:
            for what, text, wanted in LETTERS:
                with mta.client() as client:
                    reply = client.ehlo().message("a@example.com", ["bob@example.net"], text)
                mail = bed.sink.take()
                t.equal((reply.code, keys.verdicts(mail)), (250, wanted.get(mta.kind, wanted)),
                        f"{mta.kind}: {canon}: {what}")
                name = f"{mta.kind}-{len(mails)}"
                if mail.headers("DKIM-Signature"):
                    mails[name], wants[name] = mail, "good" if wanted.get(mta.kind, wanted) == GOOD else "bad"
                if what == "no Date, no Message-ID":
                    t.equal((len(mail.headers("Date")), len(mail.headers("Message-Id"))), (1, 1),
                            "both were added, once")
                    t.like(mail.header("DKIM-Signature"), r"\bh=[^;]*\bDate:[^;]*\bMessage-ID:", "and are signed")
    edits(t, bed, mtas, keys)
    told(t, bed, mtas, keys)
    found = by_opendkim(t, keys, mails)
    if found is None:
        t.skip("opendkim-testmsg", "it or a network name space is not to be had")
        return
    wrong = {name: found.get(name) for name in wants if (found.get(name) == "good") != (wants[name] == "good")}
    t.equal(wrong, {}, f"opendkim-testmsg says the same of {len(wants)} messages")


def edits(t, bed, mtas, keys):
    bed.policy(keys.toml
               + rule("e-edit", "end-of-message", remove_headers='["X-Originating-*", "Sender"]',
                      add_headers='{ X-Added = "{id}", List-Id = "<list.example.com>" }',
                      replace_header='{ Subject = "[list] {header.subject}", To = "a@example.net,b@example.net" '
                                     '}') + SIGN)
    for mta in mtas:
        with mta.client() as client:
            client.ehlo().message("a@example.com", ["bob@example.net"], letter(
                headers=[("X-Originating-IP", "192.0.2.1"), ("Sender", "<s@example.com>")]))
        mail = bed.sink.take()
        t.equal((keys.verdicts(mail), mail.header("Subject"), mail.headers("Sender"), mail.header("To")),
                (GOOD, "[list] hello", [], "a@example.net, b@example.net" if mta.kind == "sendmail"
                 else "a@example.net,b@example.net"),
                f"{mta.kind}: signed as it leaves, after the edits")
        mail.data = mail.data.replace(b"short", b"shirt")
        t.equal([good is True for good in keys.verdicts(mail).values()], [False, False],
                f"{mta.kind}: a changed body is noticed")


def told(t, bed, mtas, keys):
    """What the log says of messages that are not signed, or whose signature a server on the way may break."""
    bed.policy(keys.toml + SIGN)

    def counted():
        return {name: int(re.search(rf"(?m)^mailweir_{name}_total (\d+)", bed.daemon.metrics())[1])
                for name in ("signed_eight_bit", "signed_long_lines")}

    for mta in mtas:
        before = counted()
        for what, text, wanted in (
                ("a domain without a key", letter(sender="a@example.net"),
                 {"from_domain": "example.net", "not_signed": "no key", "signed": None}),
                ("a domain with keys", letter(), {"from_domain": "example.com", "not_signed": None, "body": None,
                                                  "signed": "rsa._domainkey.example.com,ed._domainkey.example.com"}),
                ("8 bits and a long line", letter(headers=MIME,
                                                  body="bücher".encode() + b"\r\n" + b"y" * 1100 + b"\r\n"),
                 {"body": "8bit,long_lines"})):
            bed.mark()
            with mta.client() as client:
                client.ehlo().message("a@example.com", ["bob@example.net"], text)
            bed.sink.take()
            bed.has_line({"event": "message"})
            line = [line for line in bed.lines() if line.get("event") == "message"][-1]
            t.equal({key: line.get(key) for key in wanted}, wanted, f"{mta.kind}: {what}: the message's line says so")
        t.equal(counted(), {name: count + 1 for name, count in before.items()}, f"{mta.kind}: and is counted")
        bed.mark()
        with mta.client() as client:
            client.ehlo().message("a@example.com", ["bob@example.net"], letter(subject="x" * 1200))
        bed.sink.take()
        t.ok(bed.has_line({"event": "not-signed", "reason": re.compile("^Subject has 12.. bytes without a blank")}),
             f"{mta.kind}: why a message with a long line leaves unsigned is told")
