// @ts-check
import { accountView } from "./account-view.js";
import { ask, logins } from "./api.js";
import { Desk } from "./desk.js";
import { fill, h } from "./dom.js";
import { logView } from "./log-view.js";
import { ringer } from "./notice.js";
import { format } from "./phone-number.js";
import { phoneView, ringingView } from "./phone-view.js";

/** A login is renewed when this much of it is left, while the page is open. */
const RENEW_BEFORE = 10 * 60_000;

/** The whole page: who is logged in decides what it shows. */
class App extends HTMLElement {
  /** @type {Desk | undefined} */
  #desk;
  /** @type {(() => void)[]} */
  #closing = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #renewal;

  connectedCallback() {
    logins.addEventListener("over", () => this.#over());
    globalThis.addEventListener("beforeunload", (event) => this.#desk?.live && event.preventDefault());
    void this.#start();
  }

  async #start() {
    const page = location.pathname.split("/").pop() ?? "";
    try {
      const session = await ask("GET", "api/session");
      this.#renewLater(session);
      this.#inside(session.user, page);
    } catch (error) {
      if (/** @type {any} */ (error).status === 401) return this.#outside(page === "signup.html" ? "signup" : "login");
      const again = h("button", { class: "primary", onclick: () => location.reload() }, "Try again");
      fill(this, h("main", { class: "narrow" }, h("div", { class: "card" }, h("h1", {}, "The phone did not start"), h("p", { role: "alert" }, error instanceof Error ? error.message : ""), again)));
    }
  }

  /** @param {"login" | "signup"} which */
  #outside(which) {
    document.title = which === "signup" ? "Sign up" : "Log in";
    fill(this, accountView(which, () => {
      history.replaceState(null, "", "./");
      void this.#start();
    }));
  }

  /** @param {{ userId: string, name: string | null, email: string | null }} user @param {string} page */
  #inside(user, page) {
    const desk = new Desk(user.userId);
    this.#desk = desk;
    const phone = phoneView(desk);
    const log = logView(desk, (number) => phone.dial(number));
    this.#closing = [phone.close, log.close, ringer(desk), () => desk.close()];
    const banner = h("p", { class: "banner", role: "status" });
    const presence = h("button", { class: "presence", "aria-pressed": "false", onclick: () => (desk.presence === "on" ? !desk.live && desk.goOffline() : void desk.goOnline()) });
    const help = this.#help(desk);
    const change = () => {
      const on = desk.presence === "on";
      presence.textContent = on ? "Online" : "Offline";
      presence.setAttribute("aria-pressed", String(on));
      const text = desk.connected ? "" : "No connection to the server. Your call goes on; trying again…";
      if (banner.textContent !== text) banner.textContent = text;
      document.title = title(desk);
      marked(desk.live || desk.ringing.length > 0);
    };
    desk.addEventListener("change", change);
    change();
    const header = h("header", { class: "top" }, h("h1", {}, "Phone"), presence, h("span", { class: "quiet user" }, user.name ?? user.email ?? user.userId),
      h("button", { class: "plain shortcuts", onclick: () => help.showModal() }, "Shortcuts"), h("button", { class: "plain", onclick: () => void this.#leave() }, "Log out"));
    fill(this, header, banner, ringingView(desk), h("main", { class: "columns" }, phone.element, log.element), help);
    if (page === "call-logs.html") log.element.scrollIntoView();
  }

  /** Keys that work wherever no text is typed. @param {Desk} desk */
  #help(desk) {
    /** @type {Record<string, [string, () => void]>} */
    const keys = {
      m: ["Mute or unmute", () => desk.mute()],
      h: ["Hold or resume", () => void desk.hold()],
      e: ["End the call", () => desk.live && desk.hangUp()],
      a: ["Accept the call that rings", () => desk.ringing[0] && desk.answer(desk.ringing[0].callId)],
      d: ["Decline the call that rings", () => desk.ringing[0] && desk.decline(desk.ringing[0].callId)],
      "?": ["Show this list", () => dialog.showModal()],
    };
    const rows = Object.entries(keys).flatMap(([key, [what]]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]);
    const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-labelledby": "help-title" }, h("h2", { id: "help-title" }, "Keyboard shortcuts"), h("dl", {}, ...rows), h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close"))));
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
      if (typing || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
      keys[event.key]?.[1]();
    };
    addEventListener("keydown", pressed);
    this.#closing.push(() => removeEventListener("keydown", pressed));
    return dialog;
  }

  /** @param {{ expiresAt: string, now: string }} session */
  #renewLater({ expiresAt, now }) {
    clearTimeout(this.#renewal);
    const left = Date.parse(expiresAt) - Date.parse(now);
    const wait = Math.min(Math.max(left - RENEW_BEFORE, left / 2), 2 ** 31 - 1);
    this.#renewal = setTimeout(async () => {
      const session = await ask("POST", "api/session").catch(() => null);
      if (!session) return;
      this.#renewLater(session);
      this.#desk?.loggedIn();
    }, wait);
  }

  /** The login is over. A call goes on; the page asks for the password beside it. */
  #over() {
    if (!this.#desk || this.querySelector("dialog.again")) return;
    const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "again", "aria-label": "Log in again" }));
    dialog.append(h("p", { class: "quiet centred" }, "Your login has ended. A call goes on meanwhile."), accountView("login", async () => {
      dialog.remove();
      const session = await ask("GET", "api/session").catch(() => null);
      if (session) this.#renewLater(session);
      this.#desk?.loggedIn();
    }));
    this.append(dialog);
    dialog.showModal();
  }

  async #leave() {
    if (this.#desk?.live) return;
    await ask("POST", "api/logout").catch(() => {});
    for (const close of this.#closing.splice(0)) close();
    this.#desk = undefined;
    clearTimeout(this.#renewal);
    history.replaceState(null, "", "login.html");
    this.#outside("login");
  }
}

/** The tab's icon follows the call. @param {boolean} live */
function marked(live) {
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  const href = icon?.href.replace(/icon(-live)?[.]svg$/, live ? "icon-live.svg" : "icon.svg");
  if (icon && href && icon.href !== href) icon.href = href;
}

/** @param {Desk} desk */
function title({ call, ringing }) {
  if (ringing[0]) return `☎ ${format(ringing[0].from)} is calling`;
  if (call.at === "talking" && (call.incoming || call.since !== null)) return `${call.hold === "held" ? "On hold" : "In call"} · ${format(call.party)}`;
  if (call.at === "calling" || call.at === "answering" || call.at === "talking") return `Calling ${format(call.party)}`;
  return "Phone";
}

customElements.define("voip-app", App);
