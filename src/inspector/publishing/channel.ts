/** Where the life of locks is published: the same for all, whatever the prefix of their keys. */
export const lifeChannel = "holdfast:life";

/** Bytes of one message. */
export const longestMessage = 64 * 1024;
