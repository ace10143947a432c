// @ts-check
import { accountView } from "./account-view.js";
import { ask, logins } from "./api.js";
import { Desk } from "./desk.js";
import { fill, h } from "./dom.js";
import { helpView } from "./help.js";
import { logView } from "./log-view.js";
import { ringer } from "./notice.js";
import { format } from "./phone-number.js";
import { phoneView } from "./phone-view.js";
import { ringingView } from "./ringing-view.js";
import { Session } from "./session.js";

/** @typedef {import("./session.js").Known} Known */

/** The whole page: who is logged in decides what it shows. */
class App extends HTMLElement {
  /** @type {Desk | undefined} */
  #desk;
  #session = new Session(() => this.#desk?.loggedIn());
  /** @type {(() => void)[]} */
  #closing = [];
  /** @type {string | null} */
  #email = null;
  /** Where the page asks for the password again. */
  #again = h("section", { class: "again card", "aria-labelledby": "again", hidden: true });

  connectedCallback() {
    logins.addEventListener("over", () => this.#over());
    globalThis.addEventListener("beforeunload", (event) => this.#desk?.live && event.preventDefault());
    void this.#start();
  }

  async #start() {
    const page = location.pathname.split("/").pop() ?? "";
    try {
      const known = await ask("GET", "api/session");
      this.#session.keep(known);
      this.#inside(known.user, page);
    } catch (error) {
      if (/** @type {any} */ (error).status === 401) return this.#outside(page === "signup.html" ? "signup" : "login");
      const again = h("button", { class: "primary wide", onclick: () => location.reload() }, "Try again");
      fill(this, h("main", { class: "narrow" }, h("div", { class: "card account" }, h("h1", {}, "The phone did not start"), h("p", { role: "alert" }, error instanceof Error ? error.message : ""), again)));
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

  /** @param {Known["user"]} user @param {string} page */
  #inside(user, page) {
    const desk = new Desk(user.userId);
    this.#desk = desk;
    this.#email = user.email;
    const phone = phoneView(desk);
    const log = logView(desk, (number) => phone.dial(number));
    const help = helpView(desk);
    this.#closing = [phone.close, log.close, help.close, ringer(desk), () => desk.close()];
    const banner = h("p", { class: "banner", role: "status" });
    const presence = h("button", { class: "presence", onclick: () => (desk.presence === "off" ? void desk.goOnline() : desk.goOffline()) });
    const leave = h("button", { class: "plain", onclick: () => void this.#leave() }, "Log out");
    const change = () => {
      const { live } = desk;
      presence.dataset.presence = desk.presence;
      const state = { on: "Online", opening: "Connecting…", off: desk.other ? "In another tab" : "Offline" }[desk.presence];
      if (presence.textContent !== state) presence.textContent = state;
      presence.setAttribute("aria-label", `${state}. ${desk.presence === "off" ? (desk.other ? "Use the phone here" : "Go online") : "Go offline"}`);
      for (const button of [presence, leave]) button.toggleAttribute("disabled", live);
      presence.title = leave.title = live ? "End your call first" : "";
      const text = desk.connected ? "" : `No connection to the server. ${live ? "Your call goes on; trying" : "Trying"} again…`;
      if (banner.textContent !== text) banner.textContent = text;
      document.title = title(desk);
      marked(live || desk.ringing.length > 0);
    };
    desk.addEventListener("change", change);
    change();
    const header = h("header", { class: "top" }, h("h1", {}, "Phone"), presence, banner, h("span", { class: "quiet user" }, user.name ?? user.email ?? user.userId), h("button", { class: "plain shortcuts", onclick: help.show }, "Shortcuts"), leave);
    fill(this, header, ringingView(desk), h("main", { class: "columns" }, this.#again, phone.element, log.element), help.element);
    if (page === "call-logs.html") log.element.scrollIntoView();
    else history.replaceState(null, "", "./");
  }

  /** The login is over. A call goes on; the page asks for the password beside it. */
  #over() {
    const desk = this.#desk;
    if (!desk || !this.#again.hidden) return;
    this.#session.close();
    const entered = async () => {
      const known = await ask("GET", "api/session").catch(() => null);
      this.#again.hidden = true;
      fill(this.#again);
      if (!known) return;
      this.#session.keep(known);
      // Somebody else has logged in: it is another's page now.
      if (known.user.userId !== desk.user) return location.reload();
      desk.loggedIn();
    };
    this.#again.hidden = false;
    fill(this.#again, accountView("again", () => void entered(), this.#email));
    this.#again.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (this.#again.querySelector(this.#email ? "[name=password]" : "input"))?.focus();
  }

  async #leave() {
    if (this.#desk?.live) return;
    await ask("POST", "api/logout").catch(() => {});
    for (const close of this.#closing.splice(0)) close();
    this.#desk = undefined;
    this.#session.close();
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
  if (call.at === "talking" && call.outcome) return `${call.outcome.how} · ${format(call.party)}`;
  if (call.at === "talking" && (call.incoming || call.since !== null)) return `${call.hold === "held" ? "On hold" : "In call"} · ${format(call.party)}`;
  if (call.at === "calling" || call.at === "answering" || call.at === "talking") return `Calling ${format(call.party)}`;
  return "Phone";
}

customElements.define("voip-app", App);
