/** The channel for frames: the same for all programs, whatever the prefix of their keys. */
export const frameChannel = "holdfast:life";

/**
 * The version of the frames on the channel. A frame without a version is of version 1; readers ignore the frames of later
 * versions. Fields that readers may ignore are added without a new version.
 */
export const frameVersion = 1;

/** Maximum size of one message in bytes. */
export const maxMessageBytes = 64 * 1024;
