# SPDX-License-Identifier: BSD-2-Clause
"""Counters in Redis: shared by two daemons, and what becomes of mail when it is gone."""
from harness import Mailweir, PolicyClient, Redis, wait_for
from reloads import rule

LIMIT = rule("four", "rcpt", 'limit = { by = "sender", of = "recipients", max = "4/1h" }\ndefer = "450 4.7.1 over"')


def ask(daemon, sender, count, first=0):
    with PolicyClient(daemon.policy) as client:
        return [client.ask(sender=sender, instance=f"{sender}.{number}", recipient=f"r{number}@example.net")
                for number in range(first, first + count)]


def run(t):
    redis = t.start(Redis())
    daemons = {}
    for name, outage, url in (("one", "local", redis.url), ("two", "continue", redis.url), ("three", "defer", redis.unix_url)):
        daemons[name] = t.start(Mailweir(LIMIT, milter=None, name=f"node-{name}", sections={
            "counters": f'store = "{url}"\non_outage = "{outage}"\ndeadline = "500ms"'}))
    over = "450 4.7.1 over"
    first, second = ask(daemons["one"], "shared@example.com", 3), ask(daemons["two"], "shared@example.com", 3, 3)
    t.equal((first, second), (["DUNNO"] * 3, ["DUNNO", over, over]), "two daemons share a limit")
    t.equal(ask(daemons["three"], "shared@example.com", 1, 9), [over], "a third one by a unix socket")
    t.ok(redis.ask("KEYS", "mw:*"), "the keys have their prefix")
    t.ok(all(int(redis.ask("PTTL", key)) > 0 for key in redis.ask("KEYS", "mw:*").split()), "and expire")
    without_redis(t, daemons, redis, over)


def without_redis(t, daemons, redis, over):
    redis.kill()
    redis.process = None
    t.equal(ask(daemons["one"], "gone@example.com", 6), ["DUNNO"] * 4 + [over] * 2,
            "without Redis, on_outage = local: this node's own counters hold the limit")
    t.equal(ask(daemons["two"], "gone@example.com", 6), ["DUNNO"] * 6, "continue: nobody is stopped")
    t.equal(set(ask(daemons["three"], "gone@example.com", 2)), {"451 4.3.0 temporary trouble, try again later"}, "defer: mail waits")
    for name in daemons:
        t.ok("mailweir_counter_store_up 0" in daemons[name].metrics(), f"node {name}: the metrics say that it is down")
        t.like(daemons[name].ctl("status").stdout, "(?m)^counters:.* up=false", f"node {name}: and so does status")
    down = [len([line for line in daemon.log().splitlines() if "went down" in line or "counter-store-down" in line])
            for daemon in daemons.values()]
    t.note(f"lines of going down: {down}")
    redis.start(t)
    for name, daemon in daemons.items():
        def back(daemon=daemon, name=name):
            ask(daemon, f"back-{name}@example.com", 1)
            return "mailweir_counter_store_up 1" in daemon.metrics()

        wait_for(back, f"node {name} to find Redis again", within=30)
        t.ok(True, f"node {name}: Redis is found again without a restart")
    got = ask(daemons["one"], "again@example.com", 4) + ask(daemons["two"], "again@example.com", 1, 9)
    t.equal(got, ["DUNNO"] * 4 + [over], "and the limit is shared again")
