// Making elements, and keeping lists of them. Text is only ever set as text.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element. Functions in `properties` become listeners, `true` an empty attribute; what is
 * false or null is left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      node.addEventListener(key, /** @type {EventListener} */ (value));
    } else if (value === true) {
      node.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(key, String(value));
    }
  }
  for (const child of children) {
    if (child) node.append(child);
  }
  return node;
}

/**
 * Sets a text, unless it is the same: readers of the screen are not told twice.
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A part of the page that stays in step with what it shows.
 * @template T
 * @typedef {{node: HTMLElement, update: (item: T) => void}} Part
 */

/**
 * Keeps the children of `parent` in step with a list. A part that stays keeps its element, and so
 * what is focused, typed or open in it.
 * @template T
 * @param {HTMLElement} parent
 * @param {(item: T) => string | number} key
 * @param {(item: T) => Part<T>} make
 * @returns {(items: T[]) => void}
 */
export function list(parent, key, make) {
  /** @type {Map<string | number, Part<T>>} */
  let parts = new Map();
  return (items) => {
    const kept = new Map();
    for (const item of items) {
      const name = key(item);
      const part = parts.get(name) ?? make(item);
      part.update(item);
      kept.set(name, part);
    }
    for (const [name, part] of parts) {
      if (!kept.has(name)) part.node.remove();
    }
    let next = parent.firstElementChild;
    for (const part of kept.values()) {
      if (next && part.node === next) {
        next = next.nextElementSibling;
      } else {
        parent.insertBefore(part.node, next);
      }
    }
    parts = kept;
  };
}

let names = 0;

/** A name for an element that another refers to. */
export function name() {
  names += 1;
  return `n${names}`;
}

/**
 * A field with its label. A `hint` says what goes in.
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
  const id = input.id || name();
  input.id = id;
  const told = hint ? el("p", { id: `${id}-hint`, class: "hint" }, hint) : null;
  if (told) input.setAttribute("aria-describedby", told.id);
  return el("div", { class: "field" }, el("label", { for: id }, label), input, told);
}

/**
 * A choice of words.
 * @param {readonly (readonly [string, string])[]} options Value and text.
 * @param {string} [chosen]
 */
export function choice(options, chosen) {
  const select = el("select");
  for (const [value, text] of options) {
    select.append(el("option", { value, selected: value === chosen }, text));
  }
  return select;
}
