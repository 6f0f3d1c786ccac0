# SPDX-License-Identifier: BSD-2-Clause
"""A policy server of our own: keeps what Postfix asks, answers what it is told. Shows what Postfix really does."""
from .peer import Server


class PolicyServer(Server):
    """`answer(attributes) -> action`, or a plain action for all."""

    def __init__(self, answer="DUNNO", name="policy-server"):
        super().__init__(name)
        self.answer = answer
        self.requests = []    # dicts, oldest first

    def logs(self):
        return [(self.name, "\n".join(str(request) for request in self.requests))]

    def serve(self, connection):
        attributes = {}
        with connection.makefile("rb") as lines:
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
