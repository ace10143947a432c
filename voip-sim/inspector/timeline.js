// What happened, in order.

import { el, list, say } from "./element.js";
import { entry } from "./entry.js";
import { webhook } from "./webhook.js";
import { clock, span } from "./words.js";

/** @import {Item} from "./types.js" */
/** @import {Part} from "./element.js" */

/** The letters that legs go by. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The letter and the colour of the leg at this place.
 * @param {number} index
 */
export function badge(index) {
  const letter = LETTERS[index % LETTERS.length] ?? "";
  return el("span", { class: "badge", "data-leg": index % 6, "aria-hidden": true }, letter);
}

/**
 * A timeline. Times count from `start`; without one they are times of day.
 * @param {string} label
 * @param {(sid: string) => string} [called] What a call is called, where each is to be linked.
 */
export function timeline(label, called) {
  const node = el("ol", { class: "timeline", "aria-label": label });
  /** @type {string | null} */
  let start = null;
  /** @type {string[]} */
  let legs = [];

  /**
   * @param {Item} item
   * @returns {Part<Item>}
   */
  const make = (item) => {
    const index = item.call_sid ? legs.indexOf(item.call_sid) : -1;
    const since = start === null ? clock(item.at) : span(Date.parse(item.at) - Date.parse(start));
    const at = el("time", { datetime: item.at, title: clock(item.at) }, since);
    const part = item.kind === "delivery" ? webhook(item) : entry(item);
    const mark = index < 0 ? el("span", { class: "dot" }) : badge(index);
    const whose = index < 0 ? null : el("span", { class: "read-only-aloud" }, `Leg ${LETTERS[index % 26]}: `);
    const { call_sid: sid } = item;
    const link = sid && called ? el("a", { class: "whose", href: `#/calls/${sid}` }) : null;
    const row = el("li", { "data-kind": item.kind }, at, mark, el("div", { class: "happening" }, whose, part.node));
    if (link) part.node.querySelector(".what")?.append(link);
    return {
      node: row,
      update: (now) => {
        if (link && sid && called) say(link, called(sid));
        /** @type {Part<Item>} */ (part).update(now);
      },
    };
  };
  const keep = list(node, (/** @type {Item} */ item) => item.seq, make);

  /**
   * @param {Item[]} items
   * @param {string | null} from
   * @param {string[]} sids The legs, in the order of their letters.
   */
  const update = (items, from, sids) => {
    start = from;
    legs = sids;
    keep(items);
  };
  return { node, update };
}
