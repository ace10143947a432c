// Markup, one element a line and in colours.

import { el } from "./element.js";

const PIECES = /<!--[\s\S]*?-->|<(?:[^<>"']|"[^"]*"|'[^']*')*>|[^<]+|</g;
const ATTRIBUTE = /([^\s=<>/]+)(\s*=\s*)("[^"]*"|'[^']*')|[^\s]+|\s+/g;

/**
 * A document as it was written, but for the space between its elements. What is no markup stays
 * as it is.
 * @param {string} text
 */
export function markup(text) {
  const shown = el("pre", { class: "markup", tabindex: 0, "aria-label": "Markup" });
  const pieces = text.trim().match(PIECES) ?? [];
  if (!text.trim().startsWith("<")) {
    shown.textContent = text;
    return shown;
  }
  let depth = 0;
  let after = "start";
  pieces.forEach((piece, index) => {
    if (piece.trim() === "") return;
    const isTag = piece.startsWith("<") && piece.length > 1;
    const closes = piece.startsWith("</");
    if (closes) depth = Math.max(0, depth - 1);
    const own = isTag && !(closes && after === "text");
    const first = after === "start";
    const isText = !isTag;
    if (!first && own) shown.append(`\n${"  ".repeat(depth)}`);
    if (isText && after === "close") shown.append(`\n${"  ".repeat(depth)}`);
    shown.append(isTag ? tag(piece) : piece.trim());
    const opens = isTag && !closes && !piece.endsWith("/>") && !/^<[!?]/.test(piece);
    if (opens) depth += 1;
    after = isText ? "text" : opens && isTextNext(pieces, index) ? "open" : "close";
  });
  return shown;
}

/**
 * @param {string[]} pieces
 * @param {number} index
 */
function isTextNext(pieces, index) {
  const next = pieces[index + 1];
  return next !== undefined && !next.startsWith("<");
}

/** @param {string} text */
function tag(text) {
  const tagged = el("span", { class: "tag" });
  const [, open = "<", name = "", rest = ""] = /^(<[/?!]?)([^\s/>]*)([\s\S]*)$/.exec(text) ?? [];
  tagged.append(open, el("b", {}, name));
  for (const [whole, key, equals, value] of rest.matchAll(ATTRIBUTE)) {
    if (key && value) {
      tagged.append(el("i", {}, key), equals ?? "=", el("q", {}, value));
    } else {
      tagged.append(whole);
    }
  }
  return tagged;
}
