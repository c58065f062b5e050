import { older } from "./clients.js";
import { describeClusterContract } from "./cluster-contract.js";

describeClusterContract(older);
