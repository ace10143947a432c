// @ts-check
import { ask, logins } from "./api.js";
import { IDLE, isLive, step } from "./call-state.js";
import { Live } from "./live.js";
import { microphone, openPhone } from "./phone.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Line} Line */
/** @typedef {{ callId: string, from: string }} Ringing */
/** @typedef {"off" | "opening" | "on" | "elsewhere"} Presence */

/** What a call that came to nothing is called. @type {Record<string, string>} */
const ENDS = {
  busy: "The line is busy",
  "no-answer": "Nobody answered",
  failed: "The call could not be connected",
  canceled: "Cancelled",
  completed: "Call ended",
};

/**
 * What stands between the page's views and the phone, the server and the other tabs. Tells of
 * every change by `change`, of changes in the call log by `log`, of how loud both sides are by
 * `volume`.
 */
export class Desk extends EventTarget {
  /** @type {import("./call-state.js").CallState} */
  call = IDLE;
  /** @type {Presence} */
  presence = "off";
  /** @type {Ringing[]} */
  ringing = [];
  connected = true;
  notice = "";
  /** What is wrong with the sound of the call, in words. @type {string | null} */
  quality = null;
  /** How far the server's clock is ahead of ours. */
  ahead = 0;
  #live;
  /** @type {Phone | undefined} */
  #phone;
  /** @type {Line | undefined} */
  #line;
  /** @type {((value?: unknown) => void) | undefined} */
  #release;

  /** @param {string} user */
  constructor(user) {
    super();
    this.#live = new Live(user);
    this.#live.addEventListener("up", () => this.#up());
    this.#live.addEventListener("down", () => {
      this.connected = false;
      this.#changed();
    });
    this.#live.addEventListener("frame", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
  }

  /** The server's time, in milliseconds. */
  now() {
    return Date.now() + this.ahead;
  }

  get live() {
    return isLive(this.call);
  }

  /** The login was renewed: news comes to whoever shows the new one. */
  loggedIn() {
    this.notice = "";
    this.#live.anew();
  }

  /** Registers the phone, in this tab and no other. */
  async goOnline() {
    if (this.presence === "on" || this.presence === "opening") return;
    this.#become("opening", "");
    if (!(await this.#claimed())) return this.#become("elsewhere", "Your phone is on in another tab. Calls are made and heard there.");
    const why = await microphone();
    if (why) return this.#off(why);
    try {
      this.#phone = await openPhone();
    } catch (error) {
      return this.#off(error instanceof Error ? error.message : "The phone could not be reached. Try again in a moment.");
    }
    this.#phone.onincoming((line) => this.#incoming(line));
    this.#phone.onregistered((registered) => {
      if (this.presence === "off") return;
      this.#become(registered ? "on" : "opening", "");
    });
    this.#become("on", "");
  }

  goOffline() {
    this.#phone?.close();
    this.#phone = undefined;
    this.#off("");
  }

  close() {
    this.goOffline();
    this.#live.close();
  }

  /** @param {string} number in E.164 form */
  async dial(number) {
    if (this.live || !this.#phone || this.presence !== "on") return;
    this.#step({ type: "dial", party: number });
    try {
      this.#follow(await this.#phone.dial(number));
    } catch (error) {
      const why = /** @type {{ message?: string }} */ (error).message;
      this.#ended(why ? `The call could not be made: ${why}` : "The call could not be made");
    }
  }

  /** @param {string} callId */
  answer(callId) {
    const ringing = this.ringing.find((one) => one.callId === callId);
    if (!ringing || this.live || this.presence !== "on") return;
    this.#step({ type: "answer", party: ringing.from, callId });
    this.#live.say({ type: "answer_call", callId });
  }

  /** @param {string} callId */
  decline(callId) {
    this.#live.say({ type: "hangup", callId });
    this.#quiet(callId);
  }

  hangUp() {
    const { call } = this;
    if (this.#line) this.#line.disconnect();
    else if (call.at === "answering") this.#live.say({ type: "hangup", callId: call.callId });
    this.#ended("Call ended");
  }

  mute() {
    if (this.call.at !== "talking" || !this.#line) return;
    const muted = !this.call.muted;
    this.#line.mute(muted);
    this.#step({ type: "muted", muted });
  }

  /** @param {string} key */
  press(key) {
    if (this.call.at === "talking") this.#line?.sendDigits(key);
  }

  /** Asks for hold or its end; what the page shows is what the server confirms. */
  async hold() {
    const { call } = this;
    if (call.at !== "talking" || !call.hold || call.hold === "holding" || call.hold === "resuming") return;
    const held = call.hold === "held";
    if (call.callId) this.#step({ type: "hold", callId: call.callId, hold: held ? "resuming" : "holding" });
    try {
      await ask("POST", held ? "api/unhold-call" : "api/hold-call", { parentCallSid: call.sid });
      this.notice = "";
    } catch (error) {
      this.notice = error instanceof Error ? error.message : "";
    }
    await this.#look();
  }

  /** @param {string} id */
  async useMicrophone(id) {
    await this.#phone?.useMicrophone(id);
  }

  /** @param {string} id */
  async useSpeaker(id) {
    await this.#phone?.useSpeaker(id);
  }

  dismiss() {
    this.#step({ type: "dismiss" });
  }

  /** Takes the lock that lets one tab have the phone. @returns {Promise<boolean>} */
  #claimed() {
    return new Promise((done) => {
      void navigator.locks.request("voip-phone", { ifAvailable: true }, (lock) => {
        done(lock !== null);
        return lock && new Promise((release) => (this.#release = release));
      });
    });
  }

  /** @param {string} notice */
  #off(notice) {
    this.#release?.();
    this.#release = undefined;
    this.#become("off", notice);
  }

  /** @param {Presence} presence @param {string} notice */
  #become(presence, notice) {
    this.presence = presence;
    this.notice = notice;
    this.#changed();
  }

  /** @param {Line} line */
  #incoming(line) {
    // Every device of the user is rung; ours is the one that has answered.
    if (this.call.at !== "answering") return line.ignore();
    this.#follow(line);
    line.accept();
  }

  /** @param {Line} line */
  #follow(line) {
    if (!this.live) return line.disconnect();
    this.#line = line;
    line.on("ringing", () => this.#step({ type: "ringing", sid: line.sid() }));
    line.on("accept", () => {
      this.#step({ type: "accepted", sid: line.sid() });
      void this.#look();
    });
    for (const end of ["disconnect", "cancel", "reject"]) line.on(end, () => void this.#lineEnded(line));
    line.onvolume((input, output) => this.dispatchEvent(new CustomEvent("volume", { detail: { input, output } })));
    line.onquality((quality) => {
      if (this.#line !== line || this.quality === quality) return;
      this.quality = quality;
      this.#changed();
    });
    line.on("reconnecting", () => this.#step({ type: "mending", mending: true }));
    line.on("reconnected", () => this.#step({ type: "mending", mending: false }));
    line.on("error", (/** @type {{ message?: string }} */ error) => {
      this.notice = error?.message ?? "";
      this.#changed();
    });
  }

  /** @param {Line} line */
  async #lineEnded(line) {
    if (this.#line !== line) return;
    const { call } = this;
    const sid = line.sid();
    let how = "Call ended";
    if (call.at === "calling" && sid) {
      const known = await ask("GET", `api/calls/${encodeURIComponent(sid)}`).catch(() => null);
      how = ENDS[known?.call.status] ?? how;
    }
    if (this.#line === line) this.#ended(how);
  }

  /** @param {string} how */
  #ended(how) {
    this.#line = undefined;
    this.quality = null;
    this.#step({ type: "ended", how, now: this.now() });
  }

  /** Asks the server how our call stands. */
  async #look() {
    const { call } = this;
    if (call.at !== "talking") return;
    const name = call.callId ?? call.sid;
    const known = await ask("GET", `api/calls/${encodeURIComponent(name)}`).catch(() => null);
    if (!known) return;
    this.ahead = Date.parse(known.now) - Date.now();
    const since = known.call.answeredAt ? Date.parse(known.call.answeredAt) : null;
    this.#step({ type: "known", callId: known.call.callId, since, hold: known.call.hold });
  }

  #up() {
    this.connected = true;
    // What still rings is told anew.
    this.ringing = [];
    this.#changed();
    this.dispatchEvent(new Event("log"));
    void this.#look();
  }

  /** @param {any} frame */
  #heard(frame) {
    switch (frame.type) {
      case "incoming_call":
        this.ringing = [...this.ringing.filter((one) => one.callId !== frame.callId), { callId: frame.callId, from: frame.from }];
        this.#changed();
        break;
      case "call_status":
        if (frame.status !== "ringing") this.#quiet(frame.callId);
        if (frame.status === "in-progress") void this.#look();
        if (frame.status in ENDS && this.call.at === "answering" && this.call.callId === frame.callId) {
          this.#ended(ENDS[frame.status]);
        }
        break;
      case "call_hold":
        this.#step({ type: "hold", callId: frame.callId, hold: frame.hold });
        if (frame.failed) this.notice = "Hold could not be changed. The call goes on; try again.";
        break;
      case "error":
        if (frame.code === "unauthorized") logins.dispatchEvent(new Event("over"));
        if (this.call.at === "answering" && this.call.callId === frame.callId) this.#ended("Answered on another device");
        break;
    }
    if (frame.callId) this.dispatchEvent(new Event("log"));
  }

  /** @param {string} callId */
  #quiet(callId) {
    this.ringing = this.ringing.filter((one) => one.callId !== callId);
    this.#changed();
  }

  /** @param {import("./call-state.js").Happening} what */
  #step(what) {
    this.call = step(this.call, what);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
