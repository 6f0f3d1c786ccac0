# SPDX-License-Identifier: BSD-2-Clause
"""What `check` warns of: values that are unlikely to match, rules that never act, checks without temperror."""
from bed import DOOR, run

RULE = '[[rule]]\nname = "r"\nat = "mail"\nwhen = {{ {when} }}\nhold = true\n'
TRAP = ('[[rule]]\nname = "trap"\nat = "rcpt"\nwhen = {{ recipient = "trap@example.net" }}\nblock = {{ by = '
        '"client_address", for = "1d"{refuse} }}\n'
        'reject = "550 5.7.1 go away for {{retry_after}}"\n')
# What may be meant, and may not: (key and value in a rule at mail, what is told of it).
WARNED = [
    ('sender = "alice"', '6:19: rule "r".when.sender: is read as a domain; a user of any domain is "alice@"'),
    ('sender = ["localhost", "user@", "example.com", "<>"]', ""),
    ('sender = "boss@exam\u200bple.com"', '6:19: rule "r".when.sender: contains U+200B, which is invisible; remove it'),
    ('sender = "\u202aboss@example.com"', '6:19: rule "r".when.sender: contains U+202A, which is invisible; remove it'),
    ('sender = "boss@example.com\u00a0"',
     '6:19: rule "r".when.sender: contains U+00A0, which looks like a blank but is not one; remove it'),
    ('sender = "\u201cboss@example.com\u201d"', '6:19: rule "r".when.sender: is in typographic quotes; remove them'),
    ('sender_domain = "b\u00fccher.example"', ""),
    ('sender_domain = "alice"', ""),
    ('recipient = "odd one@example.net"',
     '6:22: rule "r".when.recipient: is read as one address with a blank before the @; several values are an array: '
     '["...", "..."]'),
    ('sasl_username = "alice,bob"',
     '6:26: rule "r".when.sasl_username: is read as one login; several values are an array: ["...", "..."]'),
]
# A check whose fail is refused and whose temperror is not: (the rules, the line and what of, or "").
REFUSED = '[[rule]]\nname = "r"\nat = "end-of-message"\nwhen = { %s }\n%s\n'
NO, LATER = 'reject = "550 no"', 'defer = "451 later"'
SILENT = ("refuses fail, and no rule handles temperror: mail passes while a name server does not answer; add "
          "\"temperror\", or a rule that defers it")
TEMPERROR = [
    (REFUSED % ('dmarc = "fail"', NO), "6:10: rule \"r\".when.dmarc: "),
    (REFUSED % ('dmarc = "fail", dmarc_policy = "reject"', NO), "6:10: rule \"r\".when.dmarc: "),
    (REFUSED % ('spf = ["softfail", "fail"]', LATER), "6:10: rule \"r\".when.spf: "),
    (REFUSED % ('spf_helo = "fail"', 'drop = "550 no"'), "6:10: rule \"r\".when.spf_helo: "),
    (REFUSED % ('dkim = "!pass"', NO), "6:10: rule \"r\".when.dkim: "),
    (REFUSED % ('dkim = ["!pass", "!fail"]', NO), ""),
    (REFUSED % ('dmarc = "none"', NO), ""),
    (REFUSED % ('dmarc = ["fail", "temperror"]', NO), ""),
    (REFUSED % ('dmarc = "fail"', NO) + REFUSED.replace('"r"', '"s"') % ('dmarc = "temperror"', LATER), ""),
    (REFUSED % ('dmarc = "fail"', NO) + REFUSED.replace('"r"', '"s"') % ('dmarc = "temperror"', "hold = true"),
     "6:10: rule \"r\".when.dmarc: "),
    (REFUSED % ('dmarc = "fail"', NO) + REFUSED.replace('"r"', '"s"') % ('dkim = "temperror"', LATER),
     "6:10: rule \"r\".when.dmarc: "),
    (REFUSED % ('dmarc = "fail"', NO + "\nshadow = true"), ""),
    (REFUSED % ('dmarc = "fail"', "hold = true"), ""),
]


def warned(t):
    for condition, wanted in WARNED:
        t.file("warned.toml", DOOR + '[[rule]]\nname = "r"\nat = "rcpt"\nwhen = { ' + condition + ' }\nhold = true\n')
        status, _, err = run(t, "check", "warned.toml")
        t.equal((status, err.splitlines()), (0, [f"warning: warned.toml:{wanted}"] if wanted else []),
                f"{condition}: good, with or without a warning")


# Beside the conditions: (what stands in the file, the warnings).
DOUBTED = [
    ('[lists]\nl = ["exam\u00adple.com", "\u201eexample.com\u201c", "https://www.example.com/a?b", '
     '"mailto:eve@example.com", "example.com\u3000", "o\u2019neill"]\n'
     + RULE.format(when='sender = "list:l"'),
     ['4:5: lists.l: entry 1: "exam?ple.com" contains U+00AD, which is invisible; remove it: it is unlikely to match '
      'anything',
      '4:5: lists.l: entry 2: "\u201eexample.com\u201c" is in typographic quotes; remove them: it is unlikely to match '
      'anything',
      '4:5: lists.l: entry 3: "https://www.example.com/a?b" is a URL; write www.example.com: it is unlikely to match '
      'anything',
      '4:5: lists.l: entry 4: "mailto:eve@example.com" is a URL; write eve@example.com: it is unlikely to match '
      'anything',
      '4:5: lists.l: entry 5: "example.com\u3000" contains U+3000, which looks like a blank but is not one; remove it: '
      'it is unlikely to match anything']),
    ('[maps]\nm = { "example.com" = "@example.com", "a@example.net" = "alice, @b", "b@example.net" = "*" '
     '}\n' + RULE.format(when='sender_login_mismatch = "map:m"'),
     ['8:34: rule "r".when.sender_login_mismatch: map:m: a@example.net: the login "@b" is not a login: * means any '
      'login; the logins of a domain cannot be named together',
      '8:34: rule "r".when.sender_login_mismatch: map:m: example.com: the login "@example.com" is not a login: * means '
      'any login; the logins of a domain cannot be named together']),
    (TRAP.format(refuse="") + RULE.format(when='blocked = "trap"'),
     ['12:10: rule "r".when.blocked: the rule never acts: a blocked key is refused before the rules of this stage; '
      'give the block refuse = false, or put the rule '
      'at connect or helo']),
    (TRAP.format(refuse=", refuse = false") + RULE.format(when='blocked = "trap"'), []),
    (TRAP.format(refuse="") + RULE.format(when='blocked = false'), []),
    (TRAP.format(refuse="") + RULE.format(when='blocked = "trap"').replace('"mail"',
                                                                           '"connect"').replace("hold = true", 'reject '
                                                                                '= "550 5.7.1 no"'), []),
]


def doubted(t):
    for text, wanted in DOUBTED:
        t.file("doubted.toml", DOOR + text)
        status, _, err = run(t, "check", "doubted.toml")
        t.equal((status, sorted(err.splitlines())), (0, sorted(f"warning: doubted.toml:{line}" for line in wanted)),
                f"{text[:60]!r}: what never matches or acts is told")
    for words in (("--sender", "ceo@\u202eexample.com"), ("--login", "al\x1b[31mice"),
                  ("--client-name", "\u2066mx.example.com")):
        _, out, err = run(t, "explain", "-c", "doubted.toml", *words)
        t.unlike(out + err, "[\u202a-\u202e\u2066-\u2069\x1b]",
                 f"explain {words}: nothing that a terminal obeys is printed")


def temperror(t):
    for rules, wanted in TEMPERROR:
        t.file("warned.toml", DOOR + rules)
        status, _, err = run(t, "check", "warned.toml")
        t.equal((status, err.splitlines()), (0, [f"warning: warned.toml:{wanted}{SILENT}"] if wanted else []),
                f"{rules!r}: a way past it is told")


def stages(t):
    """Stages that are wrong are not also stages that are missing."""
    policy = '[policy]\nsocket = "inet:10026@127.0.0.1"\n'
    missing = "policy.stages: is not set"
    for line, wanted in [('stages = ["DATA"]', False), ("stages = []", False), ('stages = ["data"]', False),
                         ("", True)]:
        t.file("stages.toml", DOOR + policy + line + '\n[[rule]]\nname = "r"\nat = "mail"\nhold = true\n')
        _, _, err = run(t, "check", "stages.toml")
        t.equal(missing in err, wanted, f"{line or 'no stages'}: {'told' if wanted else 'not told'} to be missing")


def all_of(t):
    warned(t)
    doubted(t)
    temperror(t)
    stages(t)
