// What goes wrong on purpose: rates, lags, and faults for the next requests.

import { announce, attempt } from "./announce.js";
import { ask } from "./api.js";
import { choice, el, field } from "./element.js";

/** @type {[string, string][]} */
const RATES = [
  ["drop", "Callbacks lost"],
  ["repeat", "Callbacks twice"],
  ["delay", "Callbacks late"],
  ["reorder", "Callbacks out of order"],
  ["drop_documents", "Document requests lost"],
  ["repeat_documents", "Document requests twice"],
  ["delay_documents", "Document requests late"],
  ["rest", "REST requests spoilt"],
];

/** @type {[string, string][]} */
const SPANS = [
  ["delay_up_to", "Late by at most"],
  ["reorder_within", "Out of order within"],
  ["read_lag", "Reads lag by"],
  ["list_lag", "Lists lag by"],
  ["conference_lag", "Conferences lag by"],
];

/** @type {[string, string][]} */
const FAULTS = [
  ["never_answer", "done, never answered"],
  ["lost", "lost, never answered"],
  ["reset", "cut off, nothing done"],
  ["reset_afterwards", "cut off, but done"],
  ["answer_late", "done, answered 3 s late"],
  ["too_many_requests", "429, nothing done"],
  ["server_error", "500, nothing done"],
  ["server_error_afterwards", "500, but done"],
  ["unavailable", "503, nothing done"],
  ["bad_gateway", "502, nothing done"],
  ["bad_gateway_afterwards", "502, but done"],
  ["not_found", "404, nothing done"],
  ["nothing_listed", "an empty list"],
  ["leg_ends_before", "the far end hangs up before"],
];

/** @type {[string, string][]} */
const TARGETS = [
  ["any", "any request"],
  ["reads", "reads"],
  ["creates", "placing a call"],
  ["updates", "changing a call"],
  ["redirects", "redirecting a call"],
  ["hang_ups", "ending a call"],
  ["call_fetches", "reading a call"],
  ["call_lists", "listing calls"],
  ["conference_lists", "listing conferences"],
  ["conference_fetches", "reading a conference"],
  ["conference_updates", "changing a conference"],
  ["participant_lists", "listing participants"],
  ["participant_fetches", "reading a participant"],
  ["participant_updates", "changing a participant"],
  ["holds", "putting on hold"],
  ["unholds", "taking back from hold"],
  ["removals", "removing a participant"],
];

/**
 * A fault as the control interface has it.
 * @param {string} word
 */
function fault(word) {
  return word === "answer_late" ? { answer_late: { secs: 3, nanos: 0 } } : word;
}

/**
 * A span of time in seconds.
 * @param {unknown} value
 */
function seconds(value) {
  const { secs = 0, nanos = 0 } = /** @type {{secs?: number, nanos?: number}} */ (value ?? {});
  return secs + nanos / 1e9;
}

/** @param {number} value */
function duration(value) {
  const secs = Math.floor(value);
  return { secs, nanos: Math.round((value - secs) * 1e9) };
}

/** The rates, and what to do with them. */
export function rates() {
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  const number = (/** @type {string} */ key, /** @type {number} */ max) => {
    const input = el("input", { type: "number", min: 0, max, step: "any", value: 0, inputmode: "decimal" });
    inputs.set(key, input);
    return input;
  };
  const met = choice([["", "nothing"], ...FAULTS]);
  const node = el(
    "form",
    {
      "aria-label": "Faults by rate",
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void attempt(apply);
      },
    },
    el("div", { class: "grid" }, ...RATES.map(([key, text]) => field(`${text}, %`, number(key, 100)))),
    el("div", { class: "grid" }, field("A spoilt REST request is", met)),
    el("div", { class: "grid" }, ...SPANS.map(([key, text]) => field(`${text}, s`, number(key, 86_400)))),
    el(
      "p",
      { class: "buttons" },
      el("button", { type: "submit", class: "main" }, "Set these faults"),
      el("button", { type: "button", click: () => void attempt(none) }, "No faults"),
    ),
  );
  const value = (/** @type {string} */ key) => Number(inputs.get(key)?.value ?? 0) || 0;
  const apply = async () => {
    /** @type {Record<string, unknown>} */
    const faults = {};
    for (const [key] of RATES) faults[key] = value(key) / 100;
    for (const [key] of SPANS) faults[key] = duration(value(key));
    if (met.value !== "") faults.rest_fault = fault(met.value);
    await ask("PUT", "/sim/faults", faults);
    announce("The faults are set.");
  };
  const none = async () => {
    await ask("PUT", "/sim/faults", {});
    show((await ask("GET", "/sim/settings")).faults);
    announce("Nothing goes wrong any more.");
  };
  /** @param {Record<string, unknown>} faults */
  const show = (faults) => {
    for (const [key] of RATES) {
      const input = inputs.get(key);
      if (input) input.value = String(Math.round(Number(faults[key] ?? 0) * 1000) / 10);
    }
    for (const [key] of SPANS) {
      const input = inputs.get(key);
      if (input) input.value = String(seconds(faults[key]));
    }
    const rest = faults.rest_fault;
    const word = rest && typeof rest === "object" ? Object.keys(rest)[0] : rest;
    met.value = FAULTS.some(([known]) => known === word) ? String(word) : "";
  };
  return { node, show };
}

/** A fault for the next requests. */
export function nextRequests() {
  const on = choice(TARGETS, "creates");
  const what = choice(FAULTS);
  const times = el("input", { type: "number", min: 1, max: 1000, value: 1, inputmode: "numeric" });
  const set = async () => {
    const body = { on: on.value, fault: fault(what.value), times: Number(times.value) || 1 };
    await ask("POST", "/sim/rest-faults", body);
    announce("The next such requests meet it.");
  };
  return el(
    "form",
    {
      "aria-label": "A fault for the next requests",
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void attempt(set);
      },
    },
    el("div", { class: "grid" }, field("The next requests for", on), field("are", what), field("How many", times)),
    el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, "Let them meet it")),
  );
}
