# SPDX-License-Identifier: BSD-2-Clause
"""Several Redis servers that belong together: a master with its replica and three sentinels, and a cluster of three
masters."""
import os
import subprocess

from .process import Process, answers, free_port, seconds, wait_for
from .servers import Redis


class RedisSentinels:
    """`master` is the one that the sentinels name in the beginning; after kill_master() the replica follows."""

    def __init__(self, name="sentinels"):
        self.name = name
        self.master, self.replica = Redis(f"{name}-one"), Redis(f"{name}-two")
        self.ports = [free_port() for _ in range(3)]
        self.processes = []

    @property
    def url(self):
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in self.ports) + "/mymaster"

    def start(self, scenario):
        self.master.start(scenario)
        self.replica.start(scenario)
        self.master.ask("CONFIG", "SET", "repl-diskless-sync-delay", 0)
        self.replica.ask("REPLICAOF", "127.0.0.1", self.master.port)
        wait_for(lambda: "master_link_status:up" in self.replica.ask("INFO", "replication"), "the replica to follow",
                 30)
        for port in self.ports:
            directory = os.path.join(scenario.directory, f"{self.name}-{port}")
            os.makedirs(directory)
            config = os.path.join(directory, "sentinel.conf")
            with open(config, "w") as out:
                out.write(f"port {port}\nbind 127.0.0.1\ndir {directory}\n"
                          f"sentinel monitor mymaster 127.0.0.1 {self.master.port} 2\n"
                          "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 3000\n")
            self.processes.append(Process(f"{self.name}-{port}", ["redis-server", config, "--sentinel"],
                                          scenario.directory))
        wait_for(lambda: all(ask(port, "SENTINEL", "CKQUORUM", "mymaster").startswith("OK 3 ") for port in self.ports),
                 "the sentinels to know each other", 60)
        wait_for(lambda: all(str(self.replica.port) in ask(port, "SENTINEL", "REPLICAS", "mymaster")
                             for port in self.ports),
                 "the sentinels to know the replica", 60)

    def kill_master(self):
        """Gone at once; returns when all sentinels name the other."""
        self.master.kill()
        wait_for(lambda: all(str(self.replica.port) in ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
                             for port in self.ports), "the sentinels to name the replica", 60)
        self.master, self.replica = self.replica, self.master

    def stop(self):
        for process in self.processes:
            process.stop()
        self.master.stop()
        self.replica.stop()

    def logs(self):
        return [(process.name, process.log()) for process in self.processes]


class RedisCluster:
    """Three masters without replicas."""

    def __init__(self, name="cluster"):
        self.name = name
        self.ports, self.buses = [[free_port() for _ in range(3)] for _ in range(2)]
        self.processes = []

    @property
    def url(self):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self, scenario):
        for port, bus in zip(self.ports, self.buses):
            directory = os.path.join(scenario.directory, f"{self.name}-{port}")
            os.makedirs(directory)
            # Their bus: not at port + 10000, which may be beyond all ports.
            self.processes.append(Process(f"{self.name}-{port}", [
                "redis-server", "--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port",
                                                                  bus,
                "--save", "", "--appendonly", "no", "--dir", directory], scenario.directory))
        for port, process in zip(self.ports, self.processes):
            wait_for(lambda: answers(port) and ask(port, "PING") == "PONG", "Redis to answer", alive=process)
        for number, (port, (first, last)) in enumerate(zip(self.ports, ((0, 5460), (5461, 10922), (10923, 16383)))):
            ask(port, "CLUSTER", "ADDSLOTSRANGE", first, last)
            ask(port, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for port, bus in zip(self.ports[1:], self.buses[1:]):
            ask(self.ports[0], "CLUSTER", "MEET", "127.0.0.1", port, bus)
        wait_for(lambda: all("cluster_state:ok" in ask(port, "CLUSTER", "INFO") and
                             "cluster_known_nodes:3" in ask(port, "CLUSTER", "INFO") for port in self.ports),
                 "the cluster to be well", 60)

    def keys(self):
        """How many each master has."""
        return [int(ask(port, "DBSIZE")) for port in self.ports]

    def stop(self):
        for process in self.processes:
            process.stop()

    def logs(self):
        return [(process.name, process.log()) for process in self.processes]


def ask(port, *words):
    """What redis-cli prints for a command."""
    done = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, timeout=seconds(10),
                          check=False)
    return done.stdout.decode().strip()
