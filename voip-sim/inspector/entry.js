// The things in a timeline that are no webhooks.

import { el } from "./element.js";
import { markup } from "./markup.js";
import { DIRECTIONS, heard, short, tone } from "./words.js";
import { fields } from "./webhook.js";

/** @import {Child, Part} from "./element.js" */
/** @import {Delivery, Item} from "./types.js" */

/**
 * @param {Exclude<Item, Delivery>} item
 * @returns {Part<Item>}
 */
export function entry(item) {
  return { node: el("div", { class: `entry ${item.kind}` }, ...content(item)), update() {} };
}

/**
 * @param {Exclude<Item, Delivery>} item
 * @returns {Child[]}
 */
function content(item) {
  switch (item.kind) {
    case "made":
      return [what("Leg", DIRECTIONS[item.direction].toLowerCase(), chip(item.status, tone(item.status)))];
    case "state":
      return [what("State", chip(item.status, tone(item.status)))];
    case "heard":
      return [what("Heard", el("span", { class: "said" }, heard(item)))];
    case "conference":
      return [what("Conference", el("strong", {}, item.event), quiet(item.conference_sid))];
    case "reset":
      return [what("Reset", "everything before was forgotten")];
    case "alert":
      return [
        what("Debugger", chip(String(item.code), "bad"), item.message),
        el("p", { class: "why" }, `${item.code}: ${item.explanation} `, manual(item.code)),
      ];
    case "document": {
      const verbs = item.verbs.map((verb) => el("span", { class: "verb" }, verb));
      const title = what("TwiML", ...(verbs.length > 0 ? verbs : ["an empty document"]));
      if (!item.markup) return [title];
      return [title, el("details", {}, el("summary", {}, "Markup"), markup(item.markup))];
    }
    case "rest": {
      const good = item.status < 400;
      const path = item.path.replace(/^\/2010-04-01\/Accounts\/[^/]+/, "…");
      const code = item.code === null ? null : el("span", { class: "quiet" }, `code ${item.code}`);
      const status = chip(String(item.status), good ? "live" : "bad");
      /** @type {Child[]} */
      const parts = [what("REST", el("code", {}, `${item.method} ${short(path)}`), status, code)];
      if (item.explanation) {
        parts.push(el("p", { class: "why" }, `${item.code}: ${item.explanation} `, manual(item.code)));
      }
      if (item.form.length > 0) {
        const count = `Fields (${item.form.length})`;
        parts.push(el("details", {}, el("summary", {}, count), fields(item.form)));
      }
      return parts;
    }
  }
}

/**
 * @param {string} kind
 * @param {...Child} rest
 */
function what(kind, ...rest) {
  const children = rest.map((child) => (typeof child === "string" ? el("span", {}, child) : child));
  return el("p", { class: "what" }, el("span", { class: "kind" }, kind), ...children);
}

/**
 * @param {string} text
 * @param {string} tone
 */
function chip(text, tone) {
  return el("span", { class: "chip", "data-tone": tone }, text);
}

/** @param {string} text */
function quiet(text) {
  return el("span", { class: "quiet sid" }, text);
}

/**
 * The vendor's own page about a code.
 * @param {number | null} code
 */
function manual(code) {
  const href = `https://www.twilio.com/docs/api/errors/${code}`;
  return el("a", { href, rel: "noreferrer", target: "_blank" }, "The vendor’s page");
}
