# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's start: as root and as another user, in the background, its readiness, and why it would not."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess

from harness import HarnessError, Mailweir, PolicyClient, wait_for
from harness.process import seconds


def status_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return {name: value.split() for name, _, value in (line.partition(":") for line in status)}


def as_root(t):
    daemon = Mailweir("# nothing\n", user=None, name="rooted", sections={"general": 'pid_file = "@DIR@/run/pid"'},
                      env={"WATCHDOG_USEC": "400000"})
    t.start(daemon)
    nobody = pwd.getpwnam("nobody")
    told = status_of(daemon.process.pid)
    t.equal((set(told["Uid"]), set(told["Gid"])), ({str(nobody.pw_uid)}, {str(nobody.pw_gid)}),
            "started as root, it runs as its user: real, effective, saved")
    t.equal(int(told["CapEff"][0], 16), 0, "without any of root's rights")
    with open(f"{daemon.directory}/run/pid") as pid:
        t.equal(int(pid.read()), daemon.process.pid, "the pid file names it")
    t.equal(PolicyClient(daemon.policy).ask(), "DUNNO", "READY=1 means that it serves")
    t.ok(any("STATUS" in state for state in daemon.states), "it tells systemd how it is")
    daemon.states = []
    daemon.wait_state("WATCHDOG", "1")
    t.ok(True, "and that it is alive, in time for the watchdog")
    second = run(daemon.config, daemon)
    t.equal(second.returncode, 1, "a second one on the same sockets does not start")
    t.like(second.stderr,
           r"mailweir: \S+/mailweir\.toml:\d+:\d+: general\.pid_file: pid file .*/run/pid: already running as process "
           r"\d+", "and says why")
    t.equal(PolicyClient(daemon.policy).ask(), "DUNNO", "the first one is not disturbed")
    t.equal(t.stop(daemon), 0, "SIGTERM: status 0")
    left = [name for name in os.listdir(f"{daemon.directory}/run")]
    t.equal(left, [], "its sockets and its pid file are gone")


def run(config, daemon, *options, foreground=True):
    """mailweir with a policy file, until it ends."""
    program = os.path.join(daemon.directory, "mailweir")
    if not os.path.exists(program):
        shutil.copy(daemon.scenario.need("mailweir"), program)
    return subprocess.run([program, "-c", config, *options, *(["--foreground"] if foreground else [])],
                          capture_output=True, timeout=seconds(30), text=True, check=False)


def background(t):
    """Without --foreground its parent's status tells whether the start succeeded."""
    daemon = Mailweir("# nothing\n", name="background", user=None, milter=None,
                      sections={"general": 'pid_file = "@DIR@/run/pid"\nlog = "file:@DIR@/state/log"'})
    daemon.scenario = t
    daemon._make_directory(t)
    daemon.write_policy(daemon.text)
    done = run(daemon.config, daemon, foreground=False)
    t.equal((done.returncode, done.stderr), (0, ""), "in the background: the parent ends with status 0")
    with open(f"{daemon.directory}/run/pid") as file:
        pid = int(file.read())
    try:
        t.equal(PolicyClient(daemon.policy).ask(), "DUNNO", "and then the daemon serves")
        t.equal(os.getsid(pid), pid, "in a session of its own")
        again = run(daemon.config, daemon, foreground=False)
        t.equal(again.returncode, 1, "a start that fails in the background: status 1")
        t.like(again.stderr, "already running as process", "told before the terminal is let go")
    finally:
        os.kill(pid, 15)
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "its end")
    with open(f"{daemon.directory}/state/log") as log:
        t.like(log.read(), r"(?s)event=started.*event=stopped", "its log is in the file")


def failing(t):
    """What keeps it from starting: one clear line that names the thing. @DIR@ is its directory, @OTHER@ a served
    socket."""
    daemon = Mailweir("", name="failing", user=None)
    daemon.scenario = t
    daemon._make_directory(t)
    directory = daemon.directory
    t.file("failing.d/regular", "not a socket")
    os.makedirs(f"{directory}/folder")
    keys = {"rsa": ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"],
            "short": ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:512"],
            "kind": ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    for name, options in keys.items():
        subprocess.run(["openssl", "genpkey", *options, "-out", f"{directory}/{name}.pem"], check=True,
                       capture_output=True)
        os.chmod(f"{directory}/{name}.pem", 0o640)
        shutil.chown(f"{directory}/{name}.pem", group="nogroup")
    shutil.copy(f"{directory}/rsa.pem", f"{directory}/open.pem")
    os.chmod(f"{directory}/open.pem", 0o644)
    shutil.copy(f"{directory}/rsa.pem", f"{directory}/secret.pem")
    os.chmod(f"{directory}/secret.pem", 0o600)     # root's: its own user could not read it
    t.file("failing.d/broken.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600)
    other = socket.socket(socket.AF_UNIX)
    other.bind(f"{directory}/other.sock")
    other.listen()

    def key(file):
        return ('[dkim]\nstrict = true\n[[dkim.key]]\ndomain = "example.com"\nselector = "s"\n'
                f'file = "{directory}/{file}.pem"\n[[rule]]\nname = "sign"\nat = "end-of-message"\nsign = true\n')

    milter = f'[milter]\nsocket = "unix:{directory}/run/m.sock"\n'
    libmilter = 'transport = "libmilter"\n'
    general = f'[general]\nuser = "nobody"\nlog = "stderr"\nstate_directory = "{directory}/state"\n'
    admin = f'[admin]\nsocket = "unix:{directory}/run/a.sock"\n'
    def at(name):
        return rf"mailweir\.toml:\d+:\d+: {re.escape(name)}: "

    list_rule = '[[rule]]\nname = "r"\nat = "mail"\nwhen = { sender = "list:l" }\nreject = "550 5.7.1 no"\n'
    rows = [
        ("a policy socket served by another", f'[policy]\nsocket = "unix:{directory}/other.sock"\n',
         "other.sock: is served by another process"),
        ("a milter socket served by another", f'[milter]\nsocket = "unix:{directory}/other.sock"\n',
         "other.sock: is served by another process"),
        ("a policy socket that is a file", f'[policy]\nsocket = "unix:{directory}/regular"\n',
         "regular: exists and is not a socket"),
        ("a milter socket that is a file", f'[milter]\nsocket = "unix:{directory}/regular"\n',
         "regular: exists and is not a socket"),
        ("a socket in no directory", f'[policy]\nsocket = "unix:{directory}/regular/p.sock"\n',
         "policy.socket: .*regular: is not a directory"),
        ("a socket below a typo", f'[milter]\nsocket = "unix:{directory}/rnu/mailweir/m.sock"\n',
         f"milter.socket: the directory {directory}/rnu does not exist; is the path right"),
        ("a socket in a typo", f'[milter]\nsocket = "unix:{directory}/mailwier/m.sock"\n',
         f"milter.socket: the directory {directory}/mailwier does not exist; is the path right"),
        ("libmilter: a socket served by another", f'[milter]\nsocket = "unix:{directory}/other.sock"\n{libmilter}',
         "other.sock: is served by another process"),
        ("libmilter: a socket that is a file", f'[milter]\nsocket = "unix:{directory}/regular"\n{libmilter}',
         "regular: exists and is not a socket"),
        ("no door", "", "milter|door"),
        ("a list that is a directory", milter + f'[lists]\nl = "file:{directory}/folder"\n' + list_rule,
         "folder: .*directory"),
        ("a list that is not there", milter + f'[lists]\nl = "file:{directory}/nothing"\n' + list_rule,
         "nothing: no such file"),
        ("a key too short", milter + key("short"), "short.pem: .*512 bits.*1024"),
        ("a key of another kind", milter + key("kind"), "kind.pem.*(RSA|Ed25519)"),
        ("a key that is none", milter + key("broken"), "broken.pem"),
        ("a key that all may read", milter + key("open"), "open.pem.*(chmod|mode)"),
        ("a key that is not there", milter + key("nothing"), "nothing.pem.*no such file"),
        ("a key that its user can't read", milter + key("secret"),
         rf"mailweir\.toml:\d+:\d+: dkim\.key\.file: .*secret\.pem: user nobody .*may not read it; it belongs to root "
         rf".*; run: chgrp nogroup {directory}/secret\.pem && chmod 640 {directory}/secret\.pem"),
        ("a user that does not exist", milter, at("general.user") + "user no-such-user does not exist"),
        ("a user that is root", milter, at("general.user") + "user root is root; name another"),
        ("a group that does not exist", milter + 'group = "no-such-group"\n',
         at("milter.group") + "group no-such-group does not exist"),
        ("a log in no directory", milter, at("general.log") + "log file .*nothere/log: .*No such file"),
        ("a log in a directory of root's", milter,
         at("general.log") + "log file .*closed/log: user nobody .*Permission denied"),
        ("an admin socket in a directory of root's", milter, "closed/a.sock"),
        ("a token file that is not there",
         milter + f'[http]\nsocket = "inet:10931@127.0.0.1"\ntoken_file = "{directory}/nothing"\n',
         at("http.token_file") + ".*nothing: no such file"),
        ("a password file that its user can't read",
         milter + f'[counters]\nstore = "redis://127.0.0.1:1"\npassword_file = "{directory}/secret.pem"\n',
         at("counters.password_file") + ".*secret.pem"),
        ("a socket at an address of another machine", '[milter]\nsocket = "inet:10930@192.0.2.1"\n',
         at("milter.socket") + "inet:10930@192.0.2.1: cannot listen"),
    ]
    if not os.path.exists("/dev/log"):
        rows.append(("a syslog that is not read", milter,
                     "log syslog: /dev/log: No such file or directory; start the syslog daemon first"))
    others = {"a user that does not exist": ("nobody", "no-such-user"), "a user that is root": ("nobody", "root"),
              "a log in no directory": ("stderr", f"file:{directory}/nothere/log"),
              "a syslog that is not read": ("stderr", "syslog"),
              "a log in a directory of root's": ("stderr", f"file:{directory}/closed/log")}
    os.makedirs(f"{directory}/closed", mode=0o755)
    for what, text, wanted in rows:
        mine = general.replace(*others[what]) if what in others else general
        door = admin.replace("/run/", "/closed/") if what.startswith("an admin socket") else admin
        config = t.file("failing.d/mailweir.toml", text + mine + door)
        done = run(config, daemon)
        t.equal(done.returncode, 1, f"{what}: status 1")
        t.like(done.stderr, wanted, f"{what}: said")
        if "served by another" not in wanted:   # which may be the daemon that runs now
            for check in (run(config, daemon, "--check"),
                          subprocess.run([t.need("mailweirctl"), "check", config], capture_output=True, text=True,
                                         check=False)):
                t.equal(check.returncode, 1, f"{what}: check: status 1")
                t.like(check.stderr, wanted, f"{what}: check says so too")
        left = [name for name in os.listdir(f"{directory}/run") if name != "n.sock"]
        t.equal(left, [], f"{what}: no socket stays behind")
    t.ok(not os.path.exists(f"{directory}/rnu") and not os.path.exists(f"{directory}/mailwier"),
         "a typo makes no directory")
    other.close()
    with open(f"{directory}/regular") as file:
        t.equal(file.read(), "not a socket", "the file in the way is as it was")
    return daemon


def two_at_once(t):
    """What one daemon has, another does not take: sockets, though it is too busy to answer, and the file of its
    counters."""
    first = t.start(Mailweir("# nothing\n", name="first"))
    first.process.send(signal.SIGSTOP)
    full = []
    try:
        for _ in range(2000):   # until nothing more fits into its backlog
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            full.append(one)
            one.connect(first.address("policy").removeprefix("unix:"))
    except BlockingIOError:
        pass
    done = run(first.config, first)
    t.equal((done.returncode, "is served by another process" in done.stderr), (1, True),
            "a daemon that stands still keeps its sockets")
    first.process.send(signal.SIGCONT)
    for one in full:
        one.close()
    second = Mailweir("# nothing\n", name="second",
                      sections={"general": f'state_directory = "{first.directory}/state"'})
    second.scenario = t
    second._make_directory(t)
    second.write_policy("# nothing\n")
    shutil.copy(f"{first.directory}/mailweir", f"{second.directory}/mailweir")
    done = run(second.config, second)
    t.equal(done.returncode, 1, "a second daemon with the counters of the first does not start")
    t.like(done.stderr, r"the counters in \S+ belong to another daemon; .*already running as process \d+",
           "and says whose they are")
    t.equal(os.listdir(f"{second.directory}/run"), [], "nothing of it stays behind")
    t.equal(PolicyClient(first.policy).ask(), "DUNNO", "the first one is not disturbed")
    t.stop(first)


def own_directories(t):
    """What is called mailweir is made at the start, its owner the daemon's user."""
    daemon = Mailweir("# nothing\n", name="fresh", user=None, milter=None,
                      sections={"policy": 'socket = "unix:@DIR@/run/mailweir/policy.sock"\nmode = "0666"',
                                "general": 'state_directory = "@DIR@/state/mailweir"'})
    t.start(daemon)
    for part, mode in (("run", 0o755), ("state", 0o750)):
        status = os.stat(f"{daemon.directory}/{part}/mailweir")
        t.equal((status.st_uid, status.st_mode & 0o7777), (pwd.getpwnam("nobody").pw_uid, mode),
                f"{part}/mailweir is made, its user's")
    t.equal(PolicyClient(f"unix:{daemon.directory}/run/mailweir/policy.sock").ask(), "DUNNO", "and served")
    t.stop(daemon)


def checking(t, daemon):
    good = t.file("failing.d/mailweir.toml",
                  f'[general]\nuser = "nobody"\nlog = "stderr"\nstate_directory = '
                  f'"{daemon.directory}/state"\n[policy]\n'
                  f'socket = "unix:{daemon.directory}/x.sock"\n[admin]\nsocket = '
                  f'"unix:{daemon.directory}/run/a.sock"\n')
    done = run(good, daemon, "--check", foreground=False)
    t.equal(done.returncode, 1, "--check as if for the background: a log to stderr would be lost")
    t.like(done.stderr, '"stderr" needs mailweir --foreground', "and says so")
    t.like(run(good, daemon, foreground=False).stderr, '"stderr" needs mailweir --foreground', "as the start does")
    done = run(good, daemon, "--check")
    t.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "--check of a good file: status 0, nothing said")
    t.ok(not os.path.exists(f"{daemon.directory}/x.sock"), "and no socket made")
    bad = t.file("failing.d/bad.toml", '[policy]\nsocket = "nowhere"\nsokcet = 1\n[[rule]]\nname = "r"\nat = "noon"\n')
    done = run(bad, daemon, "--check")
    t.equal(done.returncode, 1, "--check of a bad one: status 1")
    t.like(done.stderr, r'(?s)bad\.toml:2:\d+: .*bad\.toml:3:\d+: .*bad\.toml:6:\d+: ',
           "all its errors, with line and column")
    t.equal(run(f"{daemon.directory}/no.toml", daemon, "--check").returncode, 1, "--check of no file: status 1")
    t.equal(run(good, daemon, "--nonsense").returncode, 64, "an unknown option: EX_USAGE")
    done = run(good, daemon, "--check", bad)
    t.equal((done.returncode, done.stderr),
            (64, f'mailweir: extra argument "{bad}"; give the policy file with -c; see mailweir --help\n'),
            "a word that belongs to no option: EX_USAGE, for the file it names would not be read")


def run_scenario(t):
    as_root(t)
    background(t)
    daemon = failing(t)
    own_directories(t)
    two_at_once(t)
    checking(t, daemon)
    try:
        t.start(Mailweir("[[rule]]\n", name="refused"))
        t.ok(False, "a bad policy file: it does not start")
    except HarnessError:
        t.started.pop()
        t.ok(True, "a bad policy file: it does not start")
