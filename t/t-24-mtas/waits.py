# SPDX-License-Identifier: BSD-2-Clause
"""Name servers that do not answer: each callback ends within the 8 s that a Sendmail without further settings
allows."""
import socket
import threading
import time

from harness import free_port
from row import rule

# stage: the condition that waits, and what makes it this client's own
WAITS = {"connect": '{ iprev = "temperror", client_address = "127.0.0.11" }',
         "helo": '{ helo_dns = "temperror", helo_name = "helo.slow.test" }',
         "mail": '{ sender_domain_dns = "temperror", sender_domain = "mail.slow.test" }',
         "rcpt": '{ sender_domain_dns = "temperror", sender_domain = "rcpt.slow.test" }',
         "data": '{ sender_domain_dns = "temperror", sender_domain = "data.slow.test" }',
         "end-of-message": '{ sender_domain_dns = "temperror", sender_domain = "end-of-message.slow.test" }'}
LIMIT = 8 + 1   # a busy machine's own time


def silent_server():
    """A name server that takes questions and never answers; held open by the caller."""
    port = free_port()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    return udp, port


def one_client(mta, stage, got):
    """How long the slowest command took, and the reply that ended the dialogue."""
    slowest, reply = 0, None
    source = "127.0.0.11" if stage == "connect" else "127.0.0.1"
    begun = time.monotonic()
    with mta.client(source=source) as client:
        slowest = time.monotonic() - begun
        for command in ("EHLO helo.slow.test" if stage == "helo" else "EHLO client.test",
                        f"MAIL FROM:<a@{stage}.slow.test>",
                        "RCPT TO:<bob@example.net>", "DATA", "Subject: slow\r\n\r\ntext\r\n."):
            begun = time.monotonic()
            reply = client.command(command)
            slowest = max(slowest, time.monotonic() - begun)
            if reply.code >= 400:
                break
    got[stage, mta.kind] = (slowest, reply)


def run(t, bed, mtas):
    bed.policy("".join(rule(f"slow-{at}", at, when=when, defer='"450 4.4.3 name servers do not answer"') for at,
                       when in WAITS.items()))
    got = {}
    threads = [threading.Thread(target=one_client, args=(mta, stage, got)) for mta in mtas for stage in WAITS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for mta in mtas:
        for stage in WAITS:
            slowest, reply = got.get((stage, mta.kind), (99, None))
            t.ok(slowest < LIMIT and reply is not None and reply.code in (450, 451),
                 f"{mta.kind}: a wait at {stage} ends in time, with a deferral",
                 f"{slowest:.1f} s, {reply}")
    t.ok(max(slowest for slowest, _ in got.values()) > 5, "they did wait")
    t.equal([mail.recipients for mail in bed.sink.left()], [], "nothing passed")
