# SPDX-License-Identifier: BSD-2-Clause
"""Every fact that the manual promises stands at both, without a macro line in sendmail.mc."""
from bed import NOBODY, text
from harness import letter
from row import MESSAGE, OUTSIDE, TAKEN, Row, rule


def show(at, *facts):
    """A rule that shows facts as they stand at the end of a stage, in a header of the message."""
    words = " ".join(f"{name}=[{{{name}}}]" for name in facts)
    return rule(f"show-{at}", at, add_headers=f"{{ X-{at.title()} = \"{words}\" }}")


def seen(**facts):
    return text("^" + " ".join(rf"{name}=\[{value}\]" for name, value in facts.items()) + "$")


def written_by(author):
    return letter().replace(b"From: <alice@example.com>", b"From: " + author.encode())


def hops(count):
    return [("Received", f"from h{i}.test by h{i + 1}.test; Mon, 05 Jan 2026 10:00:00 +0000") for i in range(count)]


CONNECT = ("client_address", "client_port", "server_address", "server_port", "door", "origin")
SUBMISSION = """login alice@example.com secret
""" + TAKEN

ROWS = [
    Row("facts of the connection", show("mail", *CONNECT), client=OUTSIDE,
        sink=[{"X-Mail": seen(client_address="127.0.0.2", client_port="[1-9][0-9]+", server_address="127.0.0.1",
                              server_port="[23][0-9]{4}", door="milter", origin="smtp")}]),
    # This Postfix looks up no names; the Sendmail finds them in its hosts file.
    Row("names of a client that has one", show("mail", "client_name", "reverse_client_name"), client=OUTSIDE,
        postfix={"sink": [{"X-Mail": seen(client_name="unknown", reverse_client_name="unknown")}]},
        sendmail={"sink": [{"X-Mail": seen(client_name="outside.test", reverse_client_name="outside.test")}]}),
    Row("names of a client that has none", show("mail", "client_name", "reverse_client_name"), client="127.0.0.3",
        sink=[{"X-Mail": seen(client_name="unknown", reverse_client_name="(unknown|)")}]),
    Row("a rule at connect may ask them",
        rule("c", "connect", log="true", when='{ service = "/./", server_port = "> 1" }'),
        log=[{"stage": "connect", "rules": "c"}]),
    Row("facts of the envelope", show("data", "helo_name", "sender", "sender_domain", "recipient", "recipient_domain",
                                      "recipient_count", "size", "direction", "authenticated", "tls"),
        TAKEN.replace("<a@example.com>", "<a@example.com> SIZE=1234"),
        [{"X-Data": seen(helo_name=r"client\.test", sender="a@example.com", sender_domain="example.com",
                         recipient="bob@example.net", recipient_domain="example.net", recipient_count="1", size="1234",
                         direction="outgoing", authenticated="false", tls="false")}]),
    Row("the queue id at the end is the MTA's", show("end-of-message", "queue_id"),
        sink=[{"X-End-Of-Message": text(r"queue_id=\[[0-9A-Za-z]{10,}\]")}],
        log=[{"event": "message", "queue_id": text("^[0-9A-Za-z]{10,}$")}]),
    Row("service: the daemon's name", show("mail", "service"), service="submission",
        sink=[{"X-Mail": seen(service="submission")}]),
    Row("the true size at the end", show("end-of-message", "size"), sink=[{"X-End-Of-Message": seen(size="15[0-9]")}]),
    Row("from, header, hops", show("end-of-message", "from", "from_domain", "header.subject", "hops"),
        sink=[{"X-End-Of-Message": text(r"^from=\[alice@example.com\] from_domain=\[example.com\] "
                                        r"header.subject=\[hello\] hops=\[0\]$")}]),
    # The MTA's own Received is not among those that are counted.
    Row("ten hops", rule("loop", "end-of-message", when='{ hops = "> 10" }', reject='"554 5.4.6 {hops} hops"'),
        sink=[{}], letter=letter(headers=hops(10))),
    Row("more than ten hops", rule("loop", "end-of-message", when='{ hops = "> 10" }',
                                   reject='"554 5.4.6 {hops} hops"'),
        MESSAGE + "< 554 5\\.4\\.6 11 hops$", sink=[], letter=letter(headers=hops(11))),
    # Sendmail sends ! on as @; Postfix does so where it rewrites the header, which it does for its own clients.
    *(Row(f"From: {written}, as {meant} arrives", show("end-of-message", "from"),
          sink=[{"X-End-Of-Message": seen(**{"from": meant}), "From": text(f"^(Boss )?<?{meant}>?$")}],
          letter=written_by(written))
      for written, meant in [("victim.example!ceo", "ceo@victim.example"),
                             ("Boss <victim.example!ceo>", "ceo@victim.example")]),
    Row("From: victim!ceo is the ceo's",
        rule("victim", "end-of-message", when='{ from = "ceo@victim" }', reject='"550 5.7.1 {from}"'),
        MESSAGE + "< 550 5\\.7\\.1 ceo@victim(, victim!ceo@sm\\.test)?$", sink=[], letter=written_by("victim!ceo")),
    # A name without a dot is no host to Sendmail's rewriting: it goes on as it is, with the name of this host. So does
    # one without any domain. Both are judged.
    *(Row(f"From: {written}, as it arrives", show("end-of-message", "from", "from_count"), letter=written_by(written),
          postfix={"sink": [{"X-End-Of-Message": seen(**{"from": postfix}, from_count="1"),
                             "From": text(rf"^(Boss )?<?{arrives}>?$")}]},
          sendmail={"sink": [{"X-End-Of-Message": seen(**{"from": f"{judged}, {left}@sm.test"}, from_count="1"),
                              "From": text(rf"^(Boss )?<?{left}@sm\.test>?$")}]})
      for written, postfix, arrives, judged,
      left in [("victim!ceo", "ceo@victim", r"ceo@victim(\.\S+)?", "ceo@victim", "victim!ceo"),
                                                      ("Boss <victim!ceo>", "ceo@victim", r"ceo@victim(\.\S+)?",
                                                       "ceo@victim", "victim!ceo"),
                                                      ("ceo", r"ceo(@\S+)?", r"ceo(@\S+)?", "ceo", "ceo")]),
    *(Row(f"From: {written} leaves Sendmail as one of this host's",
          rule("ours", "end-of-message", when='{ from_domain = "sm.test" }',
          reject='"550 5.7.1 ours"'), letter=written_by(written),
          sendmail={"dialogue": MESSAGE + "< 550 5\\.7\\.1 ours$", "sink": []})
      for written in ("victim!ceo", "Boss <victim!ceo>", "a!b!ceo", "ceo")),

    # --- AUTH --------------------------------------------------------------------------------------------------------
    Row("a login", show("mail", "sasl_username", "sasl_domain", "sasl_method", "authenticated", "direction"),
        SUBMISSION, client=OUTSIDE,
        sink=[{"X-Mail": seen(sasl_username="alice@example.com", sasl_domain="example.com", sasl_method="PLAIN",
                              authenticated="true", direction="outgoing")}],
        log=[{"event": "message", "sasl_username": "alice@example.com", "direction": "outgoing"}]),
    Row("no login", show("mail", "sasl_username", "authenticated", "direction"), client=OUTSIDE,
        sink=[{"X-Mail": seen(sasl_username="", authenticated="false", direction="incoming")}],
        log=[{"event": "message", "sasl_username": None, "direction": "incoming"}]),
    Row("a login lasts for the session", show("mail", "sasl_username"), SUBMISSION + "\n" + TAKEN, client=OUTSIDE,
        sink=[{"X-Mail": seen(sasl_username="alice@example.com")},
              {"X-Mail": seen(sasl_username="alice@example.com")}]),
    Row("relay-needs-login refuses and lets pass",
        rule("relay", "rcpt", when="{ authenticated = false }", unless='{ client_address = "list:mynetworks" }',
             reject='"554 5.7.1 log in first"'),
        """> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<bob@example.net>
        < 554 5\\.7\\.1 (<\\S+>\\.\\.\\. )?log in first$
        > RSET
        < 250
        """ + SUBMISSION, client=OUTSIDE),
    Row("a sender of another login's",
        '[maps]\nowner = { "carol@example.com" = "carol@example.com", "example.com" = "alice@example.com" }\n'
        + rule("own", "mail", when='{ authenticated = true, sender_login_mismatch = "map:owner" }',
               reject='"553 5.7.1 {sender} does not belong to {sasl_username}"'),
        """login alice@example.com secret
        > MAIL FROM:<carol@example.com>
        < 553 5\\.7\\.1 (<\\S+>\\.\\.\\. )?carol@example\\.com does not belong to alice@example\\.com$
        """ + TAKEN),

    # --- TLS ---------------------------------------------------------------------------------------------------------
    Row("a STARTTLS session", show("mail", "tls", "encryption_protocol", "encryption_cipher",
                                    "encryption_keysize", "helo_name"), "tls\n" + TAKEN,
        [{"X-Mail": seen(tls="true", encryption_protocol=r"TLSv1\.[23]", encryption_cipher="[A-Z0-9_-]{10,}",
                         encryption_keysize="(128|256)", helo_name=r"client\.test")}]),
    Row("a session in the clear", show("mail", "tls", "encryption_protocol", "encryption_cipher", "encryption_keysize"),
        sink=[{"X-Mail": seen(tls="false", encryption_protocol="", encryption_cipher="", encryption_keysize="")}]),
    Row("helo rules are asked again behind STARTTLS", rule("tls-only", "helo", when="{ tls = false }", log="true")
        + rule("tls-yes", "helo", when="{ tls = true }", log="true"), "tls\n" + TAKEN,
        log=[{"stage": "helo", "rules": "tls-only"}, {"stage": "helo", "rules": "tls-yes"}]),
    Row("a client with a certificate", show("mail", "ccert_subject", "ccert_issuer"), "tls server\n" + TAKEN,
        postfix={"sink": [{"X-Mail": seen(ccert_subject=r"pf\.test", ccert_issuer=r"pf\.test")}]},
        sendmail={"sink": [{"X-Mail": seen(ccert_subject=r"sm\.test", ccert_issuer=r"sm\.test")}]}),
    Row("a certificate without a known issuer", show("mail", "ccert_subject", "ccert_issuer"),
        "tls stranger\n" + TAKEN, sink=[{"X-Mail": seen(ccert_subject="", ccert_issuer="")}]),
    Row("a client without", show("mail", "ccert_subject", "ccert_issuer"), "tls\n" + TAKEN,
        sink=[{"X-Mail": seen(ccert_subject="", ccert_issuer="")}]),
    Row("TLS and a login", show("mail", "tls", "sasl_username"), "tls\n" + SUBMISSION, client=OUTSIDE,
        sink=[{"X-Mail": seen(tls="true", sasl_username="alice@example.com")}]),

    # --- whom the MTA refuses by itself
    # ---------------------------------------------------------------------------------
    Row("an unknown recipient is the MTA's to refuse, and no recipient here",
        show("data", "recipient_count", "recipient") + rule("see", "rcpt", log="true"),
        f"""> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<gone@{NOBODY}>
        < 550 5\\.1\\.1 <gone@unknown\\.example>
        > RCPT TO:<bob@example.net>
        < 250
        > DATA
        < 354
        letter
        < 250""", [{"X-Data": seen(recipient_count="1", recipient="bob@example.net"),
                    "recipients": ["bob@example.net"]}],
        log=[{"event": "message", "recipients": "1"}]),
    Row("unknown recipients are counted",
        rule("guesses", "mail", limit='{ by = "client_address", of = "unknown-recipients", max = "1/1d" }',
             reject='"550 5.7.1 {count} unknown recipients"'),
        f"""> MAIL FROM:<a@example.com>
        < 250
        > RCPT TO:<gone1@{NOBODY}>
        < 550 5\\.1\\.1
        > RCPT TO:<gone2@{NOBODY}>
        < 550 5\\.1\\.1
        > RSET
        < 250
        > MAIL FROM:<a@example.com>
        < 550 5\\.7\\.1 (<\\S+>\\.\\.\\. )?2 unknown recipients$""", [],
        [{"event": "unknown-recipient", "recipient": f"gone1@{NOBODY}"},
         {"event": "unknown-recipient", "recipient": f"gone2@{NOBODY}"}],
        postfix={"client": "127.0.0.21"}, sendmail={"client": "127.0.0.22"}),
]
