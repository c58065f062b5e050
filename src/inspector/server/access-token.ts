import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What opens the page to those who come from elsewhere. */
export class AccessToken {
  readonly #digest: Buffer;
  readonly #pass: string;

  constructor(token: string) {
    this.#digest = digest(token);
    // A browser sends it to every server of this host, whatever its port: they must not learn the token from it.
    this.#pass = createHmac("sha256", token).update("holdfast inspector").digest("base64url");
  }

  /** `Authorization: Bearer …`, or the cookie. */
  admits(authorization: string | undefined, cookie: string | undefined): boolean {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (bearer !== undefined) return this.is(bearer);
    const passes = (cookie ?? "").split(";").map((pair) => pair.trim());
    return passes.some((pair) => pair.startsWith(`${cookieName}=`) && this.#isPass(pair));
  }

  /** Takes the same time for whatever is given. */
  is(text: string): boolean {
    return timingSafeEqual(digest(text), this.#digest);
  }

  /** The value of Set-Cookie: for this browser, until it is closed, and out of reach of scripts and other sites. */
  get cookie(): string {
    return `${cookieName}=${this.#pass}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #isPass(pair: string): boolean {
    return timingSafeEqual(digest(pair), digest(`${cookieName}=${this.#pass}`));
  }
}

const cookieName = "holdfast-inspector";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
