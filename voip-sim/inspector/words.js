// How things are put into words.

/** @import {Call, Delivery, Purpose, Sound, Status} from "./types.js" */

/** @typedef {"wait" | "live" | "done" | "bad"} Tone */

/**
 * Whether a status is good or bad, at a glance.
 * @param {Status | "init"} status
 * @returns {Tone}
 */
export function tone(status) {
  switch (status) {
    case "queued":
    case "initiated":
    case "ringing":
    case "init":
      return "wait";
    case "in-progress":
      return "live";
    case "completed":
      return "done";
    default:
      return "bad";
  }
}

/** @param {Call} call */
export function isOver(call) {
  return call.ended_at !== null;
}

/** @type {Record<Call["direction"], string>} */
export const DIRECTIONS = {
  inbound: "Inbound",
  "outbound-api": "Placed over REST",
  "outbound-dial": "Dialled",
};

/** @type {Record<string, string>} */
const DOING = {
  queued: "waits to be dialled",
  dialling: "is being dialled",
  ringing: "rings",
  fetching: "waits for the application’s answer",
  "in-dial": "is connected by a dial",
  dial: "waits while somebody is dialled",
  gather: "is listened to: keys or speech, please",
  record: "is being recorded",
  conference: "is in a conference",
  say: "is told something",
  play: "hears a recording",
  pause: "hears silence",
  queue: "waits in a queue",
  "send-digits": "is sent keys",
  "machine-detection": "is listened to: a person or a machine?",
  "error-sentence": "hears that an application error has occurred",
  idle: "waits",
  over: "is over",
};

/**
 * What a leg is doing, after "The far end".
 * @param {Call} call
 */
export function doing(call) {
  if (call.status === "ringing" && call.direction === "inbound" && call.doing !== "dial") {
    return "calls, and waits to be answered";
  }
  return DOING[call.doing.toLowerCase()] ?? call.doing;
}

/**
 * What the far end heard.
 * @param {Sound} sound
 */
export function heard(sound) {
  switch (sound.sound) {
    case "said":
      return `“${sound.content}”`;
    case "played":
      return `plays ${sound.content}`;
    case "keys":
      return `keys ${sound.content}`;
    case "music":
      return "music";
    case "error-sentence":
      return `the sentence for an application error (${sound.content})`;
  }
}

/** @type {Record<Purpose, string>} */
export const PURPOSES = {
  document: "asks what to do",
  "document-ignored": "asks, though it no longer matters",
  status: "tells a status",
  conference: "tells of a conference",
  event: "tells an event",
};

/**
 * What a webhook is about, in a word of the vendor.
 * @param {Delivery} delivery
 */
export function subject({ made }) {
  const has = (/** @type {string} */ name) => made.form.find(([key]) => key === name)?.[1];
  const word = has("StatusCallbackEvent") ?? has("RecordingStatus") ?? has("AnsweredBy");
  if (word) return word;
  if (made.purpose === "status") return has("CallStatus") ?? "";
  if (has("DialCallStatus")) return `dial ${has("DialCallStatus")}`;
  if (has("Digits")) return `keys ${has("Digits")}`;
  if (has("SpeechResult")) return `“${has("SpeechResult")}”`;
  return "";
}

/** @type {Record<string, string>} */
export const FAILURES = {
  connect: "no connection",
  timeout: "no answer in time",
  broken: "broken answer",
  forbidden: "not allowed",
};

/**
 * A span of time, as short as it can be read.
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.floor(seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/**
 * A time of day.
 * @param {string} at
 */
export function clock(at) {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

/**
 * Who it is, readable.
 * @param {string} address
 */
export function who(address) {
  return address === "" ? "(nobody in particular)" : address;
}

/**
 * The path of an address, and the host where that says something.
 * @param {string} address
 */
export function short(address) {
  try {
    const url = new URL(address);
    return url.pathname + url.search;
  } catch {
    return address;
  }
}
