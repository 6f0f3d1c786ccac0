# SPDX-License-Identifier: BSD-2-Clause
"""No spelling of a denied address passes: doors, transports, mail servers."""
from cases import NO_ERROR_LIMIT, VICTIM, ask, of_the_victim
from harness import Mailweir, Postfix, Sendmail, Service, Sink

POLICY = f"""
[[rule]]
name = "sender"
at = "mail"
when = {{ sender = "{VICTIM}" }}
reject = "550 5.7.99 sender"
[[rule]]
name = "recipient"
at = "rcpt"
when = {{ recipient = "{VICTIM}" }}
reject = "550 5.7.99 recipient"
"""
# To Sendmail these are a local part with a colon in it, and it sends them on so.
LOCAL_PARTS_AT_SENDMAIL = {"<group:ceo@victim.example;>", "<a:b:ceo@victim.example;>", "<a group:ceo@victim.example;>",
                           '<"a group":ceo@victim.example;>'}


def daemons(t):
    return {"builtin": t.start(Mailweir(POLICY, policy_door=None, name="builtin",
                                        sections={"milter": 'transport = "builtin"'})),
            "libmilter": t.start(Mailweir(POLICY, policy_door=None, name="libmilter",
                                          sections={"milter": 'transport = "libmilter"'})),
            "policy": t.start(Mailweir(POLICY, milter=None, name="policy"))}


def run(t):
    sink, daemon = t.start(Sink()), daemons(t)
    alone = {"smtpd_delay_reject": "no", "smtpd_milters": ""}
    asks = f"check_policy_service {daemon['policy'].policy}, permit"
    postfix = t.start(Postfix(sink, milters=[daemon["builtin"].milter],
                              main={"mydestination": "$myhostname", **NO_ERROR_LIMIT}, services=[
        Service("libmilter", {"smtpd_milters": daemon["libmilter"].milter}),
        Service("policy", {"smtpd_sender_restrictions": asks, "smtpd_recipient_restrictions": asks, **alone})]))
    ways = {"Postfix, milter": postfix.client, "Postfix, libmilter": lambda: postfix.client("libmilter"),
            "Postfix, policy": lambda: postfix.client("policy")}
    for transport in ("builtin", "libmilter"):
        ways[f"Sendmail, {transport}"] = t.start(Sendmail(sink, milter=daemon[transport].milter,
                                                          name=f"sm-{transport}")).client
    for way, connect in ways.items():
        for side in ("sender", "recipient"):
            passed, refused = [], 0
            with connect() as client:
                client.ehlo()
                for path in of_the_victim():
                    reply = ask(client, path, side)
                    refused += "5.7.99" in reply.text
                    if reply.code < 400 and not ("Sendmail" in way and side == "sender"
                                                 and path in LOCAL_PARTS_AT_SENDMAIL):
                        passed.append(path)
                other = ask(client, "<Boss <other@victim.example>>", side)
            t.equal((passed, other.code), ([], 250),
                    f"{way}: no spelling of a {side} passes ({refused} refused by the rule)")
            t.ok(refused >= 50, f"{way}: most are refused by the rule and not by the mail server", refused)
