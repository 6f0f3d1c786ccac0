# SPDX-License-Identifier: BSD-2-Clause
"""The bed of these cases: one Postfix with Mailweir as its milter for smtpd and for sendmail(1), a sink behind it, and
a second one that only a route leads to. Policies are changed by reload; counters live on, so each case names its own
rules and senders."""
import os
import re

from harness import HarnessError, Mailweir, Postfix, Service, Sink, letter, wait_for

HEADER_CHECKS = "/^X-Checked: refuse/ REJECT 5.7.1 refused by header_checks\n"
CLIENT = "198.51.100.7"   # not in mynetworks: played by XCLIENT


class Bed:
    def __init__(self, t):
        self.t = t
        self.sink, self.bad = t.start(Sink()), t.start(Sink("bad"))
        self.daemon = t.start(Mailweir("", policy_door=None, sections={"general": 'mynetworks = ["127.0.0.0/8"]'}))
        milter = self.daemon.milter
        self.filter = t.start(Sink("filter"))
        back = Service("back", {"content_filter": "", "receive_override_options": "no_milters"})
        self.filter.forward_to = back.port
        routes = os.path.join(t.top, "contrib/postfix/mailweir_routes")
        checks = t.file("header_checks", HEADER_CHECKS)
        self.postfix = t.start(Postfix(
            self.sink, milters=[milter], local_milters=[milter], logins={"alice@example.com": "secret"},
            main={"milter_header_checks": f"regexp:{routes}", "internal_mail_filter_classes": "bounce",
                  "message_size_limit": "20000000",
                  "virtual_alias_maps": "inline:{ {list@example.net = carl@example.net dora@example.net} }"},
            transports={"smtp-bad": {"smtp_helo_name": "bad.test"}},
            services=[Service("small", {"message_size_limit": "20000"}),
                      Service("checked", {"cleanup_service_name": "checked"}),
                      Service("filtered", {"content_filter": f"smtp:[127.0.0.1]:{self.filter.port}"}), back],
            master=f"checked unix n - n - 0 cleanup\n  -o header_checks=regexp:{checks}\n"))
        self._from_line = 0

    # --- the policy --------------------------------------------------------------------------------------------------
    def policy(self, text):
        """In force when this returns, for every client that connects from now on."""
        before = len(self.daemon.lines(event="reloaded"))
        self.daemon.reload(text)
        if len(self.daemon.lines(event="reloaded")) != before + 1:
            raise HarnessError("the policy was not taken:\n" + "\n".join(
                row["reason"] for row in self.daemon.lines(event="policy-error")))

    # --- clients -----------------------------------------------------------------------------------------------------
    def client(self, service=None, **xclient):
        """One that has said EHLO; with words for XCLIENT it comes from outside unless it says otherwise."""
        client = self.postfix.client(service)
        if not xclient:
            return client.ehlo()
        return client.xclient(**{"addr": CLIENT, **xclient})

    def send(self, sender="alice@example.com", to=("bob@example.net",), text=None, service=None, **xclient):
        """A message on a connection of its own: the reply that decided, as text."""
        with self.client(service, **xclient) as client:
            return str(client.message(sender, list(to), text or letter(sender=sender or "mailer-daemon@example.com")))

    def taken(self, *words, **more):
        """A message that must be accepted, and how it arrived."""
        reply = self.send(*words, **more)
        if not reply.startswith("250"):
            raise HarnessError(f"the message was not taken: {reply}")
        return self.sink.take()

    # --- the log -----------------------------------------------------------------------------------------------------
    def mark(self):
        self._from_line = len(self.daemon.lines())

    def lines(self, **wanted):
        """Log lines since mark()."""
        return [row for row in self.daemon.lines()[self._from_line:]
                if all(row.get(key) == str(value) for key, value in wanted.items())]

    def wait_line(self, **wanted):
        return wait_for(lambda: self.lines(**wanted), f"a log line with {wanted}")[-1]

    def quiet(self):
        """Nothing is on its way, and nothing came that was not taken."""
        self.postfix.wait_empty()
        return [mail.recipients for mail in self.sink.left()]


def said(client, *commands):
    """The replies to commands, as text."""
    return [str(client.command(command)) for command in commands]


def closed(client):
    """Whether the server closes the connection, rather than to answer one more command."""
    try:
        client.command("NOOP")
    except ConnectionError:   # a reset, too
        return True
    return False


def rule(name, at, **keys):
    """A [[rule]] as TOML text; values are TOML."""
    return f'[[rule]]\nname = "{name}"\nat = "{at}"\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


def used(row):
    """{rule: how much of its limit was used} of a log line."""
    return {name: int(count) for name, count in re.findall(r"([\w.-]+):(\d+)/", row.get("used", ""))}
