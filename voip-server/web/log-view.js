// @ts-check
import { ask } from "./api.js";
import { clock } from "./call-state.js";
import { fill, h, icon } from "./dom.js";
import { format, read } from "./phone-number.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{ id: string, from_number: string, to_number: string, direction: string, status: string, duration: number, created_at: string }} Row */

/** @type {Record<string, string>} */
const STATUS = { completed: "Answered", busy: "Busy", "no-answer": "No answer", failed: "Failed", canceled: "Cancelled", "in-progress": "On now", ringing: "Ringing", initiated: "Starting", queued: "Starting" };
const OVER = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
const PAGE = 25;

/** The user's calls, newest first, live. @param {Desk} desk @param {(number: string) => void} redial */
export function logView(desk, redial) {
  const list = h("ul", { class: "log", "aria-label": "Calls" });
  const state = h("p", { class: "quiet centred", role: "status" }, "Loading your calls…");
  const undo = h("div", { class: "undo", role: "status" });
  const more = h("button", { class: "plain", hidden: true, onclick: () => void load(true) }, "Show older calls");
  const direction = select("direction", "Which way", [["", "All calls"], ["inbound", "Incoming"], ["outbound", "Outgoing"]]);
  const status = select("status", "Outcome", [["", "Any outcome"], ["completed", "Answered"], ["no-answer", "No answer"], ["busy,failed,canceled", "Not connected"]]);
  const number = h("input", { type: "search", name: "number", "aria-label": "Number", placeholder: "Search by number" });
  const csv = h("a", { class: "plain button", href: "api/call-logs.csv", download: "calls.csv" }, "Download CSV");
  const filters = /** @type {HTMLFormElement} */ (h("form", { class: "filters", oninput: () => void load(), onsubmit: (/** @type {Event} */ event) => event.preventDefault() }, number, direction, status));
  /** @type {Row[]} */
  let rows = [];
  /** @type {string | null} */
  let cursor = null;
  let asked = 0;

  function query() {
    const wanted = new URLSearchParams();
    for (const [name, value] of new FormData(filters)) {
      if (!value) continue;
      const known = name === "number" ? read(String(value), "US") : null;
      wanted.set(name, known?.e164 ?? String(value));
    }
    return wanted;
  }

  /** @param {boolean} [older] */
  async function load(older) {
    const turn = ++asked;
    const wanted = query();
    csv.setAttribute("href", `api/call-logs.csv?${wanted}`);
    wanted.set("limit", String(PAGE));
    if (older && cursor) wanted.set("cursor", cursor);
    try {
      const page = await ask("GET", `api/call-logs?${wanted}`);
      if (turn !== asked) return;
      rows = older ? [...rows, ...page.logs] : page.logs;
      cursor = page.nextCursor;
      const narrowed = query().size > 0;
      state.textContent = rows.length ? "" : narrowed ? "No call meets these filters." : "No calls yet. Make your first one beside this list.";
    } catch (error) {
      if (turn !== asked) return;
      state.textContent = /** @type {any} */ (error).code === "invalid_number" ? "Type the whole number to search for it." : error instanceof Error ? error.message : "";
      rows = [];
    }
    more.hidden = !cursor;
    fill(list, ...rows.map(row));
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
      h("button", { class: "round", "aria-label": `Call ${format(party)}`, disabled: !read(party, "US"), onclick: () => redial(party) }, icon("call")),
      h("button", { class: "round", "aria-label": `Delete the call with ${format(party)}`, disabled: !OVER.has(one.status), onclick: () => void remove(one) }, icon("bin")),
    );
  }

  /** @param {Row} one */
  async function remove(one) {
    const failed = (/** @type {unknown} */ error) => fill(undo, error instanceof Error ? error.message : "");
    try {
      await ask("DELETE", `api/delete-call-log/${one.id}`);
      const back = h("button", {
        class: "plain",
        onclick: async () => {
          await ask("POST", `api/restore-call-log/${one.id}`).then(() => fill(undo), failed);
          await load();
        },
      }, "Undo");
      fill(undo, h("span", {}, "Call deleted."), back);
      await load();
      back.focus();
    } catch (error) {
      failed(error);
    }
  }

  const changed = () => void load();
  desk.addEventListener("log", changed);
  void load();
  const element = h("section", { class: "card calls", "aria-labelledby": "log-title" }, h("header", {}, h("h2", { id: "log-title" }, "Calls"), csv), filters, undo, state, list, more);
  return { element, close: () => desk.removeEventListener("log", changed) };
}

/** @param {string} name @param {string} label @param {[string, string][]} choices */
const select = (name, label, choices) => h("select", { name, "aria-label": label }, ...choices.map(([value, text]) => h("option", { value }, text)));
