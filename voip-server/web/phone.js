// @ts-check
import { ask } from "./api.js";

/**
 * A call in the browser's hands, the same for the simulator's client and the Voice SDK.
 * @typedef {object} Line
 * @property {() => string} sid
 * @property {(event: string, heard: (detail: any) => void) => void} on
 * @property {() => void} accept
 * @property {() => void} ignore
 * @property {() => void} disconnect
 * @property {(muted: boolean) => void} mute
 * @property {(keys: string) => void} sendDigits
 */
/**
 * What calls go through.
 * @typedef {object} Phone
 * @property {(number: string) => Promise<Line>} dial
 * @property {(heard: (line: Line) => void) => void} onincoming
 * @property {(heard: (registered: boolean) => void) => void} onregistered
 * @property {() => void} close
 */

/** @param {any} target an EventTarget, or an emitter of the SDK @param {string} event @param {(detail: any) => void} heard */
function listen(target, event, heard) {
  if (target.addEventListener) target.addEventListener(event, (/** @type {CustomEvent} */ told) => heard(told.detail));
  else target.on(event, heard);
}

/** @param {any} call @returns {Line} */
const line = (call) => ({
  sid: () => call.parameters.CallSid ?? "",
  on: (event, heard) => listen(call, event, heard),
  accept: () => void call.accept(),
  ignore: () => call.ignore(),
  disconnect: () => call.disconnect(),
  mute: (muted) => call.mute(muted),
  sendDigits: (keys) => call.sendDigits(keys),
});

const token = async () => (await ask("GET", "api/getToken")).token;

/** Registers a device and keeps its token fresh. @param {any} device @returns {Promise<Phone>} */
async function registered(device) {
  listen(device, "tokenWillExpire", async () => {
    try {
      device.updateToken(await token());
    } catch {
      // The page asks for the password when the login is over; the call goes on.
    }
  });
  await device.register();
  return {
    dial: async (phoneNumber) => line(await device.connect({ params: { phoneNumber } })),
    onincoming: (heard) => listen(device, "incoming", (call) => heard(line(call))),
    onregistered: (heard) => {
      listen(device, "registered", () => heard(true));
      listen(device, "unregistered", () => heard(false));
    },
    close: () => device.destroy(),
  };
}

/** The simulator's own client. @param {string} signal @returns {Promise<Phone>} */
async function simPhone(signal) {
  const { Device } = await import("./voip-sim-client.js");
  return registered(new Device(await token(), { signal }));
}

/** @param {{ url: string, integrity: string | null }} sdk @returns {Promise<Phone>} */
async function twilioPhone(sdk) {
  const page = /** @type {any} */ (globalThis);
  if (!page.Twilio?.Device) await loaded(sdk);
  return registered(new page.Twilio.Device(await token(), { closeProtection: false }));
}

/** @param {{ url: string, integrity: string | null }} sdk @returns {Promise<void>} */
function loaded({ url, integrity }) {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  const source = new URL(url, document.baseURI).href;
  const trusted = types
    ? types.createPolicy("voice-sdk", { createScriptURL: (/** @type {string} */ text) => (text === source ? text : "") }).createScriptURL(source)
    : source;
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = "anonymous";
    }
    script.src = trusted;
    script.onload = () => done();
    script.onerror = () => failed(new Error("The Voice SDK could not be loaded. Whoever runs this server can give it a copy of its own with VOICE_SDK_FILE."));
    document.head.append(script);
  });
}

/** The phone that the server says this page has. @returns {Promise<Phone>} */
export async function openPhone() {
  const setup = await ask("GET", "api/phone");
  if (setup.kind === "simulator") return simPhone(setup.signal);
  if (setup.kind === "twilio") return twilioPhone(setup.sdk);
  throw new Error("This server has no phone for the page.");
}

/**
 * Asks for the microphone, and says in plain words what keeps us from it.
 * @returns {Promise<string | null>} null where we have it
 */
export async function microphone() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) {
    return "Browsers give the microphone to secure pages only. Open this page by https, or as http://localhost.";
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    return null;
  } catch (error) {
    switch (error instanceof DOMException ? error.name : "") {
      case "NotAllowedError":
        return "The microphone is blocked for this page. Allow it by the icon beside the address, then try again.";
      case "NotFoundError":
        return "No microphone was found. Plug one in, then try again.";
      case "NotReadableError":
        return "Another program is using the microphone. Close it, then try again.";
      default:
        return "The microphone cannot be used. Check the settings of your system, then try again.";
    }
  }
}
