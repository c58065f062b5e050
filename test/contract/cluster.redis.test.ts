import { newest } from "./clients.js";
import { describeClusterContract } from "./cluster-contract.js";

describeClusterContract(newest);
