# SPDX-License-Identifier: BSD-2-Clause
"""How the parts of this scenario call mailweirctl, and what their policy files begin with."""
import os
import subprocess

DOOR = '[milter]\nsocket = "inet:10025@127.0.0.1"\n'


def run(t, *arguments):
    """(status, stdout, stderr) of mailweirctl, in the scenario's directory: names in errors are then without a path."""
    if arguments[0] == "check":   # t-40-daemon looks at starts
        arguments = ("check", "--policy-only", *arguments[1:])
    command = [os.path.join(t.build, "mailweirctl"), *arguments]
    done = subprocess.run(command, cwd=t.directory, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def errors_of(text):
    """The error lines, without warnings and the line that counts them."""
    lines = [line for line in text.splitlines() if not line.startswith("warning: ")]
    return lines[:-1], lines[-1] if lines else ""
