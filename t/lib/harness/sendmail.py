# SPDX-License-Identifier: BSD-2-Clause
"""A throw-away Sendmail beside the installed Postfix: Debian's packages unpacked into the build, configuration, queue
and log in the scenario's directory, on ports of 127.0.0.1. Sendmail refuses files below a directory that all can write
to, so the scenario's `base` must not be /tmp."""
import os
import re
import shutil
import socket
import subprocess
import threading

from . import sendmail_parts as parts
from .parts import as_bytes
from .process import HarnessError, Process, answers, free_port, seconds, wait_for
from .smtp import SmtpClient

DEVICES = ("null", "zero", "random", "urandom")


class Sendmail:
    """`relay_to`: a Sink, or a port. `milter`: where Mailweir listens, as Postfix names it;
    contrib/sendmail/mailweir.mc is part of the configuration then. `mc`: further lines of sendmail.mc. `services`:
    {name: port}, further daemons; `local`: domains whose users are the machine's (all others go to the sink); `hosts`:
    {address: name} that it finds. `logins`: {login: password} for AUTH PLAIN; `tls`: STARTTLS is offered."""

    def __init__(self, relay_to, milter=None, mc="", services=None, local=(), hosts=None, logins=None, tls=False,
                 name="sm"):
        self.name = name
        self.port = free_port()
        self.services = dict(services or {})
        self.sink_port = getattr(relay_to, "port", relay_to)
        self.milter = milter
        self.mc = mc
        self.local = list(local)
        self.hosts = dict(hosts or {})
        self.logins = dict(logins or {})
        self.tls = tls
        self.directory = self.process = self.scenario = self.root = None
        self._lines = []      # its syslog

    # --- life --------------------------------------------------------------------------------------------------------
    def start(self, scenario):
        self.scenario = scenario
        if self.directory is None:
            if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
                scenario.leave("this machine allows no mount name space, which Sendmail is run in")
            try:
                self.root = parts.unpack(scenario.build)
            except parts.NoSendmail as why:
                scenario.leave(str(why))
            self._make_files()
        # Its setgid bit takes setpriv's --pdeathsig away; timeout(1) stands in between and passes TERM on.
        self.process = Process(self.name, ["timeout", "3600", *self._in_its_world(), self.program, "-C",
                                           f"{self.directory}/mta.cf", "-bD"], scenario.directory)
        for port in [self.port, *self.services.values()]:
            wait_for(lambda: answers(port), f"Sendmail on port {port}", alive=self.process)

    def stop(self):
        if self.process and self.process.running():
            self.process.kill()   # its children, too; the queue stays as it is

    def logs(self):
        return [(f"{self.name} maillog", self.log()), (self.name, self.process.log() if self.process else "")]

    @property
    def program(self):
        return os.path.join(self.root, "usr/libexec/sendmail/sendmail")

    # --- mail in -----------------------------------------------------------------------------------------------------
    def client(self, service=None, **options):
        """An SmtpClient at the main port, or at that of a named service."""
        return SmtpClient(self.services[service] if service else self.port, **options)

    def sendmail(self, message, recipients, sender="www-data@sm.test", options=()):
        """Through sendmail(1), as a web site's PHP would: its submission program speaks SMTP to the daemon. Its exit
        status; what the daemon does not take yet stays in the submission program's own queue."""
        return self._run("submit.cf", "-Ac", "-i", "-f", sender, *options, "--", *recipients,
                         message=as_bytes(message)).returncode

    def talk(self, *commands):
        """SMTP on the program's standard input and output (-bs), as mail readers do; the replies."""
        child = subprocess.Popen([*self._in_its_world(), self.program, "-C", f"{self.directory}/mta.cf", "-bs", "-Am"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        replies = []
        with child:
            for command in [None, *commands]:   # it wants to be heard before it is spoken to
                if command:
                    child.stdin.write(command.encode() + b"\r\n")
                    child.stdin.flush()
                for line in child.stdout:
                    if line[3:4] != b"-":
                        replies.append(line.decode().rstrip())
                        break
            child.stdin.close()
            child.wait(seconds(20))
        return replies

    # --- the queue ---------------------------------------------------------------------------------------------------
    def queue(self, quarantined=False, role="mta"):
        """Queue ids: of messages waiting to be sent, or of those that a filter has put aside."""
        names = os.listdir(f"{self.directory}/{role}-queue")
        return sorted(name[2:] for name in names if name.startswith("hf" if quarantined else "qf"))

    def run(self, *words, message=b""):
        """The program with the daemon's configuration, as an admin calls it: its finished process."""
        return self._run("mta.cf", *words, message=message)

    def wait_empty(self, within=20):
        """Until nothing is on its way any more: what is quarantined stays."""
        wait_for(lambda: not self.queue() and not self._at_work(), "Sendmail's queue to be empty", within)

    @property
    def certificate(self):
        return f"{self.directory}/tls/cert.pem", f"{self.directory}/tls/key.pem"

    def flush(self, role="mta"):
        self._run("mta.cf" if role == "mta" else "submit.cf", *(["-Ac"] if role == "submit" else []), "-q")

    def drop_all(self):
        for role in ("mta", "submit"):
            for name in os.listdir(f"{self.directory}/{role}-queue"):
                os.unlink(f"{self.directory}/{role}-queue/{name}")

    # --- what it says ------------------------------------------------------------------------------------------------
    def log(self):
        return "\n".join(self._lines)

    def wait_log(self, pattern, within=10):
        return wait_for(lambda: re.search(pattern, self.log(), re.MULTILINE), f"/{pattern}/ in Sendmail's log", within)

    # --- its parts ---------------------------------------------------------------------------------------------------
    def _run(self, config, *words, message=b""):
        return subprocess.run([*self._in_its_world(), self.program, "-C", f"{self.directory}/{config}", *words],
                              input=message,
                              capture_output=True, timeout=seconds(60), check=False)   # its words go to the log, too

    def _at_work(self):
        """Whether a child of the daemon has a transaction in hand: lock files of the queue (xf, df without qf)."""
        return [name for name in os.listdir(f"{self.directory}/mta-queue") if name[:2] in ("xf", "tf", "Tf")]

    def _in_its_world(self):
        """A mount name space of its own: hosts and resolv.conf, because it asks for its own and its peers' names at
        once and a dead name server costs it seconds each; the SASL settings; and /dev/log, so that its log comes to
        us."""
        own = self.directory
        script = "".join(f"mount --bind {own}/{name} /etc/{name}; " for name in ("hosts", "resolv.conf"))
        script += f"mount --bind {own}/sasl /usr/lib/sasl2; " if self.logins else ""
        script += "".join(f"mount --bind /dev/{name} {own}/dev/{name}; " for name in DEVICES)
        script += f"mount --rbind {own}/dev /dev; exec \"$@\""
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "set -e; " + script, "sh"]

    def _make_files(self):
        own = self.directory = os.path.join(self.scenario.directory, self.name)
        for part, mode in (("", 0o755), ("mta-queue", 0o700), ("submit-queue", 0o700), ("dev", 0o755), ("sasl", 0o755),
                           ("tls", 0o755)):
            os.mkdir(os.path.join(own, part), mode)
        os.chmod(f"{own}/submit-queue", 0o770)
        shutil.chown(f"{own}/submit-queue", "mail", "mail")   # the user that submit.cf names
        host = socket.gethostname()
        names = "".join(f"{address} {name}\n" for address, name in self.hosts.items())
        for name, text in {"hosts": f"127.0.0.1 localhost {self.name}.test {host}\n::1 localhost\n{names}",
                           "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "aliases": "",
                           "service.switch": "hosts files\naliases files\npasswd files\n", "trusted": "root\n",
                           "statistics": "", **{f"dev/{name}": "" for name in DEVICES}}.items():
            self._write(name, text)
        self._listen()
        more = [self.mc, *(f"LOCAL_DOMAIN(`{domain}')dnl"
                           for domain in self.local)] + [f"DAEMON_OPTIONS(`Name={name}, Family=inet, Addr=127.0.0.1, "
                                                         f"Port={port}')dnl"
                            for name, port in self.services.items()]
        if self.milter:
            kind, _, rest = self.milter.partition(":")
            host, _, port = rest.rpartition(":")
            where = self.milter if kind == "unix" else f"inet:{port}@{host}"
            more += [f"define(`confMAILWEIR_SOCKET', `{where}')dnl",
                     f"include(`{self.scenario.top}/contrib/sendmail/mailweir.mc')dnl"]
        if self.tls:
            self._make_certificate()
            more.append(parts.TLS)
        if self.logins:
            self._make_logins()
            more.append(parts.AUTH)
        self._configure("mta", parts.MTA, "\n".join(more))
        self._configure("submit", parts.SUBMIT, "")
        self._run("mta.cf", "-bi")   # the alias data base

    def _configure(self, role, text, more):
        text = text.replace("@MORE@", more).replace("@PATHS@", parts.PATHS)
        for word, value in {"@CF@": f"{self.root}/usr/share/sendmail/cf", "@DIR@": self.directory, "@ROLE@": role,
                            "@NAME@": self.name, "@PORT@": str(self.port), "@SINK@": str(self.sink_port)}.items():
            text = text.replace(word, value)
        self._write(f"{role}.mc", text)
        done = subprocess.run(["m4", f"{self.directory}/{role}.mc"], capture_output=True, timeout=seconds(20),
                              check=False)
        if done.returncode or done.stderr:
            raise HarnessError(f"m4 {role}.mc: {done.stderr.decode()}")
        self._write(f"{role}.cf", done.stdout.decode())

    def _write(self, name, text, mode=0o644):
        path = os.path.join(self.directory, name)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)

    def _listen(self):
        path = os.path.join(self.directory, "log.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(path)
        os.chmod(path, 0o666)
        os.symlink(path, os.path.join(self.directory, "dev/log"))

        def read():
            while True:
                datagram = listener.recv(65536)
                self._lines.append(re.sub(r"^<\d+>", "", datagram.decode(errors="backslashreplace").rstrip("\n\0")))

        threading.Thread(target=read, daemon=True).start()

    def _make_logins(self):
        database = os.path.join(self.directory, "sasl/sasldb2")
        self._write("sasl/Sendmail.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                          f"sasldb_path: {database}\nmech_list: PLAIN LOGIN\n")
        for login, password in self.logins.items():
            user, _, realm = login.partition("@")
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-u", realm or "test", user], check=True,
                           input=password.encode(), timeout=seconds(10), capture_output=True)
        os.chmod(database, 0o600)

    def _make_certificate(self):
        own = os.path.join(self.directory, "tls")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", f"/CN={self.name}.test", "-keyout", f"{own}/key.pem", "-out",
                        f"{own}/cert.pem"], check=True, timeout=seconds(20), capture_output=True)
        os.chmod(f"{own}/key.pem", 0o600)
