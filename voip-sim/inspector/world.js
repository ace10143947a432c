// What is known of the simulated world: legs and conferences as they stand, and what happened.

import { ask, leg } from "./api.js";

/** @import {Call, Delivery, Entry, Family, Item, Room} from "./types.js" */

/** How much of the past is kept. */
const MOST = 20_000;

/** Above that many changed legs, all are read at once. */
const SINGLY = 6;

export class World {
  /** @type {Map<string, Call>} */
  calls = new Map();
  /** @type {Room[]} */
  rooms = [];
  /** @type {Item[]} Everything, oldest first. */
  items = [];
  /** @type {Map<number, Delivery>} */
  #deliveries = new Map();
  /** @type {Map<string, string>} The markup that a leg was last given. */
  #markup = new Map();
  /** @type {Set<string>} Legs that have to be read again. */
  #stale = new Set();
  #reading = false;
  #all = true;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Begins anew. */
  forget() {
    this.calls.clear();
    this.rooms = [];
    this.items = [];
    this.#deliveries.clear();
    this.#markup.clear();
    this.#all = true;
  }

  /**
   * Goes on by what has happened.
   * @param {Entry[]} entries
   */
  take(entries) {
    for (const entry of entries) this.#enter(entry);
    if (this.items.length > MOST) this.items.splice(0, this.items.length - MOST);
    void this.read();
  }

  /** @param {Entry} entry */
  #enter(entry) {
    if (entry.call_sid) this.#stale.add(entry.call_sid);
    switch (entry.kind) {
      case "reset":
        this.forget();
        this.items.push(entry);
        return;
      case "webhook": {
        const { seq, at, call_sid } = entry;
        /** @type {Delivery} */
        const delivery = { kind: "delivery", seq, at, call_sid, made: entry, attempts: [], outcome: null };
        this.#deliveries.set(entry.webhook, delivery);
        this.items.push(delivery);
        return;
      }
      case "attempt":
        this.#deliveries.get(entry.webhook)?.attempts.push(entry);
        return;
      case "outcome": {
        const delivery = this.#deliveries.get(entry.webhook);
        if (!delivery) return;
        delivery.outcome = entry;
        if (delivery.made.purpose === "document" && entry.call_sid) {
          this.#markup.set(entry.call_sid, entry.body ?? "");
        }
        return;
      }
      case "document": {
        const markup = this.#markup.get(entry.call_sid ?? "") ?? null;
        this.items.push({ ...entry, markup });
        return;
      }
      case "rest": {
        const inline = entry.form.find(([name]) => name === "Twiml");
        if (inline && entry.call_sid) this.#markup.set(entry.call_sid, inline[1]);
        this.items.push(entry);
        return;
      }
      default:
        this.items.push(entry);
    }
  }

  /**
   * Reads again what may have changed, and these legs.
   * @param {string[]} [also]
   */
  async read(also = []) {
    for (const sid of also) this.#stale.add(sid);
    if (this.#reading) return;
    this.#reading = true;
    try {
      do {
        await this.#readOnce();
        this.#changed();
      } while (this.#stale.size > 0);
    } catch {
      // The stream breaks too, and everything begins anew.
    } finally {
      this.#reading = false;
    }
  }

  async #readOnce() {
    // Whoever hears a leg that changed may have changed with it.
    for (const sid of [...this.#stale]) {
      for (const other of this.calls.get(sid)?.hears ?? []) this.#stale.add(other);
    }
    const stale = [...this.#stale];
    const all = this.#all || stale.length > SINGLY;
    this.#stale.clear();
    this.#all = false;
    const rooms = ask("GET", "/sim/conferences");
    if (all) {
      const { calls } = await ask("GET", "/sim/calls");
      this.calls = new Map(calls.map((/** @type {Call} */ call) => [call.sid, call]));
    } else {
      const fetched = stale.map((sid) => ask("GET", leg(sid)).catch(() => null));
      for (const call of await Promise.all(fetched)) {
        if (call) this.calls.set(call.sid, call);
      }
    }
    this.rooms = (await rooms).conferences;
  }

  /**
   * The leg from which this one descends.
   * @param {Call} call
   * @returns {Call}
   */
  root(call) {
    const parent = call.parent ? this.calls.get(call.parent) : undefined;
    return parent ? this.root(parent) : call;
  }

  /**
   * All calls, each with the legs of its dials, newest first.
   * @returns {Family[]}
   */
  families() {
    /** @type {Map<string, Family>} */
    const families = new Map();
    for (const call of this.calls.values()) {
      const root = this.root(call);
      const family = families.get(root.sid) ?? { root, legs: [] };
      family.legs.push(call);
      families.set(root.sid, family);
    }
    return [...families.values()].reverse();
  }

  /**
   * What happened to these legs, oldest first.
   * @param {Family} family
   */
  timeline(family) {
    const sids = new Set(family.legs.map((call) => call.sid));
    return this.items.filter((item) => item.call_sid && sids.has(item.call_sid));
  }
}
