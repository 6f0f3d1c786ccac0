// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_script.h"

#include <string>

namespace mailweir {

extern const std::string_view redis_values_lua;  // redis_script_values.cc
extern const std::string_view redis_blocks_lua;  // redis_script_blocks.cc

namespace {

constexpr std::string_view rings_lua = R"lua(
local CELLS, MOST, LEASE = 31, 9007199254740991, 90000
local ARGV, KEYS, call, floor = ARGV, KEYS, redis.call, math.floor
local argument, operation, now, ends = 4, ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = call('TIME')
local clock = time[1] * 1000 + floor(time[2] / 1000)
if ends > 0 and clock > ends then return {-1, clock} end
local testing = now > 0
if not testing then now = clock end

-- When what was counted in a slot is counted no more.
local function gone_at(slot, period) return math.ceil((slot + CELLS) * period / 30) end

-- Nearly all calls: ring counters of different names, the clock went forward, and nothing is over. What is anything
-- else is left to charge() below, nothing written yet. Two commands a window, and no function or table more than
-- that needs.
local function charge_plainly()
  local at, key, size = 4, 0, #ARGV
  local slots, totals, cells, moved, ends, answer, seen = {}, {}, {}, {}, {}, {1}, {}
  while at < size do
    local amount, last = tonumber(ARGV[at + 1]), key + ARGV[at + 5]
    local block = ARGV[at] == 'b'
    if not block and (ARGV[at] ~= 'r' or amount == 0) then return end
    at = at + 6
    if block then
      key = key + 1
      if call('EXISTS', KEYS[key]) == 1 then return end
      local base = 3 * key
      answer[base - 1], answer[base], answer[base + 1] = 0, 0, -1
      at = at + 2
    end
    while key < last do
      key = key + 1
      local name, period = KEYS[key], ARGV[at + 1] + 0
      local slot = floor(now * 30 / period)
      local got = call('HMGET', name, 'h', 't', slot % CELLS)
      local head, total, cell = tonumber(got[1]), (got[2] or 0) + 0, got[3] or 0
      if head ~= slot then
        if head then
          if slot < head or slot - head >= CELLS then return end
          local gone = {}
          for old = head - 30, slot - CELLS do gone[#gone + 1] = old % CELLS end
          for _, count in ipairs(call('HMGET', name, unpack(gone))) do total = total - (count or 0) end
          moved[key] = gone
        else
          moved[key] = {}
        end
        cell, ends[key] = 0, gone_at(slot, period)
      end
      if seen[name] or total + amount > ARGV[at] + 0 then return end
      seen[name] = true
      slots[key], totals[key], cells[key] = slot, total + amount, cell + amount
      local base = 3 * key
      answer[base - 1], answer[base], answer[base + 1] = total, 0, slot
      at = at + 2
    end
  end
  for i = 1, key do
    local name, slot, gone = KEYS[i], slots[i], moved[i]
    if gone and #gone > 0 then call('HDEL', name, unpack(gone)) end
    if slot then call('HSET', name, 'h', slot, 't', totals[i], slot % CELLS, cells[i]) end
    if gone then
      if testing then call('PEXPIRE', name, 86400000) else call('PEXPIREAT', name, ends[i]) end
    end
  end
  answer[3 * key + 2] = clock
  return answer
end
if operation == 'charge' then
  local answer = charge_plainly()
  if answer then return answer end
end

local function take()
  argument = argument + 1
  return ARGV[argument - 1]
end
local function take_number() return tonumber(take()) end
local function number(value) return tonumber(value) or 0 end

-- The clock went back by more than the ring: all that is counted is of now, also where nothing more is counted.
local function restart_ring(ring)
  ring.head, ring.cell = ring.slot, ring.total
  redis.call('DEL', ring.key)
  redis.call('HSET', ring.key, 'h', ring.slot, 't', ring.total, ring.slot % CELLS, ring.total)
  if testing then
    redis.call('PEXPIRE', ring.key, 86400000)
  else
    redis.call('PEXPIREAT', ring.key, gone_at(ring.slot, ring.period))
  end
end

-- A ring counter at `now`: slot (where to count), cell (what that slot has), total, gone (cells that left the ring).
local function look_ring(key, period)
  local slot = math.floor(now * 30 / period)
  local got = redis.call('HMGET', key, 'h', 't', slot % CELLS)
  local head = tonumber(got[1])
  local ring = {key = key, period = period, slot = slot, head = head, total = number(got[2]), cell = number(got[3]),
                gone = {}, pending = 0, adding = 0}
  if not head then
    ring.total, ring.cell = 0, 0
  elseif slot - head >= CELLS then
    ring.clear, ring.total, ring.cell = true, 0, 0
  elseif head - slot >= CELLS then
    restart_ring(ring)
  elseif slot < head then
    ring.slot, ring.cell = head, number(redis.call('HGET', key, head % CELLS))
  elseif slot > head then
    for old = head - 30, slot - CELLS do ring.gone[#ring.gone + 1] = old % CELLS end
    for _, count in ipairs(redis.call('HMGET', key, unpack(ring.gone))) do ring.total = ring.total - number(count) end
    ring.cell = 0
  end
  return ring
end

local function wait_ring(ring, units)
  if ring.head and not ring.clear then
    local cells = {}
    for slot = ring.slot - 30, ring.head do cells[#cells + 1] = slot % CELLS end
    local sum = 0
    for i, count in ipairs(redis.call('HMGET', ring.key, unpack(cells))) do
      sum = sum + number(count)
      if sum >= units then return gone_at(ring.slot - 31 + i, ring.period) - now end
    end
  end
  return gone_at(ring.slot, ring.period) - now
end

local function count_ring(ring)
  local units = math.min(ring.adding, MOST - ring.total)
  if ring.clear then
    redis.call('DEL', ring.key)
  elseif #ring.gone > 0 then
    redis.call('HDEL', ring.key, unpack(ring.gone))
  end
  redis.call('HSET', ring.key, 'h', ring.slot, 't', ring.total + units, ring.slot % CELLS, ring.cell + units)
  if testing then
    redis.call('PEXPIRE', ring.key, 86400000)
  elseif ring.slot ~= ring.head then
    redis.call('PEXPIREAT', ring.key, gone_at(ring.slot, ring.period))
  end
end

-- No lease has longer to live than LEASE, though the clock went back.
local function cut_leases(key)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now + LEASE, '+inf')) do
    redis.call('ZADD', key, now + LEASE, member)
  end
end

-- A lease counter at `now`.
local function look_leases(key)
  cut_leases(key)
  return {key = key, live = redis.call('ZCOUNT', key, '(' .. now, '+inf'), held = {}, pending = 0, adding = {}}
end

local function is_held(leases, member)
  if leases.held[member] == nil then
    local expiry = number(redis.call('ZSCORE', leases.key, member))
    leases.held[member] = expiry > now
  end
  return leases.held[member]
end

local function wait_leases(leases, units)
  local at = redis.call('ZRANGEBYSCORE', leases.key, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', units - 1, 1)
  return (tonumber(at[2]) or now + LEASE) - now
end

local function hold_leases(key, members)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  cut_leases(key)
  for _, member in ipairs(members) do redis.call('ZADD', key, now + LEASE, member) end
  redis.call('PEXPIRE', key, testing and 86400000 or LEASE + 1000)
end

)lua";

constexpr std::string_view operations_lua = R"lua(
local function charge()
  local counters, order, windows, charges, refused = {}, {}, {}, {}, operation == 'look'
  local key = 0
  while argument <= #ARGV do
    local kind = take()
    local charge = {ring = kind == 'r' or kind == 'f', block = kind == 'b', distinct = kind == 'd',
                    units = take_number(), enforce = take() == '1', attempts = take() == '1', member = take(),
                    first = #windows + 1}
    local over, count = false, take_number()
    if kind == 'f' then
      key = key + 1
      recall(charge, counters, order, KEYS[key])
    end
    for _ = 1, count do
      key = key + 1
      local max, period = take_number(), take_number()
      local counter = counters[KEYS[key]]
      if not counter and charge.block then
        counter = {left = blocked_for(KEYS[key])}
        counters[KEYS[key]] = counter
      elseif not counter then
        counter = charge.ring and look_ring(KEYS[key], period) or charge.distinct and look_values(KEYS[key], period)
          or look_leases(KEYS[key])
        counters[KEYS[key]] = counter
        order[#order + 1] = counter
      end
      local used, need, fits, held = nil, charge.units, false, false
      if charge.memory then need, fits = 1, charge.known end
      if charge.distinct then
        used, held = counter.live + counter.pending, has_value(counter, charge.member)
        need, fits = held and 0 or 1, held and charge.enforce and not charge.attempts and max > 0
        counter.keep = math.max(counter.keep, max + 1)
      elseif charge.block then
        used = counter.left > 0 and 1 or 0
      elseif charge.ring then
        used = counter.total + counter.pending
      else
        used = counter.live + counter.pending - (is_held(counter, charge.member) and 1 or 0)
      end
      local wait = 0
      if not fits and used + need > max then
        over = true
        local leave = used + need - max
        wait = counter.left or charge.distinct and wait_values(counter, leave)
          or (charge.ring and wait_ring(counter, leave) or wait_leases(counter, leave))
      end
      windows[#windows + 1] = {counter = counter, used = used, wait = wait, held = held}
    end
    charge.last = #windows
    charges[#charges + 1] = charge
    if charge.units > 0 and (not over or not charge.enforce or charge.attempts) then
      for i = charge.first, charge.last do
        local counter = windows[i].counter
        if charge.ring then
          counter.pending = counter.pending + (charge.known and 0 or charge.units)
        elseif not counter.held[charge.member] then
          counter.pending = counter.pending + 1
          counter.held[charge.member] = true
        end
      end
    end
    if charge.memory and charge.units > 0 and (not over or not charge.enforce or charge.attempts) then
      charge.memory.held[charge.member] = true
    end
    refused = refused or (over and charge.enforce)
  end

  local answer = {refused and 0 or 1}
  for _, charge in ipairs(charges) do
    local counted = charge.units > 0 and (not refused or charge.attempts)
    if counted and charge.memory then see_at_end(charge.memory, charge.member) end
    for i = charge.first, charge.last do
      local window, slot = windows[i], -1
      if counted and charge.distinct then
        slot = window.held and 0 or now
        see_at_end(window.counter, charge.member)
      elseif counted and not charge.known then
        window.counter.counts = true
        if charge.ring then
          slot = window.counter.slot
          window.counter.adding = window.counter.adding + charge.units
        else
          slot = 0
          table.insert(window.counter.adding, charge.member)
        end
      end
      answer[#answer + 1] = window.used
      answer[#answer + 1] = window.wait
      answer[#answer + 1] = slot
    end
  end
  for _, counter in ipairs(order) do
    if counter.counts and counter.span then
      see_values(counter)
    elseif counter.counts and counter.slot then
      count_ring(counter)
    elseif counter.counts then
      hold_leases(counter.key, counter.adding)
    end
  end
  answer[#answer + 1] = clock
  return answer
end

local function take_back_ring(key, slot, units)
  local got = redis.call('HMGET', key, 'h', slot % CELLS)
  local head = tonumber(got[1])
  if not head or slot > head or head - slot >= CELLS then return end
  local back = math.min(units, number(got[2]))
  if back == 0 then return end
  redis.call('HINCRBY', key, 't', -back)
  redis.call('HINCRBY', key, slot % CELLS, -back)
end

local function give_back()
  local key = 0
  while argument <= #ARGV do
    local kind, units, member = take(), take_number(), take()
    local ring, count, memory = kind == 'r' or kind == 'f', take_number(), nil
    if kind == 'f' then
      key = key + 1
      memory = KEYS[key]
    end
    for _ = 1, count do
      key = key + 1
      local slot = take_number()
      if slot >= 0 and memory and units > 0 then call('ZREM', memory, member) end
      if kind == 'd' then
        if units > 0 and slot > 0 and tonumber(call('ZSCORE', KEYS[key], member) or 0) == slot then
          call('ZREM', KEYS[key], member)
        end
      elseif slot >= 0 and ring then
        take_back_ring(KEYS[key], slot, units)
      elseif slot >= 0 then
        redis.call('ZREM', KEYS[key], member)
      end
    end
  end
  return 1
end

local function renew()
  for _, key in ipairs(KEYS) do hold_leases(key, {take()}) end
  return 1
end

-- Adds what was counted elsewhere, each part in the slot of its age; the first key remembers that it was done.
local function merge()
  local done = KEYS[1]
  if call('SET', done, 1, 'NX', 'EX', 3600) then
    for key = 2, #KEYS do
      local period = take_number()
      local ring = look_ring(KEYS[key], period)
      count_ring(ring)  -- its head stands at `now`, what is gone is cleared
      for _ = 1, take_number() do
        local slot = math.min(floor((now - take_number()) * 30 / period), ring.slot)
        local units = math.min(take_number(), MOST - number(call('HGET', ring.key, 't')))
        if slot > ring.slot - CELLS and units > 0 then
          call('HINCRBY', ring.key, slot % CELLS, units)
          call('HINCRBY', ring.key, 't', units)
        end
      end
    end
  end
  return 1
end

-- Writes, so that whatever would keep a charge from being counted is found.
local function probe()
  call('SET', KEYS[1], 1, 'PX', 60000)
  return 1
end

-- Leaves a mark for 30 days, and says whether it was there.
local function mark()
  local there = call('EXISTS', KEYS[1])
  call('SET', KEYS[1], 1, 'PX', 2592000000)
  return there
end

return ({charge = charge, look = charge, give_back = give_back, renew = renew, merge = merge, probe = probe,
         mark = mark, block = block, unblock = unblock, show_block = show_block, merge_values = merge_values,
         sign_in = sign_in})[operation]()
)lua";

const std::string whole = std::string(rings_lua) + std::string(redis_values_lua) + std::string(redis_blocks_lua) +
                          std::string(operations_lua);

}  // namespace

const std::string_view redis_script = whole;

}  // namespace mailweir
