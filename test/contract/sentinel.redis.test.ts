import { newest } from "./clients.js";
import { describeSentinelContract } from "./sentinel-contract.js";

describeSentinelContract(newest);
