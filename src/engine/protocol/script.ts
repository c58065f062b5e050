import { constants } from "./script.generated.js";

/** The scripts that are sent to Redis. Their sources are the Lua files in the folder `script`, which document them. */
export {
  batchScript,
  batchScriptSha,
  introductionScript,
  publishScript,
  runIdScript,
} from "./script.generated.js";

/** ms after its last use that the record of a resource's fence expires; the watermark then stands for it. */
export const fenceRecordTtl = constants.fenceRecordTtl;
