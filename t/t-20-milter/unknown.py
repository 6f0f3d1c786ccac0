# SPDX-License-Identifier: BSD-2-Clause
"""Recipients that Postfix itself refuses as unknown: counted by client and by login, and what is no unknown one."""
from bed import CLIENT, rule

OTHER = "198.51.100.8"


def run(t, bed):
    known = "inline:{ bob@example.net=x ours@example.net=x }"
    bed.postfix.set(relay_recipient_maps=known,
                    smtpd_recipient_restrictions="check_recipient_access inline:{ { closed@example.net=550 5.7.1 "
                                                 "closed } }, permit")
    limit = '{ by = "%s", of = "unknown-recipients", max = "2/1d" }'
    bed.policy(rule("u-client", "mail", unless="{ authenticated = true }", limit=limit % "client_address",
                    reject='"550 5.7.1 {count} unknown recipients"')
               + rule("u-login", "mail", limit=limit % "sasl_username", reject='"550 5.7.1 {sasl_username} guesses"')
               + rule("u-own", "rcpt", when='{ recipient = "ours@example.net" }', reject='"550 5.1.1 ours"'))
    bed.mark()
    ask(t, bed, ["bob", "closed", "gone1", "ours", "gone2"], [250, 550, 550, 550, 550],
        "two unknown ones are not too many", addr=CLIENT)
    ask(t, bed, ["gone3", "bob"], [550, 250], "nor is a third, while the message goes on", addr=CLIENT)
    lines = bed.lines(event="unknown-recipient")
    t.equal([line["recipient"] for line in lines], ["gone1@example.net", "gone2@example.net", "gone3@example.net"],
            "only what Postfix refused as unknown is counted: not what its access map or we refused")
    t.equal(lines[-1]["used"], "u-client:3/2/1d(over)", "with what was counted by its address")
    t.like(bed.send("eve@example.com", addr=CLIENT), r"^550 5\.7\.1 3 unknown recipients$",
           "then the client is refused from MAIL on")
    t.equal(bed.send("eve@example.com", addr=OTHER)[:3], "250", "another client is not")
    for _ in range(3):
        ask(t, bed, ["gone9"], [550], "a login guesses", addr=OTHER, login="alice@example.com")
    t.like(bed.send("alice@example.com", addr=CLIENT, login="alice@example.com"),
           "^550 5.7.1 alice@example.com guesses$", "by its login, from wherever it comes")
    t.equal(bed.send("eve@example.com", addr=OTHER)[:3], "250", "and its address is not held to account")
    bed.postfix.wait_empty()
    bed.policy("")
    bed.postfix.set(relay_recipient_maps="", smtpd_recipient_restrictions="permit")
    bed.sink.left()


def ask(t, bed, names, want, what, **xclient):
    with bed.client(**xclient) as client:
        replies = client.envelope("eve@example.com", [f"{name}@example.net" for name in names])
        t.equal([reply.code for reply in replies[1:]], want, what)
        client.command("RSET")
