// @ts-check
import { format } from "./phone-number.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** Whether nobody has said yet if calls may be announced outside the page. */
export const mayAskToNotify = () => globalThis.Notification?.permission === "default";

/** Browsers of telephones have notifications, and none of pages. @param {string} who @param {string} tag */
function notified(who, tag) {
  try {
    const note = new Notification(`${who} is calling`, { tag, requireInteraction: true });
    note.onclick = () => globalThis.focus();
    return note;
  } catch {
    return null;
  }
}

/** Seconds of sound and of silence. */
const RING = [1, 2];

/**
 * Rings, and tells the system, while somebody calls: in the tab that has the phone, so that one
 * call rings once. @param {Desk} desk @returns {() => void} what ends it
 */
export function ringer(desk) {
  /** @type {Map<string, Notification>} */
  const told = new Map();
  /** @type {AudioContext | undefined} */
  let audio;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let beat;

  function sound() {
    audio ??= new AudioContext();
    const [gain, now] = [audio.createGain(), audio.currentTime];
    gain.gain.value = 0.15;
    gain.connect(audio.destination);
    for (const pitch of [440, 480]) {
      const tone = new OscillatorNode(audio, { frequency: pitch });
      tone.connect(gain);
      tone.start(now);
      tone.stop(now + (RING[0] ?? 1));
    }
  }

  function change() {
    const ours = desk.presence === "on" ? desk.ringing : [];
    const rings = ours.length > 0 && !desk.live;
    if (rings && !beat) {
      sound();
      beat = setInterval(sound, 1000 * RING.reduce((sum, part) => sum + part));
    }
    if (!rings) quiet();
    for (const [callId, note] of told) {
      if (!ours.some((one) => one.callId === callId)) {
        note.close();
        told.delete(callId);
      }
    }
    if (!document.hidden || globalThis.Notification?.permission !== "granted") return;
    for (const { callId, from } of ours) {
      if (told.has(callId)) continue;
      const note = notified(format(from), callId);
      if (note) told.set(callId, note);
    }
  }

  function quiet() {
    clearInterval(beat);
    beat = undefined;
  }

  desk.addEventListener("change", change);
  return () => {
    desk.removeEventListener("change", change);
    quiet();
    for (const note of told.values()) note.close();
    void audio?.close();
  };
}
