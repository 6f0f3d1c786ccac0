# SPDX-License-Identifier: BSD-2-Clause
"""The bed: a name server behind a relay that can be slow, Redis, and for each door a daemon of its own behind a Postfix
of its own. Both have the same policy; a case is asked at both."""
import os

from harness import HarnessError, Knot, Mailweir, Postfix, Redis, Sink, letter, wait_for
from slow_relay import SlowRelay

PROVED = "2.0.0.127 A 127.0.0.2\n"
ZONES = {
    "zen.test": PROVED + "7.2.0.192 A 127.0.0.4\n7.2.0.192 TXT \"see https://zen.test/7\"\n9.2.0.192 A "
                         "127.255.255.254\n"
                "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2\n"
                "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 A 127.0.0.3\n",
    "slow.test": PROVED + "8.2.0.192 A 127.0.0.2\n",
    "slow2.slow.test": PROVED + "8.2.0.192 A 127.0.0.2\n",
    "liar.test": "* A 127.0.0.2\n",
    "empty.test": "",
    "broken.test": None,
    "mute.test": "",
    "dbl.test": "test A 127.0.1.2\nspam.example A 127.0.1.2\n",
    "example.com": "@ MX 10 mx\nmx A 192.0.2.25\n",
}
LISTS = "".join(f'[dnsbl.{name}]\nzone = "{zone}"\nweight = {weight}\n' for name, zone, weight in (
    ("zen", "zen.test", 5), ("slow", "slow.test", 2), ("slow2", "slow2.slow.test", 2), ("liar", "liar.test",
                                                                                        1), ("empty", "empty.test", 1),
    ("broken", "broken.test", 1), ("mute", "mute.test", 1))) + '[dnsbl.names]\nzone = "dbl.test"\nkind = "domain"\n'


def rule(name, at, **keys):
    return f'[[rule]]\nname = "{name}"\nat = "{at}"\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


class Bed:
    def __init__(self, t):
        self.t = t
        self.knot = t.start(Knot(ZONES))
        self.relay = t.start(SlowRelay(self.knot.port))
        self.redis = t.start(Redis())
        self.sink = t.start(Sink())
        # Both daemons read these; a test replaces them.
        self.lists = os.path.join(t.directory, "lists")
        os.makedirs(self.lists)
        for name in ("banned", "quota"):
            self.replace(name, "")
        general = 'mynetworks = ["127.0.0.0/8"]\nour_names = ["mx.test", ".our.test"]'
        sections = {"general": general, "dns": f'servers = ["127.0.0.1:{self.relay.port}"]\ndeadline = "3s"',
                    "redis": f'url = "{self.redis.url}"\ndeadline = "500ms"'}
        self.daemons = {"milter": t.start(Mailweir("", policy_door=None, name="at-milter", sections=sections)),
                        "policy": t.start(Mailweir("", milter=None, name="at-policy", sections=sections))}
        policy = self.daemons["policy"].policy
        self.postfix = {
            "milter": t.start(Postfix(self.sink, milters=[self.daemons["milter"].milter], name="pf-milter",
                                      main={"inet_protocols": "all"})),
            "policy": t.start(Postfix(self.sink, name="pf-policy", main={"inet_protocols": "all"},
                                      policy={"recipient": policy, "data": policy, "end_of_data": policy}))}

    def replace(self, name, text):
        """A list's file, as a careful admin writes it."""
        path = os.path.join(self.lists, name)
        with open(path + ".new", "w") as out:
            out.write(text)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)

    def policy(self, text):
        for daemon in self.daemons.values():
            before = len(daemon.lines(event="reloaded"))
            daemon.reload(text)
            if len(daemon.lines(event="reloaded")) != before + 1:
                errors = [row["reason"] for row in daemon.lines(event="policy-error")]
                raise HarnessError("\n".join(["the policy was not taken:", *errors]))

    def wait_dnsbl(self, count):
        """Until each daemon has judged its zones: what is proved is on, the rest is off."""
        for daemon in self.daemons.values():
            def judged(daemon=daemon):
                return sum(len(daemon.lines(event=f"dnsbl-{word}")) for word in ("on", "off"))
            wait_for(lambda judged=judged: judged() >= count, "the proofs", within=20)

    def send(self, door, sender="alice@example.com", to=("bob@example.net",), text=None, helo="client.test", **xclient):
        """A message from outside: the reply that decided."""
        with self.postfix[door].client() as client:
            client.xclient(helo=helo, **{"addr": "198.51.100.7", **xclient})
            return str(client.message(sender, list(to), text or letter(sender=sender or "mailer-daemon@example.com")))

    def both(self, want, what, **mail):
        """The reply at both doors has these codes and this text; Postfix puts words of its own between them."""
        code, _, text = want.partition(" ")
        enhanced, _, text = text.partition(" ")
        for door in self.daemons:
            got = self.send(door, **mail)
            self.t.ok(got.startswith(f"{code} {enhanced}".rstrip()) and text in got, f"{door}: {what}", f"got {got}")
