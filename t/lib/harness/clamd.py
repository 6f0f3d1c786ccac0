# SPDX-License-Identifier: BSD-2-Clause
"""A real clamd with a database of our own, in which nothing stands but the EICAR test signature; and one that makes
trouble."""
import base64
import os
import shutil
import signal
import socket
import struct
import tempfile
import threading

from .parts import letter
from .peer import Server
from .process import Process, ProcessServer, wait_for

# In pieces, so that no scanner finds it here (https://www.eicar.org/download-anti-malware-testfile/).
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"


def infected(coded=True, more=0):
    """A message with it, in an attachment that is base64, or as text; then so many lines more."""
    if not coded:
        return letter(body=EICAR + b"\r\n")
    parts = [("MIME-Version", "1.0"), ("Content-Type", 'multipart/mixed; boundary="x"')]
    body = (b"--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            base64.b64encode(EICAR) + b"\r\n--x--\r\n" + b"more\r\n" * more)
    return letter(body=body, headers=parts)


class Clamd(ProcessServer):
    """On the unix socket `socket` that everybody may use. `settings`: further lines of clamd.conf."""

    def __init__(self, settings=(), name="clamd"):
        super().__init__(name)
        self.settings = settings

    @property
    def socket(self):
        return f"unix:{self.directory}/clamd.sock"

    def start(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name)
        os.makedirs(f"{self.directory}/db", exist_ok=True)
        os.makedirs(f"{self.directory}/tmp", exist_ok=True)
        with open(f"{self.directory}/db/test.ndb", "w") as out:
            out.write(f"Test.Eicar:0:*:{EICAR.hex()}\n")
        config = os.path.join(self.directory, "clamd.conf")
        with open(config, "w") as out:
            out.write("\n".join([
                f"DatabaseDirectory {self.directory}/db", f"TemporaryDirectory {self.directory}/tmp",
                                 f"LocalSocket {self.directory}/clamd.sock",
                "LocalSocketMode 666", "FixStaleSocket true", "Foreground true", "MaxThreads 4", "SelfCheck 0",
                *self.settings]) + "\n")
        self.process = Process(self.name, ["clamd", "-c", config], scenario.directory)
        wait_for(self.pongs, "clamd to answer", within=30, alive=self.process)

    def stop(self):
        if self.process:
            self.process.send(signal.SIGCONT)
        super().stop()

    def kill(self):
        """Gone at once; its socket stays, and is not served."""
        super().kill()
        self.process = None

    def pongs(self):
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(2)
                peer.connect(f"{self.directory}/clamd.sock")
                peer.sendall(b"zPING\0")
                return peer.recv(16) == b"PONG\0"
        except OSError:
            return False


class FakeClamd(Server):
    """Speaks INSTREAM, and keeps each message that was sent to it whole in `messages`. What it does besides:

    answer         what it says, at the end of the message
    at_once        it says so before anything has come, and reads nothing: at a unix socket, whose buffers are so small
                   that a message of 220 KB cannot be sent before the answer is seen
    dies_after     so many bytes of messages are read, then the connection is closed
    deaf           nothing is read
    """

    def __init__(self, name="fake-clamd", answer=b"stream: OK\0", at_once=False, dies_after=None, deaf=False):
        super().__init__(name)
        self.reply, self.at_once, self.dies_after, self.deaf = answer, at_once, dies_after, deaf
        self.messages, self.connections = [], 0
        self.over = threading.Event()
        self.directory = None

    @property
    def socket(self):
        return f"unix:{self.directory}/clamd.sock" if self.directory else f"inet:{self.port}@127.0.0.1"

    def start(self, scenario=None):
        if not self.at_once:
            return super().start(scenario)
        self.directory = tempfile.mkdtemp(prefix="mailweir-t-")
        os.chmod(self.directory, 0o755)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(f"{self.directory}/clamd.sock")
        os.chmod(f"{self.directory}/clamd.sock", 0o777)
        self._server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.over.set()
        super().stop()
        if self.directory:
            shutil.rmtree(self.directory)

    def logs(self):
        return [(self.name, f"{self.connections} connections, {[len(one) for one in self.messages]} bytes")]

    def serve(self, connection):
        self.connections += 1
        if self.at_once:
            connection.sendall(self.reply)
        if self.deaf or self.at_once:
            self.over.wait()
            return
        with connection.makefile("rb") as stream:
            if stream.read(10) != b"zINSTREAM\0":
                return
            message = b""
            while True:
                size = struct.unpack("!I", stream.read(4).rjust(4, b"\0"))[0]
                if size == 0:
                    break
                message += stream.read(size)
                if self.dies_after is not None and len(message) > self.dies_after:
                    return
            self.messages.append(message)
            connection.sendall(self.reply)
