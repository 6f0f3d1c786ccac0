# SPDX-License-Identifier: BSD-2-Clause
"""A name server whose every byte is ours: for records that no zone file can hold, and for names that never answer."""
import contextlib
import socket
import struct
import threading

from .process import free_port

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAME_OF = {number: name for name, number in TYPES.items()}
TCP_ABOVE = 1232  # bytes over UDP


def wire_name(name):
    labels = [label.encode("utf-8", "surrogateescape") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def data_of(kind, value):
    """A record's data from what a zone file would hold; of TXT a list of strings (octets as str or bytes), which may be
    empty."""
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        preference, host = value
        return struct.pack("!H", preference) + wire_name(host)
    if kind == "TXT":
        strings = [text if isinstance(text, bytes) else text.encode()
                   for text in ([value] if isinstance(value, str) else value)]
        return b"".join(bytes([len(text)]) + text for text in strings)
    return wire_name(value)


class NameServer:
    """`records`: {name: [(type, value)]}; `silent`: {(name, type)} that get no answer; `tcp` False: TCP is
    closed. What is not among the names is NXDOMAIN. `elsewhere`: names below these are not ours: an alias into them
    comes alone. At port `port` of 127.0.0.1, UDP and TCP. `asked` has (name, type, "udp" or "tcp") of each question, in
    order."""

    def __init__(self, records=None, silent=(), elsewhere=(), tcp=True, name="names"):
        self.name, self.with_tcp = name, tcp
        self.port = free_port()
        self.asked = []
        self._udp = self._tcp = None
        self.serve(records or {}, silent, elsewhere)

    def serve(self, records, silent=(), elsewhere=()):
        self.records = {name.lower().rstrip("."): entries for name, entries in records.items()}
        self.silent = {(name.lower().rstrip("."), kind) for name, kind in silent}
        self.elsewhere = tuple(elsewhere)

    def start(self, _scenario=None):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        with contextlib.suppress(OSError):  # SO_RCVBUFFORCE, for root: a thousand questions at once are none too many
            self._udp.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)
        threading.Thread(target=self._answer_udp, daemon=True).start()
        if self.with_tcp:
            self._tcp = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        for one in (self._udp, self._tcp):
            if one:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def logs(self):
        return []

    def _answer_udp(self):
        while True:
            try:
                query, client = self._udp.recvfrom(4096)
            except OSError:
                return
            if not query:  # stopped
                return
            reply = self.reply(query, "udp")
            if reply:
                self._udp.sendto(reply, client)

    def _accept(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_tcp, args=(connection,), daemon=True).start()

    def _answer_tcp(self, connection):
        with connection, contextlib.suppress(OSError, struct.error):
            stream = connection.makefile("rb")
            while True:
                query = stream.read(struct.unpack("!H", stream.read(2))[0])
                reply = self.reply(query, "tcp")
                if reply:
                    connection.sendall(struct.pack("!H", len(reply)) + reply)

    def reply(self, query, by):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("utf-8", "surrogateescape"))
            at += 1 + query[at]
        question = query[12:at + 5]
        name, kind = ".".join(labels).lower(), NAME_OF.get(struct.unpack("!H", query[at + 1:at + 3])[0], "")
        self.asked.append((name, kind, by))
        answers, owner = [], name
        for _ in range(10):
            if (owner, kind) in self.silent:
                return None
            entries = self.records.get(owner, [])
            found = [(each, value) for each, value in entries if each == kind]
            alias = [(each, value) for each, value in entries if each == "CNAME"] if not found else []
            answers += [wire_name(owner) + struct.pack("!2HIH", TYPES[each], 1, 60,
                                                       len(data_of(each, value))) + data_of(each, value)
                        for each, value in found or alias]
            if not alias:
                break
            owner = alias[0][1].lower().rstrip(".")
            if owner.endswith(self.elsewhere):
                break
        known = any(each == owner or each.endswith("." + owner)
                    for each in self.records) or (answers and owner.endswith(self.elsewhere))
        flags = 0x8400 | (0 if self.elsewhere else 0x80) | (0 if known else 3)
        soa = b"" if answers else b"\0" + struct.pack("!2HIH", 6, 1, 60,
                                                      22) + b"\0\0" + struct.pack("!5I", 1, 60, 60, 60, 60)
        body = question + b"".join(answers) + soa
        if by == "udp" and len(body) + 12 > TCP_ABOVE:
            return query[:2] + struct.pack("!5H", flags | 0x200, 1, 0, 0, 0) + question
        return query[:2] + struct.pack("!5H", flags, 1, len(answers), 1 if soa else 0, 0) + body
