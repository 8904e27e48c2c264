"""
What Redis does for the lists of ids (utils/caching/redis/lists.py), in Lua. Each script is one round trip.
"""

from utils.caching.redis.client import Script

READ_ALL = Script(
    "read_all_lists",
    """
local lists = {}
for index, key in ipairs(KEYS) do
    local ids = redis.pcall('LRANGE', key, 0, -1)
    lists[index] = ids.err and {ids.err} or ids
end
return lists
""",
)

READ = Script(
    "read_list",
    """
local key, lease = KEYS[1], KEYS[1] .. ':lease'
local before, after, limit, cap = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local whole = before > 0
local ids = redis.pcall('LRANGE', key, 0, whole and -1 or limit - 1)
local page, ended = {}, ids[1] == '0'
if not ids.err and not ended and not whole and after == 0 then
    page, ended = ids, #ids == limit
elseif not ids.err and not ended then
    for _, id in ipairs(ids) do
        local number = tonumber(id)
        if not number then ids.err = 'not a list of ids' break end
        if number <= after then ended = true break end
        if not whole or number < before then
            page[#page + 1] = id
            if #page == limit then ended = true break end
        end
    end
end
-- A value that is not a list of ids (of another release, or damaged) is dropped, and a list is built.
if ids.err then
    redis.call('DEL', key)
    ids = {}
end
if #ids == 0 then
    local leased = redis.call('SET', lease, ARGV[5], 'NX', 'PX', ARGV[6])
    return {'miss', leased and ARGV[5] or false}
end
if not ended and #ids >= cap then return {'beyond'} end
if #page == 0 or ARGV[7] == '' then return {'hit', page, {}} end
local states = {}
for index, id in ipairs(page) do states[index] = ARGV[7] .. id end
return {'hit', page, redis.call('MGET', unpack(states))}
""",
)

STORE = Script(
    "store_list",
    """
local key, lease = KEYS[1], KEYS[1] .. ':lease'
if redis.pcall('GET', lease) ~= ARGV[1] then return 0 end
redis.call('DEL', key, lease)
redis.call('RPUSH', key, unpack(ARGV, 3))
redis.call('EXPIRE', key, ARGV[2])
return 1
""",
)

# The place of a late id is searched in four parts of 32 ids. If it is deeper, the list is dropped and rebuilt later.
# After 200 searches further lists are dropped too, because long searches block Redis for all clients.
PUSH = Script(
    "push_to_lists",
    """
local cap, searched = tonumber(ARGV[1]), 0

local function place(key, id, number)
    for start = 0, 96, 32 do
        local part = redis.call('LRANGE', key, start, start + 31)
        for _, other in ipairs(part) do
            if other == id then return true end
            if not tonumber(other) then return false end
            if tonumber(other) < number then
                redis.call('LINSERT', key, 'BEFORE', other, id)
                redis.call('LTRIM', key, 0, cap - 1)
                return true
            end
        end
        if #part < 32 then
            if start + #part < cap then redis.call('RPUSH', key, id) end
            return true
        end
    end
    return false
end

for index, key in ipairs(KEYS) do
    local id, head = ARGV[index + 1], redis.pcall('LINDEX', key, 0)
    local number = tonumber(id)
    if head and (type(head) == 'table' or not tonumber(head)) then
        redis.call('DEL', key, key .. ':lease')
    elseif not head then
        redis.call('DEL', key .. ':lease')
    elseif head == '0' then
        redis.call('LSET', key, 0, id)
    elseif tonumber(head) < number then
        redis.call('LPUSH', key, id)
        redis.call('LTRIM', key, 0, cap - 1)
    elseif head ~= id then
        searched = searched + 1
        if searched > 200 or not place(key, id, number) then redis.call('DEL', key, key .. ':lease') end
    end
end
return 1
""",
)

# A full list that loses an id would look like a complete one, so it is dropped instead.
REMOVE = Script(
    "remove_from_lists",
    """
local cap = tonumber(ARGV[1])
for index, key in ipairs(KEYS) do
    local length = redis.pcall('LLEN', key)
    if type(length) == 'table' then
        redis.call('DEL', key)
    elseif redis.call('LREM', key, 1, ARGV[index + 1]) > 0 and length >= cap then redis.call('DEL', key) end
    redis.call('DEL', key .. ':lease')
end
return 1
""",
)

# A list of sources has two elements for each: the owner and the oldest id. A single element means that there are none
# (0), or too many to merge (anything else).
MERGE = Script(
    "merge_lists",
    """
local key, lease = KEYS[1], KEYS[1] .. ':lease'
local sources = redis.pcall('LRANGE', key, 0, -1)
local function miss()
    redis.call('DEL', key)
    local leased = redis.call('SET', lease, ARGV[5], 'NX', 'PX', ARGV[6])
    return {'miss', leased and ARGV[5] or false}
end
if sources.err or #sources == 0 then return miss() end
if #sources == 1 then return sources[1] == '0' and {'hit', {}, {}} or {'beyond'} end
local limit, after, found, absent, misses = tonumber(ARGV[3]), tonumber(ARGV[2]), {}, {}, 0
for index = 1, #sources, 2 do
    local oldest = tonumber(sources[index + 1])
    if not oldest then return miss() end
    -- What is older than all of a full page is not even looked at.
    local newer_than = math.max(after, oldest - 1, found[limit] or 0)
    local part = read_list({ARGV[8] .. sources[index]}, {ARGV[1], newer_than, limit, ARGV[4], ARGV[5], ARGV[6], ''})
    if part[1] == 'beyond' then return part end
    if part[1] == 'miss' then
        misses = misses + 1
        if part[2] then absent[#absent + 1] = sources[index] end
        if misses == tonumber(ARGV[9]) then break end
    else
        for _, id in ipairs(part[2]) do
            local number, place = tonumber(id), #found + 1
            while place > 1 and found[place - 1] < number do place = place - 1 end
            table.insert(found, place, number)
            found[limit + 1] = nil
        end
    end
end
if misses > 0 then return {'absent', absent} end
local page, states = {}, {}
for index = 1, #found do
    page[index] = string.format('%.0f', found[index])
    states[index] = ARGV[7] .. page[index]
end
return {'hit', page, #page > 0 and redis.call('MGET', unpack(states)) or {}}
""",
    includes=[READ],
)
