import { describeSubscribingProcess } from "./subscribing-process.js";

describeSubscribingProcess(["ioredis 6", "redis 6", "a redis:// address"]);
