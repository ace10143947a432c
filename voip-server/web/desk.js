// @ts-check
import { ask, logins } from "./api.js";
import { IDLE, isLive, step } from "./call-state.js";
import { Live } from "./live.js";
import { microphone } from "./microphone.js";
import { openPhone } from "./phone.js";
import * as rings from "./ringing.js";
import { Tabs } from "./tabs.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Line} Line */
/** @typedef {import("./ringing.js").Ring} Ring */
/** @typedef {"off" | "opening" | "on"} Presence */

/** How long it is shown why a call rings no more. */
const SHOWN = 30_000;

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
  /** What rings, and what rang a moment ago. @type {Ring[]} */
  rings = [];
  connected = true;
  notice = "";
  /** What is wrong with the sound of the call, in words. @type {string | null} */
  quality = null;
  /** How far the server's clock is ahead of ours. */
  ahead = 0;
  user;
  #live;
  #tabs = new Tabs();
  /** @type {Phone | undefined} */
  #phone;
  /** @type {Line | undefined} */
  #line;
  /** Tells what was begun last from what was begun before, and given up. */
  #turns = 0;

  /** @param {string} user */
  constructor(user) {
    super();
    this.user = user;
    this.#live = new Live(user);
    this.#live.addEventListener("up", (event) => this.#up(/** @type {CustomEvent} */ (event).detail));
    this.#live.addEventListener("down", () => {
      this.connected = false;
      this.#changed();
    });
    this.#live.addEventListener("frame", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    this.#tabs.addEventListener("change", () => this.#changed());
    this.#tabs.addEventListener("answer", (event) => void this.answer(/** @type {CustomEvent} */ (event).detail));
    this.#tabs.addEventListener("wanted", () => {
      if (!this.live) this.#putAway("Your phone is in another tab now.");
    });
  }

  /** The server's time, in milliseconds. */
  now() {
    return Date.now() + this.ahead;
  }

  get live() {
    return isLive(this.call);
  }

  /** The calls that ring now. */
  get ringing() {
    return rings.stillRinging(this.rings);
  }

  /** The other tab of this browser that has the phone, where one has. */
  get other() {
    return this.#tabs.other;
  }

  /** The login was renewed: news comes to whoever shows the new one. */
  loggedIn() {
    if (this.presence === "on") this.notice = "";
    this.#live.anew();
    void this.#phone?.renew();
  }

  /** Registers the phone, in this tab and no other. */
  async goOnline() {
    if (this.presence !== "off") return;
    this.#become("opening", "");
    const why = await microphone();
    if (why) return this.#putAway(why);
    if (!(await this.#tabs.claim())) return this.#putAway("Your phone is in a call in another tab. End that call to use the phone here.");
    const turn = ++this.#turns;
    try {
      const phone = await openPhone();
      if (turn !== this.#turns) return phone.close();
      this.#phone = phone;
    } catch (error) {
      return this.#putAway(error instanceof Error ? error.message : "The phone could not be reached. Try again in a moment.");
    }
    this.#phone.onincoming((line) => this.#incoming(line));
    this.#phone.onregistered((registered) => {
      if (this.presence === "off") return;
      this.#become(registered ? "on" : "opening", "");
    });
    this.#become("on", "");
  }

  goOffline() {
    this.#putAway("");
  }

  close() {
    this.goOffline();
    this.#live.close();
    this.#tabs.close();
  }

  /** @param {string} number in E.164 form */
  async dial(number) {
    if (this.live || !this.#phone || this.presence !== "on") return;
    this.notice = "";
    this.#step({ type: "dial", party: number });
    const turn = ++this.#turns;
    try {
      const line = await this.#phone.dial(number);
      if (turn !== this.#turns) return line.disconnect();
      this.#follow(line);
    } catch (error) {
      if (turn !== this.#turns) return;
      const why = /** @type {{ message?: string }} */ (error).message;
      this.#ended(why ? `The call could not be made: ${why}` : "The call could not be made");
    }
  }

  /** Answers here, or in the tab that has the phone; without a phone it goes online first. @param {string} callId */
  async answer(callId) {
    const ring = () => this.ringing.find((one) => one.callId === callId);
    if (!ring() || this.live) return;
    if (this.presence === "off") {
      if (await this.#tabs.answer(callId)) return;
      await this.goOnline();
    }
    const ringing = ring();
    if (!ringing || this.live || this.presence !== "on") return;
    if (!this.#live.say({ type: "answer_call", callId })) return;
    this.notice = "";
    this.forget(callId);
    this.#step({ type: "answer", party: ringing.from, callId });
  }

  /** @param {string} callId */
  decline(callId) {
    if (this.#live.say({ type: "hangup", callId })) this.forget(callId);
  }

  /** Takes a call out of sight that rings, or rang. @param {string} callId */
  forget(callId) {
    this.rings = rings.without(this.rings, callId);
    this.#changed();
  }

  hangUp() {
    const { call } = this;
    if (this.#line) this.#line.disconnect();
    else if (call.at === "answering") this.#live.say({ type: "hangup", callId: call.callId });
    this.#turns += 1;
    this.#ended(call.at === "calling" ? "Cancelled" : "Call ended");
  }

  mute() {
    if (this.call.at !== "talking" || !this.#line) return;
    const muted = !this.call.muted;
    this.#line.mute(muted);
    this.#step({ type: "muted", muted });
  }

  /** @param {string} key */
  press(key) {
    if (this.call.at !== "talking") return;
    this.#line?.sendDigits(key);
    this.#step({ type: "pressed", key });
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
      if (call.callId) this.#step({ type: "hold", callId: call.callId, hold: call.hold });
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

  /** The phone is put away. @param {string} notice why */
  #putAway(notice) {
    const phone = this.#phone;
    this.#phone = undefined;
    this.#turns += 1;
    this.#become("off", notice);
    phone?.close();
    this.#tabs.release();
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
    // What a line says that was let go of is about no call of ours.
    const ours = (/** @type {string} */ event, /** @type {(detail: any) => void} */ heard) => line.on(event, (detail) => this.#line === line && heard(detail));
    ours("ringing", () => this.#step({ type: "ringing", sid: line.sid() }));
    ours("accept", () => {
      this.#step({ type: "accepted", sid: line.sid() });
      void this.#look();
    });
    for (const end of ["disconnect", "cancel", "reject"]) ours(end, () => void this.#lineEnded(line));
    line.onvolume((input, output) => this.dispatchEvent(new CustomEvent("volume", { detail: { input, output } })));
    line.onquality((quality) => {
      if (this.#line !== line || this.quality === quality) return;
      this.quality = quality;
      this.#changed();
    });
    ours("reconnecting", () => this.#step({ type: "mending", mending: true }));
    ours("reconnected", () => this.#step({ type: "mending", mending: false }));
    ours("error", (/** @type {{ message?: string }} */ error) => {
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
    if ((call.at === "calling" || (call.at === "talking" && !call.incoming && call.since === null)) && sid) {
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
    const how = ENDS[known.call.status];
    const outcome = how ? { how, at: Date.parse(known.call.endedAt ?? known.now) } : null;
    this.#step({ type: "known", callId: known.call.callId, since, hold: known.call.hold, outcome });
  }

  /** News was lost, perhaps: what is no more is over, and the rest is told anew. @param {{ liveCalls: string[], moreLiveCalls?: boolean }} told */
  #up({ liveCalls, moreLiveCalls = false }) {
    this.connected = true;
    if (this.presence === "on") this.notice = "";
    if (!moreLiveCalls) {
      this.rings = rings.known(this.rings, liveCalls);
      if (this.call.at === "answering" && !liveCalls.includes(this.call.callId)) this.#ended("The call has ended");
    }
    this.#changed();
    this.dispatchEvent(new Event("log"));
    void this.#phone?.renew();
    void this.#look();
  }

  /** @param {any} frame */
  #heard(frame) {
    switch (frame.type) {
      case "incoming_call":
        // It still rings, so our answer got lost.
        if (this.call.at === "answering" && this.call.callId === frame.callId) this.#live.say({ type: "answer_call", callId: frame.callId });
        else this.rings = rings.rung(this.rings, frame.callId, frame.from);
        this.#changed();
        break;
      case "call_status":
        this.#over(frame.callId, frame.status);
        if (frame.status !== "ringing") void this.#look();
        if (frame.status in ENDS && this.call.at === "answering" && this.call.callId === frame.callId) {
          this.#ended(ENDS[frame.status]);
        }
        break;
      case "call_hold":
        this.#step({ type: "hold", callId: frame.callId, hold: frame.hold });
        this.notice = frame.failed ? "Hold could not be changed. The call goes on; try again." : "";
        this.#changed();
        break;
      case "error":
        if (frame.code === "unauthorized") logins.dispatchEvent(new Event("over"));
        if (this.call.at === "answering" && this.call.callId === frame.callId) {
          this.#ended(frame.code === "answered_elsewhere" ? "Answered on another device" : frame.message);
        }
        break;
    }
    if (frame.callId) this.dispatchEvent(new Event("log"));
  }

  /** What rings no more says why for a while. @param {string} callId @param {string} status */
  #over(callId, status) {
    const before = this.ringing.length;
    this.rings = rings.reached(this.rings, callId, status);
    if (this.ringing.length === before) return;
    setTimeout(() => this.forget(callId), SHOWN);
    this.#changed();
  }

  /** @param {import("./call-state.js").Happening} what */
  #step(what) {
    this.call = step(this.call, what);
    this.#changed();
  }

  #changed() {
    this.#tabs.tell(this.live);
    this.dispatchEvent(new Event("change"));
  }
}
