// What is told to the user beside the page: news, politely, and what went wrong.

import { Refused } from "./api.js";

const news = /** @type {HTMLElement} */ (document.getElementById("news"));
const problem = /** @type {HTMLElement} */ (document.getElementById("problem"));
const words = /** @type {HTMLElement} */ (document.getElementById("problem-words"));

document.getElementById("problem-close")?.addEventListener("click", () => {
  problem.hidden = true;
});

/** How long news stays, in milliseconds. */
const STAYS = 6000;

let timer = 0;

/**
 * Shows what was done, and has it read out.
 * @param {string} text
 */
export function announce(text) {
  news.textContent = text;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => {
    news.textContent = "";
  }, STAYS);
}

/**
 * Does something the user asked for; what goes wrong is shown.
 * @param {() => Promise<unknown>} what
 */
export async function attempt(what) {
  try {
    await what();
    problem.hidden = true;
  } catch (error) {
    const text = error instanceof Refused ? error.message : "The simulator does not answer.";
    problem.hidden = false;
    words.textContent = text;
  }
}
