# SPDX-License-Identifier: BSD-2-Clause
"""One Mailweir, one sink, and the two MTAs before them, each started once. What the table asks of an MTA has one name
for both here."""
import os
import re
import subprocess

from harness import HarnessError, Mailweir, Postfix, Sendmail, Service, Sink, free_port, wait_for
from harness.process import seconds
from row import fits
from waits import silent_server

LOGINS = {"alice@example.com": "secret"}
NOBODY = "unknown.example"   # a domain that is the machine's own, and has no users


class AtPostfix:
    kind = "postfix"

    def __init__(self, t, sink, daemon):
        routes = os.path.join(t.top, "contrib/postfix/mailweir_routes")
        self.server = t.start(Postfix(
            sink, milters=[daemon.milter], local_milters=[daemon.milter], logins=LOGINS, tls=True,
                                      transports={"smtp-bad": {"smtp_helo_name": "bad.test"}},
            main={"smtpd_tls_ask_ccert": "yes", "milter_header_checks": f"regexp:{routes}", "mydestination": NOBODY,
                  "local_recipient_maps": "inline:{ x=y }"},
            services=[Service("submission", {"milter_macro_daemon_name": "submission"})]))
        self.server.set(smtpd_tls_CAfile=self.server.certificate[0])
        self.client = self.server.client

    def held(self):
        return [row["queue_id"] for row in self.server.queue("hold")]

    def drop_all(self):
        self.server.drop_all()

    def wait_empty(self):
        self.server.wait_empty()

    def submit(self, message, recipients, sender):
        return self.server.sendmail(message, recipients, sender=sender)


class AtSendmail:
    kind = "sendmail"

    def __init__(self, t, sink, daemon):
        self.server = t.start(Sendmail(sink, milter=daemon.milter, logins=LOGINS, tls=True, local=[NOBODY],
                                       hosts={"127.0.0.2": "outside.test"}, services={"submission": free_port()}))
        self.client = self.server.client

    def held(self):
        return self.server.queue(quarantined=True)

    def drop_all(self):
        self.server.drop_all()

    def wait_empty(self):
        self.server.wait_empty()

    def submit(self, message, recipients, sender):
        return self.server.sendmail(message, recipients, sender=sender)


class Bed:
    def __init__(self, t):
        self.sink = t.start(Sink())
        self._silent, port = silent_server()
        self.daemon = t.start(Mailweir("", policy_door=None, sections={
            "general": 'mynetworks = ["127.0.0.1"]', "dns": f'servers = ["127.0.0.1:{port}"]\ndeadline = "7s"'}))
        self.mtas = [AtPostfix(t, self.sink, self.daemon), AtSendmail(t, self.sink, self.daemon)]
        self.stranger = self._make_certificate(t)
        self._from_line = 0

    @staticmethod
    def _make_certificate(t):
        made = os.path.join(t.directory, "stranger.pem"), os.path.join(t.directory, "stranger.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days",
                        "2", "-subj", "/CN=pf.test", "-out", made[0], "-keyout", made[1]], check=True,
                       capture_output=True, timeout=seconds(20))
        return made

    def policy(self, text):
        """In force when this returns, for every client that connects from now on."""
        before = len(self.daemon.lines(event="reloaded"))
        self.daemon.reload(text)
        if len(self.daemon.lines(event="reloaded")) != before + 1:
            raise HarnessError("the policy was not taken:\n" + "\n".join(
                row["reason"] for row in self.daemon.lines(event="policy-error")))

    def arrived(self, mta, count):
        """What came to the sink, once nothing is on its way any more."""
        got = []
        if count:
            try:
                got = self.sink.take_all(count, within=5)
            except HarnessError:
                pass   # what is missing is told by the row
        mta.wait_empty()
        return got + self.sink.left()

    # --- the log -----------------------------------------------------------------------------------------------------
    def mark(self):
        self._from_line = len(self.daemon.lines())

    def lines(self):
        return self.daemon.lines()[self._from_line:]

    def has_line(self, wanted):
        def there():
            return any(all(fits(line.get(key), value) for key, value in wanted.items()) for line in self.lines())

        try:
            return wait_for(there, "a log line", within=2)
        except HarnessError:
            return False


def text(pattern):
    return re.compile(pattern)
