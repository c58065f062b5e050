-- Publishes a message. A script, because every client can send a script.
-- KEYS: in a Cluster, a key that routes the call. ARGV: the channel, the message.
return redis.call('PUBLISH', ARGV[1], ARGV[2])
