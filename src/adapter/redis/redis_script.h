// SPDX-License-Identifier: BSD-2-Clause
// The script that runs in Redis: charge, give back, renew, merge, block, each in one call (Lua 5.1, Redis 5 and newer).
// It says port/ring.h over again; the two are held together by one test table.
//
// A ring counter is the hash PREFIX{LIMIT|KEY}:PERIOD with h (head slot), t (total) and 0 to 30 (the cells that were
// ever used); it expires in Redis when its head leaves the window. A lease counter is the sorted set
// PREFIX{LIMIT|KEY}:0 of its members by the millisecond at which they expire.
//
// A block is the string PREFIX{LIMIT|KEY}:block: the millisecond at which it ends, a slash, the milliseconds that it
// was given (missing in one of an older version), a blank, the rule, a blank, the reason.
//
// The server's clock may step. Back: a ring whose head is more than the ring ahead begins anew with all it has, values
// seen ahead are taken as seen now, a lease is cut to its 90 s and a block to what it was given, each written by the
// call that finds it. Forward: the server drops what has expired by its clock, which cannot be seen.
//
// What a distinct counter has is the sorted set PREFIX{LIMIT|KEY}:PERIODd of its values by the millisecond at which
// each was seen last; what a first-seen counter remembers is such a set, PREFIX{LIMIT|KEY}:seen.
//
// ARGV: operation, the time in milliseconds (0: the server's own), until when by the server's clock it is wanted (0:
// for ever; later it does nothing and returns -1 and the server's time), then for each charge
//   charge:    kind (r, l, b, d, f)  units  enforce  attempts  member  windows, then max and period (ms) of each
//              -> taken, then used, wait, slot (-1: not counted) for each window, and the server's time
//   look:      as charge, but refused whatever it finds: counts attempts only (a charge that was refused elsewhere)
//   give_back: kind  units  member  windows, then the slot of each        -> 1
//   renew:     member                                                     -> 1
//   merge:     period, parts, then age (ms) and units of each             -> 1
//   merge_values: span (ms), how many are kept, then age (ms) and value of each -> 1
//   sign_in:   node, adding, age (ms)                                     -> nodes that have added all, nodes that add
//   probe:                                                                -> 1
//   mark:                                                                 -> 1 if the key was there already, else 0
//   block:     time (ms), replace, rule and reason                        -> 1, or 0 if it was blocked already
//   unblock:                                                              -> 1, or 0 if it was not blocked
//   show_block:                                                           -> time left (ms) and the string; or nothing
// KEYS: one for each window, in order, and of a first-seen counter before them what it remembers; for merge before them
// one that remembers for an hour that this merge was done, so that it may be tried again; for probe, mark and sign_in
// one of its own.
//
// A call that writes nothing wrong but fails (out of memory, a replica) fails at its first write: all or none.
#pragma once

#include <string_view>

namespace mailweir {

extern const std::string_view redis_script;

}  // namespace mailweir
