# SPDX-License-Identifier: BSD-2-Clause
"""What a client calls itself."""
from bed import rule

RULES = (rule("ours", "rcpt", when='{ helo_is_ours = true }', unless='{ client_address = "list:mynetworks" }',
              reject='"550 5.7.1 ours"')
         + rule("another", "rcpt", when='{ helo_address_mismatch = true }', reject='"550 5.7.1 another address"')
         + rule("address", "rcpt", when='{ helo_is_address = true, helo_fqdn = false }',
                reject='"550 5.7.1 no brackets"'))


def run(t, bed):
    bed.policy(RULES)
    bed.both("250", "a name of its own")
    bed.both("550 5.7.1 ", "our name", helo="MX.test")
    bed.both("550 5.7.1 ", "a name below our domain", helo="a.our.test")
    bed.both("250", "our name said by ourselves", helo="mx.test", addr="127.0.0.1")
    bed.both("550 5.7.1 ", "the address that it connected to", helo="[127.0.0.1]")
    bed.both("550 5.7.1 ", "another host's address", helo="[203.0.113.9]")
    bed.both("250", "its own address", helo="[198.51.100.7]")
    bed.both("250", "its own IPv6 address", helo="[IPv6:2001:db8::9]", addr="IPv6:2001:db8::9")
    bed.both("550 5.7.1 ", "its own address without brackets", helo="198.51.100.7")
