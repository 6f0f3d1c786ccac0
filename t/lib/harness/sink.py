# SPDX-License-Identifier: BSD-2-Clause
"""Where mail arrives: an SMTP server that keeps envelope and message exactly as they came."""
import base64
import ssl
import threading
import time
from dataclasses import dataclass, field

from .parts import split_message
from .peer import Server
from .process import HarnessError, seconds
from .smtp import SmtpClient


@dataclass
class Mail:
    sender: str                                   # without <>; "" for a bounce
    mail_line: str                                # the whole MAIL command
    helo: str
    recipients: list = field(default_factory=list)
    rcpt_lines: list = field(default_factory=list)
    data: bytes = b""                             # as it came, dots unstuffed, CRLF lines
    client: str = ""                              # the address that it came from
    tls: str = ""                                 # "TLSv1.3"; "": in the clear
    login: str = ""                               # "user:password" of AUTH PLAIN

    @property
    def fields(self):
        return split_message(self.data)[0]

    @property
    def body(self):
        return split_message(self.data)[1]

    def headers(self, name):
        return [value for field_name, value in self.fields if field_name.lower() == name.lower()]

    def header(self, name):
        values = self.headers(name)
        return values[0] if values else None


class Sink(Server):
    """`refuse`: {recipient: "550 5.1.1 reply"}, may be changed while it runs; "DATA" and "." stand for those commands.
    `extensions`: what EHLO offers; with `certificate`, (file, key file), STARTTLS too; AUTH PLAIN takes every login.
    `forward_to`: a port to which each mail is passed on before it is answered, as a
    content filter does."""

    def __init__(self, name="sink", refuse=None, extensions=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 0"),
                 forward_to=None, certificate=None):
        super().__init__(name)
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.refuse = dict(refuse or {})
        self.extensions = list(extensions)
        self.forward_to = forward_to
        self.mails = []       # all that came, oldest first
        self._taken = 0
        self._arrived = threading.Condition()
        self._events = []

    def logs(self):
        return [(f"{self.name} (port {self.port})", "\n".join(self._events))]

    # --- what came ---------------------------------------------------------------------------------------------------
    def take(self, within=20):
        """The next mail not yet taken; waits for it."""
        return self.take_all(1, within)[0]

    def take_all(self, count, within=20):
        until = time.monotonic() + seconds(within)
        with self._arrived:
            while len(self.mails) < self._taken + count:
                if not self._arrived.wait(max(0, until - time.monotonic())):
                    raise HarnessError(f"{self.name}: {len(self.mails) - self._taken} of {count} mails came")
            got = self.mails[self._taken:self._taken + count]
            self._taken += count
            return got

    def left(self):
        """Those that came and were not taken. Ask only when nothing is on its way (Postfix.wait_empty)."""
        with self._arrived:
            got = self.mails[self._taken:]
            self._taken = len(self.mails)
            return got

    # --- the server --------------------------------------------------------------------------------------------------
    def serve(self, connection):
        with connection.makefile("rb") as lines:
            self._session(connection, lines, connection.getpeername()[0])

    def lost(self, error):
        self._events.append(f"connection lost: {error}")

    def _session(self, connection, lines, client):
        def reply(text):
            self._events.append(f"> {text}")
            connection.sendall(text.encode() + b"\r\n")

        mail, helo, tls, login = None, "", "", ""
        reply(f"220 {self.name} ESMTP")
        while raw := lines.readline():
            line = raw.rstrip(b"\r\n").decode(errors="surrogateescape")
            self._events.append(f"< {line}")
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                helo = rest
                for extension in self.extensions + (["STARTTLS"] if self.context and not tls else []):
                    connection.sendall(f"250-{extension}\r\n".encode())
                reply("250 HELP")
            elif verb == "STARTTLS" and self.context and not tls:
                reply("220 2.0.0 go on")
                lines.close()
                connection = self.context.wrap_socket(connection, server_side=True)
                lines, tls = connection.makefile("rb"), connection.version()
            elif verb == "AUTH" and rest.upper().startswith("PLAIN "):
                login = ":".join(base64.b64decode(rest.split()[1]).decode().split("\0")[1:])
                reply("235 2.7.0 welcome")
            elif verb == "MAIL":
                mail = Mail(address(rest), line, helo, client=client, tls=tls, login=login)
                reply("250 2.1.0 ok")
            elif verb == "RCPT" and mail:
                recipient = address(rest)
                if recipient in self.refuse:
                    reply(self.refuse[recipient])
                    continue
                mail.recipients.append(recipient)
                mail.rcpt_lines.append(line)
                reply("250 2.1.5 ok")
            elif verb == "DATA" and mail and mail.recipients:
                if "DATA" in self.refuse:
                    reply(self.refuse["DATA"])
                    continue
                reply("354 go on")
                mail.data = read_data(lines)
                if "." in self.refuse:
                    reply(self.refuse["."])
                    continue
                with self._arrived:
                    self.mails.append(mail)
                    self._arrived.notify_all()
                reply(str(self._forward(mail)) if self.forward_to else "250 2.0.0 kept")
                mail = None
            elif verb in ("RSET", "NOOP", "HELO"):
                mail = None if verb == "RSET" else mail
                helo = rest if verb == "HELO" else helo
                reply("250 2.0.0 ok")
            elif verb == "QUIT":
                reply("221 2.0.0 bye")
                return
            else:
                reply("503 5.5.1 not now")


    def _forward(self, mail):
        with SmtpClient(self.forward_to) as client:
            return client.ehlo("filter.test").message(mail.sender, mail.recipients, mail.data)


def address(text):
    """What stands in the <> of MAIL FROM:<...> or RCPT TO:<...>."""
    return text[text.index("<") + 1:text.rindex(">")]


def read_data(lines):
    data = []
    for line in lines:
        if line in (b".\r\n", b".\n"):
            return b"".join(data)
        data.append(line[1:] if line.startswith(b".") else line)
    raise OSError("the client left within the message")
