import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What opens the page to those who come from elsewhere. */
export class AccessToken {
  readonly #digest: Buffer;
  /** Name and value of the cookie. */
  readonly #pass: string;

  constructor(token: string) {
    this.#digest = digest(token);
    const derived = (what: string) => createHmac("sha256", token).update(what).digest("base64url");
    // A browser sends it to every server of this host, whatever its port: they must not learn the token from it, and
    // another inspector with a token of its own must not take its place.
    this.#pass = `${cookiePrefix}${derived("cookie name").slice(0, 8)}=${derived("holdfast inspector")}`;
  }

  /** `Authorization: Bearer …`, or the cookie. */
  admits(authorization: string | undefined, cookie: string | undefined): boolean {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (bearer !== undefined) return this.is(bearer);
    const passes = (cookie ?? "").split(";").map((pair) => pair.trim());
    return passes.some((pair) => pair.startsWith(cookiePrefix) && this.#isPass(pair));
  }

  /** Takes the same time for whatever is given. */
  is(text: string): boolean {
    return timingSafeEqual(digest(text), this.#digest);
  }

  /**
   * The value of Set-Cookie: for this browser, until it is closed, and out of reach of scripts and other sites. These may
   * lead here, though, which they could not by a strict one: a link in a chat would end at a refusal.
   */
  get cookie(): string {
    return `${this.#pass}; Path=/; HttpOnly; SameSite=Lax`;
  }

  #isPass(pair: string): boolean {
    return timingSafeEqual(digest(pair), digest(this.#pass));
  }
}

const cookiePrefix = "holdfast-inspector-";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
