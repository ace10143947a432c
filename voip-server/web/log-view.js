// @ts-check
import { ask } from "./api.js";
import { clock } from "./call-state.js";
import { fill, h, icon } from "./dom.js";
import { homeCountry } from "./home-country.js";
import { format, read } from "./phone-number.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{ id: string, from_number: string, to_number: string, direction: string, status: string, duration: number, created_at: string }} Row */

/** @type {Record<string, string>} */
const STATUS = { completed: "Answered", busy: "Busy", "no-answer": "No answer", failed: "Failed", canceled: "Cancelled", "in-progress": "On now", ringing: "Ringing", initiated: "Starting", queued: "Starting" };
const OVER = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
const PAGE = 25;

/** How long somebody types before it is searched. */
const TYPING = 250;

/** The user's calls, newest first, live. @param {Desk} desk @param {(number: string) => void} redial */
export function logView(desk, redial) {
  const list = h("ul", { class: "log", "aria-label": "Calls" });
  const words = h("span", { role: "status" }, "Loading your calls…");
  const way = h("button", { class: "plain", hidden: true });
  const undo = h("div", { class: "undo", role: "status" });
  const more = h("button", { class: "plain wide", hidden: true, onclick: () => void load(true) }, "Show older calls");
  const direction = select("direction", "Which way", [["", "All calls"], ["inbound", "Incoming"], ["outbound", "Outgoing"]]);
  const status = select("status", "Outcome", [["", "Any outcome"], ["completed", "Answered"], ["no-answer", "No answer"], ["busy,failed,canceled", "Not connected"]]);
  const number = h("input", { type: "search", name: "number", autocomplete: "off", "aria-label": "Search by number", placeholder: "Search by number" });
  const csv = h("a", { class: "plain button", href: "api/call-logs.csv", download: true }, "Download CSV");
  const filters = /** @type {HTMLFormElement} */ (h("form", { class: "filters", role: "search", "aria-label": "Calls", oninput: (/** @type {Event} */ event) => later(event.target === number ? TYPING : 0), onsubmit: (/** @type {Event} */ event) => event.preventDefault() }, number, direction, status));
  /** @type {Row[]} */
  let rows = [];
  /** @type {Map<string, { element: HTMLElement, shown: string }>} */
  let drawn = new Map();
  /** @type {string | null} */
  let cursor = null;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;

  /** @param {number} wait */
  function later(wait) {
    clearTimeout(typing);
    typing = setTimeout(() => void load(), wait);
  }

  /** What is wanted; null while the number is not whole. */
  function query() {
    const wanted = new URLSearchParams();
    for (const [name, value] of new FormData(filters)) {
      const text = String(value).trim();
      if (!text) continue;
      const known = name === "number" ? read(text, homeCountry())?.e164 : text;
      if (!known) return null;
      wanted.set(name, known);
    }
    return wanted;
  }

  /** @param {string} text @param {string} [label] of what leads on @param {() => void} [act] */
  function say(text, label = "", act = () => {}) {
    if (words.textContent !== text) words.textContent = text;
    way.textContent = label;
    way.hidden = !label;
    way.onclick = act;
    state.hidden = !text;
  }

  /** Loads what is shown anew, or more of it. @param {boolean} [older] */
  async function load(older = false) {
    const turn = ++asked;
    const wanted = query();
    if (!wanted) {
      show([], null);
      return say("Type the whole number to search for it.", "Show all calls", clear);
    }
    const narrowed = wanted.size > 0;
    csv.setAttribute("href", `api/call-logs.csv?${wanted}`);
    // Whoever has paged down stays there when a call comes.
    wanted.set("limit", String(older ? PAGE : Math.max(PAGE, rows.length)));
    if (older && cursor) wanted.set("cursor", cursor);
    try {
      const page = await ask("GET", `api/call-logs?${wanted}`);
      if (turn !== asked) return;
      show(older ? [...rows, ...page.logs] : page.logs, page.nextCursor);
      if (rows.length) say("");
      else if (narrowed) say("No call meets these filters.", "Show all calls", clear);
      else say("No calls yet. Make your first one with the phone.");
    } catch (error) {
      if (turn !== asked) return;
      if (!older) show([], null);
      say(error instanceof Error ? error.message : "", "Try again", () => void load(older));
    }
  }

  function clear() {
    filters.reset();
    void load();
    number.focus();
  }

  /** Only what has changed is drawn anew, so that focus stays where it is. @param {Row[]} wanted @param {string | null} next */
  function show(wanted, next) {
    rows = wanted;
    cursor = next;
    more.hidden = !cursor;
    const before = drawn;
    drawn = new Map();
    for (const one of rows) {
      const shown = JSON.stringify(one);
      const known = before.get(one.id);
      drawn.set(one.id, known?.shown === shown ? known : { element: row(one), shown });
    }
    for (const [id, { element }] of before) if (drawn.get(id)?.element !== element) element.remove();
    let place = list.firstElementChild;
    for (const { element } of drawn.values()) {
      if (element === place) place = place.nextElementSibling;
      else list.insertBefore(element, place);
    }
  }

  /** @param {Row} one */
  function row(one) {
    const inbound = one.direction === "inbound";
    const party = inbound ? one.from_number : one.to_number;
    const when = new Date(one.created_at);
    const missed = inbound && ["no-answer", "canceled", "busy"].includes(one.status);
    const told = missed ? "Missed" : STATUS[one.status] ?? one.status;
    return h(
      "li",
      {},
      h("span", { class: missed ? "way missed" : "way" }, icon(inbound ? "into" : "out")),
      h("div", { class: "who" }, h("span", { class: "party" }, format(party)), h("span", { class: "quiet" }, `${inbound ? "Incoming" : "Outgoing"} · ${told}${one.duration ? ` · ${clock(one.duration)}` : ""}`)),
      h("time", { class: "quiet", datetime: one.created_at }, when.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })),
      h("button", { class: "round", "aria-label": `Call ${format(party)}`, disabled: !read(party, homeCountry()), onclick: () => redial(party) }, icon("call")),
      h("button", { class: "round", "aria-label": `Delete the call with ${format(party)}`, disabled: !OVER.has(one.status), onclick: () => void remove(one) }, icon("bin")),
    );
  }

  /** @param {Row} one */
  async function remove(one) {
    const failed = (/** @type {unknown} */ error) => fill(undo, error instanceof Error ? error.message : "");
    try {
      await ask("DELETE", `api/delete-call-log/${one.id}`);
      fill(undo, h("span", {}, "Call deleted."), h("button", { class: "plain", onclick: () => void restore(one, failed) }, "Undo"));
      await load();
      undo.querySelector("button")?.focus();
    } catch (error) {
      failed(error);
    }
  }

  /** @param {Row} one @param {(error: unknown) => void} failed */
  async function restore(one, failed) {
    try {
      await ask("POST", `api/restore-call-log/${one.id}`);
      fill(undo);
      await load();
      drawn.get(one.id)?.element.querySelector("button")?.focus();
    } catch (error) {
      failed(error);
    }
  }

  const changed = () => void load();
  desk.addEventListener("log", changed);
  void load();
  const state = h("p", { class: "quiet centred state" }, words, way);
  const element = h("section", { class: "card calls", "aria-labelledby": "log-title" }, h("header", {}, h("h2", { id: "log-title" }, "Calls"), csv), filters, undo, state, list, more);
  return {
    element,
    close: () => {
      clearTimeout(typing);
      desk.removeEventListener("log", changed);
    },
  };
}

/** @param {string} name @param {string} label @param {[string, string][]} choices */
const select = (name, label, choices) => h("select", { name, "aria-label": label }, ...choices.map(([value, text]) => h("option", { value }, text)));
