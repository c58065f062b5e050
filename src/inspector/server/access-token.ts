import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The token that readers from other machines must present. */
export class AccessToken {
  readonly #digest: Buffer;
  /** Name and value of the cookie. */
  readonly #cookiePair: string;

  constructor(token: string) {
    this.#digest = digest(token);
    const derived = (what: string) => createHmac("sha256", token).update(what).digest("base64url");
    // A browser sends the cookie to every server of this host, whatever its port. Those servers must not learn the
    // token from the cookie, and another inspector with a token of its own must not overwrite the cookie.
    this.#cookiePair = `${cookiePrefix}${derived("cookie name").slice(0, 8)}=${derived("holdfast inspector")}`;
  }

  /** `Authorization: Bearer …`, or the cookie. */
  admits(authorization: string | undefined, cookie: string | undefined): boolean {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (bearer !== undefined) return this.is(bearer);
    const pairs = (cookie ?? "").split(";").map((pair) => pair.trim());
    return pairs.some((pair) => pair.startsWith(cookiePrefix) && this.#isCookiePair(pair));
  }

  /** Compares in constant time. */
  is(text: string): boolean {
    return timingSafeEqual(digest(text), this.#digest);
  }

  /**
   * The value of Set-Cookie: a session cookie that scripts and other sites cannot read. SameSite is Lax, because with
   * Strict a link in a chat would end at a refusal.
   */
  get cookie(): string {
    return `${this.#cookiePair}; Path=/; HttpOnly; SameSite=Lax`;
  }

  #isCookiePair(pair: string): boolean {
    return timingSafeEqual(digest(pair), digest(this.#cookiePair));
  }
}

const cookiePrefix = "holdfast-inspector-";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
