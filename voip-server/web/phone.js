// @ts-check
import { ask } from "./api.js";
import { counted, judge, warning } from "./quality.js";

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
 * @property {(heard: (warning: string | null) => void) => void} onquality
 * @property {(heard: (input: number, output: number) => void) => void} onvolume each from 0 to 1
 */
/**
 * What calls go through.
 * @typedef {object} Phone
 * @property {(number: string) => Promise<Line>} dial
 * @property {(heard: (line: Line) => void) => void} onincoming
 * @property {(heard: (registered: boolean) => void) => void} onregistered
 * @property {(id: string) => Promise<void>} useMicrophone
 * @property {(id: string) => Promise<void>} useSpeaker
 * @property {() => Promise<void>} renew shows it a token where the last try to fetch one failed
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
  onvolume: (heard) => {
    if (call.addEventListener) listen(call, "volume", ({ input, output }) => heard(input, output));
    else call.on("volume", heard);
  },
  onquality: (heard) => (call.getStats ? measured(call, heard) : warned(call, heard)),
});

/** How often it is measured how a call sounds. */
const MEASURE = 3_000;

/** The simulator's client counts and leaves the judging to us. @param {any} call @param {(warning: string | null) => void} heard */
function measured(call, heard) {
  /** @type {import("./quality.js").Counted | null} */
  let before = null;
  const timer = setInterval(async () => {
    if (call.status() === "closed") return clearInterval(timer);
    if (call.status() !== "open") return;
    const now = counted((await call.getStats()).values());
    if (before && now) heard(judge(before, now));
    before = now;
  }, MEASURE);
}

/** The SDK judges by itself. @param {any} call @param {(warning: string | null) => void} heard */
function warned(call, heard) {
  call.on("warning", (/** @type {string} */ name) => heard(warning(name)));
  call.on("warning-cleared", () => heard(null));
}

/** How long before its end the SDK asks for another token. */
const REFRESH = 60_000;

const token = async () => (await ask("GET", "api/getToken")).token;

/** The token has ended, as clients call it. */
const TOKEN_ENDED = 20104;

/**
 * Registers a device and keeps its token fresh.
 * @param {any} device @param {Pick<Phone, "useMicrophone" | "useSpeaker">} sound @param {(call: any) => void} [begin] what every call begins with
 * @returns {Promise<Phone>}
 */
async function registered(device, sound, begin = () => {}) {
  let stale = false;
  const renew = async () => {
    try {
      device.updateToken(await token());
      stale = false;
      if (device.state === "unregistered") await device.register();
    } catch {
      // The server or the login is away. It is tried anew when either is back; a call goes on.
      stale = true;
    }
  };
  listen(device, "tokenWillExpire", renew);
  // A device of the SDK that nobody listens to throws its errors. What follows from others is
  // told by `unregistered` and by the call.
  listen(device, "error", (error) => void (error?.code === TOKEN_ENDED && renew()));
  await device.register();
  return {
    ...sound,
    renew: async () => {
      if (stale) await renew();
    },
    dial: async (phoneNumber) => {
      const call = await device.connect({ params: { phoneNumber } });
      begin(call);
      return line(call);
    },
    onincoming: (heard) =>
      listen(device, "incoming", (call) => {
        begin(call);
        heard(line(call));
      }),
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
  /** @type {any} */
  let now;
  const chosen = { microphone: "", speaker: "" };
  const sound = {
    useMicrophone: async (/** @type {string} */ id) => {
      if (now?.status() === "open") await now.setInputDevice(id);
      chosen.microphone = id;
    },
    useSpeaker: async (/** @type {string} */ id) => {
      if (now?.status() === "open") await now.setSinkId(id);
      chosen.speaker = id;
    },
  };
  return registered(new Device(await token(), { signal }), sound, (call) => {
    listen(call, "accept", async () => {
      now = call;
      if (chosen.microphone) await call.setInputDevice(chosen.microphone);
      if (chosen.speaker) await call.setSinkId(chosen.speaker);
    });
  });
}

/** @param {{ url: string, integrity: string | null }} sdk @returns {Promise<Phone>} */
async function twilioPhone(sdk) {
  const page = /** @type {any} */ (globalThis);
  if (!page.Twilio?.Device) await loaded(sdk);
  const device = new page.Twilio.Device(await token(), { closeProtection: false, tokenRefreshMs: REFRESH });
  return registered(device, {
    useMicrophone: (id) => device.audio.setInputDevice(id),
    useSpeaker: (id) => device.audio.speakerDevices.set(id),
  });
}

/** @type {any} */
let policy;

/** The one script that this page adds to itself. @param {string} source */
function trusted(source) {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  policy ??= types?.createPolicy("voice-sdk", { createScriptURL: (/** @type {string} */ text) => (text === source ? text : "") });
  return policy ? policy.createScriptURL(source) : source;
}

/** @param {{ url: string, integrity: string | null }} sdk @returns {Promise<void>} */
function loaded({ url, integrity }) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = "anonymous";
    }
    script.src = trusted(new URL(url, document.baseURI).href);
    script.onload = () => done();
    script.onerror = () => {
      script.remove();
      failed(new Error("The Voice SDK could not be loaded, so there are no calls for now. Try again in a moment. Whoever runs this server can give it a copy of its own with VOICE_SDK_FILE."));
    };
    document.head.append(script);
  });
}

/** The phone that the server says this page has. @returns {Promise<Phone>} */
export async function openPhone() {
  const setup = await ask("GET", "api/phone");
  if (setup.kind === "simulator") return simPhone(setup.signal);
  if (setup.kind === "twilio") return twilioPhone(setup.sdk);
  throw new Error("This server has no phone for the page. Your calls are listed here all the same; ask whoever runs the server for a phone.");
}
