// @ts-check
/**
 * The one call that the page has, as a pure function: what happened goes in, the next state comes
 * out. No clock, no DOM. Late, repeated and unexpected news changes nothing.
 *
 * @typedef {"talking" | "holding" | "held" | "resuming"} Hold
 * @typedef {{ how: string, at: number }} Outcome how the far end's part of it ended, and when: the line may say so yet
 * @typedef {{ at: "idle" }} Idle
 * @typedef {{ at: "calling", party: string, sid: string | null, rings: boolean }} Calling
 * @typedef {{ at: "answering", party: string, callId: string }} Answering
 * @typedef {{ at: "talking", party: string, sid: string, incoming: boolean, callId: string | null, since: number | null, muted: boolean, hold: Hold | null, mending: boolean, keys: string, outcome: Outcome | null }} Talking
 * @typedef {{ at: "over", party: string, how: string, seconds: number | null }} Over
 * @typedef {Idle | Calling | Answering | Talking | Over} CallState
 *
 * @typedef {{ type: "dial", party: string }
 *   | { type: "answer", party: string, callId: string }
 *   | { type: "ringing", sid: string }
 *   | { type: "accepted", sid: string }
 *   | { type: "known", callId: string, since: number | null, hold: Hold | null, outcome: Outcome | null }
 *   | { type: "hold", callId: string, hold: Hold }
 *   | { type: "muted", muted: boolean }
 *   | { type: "mending", mending: boolean }
 *   | { type: "pressed", key: string }
 *   | { type: "ended", how: string, now: number }
 *   | { type: "dismiss" }} Happening
 */

/** How many of the keys that were pressed are shown. */
const KEYS_SHOWN = 40;

/** @type {Idle} */
export const IDLE = { at: "idle" };

/** Whether people talk, or are about to. @param {CallState} call */
export const isLive = (call) => call.at !== "idle" && call.at !== "over";

/** @param {CallState} call @param {Happening} what @returns {CallState} */
export function step(call, what) {
  switch (what.type) {
    case "dial":
      return isLive(call) ? call : { at: "calling", party: what.party, sid: null, rings: false };
    case "answer":
      return isLive(call) ? call : { at: "answering", party: what.party, callId: what.callId };
    case "ringing":
      return call.at === "calling" ? { ...call, sid: what.sid, rings: true } : call;
    case "accepted":
      return accepted(call, what.sid);
    case "known":
      if (call.at !== "talking" || (call.callId && call.callId !== what.callId)) return call;
      return { ...call, callId: what.callId, since: what.since ?? call.since, hold: call.incoming ? null : what.hold ?? call.hold, outcome: call.outcome ?? what.outcome };
    case "hold":
      if (call.at !== "talking" || call.callId !== what.callId) return call;
      return { ...call, hold: what.hold };
    case "muted":
      return call.at === "talking" ? { ...call, muted: what.muted } : call;
    case "mending":
      return call.at === "talking" ? { ...call, mending: what.mending } : call;
    case "pressed":
      return call.at === "talking" ? { ...call, keys: (call.keys + what.key).slice(-KEYS_SHOWN) } : call;
    case "ended":
      return ended(call, what.how, what.now);
    case "dismiss":
      return call.at === "over" ? IDLE : call;
  }
}

/** @param {CallState} call @param {string} sid @returns {CallState} */
function accepted(call, sid) {
  if (call.at !== "calling" && call.at !== "answering") return call;
  const incoming = call.at === "answering";
  return {
    at: "talking", party: call.party, sid, incoming,
    callId: incoming ? call.callId : null,
    since: null, muted: false, hold: incoming ? null : "talking", mending: false, keys: "", outcome: null,
  };
}

/** @param {CallState} call @param {string} how @param {number} now @returns {CallState} */
function ended(call, how, now) {
  if (call.at === "idle" || call.at === "over") return call;
  if (call.at !== "talking") return { at: "over", party: call.party, how, seconds: null };
  const { since, outcome } = call;
  const seconds = since === null ? null : Math.max(0, Math.round(((outcome?.at ?? now) - since) / 1000));
  return { at: "over", party: call.party, how: outcome?.how ?? how, seconds };
}

/** Minutes and seconds, hours where there are any. @param {number} seconds */
export function clock(seconds) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
