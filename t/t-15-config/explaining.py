# SPDX-License-Identifier: BSD-2-Clause
"""What `explain` takes and says, and the commands whose words are missing."""
import re
import subprocess

from bed import DOOR, run

LOCAL = """[milter]
socket = "inet:10025@127.0.0.1"
[[rule]]
name = "later"
at = "rcpt"
when = { recipient = "later@example.net" }
defer = "450 4.7.1 later"
[[rule]]
name = "big"
at = "data"
when = { size = "> 1000" }
reject = "552 5.3.4 {size} is too big"
[[rule]]
name = "end"
at = "end-of-message"
when = { header.subject = "/^end/", size = "< 1000" }
reject = "550 5.7.1 {size} {client_address} {client_name} {helo_name}"
[[rule]]
name = "no-port"
at = "connect"
when = { client_port = "> 0", origin = "local" }
reject = "550 5.7.1 local mail has no port"
"""


def explained(t):
    """What explain takes, and what it says of local mail, which is refused at its end only."""
    t.file("local.toml", LOCAL)
    t.file("end.eml", "Subject: end\n\nbody\n")
    t.file("big.eml", "Subject: big\n\n" + "body\n" * 300)
    t.file("fields.toml",
           DOOR + "".join(f'[[rule]]\nname = "{name}"\nat = "end-of-message"\nwhen = {{ {when} }}\nreject = "550 '
                          f'{name}"\n'
                                         for name, when in [("no-author", "from_count = 0"),
                                                            ("author", 'from = "a@example.com"')]))
    for text, wanted in [("From: a@example.com\n\n", "author"), ("From : a@example.com\n\n", "author"),
                         ("From \t: a@example.com\n\n", "author"),
                         ("From joe Mon Nov 30 10:00:00 2026\nFrom: a@example.com\n\n", "author"),
                         ("Subject: x\nnot a field: x\nFrom: a@example.com\n\n", "no-author"),
                         (" From: a@example.com\n\n", "no-author"),
                         ("Subject: x\n\nFrom: a@example.com\n", "no-author")]:
        t.file("fields.eml", text)
        _, out, _ = run(t, "explain", "-c", "fields.toml", "--message", "fields.eml")
        t.like(out, f"=> reject by {wanted}\\b", f"{text!r}: {wanted}")
    # What mail for this host means, by its names in the policy; and what was said of a part of the recipients only.
    t.file("ours.toml", '[general]\nhostname = "mx.example.com"\n' + DOOR +
           '[[rule]]\nname = "r"\nat = "rcpt"\nwhen = { recipient = "boss@forbidden.example" }\nreject = "550 5.7.1 '
           'no"\n')
    for recipient, fate in [("boss%forbidden.example@mx.example.com", "not taken"),
                            ("forbidden.example!boss@mx.example.com", "not taken"),
                            ("boss%forbidden.example@mx.example.org", "taken"),
                            ("<Boss <boss@forbidden.example>>", "not taken")]:
        _, out, _ = run(t, "explain", "-c", "ours.toml", "--recipient", recipient)
        t.equal(out.splitlines()[-1], f"The message is {fate}.", f"explain {recipient}: {fate}")
    _, out, _ = run(t, "explain", "-c", "ours.toml", "--recipient", "boss@forbidden.example", "--recipient",
                    "bob@example.net")
    t.like(out, r"(?m)^1 of 2 recipients are accepted\.$", "explain: how many recipients were accepted")
    t.like(out, r"(?m)^No message file was given", "explain: and that no message was judged")
    later, local, end = ("--recipient", "later@example.net"), "--local", ("--message", "end.eml")
    rows = [
        (later, 1, "     450 4.7.1 later", "not taken"),
        ((*later, local), 0, "end of the message, decided at rcpt: held: 450 4.7.1 later", "held"),
        ((*later, local), 0, "     waits for the end of the message: 450 4.7.1 later", "held"),
        ((*later, local, "--size", "2000"), 0, "     (an earlier stage has decided)", "held"),
        ((local, "--size", "2000"), 1, "end of the message, decided at data: bounced: 552 5.3.4 2000 is too big",
         "bounced"),
        ((local, *end), 1,
         "end of the message, decided at end-of-message: bounced: 550 5.7.1 22 127.0.0.1 localhost localhost",
         "bounced"),
        ((local, *end, "--client", "::1", "--helo", "h", "--client-name", "c.test"), 1,
         "     550 5.7.1 22 ::1 c.test h", "bounced"),
        ((local, *end, *later), 0, "end of the message, decided at rcpt: held: 450 4.7.1 later", "held"),
        # SIZE= is what the client says; the file says how large it is.
        (("--message", "big.eml"), 1, "     552 5.3.4 1816 is too big", "not taken"),
        (("--message", "big.eml", "--size", "10"), 0, "    when size = \"> 1000\"  is 10: no", "taken"),
        ((*end, "--size", "900"), 1, "     550 5.7.1 22 192.0.2.1  client.example", "not taken"),
        (("--message", "big.eml", local), 0, "    when size = \"> 1000\"  is (absent): unknown", "taken"),
    ]
    for words, wanted, line, fate in rows:
        status, out, err = run(t, "explain", "-c", "local.toml", *words)
        said = out.splitlines()
        t.ok((status, err, said[-1:]) == (wanted, "", [f"The message is {fate}."]) and line in said,
             f"explain {' '.join(words)}: {fate}",
             f"status {status}, wanted the line {line!r}\n{out}{err}")
    for words, wanted, why in [(("--size", "-1"), 64,
                                "mailweirctl explain: --size -1 is not a number of bytes; see mailweirctl explain "
                                "--help\n"),
                               (("--size", "1k"), 64,
                                "mailweirctl explain: --size 1k is not a number of bytes; see mailweirctl explain "
                                "--help\n"),
                               (("--size", "1099511627777"), 64,
                                "mailweirctl explain: --size 1099511627777 is more than a terabyte; see mailweirctl "
                                "explain --help\n"),
                               ((local, "--client", "192.0.2.9"), 64,
                                "mailweirctl explain: --client 192.0.2.9 is not this host, where --local mail comes "
                                "from; see mailweirctl explain --help\n"),
                               (("--message", "parts"), 1,
                                "mailweirctl: parts: is a directory, must be a message file\n"),
                               (("not-there.eml",), 1, "mailweirctl: not-there.eml: No such file or directory\n")]:
        status, out, err = run(t, "explain", "-c", "local.toml", *words)
        t.equal((status, out, err), (wanted, "", why), f"explain {' '.join(words)} is an error")


# What is said of words that are missing: (the words, what is said).
MISSING_WORDS = [
    ("dkim check", "dkim check needs a DOMAIN; write: mailweirctl dkim check DOMAIN [SELECTOR] [OPTION...]"),
    ("dkim", "dkim needs a FILE; write: mailweirctl dkim FILE [OPTION...]"),
    ("dmarc", "dmarc needs a FILE|DOMAIN; write: mailweirctl dmarc FILE|DOMAIN [OPTION...]"),
    ("iprev", "iprev needs an ADDRESS; write: mailweirctl iprev ADDRESS [OPTION...]"),
    ("sender-domain",
     "sender-domain needs an ADDRESS|DOMAIN; write: mailweirctl sender-domain ADDRESS|DOMAIN [OPTION...]"),
    ("dnsbl zen", "dnsbl needs an ADDRESS|DOMAIN; write: mailweirctl dnsbl NAME|ZONE ADDRESS|DOMAIN [OPTION...]"),
    ("spf --sender a@example.com",
     "spf needs --ip ADDRESS; write: mailweirctl spf --ip ADDRESS --sender ADDRESS [--helo NAME] [OPTION...]"),
    ("block", "block needs a LIMIT; write: mailweirctl block LIMIT KEY TIME [--json] [--socket PATH]"),
    ("block l k", "block needs a TIME; write: mailweirctl block LIMIT KEY TIME [--json] [--socket PATH]"),
    ("unblock -s /nowhere", "unblock needs a LIMIT; write: mailweirctl unblock LIMIT KEY [--json] [--socket PATH]"),
    ("reset l", "reset needs a KEY; write: mailweirctl reset LIMIT KEY [--json] [--socket PATH]"),
    ("empty-list", "empty-list needs a KEY; write: mailweirctl empty-list KEY [-c FILE]"),
    ("dns -s /nowhere", "dns needs a command; write: mailweirctl dns flush [NAME]"),
    ("dns flash", 'dns does not know "flash"; write: mailweirctl dns flush [NAME]'),
    ("alerts", "alerts needs a command; write: mailweirctl alerts test"),
]


def words(t):
    for given, wanted in MISSING_WORDS:
        status, out, err = run(t, *given.split())
        t.equal((status, out, err), (64, "", f"mailweirctl: {wanted}\n"),
                f"mailweirctl {given}: says which word is missing")
    commands = re.findall(r"^  ([a-z-]+) ", run(t, "--help")[1], re.M)
    t.ok(len(commands) > 15, "there are commands")
    for command in [*commands, "dkim check", "dkim keygen", "dkim record"]:
        status, out, _ = run(t, *command.split(), "--help")
        t.ok(status == 0 and re.match(rf"Usage: mailweirctl {command}[^\n]*[^:\n]\n\n", out),
             f"{command} --help begins with its usage", out[:200])
    done = subprocess.run([t.need("mailweir"), "--help"], capture_output=True, text=True, check=False)
    t.like(done.stdout, r"^Usage: mailweir \[-c FILE\] \[--foreground\] \[--check\]\n\n", "mailweir --help, too")
    for command, option in (("check", "--config"), ("check", "--file"), ("check", "-c"), ("config", "--config"),
                            ("config", "--file"), ("config", "-c")):
        t.equal(run(t, command, option, "local.toml")[0], 0, f"{command} {option} names the policy file")
    for option in ("--config", "--file", "-c"):
        t.equal(run(t, "empty-list", "l", option, "not-there.toml")[2],
                "not-there.toml: cannot be read: No such file or directory\n",
                f"and so does empty-list {option}")


def all_of(t):
    explained(t)
    words(t)
