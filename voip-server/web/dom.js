// @ts-check
/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element. Text stays text: nothing here, or anywhere in the page, reads markup.
 * Names that begin with `on` listen; `true` sets an attribute, `false` leaves it out.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...shown(children));
  return element;
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function shown(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child || child === ""));
}

/** Replaces what is in an element. @param {Element} element @param {...Child} children */
export const fill = (element, ...children) => element.replaceChildren(...shown(children));

const SVG = "http://www.w3.org/2000/svg";

/** Lines on a grid of 24. @type {Record<string, string>} */
const PATHS = {
  call: "M6 3h3l2 5-2.500 1.500a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  end: "M3 14c5-5 13-5 18 0l-2.500 3-4-1.500V13a10 10 0 0 0-5 0v2.500l-4 1.500z",
  mute: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  hold: "M9 5v14M15 5v14",
  keys: "M5 5h.01M12 5h.01M19 5h.01M5 12h.01M12 12h.01M19 12h.01M5 19h.01M12 19h.01M19 19h.01",
  erase: "M9 5h11v14H9l-6-7zM12 9l5 6M17 9l-5 6",
  bin: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  into: "M18 6L7 17M7 9v8h8",
  out: "M6 18L17 7M9 7h8v8",
};

/** A drawing beside words; it says nothing by itself. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}
