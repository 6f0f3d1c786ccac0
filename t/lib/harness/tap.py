# SPDX-License-Identifier: BSD-2-Clause
"""TAP: `ok N - text`, reasons as `# ` lines, the plan at the end. One per scenario."""
import re
import sys


class Tap:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.number = 0
        self.failed = 0
        self.skipped = 0

    def _say(self, line):
        self.out.write(line + "\n")
        self.out.flush()

    def note(self, text):
        for line in str(text).splitlines():
            self._say("# " + line)

    def ok(self, good, text, why=""):
        """One test point; `why` is printed only when it fails. Returns whether it was good."""
        self.number += 1
        text = text.replace("#", "\\#").replace("\n", " ")
        self._say(f"{'ok' if good else 'not ok'} {self.number} - {text}")
        if not good:
            self.failed += 1
            if why:
                self.note(why)
        return bool(good)

    def equal(self, got, want, text):
        return self.ok(got == want, text, f"got:    {got!r}\nwanted: {want!r}")

    def like(self, got, pattern, text):
        """`pattern` is a regular expression, searched for anywhere in the text."""
        return self.ok(re.search(pattern, got or ""), text, f"got:    {got!r}\nwanted: /{pattern}/")

    def unlike(self, got, pattern, text):
        return self.ok(not re.search(pattern, got), text, f"got:      {got!r}\nunwanted: /{pattern}/")

    def skip(self, text, reason):
        self.number += 1
        self.skipped += 1
        self._say(f"ok {self.number} - {text} # SKIP {reason}")

    def skip_all(self, reason):
        self._say(f"1..0 # SKIP {reason}")

    def bail_out(self, reason):
        self._say("Bail out! " + " ".join(str(reason).split()))

    def plan(self):
        self._say(f"1..{self.number}")
