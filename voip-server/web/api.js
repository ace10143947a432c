// @ts-check
/** What the server refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Hears when the server no longer knows who we are. */
export const logins = new EventTarget();

/**
 * Asks the server; the session's cookie goes along by itself.
 * @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, {
      method,
      body: json,
      credentials: "same-origin",
      headers: json ? { "Content-Type": "application/json" } : {},
    });
  } catch {
    throw new Refused(0, "unreachable", "The server cannot be reached. Check your connection and try again.");
  }
  const read = await answer.json().catch(() => ({}));
  if (answer.ok) return read;
  if (answer.status === 401 && read.code === "unauthorized") {
    logins.dispatchEvent(new Event("over"));
    throw new Refused(401, read.code, "Your login has ended. Log in again.");
  }
  const wait = Number(answer.headers.get("Retry-After"));
  const later = answer.status === 429 && wait ? ` Try again in ${wait} s.` : "";
  throw new Refused(answer.status, read.code ?? "unknown", sentence(read.message ?? `the server answered ${answer.status}`) + later);
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
