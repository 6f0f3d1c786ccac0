# SPDX-License-Identifier: BSD-2-Clause
r"""SMTP dialogues as text, one step a line. The first word names a connection, which opens with its first step:

    c <~ 220                    a reply comes (all its lines, as "code text") and matches this expression at its start
    c -> EHLO client.test       a line is sent; \r \n \0 \xHH \\ are bytes
    c <- 250 2.1.0 Ok           a reply comes that reads exactly so
    c => .\r\n                  sent as it is, without a line end
    c close | c abort           hang up; vanish with a reset
    c closed                    the server hangs up, having said nothing more
    # a remark
"""
import re

from .process import HarnessError
from .smtp import SmtpClient


def play(port, text, clients=None):
    """Plays it against a port of 127.0.0.1; returns [] or what went wrong, as "line N: ...". Stops at the first. Give
    a dict as `clients` to bring connections along or to get them back; others are closed."""
    own = {}
    clients = own if clients is None else clients
    try:
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            wrong = _step(port, clients, line)
            if wrong:
                return [f"line {number}: {line}: {wrong}"]
        return []
    finally:
        for client in own.values():
            client.close()


def _step(port, clients, line):
    name, _, rest = line.partition(" ")
    verb, _, argument = rest.strip().partition(" ")
    if name not in clients:
        clients[name] = SmtpClient(port, greeting=False)
    client = clients[name]
    try:
        if verb in ("->", "=>"):
            client.send(_bytes(argument) + (b"\r\n" if verb == "->" else b""))
        elif verb in ("<~", "<-"):
            reply = client.read()
            got = f"{reply.code} {reply.text}"
            if not (re.match(argument, got) if verb == "<~" else got == argument):
                return f"the reply was {got!r}"
        elif verb == "close":
            clients.pop(name).close()
        elif verb == "abort":
            clients.pop(name).abort()
        elif verb == "closed":
            return f"there is more: {client.read()}"
        else:
            raise HarnessError(f"not a step: {line!r}")
    except ConnectionError as error:
        return None if verb == "closed" else str(error)
    return None


def _bytes(text):
    def one(match):
        escape = match.group(1)
        return {"r": "\r", "n": "\n", "0": "\0", "\\": "\\"}.get(escape) or chr(int(escape[1:], 16))

    plain = re.sub(r"\\(r|n|0|\\|x[0-9a-fA-F]{2})", one, text)
    return plain.encode("latin-1") if plain.isascii() or text.isascii() else plain.encode()
