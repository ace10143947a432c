// @ts-check
import { ask, logins } from "./api.js";

/** A login is renewed when this much of it is left, while the page is open. */
const RENEW_BEFORE = 10 * 60_000;
/** Between two tries where the server cannot be reached. */
const AGAIN = 30_000;
/** Longest delay that `setTimeout` takes. */
const LONGEST = 2 ** 31 - 1;

/** @typedef {{ user: { userId: string, name: string | null, email: string | null }, expiresAt: string, now: string }} Known */

/** How long the login lasts: renewed ahead of its end, and told to be over at its end. */
export class Session {
  #renewed;
  /** When it ends, by this page's clock. */
  #end = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} renewed hears that the cookie is another one */
  constructor(renewed) {
    this.#renewed = renewed;
  }

  /** Counts from what the server has said. @param {Known} known */
  keep({ expiresAt, now }) {
    const left = Date.parse(expiresAt) - Date.parse(now);
    this.#end = Date.now() + left;
    this.#wait(Math.max(left - RENEW_BEFORE, left / 2));
  }

  close() {
    clearTimeout(this.#timer);
  }

  /** @param {number} time */
  #wait(time) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#due(), Math.min(time, LONGEST));
  }

  async #due() {
    const left = this.#end - Date.now();
    if (left <= 0) return void logins.dispatchEvent(new Event("over"));
    const before = this.#end;
    try {
      const known = await ask("POST", "api/session");
      this.keep(known);
      // The server renews it for so long only: then it ends when it ends.
      if (this.#end < before + AGAIN) this.#wait(this.#end - Date.now());
      this.#renewed();
    } catch (error) {
      if (/** @type {any} */ (error).status !== 401) this.#wait(Math.min(left, AGAIN));
    }
  }
}
