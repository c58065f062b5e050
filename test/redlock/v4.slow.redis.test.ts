import Redlock from "../../src/redlock.js";
import { compare } from "./compare.js";
import { type Api, original } from "./v4/api.js";
import { callbacks } from "./v4/callbacks.js";
import { construction } from "./v4/construct.js";
import { disposing } from "./v4/disposer.js";
import { extending } from "./v4/extend.js";
import { failing } from "./v4/failures.js";
import { locking } from "./v4/lock.js";
import { ending, overlapping } from "./v4/unlock.js";

compare<Api, Api>("redlock 4.2.0", { original, ours: Redlock as unknown as Api }, [
  ...construction,
  ...locking,
  ...ending,
  ...overlapping,
  ...extending,
  ...callbacks,
  ...disposing,
  ...failing,
]);
