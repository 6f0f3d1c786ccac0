// SPDX-License-Identifier: BSD-2-Clause
// The part of the script (adapter/redis/redis_script.h) that blocks keys. It says adapter/counters/block_list.h over
// again; the two are held together by one test table.
#include <string_view>

namespace mailweir {

extern const std::string_view redis_blocks_lua;
const std::string_view redis_blocks_lua = R"lua(
local function set_block(key, span, why)
  call('SET', key, string.format('%.0f/%.0f', now + span, span) .. why, 'PX', testing and 86400000 or span)
end

-- For how many milliseconds the key is blocked still: never for longer than it was given, though the clock went back.
local function blocked_for(key)
  local value = call('GET', key)
  local ends, span, why = string.match(value or '', '^(%d+)/?(%d*)(.*)$')
  if not ends then return 0 end
  local left = ends - now
  if tonumber(span) and left > tonumber(span) then
    left = tonumber(span)
    set_block(key, left, why)
  end
  return math.max(left, 0)
end

local function block()
  local span, replace, why = take_number(), take() == '1', take()
  if not replace and blocked_for(KEYS[1]) > 0 then return 0 end
  set_block(KEYS[1], span, ' ' .. why)
  return 1
end

local function unblock()
  local was = blocked_for(KEYS[1]) > 0
  call('DEL', KEYS[1])
  return was and 1 or 0
end

-- What a block holds, and for how long still; nothing when it is over.
local function show_block()
  local left = blocked_for(KEYS[1])
  return left > 0 and {left, call('GET', KEYS[1])} or {}
end
)lua";

}  // namespace mailweir
