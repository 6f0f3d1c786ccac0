# SPDX-License-Identifier: BSD-2-Clause
"""Lists that change while they are in use: files, Redis sets, sorted sets and hashes; and Redis gone."""
import time

from bed import rule
from harness import Mailweir, PolicyClient, wait_for

RULES = rule("banned", "rcpt", when='{ client_address = "list:banned" }', reject='"554 5.7.1 banned by file"')
LIVE = (rule("live-client", "rcpt", when='{ client_address = "list:live" }', reject='"554 5.7.1 banned in redis"')
        + rule("live-sender", "rcpt", when='{ sender = "list:timed" }', defer='"450 4.7.1 suspended"')
        + rule("known-only", "rcpt", when='{ sender_domain = "guarded.example" }',
               unless='{ recipient = "list:known" }', reject='"550 5.1.1 unknown"'))


def lists(bed):
    return (f'[lists]\nbanned = "file:{bed.lists}/banned"\nlive = "redis:live"\ntimed = "redis:timed"\nknown = '
            f'"redis:known"\n'
            f'[maps]\nquota = "file:{bed.lists}/quota"\n')


def soon(t, bed, door, want, within, what, **mail):
    """The reply begins so within this time of now; how long it took is in the name."""
    start = time.monotonic()
    wait_for(lambda: bed.send(door, **mail).startswith(want), f"{door}: {want}", within=within)
    t.ok(True, f"{door}: {what} ({time.monotonic() - start:.1f} s)")


def run(t, bed):
    limit = rule("quota", "data", limit='{ by = "sender", of = "messages", max = "1000/1h", overrides = "map:quota" }',
                 defer='"450 4.7.1 over"')
    bed.policy(lists(bed) + RULES + LIVE + limit)
    files(t, bed)
    in_redis(t, bed)
    without_redis(t, bed)
    with_the_login_of_counters(t, bed)


def with_the_login_of_counters(t, bed):
    """Without a [redis] url lists are where the counters are, and log in as these do."""
    bed.redis.ask("SADD", "banned-here", "198.51.100.0/24")
    bed.redis.ask("CONFIG", "SET", "requirepass", "a-secret")
    password = t.file("redis-password", "a-secret\n", 0o644)
    daemon = t.start(Mailweir('[lists]\nbanned = "redis:banned-here"\n' + RULES, milter=None, name="logs-in",
                              sections={"counters": f'store = "{bed.redis.url}"\npassword_file = '
                                                    f'"{password}"\ndeadline = "500ms"'}))
    with PolicyClient(daemon.policy) as client:
        t.equal([client.ask(client_address=address, instance=address) for address in ("198.51.100.9", "192.0.2.9")],
                ["554 5.7.1 banned by file", "DUNNO"],
                "a list of a Redis with a password is asked with that of [counters]")
    t.equal(daemon.lines(event="list-store"), [], "and nothing is down")
    t.stop(daemon)
    bed.redis.ask("-a", "a-secret", "CONFIG", "SET", "requirepass", "")


def files(t, bed):
    reloads = {door: len(daemon.lines(event="reloaded")) for door, daemon in bed.daemons.items()}
    bed.both("250", "no sender is banned")
    bed.replace("banned", "198.51.100.0/24  # since the attack\n203.0.113.7 until=2020-01-01\n")
    for door in bed.daemons:
        soon(t, bed, door, "554 5.7.1 ", 4, "a new file counts without a reload")
    bed.both("250", "an entry that has expired does not", addr="203.0.113.7")
    bed.replace("banned", "192.0.2.1/24\n")
    for door, daemon in bed.daemons.items():
        row = daemon.wait_line(event="list-refused")
        t.like(row["first"], r"banned:1:1: .*host bits are set", f"{door}: a bad file is refused, with the reason")
        t.ok('mailweir_list_files_refused_total 1' in daemon.metrics(), f"{door}: and counted")
        t.like(daemon.ctl("status").stdout,
               r"(?m)^warning: \S+/banned was refused, and its old content stays: \S+/banned:1:1: .*host bits are set",
               f"{door}: status shows it")
    bed.both("554 5.7.1 ", "and the old content stays")
    bed.replace("quota", "bob@example.com 3\n")   # no window: the limit's rule needs one
    for door, daemon in bed.daemons.items():
        row = wait_for(lambda daemon=daemon: [row for row in daemon.lines(event="list-refused")
                                              if "quota" in row["file"]], "the refusal")[0]
        t.like(row["first"], "bob@example.com: .*the period is missing",
               f"{door}: a value that its limit can't use is refused, too")
    bed.replace("banned", "# none\n")
    for door in bed.daemons:
        soon(t, bed, door, "250", 4, "an empty file lets everybody in again")
        t.unlike(bed.daemons[door].ctl("status").stdout, "banned was refused",
                 f"{door}: and status shows no refusal of it any more")
    t.equal({door: len(daemon.lines(event="reloaded")) for door, daemon in bed.daemons.items()}, reloads,
            "nothing was reloaded")


def in_redis(t, bed):
    bed.both("250", "the set does not exist")
    bed.redis.ask("SADD", "live", "198.51.100.0/24", "2001:db8:5::/48")
    for door in bed.daemons:
        soon(t, bed, door, "554 5.7.1 ", 2, "a network in a set is seen within a second")
    bed.both("554 5.7.1 ", "of IPv6 as well", addr="IPv6:2001:db8:5::1")
    bed.redis.ask("SREM", "live", "198.51.100.0/24")
    for door in bed.daemons:
        soon(t, bed, door, "250", 2, "and so is its removal")
    bed.redis.ask("ZADD", "timed", int(time.time()) + 3600, "alice@example.com", int(time.time()) - 5,
                  "bob@example.com")
    for door in bed.daemons:
        soon(t, bed, door, "450 4.7.1 ", 2, "a sorted set: until its score")
    bed.both("250", "one whose time is over", sender="bob@example.com")


def without_redis(t, bed):
    bed.redis.ask("SADD", "known", "bob@example.net", "live")
    bed.both("250", "a recipient that the list knows", sender="x@guarded.example")
    bed.both("550 5.1.1", "one that it does not", sender="x@guarded.example", to=("carl@example.net",))
    bed.redis.kill()
    for door in bed.daemons:   # what was found half a second ago still counts
        soon(t, bed, door, "451 4.3.0", 3, "without Redis a refusal from which a list may exempt is deferred",
             sender="x@guarded.example", to=("carl@example.net",))
        soon(t, bed, door, "250", 3, "a rule that needs a list in `when` is left out", addr="IPv6:2001:db8:5::1")
    for door, daemon in bed.daemons.items():
        t.equal(len(daemon.lines(event="list-store", state="down")), 1, f"{door}: one line says that it is down")
        t.ok(f'mailweir_list_store_up{{store="{bed.redis.url}"}} 0' in daemon.metrics(), f"{door}: and the metrics")
    bed.redis.start(t)   # it has kept nothing
    for door, daemon in bed.daemons.items():
        def asked():
            reply = bed.send(door, sender="x@guarded.example", to=("carl@example.net",))
            return reply.startswith("451 4.3.0") and daemon.lines(event="list-store", state="vanished", key="known")
        row = wait_for(asked, f"{door}: the vanished list")[0]
        t.like(row["what"], "mailweirctl empty-list",
               f"{door}: it is found again by itself, and a list that has vanished is no empty list")
        t.equal(len(daemon.lines(event="list-store", state="up")), 1, f"{door}: one line says that it is up")
    bed.redis.ask("SADD", "known", "bob@example.net")
    for door in bed.daemons:
        soon(t, bed, door, "550 5.1.1", 5, "with its entries it counts again", sender="x@guarded.example",
             to=("carl@example.net",))
    bed.redis.ask("DEL", "known")
    bed.replace("quota", "bob@example.com 3/1h\n")   # the tool reads the policy, which has a bad map up to here
    daemon = bed.daemons["milter"]
    t.equal(daemon.ctl("empty-list", "redis:known").returncode, 0, "an admin says that it is meant to be empty")
    for door in bed.daemons:
        soon(t, bed, door, "550 5.1.1", 5, "so it is", sender="x@guarded.example", to=("bob@example.net",))
