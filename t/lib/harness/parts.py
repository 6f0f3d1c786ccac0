# SPDX-License-Identifier: BSD-2-Clause
"""Mail as bytes: making one, and taking it apart without changing a byte."""
import zlib


def letter(subject="hello", body="A short message.\r\n", sender="alice@example.com", to="bob@example.net", headers=(),
           without=()):
    """A message with CRLF lines. `headers`: further (name, value) pairs, put first; `without`: names left out."""
    number = zlib.crc32(as_bytes(subject) + as_bytes(body))
    fields = list(headers) + [
        ("From", f"<{sender}>"), ("To", f"<{to}>"), ("Subject", subject),
        ("Date", "Mon, 05 Jan 2026 10:00:00 +0000"), ("Message-ID", f"<{number}@test>")]
    head = b"".join(as_bytes(f"{name}: {value}\r\n") for name, value in fields if name not in without)
    return head + b"\r\n" + as_bytes(body)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def split_message(data):
    """(list of (name, raw value as it stands with its folds, without the last CRLF), body)."""
    data = data.replace(b"\r\n", b"\n")
    head, _, body = data.partition(b"\n\n")
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1] += b"\n" + line
        elif b":" in line:
            name, _, value = line.partition(b":")
            fields.append([name.decode(errors="replace"), value])
    return [(name, value.decode(errors="surrogateescape").removeprefix(" ")) for name, value in fields], body
