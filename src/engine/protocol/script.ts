import { constants } from "./script.generated.js";

/** The scripts that are sent to Redis. Their sources, the Lua files in the folder `script`, contain the documentation. */
export {
  batchScript,
  batchScriptSha,
  clusterSizeScript,
  identificationScript,
  publishScript,
  runIdScript,
  setsInUseScript,
} from "./script.generated.js";

/** ms after its last use at which the fence record of a resource expires. The watermark then applies instead. */
export const fenceRecordTtl = constants.fenceRecordTtl;
