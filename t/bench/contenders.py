# SPDX-License-Identifier: BSD-2-Clause
"""The servers that `run` compares. Each is a function that writes its configuration into an empty directory and says
how it is started and where it listens. The socket names are in Mailweir's spelling. All log to a file or not at all,
keep their counters in memory where they can, and sign for example.com where they sign."""

import dataclasses
import grp
import os
import pwd
import re
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass
class Server:
    commands: list            # argument lists, started in order; all of them are measured, but for the first `beside`
    socket: str               # where the last one listens
    beside: int = 0           # so many are measured apart: a scanner
    # of a server that goes into the background whatever it is told; the last command then ends
    pid_file: str = ""


@dataclasses.dataclass
class Contender:
    name: str
    door: str                 # milter | policy
    prepare: object           # function(Place) -> Server
    programs: tuple = ()      # what must be installed; else the contender is left out
    key: str = ""             # rsa | ed25519: it signs with this
    removes: bool = False     # it takes X-Originating-IP out
    kind: str = "peer"        # floor | ours | peer
    prepares: bool = False    # its first start fills a cache and is not measured


@dataclasses.dataclass
class Place:
    directory: Path           # of this start alone
    kept: Path                # of this contender: kept from start to start (caches)
    binaries: dict            # mailweir, milter_floor, policy_floor -> path
    keys: dict                # rsa, ed25519 -> path of a private key
    memory: Path              # as `directory`, on a memory file system where there is one
    policy: str               # Mailweir's policy file, with @NAMES@ to be filled in
    rules: str                # the file whose rules it takes
    user: str

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def path(self, name):
        return str(self.directory / name)


def group_of(user):
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def as_user(place):
    return ["-u", place.user, "-g", group_of(place.user)]


def find_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def filled(text, **values):
    """A template with its @NAMES@ replaced."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def milter_floor(*arguments):
    def prepare(place):
        socket = "unix:" + place.path("floor.sock")
        return Server([[place.binaries["milter_floor"], *arguments, socket]], socket)
    return prepare


def policy_floor(place):
    socket = "unix:" + place.path("floor.sock")
    return Server([[place.binaries["policy_floor"], socket]], socket)


ZONE = """\
example.com. 3600 IN MX 10 mail.example.com.
mail.example.com. 3600 IN A 192.0.2.25
"""


def rules_of(text, door):
    """The [[rule]] tables of a policy file, as far as the door can have them without the other."""
    rules = re.findall(r"^\[\[rule\]\]\n(?:(?![\[#]).*\n?)*", text, re.MULTILINE)
    milter_only = ("open-connections", "remove_headers", "add_headers", "replace_header", "sign =")
    return "".join(rule for rule in rules if door == "milter" or not any(word in rule for word in milter_only))


def mailweir(door, key="rsa", transport="builtin"):
    """The template's names are filled in; of its lines that begin with "#milter " or "#policy ", those of the door that
    is measured lose that beginning."""
    def prepare(place):
        sockets = {name: "unix:" + place.path(name + ".sock") for name in ("milter", "policy")}
        place.write("zone", ZONE)
        text = re.sub(rf"^#{door} ", "", place.policy, flags=re.MULTILINE)
        text = filled(text, RULES=rules_of(place.rules, door), MILTER_SOCKET=sockets["milter"],
                      POLICY_SOCKET=sockets["policy"], TRANSPORT=transport, KEY=place.keys[key], DIR=place.directory)
        command = [place.binaries["mailweir"], "-c", place.write("mailweir.toml", text), "--foreground"]
        return Server([command], sockets[door])
    return prepare


# The virus scanner, with a database that has one signature: what it costs us, not how good it is.
SCANNED = """
[clamd]
sockets = ["unix:@DIR@/clamd.sock"]
max_scan = "25MiB"
[[rule]]
name = "infected"
at = "end-of-message"
when = { virus = "infected" }
reject = "554 5.7.1 {virus_name} found"
"""
CLAMD = """DatabaseDirectory @DIR@/db
TemporaryDirectory @DIR@
LocalSocket @DIR@/clamd.sock
Foreground true
MaxThreads 4
SelfCheck 0
"""


def mailweir_with_clamd(key):
    def prepare(place):
        (place.directory / "db").mkdir()
        shutil.chown(place.directory / "db", place.user)
        place.write("db/bench.ndb", "Bench.Test:0:*:" + b"nothing that a message has".hex() + "\n")
        scanned = dataclasses.replace(place, policy=place.policy + SCANNED)
        server = mailweir("milter", key)(scanned)
        clamd = [find_program("clamd"), "-c", place.write("clamd.conf", filled(CLAMD, DIR=place.directory))]
        return Server([clamd, *server.commands], server.socket, beside=1)
    return prepare


def opendkim(key):
    def prepare(place):
        socket = "local:" + place.path("opendkim.sock")
        algorithm = "rsa-sha256" if key == "rsa" else "ed25519-sha256"
        config = place.write("opendkim.conf", f"""\
Mode s
Domain example.com
Selector bench
KeyFile {place.keys[key]}
SignatureAlgorithm {algorithm}
Canonicalization relaxed/relaxed
InternalHosts 0.0.0.0/0
Socket {socket}
Syslog no
Background no
RequireSafeKeys no
UMask 000
""")
        return Server([[find_program("opendkim"), "-f", "-x", config]], socket)
    return prepare


def rspamd(place):
    text = filled((HERE / "rspamd.conf").read_text(), DIR=place.directory, KEPT=place.kept, KEY=place.keys["rsa"],
                  CORES=os.cpu_count())
    return Server([[find_program("redis-server"), "--port", "0", "--unixsocket", place.path("redis.sock"), "--save", "",
                    "--appendonly", "no", "--dir", str(place.directory), "--logfile", place.path("redis.log")],
                   [find_program("rspamd"), "-f", "-c", place.write("rspamd.conf", text), "--var",
                    f"DBDIR={place.kept}",
                    "--var", f"RUNDIR={place.directory}", *(as_user(place) if os.geteuid() == 0 else [])]],
                  "unix:" + place.path("rspamd.sock"))


# A relay's rule: so many requests an hour for each login.
POSTFWD_RULES = """\
id=QUOTA; protocol_state==DATA; action=rate(sasl_username/1000000/3600/450 4.7.1 over the limit)
id=LAST; action=DUNNO
"""


def postfwd1(place):
    socket = place.path("postfwd.sock")
    return Server([[find_program("postfwd1"), "-f", place.write("rules", POSTFWD_RULES), "--proto", "unix", "-p",
                    socket, "--umask", "0000", "--nodns", "--norulelog", "--pidfile", place.path("pid"), "--daemon",
                    *as_user(place)]], "unix:" + socket, place.path("pid"))


def postfwd2(place):
    socket = place.path("postfwd.sock")
    return Server([[find_program("postfwd2"), "-f", place.write("rules", POSTFWD_RULES), "--proto", "unix", "-p",
                    socket, "--cache_proto", "unix", "--cache_port", place.path("cache.sock"), "--umask", "0000",
                    "--server_umask", "0000", "--cache_umask", "0000", "--nodns", "--norulelog",
                    "--pidfile", place.path("pid"), *as_user(place)]], "unix:" + socket, place.path("pid"))


def policyd_rate_limit(in_memory):
    """Its counters are an SQLite file: on disk, or on a memory file system."""
    def prepare(place):
        socket = place.path("policyd.sock")
        database = (place.memory if in_memory else place.directory) / "counters.sqlite3"
        config = place.write("policyd.yaml", f"""\
debug: false
user: "{place.user}"
group: "{group_of(place.user)}"
pidfile: "{place.path('policyd.pid')}"
sqlite_config:
    database: "{database}"
backend: 0
SOCKET: "{socket}"
socket_permission: 0666
limits:
    - [1000000, 3600]
limits_by_id: {{}}
limit_by_sasl: True
limit_by_sender: False
limit_by_ip: False
limited_networks: []
success_action: "dunno"
fail_action: "defer_if_permit over the limit"
db_error_action: "defer_if_permit database"
report: False
report_limits: [86400]
delay_to_close: 300
""")
        return Server([[find_program("policyd-rate-limit"), "-f", config]], "unix:" + socket)
    return prepare


CONTENDERS = [
    Contender("floor", "milter", milter_floor(), kind="floor"),
    Contender("floor, no replies", "milter", milter_floor("--nr"), kind="floor"),
    Contender("mailweir rsa", "milter", mailweir("milter", "rsa"), ("mailweir",), key="rsa", removes=True, kind="ours"),
    Contender("mailweir ed25519", "milter", mailweir("milter", "ed25519"), ("mailweir",), key="ed25519", removes=True,
              kind="ours"),
    Contender("mailweir ed25519, clamd", "milter", mailweir_with_clamd("ed25519"), ("mailweir", "clamd"), key="ed25519",
              removes=True,
              kind="ours"),
    Contender("mailweir rsa, libmilter", "milter", mailweir("milter", "rsa", "libmilter"), ("mailweir",), key="rsa",
              removes=True,
              kind="ours"),
    Contender("mailweir ed25519, libmilter", "milter", mailweir("milter", "ed25519", "libmilter"), ("mailweir",),
              key="ed25519", removes=True, kind="ours"),
    Contender("opendkim rsa", "milter", opendkim("rsa"), ("opendkim",), key="rsa"),
    Contender("opendkim ed25519", "milter", opendkim("ed25519"), ("opendkim",), key="ed25519"),
    Contender("rspamd rsa", "milter", rspamd, ("rspamd", "redis-server"), key="rsa", removes=True, prepares=True),
    Contender("floor", "policy", policy_floor, kind="floor"),
    Contender("mailweir", "policy", mailweir("policy"), ("mailweir",), kind="ours"),
    Contender("postfwd1", "policy", postfwd1, ("postfwd1",)),
    Contender("postfwd2", "policy", postfwd2, ("postfwd2",)),
    Contender("policyd-rate-limit, disk", "policy", policyd_rate_limit(False), ("policyd-rate-limit",)),
    Contender("policyd-rate-limit, memory", "policy", policyd_rate_limit(True), ("policyd-rate-limit",)),
]
