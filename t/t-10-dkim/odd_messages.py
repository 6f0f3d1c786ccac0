# SPDX-License-Identifier: BSD-2-Clause
"""Odd messages, one for each (seed, number): headers, folds, encodings, bodies that mail servers do pass on.

What no verifier can be held to is left out: NUL in a header (a milter sees a C string), a header line that is no field.
Control bytes other than CR stay inside a value, because some verifiers take more than blank and tab off its ends. Half
of them are tame: what opendkim-testmsg judges, too (odd.py says what it does not)."""
import base64
import random

NAMES = [b"Subject", b"To", b"Cc", b"Reply-To", b"Date", b"Message-ID", b"In-Reply-To", b"References", b"MIME-Version",
         b"Content-Type", b"Content-Transfer-Encoding", b"Sender", b"List-Id", b"List-Unsubscribe", b"List-Post",
         b"Resent-From", b"Resent-To", b"Resent-Date", b"Content-ID", b"Content-Language", b"X-Mailer", b"Received",
         b"Return-Path", b"Comments", b"Keywords", b"X-!#$%&'*+-/=?^_`{|}~", b"x", b"SUBJECT", b"mime-version",
         b"X-" + b"n" * 70]
FROMS = [b"user@example.com", b"<user@example.com>", b"A User <user@example.com>", b'"A, User" <user@example.com>',
         b"(a comment) user (another (nested)) @ example.com (and one)", b"=?utf-8?q?J=C3=B6rg?= <joerg@example.com>",
         b'"quoted \\"local\\" part"@example.com', b"a@example.com, b@example.com,\r\n c@example.net",
         b"Group: a@example.com, b@example.com;", b"Undisclosed:;", b"J\xc3\xb6rg <j\xc3\xb6rg@example.com>",
         b"J\xf6rg <user@example.com>", b"root", b"<>", b"", b"<@a.example,@b.example:user@example.com>",
         b"user@[192.0.2.1]", b"user@EXAMPLE.com", b"user@b\xc3\xbccher.example", b'"@"@example.com',
         b"a" * 300 + b"@example.com"]
WORDS = [b"word", b"a", b"=?utf-8?b?w7xiZXI=?=", b"=?iso-8859-1?q?=FCber?=", b"\xc3\xbcber", b"\xfcber", b"\xff\xfe",
         b"x" * 120,
         b'"quoted"', b"(comment)", b"<a@b>", b";", b"=", b"b=", b"bh=x;", b"DKIM-Signature: v=1", b".", b"..", b"--",
         b"\\", b"%s%n", b"\xe2\x80\xa8",
         b"a\x01b", b"a\x7fb", b"a\x0bb", b"a\x0cb", b"\xef\xbb\xbf", b"\xc2\xa0", b"a:b"]
TAME_WORDS = [word for word in WORDS if not set(word) & {0x0b, 0x0c}]
BLANKS = [b" "] * 6 + [b"  ", b"\t", b" \t ", b"\t\t", b"   "]
FOLDS = [b"\r\n ", b"\r\n\t", b"\r\n  \t", b" \r\n ", b"\t\r\n\t", b"\r\n \r\n ", b" \r\n\t\r\n  "]
LENGTHS = [0, 1, 2, 75, 76, 77, 78, 79, 998, 999, 1000, 4095, 4096, 4097, 20000]


ONCE = {b"from", b"sender", b"reply-to", b"to", b"cc", b"message-id", b"in-reply-to", b"references", b"subject",
        b"date"}


def value(source, words, tame):
    """An unstructured value: words, blanks, folds; perhaps empty, perhaps nothing but blanks."""
    parts = [source.choice([b" "] * 8 + [b"", b"  ", b"\t", b" \t", b"\r\n "])]
    for _ in range(words):
        parts.append(source.choice(TAME_WORDS if tame else WORDS))
        parts.append(source.choice(FOLDS) if source.random() < 0.15 else source.choice(BLANKS) if source.random() < 0.9
                     else b"")
    if source.random() < 0.6:
        parts.append(source.choice(WORDS[:10]))  # not a blank at its end
    if not tame and source.random() < 0.06:
        parts.insert(2, b"a\rb")                  # a CR alone, which Postfix passes on
    return b"".join(parts)


def cased(source, name):
    how = source.randrange(8)
    return name.upper() if how == 0 else name.lower() if how == 1 else name


def header(source, tame):
    fields, seen = [], set()
    for _ in range(source.choice([0, 1, 3, 6, 6, 10, 10, 20, 60])):
        name = cased(source, source.choice(NAMES))
        once = tame and name.lower() in ONCE
        if once and name.lower() in seen:
            continue
        seen.add(name.lower())
        fields.append(name + b":" + value(source, source.choice([0, 0, 1, 2, 5, 5, 9, 30, 100]), tame))
        while not once and source.random() < 0.08:
            fields.append(cased(source, name) + b":" + value(source, 3, tame))
    author = source.choice(FROMS)
    while tame and b"@" not in author:
        author = source.choice(FROMS)
    if source.random() < 0.2:
        author = author.replace(b" ", source.choice(FOLDS), 1)
    fields.insert(source.randrange(len(fields) + 1),
                  cased(source, b"From") + b":" + source.choice([b" ", b" ", b"", b"\t", b"\r\n "]) + author)
    if (tame or source.random() < 0.9) and not any(field.lower().startswith(b"date:") for field in fields):
        fields.insert(source.randrange(len(fields) + 1),
                      cased(source, b"Date") + b":" + source.choice(BLANKS) + b"Fri, 11 Jul 2003 21:00:37 -0700 (PDT)")
    if not tame and source.random() < 0.06:
        fields.insert(source.randrange(len(fields) + 1), b"From: " + source.choice(FROMS[:4]))
    if source.random() < 0.1:
        fields.insert(0,
                      b"DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; "
                      b"h=from:to;\r\n\tbh=" + base64.b64encode(source.randbytes(32))
                      + b";\r\n b=" + base64.b64encode(source.randbytes(128)))
    return fields


def line(source, tame):
    kind = source.choice([n for n in range(12) if n != 10]) if tame else source.randrange(12)
    if kind < 3:
        return source.choice(BLANKS).join(source.choices(WORDS, k=source.randrange(1, 15)))
    if kind == 3:
        return b""
    if kind == 4:
        return source.choice([b" ", b"\t", b"  \t ", b" " * 100])
    if kind == 5:
        return source.choice(WORDS) + source.choice([b" ", b"\t", b" \t  ", b" " * 50])
    if kind == 6:
        return source.choice(BLANKS) + source.choice(WORDS)
    if kind == 7:
        return source.choice([b".", b"..", b". ", b"From x", b">From x", b"--=_boundary", b"--=_boundary--"])
    if kind == 8:
        return bytes(source.choices([byte for byte in range(256) if byte not in (10, 13)], k=source.randrange(80)))
    if kind == 9:
        return b"a" * source.choice(LENGTHS)
    if kind == 10:
        return b"text" + source.choice([b"\rtext", b" \rtext", b"\r\rtext", b"\rtext \t", b" \r text"])
    return base64.b64encode(source.randbytes(57))


def body(source, tame):
    kind = source.randrange(20)
    if kind == 0:
        return b""
    if kind == 1:
        return b"\r\n" * source.randrange(1, 9)
    if kind == 2:
        return source.choice([b" \r\n", b"\t\r\n\r\n", b" \t", b" ", b"\r\n \r\n", b".\r\n"])
    text = b"\r\n".join(line(source, tame) for _ in range(source.choice([1, 2, 5, 12, 30, 30, 80])))
    text += source.choice([b"\r\n"] * 4 + [b"", b"\r\n\r\n", b"\r\n" * 7, b" \r\n", b"\r\n \r\n", b"\t"])
    return text


def odd_message(seed, number):
    source = random.Random(f"{seed}/{number}")
    tame = source.random() < 0.5
    fields, text = header(source, tame), body(source, tame)
    message = b"\r\n".join(fields) + b"\r\n\r\n" + text
    if source.random() < 0.1:
        message = message.replace(b"\r\n", b"\n")  # an MTA's own line ends
    return message


def way_to_sign(seed, number):
    """Canonicalisation, selector, size of the body's chunks, whether the MTA hands over the blank after the colon."""
    source = random.Random(f"{seed}/{number}/way")
    return (source.choice(["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"]),
            source.choice(["rsa", "ed25519"]),
            source.choice([1, 7, 61, 4096, 65535]), 1 if source.random() < 0.9 else 0)
