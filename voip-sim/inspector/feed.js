// The stream of what happens.

/** @import {Entry} from "./types.js" */

/** How long entries are gathered before they are shown, in milliseconds. */
const GATHERED = 40;

/** How long after a broken stream it is asked for again, in milliseconds. */
const AGAIN = 1000;

/**
 * Follows the journal from its beginning, for ever. A stream that broke is read anew from the
 * beginning, since the simulator may be another one by then.
 * @param {object} tell
 * @param {() => void} tell.begins
 * @param {(entries: Entry[]) => void} tell.goesOn
 * @param {() => void} tell.breaks
 */
export function follow(tell) {
  /** @type {Entry[]} */
  let gathered = [];
  const source = new EventSource("/sim/events?after=0");
  let timer = 0;
  const flush = () => {
    timer = 0;
    const entries = gathered;
    gathered = [];
    tell.goesOn(entries);
  };
  source.onopen = () => tell.begins();
  source.onmessage = (message) => {
    gathered.push(JSON.parse(message.data));
    if (timer === 0) timer = window.setTimeout(flush, GATHERED);
  };
  source.onerror = () => {
    source.close();
    window.clearTimeout(timer);
    tell.breaks();
    window.setTimeout(() => follow(tell), AGAIN);
  };
}
