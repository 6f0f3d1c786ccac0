# SPDX-License-Identifier: BSD-2-Clause
"""The daemon under test: its policy file, its doors, its log as dicts, and its end, which must be clean."""
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

from .process import HarnessError, Process, free_port, seconds, wait_for

SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer")


class Mailweir:
    """`policy`: the file's text; @DIR@ in it is its directory (@DIR@/state and @DIR@/run are its own). Doors
    ("unix", "inet" or None) are appended as [milter] and [policy], with [general] and [admin] if the text has none,
    so lines keep their numbers; `sections`: {"policy": 'stages = ["rcpt"]'}, further keys of those, which may change
    before a reload. The milter's transport is that of MAILWEIR_TRANSPORT, if it is set. `user`: whom it runs as, with
    `groups` beside his own; None: as we are (root: it drops its privileges itself). `program`:
    something else to start in its place; `under`: the words of a
    command that starts it, prlimit(1) say."""

    def __init__(self, policy, milter="unix", policy_door="unix", user="nobody", name="mailweir", program=None,
                 arguments=(), env=None, sections=None, groups=("postfix",), under=()):
        self.name = name
        self.text = policy
        self.user = user
        self.program = program
        self.arguments = list(arguments)
        self.under = list(under)
        self.env = dict(env or {})
        self.sections = dict(sections or {})
        self.groups = groups
        self.doors = {"milter": milter, "policy": policy_door}
        self.ports = {door: free_port() for door, kind in self.doors.items() if kind == "inet"}
        self.directory = self.process = self.notify = self.scenario = None
        self.states = []      # every datagram of sd_notify, as dicts

    # --- life --------------------------------------------------------------------------------------------------------
    def start(self, scenario):
        self.scenario = scenario
        built = self.program or scenario.need("mailweir")
        if self.directory is None:
            self._make_directory(scenario)
        # A copy, because the build tree may stand where another user cannot go.
        program = shutil.copy(built, os.path.join(self.directory, os.path.basename(built)))
        self.write_policy(self.text)
        if self.notify is None:
            self._open_notify()
        leaks = 0 if self.user is None else 1   # after setuid the leak checker cannot attach to its own process
        env = {"NOTIFY_SOCKET": self._notify_path,
               "ASAN_OPTIONS": f"detect_leaks={leaks}:allow_addr2line=1:detect_stack_use_after_return=1",
               "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", **self.env}
        self.states = []
        self.process = Process(self.name, [*self.under, program, "-c", self.config, "--foreground", *self.arguments],
                               scenario.directory, user=self.user, groups=self.groups if self.user else (), env=env)
        self.wait_state("READY", "1", within=20)

    def stop(self, number=signal.SIGTERM, within=20):
        """Ends it: status 0, nothing for the sanitizers to say."""
        if not self.process:
            return None
        status = self.process.stop(number, within)
        self.process, ended = None, self.process
        if self.notify:
            self.notify.shutdown(socket.SHUT_RDWR)
            self.notify.close()
            self.notify = None
            os.unlink(self._notify_path)
        if SANITIZER.search(ended.log()):
            raise HarnessError(f"{self.name}: a sanitizer found something")
        if status != 0:
            raise HarnessError(f"{self.name} ended with status {status}")
        return status

    def sanitized(self):
        """Whether it was built with AddressSanitizer, whose own memory says nothing of ours."""
        with open(f"/proc/{self.process.pid}/exe", "rb") as program:
            return b"__asan_init" in program.read()

    def kill(self):
        """As after a crash; start() brings it back."""
        self.process.kill()
        self.process = None

    def logs(self):
        try:
            return [(f"{self.name}.toml", self._appended(self.text)), (f"{self.name}.log", self.log())]
        except OSError:
            return []

    # --- its policy --------------------------------------------------------------------------------------------------
    @property
    def config(self):
        return os.path.join(self.directory, "mailweir.toml")

    def write_policy(self, text):
        self.text = text
        with open(self.config, "w") as out:
            out.write(self._appended(text))
        os.chmod(self.config, 0o644)

    def reload(self, policy=None, within=20):
        """With a new policy, or the files as they are now: SIGHUP, until it says READY again (sd_notify's RELOADING
        comes first). Whether it took the policy is in its log."""
        if policy is not None:
            self.write_policy(policy)
        self.states = []
        self.process.send(signal.SIGHUP)
        self.wait_state("RELOADING", "1", within)
        self.wait_state("READY", "1", within)

    def ctl(self, *words, program=None):
        """mailweirctl, with the daemon's socket or file: its finished process (returncode, stdout, stderr as text)."""
        tool = program or self.scenario.need("mailweirctl")
        where = ["-s", self.admin] if words[0] in ("alerts", "block", "blocks", "counters", "dns", "reload", "reset",
                                                   "status", "suppressed", "unblock") else ["-c", self.config]
        return subprocess.run([tool, *words, *where], capture_output=True, timeout=seconds(30), text=True, check=False)

    def metrics(self):
        """What Prometheus would read at the admin socket."""
        with contextlib.closing(http.client.HTTPConnection("mailweir", timeout=seconds(10))) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(seconds(10))
            connection.sock.connect(self.admin)
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

    # --- its doors, as Postfix names them ----------------------------------------------------------------------------
    @property
    def milter(self):
        return self.address("milter")

    @property
    def policy(self):
        return self.address("policy")

    @property
    def admin(self):
        return f"{self.directory}/run/admin.sock"

    def address(self, door):
        if self.doors[door] == "inet":
            return f"inet:127.0.0.1:{self.ports[door]}"
        return f"unix:{self.directory}/run/{door}.sock"

    # --- what it says ------------------------------------------------------------------------------------------------
    def log(self):
        with open(os.path.join(self.scenario.directory, self.name + ".log"), errors="backslashreplace") as log:
            return log.read()

    def lines(self, **wanted):
        """Its key=value log lines as dicts, oldest first; only those with the fields wanted."""
        rows = [fields(line) for line in self.log().splitlines()]
        return [row for row in rows if row and all(row.get(key) == str(value) for key, value in wanted.items())]

    def wait_line(self, within=10, **wanted):
        """The newest line with these fields, once there is one."""
        return wait_for(lambda: self.lines(**wanted), f"a log line with {wanted}", within, alive=self.process)[-1]

    def wait_state(self, key, value, within=10):
        """Until sd_notify has said KEY=VALUE since the start or the reload."""
        def said():
            return any(state.get(key) == value for state in self.states)

        wait_for(lambda: said() or not self.process.running(), f"{self.name} to say {key}={value}", within)
        if not said():
            raise HarnessError(f"{self.name} ended with status {self.process.status()}:\n{self.log()}")

    def memory(self):
        """Resident set in bytes: (now, peak)."""
        with open(f"/proc/{self.process.pid}/status") as status:
            rows = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read(), re.MULTILINE))
        return int(rows["VmRSS"]) * 1024, int(rows["VmHWM"]) * 1024

    # --- its parts ---------------------------------------------------------------------------------------------------
    def _make_directory(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name + ".d")
        for part in ("", "run", "state"):
            path = os.path.join(self.directory, part)
            os.makedirs(path, mode=0o755, exist_ok=True)
            if os.getuid() == 0:
                shutil.chown(path, self.user or "nobody")

    def _appended(self, text):
        sections = {"general": {"user": self.user or "nobody", "log": "stderr", "state_directory": "@DIR@/state"},
                    "admin": {"socket": f"unix:{self.admin}", "mode": "0666"}}
        for door, kind in self.doors.items():
            if kind == "unix":
                sections[door] = {"socket": f"unix:{self.directory}/run/{door}.sock", "mode": "0666"}
            elif kind == "inet":
                sections[door] = {"socket": f"inet:{self.ports[door]}@127.0.0.1"}
        if "milter" in sections and "MAILWEIR_TRANSPORT" in os.environ:
            sections["milter"]["transport"] = os.environ["MAILWEIR_TRANSPORT"]
        written = set(re.findall(r"^\[(\w+)\]", text, re.MULTILINE))
        for name, keys in sections.items():
            if name in written:
                continue
            more = self.sections.get(name, "")
            # What `sections` names itself is not named again: TOML takes a key once.
            lines = [f'{key} = "{value}"' for key, value in keys.items()
                     if not re.search(rf"^{key}\s*=", more, re.MULTILINE)]
            text += "\n".join(["", f"[{name}]", *lines, more]) + "\n"
        for name in self.sections.keys() - sections.keys():
            text += f"\n[{name}]\n{self.sections[name]}\n"
        return text.replace("@DIR@", self.directory)

    @property
    def _notify_path(self):
        return os.path.join(self.directory, "notify.sock")

    def _open_notify(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self._notify_path)
        os.chmod(self._notify_path, 0o777)
        threading.Thread(target=self._listen, args=(self.notify,), daemon=True).start()

    def _listen(self, notify):
        """As systemd does, all the time: a notification that is not read would stop the daemon."""
        with contextlib.suppress(OSError):
            while datagram := notify.recv(4096):
                self.states.append(dict(line.partition("=")[::2] for line in datagram.decode().splitlines()))


FIELD = re.compile(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')


def fields(line):
    """A log line as base/text.h append_field writes it: key=value, values quoted where needed, bytes as \\xHH."""
    def plain(value):
        if not value.startswith('"'):
            return value
        raw = value[1:-1].encode(errors="surrogateescape")
        return re.sub(rb'\\(x[0-9a-f]{2}|.)', unescaped, raw).decode(errors="replace")

    def unescaped(found):
        return bytes([int(found[1][1:], 16)]) if len(found[1]) == 3 else found[1]

    return {key: plain(value) for key, value in FIELD.findall(line)}
