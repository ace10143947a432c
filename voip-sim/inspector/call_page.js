// One call: its legs, and what happened to them.

import { el, list, name, say } from "./element.js";
import { legCard } from "./leg.js";
import { timeline } from "./timeline.js";
import { isOver, tone, who } from "./words.js";

/** @import {Family} from "./types.js" */
/** @import {World} from "./world.js" */

/** How often the legs of a call that is live are read again, in milliseconds. */
const AGAIN = 1000;

/** The letters that legs go by. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The page of one call.
 * @param {World} world
 * @param {string} sid
 */
export function callPage(world, sid) {
  const title = el("span", {});
  const status = el("span", { class: "chip" });
  const id = name();
  const legs = el("ul", { class: "legs" });
  const happened = timeline("What happened");
  const forgotten = el("p", { class: "empty" }, "The simulator knows no such call (any more).");
  const body = el(
    "div",
    {},
    el("section", { "aria-label": "Legs" }, legs),
    el("section", { "aria-label": "Timeline" }, el("h2", { class: "over" }, "What happened"), happened.node),
  );
  const node = el(
    "article",
    { class: "call", "aria-labelledby": id },
    el("a", { class: "back", href: "#/calls" }, "← All calls"),
    el("h1", { id, tabindex: -1 }, title, status),
    forgotten,
    body,
  );
  const keep = list(legs, (/** @type {import("./leg.js").Shown} */ shown) => shown.call.sid, legCard);
  /** @type {Family | null} */
  let family = null;

  // What a leg does changes without news when a verb is over.
  const timer = window.setInterval(() => {
    const live = family?.legs.filter((call) => !isOver(call)) ?? [];
    if (live.length > 0) void world.read(live.map((call) => call.sid));
  }, AGAIN);

  const update = () => {
    const call = world.calls.get(sid);
    forgotten.hidden = call !== undefined;
    body.hidden = call === undefined;
    status.hidden = call === undefined;
    say(title, call ? `${who(call.from)} → ${who(call.to)}` : "Unknown call");
    if (!call) {
      family = null;
      keep([]);
      happened.update([], null, []);
      return;
    }
    const root = world.root(call);
    family = world.families().find((other) => other.root.sid === root.sid) ?? null;
    if (!family) return;
    say(status, root.status);
    status.dataset.tone = tone(root.status);
    const letters = new Map(family.legs.map((leg, index) => [leg.sid, LETTERS[index % 26] ?? "?"]));
    keep(family.legs.map((leg, index) => ({ call: leg, index, letters })));
    const sids = family.legs.map((leg) => leg.sid);
    happened.update(world.timeline(family), root.created_at, sids);
  };
  return { node, update, focus: () => node.querySelector("h1")?.focus(), close: () => window.clearInterval(timer) };
}
