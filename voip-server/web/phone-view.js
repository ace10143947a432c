// @ts-check
import { clock } from "./call-state.js";
import { fill, h, icon } from "./dom.js";
import { chooseHome, homeCountry } from "./home-country.js";
import { COUNTRIES, countryName, format, found, read } from "./phone-number.js";
import { soundView } from "./sound-view.js";

/** @typedef {import("./desk.js").Desk} Desk */

const KEYS = [..."123456789*0#"];
/** @type {Record<string, string>} */
const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ" };

/** The phone: going online, dialling, and the call. @param {Desk} desk */
export function phoneView(desk) {
  const panel = h("section", { class: "card phone", "aria-label": "Phone" });
  const dialler = makeDialler(desk);
  const sound = soundView(desk);
  let shown = "";
  /** @type {() => void} */
  let refresh = () => {};

  function change() {
    const { call, presence } = desk;
    // The panel is made anew only when it shows something else, so that focus stays where it is.
    const now = call.at === "idle" ? `idle ${presence === "on"}` : call.at;
    if (now !== shown) {
      shown = now;
      const [content, update] =
        call.at === "talking" ? talking(desk) : call.at !== "idle" ? passing(desk) : presence === "on" ? [dialler.element, dialler.update] : offline(desk);
      refresh = update;
      const inside = panel.contains(document.activeElement);
      fill(panel, ...(Array.isArray(content) ? content : [content]), sound.element);
      // Who was in here by keyboard goes on from here.
      if (inside) /** @type {HTMLElement | null} */ (panel.querySelector("[data-first]"))?.focus();
    }
    refresh();
  }
  desk.addEventListener("change", change);
  change();
  const ticking = setInterval(() => refresh(), 500);
  return {
    element: panel,
    dial: dialler.set,
    close: () => {
      clearInterval(ticking);
      sound.close();
      desk.removeEventListener("change", change);
    },
  };
}

const OFFLINE = "Go online to call and be called. Your browser will ask for the microphone, so that people can hear you; it is used in calls only.";
const ELSEWHERE = "Calls are made and heard there. You can accept and decline here too, or bring the phone over.";
const CONNECTING = "This takes a moment. Allow the microphone if your browser asks for it.";

/** @param {Desk} desk @returns {[Node[], () => void]} */
function offline(desk) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary wide", onclick: () => void desk.goOnline() }, "Go online");
  const update = () => {
    if (problem.textContent !== desk.notice) problem.textContent = desk.notice;
    const opening = desk.presence === "opening";
    button.toggleAttribute("disabled", opening);
    const label = opening ? "Going online…" : desk.other ? "Use the phone here" : "Go online";
    if (button.textContent !== label) button.textContent = label;
    const [head, text] = opening ? ["Connecting your phone", CONNECTING] : desk.other ? ["Your phone is on in another tab", ELSEWHERE] : ["You are offline", OFFLINE];
    if (heading.textContent !== head) heading.textContent = head;
    if (words.textContent !== text) words.textContent = text;
  };
  const heading = h("h2", { tabindex: -1, "data-first": true });
  const words = h("p", { class: "quiet" });
  return [[h("div", { class: "invitation" }, heading, words, problem, button)], update];
}

/** @param {Desk} desk */
function makeDialler(desk) {
  const home = /** @type {HTMLSelectElement} */ (h("select", { id: "home", "aria-label": "Country you call from" }));
  const countries = [...COUNTRIES].map(([country, code]) => ({ country, name: countryName(country), code }));
  for (const { country, name, code } of countries.sort((a, b) => a.name.localeCompare(b.name))) {
    home.append(h("option", { value: country }, `${name} +${code}`));
  }
  home.value = homeCountry();
  const number = /** @type {HTMLInputElement} */ (h("input", { id: "number", "data-first": true, type: "tel", autocomplete: "off", placeholder: "Number", "aria-describedby": "target" }));
  const target = h("p", { id: "target", class: "target", role: "status" });
  const button = h("button", { class: "call wide", type: "submit" }, icon("call"), "Call");
  const update = () => {
    const known = read(number.value, home.value);
    button.toggleAttribute("disabled", !known);
    const typed = number.value.trim();
    const text = known ? `${countryName(known.country)} · ${known.e164}` : typed.length > 5 ? "This is no whole number yet" : " ";
    if (target.textContent !== text) target.textContent = text;
  };
  const type = (/** @type {string} */ key) => {
    number.setRangeText(key, number.selectionStart ?? 0, number.selectionEnd ?? 0, "end");
    update();
  };
  number.addEventListener("input", update);
  number.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    const inside = read(text, home.value) ? null : found(text, home.value);
    if (!inside) return;
    event.preventDefault();
    number.value = inside;
    update();
  });
  home.addEventListener("change", () => {
    chooseHome(home.value);
    update();
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const known = read(number.value, home.value);
    if (known) void desk.dial(known.e164);
  };
  const erase = h("button", { class: "round", type: "button", "aria-label": "Delete the last digit", onclick: () => { number.value = number.value.slice(0, -1); update(); } }, icon("erase"));
  const element = h("form", { onsubmit: submit }, h("label", { for: "number", class: "label" }, "Call a number"), h("div", { class: "entry" }, number, erase), target, home, keypad(type), button);
  return { element, update, set: (/** @type {string} */ text) => { number.value = text; update(); number.focus(); } };
}

/** @param {(key: string) => void} press */
const keypad = (press) =>
  h("div", { class: "keypad", role: "group", "aria-label": "Keypad" }, ...KEYS.map((key) => h("button", { type: "button", onclick: () => press(key) }, key, h("small", { "aria-hidden": "true" }, LETTERS[key] ?? "\u00a0"))));

/** @param {Desk} desk @returns {[Node[], () => void]} */
function passing(desk) {
  const party = h("h2", { class: "callee", tabindex: -1, "data-first": true });
  const what = h("p", { class: "quiet", role: "status" });
  const over = desk.call.at === "over";
  if (over) party.removeAttribute("data-first");
  const button = over
    ? h("button", { class: "primary wide", "data-first": true, onclick: () => desk.dismiss() }, "Done")
    : h("button", { class: "end wide", onclick: () => desk.hangUp() }, icon("end"), "End");
  const update = () => {
    const { call } = desk;
    if (call.at === "idle" || call.at === "talking") return;
    party.textContent = format(call.party);
    const text = call.at === "over" ? `${call.how}${call.seconds ? ` after ${clock(call.seconds)}` : ""}` : call.at === "answering" ? "Connecting…" : call.rings ? "Ringing…" : "Calling…";
    if (what.textContent !== text) what.textContent = text;
  };
  return [[h("div", { class: "stage" }, party, what), button], update];
}

/** @param {Desk} desk @returns {[Node[], () => void]} */
function talking(desk) {
  const party = h("h2", { class: "callee", tabindex: -1, "data-first": true });
  const time = h("p", { class: "timer", role: "timer" });
  const state = h("p", { class: "quiet", role: "status" });
  const quality = h("p", { class: "problem centred", role: "status" });
  const sent = h("p", { class: "sent", role: "status", "aria-label": "Keys pressed" });
  const keys = h("div", { hidden: true }, sent, keypad((key) => desk.press(key)));
  const tool = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ act) => h("button", { class: "tool", "aria-pressed": "false", onclick: act }, icon(name), h("span", {}, label));
  const mute = tool("mute", "Mute", () => desk.mute());
  const hold = tool("hold", "Hold", () => void desk.hold());
  const pad = tool("keys", "Keypad", () => {
    keys.hidden = !keys.hidden;
    pad.setAttribute("aria-pressed", String(!keys.hidden));
  });
  const update = () => {
    const { call } = desk;
    if (call.at !== "talking") return;
    party.textContent = format(call.party);
    // Ours is up as soon as the server has it; the other end is when the server says so.
    const answered = call.since !== null;
    const until = call.outcome?.at ?? desk.now();
    time.textContent = call.since === null ? "\u00a0" : clock(Math.max(0, Math.floor((until - call.since) / 1000)));
    mute.setAttribute("aria-pressed", String(call.muted));
    hold.setAttribute("aria-pressed", String(call.hold === "held"));
    // A call that came in cannot be put on hold.
    hold.hidden = call.incoming;
    hold.setAttribute("aria-disabled", String(!answered || call.outcome !== null || !call.hold || call.hold === "holding" || call.hold === "resuming"));
    if (sent.textContent !== call.keys) sent.textContent = call.keys;
    const words = { holding: "Putting on hold…", held: "On hold", resuming: "Taking back…", talking: "" };
    const text = call.outcome?.how || (call.mending ? "The connection is being restored…" : (call.hold && words[call.hold]) || (call.muted ? "You are muted" : answered ? "In call" : call.incoming ? "Connecting…" : "Ringing…"));
    if (state.textContent !== text) state.textContent = text;
    const warns = desk.notice || desk.quality || "";
    if (quality.textContent !== warns) quality.textContent = warns;
  };
  const end = h("button", { class: "end wide", onclick: () => desk.hangUp() }, icon("end"), "End");
  return [[h("div", { class: "stage" }, party, time, state, quality), h("div", { class: "tools", role: "group", "aria-label": "Call" }, mute, pad, hold), keys, end], update];
}
