# SPDX-License-Identifier: BSD-2-Clause
"""Signs odd messages with dkim_sign_file and has two other verifiers judge each: python3-dkim, and Mail::DKIM (RSA) or
opendkim-testmsg (Ed25519, which this Mail::DKIM does not know). A message that fails is kept."""
import os
import re
import subprocess

from odd_messages import odd_message, way_to_sign

BATCH = 500
ONCE = rb"From|Sender|Reply-To|To|Cc|Bcc|Message-ID|In-Reply-To|References|Subject|Date"  # RFC 5322 3.6


def takes_it(message):
    """Whether opendkim-testmsg judges it: a Date and a From with an address, no field twice that may stand once. A CR
    alone is a line end for it, and a vertical tab or form feed in the header a blank."""
    text = message.replace(b"\r\n", b"\n")
    head = text.split(b"\n\n", 1)[0]
    names = [name.lower() for name in re.findall(rb"(?mi)^(" + ONCE + rb"):", head)]
    return (b"\r" not in text and not re.search(rb"[\x0b\x0c]", head) and len(names) == len(set(names))
            and b"date" in names
            and re.search(rb"(?mi)^from:[^:]*(?:\n[ \t][^:]*)*@[a-z0-9\[\x80-\xff]", head) is not None)


class Odd:
    def __init__(self, seed, number, signer, keys):
        self.seed, self.number, self.signer, self.keys = seed, number, signer, keys
        self.kept = os.environ.get("ODD_KEPT") or os.getcwd()
        self.bad = []         # (verifier, number, why, file)
        self.judged = {}      # by verifier
        self.for_opendkim = []

    def plan(self, number):
        message = odd_message(self.seed, number)
        canons, selector, chunk, blank = way_to_sign(self.seed, number)
        return message, canons, selector if takes_it(message) else "rsa", chunk, blank

    def sign(self, plans):
        work = b"".join(f"{len(message)} {canons} {selector} {chunk} {blank}\n".encode() + message for message, canons,
                        selector, chunk, blank in plans)
        arguments = [argument for selector,
                     path in self.keys.items() for argument in ("-k", f"example.com:{selector}:{path}")]
        done = subprocess.run([self.signer, "-b", *arguments], input=work, capture_output=True, timeout=300,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        signed, at = [], 0
        while at < len(done.stdout):
            end = done.stdout.index(b"\n", at)
            length = int(done.stdout[at:end])
            signed.append(done.stdout[end + 1:end + 1 + length])
            at = end + 1 + length
        return signed

    def fails(self, verifier, number, why, signed):
        path = os.path.join(self.kept, f"odd-{self.seed}-{number}.eml")
        with open(path, "wb") as file:
            file.write(signed)
        self.bad.append((verifier, number, why, path))

    def count(self, verifier):
        self.judged[verifier] = self.judged.get(verifier, 0) + 1

    def run(self, by_python, perl_record):
        """perl_record: the RSA key's record; None: Mail::DKIM is not installed."""
        for start in range(0, self.number, BATCH):
            plans = [self.plan(number) for number in range(start, min(start + BATCH, self.number))]
            signed = self.sign(plans)
            assert len(signed) == len(plans)
            for_perl = []
            for number, (plan, message) in enumerate(zip(plans, signed), start):
                why = by_python(message)
                self.count("python3-dkim")
                if why is not True:
                    self.fails("python3-dkim", number, why, message)
                (for_perl if plan[2] == "rsa" else self.for_opendkim).append((number, message))
            if perl_record:
                self.by_perl(for_perl, perl_record)

    def by_perl(self, rows, record):
        """The last one is changed, and must fail: the check can fail."""
        if not rows:
            return
        rows = rows + [(-1, b"Subject: another\r\nFrom: eve@example.com\r\n" + rows[0][1] + b"x\r\n")]
        script = os.path.join(os.path.dirname(os.path.realpath(__file__)), "verify.pl")
        work = b"".join(f"{len(message)}\n".encode() + message for _, message in rows)
        done = subprocess.run(["perl", script, record], input=work, capture_output=True, timeout=300, check=False)
        words = done.stdout.decode("utf-8", "replace").splitlines()
        if done.returncode != 0 or len(words) != len(rows):
            raise RuntimeError(f"verify.pl: {len(words)} of {len(rows)} messages: " + done.stderr.decode())
        if words.pop() == "pass":
            self.fails("Mail::DKIM", *rows[-1][:1], "passes, though it was changed", rows[-1][1])
        for (number, message), word in zip(rows, words):
            self.count("Mail::DKIM")
            if word != "pass":
                self.fails("Mail::DKIM", number, word, message)

    def by_opendkim(self, results):
        for (number, message), (word, *why) in zip(self.for_opendkim, results):
            self.count("opendkim-testmsg")
            if word != "good":
                self.fails("opendkim-testmsg", number, " ".join([word] + why), message)
