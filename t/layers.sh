#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Holds the house to its plan: who may include whom, no circle of includes, which library may stand in which room, an
# SPDX line in each source file, no file over 400 lines of 120 columns, no name for two types. Prints each breach as
# file:line: why, and ends with 1 if there is one.
#
#   t/layers.sh [TREE]        looks at TREE (default: the tree that this script stands in)
#   t/layers.sh --self-test   breaks each rule in a tree of its own and sees it found, as TAP
set -eu
export LC_ALL=C

# Each room, and the rooms below it that it may include. Only start, app and ctl know adapters; the doors, and check
# and adapter, never know each other; of the doors only the milter's, which signs, knows checks; every room may include
# itself.
rooms='
base
mail            base
port            base mail
check           base mail port
delivery        base mail port
adapter/alert   base mail port
adapter/dns     base mail port
adapter/follow  base mail port
adapter/keys    base mail port
adapter/libspf2 base mail port
adapter/log     base mail port
adapter/redis   base mail port
adapter/scan    base mail port
adapter/stats   base mail port
adapter/table   base mail port
adapter/verify  base mail port
adapter/counters base mail port adapter/redis
adapter/builders base mail port adapter/keys adapter/libspf2 adapter/redis adapter/table adapter/verify
fact            base mail port check
reputation      base mail port check
rule            base mail port check delivery fact
engine          base mail port check delivery fact rule
policy_door     base mail port fact rule engine
milter_door     base mail port check delivery fact rule engine
libmilter_door  base mail port engine milter_door
admin_door      base mail port engine
http_door       base mail port fact rule engine
socketmap_door  base mail port fact rule engine
config          base mail port check delivery fact rule
start           base mail port adapter engine config
app             base mail port check delivery reputation adapter fact rule engine config start
app             policy_door milter_door libmilter_door admin_door http_door socketmap_door
ctl             base mail port check delivery reputation adapter fact rule engine config start
ctl             policy_door milter_door admin_door http_door socketmap_door
'

# Third-party headers, and the files under src in which they may stand (shell patterns). An adapter may use any
# library, but only in its .cc.
libraries='
idn2.h              mail/domain.cc
unicase.h           mail/case_fold.cc
unistr.h            mail/case_fold.cc
toml++/*            config/*
sanitizer/*         base/fiber.cc
cxxabi.h            base/fiber.cc
boost/context/detail/fcontext.hpp base/fiber.cc
libmilter/mfapi.h   libmilter_door/*.cc
httplib.h           ctl/*.cc
nlohmann/*          admin_door/*.cc http_door/*.cc app/*.cc ctl/*.cc
boost/program_options* app/*.cc ctl/*.cc
systemd/*           app/*.cc
ares.h              adapter/dns/*.cc
resolv.h            adapter/dns/*.cc
arpa/nameser.h      adapter/dns/*.cc adapter/libspf2/*.cc
sqlite3.h           adapter/keys/sqlite_states.cc
regex.h             adapter/keys/row_patterns.cc
openssl/*           adapter/keys/*.cc adapter/redis/redis_connection.cc
hiredis/*           adapter/redis/redis_connection.cc
re2/*               adapter/table/*.cc
spf2/*              adapter/libspf2/*.cc
maxminddb.h         adapter/builders/*.cc
systemd/sd-journal.h adapter/log/*.cc
systemd/sd-journal.h adapter/follow/journal_source.cc
prometheus/*        adapter/stats/*.cc
curl/curl.h         adapter/alert/*.cc
nlohmann/*          adapter/alert/*.cc
nlohmann/*          adapter/scan/*.cc
nlohmann/*          reputation/*.cc
dkim.h              adapter/verify/opendkim_judge.cc
libpsl.h            adapter/verify/public_suffixes.cc
sysexits.h          adapter/alert/*.cc
'

# What the system itself offers: every <header> of C++ (no dot, no slash), and these.
system='aio.h dirent.h dlfcn.h errno.h fcntl.h fnmatch.h getopt.h glob.h grp.h ifaddrs.h inttypes.h limits.h locale.h
malloc.h math.h netdb.h poll.h pthread.h pwd.h sched.h semaphore.h signal.h spawn.h stdarg.h stddef.h stdint.h stdio.h
stdlib.h string.h strings.h syslog.h termios.h time.h unistd.h
arpa/inet.h net/if.h netinet/in.h netinet/ip.h netinet/tcp.h linux/* sys/*'

longest=400
widest=120

# Files (a header and its source are one) that include each other in a circle within a room: those that are known. The
# list may only become shorter.
circles=''

check_includes() {
  find src -type f \( -name '*.cc' -o -name '*.h' \) | sort |
    rooms=$rooms libraries=$libraries system_headers=$system xargs -r awk '
    function as_regex(pattern) {
      gsub(/[.+]/, "[&]", pattern); gsub(/\*/, ".*", pattern)
      return "^" pattern "$"
    }
    BEGIN {
      count = split(ENVIRON["rooms"], lines, "\n")
      for (i = 1; i <= count; i++) {
        n = split(lines[i], word, " ")
        if (n == 0) continue
        known[word[1]] = 1
        for (j = 1; j <= n; j++) may[word[1], word[j]] = 1
      }
      count = split(ENVIRON["libraries"], lines, "\n")
      for (i = 1; i <= count; i++) {
        n = split(lines[i], word, " ")
        for (j = 2; j <= n; j++) { rows++; header_of[rows] = as_regex(word[1]); place_of[rows] = as_regex(word[j]) }
      }
      count = split(ENVIRON["system_headers"], word, " ")
      for (i = 1; i <= count; i++) system_regex = system_regex (i > 1 ? "|" : "") as_regex(word[i])
    }
    function room_of(path,   word) {  # the rooms of adapters are within one
      split(path, word, "/")
      return word[1] == "adapter" ? word[1] "/" word[2] : word[1]
    }
    function wrong(why) { printf "%s:%d: %s\n", FILENAME, FNR, why }
    FNR == 1 {
      file = substr(FILENAME, 5)          # without src/
      room = room_of(file)
      if (!(room in known)) wrong("the room " room " is not in the table of t/layers.sh")
    }
    !/^[ \t]*#[ \t]*include/ { next }
    /#[ \t]*include[ \t]*"/ {
      header = $0; sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
      if (header == "config.h") { if (file !~ /\.cc$/) wrong("config.h is for .cc files only"); next }
      other = room_of(header)
      first = header; sub(/\/.*/, "", first)
      if (header !~ /\// || header ~ /\.\./) wrong("\"" header "\" must be named by its room, as in \"base/ip.h\"")
      else if (!(other in known)) wrong("\"" header "\": there is no room " other "; a library is included in <>")
      else if (!((room, other) in may) && !((room, first) in may))
        wrong(room " must not include " other " (\"" header "\")")
      next
    }
    /#[ \t]*include[ \t]*</ {
      header = $0; sub(/^[^<]*</, "", header); sub(/>.*/, "", header)
      other = header; sub(/\/.*/, "", other)
      if (header ~ /\// && other in known) { wrong("<" header "> is our own: write it in quotes"); next }
      if (header !~ /[.\/]/ || header ~ system_regex) next
      for (i = 1; i <= rows; i++) if (header ~ header_of[i] && file ~ place_of[i]) next
      wrong("<" header "> may not stand in " file "; t/layers.sh says where each library belongs")
      next
    }
    { wrong("an include that names neither \"file\" nor <file>") }
  '
}

check_circles() {
  find src -type f \( -name '*.cc' -o -name '*.h' \) | sort | circles=$circles xargs -r awk '
    BEGIN {
      count = split(ENVIRON["circles"], lines, "\n")
      for (i = 1; i <= count; i++) {
        n = split(lines[i], word, " ")
        if (n == 0) continue
        room = word[1]; sub(/:$/, "", room)
        listed[room] = lines[i]
        for (j = 2; j <= n; j++) known[room, word[j]] = 1
      }
    }
    FNR == 1 {
      noun = substr(FILENAME, 5); sub(/\.(cc|h)$/, "", noun)
      room = noun; sub(/\/[^\/]*$/, "", room); sub(/^.*\//, "", noun)
      if (!((room, noun) in number)) { number[room, noun] = ++size[room]; name[room, size[room]] = noun }
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
      header = $0; sub(/^[^"]*"/, "", header); sub(/\.h".*/, "", header)
      other = header; sub(/\/[^\/]*$/, "", other); sub(/^.*\//, "", header)
      if (other == room && header != noun) edge[room, noun, header] = 1
    }
    function visit(from,   i, to) {  # all that is included from there
      for (i = 1; i <= size[current]; i++) {
        to = name[current, i]
        if (!((current, from, to) in edge) || (start, to) in reach) continue
        reach[start, to] = 1
        visit(to)
      }
    }
    END {
      for (current in size) {
        split("", reach)
        for (s = 1; s <= size[current]; s++) { start = name[current, s]; visit(start) }
        split("", done)
        for (s = 1; s <= size[current]; s++) {
          a = name[current, s]
          if (!((a, a) in reach) || a in done) continue
          circle = current ":"; strange = 0; length_of = 0
          for (i = 1; i <= size[current]; i++) {
            b = name[current, i]
            if (!((a, b) in reach) || !((b, a) in reach)) continue
            done[b] = 1; circle = circle " " b; length_of++
            if (!((current, b) in known)) strange = 1
          }
          if (strange) printf "src/%s:1: a circle of includes: %s\n", current, circle
          found[current] += length_of
        }
      }
      for (room in listed) {
        n = split(listed[room], word, " ")
        there = 0
        for (j = 2; j <= n; j++) there += (room, word[j]) in number
        if (there > 0 && n - 1 > found[room])
          printf "t/layers.sh:1: the list of circles has more than there are in %s: make it shorter\n", room
      }
    }
  '
}

check_spdx() {
  find src t contrib configure.ac Makefile.am policy man -type f \( -name '*.cc' -o -name '*.h' -o -name '*.py' -o \
    -name '*.sh' -o -name 'Makefile.*' -o -name 'configure.ac' -o -path 't/*/run' -o -path t/run \) 2>/dev/null | sort |
    while read -r file; do
      # The first line, or the second where the first names the interpreter.
      head -n 2 "$file" | awk 'NR == 1 && /^#!/ { next } { print; exit }' |
        grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
        echo "$file:1: the SPDX-License-Identifier line is missing"
    done
}

check_length() {
  find src t -type f \( -name '*.cc' -o -name '*.h' -o -name '*.py' \) | sort | while read -r file; do
      lines=$(wc -l < "$file")
      [ "$lines" -le "$longest" ] || echo "$file:$lines: $lines lines, more than $longest; split it by noun"
    done
}

check_width() {
  find src t -type f \( -name '*.cc' -o -name '*.h' \) | sort | widest=$widest xargs -r awk '
    length($0) > ENVIRON["widest"] {
      printf "%s:%d: %d columns, more than %d\n", FILENAME, FNR, length($0), ENVIRON["widest"]
    }
  '
}

# The linker takes one of two types of the same name for both, without a word (C++ 6.3, one definition).
check_names() {
  find src -type f -name '*.h' | sort | xargs -r awk '
    FNR == 1 { room = "" }
    /^namespace .*\{/ { room = $2 == "{" ? FILENAME : $2 }
    match($0, /^(struct|class|enum class) [A-Za-z_]+/) && /[{]/ {
      name = substr($0, RSTART, RLENGTH); sub(/^.* /, "", name)
      if ((room, name) in place)
        printf "%s:%d: %s is defined in %s, too: one name, one type\n", FILENAME, FNR, name, place[room, name]
      place[room, name] = FILENAME
    }
  '
}

check_tree() {
  cd "$1"
  breaches=$(check_includes; check_circles; check_spdx; check_length; check_width; check_names)
  [ -z "$breaches" ] || { printf '%s\n' "$breaches"; return 1; }
}

# --- the self-test: a row is a file, what it holds, and the breach that must be named ('' = none) ---------------------
number=0
failures=0

self_test_row() {  # FILE CONTENT WANTED
  local tree got
  tree=$(mktemp -d "$work/tree.XXXXXX")
  mkdir -p "$tree/src/base" "$tree/t" "$tree/$(dirname "$1")"
  # Without line 1 the content brings its own first line.
  case $2 in
    !*) printf '%b' "${2#!}" ;;
    *) printf '// SPDX-License-Identifier: BSD-2-Clause\n%b' "$2" ;;
  esac > "$tree/$1"
  got=$(check_tree "$tree") || true
  number=$((number + 1))
  if { [ -z "$3" ] && [ -z "$got" ]; } || { [ -n "$3" ] && [[ $got == *"$3"* ]]; }; then
    echo "ok $number - $1: ${3:-allowed}"
  else
    failures=$((failures + 1))
    echo "not ok $number - $1: ${3:-allowed}"
    printf '# got: %s\n' "${got:-nothing}"
  fi
}

self_test_circle() {  # WHAT-C-INCLUDES WANTED: a.cc includes b.h, b.h c.h
  local tree got name
  tree=$(mktemp -d "$work/tree.XXXXXX")
  mkdir -p "$tree/src/base" "$tree/src/mail" "$tree/t"
  for name in a.cc b.h c.h; do echo '// SPDX-License-Identifier: BSD-2-Clause' > "$tree/src/base/$name"; done
  echo '#include "base/b.h"' >> "$tree/src/base/a.cc"
  echo '#include "base/c.h"' >> "$tree/src/base/b.h"
  echo "#include \"${1%/b}/a.h\"" >> "$tree/src/base/c.h"
  got=$(check_tree "$tree" | grep circle) || true
  number=$((number + 1))
  if [ "$got" = "$2" ]; then
    echo "ok $number - a circle through $1: ${2:-none}"
  else
    failures=$((failures + 1))
    echo "not ok $number - a circle through $1: ${2:-none}"
    printf '# got: %s\n' "${got:-nothing}"
  fi
}

self_test() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  self_test_row src/base/a.cc '#include <string>\n#include <sys/socket.h>\n#include "base/ip.h"\n' ''
  self_test_row src/base/a.h '\n#include "mail/reply.h"\n' 'src/base/a.h:3: base must not include mail'
  self_test_row src/mail/a.h '#include "port/dns.h"\n' 'src/mail/a.h:2: mail must not include port'
  self_test_row src/check/a.cc '#include "adapter/dns/ares.h"\n' 'check must not include adapter/dns'
  self_test_row src/adapter/dns/a.cc '#include "check/iprev.h"\n' 'adapter/dns must not include check'
  self_test_row src/engine/a.cc '#include "adapter/dns/ares.h"\n' 'engine must not include adapter/dns'
  self_test_row src/engine/a.cc '#  include "config/policy.h"\n' 'engine must not include config'
  self_test_row src/engine/a.cc '#include "check/iprev.h"\n' ''
  self_test_row src/policy_door/a.cc '#include "milter_door/session.h"\n' 'policy_door must not include milter_door'
  self_test_row src/milter_door/a.cc '#include "check/dkim_sign.h"\n' ''
  self_test_row src/milter_door/a.cc '#include "adapter/keys/openssl_signer.h"\n' 'milter_door must not include adapter'
  self_test_row src/policy_door/a.cc '#include "check/iprev.h"\n' 'policy_door must not include check'
  self_test_row src/admin_door/a.cc '#include "config/config.h"\n' 'admin_door must not include config'
  self_test_row src/milter_door/sub/a.cc '#include "engine/session.h"\n' ''
  self_test_row src/config/a.cc '#include "rule/rule.h"\n#include <toml++/toml.h>\n' ''
  self_test_row src/config/a.cc '#include "engine/session.h"\n' 'config must not include engine'
  self_test_row src/rule/a.cc '#include "engine/session.h"\n' 'rule must not include engine'
  self_test_row src/rule/a.cc '#include "fact/facts.h"\n' ''
  self_test_row src/fact/a.cc '#include "rule/rule.h"\n' 'fact must not include rule'
  self_test_row src/fact/a.cc '#include "check/iprev.h"\n' ''
  self_test_row src/config/a.cc '#include "policy_door/door.h"\n' 'config must not include policy_door'
  self_test_row src/config/a.cc '#include "adapter/dns/ares.h"\n' 'config must not include adapter/dns'
  self_test_row src/app/a.cc '#include "adapter/dns/zone.h"\n#include <systemd/sd-daemon.h>\n#include "config.h"\n' ''
  self_test_row src/app/a.cc '#include "ctl/tool.h"\n' 'app must not include ctl'
  self_test_row src/ctl/a.cc '#include "app/runtime.h"\n' 'ctl must not include app'
  self_test_row src/base/a.h '#include "config.h"\n' 'config.h is for .cc files only'
  self_test_row src/base/a.cc '#include "ip.h"\n' 'must be named by its room'
  self_test_row src/base/a.cc '#include "../base/ip.h"\n' 'must be named by its room'
  self_test_row src/base/a.cc '#include <base/ip.h>\n' 'is our own'
  self_test_row src/base/a.cc '#include HEADER\n' 'names neither'
  self_test_row src/base/a.cc '#include "toml++/toml.h"\n' 'there is no room toml++'
  self_test_row src/cellar/a.cc '' 'the room cellar is not in the table'
  self_test_row src/base/a.h '#include "base/a.h"\n' ''
  self_test_circle 'base/b' 'src/base:1: a circle of includes: base: a b c'
  self_test_circle 'mail/b' ''
  self_test_row src/mail/domain.cc '#include <idn2.h>\n' ''
  self_test_row src/mail/address.cc '#include <idn2.h>\n' '<idn2.h> may not stand in mail/address.cc'
  self_test_row src/engine/a.cc '#include <re2/re2.h>\n' '<re2/re2.h> may not stand'
  self_test_row src/adapter/table/a.cc '#include <re2/re2.h>\n' ''
  self_test_row src/adapter/table/a.cc '#include "adapter/keys/a.h"\n' 'adapter/table must not include adapter/keys'
  self_test_row src/adapter/counters/a.cc '#include "adapter/redis/a.h"\n' ''
  self_test_row src/adapter/table/a.cc '#include <openssl/evp.h>\n' \
    '<openssl/evp.h> may not stand in adapter/table/a.cc'
  self_test_row src/adapter/cellar/a.cc '' 'the room adapter/cellar is not in the table'
  self_test_row src/adapter/keys/a.h '#include <openssl/evp.h>\n' '<openssl/evp.h> may not stand in adapter/keys/a.h'
  self_test_row src/libmilter_door/server.cc '#include <libmilter/mfapi.h>\n' ''
  self_test_row src/milter_door/session.cc '#include "libmilter_door/server.h"\n' \
    'milter_door must not include libmilter_door'
  self_test_row src/milter_door/session.cc '#include <libmilter/mfapi.h>\n' '<libmilter/mfapi.h> may not stand'
  self_test_row src/admin_door/a.h '#include <httplib.h>\n' '<httplib.h> may not stand in admin_door/a.h'
  self_test_row src/ctl/a.cc '#include <boost/program_options.hpp>\n' ''
  self_test_row src/ctl/a.cc '#include <systemd/sd-daemon.h>\n' '<systemd/sd-daemon.h> may not stand'
  self_test_row src/base/fiber.cc '#include <boost/context/detail/fcontext.hpp>\n' ''
  self_test_row src/base/a.cc '#include <boost/asio.hpp>\n' '<boost/asio.hpp> may not stand'
  self_test_row src/base/a.h '!#pragma once\n' 'src/base/a.h:1: the SPDX'
  self_test_row t/t-99-x/run '!#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\n' ''
  self_test_row t/t-99-x/run '!#!/bin/sh\n: SPDX below\n' 't/t-99-x/run:1: the SPDX'
  self_test_row src/base/a.cc "$(printf '\\n%.0s' $(seq 400))" 'src/base/a.cc:401: 401 lines'
  self_test_row t/unit/a.cc "$(printf '\\n%.0s' $(seq 400))" 't/unit/a.cc:401: 401 lines'
  self_test_row t/unit/a.cc "$(printf '\\n%.0s' $(seq 399))" ''
  self_test_row src/base/a.h \
    'namespace mailweir {\nstruct Place {};\n}\nnamespace mailweir::dns {\nstruct Place {};\n}\n' ''
  self_test_row src/base/a.h 'namespace mailweir {\nstruct Place {};\nclass Place final : Other {\n' \
    'one name, one type'
  self_test_row t/unit/a.cc "// $(printf 'a%.0s' $(seq 117))\\n" ''
  self_test_row t/unit/a.cc "// $(printf 'a%.0s' $(seq 118))\\n" 't/unit/a.cc:2: 121 columns'
  echo "1..$number"
  return $((failures > 0))
}

case ${1:-} in
  --self-test) self_test ;;
  -*) echo "usage: t/layers.sh [TREE | --self-test]" >&2; exit 2 ;;
  *) check_tree "${1:-$(dirname "$0")/..}" ;;
esac
