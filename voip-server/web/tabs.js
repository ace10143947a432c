// @ts-check
/** The lock whose holder is the tab with the phone. The browser gives it back when a tab dies. */
const LOCK = "voip-phone";
/** How long another tab may take to hand the phone over. */
const HANDOVER = 3_000;

/**
 * The tabs of this browser, of which one has the phone. Events: `change` (of `other`), `wanted`
 * (another tab asks for the phone, which ours has), `answer` (`callId`: Accept was pressed there).
 */
export class Tabs extends EventTarget {
  /** The other tab that has the phone, where one has. @type {{ live: boolean } | null} */
  other = null;
  #channel = new BroadcastChannel(LOCK);
  /** @type {((value?: unknown) => void) | undefined} */
  #release;
  #live = false;
  #leaving = () => this.release();

  constructor() {
    super();
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    this.#channel.postMessage({ type: "who" });
    addEventListener("pagehide", this.#leaving);
  }

  /** Whether this tab has the phone. */
  get ours() {
    return this.#release !== undefined;
  }

  /** Takes the phone, from another tab too where that is not in a call. @returns {Promise<boolean>} */
  async claim() {
    if (await this.#taken({ ifAvailable: true })) return true;
    if (this.other?.live) return false;
    this.#channel.postMessage({ type: "give" });
    return this.#taken({ signal: AbortSignal.timeout(HANDOVER) });
  }

  /** Lets go of the phone. */
  release() {
    if (!this.#release) return;
    this.#release();
    this.#release = undefined;
    this.#live = false;
    this.#channel.postMessage({ type: "free" });
  }

  /** Tells the others whether the phone is in a call. @param {boolean} live */
  tell(live) {
    if (!this.ours || live === this.#live) return;
    this.#live = live;
    this.#have();
  }

  /** Has the tab with the phone answer. @param {string} callId @returns {Promise<boolean>} whether there is one */
  async answer(callId) {
    // Pages that are not secure have no locks, and no phone.
    const held = (await navigator.locks?.query())?.held ?? [];
    if (this.ours || !held.some(({ name }) => name === LOCK)) return false;
    this.#channel.postMessage({ type: "answer", callId });
    return true;
  }

  close() {
    this.release();
    this.#channel.close();
    removeEventListener("pagehide", this.#leaving);
  }

  /** @param {LockOptions} how @returns {Promise<boolean>} */
  #taken(how) {
    return new Promise((done) => {
      const held = navigator.locks.request(LOCK, how, (lock) => {
        if (!lock) return done(false);
        return new Promise((release) => {
          this.#release = release;
          this.other = null;
          this.#have();
          done(true);
        });
      });
      held.catch(() => done(false));
    });
  }

  #have() {
    this.#channel.postMessage({ type: "have", live: this.#live });
  }

  /** @param {any} said */
  #heard(said) {
    if (said.type === "have") this.#become({ live: said.live });
    else if (said.type === "free") this.#become(null);
    else if (!this.ours) return;
    else if (said.type === "who") this.#have();
    else if (said.type === "give") this.dispatchEvent(new Event("wanted"));
    else if (said.type === "answer") this.dispatchEvent(new CustomEvent("answer", { detail: said.callId }));
  }

  /** @param {{ live: boolean } | null} other */
  #become(other) {
    this.other = other;
    this.dispatchEvent(new Event("change"));
  }
}
