export { type Recording, readRecording } from "./recording/reader.js";
export { RecordingError } from "./recording/trouble.js";
export { openRecording, type RecordingOptions, type RecordingWriter } from "./recording/writer.js";
