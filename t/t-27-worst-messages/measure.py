# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon has used, and usual messages to compare with."""
import os
import threading
import time

from harness import MilterClient


def processor_time(daemon):
    """Of all its threads, those that have ended too, in seconds (proc(5), /proc/pid/stat)."""
    with open(f"/proc/{daemon.process.pid}/stat") as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def usual(client):
    """One message on a connection that is past HELO; the answer to its end."""
    client.mail("alice@example.com")
    client.rcpt("bob@example.net")
    client.data()
    return client.message([("From", " Alice <alice@example.com>"), ("To", " bob@example.net"), ("Subject", " hello")],
                          b"text\r\n")


def open_client(daemon):
    client = MilterClient(daemon.milter, within=120)
    client.negotiate()
    client.connect()
    client.helo()
    return client


def usual_cost(daemon, count=100):
    """Seconds of the processor's time that one takes."""
    with open_client(daemon) as client:
        before = processor_time(daemon)
        for _ in range(count):
            assert usual(client) == ("c", b"")
        return max(processor_time(daemon) - before, 1 / os.sysconf("SC_CLK_TCK")) / count


class Others:
    """Eight connections that send usual messages one after the other, from `with` to its end."""

    def __init__(self, daemon, count=8):
        self.daemon = daemon
        self.done = threading.Event()
        self.answers = [[] for _ in range(count)]
        self.longest = 0.0
        self.threads = [threading.Thread(target=self._send, args=(answers,)) for answers in self.answers]

    def _send(self, answers):
        with open_client(self.daemon) as client:
            while not self.done.is_set():
                begun = time.monotonic()
                answers.append(usual(client))
                self.longest = max(self.longest, time.monotonic() - begun)
                self.done.wait(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
