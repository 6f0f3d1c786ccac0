# SPDX-License-Identifier: BSD-2-Clause
"""What a Sendmail is made of: Debian's packages, unpacked beside the machine's own mail server (apt would remove that),
and the texts of its configuration."""
import fcntl
import glob
import os
import subprocess

from .process import seconds

PACKAGES = ("sendmail-bin", "sendmail-base", "sendmail-cf")


class NoSendmail(Exception):
    """Cannot be brought here; the text says why."""


def unpack(build):
    """The directory below `build` that holds Sendmail's programs and m4 files; fetched by apt when first asked for."""
    if os.path.exists(os.path.join(build, "configure.ac")):   # not among the sources
        build = os.path.join(build, "build")
    top = os.path.join(build, "sendmail")
    os.makedirs(top, exist_ok=True)
    with open(os.path.join(top, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)   # scenarios may run at the same time
        program = os.path.join(top, "usr/libexec/sendmail/sendmail")
        if not os.access(os.path.join(top, "whole"), os.F_OK):
            _fetch(top)
        missing = [line.split()[0] for line in _run(["ldd", program]).stdout.splitlines() if "not found" in line]
        if missing:
            raise NoSendmail(f"Sendmail's libraries are missing: {' '.join(missing)} (contrib/packages install test)")
    return top


def _fetch(top):
    packages = os.path.join(top, "packages")
    os.makedirs(packages, exist_ok=True)
    # Without package lists, or with old ones, the first try fails: then they are fetched, once.
    for command in (["download", *PACKAGES], ["update"], ["download", *PACKAGES]):
        done = _run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", *command], cwd=packages)
        if command[0] == "download" and done.returncode == 0:
            break
    else:
        raise NoSendmail(f"apt-get download {' '.join(PACKAGES)}: {' '.join(done.stderr.split())[-300:]}")
    for package in glob.glob(os.path.join(packages, "*.deb")):
        done = _run(["dpkg", "-x", package, top])
        if done.returncode:
            raise NoSendmail(f"dpkg -x {package}: {done.stderr}")
    with open(os.path.join(top, "whole"), "w"):
        pass


def _run(command, cwd=None):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds(150), check=False)


# --- its configuration -----------------------------------------------------------------------------------------------
# @WORDS@ are replaced. contrib/sendmail/mailweir.mc is read as an admin would read it, with the test's own socket.
MTA = """divert(-1)
define(`_CF_DIR_', `@CF@/')
include(`@CF@/m4/cf.m4')
divert(0)dnl
VERSIONID(`a throw-away Sendmail')
OSTYPE(`linux')dnl
@PATHS@
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')dnl
define(`confTO_IDENT', `0')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confMILTER_LOG_LEVEL', `9')dnl
define(`confREFUSE_LA', `999')dnl
define(`confQUEUE_LA', `999')dnl
define(`confDELAY_LA', `0')dnl
define(`confSAFE_QUEUE', `True')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h @SINK@')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
RELAY_DOMAIN(`127')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.1, Port=@PORT@')dnl
@MORE@
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

# What sendmail(1) reads when a user or a script calls it: it hands each message to the daemon by SMTP.
SUBMIT = """divert(-1)
define(`_CF_DIR_', `@CF@/')
include(`@CF@/m4/cf.m4')
divert(0)dnl
VERSIONID(`its submission program')
OSTYPE(`linux')dnl
@PATHS@
define(`confRUN_AS_USER', `mail')dnl
define(`confTO_IDENT', `0')dnl
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')dnl
define(`RELAY_MAILER_ARGS', `TCP $h @PORT@')dnl
define(`LOCAL_MAILER_ARGS', `TCP $h @PORT@')dnl
define(`SMTP_MAILER_ARGS', `TCP $h @PORT@')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h @PORT@')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""

PATHS = """define(`confPID_FILE', `@DIR@/@ROLE@.pid')dnl
define(`QUEUE_DIR', `@DIR@/@ROLE@-queue')dnl
define(`MSP_QUEUE_DIR', `@DIR@/@ROLE@-queue')dnl
define(`STATUS_FILE', `@DIR@/statistics')dnl
define(`HELP_FILE', `')dnl
define(`ALIAS_FILE', `@DIR@/aliases')dnl
define(`confCT_FILE', `-o @DIR@/trusted')dnl
define(`confSERVICE_SWITCH_FILE', `@DIR@/service.switch')dnl
define(`confDOMAIN_NAME', `@NAME@.test')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl"""

AUTH = """define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
define(`confAUTH_REALM', `test')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupReadableSASLDBFile')dnl
"""

TLS = """define(`confCACERT_PATH', `@DIR@/tls')dnl
define(`confCACERT', `@DIR@/tls/cert.pem')dnl
define(`confSERVER_CERT', `@DIR@/tls/cert.pem')dnl
define(`confSERVER_KEY', `@DIR@/tls/key.pem')dnl
"""
