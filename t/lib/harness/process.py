# SPDX-License-Identifier: BSD-2-Clause
"""A server as a child of ours: started in a session of its own, its output in a file, ended by its own pid. It also
ends when the scenario itself is killed (setpriv's --pdeathsig). Also: waiting with a deadline, ports that are free."""
import fcntl
import grp
import os
import pwd
import random
import signal
import socket
import subprocess
import time


class HarnessError(Exception):
    """The test bed itself did not work: the scenario bails out."""


def seconds(span):
    """A span stretched for slow builds (MAILWEIR_TEST_PATIENCE, 2 unless set)."""
    return span * float(os.environ.get("MAILWEIR_TEST_PATIENCE", "2"))


def wait_for(condition, what, within=10, alive=None):
    """Asks until `condition()` is true and returns its value. `alive`: a Process without which waiting is vain."""
    until = time.monotonic() + seconds(within)
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and not alive.running():
            raise HarnessError(f"{alive.name} ended (status {alive.status()}) while waiting for {what}\n{alive.log()}")
        if time.monotonic() > until:
            raise HarnessError(f"waited {seconds(within):g} s in vain for {what}")
        time.sleep(0.01)


_reserved = []  # open lock files: a port stays ours until this process ends


def free_port():
    """A TCP and UDP port of 127.0.0.1 that is not in use, below the range of outgoing connections, kept from scenarios
    that run at the same time by a lock file."""
    directory = os.path.join("/tmp", f"mailweir-test-ports-{os.getuid()}")
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        lock = os.open(os.path.join(directory, str(port)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        _reserved.append(lock)
        return port
    raise HarnessError("no free port between 20000 and 32000")


def answers(port, host="127.0.0.1"):
    """Whether a server accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


class Process:
    def __init__(self, name, argv, directory, user=None, groups=(), env=None):
        """`user` None: as we are. `groups`: names of further groups. Output goes to DIRECTORY/NAME.log."""
        self.name = name
        self.log_path = os.path.join(directory, name + ".log")
        command = ["setpriv", "--pdeathsig", "TERM"]
        if user is not None:
            account = pwd.getpwnam(user)
            gids = [str(grp.getgrnam(group).gr_gid) for group in groups]
            command += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid)]
            command += ["--groups", ",".join(gids)] if gids else ["--clear-groups"]
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                command + [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=directory, env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.child.pid

    def running(self):
        return self.child.poll() is None

    def status(self):
        """Exit status once it has ended: as the shell says it, 128 + N for signal N; None while it runs."""
        code = self.child.poll()
        return code if code is None or code >= 0 else 128 - code

    def send(self, number):
        if self.running():
            os.kill(self.pid, number)

    def log(self):
        with open(self.log_path, errors="backslashreplace") as log:
            return log.read()

    def wait(self, within=10):
        """Its exit status, once it ends by itself."""
        try:
            self.child.wait(seconds(within))
        except subprocess.TimeoutExpired:
            raise HarnessError(f"{self.name} (pid {self.pid}) did not end within {seconds(within):g} s") from None
        return self.status()

    def stop(self, number=signal.SIGTERM, within=15):
        """Asks it to end and returns its status; kills it and complains when it does not."""
        self.send(number)
        try:
            return self.wait(within)
        except HarnessError:
            self.kill()
            raise

    def kill(self):
        """Ends it and whatever it left in its process group, without asking."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait(10)


class ProcessServer:
    """A server in a `process` of its own, with its files in `directory`: start(scenario) of a subclass makes both."""

    def __init__(self, name):
        self.name = name
        self.directory = self.process = None

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        """Gone at once, as after a power cut; start() brings it back in the same place."""
        self.process.kill()

    def log(self):
        return self.process.log()

    def logs(self):
        return [(self.name, self.log())] if self.process else []
