// Everything that happened, newest first, whichever call it was about.

import { choice, el, field, say } from "./element.js";
import { timeline } from "./timeline.js";
import { who } from "./words.js";

/** @import {Item} from "./types.js" */
/** @import {World} from "./world.js" */

/** How many are shown. */
const MOST = 200;

/** @type {[string, string][]} */
const KINDS = [
  ["", "Everything"],
  ["wrong", "What went wrong"],
  ["rest", "REST requests"],
  ["delivery", "Webhooks"],
  ["document", "TwiML"],
  ["state", "States"],
  ["conference", "Conferences"],
];

/** @param {World} world */
export function activity(world) {
  const kind = choice(KINDS);
  const words = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const count = el("p", { class: "hint", role: "status" });
  const happened = timeline("Activity", (sid) => {
    const call = world.calls.get(sid);
    return call ? `${who(call.from)} → ${who(call.to)}` : sid;
  });
  const node = el(
    "section",
    { class: "page" },
    el("h1", { tabindex: -1 }, "Activity"),
    el(
      "form",
      { class: "inline", role: "search", submit: (/** @type {Event} */ event) => event.preventDefault() },
      field("Show", kind),
      field("With the words", words),
    ),
    count,
    happened.node,
  );
  const update = () => {
    const wanted = words.value.trim().toLowerCase();
    const fits = (/** @type {Item} */ item) =>
      (kind.value === "" || (kind.value === "wrong" ? isWrong(item) : item.kind === kind.value)) &&
      (wanted === "" || JSON.stringify(item).toLowerCase().includes(wanted));
    /** @type {Item[]} */
    const found = [];
    for (let index = world.items.length - 1; index >= 0 && found.length < MOST; index -= 1) {
      const item = world.items[index];
      if (item && fits(item)) found.push(item);
    }
    happened.update(found, null, []);
    say(count, found.length === MOST ? `The newest ${MOST}.` : `${found.length} of ${world.items.length}.`);
  };
  kind.addEventListener("change", update);
  words.addEventListener("input", update);
  return { node, update };
}

/** @param {Item} item */
function isWrong(item) {
  switch (item.kind) {
    case "alert":
      return true;
    case "rest":
      return item.status >= 400;
    case "delivery":
      return Boolean(item.outcome?.explanation);
    default:
      return false;
  }
}
