# SPDX-License-Identifier: BSD-2-Clause
"""What the run prints: the machine, a table for each load, and how far Mailweir is from its goals."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path


def machine(chosen, load_before):
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    libcrypto = subprocess.run(["openssl", "version"], capture_output=True, text=True, timeout=10).stdout.split(" (")[0]
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return "\n".join([
        f"- machine: {model[1] if model else platform.machine()}, {os.cpu_count()} cores, "
        f"{int(memory[1]) / 1048576:.0f} GiB, Linux {platform.release()}",
        f"- software: {libcrypto.strip()}; compiled with {os.environ.get('BENCH_COMPILER', '(not told)')}",
        f"- run: {chosen.rounds} round(s), {chosen.seconds:g} s each after {chosen.warm_up:g} s of warm-up; load "
        f"average "
        f"{load_before:.1f} before and {os.getloadavg()[0]:.1f} after; {now}"])


def openssl_speed():
    """Seconds of CPU for one signature: {"rsa": ..., "ed25519": ...}."""
    done = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "rsa2048", "ed25519"], capture_output=True,
                          text=True, timeout=60)
    seconds = {}
    for line in done.stdout.splitlines():
        fields = line.split(":")
        if fields[0] == "+F2" and fields[2] == "2048":
            seconds["rsa"] = 1 / float(fields[3])
        if fields[0] == "+F6" and fields[3] == "Ed25519":
            seconds["ed25519"] = 1 / float(fields[4])
    return seconds


def cpu(row):
    """Seconds for 1,000."""
    return row["cpu_seconds_per_1000"]


def tables(results, cells, contenders, signing):
    out = []
    if len(signing) == 2:
        out = [f"- one signature (openssl speed): RSA-2048 {signing['rsa'] * 1000:.3f} ms, "
               f"Ed25519 {signing['ed25519'] * 1000:.3f} ms of CPU"]
    for cell in cells:
        door, body, connections = cell
        floor = results.get((cell, "floor"))
        what = f"milter, {body} bodies" if door == "milter" else "policy"
        sign = " | CPU ÷ (signature + floor)" if door == "milter" else ""
        unit = "messages" if door == "milter" else "requests"
        out += ["", f"| {what}, {connections} connections | {unit}/s | p50 ms | p99 ms "
                f"| CPU s/1000 | peak MiB | rate ÷ floor | CPU ÷ floor{sign} |",
                "|---" + "|--:" * (8 if door == "milter" else 7) + "|"]
        for contender in contenders:
            row = results.get((cell, contender.name))
            if contender.door != door or not row:
                continue
            columns = [contender.name, f"{row['per_second']:,.0f}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
                       f"{cpu(row):.4f}", f"{row['peak_kib'] / 1024:.1f}"]
            columns += [f"{row['per_second'] / floor['per_second']:.2f}",
                        ratio(cpu(row), cpu(floor))] if floor else ["", ""]
            if door == "milter":
                least = signing.get(contender.key, 0) * 1000 + cpu(floor) if floor and contender.key in signing else 0
                columns.append(ratio(cpu(row), least))
            out.append("| " + " | ".join(columns) + " |")
    return "\n".join(out)


def ratio(value, to):
    return f"{value / to:.2f}" if to > 0 else ""


def scanned(results):
    """What a message costs us more when clamd looks at it, and whether clamd is the busier of the two."""
    rows = []
    for (cell, name), row in results.items():
        plain = results.get((cell, name.removesuffix(", clamd")))
        if not name.endswith(", clamd") or not plain or cell[1] != "50K":
            continue
        more = cpu(row) - cpu(plain)   # seconds for 1,000 are milliseconds for one
        beside = row["beside_cpu_seconds"] / max(1, row["count"]) * 1000
        what = f"milter, {cell[1]}, {cell[2]} connections, clamd"
        rows.append((f"{what}: our CPU more than unscanned, ms a message", f"{more:.3f}", "at most 0.15", more <= 0.15))
        rows.append((f"{what}: CPU of clamd ÷ ours", ratio(beside, cpu(row)), "more than 1", beside > cpu(row)))
    return rows


def goals(results, signing):
    """Mailweir against what it is to reach, as far as it was measured: one line each."""
    rows = []

    def rate(name, cell, ours, others, at_least):
        mine = results.get((cell, ours))
        best = [results[cell, other]["per_second"] for other in others if (cell, other) in results]
        if mine and best:
            reached = mine["per_second"] / max(best)
            rows.append((name, f"{reached:.2f}", f"at least {at_least}", reached >= at_least))

    policy_peers = ["postfwd1", "postfwd2", "policyd-rate-limit, disk", "policyd-rate-limit, memory"]
    for connections in sorted({cell[2] for cell, _ in results}):
        cell = ("policy", "", connections)
        rate(f"policy, {connections} connections: rate ÷ floor", cell, "mailweir", ["floor"], 0.7)
        rate(f"policy, {connections} connections: rate ÷ best peer", cell, "mailweir", policy_peers, 20)
    rate("milter, RSA, 2K: rate ÷ OpenDKIM", ("milter", "2K", 16), "mailweir rsa", ["opendkim rsa"], 4)
    rate("milter, RSA, 2K: rate ÷ rspamd", ("milter", "2K", 16), "mailweir rsa", ["rspamd rsa"], 2)
    rate("milter, Ed25519, 2K: rate ÷ OpenDKIM", ("milter", "2K", 16), "mailweir ed25519", ["opendkim ed25519"], 6)
    rate("milter, RSA, 50K: rate ÷ rspamd", ("milter", "50K", 16), "mailweir rsa", ["rspamd rsa"], 6)
    ours, floor = (results.get((("milter", "2K", 16), name)) for name in ("mailweir rsa", "floor"))
    if ours and floor and "rsa" in signing:
        reached = cpu(ours) / (signing["rsa"] * 1000 + cpu(floor))
        rows.append(("milter, RSA, 2K: CPU ÷ (signature + floor)", f"{reached:.2f}", "at most 1.3", reached <= 1.3))
    rows += scanned(results)
    for (cell, name), row in results.items():
        if cell[2] == 100 and name.startswith("mailweir"):
            reached = row["peak_kib"] / 1024
            load = " ".join(filter(None, cell[:2]))
            rows.append((f"{load}, 100 connections, {name}: peak MiB", f"{reached:.1f}", "under 24", reached < 24))
    if not rows:
        return ""
    out = ["", "| goal of Mailweir | measured | wanted | |", "|---|--:|--:|---|"]
    out += [f"| {name} | {value} | {wanted} | {'reached' if good else 'NOT REACHED'} |"
            for name, value, wanted, good in rows]
    return "\n".join(out)
