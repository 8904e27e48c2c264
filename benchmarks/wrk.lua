-- For wrk: sends prepared requests in turn and says, as JSON, how they were answered.
--
--   wrk … -s wrk.lua URL -- FILE EXPECTED_STATUS      requests in FILE are separated by a NUL

local requests, position, expected = {}, 0, 200
wrong, wrong_status = 0, 0
local thread_of_all

function setup(thread)
  thread_of_all = thread
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for one in file:read("*a"):gmatch("[^%z]+") do
    requests[#requests + 1] = one
  end
  file:close()
  expected = tonumber(arguments[2])
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function response(status)
  if status ~= expected then
    wrong, wrong_status = wrong + 1, status
  end
end

function done(summary, latency)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"count": %d, "seconds": %f, "p50": %f, "p99": %f, "wrong": %d, "status": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    thread_of_all:get("wrong"), thread_of_all:get("wrong_status"), broken))
end
