# SPDX-License-Identifier: BSD-2-Clause
"""SIGUSR1, and signals by the hundred while mail flows."""
import os
import random
import signal

from harness import Mailweir, PolicyClient, letter, wait_for
from reloads import Flow, policy, rule


def reopen(t):
    """logrotate renames the file and sends SIGUSR1: later lines stand in a new one, none is lost."""
    text = rule("told", "rcpt", "log = true")
    daemon = t.start(Mailweir(text, milter=None, name="rotated", sections={"general": 'log = "file:@DIR@/state/log"'}))
    path = f"{daemon.directory}/state/log"

    def lines(name):
        if not os.path.exists(name):
            return 0
        with open(name) as log:
            return log.read().count("event=verdict")

    with PolicyClient(daemon.policy) as client:
        client.ask(instance="1")
        wait_for(lambda: lines(path) == 1, "a line in the log file")
        os.rename(path, path + ".1")
        client.ask(instance="2")
        wait_for(lambda: lines(path + ".1") == 2, "the next line in the renamed file")
        daemon.process.send(signal.SIGUSR1)
        wait_for(lambda: os.path.exists(path), "a new log file")
        client.ask(instance="3")
        wait_for(lambda: lines(path) == 1, "a line in the new file")
    t.equal(lines(path + ".1") + lines(path), 3, "SIGUSR1 reopens the log file: every line is in the one or the other")
    t.stop(daemon)


def storm(t, postfix, daemon, sink):
    daemon.reload(policy("storm"))
    random.seed(5)
    with Flow(postfix) as flow:
        wait_for(lambda: flow.sent > 10, "mail to flow")
        for _ in range(2000):
            daemon.process.send(random.choice([signal.SIGHUP, signal.SIGUSR1]))
            if random.random() < 0.02:
                at = flow.sent
                wait_for(lambda: flow.sent > at or flow.failures, "mail to go on")
    t.equal(flow.failures, [], f"2,000 mixed signals: not one of {flow.sent} messages failed")
    t.ok(daemon.process.running(), "the daemon runs")
    sink.take_all(flow.sent, within=60)
    daemon.write_policy(policy("calm"))
    t.equal(daemon.ctl("reload").returncode, 0, "takes a new policy")
    t.equal(postfix.client().ehlo().message("a@example.com", ["bob@example.net"], letter()).code, 250,
            "and serves both doors")
    t.equal(sink.take().header("X-Mark"), "calm", "with the newest policy")


def run(t, postfix, daemon, sink):
    reopen(t)
    storm(t, postfix, daemon, sink)
