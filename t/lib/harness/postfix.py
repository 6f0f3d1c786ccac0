# SPDX-License-Identifier: BSD-2-Clause
"""A throw-away Postfix: configuration, queue and log in the scenario's directory, on ports of 127.0.0.1 that were free.
As many as wanted beside each other and beside the machine's own, which they do not touch."""
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass, field

from .parts import as_bytes
from .process import HarnessError, Process, answers, free_port, seconds, wait_for
from .smtp import SmtpClient

DAEMONS = "/usr/lib/postfix/sbin"

MAIN = """compatibility_level = 3.6
queue_directory = @DIR@/spool
data_directory = @DIR@/lib
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
syslog_name = @NAME@
maillog_file = @DIR@/maillog
maillog_file_prefixes = @DIR@
myhostname = @NAME@.test
mydomain = test
myorigin = $myhostname
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = example.net
relayhost = [127.0.0.1]:@SINK@
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, permit_auth_destination, reject
smtpd_recipient_restrictions = permit
smtpd_policy_service_timeout = 10s
smtpd_policy_service_default_action = 451 4.3.5 policy service problem
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
milter_default_action = tempfail
milter_connect_timeout = 5s
milter_command_timeout = 10s
milter_content_timeout = 30s
smtputf8_enable = yes
in_flow_delay = 0
bounce_queue_lifetime = 1d
"""

MASTER = """pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
tlsmgr    unix  - - n 1000? 1 tlsmgr
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def settings_of(path):
    """{name: value} of a main.cf, comments left out, continued lines joined."""
    settings = {}
    with open(path) as text:
        for line in text.read().splitlines():
            if line[:1] == " ":
                settings[name] += " " + line.strip()
            elif line and not line.startswith("#"):
                name, _, value = (part.strip() for part in line.partition("="))
                settings[name] = value
    return settings


@dataclass
class Service:
    """One more smtpd of master.cf: a submission port, or where a content filter re-injects. `options` are its -o."""
    name: str
    options: dict = field(default_factory=dict)
    port: int = field(default_factory=free_port)


class Postfix:
    """`relay_to`: a Sink, or a port. `milters`, `local_milters`: addresses for smtpd_milters, non_smtpd_milters.
    `policy`: {"client" | "helo" | "sender" | "recipient" | "data" | "end_of_data": policy service}, put before `permit`
    in that list. `main`: further main.cf settings, which win. `services`: Service; `transports`: {name: its -o} of the
    smtp client (routes). `logins`: {login: password} for AUTH PLAIN on every smtpd. `tls`: STARTTLS is offered.
    `master`: further master.cf text; its services replace those of the same name."""

    def __init__(self, relay_to, milters=(), local_milters=(), policy=None, main=None, services=(), transports=None,
                 logins=None, tls=False, name="pf", master=""):
        self.name = name
        self.port = free_port()
        self.services = {service.name: service for service in services}
        self.transports = dict(transports or {})
        self.logins = dict(logins or {})
        self.tls = tls
        self.more_master = master
        self.sink_port = getattr(relay_to, "port", relay_to)
        self.main = {"smtpd_milters": ", ".join(milters), "non_smtpd_milters": ", ".join(local_milters)}
        for list_name, service in (policy or {}).items():
            self.main[f"smtpd_{list_name}_restrictions"] = f"check_policy_service {service}, permit"
        self.main.update(main or {})
        self.directory = self.master = None

    # --- life --------------------------------------------------------------------------------------------------------
    def start(self, scenario):
        self.directory = os.path.join(scenario.directory, self.name)
        for part in ("etc", "spool", "lib"):
            os.makedirs(os.path.join(self.directory, part))
        subprocess.run(["chown", "postfix", os.path.join(self.directory, "lib")], check=True)
        if self.logins:
            self.main.update(self._make_logins())
        if self.tls:
            self.main.update(self._make_certificate())
        self._write("main.cf", MAIN)
        self._set(self.main)
        self._write("master.cf", self._master_cf())
        open(self._log_path, "w").close()
        self._run("postfix", "check")
        # master changes its user and so loses setpriv's --pdeathsig; timeout(1) stands in between and passes TERM on.
        self.master = Process(f"{self.name}-master", ["timeout", "3600", f"{DAEMONS}/master", "-c", self.config, "-s"],
                              scenario.directory)
        for port in [self.port, *(service.port for service in self.services.values())]:
            wait_for(lambda: answers(port), f"Postfix on port {port}", alive=self.master)
        self.wait_log("daemon started")   # from then on it knows what a SIGHUP is

    def stop(self):
        if self.master and self.master.running():
            try:
                os.killpg(self._pid(), signal.SIGKILL)   # TERM would make it sleep a second, and teaches us nothing
            except FileNotFoundError:
                self.master.send(signal.SIGTERM)
            self.master.wait()

    def logs(self):
        return [(f"{self.name} maillog", self.log())] if self.directory else []

    @property
    def config(self):
        return os.path.join(self.directory, "etc")

    @property
    def _log_path(self):
        return os.path.join(self.directory, "maillog")

    def log(self):
        with open(self._log_path, errors="backslashreplace") as log:
            return log.read()

    def wait_log(self, pattern, within=10):
        """The match of a regular expression in the log, once it is there."""
        return wait_for(lambda: re.search(pattern, self.log(), re.MULTILINE), f"/{pattern}/ in the maillog", within)

    def complaints(self):
        """What postconf says of a main.cf and master.cf that it does not understand; '' if nothing."""
        return "".join(subprocess.run(["postconf", "-c", self.config, option], capture_output=True, text=True,
                                      timeout=seconds(10), check=False).stderr for option in ("-n", "-Mf", "-P"))

    def set(self, **main):
        """Changes main.cf settings and reloads; from then on only processes with the new ones answer."""
        self._set(main)
        old = self._children("smtpd")
        before = self.log().count("reload -- version")
        os.kill(self._pid(), signal.SIGHUP)
        wait_for(lambda: self.log().count("reload -- version") > before, "Postfix's reload", alive=self.master)
        wait_for(lambda: not set(old) & set(self._children("smtpd")),
                 "the old smtpd processes to end (is a connection still open?)")

    # --- mail in -----------------------------------------------------------------------------------------------------
    def client(self, service=None, **options):
        """An SmtpClient at the main port, or at that of a named service."""
        return SmtpClient(self.services[service].port if service else self.port, **options)

    def sendmail(self, message, recipients, sender="www-data@pf.test", options=(), uid=None):
        """Through sendmail(1), as a web site's PHP would: picked up, cleaned, non_smtpd_milters. Its exit status.
        With a `uid` as that user, for whom postdrop(1) takes no -C: in a mount namespace, as the machine's Postfix."""
        command = ["sendmail", "-i", "-f", sender, *options, "--", *recipients]
        if uid is None:
            command[1:1] = ["-C", self.config]
        else:
            there = (f"mount --bind {self.config} /etc/postfix && "
                     f'exec setpriv --reuid={uid} --regid={uid} --clear-groups "$@"')
            command = ["unshare", "--mount", "sh", "-c", there, "sh", *command]
        return subprocess.run(command, input=as_bytes(message), timeout=seconds(30), check=False).returncode

    # --- the queue ---------------------------------------------------------------------------------------------------
    def queue(self, *names):
        """What postqueue -j says of each message; only those in the queues named (hold, deferred, ...), if any."""
        rows = [json.loads(line) for line in self._run("postqueue", "-j").splitlines()]
        return [row for row in rows if not names or row["queue_name"] in names]

    def wait_empty(self, within=20):
        """Until nothing is on its way any more: what is held or deferred stays."""
        wait_for(lambda: not self.queue("maildrop", "incoming", "active"), "the queue to be empty", within)

    def flush(self):
        self._run("postqueue", "-f")

    def drop_all(self):
        self._run("postsuper", "-d", "ALL")

    # --- its parts ---------------------------------------------------------------------------------------------------
    def _run(self, program, *words):
        done = subprocess.run([program, "-c", self.config, *words], capture_output=True, timeout=seconds(30),
                              check=False)
        if done.returncode:
            command = " ".join([program, *words])
            raise HarnessError(f"{command}: status {done.returncode}: {done.stderr.decode()}\n{self.log()}")
        return done.stdout.decode()

    def _set(self, settings):
        if settings:
            self._run("postconf", "-e", *(f"{name}={value}" for name, value in settings.items()))
            self._age("main.cf")

    def _age(self, name):
        """Postfix reads a file again and again, for two seconds, while it is new enough to be half written."""
        path = os.path.join(self.config, name)
        os.utime(path, (os.stat(path).st_mtime - 60,) * 2)

    def _write(self, name, text):
        words = {"@DIR@": self.directory, "@NAME@": self.name, "@SINK@": str(self.sink_port)}
        for word, value in words.items():
            text = text.replace(word, value)
        with open(os.path.join(self.config, name), "w") as out:
            out.write(text)
        self._age(name)

    def _master_cf(self):
        def entry(head, options):
            return head + "".join(f"\n  -o {{ {name} = {value} }}" for name, value in options.items()) + "\n"

        text = entry(f"127.0.0.1:{self.port} inet n - n - - smtpd", {})
        for service in self.services.values():
            options = {"syslog_name": f"{self.name}/{service.name}", **service.options}
            text += entry(f"127.0.0.1:{service.port} inet n - n - - smtpd", options)
        for name, options in self.transports.items():
            text += entry(f"{name} unix - - n - - smtp", {"syslog_name": f"{self.name}/{name}", **options})
        replaced = {tuple(line.split()[:2]) for line in self.more_master.splitlines() if line[:1].isalpha()}
        kept = [line + "\n" for line in MASTER.splitlines() if tuple(line.split()[:2]) not in replaced]
        return text + "".join(kept) + self.more_master

    def _pid(self):
        with open(os.path.join(self.directory, "spool/pid/master.pid")) as file:
            return int(file.read())

    def _children(self, name):
        """Pids of master's children of that name."""
        pid = self._pid()
        with open(f"/proc/{pid}/task/{pid}/children") as listed:
            pids = listed.read().split()

        def is_named(pid):
            try:
                with open(f"/proc/{pid}/comm") as comm:
                    return comm.read().strip() == name
            except (FileNotFoundError, ProcessLookupError):   # it ended, before or after the open
                return False

        return [pid for pid in pids if is_named(pid)]

    def _make_logins(self):
        database = os.path.join(self.directory, "sasldb2")
        sasl = os.path.join(self.config, "sasl")   # where Debian's Postfix looks; others go by cyrus_sasl_config_path
        os.makedirs(sasl)
        self._write("sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                       f"sasldb_path: {database}\nmech_list: PLAIN\n")
        for login, password in self.logins.items():
            user, _, realm = login.partition("@")
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-u", realm or "test", user], check=True,
                           input=password.encode(), timeout=seconds(10), capture_output=True)
        subprocess.run(["chown", "postfix", database], check=True)
        return {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_path": "smtpd", "cyrus_sasl_config_path": sasl,
                "smtpd_sasl_local_domain": "test", "smtpd_sasl_security_options": "noanonymous"}

    @property
    def certificate(self):
        pem = os.path.join(self.directory, "tls.pem")
        return pem + ".crt", pem

    def _make_certificate(self):
        pem = os.path.join(self.directory, "tls.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", f"/CN={self.name}.test", "-keyout", pem, "-out", pem + ".crt"],
                       check=True, timeout=seconds(20), capture_output=True)
        return {"smtpd_tls_security_level": "may", "smtpd_tls_cert_file": pem + ".crt", "smtpd_tls_key_file": pem,
                "smtpd_tls_received_header": "yes"}
