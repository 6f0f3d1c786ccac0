# SPDX-License-Identifier: BSD-2-Clause
"""The rows of t/unit/fixture/path_cases.h: (what stands behind MAIL FROM: or RCPT TO:, the policy attribute or None,
the address)."""
import ast
import os
import re

TABLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../unit/fixture/path_cases.h")
ROW = re.compile(r'^    \{("(?:[^"\\]|\\.)*"), (nullptr|"(?:[^"\\]|\\.)*"), (nullptr|"(?:[^"\\]|\\.)*")\},$',
                 re.MULTILINE)
VICTIM = "ceo@victim.example"
NO_ERROR_LIMIT = {"smtpd_hard_error_limit": "10000", "smtpd_soft_error_limit": "9999", "smtpd_error_sleep_time": "0"}


def rows():
    with open(TABLE) as text:
        found = ROW.findall(text.read())
    return [tuple(None if word == "nullptr" else ast.literal_eval(word) for word in row) for row in found]


def of_the_victim():
    return [path for path, _, meant in rows() if meant == VICTIM]


def ask(client, path, side):
    """The reply to MAIL FROM:path, or to RCPT TO:path; the transaction is over then."""
    utf8 = "" if path.isascii() or "SMTPUTF8" not in client.extensions else " SMTPUTF8"
    reply = client.command(f"MAIL FROM:{path if side == 'sender' else '<a@example.org>'}{utf8}")
    if side == "recipient":
        reply = client.command(f"RCPT TO:{path}")
    client.command("RSET")
    return reply
