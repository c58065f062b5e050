-- The release of one lock for which others wait. This code runs before the functions below are created, because the first
-- waiter is not told before the script has ended.

if onlyQueue and (ARGV[nextCommand] == 'releaseLeaveAndWake' or ARGV[nextCommand] == 'releaseAndWake') then
  local key = KEYS[lastKey + 1]
  if rawcall('GET', key) == ARGV[nextCommand + 1] and rawcall('DEL', key) == 1 then
    withQueue(onlyQueue, leaveAndWake, ARGV[nextCommand + 2] or '', key)
    return { 1 }
  end
end
