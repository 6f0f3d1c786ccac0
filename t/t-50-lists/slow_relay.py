# SPDX-License-Identifier: BSD-2-Clause
"""A UDP relay before a name server: names below slow.test are answered late, those below mute.test never."""
import socket
import threading
import time

from harness.process import free_port


class SlowRelay:
    def __init__(self, port_behind, delay=0.4):
        self.behind = ("127.0.0.1", port_behind)
        self.delay = delay
        self.port = free_port()
        self.asked = []
        self.answered = {}   # name: how many had been asked when its first answer went back
        self.socket = None

    def start(self, _scenario=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self.socket.close()

    def logs(self):
        return []

    def _serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._relay, args=(packet, peer), daemon=True).start()

    def _relay(self, packet, peer):
        name = name_of(packet)
        self.asked.append(name)
        if name.endswith(".mute.test"):
            return
        if name.endswith(".slow.test"):
            time.sleep(self.delay)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.settimeout(5)
            back.sendto(packet, self.behind)
            try:
                answer = back.recv(65535)
                self.answered.setdefault(name, len(self.asked))
                self.socket.sendto(answer, peer)
            except OSError:
                pass


def name_of(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1").lower())
        at += 1 + packet[at]
    return ".".join(labels)
