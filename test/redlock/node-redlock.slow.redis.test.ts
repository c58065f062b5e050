import Redlock, { IoredisClient, RedisjsClient } from "../../src/redlock.js";
import { compare } from "./compare.js";
import { acquiring } from "./node-redlock/acquire.js";
import { type Api, original } from "./node-redlock/api.js";
import { construction } from "./node-redlock/construct.js";
import { events } from "./node-redlock/events.js";
import { releasing } from "./node-redlock/release.js";
import { renewing } from "./node-redlock/renew.js";
import { using } from "./node-redlock/using.js";
import { votes } from "./node-redlock/votes.js";
import { wrappers } from "./node-redlock/wrappers.js";

const ours = { Redlock, IoredisClient, RedisjsClient } as unknown as Api;

compare<Api, Api>("node-redlock 2.3.0", { original, ours }, [
  ...construction,
  ...acquiring,
  ...votes,
  ...renewing,
  ...releasing,
  ...using,
  ...events,
  ...wrappers,
]);
