// What the person at the far end of a leg can do, as buttons.

import { announce, attempt } from "./announce.js";
import { ask, leg } from "./api.js";
import { choice, el, field, say } from "./element.js";
import { isOver } from "./words.js";

/** @import {Call} from "./types.js" */
/** @import {Part} from "./element.js" */

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** @type {[string, string][]} */
const STATUSES = ["initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"]
  .map((status) => [status, status]);

/**
 * @param {Call} call
 * @returns {Part<Call>}
 */
export function farEnd(call) {
  const { sid } = call;
  /**
   * @param {string} verb
   * @param {string} told
   * @param {unknown} [body]
   */
  const act = (verb, told, body) =>
    attempt(async () => {
      await ask("POST", leg(sid, verb), body);
      announce(told);
    });
  /**
   * @param {string} text
   * @param {string} verb
   * @param {string} told
   * @param {string} kind
   */
  const button = (text, verb, told, kind) =>
    el("button", { type: "button", class: kind, click: () => void act(verb, told) }, text);

  const answer = button("Answer", "answer", "Answered.", "good");
  const decline = button("Decline", "reject", "Declined.", "bad");
  const ignore = button("Let it ring", "ignore", "It goes on ringing.", "");
  const hangUp = button("Hang up", "hangup", "Hung up.", "bad");

  const words = el("input", { type: "text", autocomplete: "off", placeholder: "What the far end says" });
  const speech = el(
    "form",
    {
      class: "speech",
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const text = words.value.trim();
        if (text === "") return words.focus();
        void act("speech", `Said “${text}”.`, { text }).then(() => {
          words.value = "";
        });
      },
    },
    field("Say", words),
    el("button", { type: "submit" }, "Say it"),
  );

  const press = (/** @type {string} */ digits) => void act("digits", `Pressed ${digits}.`, { digits });
  const pad = el(
    "div",
    {
      class: "pad",
      role: "group",
      "aria-label": "Keypad",
      keydown: (/** @type {KeyboardEvent} */ event) => {
        if (KEYS.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) press(event.key);
      },
    },
    ...KEYS.map((key) => el("button", { type: "button", "aria-label": `Press ${key}`, click: () => press(key) }, key)),
  );
  const keypad = el("details", { class: "keypad" }, el("summary", {}, "Keypad"), pad);

  const status = choice(STATUSES, "completed");
  const trigger = el(
    "details",
    { class: "trigger" },
    el("summary", {}, "Tell a status"),
    el("p", { class: "hint" }, "The application is told this status, whether or not the leg has it."),
    el(
      "form",
      {
        class: "inline",
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          void act("trigger", `Told ${status.value}.`, { status: status.value });
        },
      },
      field("Status", status),
      el("button", { type: "submit" }, "Tell it"),
    ),
  );

  const buttons = el("p", { class: "buttons" }, answer, decline, ignore, hangUp);
  const node = el("div", { class: "far-end" }, buttons, speech, el("div", { class: "side" }, keypad, trigger));
  return {
    node,
    update(now) {
      const over = isOver(now);
      const rings = now.status === "ringing" && now.direction !== "inbound";
      const talks = now.status === "in-progress";
      const active = /** @type {HTMLElement | null} */ (document.activeElement);
      const had = node.contains(active);
      const waits = now.status === "ringing" && now.direction === "inbound";
      answer.hidden = !rings;
      decline.hidden = !rings;
      ignore.hidden = !rings;
      hangUp.hidden = !(talks || waits);
      say(hangUp, waits ? "Give up" : "Hang up");
      speech.hidden = !talks;
      keypad.hidden = !talks;
      buttons.hidden = over || !(rings || talks || waits);
      // Whoever works by keyboard is not thrown out when a button has done its work.
      if (had && active && active.closest("[hidden]")) {
        const next = /** @type {HTMLElement | null} */ (
          node.querySelector(".buttons:not([hidden]) button:not([hidden])")
        );
        (next ?? /** @type {HTMLElement | null} */ (node.closest("[tabindex='-1']")))?.focus();
      }
    },
  };
}
