# SPDX-License-Identifier: BSD-2-Clause
"""A throw-away Dovecot that checks passwords for Postfix (smtpd_sasl_type = dovecot), and nothing else."""
import os
import re

from .process import Process, wait_for

CONFIG = """base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/dovecot.log
protocols =
ssl = no
auth_mechanisms = plain
disable_plaintext_auth = no
auth_verbose = yes
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=plain @DIR@/passwd
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener @DIR@/auth {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""


class Dovecot:
    """`logins`: {login: password}. `settings`: further dovecot.conf text, which wins. Needs root. No delay for
    failures."""

    def __init__(self, logins, settings="", name="dovecot"):
        self.name = name
        self.logins = dict(logins)
        self.settings = settings
        self.directory = self.process = None

    @property
    def sasl(self):
        """main.cf settings of a Postfix that asks it."""
        return {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": self.path("auth"),
                "smtpd_sasl_security_options": "noanonymous"}

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name)
        os.makedirs(self.path("state"))
        users = "".join(f"{login}:{password}\n" for login, password in self.logins.items())
        for name, text in (("passwd", users),
                           ("dovecot.conf", CONFIG.replace("@DIR@", self.directory) + self.settings)):
            with open(self.path(name), "w") as out:
                out.write(text)
        self.process = Process(self.name, ["dovecot", "-F", "-c", self.path("dovecot.conf")], scenario.directory)
        wait_for(lambda: os.path.exists(self.path("auth")) and "starting up" in self.log(), "Dovecot to start",
                 alive=self.process)

    def stop(self):
        if self.process:
            self.process.stop()

    def log(self):
        try:
            with open(self.path("dovecot.log"), errors="backslashreplace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, within=10):
        return wait_for(lambda: re.search(pattern, self.log(), re.MULTILINE), f"/{pattern}/ in Dovecot's log", within)

    def logs(self):
        return [(self.name, self.log() + self.process.log())] if self.process else []
