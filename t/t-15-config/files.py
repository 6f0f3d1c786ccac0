# SPDX-License-Identifier: BSD-2-Clause
"""Files with mistakes, good files and what `config` prints of them, files that are not there or elsewhere."""
import os
import re
import shutil

from bed import errors_of, run

HERE = os.path.dirname(os.path.realpath(__file__))
FEWEST = 70


def bad(t):
    names = sorted(name for name in os.listdir(t.directory) if name.endswith(".toml"))
    t.ok(len(names) >= FEWEST, f"there are at least {FEWEST} bad configurations", f"there are {len(names)}")
    with open(os.path.join(t.build, "config.h"), encoding="utf-8") as file:
        countries = "#define HAVE_MAXMINDDB 1" in file.read()
    for name in names:
        if name.startswith("geoip-") and not countries:
            continue    # this build says that it has no country databases
        with open(os.path.join(t.directory, name), encoding="utf-8") as file:
            text = file.read()
        wanted = re.findall(r"^# want: (.*)$", text, re.M)
        why = text.splitlines()[1].lstrip("# ")
        status, out, err = run(t, "check", name)
        told, last = errors_of(err)
        told = [line.removeprefix(name + ":").strip() if line.startswith(name + ":") else line for line in told]
        count = f"{name}: {len(wanted)} error" + ("" if len(wanted) == 1 else "s")
        t.ok(status == 1 and wanted and told == wanted and last == count and not out, f"{name}: {why}",
             f"status {status}, {last!r}\ngot:\n  " + "\n  ".join(told) + "\nwanted:\n  " + "\n  ".join(wanted))


def without_places(text):
    """What `config` prints, without the lines that say where a rule stood."""
    return "".join(line for line in text.splitlines(True) if not line.startswith("# "))


def good(t):
    directory = os.path.join(HERE, "good")
    for name in sorted(os.listdir(directory)):
        shutil.copy(os.path.join(directory, name), t.directory)
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".toml") or name.startswith("part-"):
            continue
        status, out, err = run(t, "config", name)
        with open(os.path.join(directory, name.removesuffix(".toml") + ".want"), encoding="utf-8") as file:
            wanted = file.read()
        t.equal((status, err), (0, ""), f"{name}: is good, without a warning")
        t.equal(out, wanted, f"{name}: its effective configuration")
        with open(os.path.join(t.directory, "again.toml"), "w", encoding="utf-8") as file:
            file.write(out)
        status, again, err = run(t, "config", "again.toml")
        t.equal((status, err), (0, ""), f"{name}: what config prints is a policy file")
        t.equal(without_places(again), without_places(out), f"{name}: and says the same when it is read again")


def elsewhere(t):
    """Relative names start at the policy file, wherever mailweirctl is called."""
    os.mkdir(os.path.join(t.directory, "sub"))
    rule = ('[[rule]]\nname = "r"\nat = "mail"\nwhen = { sender_domain_dns = "exists" }\nreject = "550 5.7.1 is in the '
            'zone"\n')
    texts = {"zone": "example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.1\n",
             "here.toml": '[policy]\nsocket = "unix:/p"\n[dns]\nzone = "zone"\n' + rule}
    for name, text in texts.items():
        with open(os.path.join(t.directory, "sub", name), "w", encoding="utf-8") as file:
            file.write(text)
    status, out, err = run(t, "config", "sub/here.toml")
    t.equal((status, err), (0, ""), "a policy file in another directory")
    t.ok('zone = "zone"' in out.splitlines(), "config prints its zone as written", out)
    with open(os.path.join(t.directory, "sub", "again.toml"), "w", encoding="utf-8") as file:
        file.write(out)
    status, again, err = run(t, "config", "sub/again.toml")
    t.equal((status, err, without_places(again)), (0, "", without_places(out)),
            "and it is found again from what config prints")
    t.file("sub/paths.toml", '[general]\npid_file = "run/pid"\nstate_directory = "state"\n' + texts["here.toml"])
    status, out, err = run(t, "config", "sub/paths.toml")
    t.equal([line for line in out.splitlines() if line.startswith(("pid_file", "state_directory"))],
            ['pid_file = "sub/run/pid"', 'state_directory = "sub/state"'], "so do the pid file and the state directory")
    status, out, err = run(t, "explain", "-c", "sub/again.toml", "--sender", "a@example.com", "--recipient",
                           "b@example.net")
    t.like(out, "550 5.7.1 is in the zone", "and explain answers from it")


def lists_that_are_away(t):
    """explain says so of a list in Redis, and goes on."""
    t.file("away.toml",
           '[policy]\nsocket = "unix:/p"\n[redis]\nurl = "redis://127.0.0.1:1/0"\n[lists]\nbad = "redis:bad"\n'
           '[[rule]]\nname = "r"\nat = "mail"\nwhen = { sender = "list:bad" }\nreject = "550 5.7.1 no"\n')
    status, out, err = run(t, "explain", "-c", "away.toml", "--sender", "a@example.com", "--recipient", "b@example.net")
    t.equal((status, err), (0, ""), "explain ends well while a list's Redis server does not answer")
    t.like(out, "is a@example.com: could not be asked", "and says that the list could not be asked")


def files(t):
    status, _, err = run(t, "check", "not-there.toml")
    t.equal((status, err), (1, "not-there.toml: cannot be read: No such file or directory\nnot-there.toml: 1 error\n"),
            "a policy file that is not there")
    status, _, err = run(t, "check", "parts")
    t.equal((status, err), (1, "parts: is a directory, must be a file\nparts: 1 error\n"),
            "a policy file that is a directory")
    installed = os.path.join(t.top, "policy", "relay.toml")
    status, out, err = run(t, "check", installed)
    t.equal((status, err), (0, ""), "the policy that is installed has no error and no warning")
    t.like(out, r": good: \d+ rules in 1 file$", "and check says so")


def all_of(t):
    bad(t)
    files(t)
    good(t)
    elsewhere(t)
    lists_that_are_away(t)
