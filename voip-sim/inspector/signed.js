// What the signature of a webhook was made over.

/** @import {Webhook} from "./types.js" */

/**
 * The text that was signed: the address, then every field of the body by name, each name right
 * before its value.
 * @param {Webhook} webhook
 */
export function signed(webhook) {
  const address = webhook.url.startsWith("https:")
    ? webhook.url.replace(/^(https:[/]{2}[^/?]+?):\d+(?=[/?]|$)/, "$1")
    : webhook.url;
  if (webhook.method !== "POST") return address;
  const fields = [...webhook.form].sort(
    ([one, first], [other, second]) => order(one, other) || order(first, second),
  );
  // Of equal pairs one counts.
  const once = new Map(fields.map(([name, value]) => [JSON.stringify([name, value]), name + value]));
  return address + [...once.values()].join("");
}

/**
 * @param {string} one
 * @param {string} other
 */
function order(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
