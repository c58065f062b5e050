import { older } from "./clients.js";
import { describeSentinelContract } from "./sentinel-contract.js";

describeSentinelContract(older);
