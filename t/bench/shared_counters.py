# SPDX-License-Identifier: BSD-2-Clause
"""Counters in Redis: Mailweir's policy door, every request one charge of three windows, in memory and in a real
redis-server; beside it what redis-benchmark gets out of the same server, script and keys, and who was the busiest."""
import os
import re
import shlex
import statistics
import subprocess
import time
from pathlib import Path

import contenders as known
from servers import Running, Trouble

# The load and redis-benchmark take turns, so that what else the machine does meets both.
SLICES = 4
RULES = """
[[rule]]
name = "account-quota"
at = "data"
limit = { by = "sasl_username", of = "recipients", max = ["2000000/1h", "10000000/1d"] }
defer = "450 4.7.1 over"
[[rule]]
name = "client-quota"
at = "data"
limit = { by = "client_address", of = "recipients", max = "1000000/1h" }
defer = "450 4.7.1 over"
"""


def mailweir(store):
    """`store`: memory, or redis: a server of its own is then the first command."""
    def prepare(place):
        redis = place.path("redis.sock")
        text = re.sub(r"^#policy ", "", place.policy, flags=re.MULTILINE)
        text = text.replace('store = "memory"',
                            f'store = "redis+unix:{redis}"\ndeadline = "2s"' if store == "redis"
                            else 'store = "memory"')
        socket = "unix:" + place.path("policy.sock")
        place.write("zone", known.ZONE)
        text = known.filled(text, RULES=RULES, POLICY_SOCKET=socket, DIR=place.directory)
        command = [place.binaries["mailweir"], "-c", place.write("mailweir.toml", text), "--foreground"]
        server = [known.find_program("redis-server"), "--port", "0", "--unixsocket", redis, "--save", "",
                  "--appendonly", "no", "--dir", str(place.directory), "--logfile", place.path("redis.log")]
        return known.Server([server, command] if store == "redis" else [command], socket)
    return prepare


def ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def switches(pid):
    """How often its threads were taken off a processor, or left it to wait."""
    texts = [status.read_text() for status in Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(number) for text in texts for number in re.findall(r"ctxt_switches:\s+(\d+)", text))


def said_by(place, event):
    """The first line of the log with this event."""
    lines = Path(place.path("mailweir.log")).read_text(errors="replace").splitlines()
    return next((line for line in lines if f"event={event}" in line), "")


def the_call(bench, contender, running, cell, redis):
    """One charge as Mailweir sends it, with the login and the address drawn by redis-benchmark from pools of the same
    size."""
    monitor = subprocess.Popen(["redis-cli", "-s", redis, "monitor"], stdout=subprocess.PIPE, text=True)
    try:
        monitor.stdout.readline()  # OK: from here on it sees all
        bench.load(contender, running.server.socket, cell, "--count", "1", "--connections", "1", "--time", "2s")
        for line in monitor.stdout:
            if '"EVALSHA"' in line:
                words = shlex.split(line[line.index('"EVALSHA"'):])
                return [re.sub(r"user\d+@", "user__rand_int__@",
                               re.sub(r"198\.18\.\d+\.\d+", "198.18.__rand_int__", word))
                        for word in words]
        raise Trouble("Mailweir asked Redis nothing")
    finally:
        monitor.kill()
        monitor.wait()


def benchmark(redis, connections, seconds, call):
    """Calls a second that redis-benchmark gets."""
    count = int(20_000 * seconds)
    done = subprocess.run(["redis-benchmark", "-s", redis, "-c", str(connections), "-n", str(count), "-r", "1000",
                           "--csv", *call],
                          capture_output=True, text=True, timeout=60 + 30 * seconds)
    numbers = re.findall(r'^"?EVALSHA.*?","([\d.]+)"', done.stdout, re.MULTILINE | re.DOTALL)
    if not numbers:
        raise Trouble(f"redis-benchmark: {done.stdout} {done.stderr}")
    return float(numbers[-1])


def measure(bench, store, connections):
    cell = ("policy", "", connections)
    contender = known.Contender(f"mailweir, {store}", "policy", mailweir(store), kind="ours")
    place = bench.place(contender)
    with Running(contender.prepare(place), place, bench.account) as running:
        bench.wait(contender, running, cell)
        call = the_call(bench, contender, running, cell, place.path("redis.sock")) if store == "redis" else None
        parts = []
        for _ in range(SLICES):
            parts.append(measure_slice(bench, contender, running, cell))
            parts[-1]["benchmark"] = benchmark(place.path("redis.sock"), connections, bench.chosen.seconds / SLICES,
                                               call) if call else 0.0
        if store == "redis" and (down := said_by(place, "counter-store")):
            raise Trouble(f"Redis was left alone for a while: {down}")
    return {key: statistics.mean(part[key] for part in parts)
            for key in ("per_second", "p50_ms", "p99_ms", "mailweir_busy", "redis_busy", "switches", "benchmark")}


def measure_slice(bench, contender, running, cell):
    ours = running.pids[-1]
    before, switched = [ticks(pid) for pid in running.pids], switches(ours)
    start = time.monotonic()
    code, numbers, said = bench.load(
        contender, running.server.socket, cell, "--connections", str(cell[2]), "--time",
        f"{bench.chosen.seconds * 1000 / SLICES:.0f}ms", "--warm-up", f"{bench.chosen.warm_up * 1000 / SLICES:.0f}ms",
                                     "--pid", str(ours))
    if code != 0:
        raise Trouble(f"unexpected answers: {numbers['answers']} {said}; {running.last_words()}")
    took = time.monotonic() - start
    busy = [(ticks(pid) - was) / os.sysconf("SC_CLK_TCK") / took for pid, was in zip(running.pids, before)]
    numbers.update(mailweir_busy=busy[-1], redis_busy=busy[0] if len(busy) > 1 else 0.0,
                   switches=(switches(ours) - switched) / took / max(numbers["per_second"], 1))
    return numbers


def measure_all(bench):
    """The tables, as text; what went wrong."""
    bench.chosen.states = "DATA"
    out, troubles = [], []
    goals = ["", "| goal of Mailweir | measured | wanted | |", "|---|--:|--:|---|"]
    for connections in bench.chosen.connections:
        out += ["",
                f"| counters, {connections} connections | charges/s | p50 ms | p99 ms | Mailweir's CPU | Redis' CPU "
                "| µs a charge, both | switches a charge | redis-benchmark calls/s | rate ÷ redis-benchmark |",
                "|---" + "|--:" * 9 + "|"]
        for store in ("memory", "redis"):
            try:
                row = measure(bench, store, connections)
            except (Trouble, subprocess.TimeoutExpired) as trouble:
                troubles.append(f"{store}: {trouble}")
                continue
            columns = [store, f"{row['per_second']:,.0f}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
                       f"{row['mailweir_busy']:.2f}"]
            costs = [1e6 * row[whose] / row["per_second"] for whose in ("mailweir_busy", "redis_busy")]
            if store == "memory":
                out.append("| " + " | ".join(columns + ["", f"{costs[0]:.0f}", f"{row['switches']:.2f}", "",
                                                        ""]) + " |")
                continue
            ratio = row["per_second"] / row["benchmark"]
            columns += [f"{row['redis_busy']:.2f}", f"{costs[0]:.0f} + {costs[1]:.0f}", f"{row['switches']:.2f}"]
            out.append("| " + " | ".join(columns + [f"{row['benchmark']:,.0f}", f"{ratio:.2f}"]) + " |")
            share = row["redis_busy"] / max(row["mailweir_busy"], 0.001)
            goals += [f"| Redis, {connections} connections: rate ÷ redis-benchmark | {ratio:.2f} | at least 0.7 | "
                      f"{'reached' if ratio >= 0.7 else 'NOT REACHED'} |",
                      f"| Redis, {connections} connections: CPU of Redis ÷ Mailweir | {share:.2f} | above 1 | "
                      f"{'reached' if share > 1 else 'NOT REACHED'} |"]
    return "\n".join(out + goals), troubles
