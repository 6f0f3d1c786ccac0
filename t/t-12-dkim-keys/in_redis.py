# SPDX-License-Identifier: BSD-2-Clause
"""Keys in Redis, with their states: two daemons share them, one by a unix socket, one by TCP. The server goes, and
comes back."""
import json
import os
import re
import time

from bed import Node, RULE, new_key
from harness import HarnessError, Mailweir, Redis, RedisCluster
from harness.process import wait_for

DKIM = '[redis]\nurl = "{url}"\n[dkim]\nkeys = "redis:dkim"\nwithout_key = "reject"\n'
REFUSED, DEFERRED = "550 5.7.1", "451 4.7.0"
SOON = 3  # "within about a second", on a slow machine


class Nodes:
    def __init__(self, t, redis, urls):
        self.redis = redis
        self.nodes = [Node(t, DKIM.format(url=url) + RULE, f"node{number}") for number, url in enumerate(urls, 1)]

    def __iter__(self):
        return iter(self.nodes)

    def signatures(self, domain):
        return [node.signatures(domain) for node in self.nodes]

    def refusals(self, domain):
        return [node.refusal(domain)[:9] for node in self.nodes]

    def lines(self, **wanted):
        return [line for node in self.nodes for line in node.daemon.lines(**wanted)]

    def wait(self, what, ask, within=SOON):
        return wait_for(ask, what, within=within)


def first_key(t, names, nodes):
    t.equal(nodes.refusals("example.org"), [REFUSED] * 2, "no key in Redis: refused, as without_key says")
    made = nodes.nodes[0].ctl("keygen", "example.org", "--selector", "r1")
    t.ok(made.returncode == 0 and "made redis:dkim:example.org r1" in made.stderr, "dkim keygen puts a key into Redis",
         made.stderr)
    t.equal(sorted(nodes.redis.ask("HKEYS", "dkim:example.org").split()), ["r1", "r1:written"],
            "it is a field of its domain's hash")
    again = nodes.nodes[1].ctl("keygen", "example.org", "--selector", "r1")
    t.ok(again.returncode == 1 and "already" in again.stderr, "no key is overwritten", again.stderr)
    nodes.wait("both to see that it is pending", lambda: nodes.refusals("example.org") == ["", ""])
    t.equal((nodes.signatures("example.org"), [node.not_signed() for node in nodes]),
            ([{}, {}], ["its key is pending"] * 2),
            "a first key that is pending signs nothing, and nothing is refused for it")
    nodes.wait("the gauge", lambda: all("mailweir_keys_pending 1" in node.daemon.metrics() for node in nodes),
               within=20)
    t.ok(True, "each node's metrics tell how many keys are pending")
    names.publish_everywhere("example.org", made.stdout)
    nodes.wait("the key to be active",
               lambda: nodes.lines(event="dkim-state", key="r1._domainkey.example.org", state="active"), within=30)
    nodes.wait("both to sign", lambda: nodes.signatures("example.org") == [{"r1": True}] * 2)
    t.equal(len(nodes.lines(event="dkim-state", state="active")), 1,
            "one node found its record; both sign, and python3-dkim verifies")
    t.equal([node.listed("example.org")["r1"]["state"] for node in nodes], ["active"] * 2, "dkim list agrees at both")


def rotation(t, names, nodes):
    made = nodes.nodes[1].ctl("rotate", "--all", "--selector", "r2", "--type", "ed25519", "--overlap", "2s")
    t.ok(made.returncode == 0 and "p=" in made.stdout, "dkim rotate --all finds the domains in Redis", made.stderr)
    t.equal(nodes.signatures("example.org"), [{"r1": True}] * 2, "the old key signs on")
    names.publish_everywhere("example.org", made.stdout)
    state = ("HGET", "{dkim:example.org}:states", "r2")
    nodes.wait("the new key to be active", lambda: nodes.redis.ask(*state).startswith("active "), within=30)
    begun = time.monotonic()
    nodes.wait("both to sign with it", lambda: nodes.signatures("example.org") == [{"r2": True}] * 2)
    t.ok(True, f"the new key signs alone at both nodes, {time.monotonic() - begun:.1f} s after one found its record")
    nodes.wait("the old key to go",
               lambda: sorted(nodes.redis.ask("HKEYS", "dkim:example.org").split()) == ["r2", "r2:written"], within=20)
    nodes.wait("its line", lambda: nodes.lines(event="dkim-state", key="r1._domainkey.example.org", state="removed"))
    t.equal([len(nodes.lines(event="dkim-state", key="r1._domainkey.example.org", state=state))
             for state in ("retiring", "removed")],
            [1, 1], "it was retired and removed once, by one of them")


def admin_door(t, nodes):
    one, two = nodes
    key = new_key(t, "shared.pem")
    status, text = one.curl("PUT", "/dkim/panel.example/p1", "--data-binary", f"@{key}")
    answer = json.loads(text)
    t.equal((status, answer["state"], answer["file"]), (201, "pending", "redis:dkim:panel.example p1"),
            "PUT at one node")
    t.equal(two.curl("PUT", "/dkim/panel.example/p1", "--data-binary", f"@{key}")[0], 200, "the other has it at once")
    other = new_key(t, "shared-other.pem")
    t.equal(two.curl("PUT", "/dkim/panel.example/p1", "--data-binary", f"@{other}")[0], 409,
            "and does not overwrite it")
    nodes.wait("both to see it", lambda: nodes.refusals("panel.example") == ["", ""])
    t.equal([two.curl("DELETE", "/dkim/panel.example/p1")[0], one.curl("DELETE", "/dkim/panel.example/p1")[0]],
            [200, 404], "DELETE at the other; then it is nowhere")
    t.equal(nodes.redis.ask("KEYS", "*panel.example*"), "", "nothing of it is left in Redis")
    nodes.wait("both to miss it", lambda: nodes.refusals("panel.example") == [REFUSED] * 2)


def bad_key(t, nodes):
    nodes.redis.ask("HSET", "dkim:bad.example", "b1", "no key")
    nodes.redis.ask("SET", "dkim:string.example", "no hash")
    for _ in range(2):
        t.equal((nodes.refusals("bad.example"), nodes.refusals("string.example")), ([DEFERRED] * 2, [DEFERRED] * 2),
                "a key that cannot be used defers mail of its domain")
        time.sleep(1.1)
    told = [line["reason"] for line in nodes.lines(event="dkim-key")]
    t.ok(len(told) == 4 and sum("redis:dkim:bad.example b1: is not a PEM file" in why for why in told) == 2,
         "each node says it once", told)
    t.equal(["mailweir_bad_keys_total 2" in node.daemon.metrics() for node in nodes], [True] * 2, "and counts it")
    t.equal(nodes.signatures("example.org"), [{"r2": True}] * 2, "other domains sign")


def outage(t, nodes):
    t.equal(nodes.refusals("none.example"), [REFUSED] * 2, "a domain without a key is refused while the server answers")
    nodes.redis.kill()
    time.sleep(1.1)
    t.equal(nodes.signatures("example.org"), [{"r2": True}] * 2, "the server is gone: known keys go on signing")
    t.equal((nodes.refusals("none.example"), nodes.refusals("other.example")), ([DEFERRED] * 2, [DEFERRED] * 2),
            "mail of others is deferred, never refused: they may have a key")
    t.equal([node.not_signed() for node in nodes], ["the keys cannot be read"] * 2, "the message's line says why")
    t.equal([len(node.daemon.lines(event="key-store", state="down")) for node in nodes], [1, 1],
            "one line says that it is down")
    t.equal([re.findall(r"mailweir_key_store_up\{.*\} (\d)", node.daemon.metrics()) for node in nodes], [["0"], ["0"]],
            "and the metrics")
    status, text = nodes.nodes[0].curl("DELETE", "/dkim/example.org/r2")
    t.ok(status == 500 and "redis" in text, "DELETE says that the server does not answer", f"{status} {text}")
    listed = nodes.nodes[0].ctl("list", "example.org")
    t.ok(listed.returncode == 1 and "redis" in listed.stderr and "PRIVATE" not in listed.stderr, "so does dkim list",
         listed.stderr)
    nodes.nodes[0].daemon.reload()
    t.equal(nodes.nodes[0].signatures("example.org"), {"r2": True}, "a reload forgets no key")
    nodes.redis.start(t)
    nodes.wait("refusals again", lambda: nodes.refusals("none.example") == [REFUSED] * 2, within=10)
    t.equal((nodes.signatures("example.org"),
             [len(node.daemon.lines(event="key-store", state="up")) for node in nodes]),
            ([{"r2": True}] * 2, [1, 1]), "the server is back")


def imports(t, nodes):
    node = nodes.nodes[0]
    new_key(t, "gkr/i.example/mail.private")
    done = node.ctl("import", "dir", os.path.join(t.directory, "gkr"))
    t.equal((done.returncode, done.stdout), (0, "mail._domainkey.i.example  active  redis:dkim:i.example mail\n"),
            "dkim import")
    record = re.search(r'"(v=DKIM1.*)"', node.ctl("record", "i.example").stdout)[1].encode()
    nodes.wait("a signature", lambda: node.signatures("i.example", lambda name, timeout=5: record) == {"mail": True})
    t.ok(True, "an imported key signs at once")
    done = node.ctl("retire", "i.example", "mail", "--now", "--force")
    t.equal((done.returncode, nodes.redis.ask("KEYS", "*i.example*")), (0, ""),
            "dkim retire --now takes key and state away")


def refused_urls(t, nodes):
    node = nodes.nodes[0].daemon
    policy = node.text
    rows = [("redis://192.0.2.7:6379/0", "192.0.2.7"), ("redis://keys.example:6379", "keys.example"),
            ("redis+cluster://127.0.0.1:7000,192.0.2.7:7000", "192.0.2.7")]
    for url, host in rows:
        node.write_policy(re.sub(r'url = ".*"', f'url = "{url}"', policy))
        checked = node.ctl("check")
        t.ok(checked.returncode == 1 and f"dkim.keys: private keys cannot be kept in "
                                         f"{url.partition(',')[0]}" in checked.stderr
             and f"{host} is not this machine" in checked.stderr, f"check refuses {url}", checked.stderr)
    node.reload(re.sub(r'url = ".*"', 'url = "redis://192.0.2.8:6379"', policy))
    t.ok(node.lines(event="reload-refused") or "192.0.2.8 is not this machine" in node.log(), "so does a reload",
         node.log()[-500:])
    t.equal(nodes.nodes[0].signatures("example.org"), {"r2": True}, "and the old policy goes on")
    try:
        t.start(Mailweir(node.text, policy_door=None, name="insecure"))
        t.ok(False, "a start fails and says why")
    except HarnessError as failure:
        t.started.pop()
        t.ok("192.0.2.8 is not this machine" in str(failure), "a start fails and says why", str(failure))
    node.reload(policy)
    others = 'without_key = "provider"\nprovider = "esp.example"\nalso = ["bad.example", "example.org"]'
    node.write_policy(policy.replace('without_key = "reject"', others))
    checked = node.ctl("check")
    wanted = ["dkim.provider: esp.example has no key in redis:dkim, and signs nothing; make one with: mailweirctl dkim "
              "keygen esp.example", "dkim.also: bad.example has no key that can be used: redis:dkim:bad.example b1: "]
    t.ok(checked.returncode == 0 and all(want in checked.stderr for want in wanted)
         and "example.org" not in checked.stderr, "check looks for the keys of provider and also", checked.stderr)
    node.write_policy(policy)
    nodes.redis.ask("CONFIG", "SET", "maxmemory", "500mb", "maxmemory-policy", "allkeys-lru")
    checked = node.ctl("check")
    t.ok("it drops signing keys silently; set noeviction" in checked.stderr, "check warns of a server that evicts",
         checked.stderr)


def in_cluster(t):
    cluster = t.start(RedisCluster("keycluster"))
    node = Node(t, DKIM.format(url=cluster.url) + 'propagation = "off"\n' + RULE, "clustered")
    domains = [f"c{number}.example" for number in range(6)]
    made = node.ctl("keygen", *domains, "--selector", "c", "--type", "ed25519")
    t.ok(made.returncode == 0 and all(cluster.keys()), "keys are spread over the masters of a cluster",
         f"{made.stderr} {cluster.keys()}")
    lines = [line for line in made.stdout.splitlines() if "v=DKIM1" in line]
    records = {line.split()[0].rstrip("."): re.search(r'"(v=DKIM1.*)"', line)[1].encode() for line in lines}

    def record(name, timeout=5):
        del timeout
        return records[name.decode().rstrip(".")]

    for domain in domains:
        wait_for(lambda: node.signatures(domain, record) == {"c": True}, f"a signature of {domain}", within=SOON)
    wait_for(lambda: len(node.daemon.lines(event="dkim-state", state="active")) == len(domains), "all to be active",
             within=20)
    listed = node.ctl("list", "--state", "active")
    t.equal([line.split()[0] for line in listed.stdout.splitlines()], [f"c._domainkey.{domain}" for domain in domains],
            "all sign, become active, and are listed")


def run(t, names):
    redis = t.start(Redis("keys", keep=True))
    nodes = Nodes(t, redis, (redis.unix_url, redis.url))
    first_key(t, names, nodes)
    rotation(t, names, nodes)
    admin_door(t, nodes)
    bad_key(t, nodes)
    outage(t, nodes)
    imports(t, nodes)
    refused_urls(t, nodes)
    in_cluster(t)
