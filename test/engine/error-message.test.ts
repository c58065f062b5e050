import { expect, test } from "vitest";
import { messageOf } from "../../src/engine/protocol/error-message.js";

test("a server that wants a password says so, and not how HELLO is called", () => {
  const refusal =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> " +
    "option can be used to authenticate the client and select the RESP protocol version at the same time";
  expect(messageOf(new Error(refusal))).toBe("NOAUTH Authentication required.");
  expect(messageOf(new Error("NOAUTH Authentication required."))).toBe("NOAUTH Authentication required.");
});
