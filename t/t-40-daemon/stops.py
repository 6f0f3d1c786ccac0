# SPDX-License-Identifier: BSD-2-Clause
"""SIGTERM lets what is in flight finish, within a bound; counters are kept over a restart; a crash leaves nothing in
the way."""
import os
import re
import signal
import time

from harness import PolicyClient, letter, wait_for
from reloads import rule

LIMIT = rule("three", "data",
             'limit = { by = "sender", of = "messages", max = "3/1h" }\ndefer = "450 4.7.1 over {limit}"')


def in_flight(t, postfix, daemon, sink):
    daemon.reload(LIMIT + rule("mark", "end-of-message", 'add_headers = { X-Mark = "finished" }'))
    client, idle = postfix.client().ehlo(), postfix.client().ehlo()
    client.envelope("flight@example.com", ["bob@example.net"])
    client.command("DATA")
    client.send("Subject: in flight\r\n\r\nfirst half\r\n")
    began = time.monotonic()
    daemon.process.send(signal.SIGTERM)
    daemon.wait_state("STOPPING", "1")
    reply = idle.command("MAIL FROM:<late@example.com>")
    t.equal(str(reply), "451 4.3.2 restarting, try again later", "after SIGTERM new mail is deferred")
    t.ok(daemon.process.running(), "while a message is in flight the daemon waits for it")
    t.equal(client.send("second half\r\n.\r\n").read().code, 250, "SIGTERM in the middle of DATA: the message is taken")
    t.equal(sink.take().header("X-Mark"), "finished", "judged and edited as ever")
    t.equal(daemon.process.wait(), 0, "and then the daemon ends with status 0")
    t.ok(time.monotonic() - began < 8, "before its time is up", f"{time.monotonic() - began:.1f} s")
    for one in (client, idle):
        one.close()
    daemon.process = None
    daemon.start(t)


def bounded(t, postfix, daemon):
    """A client that never finishes cannot keep it; [general] drain says how long it may try."""
    clients = [postfix.client().ehlo() for _ in range(3)]
    for client in clients:
        client.envelope("never@example.com", ["bob@example.net"])
        client.command("DATA")
    with PolicyClient(daemon.policy) as asked:
        asked.send("request=smtpd_access_policy\nprotocol_state=RC")   # half a request is nothing to wait for
        began = time.monotonic()
        daemon.process.send(signal.SIGTERM)
        status = daemon.process.wait(30)
        took = time.monotonic() - began
    t.equal(status, 0, "messages that never end: status 0")
    t.ok(7 < took < 16, "after the 8 s of drain", f"{took:.1f} s")
    for client in clients:
        client.abort()
    daemon.process = None
    daemon.start(t)


def counters(t, postfix, daemon, sink):
    """Three messages before the restart, none after it."""
    client = postfix.client().ehlo()
    got = [client.message("kept@example.com", ["bob@example.net"], letter()).code for _ in range(3)]
    client.quit()
    t.equal(got, [250, 250, 250], "three messages within the limit")
    sink.take_all(3)
    t.equal(daemon.stop(), 0, "a restart")
    t.equal(os.path.exists(daemon.milter.removeprefix("unix:")), False, "its sockets are gone meanwhile")
    daemon.start(t)
    t.equal(daemon.lines(event="counters-restored")[-1]["counters"] != "0", True, "counters are restored")
    client = postfix.client().ehlo()
    t.equal(client.message("kept@example.com", ["bob@example.net"], letter()).code, 450,
            "and the limit is still reached")
    client.quit()


def crash(t, postfix, daemon, sink):
    daemon.kill()
    t.ok(os.path.exists(daemon.policy.removeprefix("unix:")), "SIGKILL leaves its sockets behind")
    client = postfix.client().ehlo()
    t.equal(client.command("MAIL FROM:<a@example.com>").code, 451, "mail is deferred meanwhile")
    client.quit()
    daemon.start(t)
    client = postfix.client().ehlo()
    t.equal(client.message("a@example.com", ["bob@example.net"], letter()).code, 250, "the next start takes them over")
    sink.take()
    client.quit()
    path = f"{daemon.directory}/state/counters"
    with open(path, "wb") as file:
        file.write(b"\0garbage" * 100)
    daemon.kill()
    daemon.start(t)
    t.equal(len(daemon.lines(event="counters-not-restored")), 1,
            "a damaged counter file: said, and counting starts from zero")
    client = postfix.client().ehlo()
    t.equal(client.message("kept@example.com", ["bob@example.net"], letter()).code, 250, "mail goes on")
    sink.take()
    client.quit()


SAMPLE = re.compile(r'^[a-z_]+(\{[a-z_]+="(?:[^"\\]|\\.)*"(,[a-z_]+="(?:[^"\\]|\\.)*")*\})? -?[0-9.e+]+$')


def told(t, daemon):
    done = daemon.ctl("status")
    t.equal((done.returncode, done.stderr), (0, ""), "mailweirctl status")
    for part in (r"\Amailweir \S+, up \S+", r"(?m)^milter:.* messages=[1-9]", r"(?m)^policy:.* requests=[1-9]",
                 r"(?m)^counters:.* store=memory", r"(?m)^three +data +\d+"):
        t.like(done.stdout, part, f"status has /{part}/")
    text = daemon.metrics()
    wrong = [line for line in text.splitlines() if not line.startswith("#") and not SAMPLE.match(line)]
    t.equal(wrong, [], "each line of the metrics parses")
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    used = {re.match("[a-z_]+", line)[0] for line in text.splitlines() if not line.startswith("#")}
    t.equal(used - names, set(), "each metric has its type")
    t.ok({"mailweir_transactions_total", "mailweir_policy_requests_total", "mailweir_milter_sessions_total"} <= used,
         "both doors are in them")
    gone = daemon.ctl("status", "--json")
    t.like(gone.stdout, r'(?s)^\{.*"generation": \d+', "status --json")


def no_client(t, daemon):
    daemon.stop()
    for command in ("status", "reload"):
        done = daemon.ctl(command)
        t.equal(done.returncode, 69, f"mailweirctl {command} without a daemon: EX_UNAVAILABLE")
        t.like(done.stderr, r"admin\.sock: the socket does not exist", "said with the socket's name")
    daemon.start(t)


def run(t, postfix, daemon, sink):
    in_flight(t, postfix, daemon, sink)
    bounded(t, postfix, daemon)
    counters(t, postfix, daemon, sink)
    crash(t, postfix, daemon, sink)
    told(t, daemon)
    no_client(t, daemon)
    wait_for(lambda: not postfix.queue("active", "incoming"), "the queue to be empty")
