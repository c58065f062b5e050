export { openFrames, readRecording } from "./recording/reader.js";
export { RecordingError } from "./recording/recording-error.js";
export { openRecording, type RecordingWriter } from "./recording/writer.js";
