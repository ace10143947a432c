// One face for both clients, the vendor's SDK and our own, so that a flow is written once. Runs in
// the page before anything else; `events` keeps what happened, in order.
(() => {
  const quiet = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const rtcConstraints = { audio: quiet };
  const events = [];
  const waiting = [];
  const note = (name, detail) => {
    events.push({ name, ...detail });
    for (const look of [...waiting]) look();
  };
  const peers = [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...all) {
      super(...all);
      peers.push(this);
    }
  };

  const deviceEvents = [
    "registering", "registered", "unregistered", "tokenWillExpire", "destroyed", "error", "incoming",
  ];
  const callEvents = [
    "ringing", "accept", "reject", "cancel", "disconnect", "reconnecting", "reconnected", "mute",
    "error", "messageReceived", "messageSent",
  ];

  const phone = {
    events,
    calls: [],
    peers,
    /** Waits until an event of this name has happened, the nth one, and takes it. */
    async saw(name, nth = 1) {
      for (;;) {
        const found = events.filter((event) => event.name === name)[nth - 1];
        if (found) return found;
        await new Promise((done) => {
          waiting.push(done);
        });
        waiting.length = 0;
      }
    },
    follow(call, sdk) {
      phone.calls.push(call);
      phone.call = call;
      for (const name of callEvents) {
        const told = (detail) => {
          const said = sdk ? detail : detail?.detail;
          const code = said?.code ?? said?.originalError?.code;
          const content = said?.content;
          const sid = call.parameters.CallSid;
          const early = typeof said === "boolean" ? said : said?.earlyMedia;
          note(`call.${name}`, { code, content, sid, early, status: call.status() });
        };
        sdk ? call.on(name, told) : call.addEventListener(name, told);
      }
      return call;
    },
    async make(kind, token, options) {
      phone.sdk = kind === "sdk";
      if (phone.sdk) {
        phone.device = new Twilio.Device(token, { logLevel: "error", ...options });
        for (const name of deviceEvents) {
          phone.device.on(name, (detail) => {
            if (name === "incoming") phone.follow(detail, true);
            note(name, { code: detail?.code });
          });
        }
        return;
      }
      const { Device } = await import(options.module);
      phone.device = new Device(token, { rtcConstraints, ...options });
      for (const name of deviceEvents) {
        phone.device.addEventListener(name, ({ detail }) => {
          if (name === "incoming") phone.follow(detail, false);
          note(name, { code: detail?.code });
        });
      }
    },
    async dial(params) {
      const call = await phone.device.connect({ params, rtcConstraints });
      phone.follow(call, phone.sdk);
    },
    /** Takes over a call of another page. */
    async takeOver(connectToken) {
      const call = await phone.device.connect({ connectToken, rtcConstraints });
      phone.follow(call, phone.sdk);
    },
    async accept() {
      await phone.call.accept({ rtcConstraints });
    },
    /** What the connection of the newest call has sent and received. */
    async stats() {
      const peer = peers.at(-1);
      const found = { state: peer.connectionState };
      const reports = await peer.getStats();
      for (const report of reports.values()) {
        if (report.type === "inbound-rtp") {
          found.hears = reports.get(report.codecId)?.mimeType;
          found.received = report.packetsReceived;
          found.energy = report.totalAudioEnergy;
          found.concealed = report.concealedSamples;
        }
        if (report.type === "outbound-rtp") {
          found.sent = report.packetsSent;
          found.says = reports.get(report.codecId)?.mimeType;
        }
        if (report.type === "transport") found.dtls = report.dtlsState;
        if (report.type === "codec") found.codecs = [...(found.codecs ?? []), report.mimeType];
      }
      return found;
    },
    /** The loudest pitch that is heard, in hertz, and its level in decibels. */
    async pitch() {
      const track = peers.at(-1)?.getReceivers()[0]?.track;
      if (!track) {
        // An answer is under way.
        await new Promise((done) => setTimeout(done, 200));
        return { hertz: 0, level: -200 };
      }
      const context = (phone.context ??= new AudioContext());
      await context.resume();
      const source = context.createMediaStreamSource(new MediaStream([track]));
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      source.connect(analyser);
      const bins = new Float32Array(analyser.frequencyBinCount);
      // An analyser wants to be full before it is asked.
      await new Promise((done) => setTimeout(done, 400));
      analyser.getFloatFrequencyData(bins);
      source.disconnect();
      let loudest = 1;
      for (let bin = 1; bin < bins.length; bin += 1) if (bins[bin] > bins[loudest]) loudest = bin;
      return { hertz: (loudest * context.sampleRate) / analyser.fftSize, level: bins[loudest] };
    },
  };
  globalThis.phone = phone;

  // The scheme and the path of the SDK's WebSocket are fixed; where it goes is decided here.
  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(url, ...rest) {
      const signal = globalThis.signalUrl;
      super(signal && /^wss:\/\/.*\.twilio\.com\//.test(url) ? signal : url, ...rest);
    }
  };
})();
