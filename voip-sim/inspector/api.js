// The control interface.

/** An answer that is a refusal. */
export class Refused extends Error {
  /**
   * @param {string} sentence
   * @param {string} code
   */
  constructor(sentence, code) {
    const first = sentence.charAt(0).toUpperCase() + sentence.slice(1);
    super(`${first} (${code})`);
    this.code = code;
  }
}

/**
 * Asks the simulator for something.
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  const headers = body === undefined ? undefined : { "Content-Type": "application/json" };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error ?? "it was refused", answer.code ?? "no code");
  return answer;
}

/**
 * The path of one leg, and of something about it.
 * @param {string} sid
 * @param {string} [what]
 */
export function leg(sid, what) {
  const path = `/sim/calls/${encodeURIComponent(sid)}`;
  return what ? `${path}/${what}` : path;
}
