# SPDX-License-Identifier: BSD-2-Clause
"""Recipients, size and hops of a message, each for incoming and outgoing."""
from bed import rule
from harness import letter

BOTH = (rule("recipients-in", "data", when='{ direction = "incoming", recipient_count = "> 2" }',
             reject='"550 5.5.3 too many in"')
        + rule("recipients-out", "data", when='{ direction = "outgoing", recipient_count = "> 4" }',
               reject='"550 5.5.3 too many out"')
        + rule("size-in", "end-of-message", when='{ direction = "incoming", size = "> 20kB" }',
               reject='"552 5.3.4 too large in"')
        + rule("size-out", "end-of-message", when='{ direction = "outgoing", size = "> 40kB" }',
               reject='"552 5.3.4 too large out"'))
HOPS = (rule("hops-in", "end-of-message", when='{ direction = "incoming", hops = "> 10" }',
             reject='"554 5.4.6 loop in"')
        + rule("hops-out", "end-of-message", when='{ direction = "outgoing", hops = "> 5" }',
               reject='"554 5.4.6 loop out"'))


def people(count):
    return tuple(f"r{number}@example.net" for number in range(count))


def run(t, bed):
    bed.daemons["milter"].reload(BOTH + HOPS)
    bed.daemons["policy"].reload(BOTH)
    ours = {"addr": "127.0.0.1"}
    bed.both("250", "as many recipients as a stranger may have", to=people(2))
    bed.both("550 5.5.3 too many in", "one more", to=people(3))
    bed.both("250", "as many as our own may have", to=people(4), **ours)
    bed.both("550 5.5.3 too many out", "one more", to=people(5), **ours)
    medium, large = letter(body="0123456789\r\n" * 2500), letter(body="0123456789\r\n" * 4000)
    bed.both("552 5.3.4 too large in", "30 kB from a stranger", text=medium)
    bed.both("250", "30 kB of our own", text=medium, **ours)
    bed.both("552 5.3.4 too large out", "48 kB of our own", text=large, **ours)
    for count, extra, want in ((11, {}, "554 5.4.6 loop in"), (9, {}, "250"), (6, ours, "554 5.4.6 loop out"),
                               (4, ours, "250")):
        text = letter(headers=[("Received", f"from a by b; {number}") for number in range(count)])
        got = bed.send("milter", text=text, **extra)
        t.ok(got.startswith(want), f"milter: {count} Received fields {'of our own' if extra else 'from a stranger'}",
             got)
