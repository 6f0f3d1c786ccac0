# SPDX-License-Identifier: BSD-2-Clause
"""A message of 100 MB, signed: its body passes through and is kept nowhere."""
import os
import shutil
import subprocess

from harness import letter
from reloads import rule

MIB = 1 << 20


def run(t, postfix, daemon, sink):
    if daemon.sanitized():
        t.skip("memory of a 100 MB message", "a sanitizer's memory is not ours")
        return
    key = f"{daemon.directory}/key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    os.chmod(key, 0o600)
    shutil.chown(key, "nobody")
    daemon.stop()
    daemon.text = ('[[dkim.key]]\ndomain = "example.com"\nselector = "s"\nfile = "key.pem"\n' +
                   rule("sign", "end-of-message", 'sign = ["example.com"]') +
                   rule("size", "end-of-message",
                        'limit = { by = "sender", of = "bytes", max = "10000000000/1h" }\nhold = "over"'))
    daemon.start(t)
    postfix.set(message_size_limit=200 * MIB)
    client = postfix.client().ehlo()
    client.message("alice@example.com", ["bob@example.net"], letter())
    sink.take()
    idle = daemon.memory()[1]
    line = b"0123456789" * 7 + b"\r\n"
    client.envelope("alice@example.com", ["bob@example.net"])
    client.command("DATA")
    client.send(letter(subject="large"))
    block, count = line * 14_000, 0
    while count < 100 * MIB:
        client.send(block)
        count += len(block)
    client.socket.settimeout(240)
    t.equal(client.send(".\r\n").read().code, 250, f"a message of {count // MIB} MiB passes")
    mail = sink.take(within=120)
    t.ok(len(mail.data) >= count, "whole")
    t.like(mail.header("DKIM-Signature"), "a=ed25519-sha256", "and signed")
    t.like(daemon.lines(event="message")[-1].get("size"), r"^1[01]\d{7}$", "its size is in the log")
    risen = (daemon.memory()[1] - idle) / MIB
    t.ok(risen < 8, f"its memory rose by {risen:.1f} MiB, less than 8")
    client.quit()
    postfix.set(message_size_limit=10240000)
