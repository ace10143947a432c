// A webhook in a timeline: what it was for, what it carried, and what came of it.

import { announce, attempt } from "./announce.js";
import { ask } from "./api.js";
import { el, list, say } from "./element.js";
import { markup } from "./markup.js";
import { signed } from "./signed.js";
import { FAILURES, PURPOSES, clock, short, span, subject } from "./words.js";

/** @import {Attempt, Delivery, Fields} from "./types.js" */
/** @import {Part} from "./element.js" */

/**
 * @param {Delivery} delivery
 * @returns {Part<Delivery>}
 */
export function webhook(delivery) {
  const { made } = delivery;
  const result = el("span", { class: "chip" });
  const took = el("span", { class: "quiet" });
  const why = el("p", { class: "why" });
  const more = el("div", { class: "inside" });
  const about = subject(delivery);
  const title = el(
    "p",
    { class: "what" },
    el("span", { class: "kind" }, "Webhook"),
    el("span", {}, PURPOSES[made.purpose]),
    about && el("strong", {}, about),
    result,
    took,
  );
  const details = el(
    "details",
    {},
    el("summary", {}, el("code", {}, `${made.method} ${short(made.url)}`)),
    more,
  );
  let shown = "";
  const fill = () => {
    const state = `${delivery.attempts.length} ${delivery.outcome?.outcome ?? ""}`;
    if (!details.open || state === shown) return;
    shown = state;
    more.replaceChildren(...inside(delivery));
  };
  details.addEventListener("toggle", fill);
  const node = el("div", { class: "entry webhook" }, title, why, details);
  return {
    node,
    update() {
      const { text, tone } = came(delivery);
      say(result, text);
      result.dataset.tone = tone;
      const out = delivery.outcome;
      const first = delivery.attempts[0] ?? made;
      const last = out && out.outcome !== "dropped" ? Date.parse(out.at) - Date.parse(first.at) : null;
      const tries = delivery.attempts.length;
      const often = tries > 1 ? `, ${tries} attempts` : "";
      say(took, last === null ? "" : `after ${span(last)}${often}`);
      say(why, out?.explanation ?? "");
      why.hidden = !out?.explanation;
      fill();
    },
  };
}

/**
 * What came of it, in a word or two.
 * @param {Delivery} delivery
 * @returns {{text: string, tone: string}}
 */
function came({ outcome, attempts }) {
  switch (outcome?.outcome) {
    case "replied": {
      const status = outcome.status ?? 0;
      return { text: String(status), tone: status < 400 ? "live" : "bad" };
    }
    case "failed":
      return { text: FAILURES[outcome.failure ?? ""] ?? "failed", tone: "bad" };
    case "dropped":
      return { text: "lost on purpose", tone: "bad" };
    default:
      return { text: attempts.length > 0 ? "no answer yet" : "waits its turn", tone: "wait" };
  }
}

/** @param {Delivery} delivery */
function inside(delivery) {
  const { made, outcome } = delivery;
  const again = el("button", { type: "button", class: "small", click: () => void replay(delivery) }, "Replay");
  const refused = outcome?.status === 401 || outcome?.status === 403;
  /** @type {HTMLElement[]} */
  const parts = [
    el("dl", { class: "pairs" }, ...pair("Address", made.url), ...pair("Signature", made.signature)),
    el("details", { open: refused }, el("summary", {}, "What was signed"), el("pre", { tabindex: 0 }, signed(made))),
  ];
  if (outcome?.outcome === "replied") {
    parts.push(heading("The application’s answer"));
    parts.push(outcome.body ? markup(outcome.body) : el("p", { class: "hint" }, "It is empty."));
  }
  parts.push(heading(`Fields (${made.form.length})`), fields(made.form));
  if (delivery.attempts.length > 0) {
    const tries = el("ol", { class: "attempts" });
    const keep = list(tries, (/** @type {Attempt} */ tried) => tried.attempt, sent);
    keep(delivery.attempts);
    parts.push(heading("Attempts"), tries);
  }
  parts.push(el("p", { class: "buttons" }, again));
  return parts;
}

/** @param {string} text */
function heading(text) {
  return el("h3", {}, text);
}

/**
 * @param {Attempt} tried
 * @returns {Part<Attempt>}
 */
function sent(tried) {
  const text = tried.attempt > 1 ? `again at ${clock(tried.at)}` : `at ${clock(tried.at)}`;
  return { node: el("li", {}, text), update() {} };
}

/**
 * @param {string} name
 * @param {string} value
 */
function pair(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

/**
 * Fields of a form, as names and values; the empty ones together, at the end.
 * @param {Fields} form
 */
export function fields(form) {
  const full = form.filter(([, value]) => value !== "");
  const empty = form.filter(([, value]) => value === "").map(([name]) => name);
  const pairs = full.flatMap(([name, value]) => pair(name, value));
  if (empty.length > 0) pairs.push(...pair("Empty", empty.join(", ")));
  return el("dl", { class: "pairs" }, ...pairs);
}

/** @param {Delivery} delivery */
function replay(delivery) {
  return attempt(async () => {
    const { webhook: made } = await ask("POST", `/sim/webhooks/${delivery.made.webhook}/replay`);
    announce(`Sent once more, as webhook ${made}.`);
  });
}
