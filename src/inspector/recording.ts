export { readRecording } from "./recording/reader.js";
export { RecordingError } from "./recording/trouble.js";
export { openRecording, type RecordingWriter } from "./recording/writer.js";
