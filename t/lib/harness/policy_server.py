# SPDX-License-Identifier: BSD-2-Clause
"""A policy server of our own: keeps what Postfix asks, answers what it is told. Shows what Postfix really does."""
import socket
import threading

from .process import free_port


class PolicyServer:
    """`answer(attributes) -> action`, or a plain action for all."""

    def __init__(self, answer="DUNNO", name="policy-server"):
        self.name = name
        self.answer = answer
        self.port = free_port()
        self.requests = []    # dicts, oldest first
        self._server = None

    @property
    def address(self):
        return f"inet:127.0.0.1:{self.port}"

    def start(self, _scenario=None):
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def logs(self):
        return [(self.name, "\n".join(str(request) for request in self.requests))]

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        attributes = {}
        with connection, connection.makefile("rb") as lines:
            for raw in lines:
                line = raw.decode(errors="surrogateescape").rstrip("\n")
                if line:
                    name, _, value = line.partition("=")
                    attributes[name] = value
                    continue
                self.requests.append(attributes)
                action = self.answer(attributes) if callable(self.answer) else self.answer
                connection.sendall(f"action={action}\n\n".encode())
                attributes = {}
