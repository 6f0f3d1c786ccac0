# SPDX-License-Identifier: BSD-2-Clause
"""Daemons that sign, and the two name servers of their domains, the second of which lags."""
import json
import os
import re
import socket
import struct
import subprocess

from harness import Knot, Mailweir, MilterClient
from harness.process import seconds, wait_for

try:
    import dkim
except ImportError:
    dkim = None

ADDRESSES = ("127.53.12.1", "127.53.12.2")  # authoritative servers are asked at port 53
SERVERS = "@ NS ns1.example.com.\n@ NS ns2.example.com.\n"
ZONES = {"example.com": SERVERS + f"ns1 A {ADDRESSES[0]}\nns2 A {ADDRESSES[1]}\n", "example.net": SERVERS,
         "example.org": SERVERS}
RULE = f"""
[dns]
servers = ["{ADDRESSES[0]}:53"]
[[rule]]
name = "sign"
at = "end-of-message"
sign = true
"""


class NameServers:
    def __init__(self, t):
        self.servers = [t.start(Knot(dict(ZONES), f"ns{number}", address, 53)) for number,
                        address in enumerate(ADDRESSES, 1)]

    def publish(self, number, domain, lines):
        server = self.servers[number - 1]
        server.change(domain, server.zones[domain] + lines)

    def publish_everywhere(self, domain, lines):
        for number, _ in enumerate(self.servers, 1):
            self.publish(number, domain, lines)


def record(name, timeout=5):
    """What the second server has."""
    del timeout
    found = subprocess.run(["kdig", f"@{ADDRESSES[1]}", "+short", "TXT", name.decode()], capture_output=True,
                           check=True, timeout=seconds(10)).stdout
    return b"".join(re.findall(rb'"([^"]*)"', found))


class Node:
    """A daemon with this policy."""

    def __init__(self, t, policy, name="mailweir"):
        self.t = t
        self.daemon = t.start(Mailweir(policy, policy_door=None, name=name))

    def send(self, domain):
        """(headers, (kind, text) of the answer at the end, what was inserted) of a message from there."""
        headers = (("From", f" a@{domain}"), ("Subject", " hello"), ("Date", " Mon, 05 Jan 2026 10:00:00 +0000"))
        with MilterClient(self.daemon.milter) as client:
            client.negotiate()
            client.connect()
            client.helo()
            client.mail(f"a@{domain}", auth_authen="alice")
            client.rcpt()
            client.data()
            answer = client.message(headers)
            inserted = [data[4:].split(b"\0")[:2] for kind,
                        data in client.edits if kind == "i" and struct.unpack("!I", data[:4])]
        return headers, answer, inserted

    def refusal(self, domain):
        """The reply to a message from there; "" if it is accepted."""
        letter, text = self.send(domain)[1]
        assert letter in "cay", letter
        return text.rstrip(b"\0").decode() if letter == "y" else ""

    def signatures(self, domain="example.com", records=None):
        """{selector: whether it verifies} of a message from there."""
        headers, answer, inserted = self.send(domain)
        assert answer[0] in "ca", answer
        found = [name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name,
                 value in inserted if name == b"DKIM-Signature"]
        message = b"".join(line + b"\r\n" for line in found) + b"".join(f"{name}:{value}\r\n".encode() for name,
                                                                        value in headers) + b"\r\ntext\r\n"
        verdicts = {}
        for number, line in enumerate(found):
            selector = re.search(rb"\bs=([^;]+)", line)[1].decode().strip()
            verdicts[selector] = dkim.DKIM(message).verify(idx=number, dnsfunc=records or record)
        return verdicts

    def not_signed(self):
        return self.daemon.wait_line(event="message").get("not_signed")

    def ctl(self, *words):
        return self.daemon.ctl("dkim", *words)

    def listed(self, domain):
        """{selector: its row} of dkim list --json."""
        done = self.ctl("list", domain, "--json")
        return {row["selector"]: row for row in map(json.loads, done.stdout.splitlines())}

    def wait_note(self, domain, selector, note):
        wait_for(lambda: self.listed(domain)[selector]["note"] == note, f"the note {note}", within=20)

    def wait_state(self, key, state):
        return self.daemon.wait_line(event="dkim-state", key=key, state=state, within=20)

    def curl(self, method, path, *words):
        """(status, body) of the admin door."""
        done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", "--unix-socket", self.daemon.admin, "-X", method,
                               *words, f"http://mailweir{path}"], capture_output=True, text=True, check=True,
                              timeout=seconds(20))
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body


def new_key(t, name, kind="ed25519", mode=0o600):
    path = t.file(name, "", mode)
    subprocess.run(["openssl", "genpkey", "-algorithm", kind, "-out", path], check=True, capture_output=True,
                   timeout=seconds(60))
    os.chmod(path, mode)
    return path


def free(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 53))
        except OSError:
            return False
    return True
