import { describeSubscribingProcess } from "./subscribing-process.js";

describeSubscribingProcess(["ioredis 5", "redis 5", "redis 3"]);
