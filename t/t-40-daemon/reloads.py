# SPDX-License-Identifier: BSD-2-Clause
"""A new policy while mail flows: taken whole or not at all, and no message fails for it."""
import base64
import os
import shutil
import subprocess
import threading

from harness import letter, wait_for

try:
    import dkim
    import nacl  # noqa: F401 (python3-dkim wants it for Ed25519)
except ImportError:
    dkim = None


def rule(name, at, body):
    return f'[[rule]]\nname = "{name}"\nat = "{at}"\n{body}\n'


def policy(mark):
    """Two of these that need different things of the MTA take turns: one edits headers and counts, one reads the
    body."""
    text = rule("mark", "end-of-message", f'add_headers = {{ X-Mark = "{mark}" }}')
    text += rule("no-eve", "rcpt", 'when = { recipient = "eve@example.net" }\nreject = "550 5.7.1 not eve"')
    if mark == "odd":
        text += rule("quota", "end-of-message",
                     'limit = { by = "sender", of = "bytes", max = "900000000/1h" }\nhold = "over"')
        text += rule("secret", "end-of-message", 'remove_headers = ["X-Secret"]')
    return text


class Flow:
    """Clients that send one message after the other until told to end; what was not taken is kept."""

    def __init__(self, postfix, clients=4):
        self.postfix = postfix
        self.ending = False
        self.sent, self.failures = 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.send, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        for thread in self.threads:
            thread.join(60)

    def send(self, number):
        try:
            while not self.ending:
                with self.postfix.client().ehlo() as client:
                    for _ in range(5):
                        reply = client.message(f"flow{number}@example.com", ["bob@example.net"],
                                               letter(body=f"{self.sent}\r\n"))
                        with self.lock:
                            self.sent += 1
                            if reply.code != 250:
                                self.failures.append(str(reply))
                        if self.ending:
                            break
        except Exception as error:   # a thread's failure is told with the others
            self.failures.append(repr(error))


def storm(t, postfix, daemon, sink, count=500):
    other = {"odd": "even", "even": "odd"}
    mark = "odd"
    daemon.reload(policy(mark))
    with Flow(postfix) as flow:
        for _ in range(count):
            mark = other[mark]
            daemon.reload(policy(mark))
    t.equal(flow.failures, [], f"{count} reloads in a row: not one of {flow.sent} messages failed")
    t.ok(flow.sent >= 100, "mail did flow meanwhile", str(flow.sent))
    t.equal(len(daemon.lines(event="reloaded")), count + 1, "each was taken")
    mails = sink.take_all(flow.sent, within=60)
    t.equal(len(mails), flow.sent, "every message arrived")
    t.equal({len(mail.headers("X-Mark")) for mail in mails}, {1}, "each was judged by one policy, whole")
    t.equal({mail.header("X-Mark") for mail in mails}, {"odd", "even"}, "now by the one, now by the other")


def by_tool(t, postfix, daemon):
    daemon.write_policy(policy("tool"))
    done = daemon.ctl("reload")
    t.equal((done.returncode, done.stdout, done.stderr), (0, "reloaded\n", ""), "mailweirctl reload")
    postfix.client().ehlo().message("a@example.com", ["bob@example.net"], letter())


def refused(t, postfix, daemon, sink):
    by_tool(t, postfix, daemon)
    t.equal(sink.take().header("X-Mark"), "tool", "acts")
    bad = ('[[rule]]\nname = "bad"\nat = "rcpt"\nwhen = { no_such_fact = 1 }\nreject = "450 4.7.1 no"\n[[rule]]\nat = '
           '"mail"\n')
    daemon.write_policy(bad)
    done = daemon.ctl("reload")
    t.equal(done.returncode, 1, "a bad policy: mailweirctl reload ends with status 1")
    for place in (r"mailweir\.toml:4:\d+: .*no_such_fact", r"mailweir\.toml:5:\d+: .*reject",
                  r"mailweir\.toml:6:\d+: .*name"):
        t.like(done.stderr, place, "and prints the error's place and words")
    t.like(done.stderr, "the old policy stays in force", "and what now holds")
    t.like(daemon.ctl("status").stdout,
           r"(?m)^warning: the last reload was refused, and the old policy stays in force:\n  "
           r"\S+/mailweir\.toml:4:\d+: .*no_such_fact", "status shows the errors")
    t.like(daemon.wait_line(event="policy-error")["reason"], r"mailweir\.toml:\d+:\d+: ", "the log has them, too")
    postfix.client().ehlo().message("a@example.com", ["bob@example.net"], letter())
    t.equal(sink.take().header("X-Mark"), "tool", "the old policy stays")
    failed = len(daemon.lines(event="reload-failed"))
    daemon.reload(bad + "\n= \n")
    t.equal(len(daemon.lines(event="reload-failed")), failed + 1, "the same by SIGHUP, with a file that is no TOML")
    daemon.reload(policy("again"))
    postfix.client().ehlo().message("a@example.com", ["bob@example.net"], letter())
    t.equal(sink.take().header("X-Mark"), "again", "a good one is taken after that")
    t.unlike(daemon.ctl("status").stdout, "reload was refused", "and status shows no error any more")


def needs_restart(t, daemon):
    kept = daemon.sections["general"]
    daemon.sections["general"] = kept.replace("8s", "9s")
    daemon.write_policy(policy("restart"))
    t.like(daemon.ctl("reload").stderr, r"note: general\.drain has changed; that needs a restart",
           "reload names what needs a restart")
    daemon.sections["general"] = kept
    daemon.reload(policy("restart"))


def files(t, postfix, daemon, sink):
    """Lists, maps and keys are read again with the policy, and without the policy file itself being touched."""
    def write(name, text):
        with open(f"{daemon.directory}/{name}", "w") as out:
            out.write(text)

    write("blocked", "eve@example.net\n")
    write("customer", "example.com one\n")
    daemon.reload('[lists]\nblocked = "file:blocked"\n[maps]\ncustomer = "file:customer"\n'
                  '[facts]\ncustomer = { map = "customer", key = ["sender_domain"] }\n' +
                  rule("no", "rcpt", 'when = { recipient = "list:blocked" }\nreject = "550 5.7.1 blocked"') +
                  rule("who", "end-of-message", 'add_headers = { X-Customer = "{customer}" }'))
    client = postfix.client().ehlo()
    t.equal([reply.code for reply in client.envelope("a@example.com", ["eve@example.net", "bob@example.net"])],
            [250, 550, 250], "a list from a file")
    client.data(letter())
    t.equal(sink.take().header("X-Customer"), "one", "a map from a file")
    write("blocked", "bob@example.net\n")
    write("customer", "example.com two\n")
    daemon.reload()
    t.equal([reply.code for reply in client.envelope("a@example.com", ["eve@example.net", "bob@example.net"])],
            [250, 250, 550], "the list after a reload")
    client.data(letter())
    t.equal(sink.take().header("X-Customer"), "two", "the map after a reload")
    client.quit()
    failed = len(daemon.lines(event="reload-failed"))
    os.rename(f"{daemon.directory}/blocked", f"{daemon.directory}/away")
    daemon.reload()
    t.equal(len(daemon.lines(event="reload-failed")), failed + 1, "a list that is gone: the reload fails")
    client = postfix.client().ehlo()
    t.equal(client.message("a@example.com", ["bob@example.net"], letter()).code, 550, "and the old list stays")
    client.quit()


def signing_key(daemon, name, *words):
    """A new private key in its file, replaced as an admin does it; the public one as its DNS record has it."""
    path = os.path.join(daemon.directory, name)
    made = subprocess.run(["openssl", "genpkey", *words], check=True, capture_output=True, timeout=60).stdout
    with open(path + ".new", "wb") as out:
        out.write(made)
    os.chmod(path + ".new", 0o600)
    shutil.chown(path + ".new", "nobody")
    os.rename(path + ".new", path)
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                            capture_output=True, timeout=10).stdout
    return (b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:]) if "ed25519" in words
            else b"v=DKIM1; p=" + base64.b64encode(public))


def verifies(mail, record):
    """Whether the message's one signature is good for that record (python3-dkim)."""
    try:
        return len(mail.headers("DKIM-Signature")) == 1 and dkim.verify(mail.data, dnsfunc=lambda name,
                                                                        timeout=5: record)
    except dkim.DKIMException:
        return False


def keys(t, postfix, daemon, sink):
    """A key file that changed signs from the reload on; a bad one is refused and the old key goes on signing."""
    if dkim is None:
        t.skip("a changed key", "python3-dkim or python3-nacl is not installed")
        return
    rsa = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    text = ('[dkim]\nstrict = true\n[[dkim.key]]\ndomain = "example.com"\nselector = "s"\nfile = '
            '"key.pem"\n' + rule("sign", "end-of-message", "sign = true"))

    def signed():
        with postfix.client().ehlo() as client:
            t.equal(client.message("a@example.com", ["bob@example.net"], letter()).code, 250, "a message")
        return sink.take()

    records = [signing_key(daemon, "key.pem", *rsa)]
    daemon.reload(text)
    t.ok(verifies(signed(), records[-1]), "the first key signs")
    for what, words in (("another of its kind", rsa), ("one of another kind", ("-algorithm", "ed25519"))):
        records.append(signing_key(daemon, "key.pem", *words))
        t.ok(verifies(signed(), records[-2]), f"{what} in the file: the old key signs until the reload")
        daemon.reload()
        mail = signed()
        t.ok(verifies(mail, records[-1]) and not verifies(mail, records[-2]),
             f"{what}: the new key signs after it, and the old one does not")
    failed = len(daemon.lines(event="reload-failed"))
    for what, mode, bad in (("no key", 0o600, b"nonsense"), ("a key that all may read", 0o644, None)):
        path = os.path.join(daemon.directory, "key.pem")
        if bad is not None:
            with open(path, "rb") as file:
                good = file.read()
            with open(path, "wb") as file:
                file.write(bad)
        else:
            with open(path, "wb") as file:
                file.write(good)
        os.chmod(path, mode)
        daemon.reload()
        failed += 1
        t.equal(len(daemon.lines(event="reload-failed")), failed, f"{what}: the reload is refused")
        t.like(daemon.lines(event="policy-error")[-1]["reason"], r"mailweir\.toml:6:8: dkim\.key\.file: .*key\.pem: ",
               "and the log names the file")
        t.ok(verifies(signed(), records[-1]), "the old key goes on signing")
    os.chmod(path, 0o600)
    daemon.reload()
    t.ok(verifies(signed(), records[-1]), "put right: it signs")


def run(t, postfix, daemon, sink):
    storm(t, postfix, daemon, sink)
    refused(t, postfix, daemon, sink)
    needs_restart(t, daemon)
    files(t, postfix, daemon, sink)
    keys(t, postfix, daemon, sink)
    wait_for(lambda: not sink.left() and not postfix.queue("active", "incoming"), "the queue to be empty")
