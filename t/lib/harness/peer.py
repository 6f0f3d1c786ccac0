# SPDX-License-Identifier: BSD-2-Clause
"""Either end of a socket: what the clients of the doors share, and what the servers that Postfix speaks to share."""
import contextlib
import socket
import threading

from .process import free_port, seconds


class Peer:
    """A connection to "unix:/path" or "inet:HOST:PORT" (as Postfix spells them), made with the object."""

    def __init__(self, address, within):
        kind, _, rest = address.partition(":")
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(seconds(within))
            self.socket.connect(rest)
        else:
            host, _, port = rest.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), timeout=seconds(within))
        self.input = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.input.close()
        self.socket.close()


class Server:
    """Listens on a free port of 127.0.0.1; `serve(connection)` of each is called in a thread of its own, and may end
    with an OSError when the connection does."""

    def __init__(self, name):
        self.name = name
        self.port = free_port()
        self._server = None
        self._connections = set()

    @property
    def address(self):
        return f"inet:127.0.0.1:{self.port}"

    def start(self, _scenario=None):
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        for one in [self._server, *self._connections]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                self.serve(connection)
        except OSError as error:
            self.lost(error)
        finally:
            self._connections.discard(connection)

    def lost(self, error):
        """A connection ended with an error."""
