import type { NodeCheck } from "../facts.js";
import { warning } from "../finding.js";

export const checkPassword: NodeCheck = ({ passwordUnneeded }) =>
  passwordUnneeded
    ? [
        warning({
          code: "password-unneeded",
          found: "the address has a password, and the server wants none",
          value: true,
          means: "Everybody who reaches it can read tokens and delete locks.",
          advice:
            "set a password on the server (requirepass, or ACL SETUSER), or leave it out of the address",
        }),
      ]
    : [];
