// @ts-check
import { fill, h } from "./dom.js";
import { mayAskToNotify } from "./notice.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** Which microphone and loudspeaker, and what goes through them. @param {Desk} desk */
export function soundView(desk) {
  const meter = (/** @type {string} */ label) => /** @type {HTMLMeterElement} */ (h("meter", { min: 0, max: 1, value: 0, "aria-label": label }));
  const [spoken, heard] = [meter("How loud you are"), meter("How loud the other side is")];
  const chooser = (/** @type {string} */ label, /** @type {(id: string) => Promise<void>} */ choose) =>
    /** @type {HTMLSelectElement} */ (h("select", { "aria-label": label, onchange: (/** @type {Event} */ event) => void chosen(/** @type {HTMLSelectElement} */ (event.target), choose) }));
  const problem = h("p", { class: "problem", role: "alert" });
  const microphones = chooser("Microphone", (id) => desk.useMicrophone(id));
  const speakers = chooser("Loudspeaker", (id) => desk.useSpeaker(id));
  const canChoose = "setSinkId" in HTMLMediaElement.prototype;

  /** @param {HTMLSelectElement} list @param {(id: string) => Promise<void>} choose */
  async function chosen(list, choose) {
    problem.textContent = "";
    try {
      await choose(list.value);
    } catch {
      problem.textContent = "This device cannot be used. Choose another one.";
    }
  }

  async function look() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const lists = /** @type {const} */ ([["audioinput", microphones], ["audiooutput", speakers]]);
    for (const [kind, list] of lists) {
      const before = list.value;
      const options = devices.filter((device) => device.kind === kind && device.deviceId);
      fill(list, ...options.map(({ deviceId, label }, place) => h("option", { value: deviceId }, label || `Device ${place + 1}`)));
      if (options.some((device) => device.deviceId === before)) list.value = before;
    }
  }

  function change() {
    const hidden = desk.presence !== "on" && !desk.live;
    if (element.hidden && !hidden) void look();
    element.hidden = hidden;
    if (!desk.live) spoken.value = heard.value = 0;
  }
  const volume = (/** @type {Event} */ event) => {
    const { input, output } = /** @type {CustomEvent} */ (event).detail;
    [spoken.value, heard.value] = [input, output];
  };
  const notify = h("button", {
    class: "plain", hidden: !mayAskToNotify(),
    onclick: async () => {
      await Notification.requestPermission();
      notify.hidden = !mayAskToNotify();
    },
  }, "Tell me of calls when I am in another window");
  const again = () => void look();
  const row = (/** @type {string} */ name, /** @type {HTMLElement} */ list, /** @type {HTMLElement} */ level) => h("div", { class: "device" }, h("span", { class: "quiet" }, name), list, level);
  const element = h("details", { class: "sound", hidden: true }, h("summary", {}, "Sound"), row("Microphone", microphones, spoken), canChoose ? row("Loudspeaker", speakers, heard) : row("Loudspeaker", h("span", {}, "Your system's"), heard), notify, problem);
  desk.addEventListener("change", change);
  desk.addEventListener("volume", volume);
  navigator.mediaDevices?.addEventListener("devicechange", again);
  return {
    element,
    close: () => {
      desk.removeEventListener("change", change);
      desk.removeEventListener("volume", volume);
      navigator.mediaDevices?.removeEventListener("devicechange", again);
    },
  };
}
