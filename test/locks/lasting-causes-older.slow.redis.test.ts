import { describeLastingCauses, older } from "./lasting-causes.js";

describeLastingCauses(older);
