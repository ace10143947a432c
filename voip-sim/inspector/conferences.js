// Conferences, and who is in them.

import { el, list, say } from "./element.js";
import { clock, heard, tone, who } from "./words.js";

/** @import {Member, Room} from "./types.js" */
/** @import {Part} from "./element.js" */
/** @import {World} from "./world.js" */

/** How many are shown. */
const MOST = 100;

/** @param {World} world */
export function conferences(world) {
  const rooms = el("ul", { class: "rooms" });
  const empty = el(
    "div",
    { class: "empty" },
    el("p", {}, el("strong", {}, "No conferences yet.")),
    el("p", {}, "One comes to be when the first leg enters it."),
  );
  const node = el("section", { class: "page" }, el("h1", { tabindex: -1 }, "Conferences"), empty, rooms);

  /**
   * @param {Member} member
   * @returns {Part<Member>}
   */
  const leg = (member) => {
    const people = el("a", { href: `#/calls/${member.call}` });
    const flags = el("span", { class: "flags" });
    const ear = el("span", { class: "quiet" });
    return {
      node: el("li", {}, people, flags, ear),
      update(now) {
        const call = world.calls.get(now.call);
        const called = call ? `${who(call.from)} → ${who(call.to)}` : now.call;
        say(people, now.label ? `${now.label}: ${called}` : called);
        const words = [];
        if (now.on_hold) words.push("on hold");
        if (now.muted) words.push("muted");
        if (!now.start_on_enter) words.push("waits for the start");
        if (now.end_on_exit) words.push("ends it by leaving");
        if (flags.textContent !== words.join("")) {
          flags.replaceChildren(...words.map((word) => el("span", { class: "chip", "data-tone": "done" }, word)));
        }
        const hears = call?.hears.length ?? 0;
        const others = hears === 1 ? "hears one other" : `hears ${hears} others`;
        const ears = call?.listens_to ? `listens to ${heard(call.listens_to)}` : hears > 0 ? others : "hears nobody";
        say(ear, ears);
      },
    };
  };

  /**
   * @param {Room} room
   * @returns {Part<Room>}
   */
  const card = (room) => {
    const status = el("span", { class: "chip" });
    const why = el("p", { class: "quiet" });
    const members = el("ul", { class: "members" });
    const keep = list(members, (/** @type {Member} */ member) => member.call, leg);
    const node = el(
      "li",
      { class: "room" },
      el("h2", {}, el("span", {}, room.name), status),
      el("p", { class: "facts" }, el("span", {}, `since ${clock(room.created_at)}`), el("code", {}, room.sid)),
      why,
      members,
    );
    return {
      node,
      update(now) {
        say(status, now.status);
        status.dataset.tone = tone(now.status);
        say(why, now.reason_ended ? `It ended: ${now.reason_ended}.` : now.members.length === 0 ? "Nobody is in it." : "");
        why.hidden = why.textContent === "";
        keep(now.members);
      },
    };
  };

  const keep = list(rooms, (/** @type {Room} */ room) => room.sid, card);
  const update = () => {
    const newest = [...world.rooms].reverse();
    const live = (/** @type {Room} */ room) => Number(room.status !== "completed");
    newest.sort((one, other) => live(other) - live(one));
    keep(newest.slice(0, MOST));
    empty.hidden = newest.length > 0;
  };
  return { node, update };
}
