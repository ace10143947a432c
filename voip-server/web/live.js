// @ts-check
/**
 * News of the server by WebSocket, which comes back by itself. Events: `frame` (what the server
 * said), `up` (with the calls that live, after which the server tells how they stand), `down`.
 */
export class Live extends EventTarget {
  #user;
  /** @type {WebSocket | undefined} */
  #socket;
  #wanted = true;
  #renewing = false;
  #pause = 300;

  /** @param {string} user */
  constructor(user) {
    super();
    this.#user = user;
    this.#connect();
  }

  /** @param {object} frame @returns {boolean} whether it could be sent */
  say(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Connects anew, to show the login that there is now; nothing was lost. */
  anew() {
    this.#renewing = true;
    this.#pause = 0;
    this.#socket?.close();
  }

  close() {
    this.#wanted = false;
    this.#socket?.close();
  }

  #connect() {
    const url = new URL("ws", document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.say({ type: "register", userId: this.#user });
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "register_success") {
        this.#pause = 300;
        this.dispatchEvent(new CustomEvent("up", { detail: frame }));
      }
      this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    };
    socket.onclose = () => {
      if (!this.#wanted) return;
      if (!this.#renewing) this.dispatchEvent(new Event("down"));
      this.#renewing = false;
      setTimeout(() => this.#wanted && this.#connect(), this.#pause * (0.8 + Math.random() * 0.4));
      this.#pause = Math.min(Math.max(this.#pause * 2, 300), 10_000);
    };
  }
}
