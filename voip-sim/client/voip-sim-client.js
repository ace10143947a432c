// @ts-check
/**
 * A small voice client for the simulator: calls with real audio from a web page, by the
 * browser's own WebSocket and RTCPeerConnection, without any other script.
 *
 *     const device = new Device(token, { signal: "ws://127.0.0.1:8082/signal" });
 *     device.addEventListener("incoming", ({ detail: call }) => call.accept());
 *     await device.register();
 *     const call = await device.connect({ params: { phoneNumber: "+15550001111" } });
 *     call.addEventListener("accept", () => call.sendDigits("1"));
 *
 * What happens is told by `CustomEvent`s; their `detail` is named at each class.
 */

/** @typedef {"unregistered" | "registering" | "registered" | "destroyed"} DeviceState */
/** @typedef {"pending" | "connecting" | "ringing" | "open" | "reconnecting" | "closed"} CallStatus */
/** @typedef {"pcmu" | "opus"} Codec */
/** @typedef {{ code: number, message: string }} VoiceError */
/** @typedef {{ audio?: boolean | MediaTrackConstraints }} RtcConstraints */
/** @typedef {{ content: unknown, contentType?: string, messageType?: string }} Message */
/** @typedef {{ [name: string]: any }} Payload */
/**
 * @typedef {object} DeviceOptions
 * @property {string} signal where the simulator listens: `ws://…/signal` or `wss://…/signal`
 * @property {RtcConstraints} [rtcConstraints] for the microphone, unless a call has its own
 * @property {HTMLAudioElement} [audioElement] plays what is heard; else each call has its own
 * @property {Codec[]} [codecPreferences] how sound is written, the best first; unless given, PCMU
 */

/** The server's heartbeat comes every few seconds; after this long in silence it is gone. */
const SILENCE = 15_000;
const CONNECT_WITHIN = 5_000;
const FIRST_RETRY = 100;
/** Between two tries to reach the server; shorter while there are calls. */
const LONGEST_RETRY = 20_000;
const LONGEST_RETRY_IN_CALL = 1_000;
const REGISTER_EVERY = 30_000;
/** How long before its end the token is announced to expire. */
const EXPIRY_NOTICE = 10_000;
/** Longest delay that `setTimeout` takes. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How long a server may take to resume a call, in seconds. */
const RESUME_WITHIN = 30;
/** An interrupted media path is given this long to come back by itself. */
const PATIENCE = 1_500;
const RESTART_EVERY = 3_000;
const RESTART_WITHIN = 30_000;
const METER_EVERY = 100;
const TONE = 160;
const TONE_GAP = 70;
const TONE_WAIT = 500;

/** As telephones have it. @type {Codec[]} */
const PREFERENCES = ["pcmu", "opus"];

/** What the server's codes for tokens are called towards pages. */
const TOKEN_ERRORS = new Map([
  [31201, 20151],
  [31204, 20101],
  [31205, 20104],
]);

/** @type {VoiceError} */
const SIGNAL_LOST = { code: 53001, message: "the signalling connection was lost" };

/**
 * @param {EventTarget} target
 * @param {string} name
 * @param {unknown} [detail]
 */
const emit = (target, name, detail) => target.dispatchEvent(new CustomEvent(name, { detail }));

/** @param {number} milliseconds @returns {Promise<void>} */
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * The same things, those of the preferred codecs first.
 * @template Thing
 * @param {readonly Thing[]} things
 * @param {(thing: Thing) => string | undefined} codec
 * @param {Codec[]} preferences
 */
const inOrder = (things, codec, preferences) => {
  /** @param {Thing} thing */
  const place = (thing) => {
    const name = codec(thing)?.toLowerCase();
    const found = preferences.findIndex((preferred) => preferred === name);
    return found < 0 ? preferences.length : found;
  };
  return things.toSorted((one, other) => place(one) - place(other));
};

/**
 * What the browser writes sound in, when it offers a call.
 * @param {Codec[]} preferences
 */
const codecsToOffer = (preferences) => {
  const known = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
  return inOrder(known, ({ mimeType }) => mimeType.split("/")[1], preferences);
};

/**
 * An offer of the server, as if it had our preferences: what is written first is what browsers
 * send.
 * @param {string} sdp
 * @param {Codec[]} preferences
 */
const asPreferred = (sdp, preferences) => {
  const maps = sdp.matchAll(/^a=rtpmap:(\d+) ([^/]+)/gm);
  const names = new Map([...maps].map(([, type = "", name]) => [type, name]));
  return sdp.replace(/^(m=audio \S+ \S+ )([\d ]+)/m, (_, start, types) => {
    const sorted = inOrder(types.split(" "), (type) => names.get(type), preferences);
    return start + sorted.join(" ");
  });
};

/** @param {unknown} error @param {number} code @returns {VoiceError} */
const failure = (error, code) => ({
  code,
  message: error instanceof Error ? error.message : String(error),
});

/**
 * What is in the token of a call, which is written as the vendor's SDK does it.
 * @typedef {object} ConnectToken
 * @property {Record<string, string>} parameters
 * @property {Record<string, string>} customParameters
 * @property {string} signalingReconnectToken
 */

/** @param {string} token @returns {ConnectToken} */
const readToken = (token) => {
  const content = JSON.parse(decodeURIComponent(atob(token)));
  if (!content.parameters?.CallSid || !content.signalingReconnectToken) {
    throw new TypeError("this is not the token of a call");
  }
  return content;
};

/**
 * The connection for signalling: it comes back by itself, and answers heartbeats.
 */
class Signal {
  #url;
  /** @type {WebSocket | undefined} */
  #socket;
  #wanted = false;
  #up = false;
  #retry = FIRST_RETRY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retrying;

  /** @type {() => boolean} whether calls are waiting */
  busy = () => false;
  /** @type {() => Payload} the first frame of each connection */
  hello = () => ({});
  /** @type {(type: string, payload: Payload) => void} */
  received = () => {};
  /** @type {(again: boolean) => void} */
  lost = () => {};

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /** Whether the server has let us in. */
  get up() {
    return this.#up;
  }

  open() {
    this.#wanted = true;
    if (!this.#socket && this.#retrying === undefined) this.#connect();
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#retrying);
    this.#retrying = undefined;
    this.#drop();
  }

  /** @param {string} type @param {Payload} payload @returns {boolean} whether it could be sent */
  send(type, payload) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type, version: "1.6", payload }));
    return true;
  }

  #connect() {
    this.#retrying = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listen(CONNECT_WITHIN);
    socket.onopen = () => {
      this.#listen(SILENCE);
      this.send("listen", this.hello());
    };
    socket.onmessage = ({ data }) => {
      this.#listen(SILENCE);
      if (data === "\n") socket.send("\n");
      else if (typeof data === "string") this.#read(data);
    };
    socket.onclose = () => this.#drop();
  }

  /** @param {string} text */
  #read(text) {
    const frame = JSON.parse(text);
    if (frame.type === "connected") {
      this.#up = true;
      this.#retry = FIRST_RETRY;
    }
    if (frame.type === "close") this.#wanted = false;
    this.received(frame.type, frame.payload ?? {});
    if (frame.type === "close") this.#drop();
  }

  /** Starts to wait anew. @param {number} longest */
  #listen(longest) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#drop(), longest);
  }

  #drop() {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = undefined;
    this.#up = false;
    if (this.#wanted) {
      const longest = this.busy() ? LONGEST_RETRY_IN_CALL : LONGEST_RETRY;
      const delay = Math.min(this.#retry, longest);
      this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
      const jitter = 1 + (Math.random() - 0.5) * 0.8;
      this.#retrying = setTimeout(() => this.#connect(), delay * jitter);
    }
    this.lost(this.#wanted);
  }
}

/**
 * What makes and takes calls for one identity.
 *
 * Events: `registering`, `registered`, `unregistered`, `incoming` (the `Call`),
 * `tokenWillExpire`, `error` (`{code, message}`), `destroyed`.
 */
export class Device extends EventTarget {
  #token;
  #options;
  #signal;
  /** @type {DeviceState} */
  #state = "unregistered";
  #identity = "";
  /** Whether calls are wanted. */
  #registered = false;
  /** @type {Set<Call>} */
  #calls = new Set();
  /** Frames that wait for the connection. @type {[string, Payload][]} */
  #queue = [];
  /** @type {{ event: string, done: () => void, failed: (error: VoiceError) => void }[]} */
  #waiting = [];
  /** The last refusal, for whoever still waits when the server closes. @type {VoiceError | undefined} */
  #refusal;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #expiry;
  /** @type {ReturnType<typeof setInterval>} */
  #renewal;
  #leave = () => this.destroy();

  /** @param {string} token @param {DeviceOptions} options */
  constructor(token, options) {
    super();
    this.#token = token;
    this.#options = options;
    this.#signal = new Signal(options.signal);
    this.#signal.busy = () => this.#calls.size > 0;
    this.#signal.hello = () => this.#hello();
    this.#signal.received = (type, payload) => this.#received(type, payload);
    this.#signal.lost = (again) => this.#lost(again);
    this.#renewal = setInterval(() => {
      if (this.#registered) this.#signal.send("register", { media: { audio: true } });
    }, REGISTER_EVERY);
    globalThis.addEventListener?.("pagehide", this.#leave);
  }

  /** @returns {DeviceState} */
  get state() {
    return this.#state;
  }

  /** Whom the token names; empty before the first connection. */
  get identity() {
    return this.#identity;
  }

  /** Every call that is not over. @returns {Call[]} */
  get calls() {
    return [...this.#calls];
  }

  /** From now on calls to the identity arrive here. @returns {Promise<void>} */
  async register() {
    if (this.#state === "registered") return;
    this.#alive();
    this.#registered = true;
    this.#become("registering");
    const registered = this.#until("ready");
    if (this.#signal.up) this.#signal.send("register", { media: { audio: true } });
    this.#signal.open();
    return registered;
  }

  /** No calls arrive here any more. @returns {Promise<void>} */
  async unregister() {
    this.#alive();
    this.#registered = false;
    if (!this.#signal.up) return this.#become("unregistered");
    const gone = this.#until("offline");
    this.#signal.send("register", { media: { audio: false } });
    return gone;
  }

  /** Replaces the token, also in the middle of a call. @param {string} token */
  updateToken(token) {
    this.#alive();
    this.#token = token;
    this.#signal.send("listen", this.#hello());
  }

  /**
   * Places a call; the parameters reach the application's webhook. With the `connectToken` of a
   * call of the same identity, takes that call over instead.
   * @param {{ params?: Record<string, string>, rtcConstraints?: RtcConstraints, connectToken?: string }} [how]
   * @returns {Promise<Call>}
   */
  async connect({ params = {}, rtcConstraints, connectToken } = {}) {
    this.#alive();
    const taken = connectToken === undefined ? undefined : readToken(connectToken);
    if (!this.#signal.up) {
      const connected = this.#until("connected");
      this.#signal.open();
      await connected;
    }
    const placed = { To: params.To ?? "", From: `client:${this.#identity}`, CallSid: "" };
    const constraints = rtcConstraints ?? this.#options.rtcConstraints;
    const call = new Call("outgoing", this.#wire(), constraints, taken?.parameters ?? placed);
    for (const [name, value] of Object.entries(taken?.customParameters ?? params)) {
      call.customParameters.set(name, value);
    }
    if (taken) call._takesOver(taken.signalingReconnectToken);
    this.#calls.add(call);
    await call._call();
    return call;
  }

  /** Ends everything; the device cannot be used again. */
  destroy() {
    if (this.#state === "destroyed") return;
    for (const call of this.#calls) call.status() === "pending" ? call.reject() : call.disconnect();
    globalThis.removeEventListener?.("pagehide", this.#leave);
    clearInterval(this.#renewal);
    clearTimeout(this.#expiry);
    this.#registered = false;
    this.#signal.close();
    this.#become("destroyed");
    this.#fail({ code: 31009, message: "the device was destroyed" });
  }

  #alive() {
    if (this.#state === "destroyed") throw new Error("the device was destroyed");
  }

  /** @returns {Payload} */
  #hello() {
    const browser = { platform: navigator.platform, userAgent: navigator.userAgent };
    return {
      token: this.#token,
      browserinfo: { p: "browser", plugin: "rtc", v: "voip-sim-client", browser },
      reconnectTimeout: RESUME_WITHIN,
    };
  }

  /** @returns {Wire} what a call may use of its device */
  #wire() {
    return {
      send: (type, payload) => this.#send(type, payload),
      reachable: () => this.#signal.up,
      over: (call) => this.#calls.delete(call),
      audio: () => this.#options.audioElement ?? new Audio(),
      codecs: () => this.#options.codecPreferences ?? PREFERENCES,
    };
  }

  /** @param {string} type @param {Payload} payload */
  #send(type, payload) {
    if (this.#signal.up) this.#signal.send(type, payload);
    else this.#queue.push([type, payload]);
  }

  /** @param {DeviceState} state */
  #become(state) {
    if (this.#state === state) return;
    this.#state = state;
    emit(this, state);
  }

  /** Waits for a message of the server. @param {string} event @returns {Promise<void>} */
  #until(event) {
    return new Promise((done, failed) => this.#waiting.push({ event, done, failed }));
  }

  /** @param {VoiceError} error */
  #fail(error) {
    for (const { failed } of this.#waiting.splice(0)) failed(error);
  }

  /** @param {boolean} again */
  #lost(again) {
    if (this.#state !== "destroyed") this.#become("unregistered");
    for (const call of this.#calls) call._signalLost();
    if (again) return;
    this.#registered = false;
    this.#fail(this.#refusal ?? { code: 31000, message: "the server closed the connection" });
  }

  /** @param {string} type @param {Payload} payload */
  #received(type, payload) {
    if (type === "connected") this.#connected(payload);
    else if (type === "ready") this.#become("registered");
    else if (type === "offline") this.#become("unregistered");
    else if (type === "invite") this.#invited(payload);
    else if (type === "error" && !this.#callOf(payload)) this.#refused(payload.error ?? {});
    else this.#callOf(payload, type)?._received(type, payload);
    const heard = this.#waiting.filter(({ event }) => event === type);
    this.#waiting = this.#waiting.filter(({ event }) => event !== type);
    for (const { done } of heard) done();
  }

  /** @param {Payload} payload */
  #connected({ token }) {
    this.#refusal = undefined;
    this.#identity = token?.identity ?? this.#identity;
    clearTimeout(this.#expiry);
    if (token?.ttl !== undefined) {
      const left = Math.max(token.ttl * 1000 - EXPIRY_NOTICE, 0);
      this.#expiry = setTimeout(() => emit(this, "tokenWillExpire"), Math.min(left, LONGEST_TIMER));
    }
    for (const call of this.#calls) call._resume();
    if (this.#registered && this.#state !== "registered") {
      this.#become("registering");
      this.#signal.send("register", { media: { audio: true } });
    }
    for (const [type, payload] of this.#queue.splice(0)) this.#signal.send(type, payload);
  }

  /** @param {Payload} payload */
  #invited({ callsid, sdp, parameters = {}, reconnect }) {
    if (!callsid || !sdp) {
      return void emit(this, "error", { code: 31400, message: "an invitation without a call" });
    }
    if (this.#callOf({ callsid })) return;
    const { Params, ...shown } = parameters;
    const call = new Call("incoming", this.#wire(), this.#options.rtcConstraints, {
      ...shown,
      CallSid: callsid,
    });
    for (const [name, value] of new URLSearchParams(Params ?? "")) call.customParameters.set(name, value);
    call._offered(sdp, reconnect);
    this.#calls.add(call);
    emit(this, "incoming", call);
  }

  /** @param {Payload} error */
  #refused({ code = 31000, message = "the server refused" }) {
    this.#refusal = { code: TOKEN_ERRORS.get(code) ?? code, message };
    emit(this, "error", this.#refusal);
  }

  /**
   * The call that a message is about. The server names a call in its first answer, which is for
   * the newest that has no name yet.
   * @param {Payload} payload @param {string} [type]
   */
  #callOf({ callsid }, type) {
    const calls = this.calls.reverse();
    const named = calls.find((call) => call._named(callsid));
    if (named || (type !== "ringing" && type !== "answer")) return named;
    return calls.find((call) => call.direction === "outgoing" && !call.parameters.CallSid);
  }
}

/**
 * @typedef {object} Wire
 * @property {(type: string, payload: Payload) => void} send now, or once the server is back
 * @property {() => boolean} reachable
 * @property {(call: Call) => void} over
 * @property {() => HTMLAudioElement} audio
 * @property {() => Codec[]} codecs
 */

/**
 * One call.
 *
 * Events: `ringing` (`{earlyMedia}`), `accept`, `reject`, `cancel`, `disconnect`,
 * `reconnecting` (`{code, message}`), `reconnected`, `mute` (`{muted}`), `error`
 * (`{code, message}`), `messageReceived` (a `Message`), `messageSent` (`{id}`),
 * `volume` (`{input, output}`, each from 0 to 1).
 */
export class Call extends EventTarget {
  /** What is known of the call: `CallSid`, `From`, `To` and more. @type {Record<string, string>} */
  parameters;
  /** What the caller gave along. @type {Map<string, string>} */
  customParameters = new Map();
  /** @type {"incoming" | "outgoing"} */
  direction;
  #wire;
  #constraints;
  /** @type {CallStatus} */
  #status;
  #temporary = `TJS${crypto.randomUUID()}`;
  #offer = "";
  /** @type {string | undefined} */
  #reconnect;
  #muted = false;
  /** @type {RTCPeerConnection | undefined} */
  #peer;
  /** @type {MediaStream | undefined} */
  #microphone;
  /** Whether the microphone is ours to switch off. */
  #owned = true;
  #audio;
  #described = false;
  /** What is being mended. */
  #signalLost = false;
  #mediaLost = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #meter;
  #dtmf = Promise.resolve();

  /**
   * @param {"incoming" | "outgoing"} direction
   * @param {Wire} wire
   * @param {RtcConstraints | undefined} constraints
   * @param {Record<string, string>} parameters
   */
  constructor(direction, wire, constraints, parameters) {
    super();
    this.direction = direction;
    this.parameters = parameters;
    this.#wire = wire;
    this.#constraints = constraints;
    this.#status = direction === "incoming" ? "pending" : "connecting";
    this.#audio = wire.audio();
    this.#audio.autoplay = true;
  }

  /** @returns {CallStatus} */
  status() {
    return this.#status;
  }

  isMuted() {
    return this.#muted;
  }

  /**
   * What another device of the same identity takes the call over with, once the server has named
   * it. It is as good as the call itself: keep it from others.
   * @returns {string | undefined}
   */
  get connectToken() {
    if (!this.#reconnect || !this.parameters.CallSid) return undefined;
    /** @type {ConnectToken} */
    const content = {
      parameters: this.parameters,
      customParameters: Object.fromEntries(this.customParameters),
      signalingReconnectToken: this.#reconnect,
    };
    return btoa(encodeURIComponent(JSON.stringify(content)));
  }

  /** Takes an incoming call. @param {{ rtcConstraints?: RtcConstraints }} [how] */
  async accept({ rtcConstraints } = {}) {
    if (this.#status !== "pending") return;
    this.#status = "connecting";
    try {
      const peer = await this.#prepare(rtcConstraints ?? this.#constraints);
      const sdp = asPreferred(this.#offer, this.#wire.codecs());
      await peer.setRemoteDescription({ type: "offer", sdp });
      await peer.setLocalDescription();
      this.#described = true;
      if (this.#over()) return;
      this.#tell("answer", { sdp: peer.localDescription?.sdp });
      this.#opened();
    } catch (error) {
      if (this.#over()) return;
      this.#tell("reject");
      this.#failed(failure(error, 31402));
      throw error;
    }
  }

  /** Declines an incoming call. */
  reject() {
    if (this.#status !== "pending") return;
    this.#tell("reject");
    this.#close("reject");
  }

  /** Stops ringing here; other devices ring on. */
  ignore() {
    if (this.#status === "pending") this.#close();
  }

  /** Ends the call. */
  disconnect() {
    if (this.#over()) return;
    if (this.#status === "pending") return this.reject();
    this.#tell("hangup");
    this.#close("disconnect");
  }

  /** @param {boolean} [muted] */
  mute(muted = true) {
    if (this.#muted === muted) return;
    this.#muted = muted;
    this.#applyMute();
    emit(this, "mute", { muted });
  }

  /**
   * Presses keys, one after the other; `w` waits for half a second.
   * @param {string} digits
   */
  sendDigits(digits) {
    if (!/^[0-9*#w]+$/.test(digits)) throw new TypeError("keys are 0 to 9, *, # and w");
    const dtmf = this.#sender()?.dtmf;
    if (!dtmf?.canInsertDTMF) return this.#tell("dtmf", { dtmf: digits });
    this.#dtmf = this.#dtmf.then(() => this.#press(dtmf, digits));
  }

  /**
   * Sends a message beside the conversation; `messageSent` or `error` follows.
   * @param {Message} message @returns {string} its id
   */
  sendMessage({ content, contentType = "application/json", messageType = "user-defined-message" }) {
    const id = `KX${crypto.randomUUID().replaceAll("-", "")}`;
    const kinds = { contenttype: contentType, messagetype: messageType };
    this.#tell("message", { content, ...kinds, voiceeventsid: id });
    return id;
  }

  /** @returns {Promise<RTCStatsReport>} */
  getStats() {
    return this.#peer?.getStats() ?? Promise.resolve(new Map());
  }

  /** Speaks from another microphone. @param {string} id */
  async setInputDevice(id) {
    const audio = this.#constraints?.audio;
    const constraints = typeof audio === "object" ? audio : {};
    const wanted = { audio: { ...constraints, deviceId: { exact: id } } };
    await this.#speakFrom(await navigator.mediaDevices.getUserMedia(wanted), true);
  }

  /** Speaks from a stream of the page, which stays the page's. @param {MediaStream} stream */
  async setInputStream(stream) {
    await this.#speakFrom(stream, false);
  }

  /** Plays on another loudspeaker. @param {string} id */
  async setSinkId(id) {
    await this.#audio.setSinkId(id);
  }

  /** @internal Offers the call to the server. */
  async _call() {
    try {
      const peer = await this.#prepare(this.#constraints);
      await peer.setLocalDescription();
      if (this.#over()) return;
      const params = [...this.customParameters]
        .map((pair) => pair.map(encodeURIComponent).join("="))
        .join("&");
      const sdp = peer.localDescription?.sdp;
      const reconnect = this.#reconnect ? { reconnect: this.#reconnect } : {};
      this.#tell("invite", { sdp, ...reconnect, twilio: params ? { params } : {} });
    } catch (error) {
      if (this.#over()) return;
      this.#failed(failure(error, 31402));
      throw error;
    }
  }

  /** @internal It is not placed, but somebody else's. @param {string} reconnect */
  _takesOver(reconnect) {
    this.#reconnect = reconnect;
  }

  /** @internal @param {string} sdp @param {string} [reconnect] */
  _offered(sdp, reconnect) {
    this.#offer = sdp;
    this.#reconnect = reconnect;
  }

  /** @internal @param {string} [sid] */
  _named(sid) {
    return sid !== undefined && (sid === this.parameters.CallSid || sid === this.#temporary);
  }

  /** @internal */
  _signalLost() {
    if (this.#signalLost || this.#status === "pending" || !this.#peer?.localDescription) return;
    this.#signalLost = true;
    if (this.#status === "open") this.#mending(SIGNAL_LOST);
  }

  /** @internal The server is back. */
  _resume() {
    if (!this.#signalLost || this.#over()) return;
    if (!this.#reconnect) return this.#failed(SIGNAL_LOST);
    const sdp = this.#peer?.localDescription?.sdp;
    this.#tell("invite", { sdp, reconnect: this.#reconnect, twilio: {} });
  }

  /** @internal @param {string} type @param {Payload} payload */
  _received(type, payload) {
    if (this.#over()) return;
    if (payload.reconnect) this.#reconnect = payload.reconnect;
    if (type === "ringing") void this.#ringing(payload);
    else if (type === "answer") void this.#answered(payload);
    else if (type === "cancel" && this.#status === "pending") this.#close("cancel");
    else if (type === "hangup") this.#hungUp(payload.error);
    else if (type === "error") emit(this, "error", payload.error);
    else if (type === "ack") emit(this, "messageSent", { id: payload.voiceeventsid });
    else if (type === "message") {
      const { content, contenttype: contentType, messagetype: messageType } = payload;
      emit(this, "messageReceived", { content, contentType, messageType });
    }
  }

  /** Looked at anew after each wait: the other side may have ended the call meanwhile. */
  #over() {
    return this.#status === "closed";
  }

  /** @param {Payload} payload */
  async #ringing({ callsid, sdp }) {
    this.parameters.CallSid = callsid;
    this.#signalLost = false;
    if (this.#status !== "connecting") return;
    this.#status = "ringing";
    if (sdp) await this.#describe(sdp);
    emit(this, "ringing", { earlyMedia: Boolean(sdp) });
  }

  /** @param {Payload} payload */
  async #answered({ callsid, sdp }) {
    this.parameters.CallSid = callsid;
    if (sdp) await this.#describe(sdp);
    if (this.#status === "reconnecting") {
      // An answer to a restart brings a description, one to a resumption does not.
      if (!sdp || !this.#mediaLost) this.#signalLost = false;
      this.#mended();
    } else if (this.#status === "connecting" || this.#status === "ringing") {
      this.#signalLost = false;
      this.#opened();
    }
  }

  /** @param {string} sdp */
  async #describe(sdp) {
    if (this.#peer?.signalingState !== "have-local-offer") return;
    try {
      this.#described = true;
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      if (this.#over()) return;
      this.#tell("hangup", { message: "the description was refused" });
      this.#failed(failure(error, 53400));
    }
  }

  /** @param {VoiceError | undefined} error */
  #hungUp(error) {
    if (error) emit(this, "error", error);
    this.#close("disconnect");
  }

  /** @param {VoiceError} error */
  #failed(error) {
    emit(this, "error", error);
    this.#close("disconnect");
  }

  #opened() {
    if (this.#over()) return;
    this.#status = "open";
    emit(this, "accept");
    this.#meter = setInterval(() => void this.#measure(), METER_EVERY);
    if (!this.#wire.reachable()) this._signalLost();
  }

  /** @param {string} type @param {Payload} [payload] */
  #tell(type, payload = {}) {
    const callsid = this.parameters.CallSid || this.#temporary;
    this.#wire.send(type, { callsid, ...payload });
  }

  /** @param {string} [event] */
  #close(event) {
    if (this.#over()) return;
    this.#status = "closed";
    clearInterval(this.#meter);
    this.#release();
    this.#peer?.close();
    this.#audio.srcObject = null;
    this.#wire.over(this);
    if (event) emit(this, event);
  }

  /**
   * A connection that has the microphone and plays what comes.
   * @param {RtcConstraints | undefined} constraints
   */
  async #prepare(constraints) {
    this.#constraints = constraints;
    const audio = constraints?.audio ?? true;
    const microphone = await navigator.mediaDevices.getUserMedia({ audio });
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.#microphone = microphone;
    this.#peer = peer;
    if (this.#over()) this.#release();
    this.#applyMute();
    for (const track of microphone.getAudioTracks()) peer.addTrack(track, microphone);
    for (const transceiver of peer.getTransceivers()) {
      transceiver.setCodecPreferences?.(codecsToOffer(this.#wire.codecs()));
    }
    peer.ontrack = ({ track, streams }) => {
      this.#audio.srcObject = streams[0] ?? new MediaStream([track]);
    };
    peer.onconnectionstatechange = () => void this.#path();
    return peer;
  }

  #sender() {
    return this.#peer?.getSenders().find(({ track }) => track?.kind === "audio");
  }

  /** @param {MediaStream} stream @param {boolean} owned */
  async #speakFrom(stream, owned) {
    const [track] = stream.getAudioTracks();
    if (!track) throw new TypeError("the stream has no sound");
    await this.#sender()?.replaceTrack(track);
    this.#release();
    this.#microphone = stream;
    this.#owned = owned;
    if (this.#over()) this.#release();
    this.#applyMute();
  }

  #release() {
    if (this.#owned) for (const track of this.#microphone?.getTracks() ?? []) track.stop();
  }

  #applyMute() {
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = !this.#muted;
  }

  /** @param {RTCDTMFSender} dtmf @param {string} digits */
  async #press(dtmf, digits) {
    for (const [index, keys] of digits.split("w").entries()) {
      if (index > 0) await pause(TONE_WAIT);
      if (!keys) continue;
      if (this.#over() || !dtmf.canInsertDTMF) return;
      dtmf.insertDTMF(keys, TONE, TONE_GAP);
      await pause(keys.length * (TONE + TONE_GAP));
    }
  }

  async #measure() {
    let [input, output] = [0, 0];
    for (const report of (await this.getStats()).values()) {
      if (report.type === "media-source") input = report.audioLevel ?? 0;
      if (report.type === "inbound-rtp") output = report.audioLevel ?? 0;
    }
    if (!this.#over()) emit(this, "volume", { input: this.#muted ? 0 : input, output });
  }

  /** The media path has changed; one that stays interrupted is made anew. */
  async #path() {
    const state = () => this.#peer?.connectionState;
    if (this.#mediaLost) {
      if (state() === "connected") {
        this.#mediaLost = false;
        this.#mended();
      }
      return;
    }
    if (state() === "disconnected") await pause(PATIENCE);
    if (this.#over() || this.#mediaLost || !this.#described) return;
    if (state() === "disconnected" || state() === "failed") await this.#restart();
  }

  async #restart() {
    this.#mediaLost = true;
    this.#mending({ code: 53405, message: "the media connection was lost" });
    const until = Date.now() + RESTART_WITHIN;
    while (this.#mediaLost && !this.#over() && Date.now() < until) {
      if (this.#wire.reachable() && this.#peer) {
        await this.#peer.setLocalDescription(await this.#peer.createOffer({ iceRestart: true }));
        if (this.#wire.reachable()) this.#tell("reinvite", { sdp: this.#peer.localDescription?.sdp });
      }
      await pause(RESTART_EVERY);
    }
    if (!this.#mediaLost || this.#over()) return;
    const error = { code: 53405, message: "the media connection did not come back" };
    this.#tell("hangup", { message: error.message });
    this.#failed(error);
  }

  /** @param {VoiceError} error */
  #mending(error) {
    const first = this.#status !== "reconnecting";
    this.#status = "reconnecting";
    if (first) emit(this, "reconnecting", error);
  }

  #mended() {
    if (this.#signalLost || this.#mediaLost || this.#status !== "reconnecting") return;
    this.#status = "open";
    emit(this, "reconnected");
  }
}
