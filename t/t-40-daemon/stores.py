# SPDX-License-Identifier: BSD-2-Clause
"""Counters in Redis: shared by two daemons, and what becomes of mail when it is gone. Counters in memory, and
SIGKILL."""
import os
import re
import signal
import subprocess
import time

from harness import Mailweir, PolicyClient, Redis, wait_for
from harness.ask import request
from reloads import rule

LIMIT = rule("four", "rcpt", 'limit = { by = "sender", of = "recipients", max = "4/1h" }\ndefer = "450 4.7.1 over"')


def ask(daemon, sender, count, first=0):
    with PolicyClient(daemon.policy) as client:
        return [client.ask(sender=sender, instance=f"{sender}.{number}", recipient=f"r{number}@example.net")
                for number in range(first, first + count)]


def run(t):
    killed = t.start(Mailweir(LIMIT, milter=None, name="node-killed"))
    t.equal(ask(killed, "memory@example.com", 4), ["DUNNO"] * 4, "a limit is used up, in memory")
    counted = time.time()
    redis = t.start(Redis())
    daemons = {}
    for name, outage, url in (("one", "local", redis.url), ("two", "continue", redis.url),
                              ("three", "defer", redis.unix_url)):
        daemons[name] = t.start(Mailweir(LIMIT, milter=None, name=f"node-{name}", sections={
            "counters": f'store = "{url}"\non_outage = "{outage}"\ndeadline = "500ms"'}))
    over = "450 4.7.1 over"
    first, second = ask(daemons["one"], "shared@example.com", 3), ask(daemons["two"], "shared@example.com", 3, 3)
    t.equal((first, second), (["DUNNO"] * 3, ["DUNNO", over, over]), "two daemons share a limit")
    t.equal(ask(daemons["three"], "shared@example.com", 1, 9), [over], "a third one by a unix socket")
    t.ok(redis.ask("KEYS", "mw:*"), "the keys have their prefix")
    t.ok(all(int(redis.ask("PTTL", key)) > 0 for key in redis.ask("KEYS", "mw:*").split()), "and expire")
    t.like(daemons["one"].ctl("status").stdout, r"(?m)^counters: asks=redis://127\.0\.0\.1:\d+/0 .*up=true",
           "status says whom it asks")
    without_redis(t, daemons, redis, over)
    seeded_and_merged(t, daemons, redis, over)
    all_at_once(t, redis)
    kept_by_redis(t, over)
    moved_to_redis(t)
    refused_by_redis(t)
    killed_after_a_minute(t, killed, counted, over)


def all_at_once(t, redis):
    """Many connections of three daemons charge one key, all of them in flight together."""
    daemons = [t.start(Mailweir(LIMIT.replace('"4/1h"', '"500/1h"'), milter=None, name=f"node-of-many-{number}",
                                sections={
        "counters": f'store = "{redis.url}"\non_outage = "defer"\nprefix = "many:"\ndeadline = "2s"'}))
               for number in range(3)]
    clients = [PolicyClient(daemon.policy) for daemon in daemons for _ in range(20)]
    got = []
    for turn in range(20):
        for number, client in enumerate(clients):
            client.send(request(sender="many@example.com", instance=f"many.{number}.{turn}",
                                recipient="bob@example.net"))
        got += [client.read() for client in clients]
    for client in clients:
        client.close()
    t.equal((got.count("DUNNO"), len(set(got)), len(got)), (500, 2, 1200),
            "1,200 charges of 60 connections: the maximum passes, not one more or less")
    for daemon in daemons:
        t.stop(daemon)


def kept_by_redis(t, over):
    """What becomes of the counters when Redis dies is its persistence's: with each write on disk nothing is lost."""
    redis = t.start(Redis("kept", keep=True))
    daemon = t.start(Mailweir(LIMIT, milter=None, name="node-kept", sections={
        "counters": f'store = "{redis.url}"\non_outage = "defer"\ndeadline = "500ms"'}))
    t.equal(ask(daemon, "kept@example.com", 5), ["DUNNO"] * 4 + [over],
            "a limit is used up, in a Redis that keeps each write")
    redis.kill()
    redis.start(t)
    got = wait_for(lambda: [reply for reply in ask(daemon, "kept@example.com", 1, 8) if not reply.startswith("451")],
                   "Redis to be found again", within=30)
    t.equal(got, [over], "after SIGKILL of Redis and a start the limit is still reached")


def moved_to_redis(t):
    """Counts and blocks in memory are not taken over to Redis, which is said; and so is a Redis that evicts."""
    blocking = LIMIT.replace('"4/1h" }', '"4/1h", block = "1h" }').replace("defer", "reject")
    blocking = blocking.replace("450", "550").replace("4.7.1", "5.7.1")
    daemon = t.start(Mailweir(blocking, milter=None, name="node-moved"))
    ask(daemon, "moved@example.com", 5)
    redis = t.start(Redis("evicting"))
    redis.ask("CONFIG", "SET", "maxmemory", "100mb")
    redis.ask("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    daemon.sections = {"counters": f'store = "{redis.url}"'}
    daemon.write_policy(blocking)
    t.equal(daemon.ctl("reload").returncode, 0, "a policy whose counters are in Redis is read")
    line = daemon.wait_line(event="counters-not-used")
    t.equal((line["counters"], line["blocks"]), ("1", "1"), "the log says what the next start leaves behind")
    daemon.stop()
    daemon.start(t)
    lines = wait_for(lambda: daemon.lines(event="counters-not-used")[1:], "the start to say it")
    t.equal((lines[0]["file"], lines[0]["counters"], lines[0]["blocks"]),
            (f"{daemon.directory}/state/counters", "1", "1"), "and by which file")
    line = daemon.wait_line(event="store-evicts")
    t.equal((line["store"], line["policy"]), (redis.url, "volatile-lru"), "a Redis that evicts is told at the start")
    t.like(daemon.metrics(), r'mailweir_store_evicts\{[^}]*policy="volatile-lru"', "by a metric")
    t.like(daemon.ctl("status").stdout, r"(?m)^warning: redis://.* drops keys when its memory is full", "by status")
    told = daemon.ctl("check").stderr
    t.like(told,
           r"(?m)^warning: .*/mailweir\.toml:\d+:\d+: counters\.store: redis://.*: its maxmemory-policy is "
           r"volatile-lru", "and by check")
    t.like(told, r"(?m)^warning: .*/state/counters: 1 counter and 1 block of store", "which tells of the file too")
    redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    t.ok("maxmemory-policy" not in daemon.ctl("check").stderr, "noeviction is well")
    redis.ask("FLUSHALL")
    daemon.wait_line(event="counters-lost", within=30)
    t.like(daemon.ctl("status").stdout, r"(?m)^warning: redis://.* has lost its keys",
           "a Redis that lost its keys is told by the log and by status")
    t.like(daemon.metrics(), "(?m)^mailweir_counters_lost_total 1", "and by a metric")
    t.stop(daemon)


def refused_by_redis(t):
    """What check says of a Redis that refuses the password, or is not there: what, where, why and what to do."""
    redis = t.start(Redis("guarded"))
    redis.ask("CONFIG", "SET", "requirepass", "s3cret")
    daemon = t.start(Mailweir(LIMIT, milter=None, name="node-guarded"))
    for name, secret in (("right", "s3cret"), ("wrong", "guess")):
        t.file(f"{daemon.directory}/{name}", secret + "\n")
    at, lists = f"127.0.0.1:{redis.port}", '[lists]\nl = "redis:l"\n' + LIMIT + 'when = { sender = "list:l" }\n'
    outage = r'; a start succeeds all the same, and on_outage = "local" applies until the server can be used'
    lists_outage = ("; a start succeeds all the same, and rules that need its lists follow their on_outage until the "
                    "server can be used")
    no_password = ('it answers "NOAUTH Authentication required\\.": it requires a password: add it to the URL, '
                   'redis://user:password@host, or set counters\\.password_file')
    wrong = ('it answers "WRONGPASS .*": the user or the password is wrong: correct them in the URL, or '
             'counters\\.user and counters\\.password_file')
    gone = r"cannot connect: .*Connection refused \(is it running, and is this its address\?\)"
    rows = [
        ("no password", {"counters": f'store = "redis://{at}"'}, LIMIT,
         [("counters.store", f"cannot be used: redis://{at}/0: {no_password}{outage}")]),
        ("a wrong one", {"counters": f'store = "redis://:guess@{at}"'}, LIMIT,
         [("counters.store", f"cannot be used: redis://{at}/0: {wrong}{outage}")]),
        ("a wrong one in a file", {"counters": f'store = "redis://{at}"\npassword_file = "@DIR@/wrong"'}, LIMIT,
         [("counters.store", f"cannot be used: redis://{at}/0: {wrong}{outage}")]),
        ("the right one in a file", {"counters": f'store = "redis://{at}"\npassword_file = "@DIR@/right"'}, LIMIT, []),
        ("the right one in the URL", {"counters": f'store = "redis://:s3cret@{at}"'}, LIMIT, []),
        ("a server that is not there", {"counters": 'store = "redis://127.0.0.1:1"'}, LIMIT,
         [("counters.store", f"cannot be used: redis://127.0.0.1:1/0: {gone}{outage}")]),
        ("lists without a password", {"redis": f'url = "redis://{at}"'}, lists,
         [("redis.url", f"cannot be used: redis://{at}/0: {no_password}{lists_outage}")]),
        ("lists and counters without a password", {"counters": f'store = "redis://{at}"'}, lists,
         [("counters.store", f"cannot be used: redis://{at}/0: {no_password}{outage}"),
          ("counters.store", f"cannot be used: redis://{at}/0: {no_password}{lists_outage}")]),
    ]
    for name, sections, text, wanted in rows:
        daemon.sections = sections
        daemon.write_policy(text)
        with open(daemon.config) as file:
            lines = file.read().splitlines()
        pattern = ""
        for key, why in wanted:
            word = key.split(".")[1]
            line = next(number for number, one in enumerate(lines, 1) if one.startswith(f"{word} = "))
            pattern += rf"warning: {daemon.config}:{line}:{len(word) + 4}: {key}: {why}\n"
        for check in (daemon.ctl("check"),
                      subprocess.run([t.need("mailweir"), "-c", daemon.config, "--check", "--foreground"],
                                     capture_output=True, text=True, check=False)):
            # of --foreground, which mailweirctl does not know
            told = re.sub(r"(?m)^warning: .*: general\.log: .*\n", "", check.stderr)
            t.like(told, f"^{pattern}$", f"{name}: what check says")
            t.equal(check.returncode, 0, f"{name}: the daemon can start")
    t.stop(daemon)


def killed_after_a_minute(t, daemon, counted, over):
    """Each minute the counters are saved: what was counted before the last time outlives SIGKILL."""
    path = f"{daemon.directory}/state/counters"
    wait_for(lambda: os.path.exists(path) and os.path.getmtime(path) > counted, "the counters to be saved", within=75)
    t.ok(os.path.getmtime(path) - counted < 70, "within a minute the counters are in their file")
    daemon.kill()
    daemon.start(t)
    t.equal(ask(daemon, "memory@example.com", 1, 8), [over], "after SIGKILL and a start the limit is still reached")


def seeded_and_merged(t, daemons, redis, over):
    t.equal(ask(daemons["one"], "seed@example.com", 2), ["DUNNO"] * 2, "two of four are counted in Redis")
    redis.process.send(signal.SIGSTOP)
    t.equal(ask(daemons["one"], "seed@example.com", 3, 2), ["DUNNO"] * 2 + [over],
            "Redis hangs: counting goes on from there")
    t.like(daemons["one"].ctl("status").stdout, "(?m)^counters:.* waiting_to_be_added=[1-9]", "status says what waits")
    redis.process.send(signal.SIGCONT)
    wait_for(lambda: "mailweir_counter_store_up 1" in daemons["two"].metrics()
             and "mailweir_counter_store_up 1" in daemons["one"].metrics()
             and "mailweir_counter_store_waiting 0" in daemons["one"].metrics(), "the counts to be added", within=30)
    t.equal(ask(daemons["two"], "seed@example.com", 1, 8), [over], "what one node counted meanwhile, the other knows")


def without_redis(t, daemons, redis, over):
    redis.kill()
    redis.process = None
    t.equal(ask(daemons["one"], "gone@example.com", 6), ["DUNNO"] * 4 + [over] * 2,
            "without Redis, on_outage = local: this node's own counters hold the limit")
    t.equal(ask(daemons["two"], "gone@example.com", 6), ["DUNNO"] * 6, "continue: no mail is stopped")
    t.equal(set(ask(daemons["three"], "gone@example.com", 2)), {"451 4.3.0 temporary failure, try again later"},
            "defer: mail waits")
    for name in daemons:
        t.ok("mailweir_counter_store_up 0" in daemons[name].metrics(), f"node {name}: the metrics say that it is down")
        t.like(daemons[name].ctl("status").stdout, "(?m)^counters:.* up=false", f"node {name}: and so does status")
    down = [len(daemon.lines(event="counter-store", state="down")) for daemon in daemons.values()]
    t.equal(down, [1, 1, 1], "each has said so once")
    redis.start(t)
    for name, daemon in daemons.items():
        def back(daemon=daemon):
            return "mailweir_counter_store_up 1" in daemon.metrics()

        wait_for(back, f"node {name} to find Redis again", within=30)
        t.ok(True, f"node {name}: Redis is found again without a restart")
    got = ask(daemons["one"], "again@example.com", 4) + ask(daemons["two"], "again@example.com", 1, 9)
    t.equal(got, ["DUNNO"] * 4 + [over], "and the limit is shared again")
