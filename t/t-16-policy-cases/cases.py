# SPDX-License-Identifier: BSD-2-Clause
"""Reads policy/cases/*.case; `run` says how one is written. Also for t/t-19-policy-mail, which sends them."""
import os
import re

WORDS = {"policy", "flags", "recipients", "header", "message", "zone", "zones", "list", "want", "never", "skipped",
         "taken"}


def read(path):
    case = {word: [] for word in WORDS}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            word, colon, rest = line.partition(":")
            if not colon or word not in WORDS:
                raise ValueError(f"{path}:{number}: what is \"{line}\"?")
            case[word].append(rest.strip())
    for word, wanted in (("policy", case["policy"]), ("want", case["want"] or case["skipped"]),
                         ("taken", case["taken"])):
        if not wanted:
            raise ValueError(f"{path}: there is no {word}:")
    return case


def policy_with(t, name, entries, change=None):
    """The policy file, with entries in lists that it leaves empty; `change` turns its text into another."""
    path = os.path.join(t.top, "policy", name)
    if not entries and not change:
        return path
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for entry in entries:
        where, what = entry.split(" ", 1)
        text, found = re.subn(rf"^{re.escape(where)} = \[\]", f'{where} = ["{what}"]', text, flags=re.M)
        if found != 1:
            raise ValueError(f"{name}: there is no empty list {where}")
    text = with_providers(t, text)
    return t.file(name, change(text) if change else text)


def with_providers(t, text):
    """The text of a shipped policy, with the table of providers where anyone may read it."""
    with open(os.path.join(t.top, "policy", "providers"), encoding="utf-8") as file:
        return text.replace('"file:providers"', f'"file:{t.file("providers", file.read())}"')


def thrown_away(text, daemon):
    """The text of a shipped policy with what a throw-away daemon has instead: its user, its socket, its state."""
    own = f'user = "nobody"\nlog = "stderr"\nstate_directory = "{daemon.directory}/state"'
    text = re.sub(r'^user = "mailweir"$', own, text, flags=re.M)
    text = re.sub(r'^socket = "unix:.*/map.sock"(\ngroup = "postfix")?$',
                  f'socket = "unix:{daemon.directory}/run/map.sock"\nmode = "0666"', text, flags=re.M)
    text = text.replace('"dir:/var/lib/mailweir/dkim"', f'"dir:{daemon.directory}/state/dkim"')
    return re.sub(r'^socket = "unix:.*/milter.sock"(\ngroup = "postfix")?$',
                  f'socket = "{daemon.milter}"\nmode = "0666"', text, flags=re.M)


def zone_of(t, case):
    lines = []
    for name in case["zones"]:
        with open(os.path.join(t.top, "policy", "cases", name), encoding="utf-8") as file:
            lines += file.read().splitlines()
    return "\n".join(lines + case["zone"]) + "\n"
