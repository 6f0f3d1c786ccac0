# SPDX-License-Identifier: BSD-2-Clause
"""Recipients in virtual_alias_domains: Postfix takes them and says {rcpt_mailer} error of them all the same. Rules,
limits and counts hold for them; what Postfix itself refuses there is counted as unknown, and not as ours."""
from cases import NO_ERROR_LIMIT, VICTIM
from harness import Mailweir, Postfix, Sink, letter

POLICY = f"""
[[rule]]
name = "recipient"
at = "rcpt"
when = {{ recipient = "{VICTIM}" }}
reject = "550 5.7.99 recipient"
[[rule]]
name = "limit"
at = "rcpt"
limit = {{ by = "client_address", of = "recipients", max = "2/1h" }}
reject = "550 5.7.98 limit"
"""
TARGETS = {"ceo@victim.example": "ceo@real.example", "a@other.example": "a@real.example",
           "b@other.example": "b@real.example", "c@other.example": "c@real.example"}
ALIASES = {"virtual_alias_domains": "victim.example other.example",
           "virtual_alias_maps": "inline:{ " + ", ".join(f"{{ {name} = {target} }}" for name,
                                                         target in TARGETS.items()) + " }"}


def run(t):
    for transport in ("builtin", "libmilter"):
        sink = t.start(Sink())
        daemon = t.start(Mailweir(POLICY, policy_door=None, name=f"va-{transport}",
                                  sections={"milter": f'transport = "{transport}"'}))
        postfix = t.start(Postfix(sink, milters=[daemon.milter], main={**ALIASES, **NO_ERROR_LIMIT},
                                  name=f"va-pf-{transport}"))
        with postfix.client() as client:
            client.ehlo()
            client.command("MAIL FROM:<a@example.org>")
            codes = [str(client.command(f"RCPT TO:<{name}>"))[:10] for name in (*TARGETS, "nobody@other.example")]
            t.equal(codes, ["550 5.7.99", "250 2.1.5 ", "250 2.1.5 ", "550 5.7.98", "550 5.1.1 "],
                    f"{transport}: aliases of virtual domains are judged and counted")
            t.equal(client.data(letter()).code, 250, f"{transport}: the message is taken")
        mail, = sink.take_all(1, 20)
        t.equal(sorted(mail.recipients), ["a@real.example", "b@real.example"],
                f"{transport}: and goes to those that were accepted")
        t.equal(daemon.wait_line(event="message")["recipients"], "2", f"{transport}: as the log says")
        daemon.stop()
