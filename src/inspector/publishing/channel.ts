/** The channel for frames: the same for all programs, whatever the prefix of their keys. */
export const frameChannel = "holdfast:life";

/** Maximum size of one message in bytes. */
export const maxMessageBytes = 64 * 1024;
