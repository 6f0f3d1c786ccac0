#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compiles several sources of a program or library at once: most of the time of a compiler goes into the same headers.

    jumbo.py SRCDIR          run by configure --enable-jumbo in the build directory; reads Makefile there

Writes jumbo/*.cc, each of which includes up to about a dozen sources of one target, and GNUmakefile, which includes
Makefile with the object lists replaced. A name that a source keeps to itself (unnamed namespace, static) and that
another source of the group, or a header, has too, is renamed by the preprocessor for that source. A source for which
this cannot be done safely is compiled by itself. Needs GNU make. Files are written only if their contents change.
"""
import os
import re
import sys

LINES = 1400  # of a group; more means fewer, longer compiler runs
ALONE = re.compile(r"^\s*#\s*(define|undef|pragma\s+GCC)|\busing namespace (?!std::|mailweir;)|DOCTEST_CONFIG", re.M)
RULE = """NAME.o: NAME.cc Makefile
\t$(AM_V_CXX)$(CXX) $(DEFS) $(DEFAULT_INCLUDES) -I$(srcdir) $(@FLAGS@) $(CPPFLAGS) $(AM_CXXFLAGS) $(CXXFLAGS) \\
\t  -MT $@ -MD -MP -MF NAME.new -c -o $@ NAME.cc
\t$(AM_V_at)mv -f NAME.new NAME.d
-include NAME.d
"""
# A source that has gone must not stop make before Makefile has been made again. A group needs what any of its sources
# needs, so each program is linked with every library.
REST = """GNUmakefile: Makefile $(srcdir)/build-aux/jumbo.py $(wildcard NEEDED)
\tpython3 $(srcdir)/build-aux/jumbo.py $(srcdir)
ours := $(noinst_LIBRARIES) $(filter-out libfuzz.a libbench.a,$(check_LIBRARIES))
LIBS += -Wl,--start-group $(ours) -Wl,--end-group $(third_party_libs) $(BOOST_CONTEXT_LIBS)
$(noinst_LIBRARIES) $(check_LIBRARIES): GNUmakefile
$(PROGRAMS) $(check_PROGRAMS) $(EXTRA_PROGRAMS): $(ours)
mostlyclean: jumbo-clean
distclean: jumbo-distclean
jumbo-clean:
\trm -f jumbo/*.o jumbo/*.d jumbo/*.new
jumbo-distclean:
\trm -rf jumbo GNUmakefile
.PHONY: jumbo-clean jumbo-distclean
"""
SPECIFIER = re.compile(
    r"^\s*(template\s*<[^{};]*?>(?=\s*[a-zA-Z\[])|\[\[[^]]*\]\]|static|inline|constexpr|extern)\s*")
TOKEN = re.compile(r"[A-Za-z_]\w*")


def stripped(text):
    """The text without comments, and with empty literals."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda m: '""' if m[0][0] in "\"'R" else " ", text, flags=re.S)


def declared(statement):
    """The name that a statement at the level of a namespace declares, or None."""
    while True:
        bare = SPECIFIER.sub("", statement)
        if bare == statement:
            break
        statement = bare
    if re.match(r"using (?!\w+ =)", statement):
        return None
    found = re.match(r"\s*(?:enum\s+(?:class|struct)|struct|class|enum|union|using)\s+(\w+)", statement)
    if found:
        return found[1]
    if "operator" in statement:
        return None
    found = re.search(r"\(\s*\*\s*(\w+)\s*\)", statement) or re.search(r"(\w+)\s*(?:\(|\[|=|\{|$)", statement)
    return found[1] if found else None


def private_names(text):
    """The names that only this source knows, and those that others know, too."""
    names, public, stack, start, depth = set(), set(), [], 0, 0
    code = re.sub(r"^\s*#[^\n]*", "", text, flags=re.M)
    for at, char in enumerate(code):
        if char not in "{};":
            continue
        statement = code[start:at].strip()
        outer = depth == 0
        if char == "}":
            if depth:
                depth -= 1
                if depth == 0:
                    start = at + 1
            elif stack:
                stack.pop()
                start = at + 1
            continue
        if not outer:
            depth += char == "{"
            continue
        if char == "{" and re.match(r"(inline )?namespace\b[^()=]*$", statement):
            stack.append(statement.split("namespace", 1)[1].strip())
            start = at + 1
            continue
        name = declared(statement) if statement else None
        if name and not name.startswith("TEST_CASE") and name != "static_assert":
            (names if "" in stack or statement.startswith("static ") else public).add(name)
        if char == "{":
            depth = 1
        else:
            start = at + 1
    return names, public


class Source:
    def __init__(self, srcdir, path, obj):
        self.path, self.object = path, obj
        with open(os.path.join(srcdir, path), encoding="utf-8") as file:
            whole = file.read()
        self.lines = whole.count("\n")
        here = os.path.dirname(path)

        def from_the_top(found):
            beside = os.path.normpath(os.path.join(here, found[2]))
            return f'{found[1]}"{beside}"' if os.path.exists(os.path.join(srcdir, beside)) else found[0]

        self.includes = [re.sub(r'^(#include )"([^"]+)"', from_the_top, line)
                         for line in re.findall(r"^#include [^\n]+", whole, re.M)]
        guarded = re.search(r"^#\s*if", whole, re.M)
        self.code = stripped(whole)
        self.alone = bool(ALONE.search(self.code)) or bool(guarded)
        self.tokens = set(TOKEN.findall(re.sub(r"^#include.*", "", self.code, flags=re.M)))
        self.private, public = private_names(self.code)
        self.fixed = {name for name in self.private  # cannot be renamed
                      if name in public or re.search(r"(\.|->|::)\s*" + name + r"\b", self.code)}

    def clashes(self, other):
        """What this source would have to rename beside that one, and cannot."""
        return self.fixed & other.tokens


def targets_of(makefile):
    """{target: [(object, source)]} of the C++ objects that one target alone has, with its flags' prefix."""
    joined = makefile.replace("\\\n", " ")
    lists, owners = {}, {}
    for target, objects in re.findall(r"^am_(\w+)_OBJECTS = (.*)$", joined, re.M):
        lists[target] = objects.replace(".$(OBJEXT)", ".o").split()
        for obj in lists[target]:
            owners.setdefault(obj, set()).add(target)
    targets = {}
    for target, objects in lists.items():
        flags = target + "_CPPFLAGS" if re.search(rf"^{target}_CPPFLAGS = ", joined, re.M) else "AM_CPPFLAGS"
        own = []
        for obj in objects:
            directory, name = os.path.split(obj)
            source = os.path.join(directory, name[:-2].removeprefix(target + "-") + ".cc")
            if obj.endswith(".o") and len(owners[obj]) == 1:
                own.append((obj, source))
        targets[target] = (flags, objects, own)
    return targets


def groups_of(sources):
    groups = []
    for source in sources:
        for group in groups:
            if source.alone or sum(one.lines for one in group) + source.lines > LINES:
                continue
            if group[0].alone or any(source.clashes(one) or one.clashes(source) for one in group):
                continue
            group.append(source)
            break
        else:
            groups.append([source])
    return [group for group in groups if len(group) > 1]


def group_text(group, header_tokens):
    lines = ["// Made by build-aux/jumbo.py.", "#ifndef __clang__",
             '#pragma GCC diagnostic ignored "-Wsubobject-linkage"  // a source is not the main file here', "#endif"]
    for source in group:
        lines += [line for line in source.includes if line not in lines]
    for source in group:
        others = set().union(*(one.tokens for one in group if one is not source))
        renamed = sorted(source.private & (others | header_tokens) - source.fixed)
        mark = re.sub(r"\W", "_", os.path.splitext(os.path.basename(source.path))[0])
        lines += [f"#define {name} {name}_of_{mark}" for name in renamed]
        lines += [f'#include "{source.path}"']
        lines += [f"#undef {name}" for name in renamed]
    return "\n".join(lines) + "\n"


def write(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    srcdir = sys.argv[1]
    with open("Makefile", encoding="utf-8") as file:
        makefile = file.read()
    os.makedirs("jumbo", exist_ok=True)
    header_tokens = set()
    for top in ("src", "t"):
        for directory, _, files in os.walk(os.path.join(srcdir, top)):
            for name in files:
                if name.endswith(".h"):
                    with open(os.path.join(directory, name), encoding="utf-8") as file:
                        header_tokens |= set(TOKEN.findall(stripped(file.read())))
    lists, rules, made, grouped = [], [], [], set()
    for target, (flags, objects, own) in sorted(targets_of(makefile).items()):
        left, compiled = list(objects), []
        for number, group in enumerate(groups_of([Source(srcdir, path, obj) for obj, path in own])):
            name = f"jumbo/{target}-{number}"
            write(name + ".cc", group_text(group, header_tokens))
            made.append(name + ".cc")
            for source in group:
                left.remove(source.object)
                grouped.add(source.path)
            compiled.append(name + ".o")
            rules.append(RULE.replace("NAME", name).replace("@FLAGS@", flags))
        if compiled:
            lists.append(f"override am_{target}_OBJECTS := {' '.join(compiled + left)}\n")
    needed = " ".join(f"$(srcdir)/{path}" for path in sorted(grouped))
    write("GNUmakefile", "# Made by build-aux/jumbo.py.\n" + "".join(lists) + "include Makefile\n" + "".join(rules) +
          REST.replace("NEEDED", needed))
    for name in os.listdir("jumbo"):
        path = os.path.join("jumbo", name)
        if name.endswith(".cc") and path not in made:
            os.unlink(path)


main()
