# SPDX-License-Identifier: BSD-2-Clause
"""The servers that Mailweir asks: Redis, and a name server with zones of our own."""
import os
import signal
import socket
import struct
import subprocess

from .process import Process, ProcessServer, answers, free_port, seconds, wait_for


class Redis(ProcessServer):
    """Empty; on a port of 127.0.0.1 and on a unix socket that everybody may use. `keep`: each write is on disk before
    its answer, else nothing is. After kill(), start() brings it back on the same port, empty unless it keeps."""

    def __init__(self, name="redis", keep=False):
        super().__init__(name)
        self.keep, self.port = keep, free_port()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def unix_url(self):
        return f"redis+unix:{self.directory}/redis.sock"

    def start(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name)
        os.makedirs(self.directory, exist_ok=True)
        self.process = Process(self.name, [
            "redis-server", "--port", self.port, "--bind", "127.0.0.1", "--unixsocket", f"{self.directory}/redis.sock",
            "--unixsocketperm", "777", "--save", "", "--appendonly", "yes" if self.keep else "no",
            "--appendfsync", "always", "--dir", self.directory], scenario.directory)
        wait_for(lambda: answers(self.port) and self.ask("PING") == "PONG", "Redis to answer", alive=self.process)

    def ask(self, *words):
        """What redis-cli prints for a command."""
        done = subprocess.run(["redis-cli", "-p", str(self.port), *map(str, words)], capture_output=True,
                              timeout=seconds(10), check=False)
        return done.stdout.decode().strip()


class Knot(ProcessServer):
    """`zones`: {name: zone file text, or None for a zone whose file is missing: SERVFAIL}. The text is given $ORIGIN,
    $TTL and an SOA. A name below no zone is REFUSED. Ask port `port` of `address`, UDP and TCP."""

    def __init__(self, zones, name="knot", address="127.0.0.1", port=None):
        super().__init__(name)
        self.zones = zones
        self.address, self.port = address, port or free_port()
        self.serial = 1

    def start(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name)
        os.makedirs(self.directory)
        self._write_zones()
        config = os.path.join(self.directory, "knot.conf")
        with open(config, "w") as out:
            out.write(f"server:\n    rundir: {self.directory}\n    listen: {self.address}@{self.port}\n"
                      f"database:\n    storage: {self.directory}\n"
                      "log:\n  - target: stderr\n    any: info\n"
                      f"template:\n  - id: default\n    storage: {self.directory}\n    file: \"%s.zone\"\n"
                      "    zonefile-sync: -1\n    journal-content: none\nzone:\n")
            out.writelines(f"  - domain: {zone}\n" for zone in self.zones)
        self.process = Process(self.name, ["knotd", "-c", config], scenario.directory)
        wait_for(lambda: answers(self.port, self.address) and self.status(next(iter(self.zones))) is not None,
                 "knotd to answer", alive=self.process)

    def change(self, zone, text):
        """Another text for a zone that it has, in force when this returns."""
        self.zones[zone] = text
        self.serial += 1
        self._write_zones()
        self.process.send(signal.SIGHUP)
        wait_for(lambda: f"[{zone.rstrip('.')}.] loaded, serial {self.serial - 1} -> "
                         f"{self.serial}" in self.process.log(), f"knotd to load {zone} again",
                 alive=self.process)

    def status(self, name, within=1):
        """The RCODE for an SOA question by UDP (0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED); None: no answer."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(seconds(within))
            udp.sendto(struct.pack("!6H", 7, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 6, 1),
                       (self.address, self.port))
            try:
                return udp.recv(4096)[3] & 15
            except OSError:
                return None

    def _write_zones(self):
        for zone, text in self.zones.items():
            if text is None:
                continue
            origin = zone.rstrip(".") + "."
            head = f"$ORIGIN {origin}\n$TTL 60\n@ SOA ns.invalid. admin.invalid. {self.serial} 60 60 60 60\n"
            with open(os.path.join(self.directory, f"{zone.rstrip('.')}.zone"), "w") as out:
                out.write(head + text + "\n")
