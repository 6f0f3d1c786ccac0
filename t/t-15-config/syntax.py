# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong in TOML itself, and what was probably meant."""
import os

from bed import run

MISSING = ("Error while parsing string: unescaped control characters other than TAB (U+0009) are explicitly "
           "prohibited; the closing quote is missing")
UNKNOWN = "Error while parsing value: could not determine value type; "
INLINE = "Error while parsing inline table: expected key or closing '}', saw '\\n'; an inline table must be on one line"
# What is wrong in TOML itself is told one at a time: (the text, what is told of it).
SYNTAX = [
    ("[general]\nuser = nobody\n",
     "2:9: Error while parsing floating-point: expected 'nan', saw 'no'; a string must be in quotes: \"...\""),
    ("[general]\nuser = mail\n", "2:8: " + UNKNOWN + "a string must be in quotes: \"...\""),
    ("[general]\nuser = \u201cmail\u201d\n", "2:8: " + UNKNOWN + "quotes must be the plain ones: \"...\""),
    ("[counters]\ndeadline = 10s\n",
     "2:14: Error while parsing decimal integer: expected digit, saw 's'; a string must be in quotes: \"...\""),
    ("[[rule]]\nwhen = { authenticated = yes }\n", "2:26: " + UNKNOWN + "write true"),
    ("[[rule]]\nsign = True\n", "2:8: Error while parsing boolean: expected 'true', saw 'T'; write true"),
    ("[[rule]]\nshadow = off\n", "2:10: " + UNKNOWN + "write false"),
    ("[general]\nuser = \"mail\ngroup = \"mail\"\n", "2:13: " + MISSING),
    ("[[rule]]\nwhen = {\n  tls = true\n}\n", "2:9: " + INLINE),
    ("[[rule]]\nwhen = { tls = true,\n  size = 5 }\n", "2:21: " + INLINE),
    ("[[rule]]\nname = \"a\"\nat = \"mail\"\nhold = true\n\nname = \"b\"\n",
     "6:8: Error while parsing key-value pair: cannot redefine existing string 'name'; is a [[rule]] missing above "
     "it?"),
    ("[[rule]]\nname = \"a\"\n\n[rule]\nname = \"b\"\n",
     "4:1: Error while parsing table header: cannot redefine existing array 'rule' as table; must be written as "
     "[[rule]], each time"),
    ("[general]\nuser: mail\n",
     "2:5: Error while parsing key-value pair: expected '=', saw ':'; a key and its value have a = between them"),
    ("[[rule]]\nwhen = { sender = \"/a\\.b/\" }\n",
     "2:23: Error while parsing string: unknown escape sequence '\\.'; in \"...\" a backslash is written twice, in "
     "'...' once"),
]


def syntax(t):
    for text, wanted in SYNTAX:
        t.file("syntax.toml", text)
        status, _, err = run(t, "check", os.path.join(t.directory, "syntax.toml"))
        told = err.replace(t.directory + "/", "").splitlines()
        t.equal((status, told[:-1]), (1, ["syntax.toml:" + wanted]), f"{text!r}: what was probably meant is told")


def all_of(t):
    syntax(t)
