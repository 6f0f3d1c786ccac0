# SPDX-License-Identifier: BSD-2-Clause
"""More keys than the counters in memory have room for, and more counters than are listed."""
import os
import time

from harness import Mailweir, PolicyClient
from reloads import rule

RULES = (rule("sender", "rcpt", 'limit = { by = "sender", of = "recipients", max = "5/1h" }\ndefer = "450 4.7.1 over"')
         + rule("login", "rcpt",
                'limit = { by = "sasl_username", of = "recipients", max = "3/1h" }\ndefer = "450 4.7.1 over"')
         + rule("careful", "rcpt",
                'when = { sender_domain = "careful.example" }\nlimit = { by = "recipient", of = "recipients", max = '
                '"3/1h" }\n'
                                   'on_outage = "defer"\ndefer = "450 4.7.1 over"'))
ROWS = 120_000


def run(t):
    by_strangers(t)
    ranked(t)


def by_strangers(t):
    """Ever new senders of a client without a login: they take no room from logins, and never in silence."""
    daemon = t.start(Mailweir(RULES, milter=None, name="flooded", sections={"counters": "max_counters = 1000"}))
    with PolicyClient(daemon.policy) as client:
        def asked(number, **more):
            instance = f"flood.{number}.{more.get('sasl_username', '')}"
            return client.ask(sender=f"s{number}@flood.example", instance=instance, recipient="bob@example.net", **more)
        t.equal({asked(number) for number in range(2000)}, {"DUNNO"},
                "mail that is not counted for want of room passes")
        row = daemon.wait_line(event="counters-full")
        t.equal(row["rule"], "sender", "and a line says of which rule")
        t.equal([asked(9000 + number, sasl_username="ann") for number in range(4)], ["DUNNO"] * 3 + ["450 4.7.1 over"],
                "a login is limited as ever")
        t.equal([asked(number % 100, sasl_username=f"user{number}") for number in range(300)], ["DUNNO"] * 300,
                "and hundreds of others")
        got = [client.ask(sender="a@careful.example", instance=f"careful.{number}", recipient=f"r{number}@example.net")
               for number in range(20)]
        t.like(got[-1], r"^451 4\.3\.0 ", "a rule that defers on an outage defers mail that has no room")
    t.ok(len(daemon.lines(event="counters-full")) < 100, "one line a second")
    status = daemon.ctl("status").stdout
    t.like(status,
           r"(?m)^counters: .*\bmost=1000\b.* no_room=0 no_room_for_strangers=[1-9]\d* of_strangers=4\d\d "
           r".*\buncounted=[1-9]", "status counts it")
    t.like(daemon.metrics(), r'(?m)^mailweir_counters_no_room_total\{of="strangers"\} [1-9]', "and the metrics")
    t.stop(daemon)


def ranked(t):
    """Of more counters than are listed the highest are found wherever they stand, and a list that is cut says so."""
    daemon = t.start(Mailweir(RULES, milter=None, name="ranked"))
    daemon.stop()
    now = int(time.time() * 1000)
    lines = [f"time {now} {now}"]
    for number in range(ROWS):
        count = 5_000_000 + number if number % (ROWS // 20) == ROWS // 20 - 1 else 1
        lines.append(f"3600 =sender =s{number}@example.org {now // 120_000} 0:{count}")
    text = "mailweir-counters 2\n" + "".join(line + "\n" for line in lines)
    checksum = 0xcbf29ce484222325
    for byte in text.encode():
        checksum = (checksum ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    path = f"{daemon.directory}/state/counters"
    owner = os.stat(path)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{text}end {ROWS} {checksum:x}\n")
    os.chown(path, owner.st_uid, owner.st_gid)
    daemon.start(t)
    t.equal(daemon.lines(event="counters-restored")[-1]["counters"], str(ROWS), f"{ROWS} counters")
    top = daemon.ctl("counters", "--top", "20")
    t.equal([row.split()[1] for row in top.stdout.splitlines()[1:]],
            [f"s{ROWS // 20 * part - 1}@example.org" for part in range(20, 0, -1)],
            "--top finds the twenty highest of all")
    t.equal(top.stderr, "", "and cuts nothing")
    all_rows = daemon.ctl("counters")
    t.equal(len(all_rows.stdout.splitlines()), 100_001, "without it 100,000 are listed")
    t.like(all_rows.stderr, "more than 100000 counters", "and that there are more is said")
    t.stop(daemon)
