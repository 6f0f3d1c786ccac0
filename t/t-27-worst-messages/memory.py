# SPDX-License-Identifier: BSD-2-Clause
"""Memory: what hostile sessions make the daemon hold stays within [general] memory, the log says when that is used up,
those who come meanwhile are deferred, and it is given back."""
import contextlib
import json

from harness import Mailweir, MilterClient, PolicyClient
from harness.process import wait_for
from measure import open_client, usual

MIB = 1 << 20
BUDGET = 16 * MIB
# What is counted is not all that is taken: a string's own size, the allocator's. Twice the budget, and what a session
# takes without any mail.
MOST = 2 * BUDGET + 8 * MIB

RULES = """[general]
user = "nobody"
log = "stderr"
state_directory = "@DIR@/state"
memory = "16MiB"
[[rule]]
name = "rcpt"
at = "rcpt"
when = { recipient = "nobody@example.net" }
reject = "550 5.1.1 no"
[[rule]]
name = "header"
at = "end-of-message"
when = { header.X-Bad = "yes" }
reject = "550 5.7.1 no"
"""


def held(daemon):
    done = daemon.ctl("status", "--json")
    return json.loads(done.stdout)["memory"]


def begin(daemon, stack):
    """A session that has named a sender; None: it was closed, or deferred."""
    with contextlib.suppress(ConnectionError, AssertionError, TypeError):
        client = stack.enter_context(MilterClient(daemon.milter, within=60))
        client.negotiate()
        client.connect()
        client.helo()
        if client.mail("alice@example.com") == ("c", b""):
            return client
    return None


def fill(daemon, stack, step, most=200):
    """Sessions that each take `step` as often as they may. How many came so far."""
    count = 0
    refused = held(daemon)["refused"]
    for _ in range(most):
        client = begin(daemon, stack)
        if client is None:
            break
        count += 1
        step(client)
        if held(daemon)["refused"] > refused:
            break
    return count


def recipients(client):
    for number in range(2000):
        if client.rcpt(f"{number}{'a' * 950}@e.example")[0] != "c":
            return


def header(client):
    client.rcpt("bob@example.net")
    client.data()
    for number in range(900):
        client.header(f"X-Field-{number}", "a" * 1000)


def half_packet(client):
    client.send_raw((900_000).to_bytes(4, "big") + b"R" + b"a" * 800_000)


def run(t):
    daemon = t.start(Mailweir(RULES, name="memory"))
    with open_client(daemon) as client:
        usual(client)
    before = daemon.memory()[0]
    for label, step in (("recipients of 1,000 bytes", recipients), ("large headers", header),
                        ("packets that are not whole", half_packet)):
        with contextlib.ExitStack() as stack:
            count = fill(daemon, stack, step)
            grown = daemon.memory()[0] - before
            t.ok(count < 200, f"{label}: {count} sessions use up what connections may hold", str(held(daemon)))
            if not daemon.sanitized():
                t.ok(grown < MOST, f"{label}: what the daemon takes is in proportion to it", f"{grown / MIB:.0f} MiB")
            t.note(f"{grown / MIB:.0f} MiB for {held(daemon)['used'] / MIB:.0f} MiB held")
        wait_for(lambda: held(daemon)["used"] < MIB, f"{label}: what was held to be given back", 30,
                 alive=daemon.process)
        with open_client(daemon) as client:
            t.equal(usual(client), ("c", b""), f"{label}: when they are gone mail is taken as before")
        if not daemon.sanitized():
            wait_for(lambda: daemon.memory()[0] - before < BUDGET // 2, f"{label}: the memory to be the system's again",
                     60, alive=daemon.process)
            t.ok(True, f"{label}: and the system has its memory back")
    full = daemon.lines(event="memory-full")
    t.ok(full, "the log says when memory was short")
    t.ok(all(line["door"] == "milter" and line["done"] in ("closed", "deferred") for line in full),
         "where, and what was done", str(full))
    deferred(t, daemon)
    answers(t, daemon)
    daemon.stop()


def deferred(t, daemon):
    """A session that was there before: its next message is deferred while memory is short, and taken afterwards."""
    with open_client(daemon) as early:
        with contextlib.ExitStack() as stack:
            fill(daemon, stack, recipients)
            answers = [early.mail("alice@example.com")]   # what is left may do for a few words yet
            for number in range(100):
                if answers[-1] != ("c", b""):
                    break
                answers.append(early.rcpt(f"{number}{'a' * 900}@e.example"))
            t.like(answers[-1][1].decode(), "^452 4.3.1 ", "a session that is there already is deferred")
            early.send("A")
        wait_for(lambda: held(daemon)["used"] < MIB, "what was held to be given back", 30, alive=daemon.process)
        t.equal(usual(early), ("c", b""), "afterwards its mail is taken")


def answers(t, daemon):
    """The policy door keeps answers for one message; not without bound."""
    before = daemon.memory()[0]
    with PolicyClient(daemon.policy, within=60) as client:
        for number in range(15_000):
            assert client.ask(recipient=f"{number}{'a' * 900}@e.example", client_port="4711", instance="i") == "DUNNO"
        t.ok(held(daemon)["used"] <= 8 * MIB, "the policy door keeps 8 MiB of answers for one message",
             str(held(daemon)))
        if not daemon.sanitized():
            t.ok(daemon.memory()[0] - before < 24 * MIB, "and takes no more than in proportion",
                 f"{(daemon.memory()[0] - before) / MIB:.0f} MiB")
    wait_for(lambda: held(daemon)["used"] < MIB, "the answers to be given back", 30, alive=daemon.process)
