// @ts-check
import { fill, h, icon } from "./dom.js";
import { format } from "./phone-number.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./ringing.js").Ring} Ring */

/** Who rings, in every tab, and for a moment why they ring no more. @param {Desk} desk */
export function ringingView(desk) {
  const element = h("div", { class: "ringing", role: "region", "aria-label": "Incoming calls", "aria-live": "assertive" });
  /** @type {Map<string, { card: HTMLElement, shown: string }>} */
  let cards = new Map();
  desk.addEventListener("change", () => {
    const busy = desk.live || desk.other?.live === true;
    /** @type {typeof cards} */
    const now = new Map();
    for (const ring of desk.rings) {
      const shown = JSON.stringify([ring, busy, desk.connected, desk.presence]);
      const before = cards.get(ring.callId);
      now.set(ring.callId, before?.shown === shown ? before : { card: card(desk, ring, busy), shown });
    }
    // A card that stays the same is not touched, and keeps the focus.
    for (const [callId, { card }] of cards) if (now.get(callId)?.card !== card) card.remove();
    for (const { card } of now.values()) if (!card.isConnected) element.append(card);
    cards = now;
  });
  return element;
}

/** @param {Desk} desk @param {Ring} ring @param {boolean} busy */
function card(desk, { callId, from, how }, busy) {
  const who = (/** @type {string} */ words) => h("div", { class: "who" }, h("span", { class: "quiet" }, words), h("span", { class: "party" }, format(from)));
  if (how) return h("div", { class: "card incoming gone" }, who(how), h("button", { class: "plain", onclick: () => desk.forget(callId) }, "Close"));
  const words = !desk.connected ? "No connection to the server, trying again…" : busy ? "End your call to answer" : desk.presence === "opening" ? "Connecting your phone…" : "Incoming call";
  return h("div", { class: "card incoming" }, who(words),
    h("button", { class: "end", disabled: !desk.connected, onclick: () => desk.decline(callId) }, icon("end"), "Decline"),
    h("button", { class: "call", disabled: !desk.connected || busy || desk.presence === "opening", onclick: () => void desk.answer(callId) }, icon("call"), "Accept"));
}
