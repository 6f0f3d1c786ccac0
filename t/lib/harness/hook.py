# SPDX-License-Identifier: BSD-2-Clause
"""A receiver of webhooks."""
import json
import threading

from .peer import Server


class Hook(Server):
    """An HTTP server that keeps each request's (path, headers, JSON). `plan`: the next answers, then 200; `hang`: an
    Event, none is answered before it is set."""

    def __init__(self):
        super().__init__("hook")
        self.came, self.plan, self.hang = [], [], threading.Event()
        self.hang.set()

    def logs(self):
        return [("hook", "\n".join(str(one) for one in self.came))]

    def serve(self, connection):
        with connection.makefile("rb") as lines:
            path = lines.readline().decode().split()[1]
            headers = {}
            while (line := lines.readline().decode().strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = lines.read(int(headers["content-length"]))
            self.came.append((path, headers, json.loads(body)))
            self.hang.wait()
            status = self.plan.pop(0) if self.plan else 200
            location = "Location: /elsewhere\r\n" if status == 302 else ""
            connection.sendall(f"HTTP/1.1 {status} x\r\n{location}Content-Length: 0\r\nConnection: "
                               f"close\r\n\r\n".encode())
