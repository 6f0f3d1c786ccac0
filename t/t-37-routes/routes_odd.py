# SPDX-License-Identifier: BSD-2-Clause
"""Odd messages that are signed and leave by a rewriting transport."""
import base64
import importlib.util
import os
import subprocess


def odd_messages(bed, deliver, policy):
    """What is good by the usual way is good behind the rewriting transport, and has the same bytes."""
    t, mta = bed.t, bed.mta
    try:
        import dkim
    except ImportError:
        t.skip("odd messages with a signature", "python3-dkim is not installed")
        return
    path = os.path.join(t.top, "t/t-10-dkim/odd_messages.py")
    spec = importlib.util.spec_from_file_location("odd_messages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    key = os.path.join(bed.daemon.directory, "key.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["chown", "nobody", key], check=True)
    os.chmod(key, 0o600)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
        capture_output=True).stdout
    record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:])
    bed.daemon.reload(bed.placed(policy) + """
[[rule]]
name = "odd"
at = "end-of-message"
when = { recipient = "route@example.net" }
route = "bad"
[[rule]]
name = "sign"
at = "end-of-message"
sign = ["example.com"]
[[dkim.key]]
domain = "example.com"
selector = "s"
file = "key.pem"
""")

    def bytes_of(mail):   # but for what is new in each delivery: its trace, and what Postfix adds where it is missing
        new = ("received", "dkim-signature", "date", "message-id", "resent-date", "resent-message-id")
        return [field for field in mail.fields if field[0].lower() not in new], mail.body

    def is_good(mail):
        try:
            return dkim.DKIM(mail.data).verify(dnsfunc=lambda name, timeout=5: record)
        except dkim.DKIMException as why:
            return str(why)

    differ, bad, good = [], [], 0
    for number in range(337):
        message = module.odd_message(37, number)
        mails = []
        for recipient, sink in (("usual@example.net", "out"), ("route@example.net", "bad")):
            reply = deliver(mta, [recipient], data=message)[-1]
            if reply.code == 250:
                mails.append(bed.sinks[sink].take())
        if len(mails) != 2:
            continue
        usual, routed = mails
        if bytes_of(usual) != bytes_of(routed):
            differ.append((number, [pair for pair in zip(bytes_of(usual)[0],
                bytes_of(routed)[0]) if pair[0] != pair[1]][:2], usual.body == routed.body))
        if is_good(usual) is True:
            good += 1
            if is_good(routed) is not True:
                bad.append((number, is_good(routed)))
    t.ok(good > 200, f"{good} of 337 odd messages are signed and good by the usual way")
    t.equal(bad, [], "all of these are good behind the rewriting transport")
    t.equal(differ, [], "which changes no byte of any")
    bed.daemon.reload(bed.placed(policy))
