# SPDX-License-Identifier: BSD-2-Clause
"""What an end-to-end scenario (t/t-NN-name/run) is written with. Python 3's own library only.

    from harness import *
    with Scenario() as t:                       # TAP, a directory, a deadline; ends all it started
        sink = t.start(Sink())                  # where Postfix delivers; keeps each mail exactly
        mailweir = t.start(Mailweir(POLICY))    # the daemon, as an unprivileged user
        postfix = t.start(Postfix(relay_to=sink, milters=[mailweir.milter]))
        reply = postfix.client().ehlo().message("a@example.com", ["b@example.net"], letter())
        t.equal(reply.code, 250, "a plain message is taken")
        t.equal(sink.take().sender, "a@example.com", "and arrives with its sender")

A server is anything with start(scenario), stop() and logs(); Scenario.start runs it, and ends it last started first.
"""
from .ask import PolicyClient
from .clamd import EICAR, Clamd, FakeClamd, infected
from .dialogue import play
from .dovecot import Dovecot
from .fault_proxy import FaultProxy
from .hook import Hook
from .mailweir import Mailweir
from .milter import RecordingMilter
from .mmdb import write_countries
from .mta import MilterClient
from .name_server import NameServer
from .parts import letter
from .policy_server import PolicyServer
from .postfix import Postfix, Service, settings_of
from .process import HarnessError, Process, free_port, wait_for
from .scenario import Scenario
from .sendmail import Sendmail
from .redis_group import RedisCluster, RedisSentinels
from .servers import Knot, Redis
from .sink import Sink
from .smtp import Reply, SmtpClient
from .spam import GTUBE, Rspamd, Spamd

__all__ = [name for name in dir() if not name.startswith("_")]
