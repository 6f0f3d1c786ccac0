# SPDX-License-Identifier: BSD-2-Clause
"""A milter of our own (protocol 6): keeps the events and macros that the MTA sends, answers what it is told. It shows
that a Postfix is wired up as meant, and what it really sends; it is no part of Mailweir."""
import struct
from dataclasses import dataclass, field

from .peer import Server

EVENTS = {"C": "connect", "H": "helo", "M": "mail", "R": "rcpt", "T": "data", "L": "header", "N": "eoh", "B": "body",
          "E": "eom", "A": "abort", "U": "unknown", "Q": "quit", "K": "quit_nc"}
ANSWERED = set("CHMRTLNBEU")


@dataclass
class Event:
    name: str
    data: bytes                               # NUL-separated arguments, or a piece of the body
    macros: dict = field(default_factory=dict)

    @property
    def words(self):
        """The event's arguments as text; of connect: name, family, port, address."""
        if self.name == "connect" and b"\0" in self.data:
            name, _, rest = self.data.partition(b"\0")
            return [name.decode(), rest[:1].decode(), str(int.from_bytes(rest[1:3])), rest[3:].rstrip(b"\0").decode()]
        return [word.decode(errors="surrogateescape") for word in self.data.rstrip(b"\0").split(b"\0")]


class RecordingMilter(Server):
    """`answers`: {event: "accept" | "discard" | "tempfail" | "reject" | "550 5.7.1 text"}; else continue."""

    def __init__(self, answers=None, name="milter"):
        super().__init__(name)
        self.answers = dict(answers or {})
        self.sessions = []    # lists of Event, oldest first

    def logs(self):
        return [(self.name, "\n".join(f"session {number}: {event.name} {event.words} {event.macros}"
                                      for number, session in enumerate(self.sessions) for event in session))]

    def events(self, name, session=-1):
        return [event for event in self.sessions[session] if event.name == name]

    def serve(self, connection):
        session = []
        self.sessions.append(session)
        with connection.makefile("rb") as packets:
            macros = {}
            while True:
                head = packets.read(4)
                if len(head) < 4:
                    return
                packet = packets.read(struct.unpack("!I", head)[0])
                command, data = packet[:1].decode(), packet[1:]
                if command == "O":
                    # Version 6, all edits, every event sent and answered; macros as the MTA has them.
                    self._send(connection, b"O" + struct.pack("!III", 6, 0x1ff, 0))
                elif command == "D":
                    words = data[1:].split(b"\0")
                    macros.setdefault(data[:1].decode(), {}).update(
                        (name.decode().strip("{}"), value.decode(errors="surrogateescape"))
                        for name, value in zip(words[::2], words[1::2]))
                else:
                    name = EVENTS.get(command, command)
                    session.append(Event(name, data, macros.pop(command, {})))
                    if command in "Q":
                        return
                    if command in ANSWERED:
                        self._send(connection, self._answer(name))

    def _answer(self, name):
        answer = self.answers.get(name, "continue")
        plain = {"continue": b"c", "accept": b"a", "discard": b"d", "tempfail": b"t", "reject": b"r"}
        return plain[answer] if answer in plain else b"y" + answer.encode() + b"\0"

    @staticmethod
    def _send(connection, packet):
        connection.sendall(struct.pack("!I", len(packet)) + packet)
