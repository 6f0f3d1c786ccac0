# SPDX-License-Identifier: BSD-2-Clause
"""A DKIM signer that follows RFC 6376 to the letter, or leaves it as its caller says; and the message that it signs."""
import base64
import hashlib
import os
import re
import subprocess

from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from nacl.signing import SigningKey

from harness.process import seconds

HEADERS = [("Received", " from a.example by b.example; Fri, 11 Jul 2003 21:01:00 -0700"),
           ("Received", " from c.example\r\n\tby a.example;\r\n  Fri, 11 Jul 2003 21:00:00 -0700"),
           ("From", " Joe SixPack <joe@example.com>"), ("To", " Suzie Q <suzie@example.net>"),
           ("Subject", " Is dinner\r\n  ready? "),
           ("DATE", "Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"), ("Message-ID", "\t<20030712@example.com>"),
           ("X-Empty", ""),
           ("X-Twice", " one"), ("X-Twice", "  two  words\t"), ("X-Eight", " gr\xc3\xbc\xc3\x9fe")]
NAMES = ["from", "to", "subject", "date", "message-id", "x-empty", "x-twice", "x-twice", "received", "received",
         "x-eight"]
BODY = "Hi.\r\n\r\nWe lost  the\tgame. \r\n \t \r\nJoe.\r\n"
BODIES = {"usual": BODY, "empty": "", "CRLF only": "\r\n", "many CRLF": "\r\n\r\n\r\n", "blanks only": " \t\r\n \r\n",
          "no last CRLF": "one\r\ntwo",
          "a blank at the very end": "one\r\ntwo \r\n\r\n \r\n", "blank lines first": "\r\n\r\n \r\ntext\r\n",
          "dots": ".\r\n..\r\nx\r\n",
          "a long line": "x" * 5000 + " " * 200 + "y\r\n", "UTF-8": "Gr\xc3\xbc\xc3\x9fe\r\n",
          "bytes": "".join(chr(c) for c in range(128, 256)) + "\r\n",
          "tabs": "\t\ta\t \tb\t\r\n\t\r\n", "100 KB": ("0123456789 " * 7 + "\r\n") * 1300}


def relaxed(text):
    return re.sub(r"[ \t]+", " ", text.replace("\r\n", "")).strip(" ")


def canon_header(name, value, how):
    return f"{name.rstrip(' ').lower()}:{relaxed(value)}\r\n" if how == "relaxed" else f"{name}:{value}\r\n"


def canon_body(body, how):
    lines = body.split("\r\n")
    if lines[-1] == "":
        lines.pop()
    if how == "relaxed":
        lines = [re.sub(r"[ \t]+", " ", line).rstrip(" ") for line in lines]
    while lines and lines[-1] == "":
        lines.pop()
    text = "".join(line + "\r\n" for line in lines)
    return text or ("" if how == "relaxed" else "\r\n")


class Signer:
    """A private key; `sign` gives the value of a DKIM-Signature field."""

    def __init__(self, t, name, words):
        self.name = name
        path = os.path.join(t.directory, f"variants-{name}.pem")
        subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True,
                       timeout=seconds(120))

        def out(*options):
            return subprocess.run(["openssl", "pkey", "-in", path, *options], check=True, capture_output=True,
                                  timeout=seconds(10)).stdout
        public = out("-pubout", "-outform", "DER")
        self.rsa = name.startswith("rsa")
        self.public = public if self.rsa else public[-32:]
        self.p = base64.b64encode(self.public).decode()
        self.record = f"v=DKIM1; k={'rsa' if self.rsa else 'ed25519'}; p={self.p}"
        if self.rsa:
            pem = subprocess.run(["openssl", "rsa", "-in", path, "-traditional"], check=True, capture_output=True,
                                 timeout=seconds(10)).stdout
            self.private = parse_pem_private_key(pem)
        else:
            self.private = SigningKey(out("-outform", "DER")[-32:])

    def raw(self, data):
        digest = hashlib.sha256(data)
        if not self.rsa:
            return self.private.sign(digest.digest()).signature
        return RSASSA_PKCS1_v1_5_sign(digest, self.private)

    def sign(self, headers=None, body=BODY, header="relaxed", text="relaxed", names=None, tags="v a c d s h bh b",
             l=None, own=None, **values):
        """`tags`: their order, "zz=1" as it stands. `values`: instead of the usual ones. `own`: the field's name and
        place."""
        headers = HEADERS if headers is None else headers
        names = NAMES if names is None else names
        whole = canon_body(body, text).encode("latin-1")
        usual = {"v": "1", "a": "rsa-sha256" if self.rsa else "ed25519-sha256", "c": f"{header}/{text}",
                 "d": "example.com", "s": self.name,
                 "h": ":".join(names), "bh": base64.b64encode(hashlib.sha256(whole[:l]).digest()).decode(), "b": ""}
        if l is not None:
            usual["l"] = str(l)
        usual.update(values)
        lead, gap, tail = values.get("lead", " "), values.get("gap", "; "), values.get("tail", "")
        parts = [tag if "=" in tag else f"{values.get('before', '')}{tag}{values.get('around', '=')}{usual[tag]}"
                 for tag in tags.split(" ")]
        value = lead + gap.join(parts) + tail
        data, used = "", {}
        for name in values.get("hashed", names):
            low = name.strip().lower()
            places = [i for i, (one, _) in enumerate(headers) if one.rstrip(" ").lower() == low]
            used[low] = used.get(low, 0) + 1
            if used[low] <= len(places):
                data += canon_header(*headers[places[-used[low]]], header)
        data += canon_header(values.get("field", "DKIM-Signature"), value, header)[:-2]
        signature = base64.b64encode(self.raw(data.encode("latin-1"))).decode()
        return re.sub(r"(^|[;\s])b(\s*)=" + re.escape(usual["b"]),
                      lambda m: m[0] + values.get("wrap", lambda s: s)(signature), value, count=1)


def message(fields, body):
    return ("".join(f"{name}:{value}\r\n" for name, value in fields) + "\r\n" + body).encode("latin-1")
