import { memoryNode } from "../../src/clients/memory.js";
import { describeNodeContract } from "./node-contract.js";

describeNodeContract("a memory node", () => ({ node: memoryNode(), end: () => {} }));
