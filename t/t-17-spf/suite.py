# SPDX-License-Identifier: BSD-2-Clause
"""Reads the public test suite of RFC 7208 where Debian's python3-spf has it: its zones as our zone files, and as a name
server that we write byte by byte has them."""
import gzip

SUITE = "/usr/share/doc/python3-spf/rfc7208-tests.yml.gz"
CASES = 203     # that python3-spf of Debian 12 has
TYPES = ("A", "AAAA", "MX", "TXT", "PTR", "CNAME")


def quoted(octets):
    plain = "".join(chr(o) if 0x20 <= o < 0x7f and chr(o) not in '"\\' else f"\\{o:03d}" for o in octets)
    return f'"{plain}"'


def value(kind, given):
    if kind == "MX":
        preference, host = given
        return f"{preference} {host.rstrip('.') or '.'}"
    if kind == "TXT":
        strings = given if isinstance(given, list) else [given]
        return " ".join(quoted(s.encode()) for s in strings) or '""'
    return str(given)


def records_of(entries):
    """One name's records (type, value), and the types that get no answer. What the suite calls SPF stands for TXT too,
    unless the name has TXT entries of its own."""
    records, silent, own_txt = [], False, False
    for entry in entries:
        if entry == "TIMEOUT":
            silent = True
            continue
        for kind, given in entry.items():
            own_txt = own_txt or kind == "TXT"
            if given != "NONE":
                records.append((kind, given))
    records = [("TXT" if kind == "SPF" else kind, given) for kind, given in records if kind != "SPF" or not own_txt]
    return records, [kind for kind in TYPES if silent and kind not in [each for each, _ in records]]


def lines_of(name, entries):
    owner = quoted(name.encode()) if " " in name else name
    records, silent = records_of(entries)
    for kind, given in records:
        yield f"{owner} {kind} {value(kind, given)}"
    if silent:
        yield f"{owner} TIMEOUT {' '.join(silent)}"


def zone(data):
    return "".join(line + "\n" for name, entries in data.items() for line in lines_of(str(name), entries))


def wire(data):
    """For harness.NameServer: its records, and the questions that it does not answer."""
    records, silent = {}, []
    for name, entries in data.items():
        records[str(name)], kinds = records_of(entries)
        silent += [(str(name), kind) for kind in kinds]
    return records, silent


def listed(one):
    return one if isinstance(one, list) else [one]


def cases():
    """Each case: where it is from, its zone's text, the flags of mailweirctl spf, the words and the explanation
    wanted."""
    import yaml  # a package of its own: who calls has looked for it
    with gzip.open(SUITE) as file:
        for part in yaml.safe_load_all(file):
            text = zone(part["zonedata"])
            for name, test in part["tests"].items():
                yield {"name": f"{part['description']}: {name}", "zone": text, "wire": wire(part["zonedata"]),
                       "words": listed(test["result"]), "explanation": test.get("explanation"),
                       "flags": [f"--ip={test['host']}", f"--sender={test['mailfrom'] or '<>'}",
                                 f"--helo={test['helo']}"]}
