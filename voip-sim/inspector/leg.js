// A leg as it stands, with what its far end can do.

import { el, say } from "./element.js";
import { farEnd } from "./far_end.js";
import { badge } from "./timeline.js";
import { DIRECTIONS, doing, heard, isOver, span, tone, who } from "./words.js";

/** @import {Call} from "./types.js" */
/** @import {Part} from "./element.js" */

/** @typedef {{call: Call, index: number, letters: Map<string, string>}} Shown */

/**
 * @param {Shown} shown
 * @returns {Part<Shown>}
 */
export function legCard({ call, index }) {
  const status = el("span", { class: "chip" });
  const sentence = el("p", { class: "sentence" });
  const lasted = el("span", { class: "quiet" });
  const parameters = call.parameters.map(([name, value]) => `${name}=${value}`).join(", ");
  const controls = farEnd(call);
  const node = el(
    "li",
    { class: "leg", tabindex: -1, "data-sid": call.sid },
    el(
      "h2",
      {},
      badge(index),
      el("span", { class: "people" }, who(call.from), el("span", { class: "arrow" }, " → "), who(call.to)),
      status,
    ),
    sentence,
    el("p", { class: "facts" }, el("span", {}, DIRECTIONS[call.direction]), lasted, el("code", {}, call.sid)),
    parameters && el("p", { class: "facts" }, `Parameters: ${parameters}`),
    controls.node,
  );
  return {
    node,
    update({ call: now, letters }) {
      say(status, now.status);
      status.dataset.tone = tone(now.status);
      say(sentence, about(now, letters));
      const end = now.ended_at ? Date.parse(now.ended_at) : Date.now();
      const talked = now.answered_at ? `${span(end - Date.parse(now.answered_at))} since the answer` : "not answered";
      say(lasted, isOver(now) && now.answered_at ? talked.replace(" since the answer", " talked") : talked);
      lasted.hidden = !isOver(now);
      controls.update(now);
    },
  };
}

/**
 * What a leg does, whom it hears, and what it listens to.
 * @param {Call} call
 * @param {Map<string, string>} letters
 */
function about(call, letters) {
  if (isOver(call)) return call.answered_by ? `Over; answered by ${call.answered_by}.` : "Over.";
  const parts = [`The far end ${doing(call)}`];
  if (call.hears.length > 0) {
    const names = call.hears.map((sid) => letters.get(sid) ?? `${sid.slice(0, 8)}…`);
    parts.push(`hears ${names.join(" and ")}`);
  }
  if (call.listens_to) parts.push(`listens to ${heard(call.listens_to)}`);
  if (call.queue) parts.push(`queue ${call.queue}`);
  if (call.answered_by) parts.push(`answered by ${call.answered_by}`);
  if (call.alone_since) parts.push("everybody it had to do with has gone");
  return `${parts.join("; ")}.`;
}
