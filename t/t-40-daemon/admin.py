# SPDX-License-Identifier: BSD-2-Clause
"""The admin socket: requests without a body, why it does not answer, and the Redis servers that status and metrics
tell."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

from harness import Mailweir, PolicyClient
from reloads import rule


def say(daemon, text, within=3):
    """The answer's status and body; the connection stays open on our side, as curl's does."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(within)
        peer.connect(daemon.admin)
        peer.sendall(text.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += peer.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < length:
            body += peer.recv(65536)
        return int(head.split()[1]), body.decode()


def without_body(t, daemon):
    host = "HTTP/1.1\r\nHost: mailweir\r\n"
    rows = [("POST /reload", "", "", 200, '"ok": true'),
            ("POST /reload", "Content-Length: 0\r\n", "", 200, '"ok": true'),
            ("POST /reset", "", "", 400, "."), ("POST /block?limit=no-such&key=a&time=1h", "", "", 400, "no-such"),
            ("POST /nothing", "", "", 404, "^POST /nothing: unknown request$"),
            ("GET /nothing", "", "", 404, "^GET /nothing: unknown request$"),
            ("POST /reload", "Content-Length: 70000\r\n", "x" * 70000, 413, "longer than 64 KiB"),
            ("POST /reload", "Content-Length: 2\r\n", "xx", 200, '"ok": true')]
    for line, header, body, status, text in rows:
        got, said = say(daemon, f"{line} {host}{header}\r\n{body}")
        t.equal(got, status, f"{line} {header.strip() or 'without a body'}: {status}")
        t.like(said, text, "with a text")
    if shutil.which("curl"):
        done = subprocess.run(["curl", "-sS", "--max-time", "3", "--unix-socket", daemon.admin, "-X", "POST",
                               "http://mailweir/reload"],
                              capture_output=True, text=True, check=False)
        t.like(done.stdout, '"ok": true', "curl -X POST without -d")


def no_answer(t, daemon):
    directory = t.directory + "/sockets"
    os.makedirs(f"{directory}/closed")
    stale, closed = f"{directory}/stale.sock", f"{directory}/closed.sock"
    for path in (stale, closed, f"{directory}/closed/a.sock"):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path)
            if path == closed:
                made.listen()
    t.file("sockets/file", "text")
    os.chmod(stale, 0o666)
    os.chmod(closed, 0o660)
    shutil.chown(closed, group="daemon")
    os.chmod(f"{directory}/closed", 0o700)
    os.chmod(directory, 0o755)
    program = shutil.copy(t.need("mailweirctl"), f"{daemon.directory}/mailweirctl")
    rows = [(f"{directory}/none.sock", "the socket does not exist; is the daemon running"),
            (f"{directory}/file/a", "the socket does not exist"),
            (directory, "is a directory, must be the daemon's admin socket"),
            (f"{directory}/file", "is a file, must be"), (stale, "nothing listens there; the daemon is not running"),
            (closed, "permission denied; .*member of the socket's group, daemon"),
            (f"{directory}/closed/a.sock", "permission denied; you have no access to its directory"),
            ("/tmp/" + "x" * 120, "the socket does not exist")]
    for path, why in rows:
        done = subprocess.run([program, "status", "-s", path], capture_output=True, text=True, user="nobody",
                              group="nogroup", extra_groups=[], check=False)
        t.equal(done.returncode, 69, f"{os.path.basename(path)[:20]}: status 69")
        t.like(done.stderr, f"^mailweirctl: {re.escape(path)}: {why}", "and why")


def many_rows(t, daemon):
    """The width of a column is looked for once: lines take about as long as JSON does."""
    many = 25_000
    daemon.reload(rule("each", "rcpt",
                       'limit = { by = "sender", of = "recipients", max = "4/1h" }\ndefer = "450 4.7.1 over"'))
    with PolicyClient(daemon.policy) as client:
        for number in range(many):
            client.ask(sender=f"s{number}@example.com", instance=f"many.{number}", recipient="r@example.net")

    def timed(*words):
        begun = time.monotonic()
        said = daemon.ctl("counters", *words).stdout
        return time.monotonic() - begun, said

    (of_json, _), (of_lines, said) = timed("--json"), timed()
    lines = said.splitlines()
    t.equal((len(lines), {line.find(" 1h ") for line in lines[1:]}), (many + 1, {lines[0].find(" period")}),
            f"{many:,} counters in straight columns")
    t.ok(of_lines < 1 + 3 * of_json, f"in {of_lines:.1f} s, as JSON in {of_json:.1f} s")


def list_servers(t):
    def policy(port, deadline):
        return (f'[redis]\nurl = "redis://127.0.0.1:{port}/0"\ndeadline = "{deadline}"\n[lists]\nlive = "redis:live"\n'
                + rule("live", "rcpt", 'when = { sender = "list:live" }\nreject = "550 5.7.1 no"'))

    daemon = t.start(Mailweir(policy(1, "100ms"), milter=None, name="list-servers"))

    def stores():
        status = json.loads(daemon.ctl("status", "--json").stdout)
        metrics = re.findall(r'mailweir_list_store_up\{store="([^"]+)"\}', daemon.metrics())
        return metrics, [server["server"] for server in status["redis_lists"]]

    one, two = "redis://127.0.0.1:1/0", "redis://127.0.0.1:2/0"
    t.equal(stores(), ([one], [one]), "a Redis of lists is in the metrics and in status")
    with PolicyClient(daemon.policy) as client:
        client.ask(sender="a@example.com")   # this session keeps the policy that it began with
        daemon.reload(policy(1, "200ms"))
        t.equal(stores(), ([one], [one]), "once, with another deadline too")
        client.ask(sender="a@example.com", instance="2", client_port="50001")
        daemon.reload(policy(2, "200ms"))
        client.ask(sender="a@example.com", instance="3", client_port="50002")
        t.equal(stores(), ([two], [two]), "one that no policy uses any more is gone")
    t.stop(daemon)


def run(t):
    daemon = t.start(Mailweir("# nothing yet\n", milter=None, name="admin"))
    without_body(t, daemon)
    no_answer(t, daemon)
    many_rows(t, daemon)
    t.stop(daemon)
    list_servers(t)
