# SPDX-License-Identifier: BSD-2-Clause
"""Signed messages in a few hundred variants, each made by a signer of its own that follows RFC 6376 to the letter,
judged by our verifier, by libopendkim behind our readers and by dkimpy. Where they differ the row says why."""
import base64
import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import dkim

from harness.process import seconds

from signer import BODIES, BODY, HEADERS, NAMES, Signer, canon_body, message


class Row:
    """`want`: the words by the RFCs, in the header's order. `zone`: other records than the signers' own."""

    def __init__(self, label, signatures, want="pass", headers=None, body=BODY, zone=None):
        self.label, self.signatures, self.want, self.zone = label, signatures, want, zone or {}
        fields = [one if isinstance(one, tuple) else ("DKIM-Signature", one) for one in signatures]
        self.message = message(fields + (HEADERS if headers is None else headers), body)
        self.count, self.error = len(fields), ""

    def wanted(self, verifier):
        """Of dkimpy, which knows two words, "no" instead of all but pass."""
        words = next((words for label, words, _ in DIFFERENT[verifier] if re.fullmatch(label, self.label)), self.want)
        return words if verifier != "dkimpy" else " ".join("pass" if word == "pass" else "no" for word in words.split())


# Where others say something else: the label, their words, and why ours are right.
DIFFERENT = {
    "builtin": [],
    "libopendkim": [
        ("h=, itself, .*", "fail", "RFC 6376 5.4: a signature's own field is never among those of h="),
        ("the second signs the first, and forbids a third", "fail pass", "the same"),
        ("h= whose names .* behind 4 KB", "fail", "it reads 4 KB"),
        ("tags: (blanks|folds) around =", "fail",
         "RFC 6376 3.2: blanks may stand before =; it does not find the value of b= then"),
        ("tags: i=.*@.*@.*|tags: i=joe=3D=40x@.*", "neutral",
         "RFC 6376 3.5: the local part may hold an @, encoded; the last one parts it from the domain"),
        ("tags: x=9{24}", "neutral", "RFC 6376 3.5: more than 12 digits are for ever"),
        ("the second signs one that cannot be read", "fail neutral",
         "RFC 6376 6.1: what cannot be read is a field like others"),
    ],
    "dkimpy": [
        ("h=, itself, .*", "fail", "RFC 6376 5.4, as above"),
        ("the second signs the first, and forbids a third", "fail pass", "the same"),
        ("h=, From added on the way, above one .*", "fail",
         "RFC 6376 8.15: it takes no message with two From; DMARC does that here"),
        ("h= with(out From| fromage)", "pass", "RFC 6376 5.4: From must be signed"),
        ("tags: (c=Relaxed/SIMPLE|a=RSA-SHA256|q=DNS/TXT)|key: (K in upper case|s=other:Email)", "fail",
         "RFC 5234 2.3: literals have no case"),
        ("tags: a= of the other kind", "pass", "RFC 8463 4: k= and a= must be the same"),
        ("tags: (d= with two dots|i=@.example.com)", "pass", "RFC 6376 3.5: these are no domain names"),
        ("tags: q=http:dns/txt", "fail", "RFC 6376 3.5: what is not known is passed over"),
        ("l=, .*: (all but one|none|half a line end|all, and then more)", "pass",
         "RFC 6376 8.2: it does not ask for what is signed at all"),
        ("l=, simple: none of an empty body", "pass", "the same"),
        ("l=, .*: (one more|20 digits)", "pass", "RFC 6376 3.5: l= must not be more than there is"),
        ("three lengths", "pass pass pass", "RFC 6376 8.2"),
        ("key: v= second", "pass", "RFC 6376 3.6.1: it must be first"),
        ("key: h=sha1", "pass", "RFC 6376 3.6.1: for other hashes"),
    ],
}


def canonical_forms(rsa, ed):
    for key in (rsa, ed):
        for header in ("simple", "relaxed"):
            for text in ("simple", "relaxed"):
                for label, body in BODIES.items():
                    yield Row(f"{key.name}, {header}/{text}, body: {label}",
                              [key.sign(body=body, header=header, text=text)], body=body)


def changes(rsa, ed):
    """One thing changed on the way, by canonicalization: (label, headers, body, which of simple and relaxed header and
    body bear it)."""
    def with_field(name, value):
        return [(one, value if one == name else old) for one, old in HEADERS]
    rows = [
        ("a subject", with_field("Subject", " Is lunch ready?"), BODY, "", "sr"),
        ("a subject refolded", with_field("Subject", " Is dinner ready?"), BODY, "r", "sr"),
        ("more blanks", with_field("To", "  Suzie   Q <suzie@example.net>  "), BODY, "r", "sr"),
        ("blanks within a word", with_field("To", " Su zie Q <suzie@example.net>"), BODY, "", "sr"),
        ("the case of a name", [(name.upper(), value) for name, value in HEADERS], BODY, "r", "sr"),
        ("the case of a value", with_field("To", " suzie q <suzie@example.net>"), BODY, "", "sr"),
        ("two of a name swapped", HEADERS[:8] + [HEADERS[9], HEADERS[8]] + HEADERS[10:], BODY, "", "sr"),
        ("another order of names", HEADERS[2:] + HEADERS[:2], BODY, "sr", "sr"),
        ("a third of a name above", [("X-Twice", " zero")] + HEADERS, BODY, "sr", "sr"),
        ("a third of a name below", HEADERS + [("X-Twice", " three")], BODY, "", "sr"),
        ("one of a name gone", HEADERS[:8] + HEADERS[9:], BODY, "", "sr"),
        ("an empty field gone", [one for one in HEADERS if one[0] != "X-Empty"], BODY, "", "sr"),
        ("another field", HEADERS + [("X-More", " x")], BODY, "sr", "sr"),
        ("blanks at the body's line ends", HEADERS, BODY.replace("\r\n", "  \r\n"), "sr", "r"),
        ("blanks in the body", HEADERS, BODY.replace("lost ", "lost    "), "sr", "r"),
        ("a blank in a word of the body", HEADERS, BODY.replace("game", "ga me"), "sr", ""),
        ("empty lines at the body's end", HEADERS, BODY + "\r\n\r\n", "sr", "sr"),
        ("empty lines at its start", HEADERS, "\r\n" + BODY, "sr", ""),
        ("more body", HEADERS, BODY + "x\r\n", "sr", ""),
        ("no body", HEADERS, "", "sr", ""),
    ]
    for label, headers, body, bear_header, bear_body in rows:
        for header in ("simple", "relaxed"):
            for text in ("simple", "relaxed"):
                good = header[0] in bear_header and text[0] in bear_body
                yield Row(f"{header}/{text}, changed: {label}", [rsa.sign(header=header, text=text)],
                          "pass" if good else "fail", headers, body)


def lists(rsa, ed):
    """h="""
    base = ["from", "subject"]
    for label, names, more in [
            ("From alone", ["from"], {}), ("From twice over", base + ["from"], {}),
                               ("a name that is not there", base + ["x-none"], {}),
            ("a name ten times", base + ["x-twice"] * 10, {}), ("odd case", ["FROM", "SubJect", "DATE"], {}),
            ("folds", base + ["date"], {"h": "from\r\n\t:\r\n subject  : date"}),
                               ("blanks", base, {"h": " from : subject "}),
            ("3,000 bytes of names", base + ["x-none"] * 400, {}), ("two of three", base + ["x-twice"], {}),
            ("itself", base + ["dkim-signature"], {}), ("a thousand names", base + [f"x-{i}" for i in range(400)], {})]:
        for header in ("simple", "relaxed"):
            yield Row(f"h=, {label}, {header}", [rsa.sign(names=names, header=header, **more)])
    yield Row("h=, Bcc added on the way", [rsa.sign(names=base + ["bcc"])], "fail",
              HEADERS + [("Bcc", " x@example.org")])
    yield Row("h=, From added on the way", [rsa.sign(names=base + ["from"])], "fail",
              [("From", " eve@example.org")] + HEADERS)
    yield Row("h=, From added on the way, above one that signs From once", [rsa.sign(names=base)], "pass",
              [("From", " eve@example.org")] + HEADERS)
    yield Row("h= without From", [rsa.sign(names=["to", "subject"])], "permerror")
    yield Row("h= with fromage", [rsa.sign(names=["fromage", "subject"])], "permerror")
    yield Row("h= of 9 KB", [rsa.sign(names=NAMES + ["x-none"] * 1300)])
    yield Row("h= whose names stand behind 4 KB", [rsa.sign(names=["from"] + ["x-none"] * 1300 + ["subject"])])


def tags(rsa, ed):
    for label, more, want in [
            ("folded after each", {"gap": ";\r\n\t"}, "pass"), ("no blanks", {"gap": ";", "lead": ""}, "pass"),
                              ("a last ;", {"tail": ";"}, "pass"),
            ("a last ; and a fold", {"tail": ";\r\n "}, "pass"), ("blanks around =", {"around": " = "}, "pass"),
            ("folds around =", {"around": "\r\n =\r\n "}, "pass"), ("b= first", {"tags": "b v a c d s h bh"}, "pass"),
            ("b= in the middle", {"tags": "v a b c d s h bh"}, "pass"),
                              ("v= last", {"tags": "a c d s h bh b v"}, "pass"),
            ("b= folded", {"wrap": lambda s: s[:10] + "\r\n\t" + s[10:40] + " \r\n " + s[40:]}, "pass"),
            ("bh= folded", {"bh": None}, "pass"),
            ("unknown tags", {"tags": "v a c d s h zz=1 bh Z_9=a=b b"}, "pass"),
                              ("an empty unknown tag", {"tags": "v a c d s zz= h bh b"}, "pass"),
            ("upper-case names of tags", {"tags": "v a c d s h bh D=x b"}, "pass"),
                              ("a tag twice", {"tags": "v a c d s h bh q=dns/txt q=dns/txt b"}, "neutral"),
            ("an empty tag", {"tags": "v a c d s h bh b", "gap": ";;"}, "neutral"),
                              ("junk", {"tags": "v a c d s h bh b", "tail": "; junk"}, "neutral"),
            ("no c=", {"tags": "v a d s h bh b", "header": "simple", "text": "simple"}, "pass"),
            ("c=relaxed", {"c": "relaxed", "text": "simple"}, "pass"),
                              ("c=Relaxed/SIMPLE", {"c": "Relaxed/SIMPLE", "text": "simple"}, "pass"),
            ("c=nofws", {"c": "nofws"}, "neutral"), ("c=relaxed/", {"c": "relaxed/"}, "neutral"),
            ("a=RSA-SHA256", {"a": "RSA-SHA256"}, "pass"), ("a=rsa", {"a": "rsa"}, "neutral"),
                              ("a=rsa-sha1", {"a": "rsa-sha1"}, "permerror"),
            ("a= of the other kind", {"a": "ed25519-sha256"}, "permerror"), ("v=2", {"v": "2"}, "neutral"),
                              ("v=01", {"v": "01"}, "neutral"),
            ("v=1.0", {"v": "1.0"}, "neutral"), ("d= in upper case", {"d": "EXAMPLE.com"}, "pass"),
                              ("s= in upper case", {"s": "RSA2048"}, "pass"),
            ("d= with a last dot", {"d": "example.com."}, "pass"),
                              ("d= with a fold", {"d": "example\r\n .com"}, "pass"),
            ("d= of an address", {"d": "joe@example.com"}, "permerror"),
                              ("d= with two dots", {"d": "example..com"}, "permerror"),
            ("q=dns/txt", {"tags": "v a q=dns/txt c d s h bh b"}, "pass"),
                              ("q=DNS/TXT", {"tags": "v a q=DNS/TXT c d s h bh b"}, "pass"),
            ("q=dns", {"tags": "v a q=dns c d s h bh b"}, "permerror"),
                              ("q=http", {"tags": "v a q=http c d s h bh b"}, "permerror"),
            ("q=http:dns/txt", {"tags": "v a q=http:dns/txt c d s h bh b"}, "pass"),
            ("z=", {"tags": "v a c d s z=From:joe@example.com|To:x h bh b"}, "pass")]:
        if "bh" in more and more["bh"] is None:
            whole = base64.b64encode(hashlib.sha256(canon_body(BODY, "relaxed").encode()).digest()).decode()
            more = {"bh": whole[:9] + "\r\n " + whole[9:]}
        yield Row(f"tags: {label}", [rsa.sign(**more)], want)
    for text, want in [("i=@example.com", "pass"), ("i=joe@example.com", "pass"), ("i=joe@EXAMPLE.com", "pass"),
                       ("i=joe@sub.example.com", "pass"),
                       ("i=joe=3D=40x@example.com", "pass"), ("i=joe@xexample.com", "permerror"),
                       ("i=joe@example.com.evil.test", "permerror"),
                       ("i=@com", "permerror"), ("i=joe", "permerror"), ("i=a@b@example.com", "pass"),
                       ("i=@.example.com", "permerror"),
                       ("t=1", "pass"), ("t=0", "pass"), ("t=299", "pass"), ("t=1000000000", "pass"),
                       ("t=99999999999", "fail"), ("t=x", "neutral"), ("t=-1", "neutral"),
                       ("t=1e3", "neutral"), ("x=99999999999", "pass"), ("x=1000000000", "fail"), ("x=0", "fail"),
                       ("x=", "neutral"), ("x=999999999999999999999999", "pass"),
                       ("t=1000000000; x=99999999999", "pass"), ("t=1000000000; x=1000000000", "fail"),
                       ("t=1000000001; x=1000000000", "fail")]:
        yield Row(f"tags: {text}", [rsa.sign(tags=f"v a c d s {text.replace('; ', ' ')} h bh b")], want)


def lengths(rsa, ed):
    """l="""
    for text in ("simple", "relaxed"):
        whole = len(canon_body(BODY, text))
        for label, l, body, want in [("all", whole, BODY, "pass"), ("all but one", whole - 1, BODY, "policy"),
                                     ("none", 0, BODY, "policy"), ("one more", whole + 1, BODY, "fail"),
                                     ("half a line end", canon_body(BODY, text).index("\r\n") + 1, BODY, "policy"),
                                     ("all, and then more", whole, BODY + "x\r\n", "policy"),
                                     ("all, and then empty lines", whole, BODY + "\r\n\r\n", "pass"),
                                     ("another start", whole, "x" + BODY, "fail")]:
            yield Row(f"l=, {text}: {label}", [rsa.sign(text=text, l=l, tags="v a c d s l h bh b")], want, body=body)
        yield Row(f"l=, {text}: none of an empty body", [rsa.sign(text=text, body="", l=0, tags="v a c d s l h bh b")],
                  "policy" if text == "simple" else "pass", body="")
        yield Row(f"l=, {text}: 20 digits", [rsa.sign(text=text, tags="v a c d s l=99999999999999999999 h bh b")],
                  "fail")
        yield Row(f"l=, {text}: a blank within", [rsa.sign(text=text, tags="v a c d s l=1\t0 h bh b")], "neutral")


def several(rsa, ed):
    first = rsa.sign()
    second = ed.sign()
    yield Row("two signatures", [second, first], "pass pass")
    yield Row("the second signs the first",
              [ed.sign(headers=[("DKIM-Signature", first)] + HEADERS, names=NAMES + ["dkim-signature"]), first],
              "pass pass")
    yield Row("the second signs the first, and forbids a third",
              [ed.sign(headers=[("DKIM-Signature", first)] + HEADERS, names=NAMES + ["dkim-signature"] * 2), first],
              "pass pass")
    chained = ed.sign(headers=[("DKIM-Signature", first)] + HEADERS, names=NAMES + ["dkim-signature"], header="simple")
    yield Row("the second signs the first, simple", [chained, first], "pass pass")
    yield Row("the second signs the first, which was changed", [chained, first.replace("d=example", "d=Example")],
              "fail fail")
    yield Row("the second signs the first, which has gone", [chained], "fail")
    old = rsa.sign(tags="v a c d s x=1000000000 h bh b")
    yield Row("the second signs one that has expired",
              [ed.sign(headers=[("DKIM-Signature", old)] + HEADERS, names=NAMES + ["dkim-signature"]), old],
              "pass fail")
    sha1 = rsa.sign(a="rsa-sha1")
    yield Row("the second signs one of rsa-sha1",
              [ed.sign(headers=[("DKIM-Signature", sha1)] + HEADERS, names=NAMES + ["dkim-signature"]), sha1],
              "pass permerror")
    junk = " not a list of tags"
    yield Row("the second signs one that cannot be read",
              [ed.sign(headers=[("DKIM-Signature", junk)] + HEADERS, names=NAMES + ["dkim-signature"]), junk],
              "pass neutral")
    yield Row("a broken one above", [first.replace("bh=", "bh=AAAA"), second], "fail pass")
    yield Row("a broken one below", [second, first.replace("h=from", "h=from:from:x-eight")], "pass fail")
    yield Row("the same twice", [first, first], "pass pass")
    yield Row("four canonicalizations",
              [rsa.sign(header=h, text=b) for h in ("simple", "relaxed") for b in ("simple", "relaxed")],
              "pass pass pass pass")
    yield Row("three lengths", [rsa.sign(l=l, tags="v a c d s l h bh b")
                                for l in (0, 5, len(canon_body(BODY, "relaxed")))], "policy policy pass")
    yield Row("an odd name of the field", [("dKIM-signature", rsa.sign()), ("DKIM-SIGNATURE", ed.sign())], "pass pass")
    yield Row("an odd name of the field, simple",
              [("dKIM-signature", rsa.sign(header="simple", field="dKIM-signature"))])


def keys(rsa, ed, others):
    for key in others:
        bits = int(key.name[3:])
        yield Row(f"a key of {bits} bits", [key.sign()], "policy" if bits < 1024 else "pass")
    length = 24 if len(rsa.public) > 290 else 22
    pkcs1 = base64.b64encode(rsa.public[length:]).decode()
    for label, key, record, want in [
            ("no v=", rsa, f"p={rsa.p}", "pass"), ("PKCS #1", rsa, f"v=DKIM1; p={pkcs1}", "pass"),
                                     ("blanks", rsa, f"v = DKIM1 ; p = {rsa.p[:30]} {rsa.p[30:]} ", "pass"),
            ("a last ;", rsa, f"v=DKIM1;k=rsa;p={rsa.p};", "pass"),
                                     ("K in upper case", rsa, f"v=DKIM1; k=RSA; p={rsa.p}", "pass"),
                                     ("no k= of Ed25519", ed, f"v=DKIM1; p={ed.p}", "permerror"),
            ("v= second", rsa, f"k=rsa; v=DKIM1; p={rsa.p}", "permerror"),
                                     ("v=DKIM2", rsa, f"v=DKIM2; p={rsa.p}", "permerror"),
                                     ("v=dkim1", rsa, f"v=dkim1; p={rsa.p}", "permerror"),
            ("k= of the other", rsa, f"v=DKIM1; k=ed25519; p={rsa.p}", "permerror"),
                                     ("h=sha256", rsa, f"v=DKIM1; h=sha256; p={rsa.p}", "pass"),
            ("h=sha1", rsa, f"v=DKIM1; h=sha1; p={rsa.p}", "permerror"),
                                     ("h=sha1:SHA256", rsa, f"v=DKIM1; h=sha1:SHA256; p={rsa.p}", "pass"),
                                     ("s=email", rsa, f"v=DKIM1; s=email; p={rsa.p}", "pass"),
            ("s=*", rsa, f"v=DKIM1; s=*; p={rsa.p}", "pass"),
                                     ("s=other", rsa, f"v=DKIM1; s=other; p={rsa.p}", "permerror"),
                                     ("s=other:Email", rsa, f"v=DKIM1; s=other:Email; p={rsa.p}", "pass"),
            ("t=y", rsa, f"v=DKIM1; t=y; p={rsa.p}", "pass"), ("t=s", rsa, f"v=DKIM1; t=s; p={rsa.p}", "pass"),
                                     ("n= and unknown tags", rsa, f"v=DKIM1; n=hello; g=*; zz=; p={rsa.p}", "pass"),
            ("p= twice", rsa, f"v=DKIM1; p={rsa.p}; p={rsa.p}", "permerror"),
                                     ("revoked", rsa, "v=DKIM1; p=", "permerror"),
                                     ("of another", rsa, f"v=DKIM1; p={others[-1].p}", "fail"),
            ("no base64", rsa, "v=DKIM1; p=????", "permerror"),
                                     ("cut short", rsa, f"v=DKIM1; p={rsa.p[:100]}", "permerror"),
                                     ("of Ed25519, too long", ed, f"v=DKIM1; k=ed25519; p={ed.p[:-1]}AAAA",
                                      "permerror")]:
        yield Row(f"key: {label}", [key.sign(s="odd")], want, zone={"odd": record})


def records(rsa, ed, others):
    return {key.name: key.record for key in [rsa, ed, *others]}


def all_rows(t):
    rsa, ed = Signer(t, "rsa2048", ["-algorithm", "RSA", "-pkeyopt",
                                    "rsa_keygen_bits:2048"]), Signer(t, "ed25519", ["-algorithm", "ed25519"])
    others = [Signer(t, f"rsa{bits}", ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"])
              for bits in (768, 1024, 1536, 3072, 4096)]
    rows = [row for part in (canonical_forms, changes, lists, tags, lengths, several)
            for row in part(rsa, ed)] + list(keys(rsa, ed, others))
    return rows, records(rsa, ed, others)


def by_dkimpy(row, zone):
    words = []
    for index in range(row.count):
        def ask(name, timeout=5):
            return zone.get(name.decode().split("._domainkey.")[0].lower(), "").encode()
        try:
            good = dkim.DKIM(row.message, minkey=1024, timeout=1).verify(idx=index, dnsfunc=ask)
        except Exception as error:   # of any kind: it says no
            good = False
            row.error = repr(error)
        words.append("pass" if good else "no")
    return " ".join(words)


def zone_file(t, name, zone):
    lines = [f"{selector}._domainkey.example.com TXT " + " ".join(f'"{text[i:i + 200]}"'
                                                                  for i in range(0, max(len(text), 1), 200))
             for selector, text in zone.items()]
    return t.file(name, "\n".join(lines) + "\n")


def variants(t, _):
    rows, known = all_rows(t)
    program = t.need("mailweirctl")

    def judge(numbered):
        number, row = numbered
        path = os.path.join(t.directory, f"variant-{number}.eml")
        with open(path, "wb") as file:
            file.write(row.message)
        zone = {**known, **row.zone}
        zone_path = zone_file(t, f"variant-{number}.zone", zone)
        found = {"dkimpy": by_dkimpy(row, zone)}
        for verifier in ("builtin", "libopendkim"):
            done = subprocess.run([program, "dkim", path, "--zone", zone_path, "--verifier", verifier, "--json"],
                                  capture_output=True, timeout=seconds(60), check=False)
            answer = json.loads(done.stdout)
            found[verifier] = " ".join(answer[f"signature {i + 1}"].split()[0] for i in range(row.count))
            found[verifier + " why"] = " | ".join(answer[f"signature {i + 1}"] for i in range(row.count))
        return found
    with ThreadPoolExecutor(2) as pool:
        judged = list(pool.map(judge, enumerate(rows)))
    t.ok(len(rows) >= 200, f"{len(rows)} variants")
    for verifier in ("builtin", "libopendkim", "dkimpy"):
        wrong = []
        for row, found in zip(rows, judged):
            want = row.wanted(verifier)
            if found[verifier] != want:
                wrong.append(f"{row.label}: {found[verifier]}, not {want}: " + found.get(verifier + " why", row.error))
        t.ok(not wrong, f"{verifier} says so of all of them", "\n".join(wrong))
