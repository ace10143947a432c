// @ts-check
import { h } from "./dom.js";

/** @typedef {import("./desk.js").Desk} Desk */

const OFF = "voip-shortcuts-off";

/**
 * Keys that work wherever no text is typed, and the list of them, where they can be switched off:
 * who dictates would press them by speaking.
 * @param {Desk} desk
 */
export function helpView(desk) {
  /** @type {Record<string, [string, () => void]>} */
  const keys = {
    m: ["Mute or unmute", () => desk.mute()],
    h: ["Hold or resume", () => void desk.hold()],
    e: ["End the call", () => desk.live && desk.hangUp()],
    a: ["Accept the call that rings", () => desk.ringing[0] && void desk.answer(desk.ringing[0].callId)],
    d: ["Decline the call that rings", () => desk.ringing[0] && desk.decline(desk.ringing[0].callId)],
    "?": ["Show this list", () => element.showModal()],
  };
  const row = (/** @type {string} */ key, /** @type {string} */ what) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)];
  const rows = [...Object.entries(keys).flatMap(([key, [what]]) => row(key, what)), ...row("0–9 * #", "Press a key of the keypad in a call")];
  const use = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: localStorage.getItem(OFF) === null, onchange: () => (use.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")) }));
  const element = /** @type {HTMLDialogElement} */ (
    h("dialog", { "aria-labelledby": "help-title" }, h("h2", { id: "help-title" }, "Keyboard shortcuts"), h("dl", {}, ...rows), h("label", { class: "check" }, use, "Use these keys"), h("form", { method: "dialog" }, h("button", { class: "primary wide" }, "Close")))
  );
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (typing || element.open || !use.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9*#]$/.test(event.key)) desk.press(event.key);
    else keys[event.key]?.[1]();
  };
  addEventListener("keydown", pressed);
  return { element, show: () => element.showModal(), close: () => removeEventListener("keydown", pressed) };
}
