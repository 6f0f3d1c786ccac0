# SPDX-License-Identifier: BSD-2-Clause
"""The client side of SMTP, down to the bytes: any command, in any order, pipelined, in BDAT chunks, or cut off."""
import base64
import re
import socket
import ssl
import struct
from dataclasses import dataclass

from .parts import as_bytes
from .process import HarnessError, seconds


@dataclass
class Reply:
    code: int
    text: str          # all lines, without the codes, joined by a newline
    lines: list        # as they came

    def __str__(self):
        return " / ".join(self.lines)


class SmtpClient:
    """Connects when made. Each wait is bounded by `within` seconds. Postfix.client() makes one."""

    def __init__(self, port, host="127.0.0.1", within=30, source=None, greeting=True, tls=False):
        self.extensions = []
        self.socket = socket.create_connection(
            (host, port), timeout=seconds(within), source_address=(source, 0) if source else None)
        self.input = self.socket.makefile("rb")
        if tls:   # from the first byte on
            self._encrypt()
        self.greeting = self.read() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- bytes and replies -------------------------------------------------------------------------------------------
    def send(self, data):
        """Bytes or text as they are; nothing is added."""
        self.socket.sendall(as_bytes(data))
        return self

    def read(self):
        lines = []
        while True:
            try:
                raw = self.input.readline(65536)
            except TimeoutError:
                raise HarnessError(f"no reply in time; so far: {lines}") from None
            if not raw:
                raise ConnectionError(f"the server closed the connection; so far: {lines}")
            line = raw.decode(errors="surrogateescape").rstrip("\r\n")
            lines.append(line)
            if not re.match(r"\d{3}-", line):
                break
        if not re.match(r"\d{3}( |$)", lines[-1]):
            raise HarnessError(f"not an SMTP reply: {lines[-1]!r}")
        return Reply(int(lines[-1][:3]), "\n".join(line[4:] for line in lines), lines)

    def command(self, line):
        return self.send(as_bytes(line) + b"\r\n").read()

    def pipeline(self, *commands):
        """All commands in one write; their replies."""
        self.send(b"".join(as_bytes(command) + b"\r\n" for command in commands))
        return [self.read() for _ in commands]

    def close(self):
        self.input.close()
        self.socket.close()

    def abort(self):
        """The client vanishes: a TCP reset, in the middle of whatever it is."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply

    # --- commands ----------------------------------------------------------------------------------------------------
    def ehlo(self, name="client.test"):
        reply = self.command(f"EHLO {name}")
        self.extensions = reply.text.split("\n")[1:]
        return self

    def xclient(self, helo="client.test", **attributes):
        """Plays another client: addr, name, port, helo, login, proto. Greets as `helo` before and after."""
        if not self.extensions:
            self.ehlo(helo)
        words = " ".join(f"{name.upper()}={value}" for name, value in attributes.items())
        reply = self.command(f"XCLIENT {words}")
        if reply.code != 220:
            raise HarnessError(f"XCLIENT {words}: {reply}")
        return self.ehlo(helo)

    def starttls(self, certificate=None):
        """The server's certificate is not looked at. `certificate`: (file, key file) of our own."""
        reply = self.command("STARTTLS")
        if reply.code != 220:
            raise HarnessError(f"STARTTLS: {reply}")
        return self._encrypt(certificate)

    def _encrypt(self, certificate=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(*certificate)
        self.input.close()
        self.socket = context.wrap_socket(self.socket)
        self.input = self.socket.makefile("rb")
        return self

    def auth_plain(self, login, password):
        token = base64.b64encode(f"\0{login}\0{password}".encode()).decode()
        return self.command(f"AUTH PLAIN {token}")

    def envelope(self, sender, recipients, options=""):
        """MAIL and RCPTs one by one; the replies. Goes on after a refused recipient, not after a refused sender."""
        replies = [self.command(f"MAIL FROM:<{sender}>{' ' + options if options else ''}")]
        if replies[0].code == 250:
            replies += [self.command(f"RCPT TO:<{recipient}>") for recipient in recipients]
        return replies

    def message(self, sender, recipients, data, options=""):
        """A whole message; the reply that decided: the first refusal when no recipient is left, else the last."""
        replies = self.envelope(sender, recipients, options)
        if not any(reply.code in (250, 251) for reply in replies[1:]):
            return next(reply for reply in replies if reply.code >= 400)
        return self.data(data)

    def data(self, data):
        reply = self.command("DATA")
        return reply if reply.code != 354 else self.send(stuffed(data) + b".\r\n").read()

    def bdat(self, data, chunk=4096):
        """The message in BDAT chunks; the last reply, or the first refusal."""
        parts = [data[at:at + chunk] for at in range(0, len(data), chunk)] or [b""]
        for number, part in enumerate(parts, 1):
            last = " LAST" if number == len(parts) else ""
            reply = self.send(f"BDAT {len(part)}{last}\r\n").send(part).read()
            if reply.code != 250:
                break
        return reply


def stuffed(data):
    """As DATA wants it: CRLF line ends, dots doubled, a line end at the end."""
    data = re.sub(rb"\r?\n", b"\r\n", data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", data)
