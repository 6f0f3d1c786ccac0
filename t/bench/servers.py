# SPDX-License-Identifier: BSD-2-Clause
"""Starting servers, waiting until they answer, and ending them, by process id, with what they forked."""

import os
import signal
import subprocess
import time
from pathlib import Path


class Trouble(Exception):
    pass


def start_time(pid):
    """A process's start in ticks, which tells it from a later one of the same number; None: gone, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree(roots):
    """The processes and all their descendants: {pid: start time}."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, open_pids = {}, list(roots)
    while open_pids:
        pid = open_pids.pop()
        if pid not in found and (began := start_time(pid)) is not None:
            found[pid] = began
            open_pids += children.get(pid, [])
    return found


class Running:
    """A contender that has been started; use with `with`."""

    def __init__(self, server, place, user):
        self.processes = []
        self.pids = []
        self.output = place.directory / "output"
        self.server = server
        self.account = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}

    def __enter__(self):
        try:
            for number, command in enumerate(self.server.commands):
                with open(self.output, "ab") as output:
                    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                               cwd=self.output.parent, **self.account)
                self.processes.append(process)
                last = number == len(self.server.commands) - 1
                self.pids.append(self.pid_from_file(process) if last and self.server.pid_file else process.pid)
        except BaseException:
            self.end()
            raise
        return self

    @property
    def measured(self):
        return self.pids[self.server.beside:]

    def beside_cpu(self):
        """Seconds of CPU so far of what is measured apart."""
        return sum(cpu_seconds(pid) for pid in self.pids[:self.server.beside])

    def __exit__(self, *_):
        self.end()

    def pid_from_file(self, process):
        process.wait(timeout=20)  # until it has gone into the background
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                return int(Path(self.server.pid_file).read_text())
            except (OSError, ValueError):
                time.sleep(0.05)
        raise Trouble(f"it wrote no pid file; {self.last_words()}")

    def check(self):
        """Raises when one of its processes has ended."""
        for pid in self.pids:
            if start_time(pid) is None:
                raise Trouble(f"it has ended; {self.last_words()}")

    def last_words(self):
        try:
            words = self.output.read_text(errors="replace").strip()[-600:]
        except OSError:
            words = ""
        return f"its last words: {words}" if words else "it said nothing"

    def end(self):
        alive = tree(self.pids + [process.pid for process in self.processes])
        for pid in reversed(self.pids):
            if pid in alive:
                kill(pid, signal.SIGTERM)
        until = time.monotonic() + 1  # a filter on libmilter takes up to 5 s
        while time.monotonic() < until and self.left(alive):
            time.sleep(0.02)
        for pid in self.left(alive):
            kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait(timeout=10)

    def left(self, alive):
        for process in self.processes:
            process.poll()
        return [pid for pid, began in alive.items() if start_time(pid) == began]


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
