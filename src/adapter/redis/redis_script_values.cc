// SPDX-License-Identifier: BSD-2-Clause
// The part of the script (adapter/redis/redis_script.h) that keeps values: those of distinct counters, and what
// first-seen counters remember. It says adapter/counters/value_table.h over again; the two are held together by one
// test table.
#include <string_view>

namespace mailweir {

extern const std::string_view redis_values_lua;
const std::string_view redis_values_lua = R"lua(
local REMEMBERED, REMEMBERED_FOR = 1000, 7776000000

-- The values of a key by when each was seen last. Where one was seen more than a span ahead the clock went back: those
-- ahead are of now.
local function look_values(key, span)
  if #call('ZRANGEBYSCORE', key, '(' .. (now + span), '+inf', 'LIMIT', 0, 1) > 0 then
    for _, member in ipairs(call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do call('ZADD', key, now, member) end
    call('PEXPIRE', key, testing and 86400000 or span)
  end
  return {key = key, span = span, keep = 0, live = call('ZCOUNT', key, '(' .. (now - span), '+inf'), held = {},
          pending = 0, adding = {}}
end

local function has_value(values, member)
  if values.held[member] == nil then
    local at = tonumber(call('ZSCORE', values.key, member) or nil)
    values.held[member] = at ~= nil and at > now - values.span
  end
  return values.held[member]
end

local function wait_values(values, leave)
  local at = call('ZRANGEBYSCORE', values.key, '(' .. (now - values.span), '+inf', 'WITHSCORES', 'LIMIT', leave - 1, 1)
  return (tonumber(at[2]) or now) + values.span - now
end

local function see_at_end(values, member)
  values.counts = true
  table.insert(values.adding, member)
end

local function see_values(values)
  call('ZREMRANGEBYSCORE', values.key, '-inf', now - values.span)
  for _, member in ipairs(values.adding) do call('ZADD', values.key, now, member) end
  call('ZREMRANGEBYRANK', values.key, 0, -(values.keep + 1))
  call('PEXPIRE', values.key, testing and 86400000 or values.span)
end

-- Whether a first-seen counter knows the charge's member.
local function recall(charge, counters, order, key)
  local memory = counters[key]
  if not memory then
    memory = look_values(key, REMEMBERED_FOR)
    memory.keep = REMEMBERED
    counters[key] = memory
    order[#order + 1] = memory
  end
  charge.memory, charge.known = memory, has_value(memory, charge.member)
end

-- Adds what was seen elsewhere; doing it again changes nothing.
local function merge_values()
  local values = look_values(KEYS[1], tonumber(ARGV[4]))
  values.keep = tonumber(ARGV[5])
  for at = 6, #ARGV, 2 do
    local seen, known = now - ARGV[at], tonumber(call('ZSCORE', values.key, ARGV[at + 1]) or nil)
    if not known or seen > known then call('ZADD', values.key, seen, ARGV[at + 1]) end
  end
  see_values(values)
  return 1
end

-- Marks a node as one that has added all, or adds; how many have added all within an age, and how many have been adding
-- within two seconds.
local function sign_in()
  local node, adding, age = ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
  call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3600000)
  call('ZREM', KEYS[1], (adding and 'w' or 'a') .. node)
  call('ZADD', KEYS[1], now, (adding and 'a' or 'w') .. node)
  call('PEXPIRE', KEYS[1], testing and 86400000 or 3600000)
  local whole, busy = 0, 0
  for _, member in ipairs(call('ZRANGEBYSCORE', KEYS[1], now - age, '+inf')) do
    if string.sub(member, 1, 1) == 'w' then whole = whole + 1 end
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', KEYS[1], now - 2000, '+inf')) do
    if string.sub(member, 1, 1) == 'a' then busy = busy + 1 end
  end
  return {whole, busy}
end
)lua";

}  // namespace mailweir
