// What is done where the vendor's documentation is silent.

import { announce, attempt } from "./announce.js";
import { ask } from "./api.js";
import { choice, el, field } from "./element.js";

/** @type {[string, string, [string, string][]][]} Member, label, and what there is to choose from. */
const CHOICES = [
  ["moved_child", "A dial whose child was moved says", [["answered", "answered"], ["completed", "completed"]]],
  ["stopped_child", "A leg that is no longer wanted ends", [["canceled", "canceled"], ["no-answer", "no-answer"]]],
  ["untold_events_count", "Sequence numbers count", [["false", "events that are told"], ["true", "all events"]]],
  ["start_before_join", "The start of a conference is told", [["false", "after the join"], ["true", "before the join"]]],
  ["token_per_attempt", "A retry has", [["false", "the same token"], ["true", "a token of its own"]]],
  ["retry_after_seconds", "A 429 says Retry-After", [["null", "not at all"], ["1", "1 s"], ["5", "5 s"]]],
  ["end_shows_later", "The answer to an end shows", [["false", "the new status"], ["true", "the old status"]]],
  ["early_delete_is_400", "Deleting what is not over is", [["false", "409"], ["true", "400"]]],
];

export function choices() {
  /** @type {Map<string, HTMLSelectElement>} */
  const selects = new Map();
  const fields = CHOICES.map(([key, label, options]) => {
    const select = choice(options);
    selects.set(key, select);
    return field(label, select);
  });
  const apply = async () => {
    /** @type {Record<string, unknown>} */
    const chosen = {};
    for (const [key, { value }] of selects) {
      chosen[key] = ["true", "false", "null"].includes(value) || /^\d+$/.test(value) ? JSON.parse(value) : value;
    }
    await ask("PUT", "/sim/choices", chosen);
    announce("It is chosen.");
  };
  const node = el(
    "form",
    {
      "aria-label": "Where the vendor is silent",
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void attempt(apply);
      },
    },
    el("div", { class: "grid" }, ...fields),
    el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, "Choose")),
  );
  /** @param {Record<string, unknown>} chosen */
  const show = (chosen) => {
    for (const [key, select] of selects) {
      const value = String(chosen[key]);
      if (![...select.options].some((option) => option.value === value)) {
        select.append(el("option", { value }, value));
      }
      select.value = value;
    }
  };
  return { node, show };
}
