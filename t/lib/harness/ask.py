# SPDX-License-Identifier: BSD-2-Clause
"""A client of the policy door: what Postfix would ask, and any bytes that it would not."""
from .parts import as_bytes
from .peer import Peer


class PolicyClient(Peer):
    """Connects to "unix:/path" or "inet:HOST:PORT" (as Postfix spells them) when made."""

    def __init__(self, address, within=10):
        super().__init__(address, within)

    def send(self, data):
        self.socket.sendall(as_bytes(data))
        return self

    def read(self):
        """The action of one answer ("DUNNO", "550 5.7.1 ..."); None when the door hangs up instead."""
        answer = {}
        try:
            for raw in self.input:
                line = raw.decode().rstrip("\n")
                if not line:
                    return answer.get("action")
                name, _, value = line.partition("=")
                answer[name] = value
        except ConnectionError:
            pass
        return None

    def ask(self, protocol_state="RCPT", **attributes):
        return self.send(request(protocol_state, **attributes)).read()


def request(protocol_state="RCPT", **attributes):
    """The bytes of one request, as Postfix 3.7 sends them for a plain client; `attributes` replace or add."""
    fields = {
        "request": "smtpd_access_policy", "protocol_state": protocol_state, "protocol_name": "ESMTP",
        "client_address": "192.0.2.10", "client_name": "unknown", "client_port": "40000",
        "reverse_client_name": "unknown", "server_address": "127.0.0.1", "server_port": "25",
        "helo_name": "client.test", "sender": "alice@example.com", "recipient": "bob@example.net",
        "recipient_count": "0", "queue_id": "", "instance": "1.1.1.0", "size": "0", "etrn_domain": "", "stress": "",
        "sasl_method": "", "sasl_username": "", "sasl_sender": "", "ccert_subject": "", "ccert_issuer": "",
        "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "", "encryption_cipher": "",
        "encryption_keysize": "0", "policy_context": ""}
    fields.update(attributes)
    return "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"
