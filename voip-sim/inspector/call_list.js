// All calls, newest first.

import { el, list, say } from "./element.js";
import { clock, isOver, tone, who } from "./words.js";

/** @import {Family} from "./types.js" */
/** @import {Part} from "./element.js" */
/** @import {World} from "./world.js" */

/** How many are shown. */
const MOST = 150;

/** @typedef {{family: Family, chosen: boolean}} Shown */

/**
 * @param {Shown} shown
 * @returns {Part<Shown>}
 */
function row({ family }) {
  const { root } = family;
  const status = el("span", { class: "chip" });
  const facts = el("span", { class: "quiet" });
  const link = el(
    "a",
    { href: `#/calls/${root.sid}` },
    el(
      "span",
      { class: "people" },
      `${who(root.from)} `,
      el("span", { class: "together" }, el("span", { class: "arrow" }, "→ "), who(root.to)),
    ),
    status,
    facts,
  );
  return {
    node: el("li", {}, link),
    update({ family: now, chosen }) {
      say(status, now.root.status);
      status.dataset.tone = tone(now.root.status);
      const live = now.legs.filter((call) => !isOver(call)).length;
      const wrong = now.legs.reduce((sum, call) => sum + call.alerts.length, 0);
      const parts = [clock(now.root.created_at)];
      if (now.legs.length > 1) parts.push(`${now.legs.length} legs`);
      if (live > 0 && isOver(now.root)) parts.push(`${live} live`);
      if (wrong > 0) parts.push(wrong === 1 ? "1 problem" : `${wrong} problems`);
      say(facts, parts.join(" · "));
      link.classList.toggle("has-problems", wrong > 0);
      if (chosen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    },
  };
}

/** @param {World} world */
export function callList(world) {
  const rows = el("ul", { class: "calls" });
  const empty = el(
    "div",
    { class: "empty" },
    el("p", {}, el("strong", {}, "No calls yet.")),
    el("p", {}, "Place one above, or let your application make one; it appears here as it happens."),
  );
  const rest = el("p", { class: "hint" });
  const node = el("div", {}, empty, rows, rest);
  const keep = list(rows, (/** @type {Shown} */ shown) => shown.family.root.sid, row);
  /** @param {string | null} chosen The SID of the call that is shown. */
  const update = (chosen) => {
    const families = world.families();
    const call = chosen === null ? undefined : world.calls.get(chosen);
    const root = call ? world.root(call).sid : null;
    keep(families.slice(0, MOST).map((family) => ({ family, chosen: family.root.sid === root })));
    empty.hidden = families.length > 0;
    rest.hidden = families.length <= MOST;
    say(rest, `The newest ${MOST} of ${families.length} calls.`);
  };
  return { node, update };
}
