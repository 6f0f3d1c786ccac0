# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol (version 6): what Postfix would say, and any bytes that it would not."""
import struct

from .parts import as_bytes
from .peer import Peer

# What the filter may leave out, by its bit of the negotiated protocol.
UNWANTED = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "T": 0x200}
SILENT = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "N": 0x40000, "B": 0x80000}


class MilterClient(Peer):
    """Connects to "unix:/path" or "inet:HOST:PORT" when made. Each step returns the filter's last packet as (letter,
    bytes): ("c", b"") for continue, ("y", b"550 ...") for a reply; None where the filter agreed to be silent or did not
    want the step."""

    def __init__(self, address, within=30):
        super().__init__(address, within)
        self.steps = 0
        self.edits = []       # packets that came before an answer at end-of-message
        self.progress = 0     # how often it was asked for patience

    # --- packets -----------------------------------------------------------------------------------------------------
    def send_raw(self, data):
        self.socket.sendall(data)
        return self

    def send(self, kind, data=b""):
        return self.send_raw(struct.pack("!I", len(data) + 1) + kind.encode() + data)

    def read(self):
        """(letter, data) of one packet; None when the filter hangs up."""
        try:
            head = self.input.read(4)
            if len(head) < 4:
                return None
            packet = self.input.read(struct.unpack("!I", head)[0])
        except ConnectionError:
            return None
        return packet[:1].decode("latin-1"), packet[1:]

    def answer(self):
        """The packet that ends a step; progress is counted, edits are kept."""
        while True:
            packet = self.read()
            if packet is None or packet[0] in "cardytsf4":
                return packet
            if packet[0] == "p":
                self.progress += 1
            else:
                self.edits.append(packet)

    def step(self, kind, data=b"", **macros):
        if self.steps & UNWANTED.get(kind, 0):
            return None
        if macros:
            words = "".join(f"{name if len(name) == 1 else '{' + name + '}'}\0{value}\0" for name,
                            value in macros.items())
            self.send("D", kind.encode() + words.encode())
        self.send(kind, data)
        return None if self.steps & SILENT.get(kind, 0) else self.answer()

    # --- the dialogue ------------------------------------------------------------------------------------------------
    def negotiate(self):
        self.send("O", struct.pack("!III", 6, 0x1ff, 0x1fffff))
        kind, data = self.read()
        assert kind == "O", (kind, data)
        self.steps = struct.unpack("!I", data[8:12])[0]
        return self

    def connect(self, address="198.51.100.7", port=40000, name="client.test"):
        data = name.encode() + b"\0" + b"4" + struct.pack("!H", port) + address.encode() + b"\0"
        return self.step("C", data, daemon_name="smtpd", client_addr=address, client_port=port, client_name=name,
                         client_ptr=name)

    def helo(self, name="client.test"):
        return self.step("H", name.encode() + b"\0")

    def mail(self, sender="alice@example.com", **macros):
        return self.step("M", f"<{sender}>".encode() + b"\0", **macros)

    def rcpt(self, recipient="bob@example.net", **macros):
        return self.step("R", f"<{recipient}>".encode() + b"\0", **macros)

    def data(self):
        return self.step("T", i="4TEST1")

    def header(self, name, value):
        return self.step("L", as_bytes(name) + b"\0" + as_bytes(value) + b"\0")

    def end_of_header(self):
        return self.step("N")

    def body(self, chunk):
        return self.step("B", as_bytes(chunk))

    def end(self):
        return self.step("E")

    def envelope(self, sender="alice@example.com", recipients=("bob@example.net",), **connect):
        """From the negotiation to DATA; the answer to that."""
        self.negotiate()
        self.connect(**connect)
        self.helo()
        self.mail(sender)
        for recipient in recipients:
            self.rcpt(recipient)
        return self.data()

    def message(self, headers=(("From", " alice@example.com"), ("Subject", " hello")), body="text\r\n"):
        """Header, body and end after envelope(); the answer to the end."""
        for name, value in headers:
            self.header(name, value)
        self.end_of_header()
        if body:
            self.body(body)
        return self.end()
