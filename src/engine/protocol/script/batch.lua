-- Runs a batch of lock commands. Each command is protected: an error in one command does not affect the others.
--
-- KEYS:
--   the marker, if the server must prove that it remembers what it granted;
--   the record of long leases, if a command may concern a long lease;
--   for each command its keys, then one queue per key if the command respects the queues, then one set of readers per key if
--   the command is in the name of a shared token or reads them (see readers.lua), then one fence record per key and the
--   watermark if the command proposes a fence. The keys of "acquireAny" are followed by one queue and the record of the number
--   of permits, and have one fence record.
--
-- ARGV:
--   the mark that the server must have, or "" if no command needs one. A "+" in front of it means that KEYS contains the
--   record of long leases;
--   if there is a mark: the longest short ttl that the batch asks for;
--   for each command its name, followed by its number of keys unless that number is 1 ("release", "release3"), then its
--   arguments. commands.json lists the names and the arguments.
--
-- Replies, one per command:
--   1                                        granted
--   {1, highest, accepted}                   granted, and a fence was proposed
--   {3, index, ...}                          granted for all keys of many locks, except for those with these indices
--   {4, indices, other}                      granted for the keys with these indices, as in " 2 5" (acquireAny)
--   {4, indices, other, highest, accepted}   the same, and a fence was proposed
--   {0, index, pttl, owner, hash, type}      denied because of the key with this index; "acquireAny" appends `other`, the number
--                                            of permits that another process has given lately, or 0
--   {-1, message}                            failed
--   {-2}                                     the server does not have the mark, and grants nothing
--   {2, pttl, owner, hash, type, count, readers, ...}   the report of "inspect" and "inspectReaders": six values per key
--
-- The stored form is that of the Redlock specification (redis.io, "Distributed Locks with Redis"): a string that holds the
-- token, SET NX PX, compare-and-delete. A key that is kept after its release is such a string too, and so is a key that readers
-- hold. No reply contains a token.

local KEYS, ARGV, rawcall = KEYS, ARGV, redis.pcall

-- The position in ARGV of the next command, and the position in KEYS of the last key before the keys of that command.
local nextCommand, lastKey = 2, 0

-- The reply to each command that needs memory, if this server must not grant anything; otherwise nil.
local refusal

--@include memory.lua
--@include fast-path.lua
--@include permits-fast-path.lua
--@include keys.lua
--@include readers.lua
--@include queues.lua
--@include contended-release.lua
--@include long-leases.lua
--@include fences.lua
--@include turns.lua
--@include commands.lua
--@include queue-commands.lua
--@include permits.lua
--@include upgrade.lua
--@include run.lua
