# SPDX-License-Identifier: BSD-2-Clause
"""The keys that `explain` names, and what `check` says of keys."""
import os
import shutil

from bed import DOOR, run

SIGNED = DOOR + """
[[dkim.key]]
domain = "example.com"
selector = "a"
file = "keys/good.pem"
[[dkim.key]]
domain = "example.net"
selector = "b"
file = "keys/good.pem"
subdomains = true
"""
SIGN = '[[rule]]\nname = "sign"\nat = "end-of-message"\nsign = true\n'
A_KEY, B_KEY = (f"sign: with the key {name} (ed25519-sha256, of [[dkim.key]])"
                for name in ("a._domainkey.example.com", "b._domainkey.example.net"))
AUTHOR = "sign: by the domain of the From header, which only a message file has"
WORLD = ("warning: broken.toml:16:8: dkim.key.file: keys/world.pem: mode 0644: others can read this key; run: chgrp "
         "mailweir keys/world.pem && chmod 640 keys/world.pem\n")


def signed(t):
    """explain tells the keys that sign, and check that none is asked to."""
    t.file("signed.toml", SIGNED + SIGN)
    t.file("named.toml", SIGNED + SIGN.replace("true", '["example.com"]'))
    t.file("provider.toml",
           '[dkim]\nwithout_key = "provider"\nprovider = "example.net"\n' + SIGNED.replace(DOOR, "") + DOOR + SIGN)
    t.file("broken.toml",
           SIGNED + '[[dkim.key]]\ndomain = "example.org"\nselector = "c"\nfile = "keys/world.pem"\n' + SIGN)
    t.file("other.toml", SIGNED + SIGN + 'when = { sasl_username = "another" }\n')
    t.file("place.toml", '[dkim]\nkeys = "dir:keys/place"\n' + SIGNED.replace(DOOR, "") + DOOR + SIGN)
    os.makedirs(os.path.join(t.directory, "keys", "place", "example.org"))
    shutil.copy(os.path.join(t.directory, "keys", "good.pem"),
                os.path.join(t.directory, "keys", "place", "example.org", "s1.pem"))
    for author, policy, wanted in [
            ("a@example.com", "signed", [A_KEY]),
            ("a@sub.example.net", "signed", [B_KEY]),
            ("a@example.org", "signed", ["sign: no key for example.org; the message leaves unsigned"]),
            ("a@example.org, b@example.com, c@example.net", "signed",
             [A_KEY, B_KEY, "sign: no key for example.org"]),
            ("a@example.org", "named", [A_KEY]),
            ("", "signed", ["sign: the message has no From header field, and leaves unsigned"]),
            (None, "signed", [AUTHOR, f"sign: if that is example.com: {A_KEY[6:]}"]),
            (None, "named", [A_KEY]),
            ("a@example.org", "provider", [B_KEY, "sign: no key for example.org; the provider signs instead"]),
            ("a@example.com", "provider", [A_KEY]),
            (None, "provider", [AUTHOR, f"sign: if that is example.com: {A_KEY[6:]}"]),
            ("a@example.org", "broken",
             ["sign: cannot use keys/world.pem: mode 0644: others can read this key; run: chgrp mailweir "
              "keys/world.pem && chmod 640 keys/world.pem",
                                         "sign: no key for example.org; the message leaves unsigned"]),
            ("a@example.org", "place",
             ["sign: with the key s1._domainkey.example.org (ed25519-sha256, of dir:keys/place)"]),
            ("a@example.com", "place", [A_KEY]),
            ("a@example.com", "other", ["sign: the message leaves unsigned: no rule signs it"])]:
        t.file("signed.eml", (f"From: {author}\n" if author else "") + "Subject: s\n\nbody\n")
        _, out, err = run(t, "explain", "-c", f"{policy}.toml", "--login", "l", "--sender", "a@example.com",
                          *([] if author is None else ["signed.eml"]))
        t.equal(([line.strip() for line in out.splitlines() if line.startswith("  sign:")], err),
                (wanted, WORLD if policy == "broken" else ""),
                f"explain: {policy}.toml, From {author}: {'; '.join(wanted)}")
    t.file("unused-key.toml", SIGNED + '[[rule]]\nname = "r"\nat = "mail"\nhold = true\n')
    status, _, err = run(t, "check", "unused-key.toml")
    t.equal((status, "dkim.key: this key signs nothing, because no rule has sign; write: [[rule]] name" in err,
             err.count("\n")), (0, True, 1),
            "check warns of keys that no rule signs with")


KEY = '[[dkim.key]]\ndomain = "{}"\nselector = "s"\nfile = "keys/{}.pem"\n'
OPEN = ('leaves {} unsigned: anybody on the way can change it, and the signature stays good; to oversign From only and '
        'sign the rest once, '
        'write oversign = "from"')
# Doubts about signing: (what stands in the file, the warnings).
SIGNING = [
    (KEY.format("example.com", "good"), []),
    (KEY.format("example.com", "good") + KEY.format("example.org", "short"),
     ["10:8: dkim.key.file: keys/short.pem: is an RSA key of 512 bits; receivers ignore signatures under 1024 (RFC "
      "8301); make one of 2048"]),
    (KEY.format("example.com", "world") + KEY.format("example.org", "none"),
     ["6:8: dkim.key.file: keys/world.pem: mode 0644: others can read this key; run: chgrp mailweir keys/world.pem && "
      "chmod 640 keys/world.pem",
      "10:8: dkim.key.file: keys/none.pem: no such file"]),
    ('[dkim]\noversign = ["From", "To"]\n' + KEY.format("example.com", "good"),
     ["4:12: dkim.oversign: " + OPEN.format("Subject, Date")]),
    ('[dkim]\noversign = ["From"]\noversign_if_there = []\nsign_if_there = ["subject", "TO", '
     '"Date"]\n' + KEY.format("example.com", "good"), []),
    ('[dkim]\noversign = "from"\n' + KEY.format("example.com", "good"), []),
    ('[dkim]\nprovider = "example.com"\n' + KEY.format("example.com", "good"),
     ['4:12: dkim.provider: is not used; it needs without_key = "provider"']),
    ('[dkim]\nkeys = "dir:keys/odd"\n',
     ["4:8: dkim.keys: keys/odd/Example.COM: is not used; the directory of a domain has its name in lower case, as in "
      "the DNS: example.com",
      "4:8: dkim.keys: keys/odd/b\u00fccher.example: is not used; the directory of a domain has its name in lower "
      "case, as in the DNS: xn--bcher-kva.example",
      "4:8: dkim.keys: keys/odd/example.net.: is not used; the directory of a domain has its name in lower case, as in "
      "the DNS: example.net"]),
]


def doubts_about_signing(t):
    for name in ("Example.COM", "b\u00fccher.example", "example.net.", "example.org"):
        os.makedirs(os.path.join(t.directory, "keys", "odd", name))
    for text, wanted in SIGNING:
        t.file("signing.toml", DOOR + text + SIGN)
        status, _, err = run(t, "check", "signing.toml")
        t.equal((status, err.splitlines()), (0, [f"warning: signing.toml:{line}" for line in wanted]),
                f"{text!r}: what is doubtful is told")


def all_of(t):
    signed(t)
    doubts_about_signing(t)
