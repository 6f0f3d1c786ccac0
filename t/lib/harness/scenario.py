# SPDX-License-Identifier: BSD-2-Clause
"""One end-to-end scenario: TAP points, a directory of its own, a deadline over everything, and an end in which all
that was started is stopped, last first, whatever happened. A failure attaches the end of each server's log."""
import os
import shutil
import signal
import sys
import tempfile
import traceback

from .process import HarnessError, seconds
from .tap import Tap

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


class TooLong(Exception):
    pass


class Scenario(Tap):
    def __init__(self, programs=(), root=False, deadline=120, base="/tmp"):
        """Skips itself when one of `programs` is not installed, or `root` is needed and we are not. `deadline` in
        seconds for the whole. `base`: where the directory is made (Sendmail wants one that not all can write)."""
        super().__init__()
        self.started = []
        self.left = False   # in the middle
        self.directory = ""
        self.top = TOP
        self.build = os.environ.get("MAILWEIR_BUILD", os.getcwd())
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
        os.environ["PATH"] = path
        missing = [program for program in programs if not shutil.which(program)]
        if root and os.getuid() != 0:
            self.leave(f"needs root, to start servers under their own users (we are uid {os.getuid()})")
        if missing:
            self.leave(f"not installed: {' '.join(missing)} (contrib/packages install test)")
        self.directory = tempfile.mkdtemp(prefix="mailweir-t-", dir=base)
        os.chmod(self.directory, 0o755)
        self.limit = int(seconds(deadline))

    def leave(self, reason):
        """Cannot run here: the whole scenario is skipped, or what is left of it."""
        if self.number:
            self.skip("the rest", reason)
            self.left = True
            sys.exit(0)
        if not self.started:   # what was started still needs it to its end
            shutil.rmtree(self.directory, ignore_errors=True)
        self.skip_all(reason)
        sys.exit(77)

    def need(self, what):
        """The path of a program of this build; without it the scenario is skipped."""
        path = os.path.join(self.build, what)
        if not os.access(path, os.X_OK):
            self.leave(f"{what} is not built in {self.build}")
        return path

    def start(self, server):
        """Starts it and keeps it for the end. Returns it."""
        self.started.append(server)
        server.start(self)
        return server

    def stop(self, server):
        """Stops it before the end; a server that ended badly fails the scenario there, too."""
        self.started.remove(server)
        return server.stop()

    def file(self, name, text="", mode=0o644):
        """Writes a file into the scenario's directory and returns its path."""
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def show_logs(self, lines=60):
        for server in self.started:
            for title, text in server.logs():
                self.note(f"--- {title}")
                self.note("\n".join(text.splitlines()[-lines:]))

    # --- the frame ---------------------------------------------------------------------------------------------------
    def __enter__(self):
        def too_long(*_):
            raise TooLong(f"the scenario took longer than {self.limit} s")

        def ended(*_):
            raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, too_long)
        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGHUP, ended)
        signal.alarm(self.limit)
        return self

    def __exit__(self, kind, error, trace):
        signal.alarm(0)
        broken = kind is not None and not issubclass(kind, SystemExit)
        if broken:
            self.note("".join(traceback.format_exception(kind, error, trace)))
        if broken or self.failed:
            self.show_logs()
        self._stop_all()
        keep = os.environ.get("MAILWEIR_TEST_KEEP")
        if keep:
            self.note(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        if kind is not None and issubclass(kind, SystemExit) and not self.left:
            return False
        if broken:
            self.bail_out(f"{kind.__name__}: {error}")
            sys.exit(1)
        self.plan()
        sys.exit(1 if self.failed else 77 if self.number == self.skipped else 0)

    def _stop_all(self):
        """The servers' own end is part of the test: one that does not end cleanly is a failed point."""
        signal.alarm(int(seconds(60)))
        for server in reversed(self.started):
            try:
                server.stop()
            except (HarnessError, TooLong, OSError) as error:
                self.ok(False, f"{server.__class__.__name__} ends cleanly", str(error))
                for title, text in server.logs():
                    self.note(f"--- {title}")
                    self.note("\n".join(text.splitlines()[-60:]))
        signal.alarm(0)
