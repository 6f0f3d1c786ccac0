# SPDX-License-Identifier: BSD-2-Clause
"""A TCP proxy that makes trouble between a client and a server: delays answers, swallows them, holds them until it lets
them go, cuts connections in the middle of a command or of an answer."""
import select
import socket
import threading
import time

from .process import free_port


class FaultProxy:
    """From `port` of 127.0.0.1 to `server`'s. The fault may change at any time and holds for all connections:

    delay          seconds that each answer is held back
    hold           answers wait until release()
    swallow        answers are read and thrown away
    cut_answer     so many bytes of an answer go through, then the connection is closed at both ends
    cut_command    so many bytes of a command go through, then the same
    refuse         connections are closed as soon as they are made
    """

    FAULTS = {"delay": 0.0, "hold": False, "swallow": False, "cut_answer": None, "cut_command": None, "refuse": False}

    def __init__(self, server, name="proxy"):
        self.name = name
        self.server = server
        self.port = free_port()
        self.made = []          # when each connection was accepted, by time.monotonic()
        self.fault = dict(self.FAULTS)
        self.let_go = threading.Event()
        self.let_go.set()
        self.listener = None
        self.over = False
        self.threads = []
        self.pairs = []

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, _scenario):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self._run(self._accept)

    def stop(self):
        self.over = True
        self.well()
        for one in [self.listener, *(end for pair in self.pairs for end in pair)]:
            shut(one)
        for thread in self.threads:
            thread.join(5)

    def logs(self):
        return []

    def make(self, **fault):
        """From now on; nothing named: well again, and what was held goes on."""
        self.fault = {**self.FAULTS, **fault}
        if fault.get("hold"):
            self.let_go.clear()
        else:
            self.let_go.set()

    def well(self):
        self.make()

    def _run(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.over:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.made.append(time.monotonic())
            if self.fault["refuse"]:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server.port), 5)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs.append((client, server))
            self._run(self._pump, client, server, "cut_command")
            self._run(self._pump, server, client, "cut_answer")

    def _pump(self, source, target, cut):
        try:
            while data := source.recv(65536):
                most = self.fault[cut]
                if cut == "cut_answer" and not self._pass(source):
                    continue
                target.sendall(data if most is None else data[:most])
                if most is not None:
                    break
        except OSError:
            pass
        shut(source)
        shut(target)

    def _pass(self, server):
        """Whether this answer goes on, after the time it is held back."""
        if self.fault["swallow"]:
            return False
        self.let_go.wait()
        if self.fault["delay"]:
            select.select([], [], [], self.fault["delay"])  # this is the fault
        return server.fileno() >= 0


def shut(one):
    if one is not None:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
