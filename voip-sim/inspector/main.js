// The page: which view is shown, and that it stays in step with the world.

import { activity } from "./activity.js";
import { announce } from "./announce.js";
import { callList } from "./call_list.js";
import { callPage } from "./call_page.js";
import { conferences } from "./conferences.js";
import { el, say } from "./element.js";
import { follow } from "./feed.js";
import { newCall } from "./new_call.js";
import { setup } from "./setup.js";
import { welcome } from "./welcome.js";
import { World } from "./world.js";

/** @import {Status} from "./types.js" */

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const link = /** @type {HTMLElement} */ (document.getElementById("link"));

let due = 0;
const world = new World(() => {
  if (due === 0) due = window.requestAnimationFrame(show);
});

/** What is shown: the name of a view, and the SID of a call. */
function route() {
  const [, view = "calls", sid = null] = location.hash.split("/");
  return { view: view === "" ? "calls" : view, sid };
}

/** @type {ReturnType<typeof callPage> | null} */
let page = null;
/** @type {string | null} */
let shownSid = null;
const place = el("div", { class: "detail" });
const calls = callList(world);
const hint = welcome();
const aside = el(
  "section",
  { class: "side-list", "aria-labelledby": "calls-heading" },
  el("h1", { id: "calls-heading", tabindex: -1 }, "Calls"),
  newCall((sid) => {
    location.hash = `#/calls/${sid}`;
  }),
  calls.node,
);
const callsView = {
  node: el("div", { class: "calls-view" }, aside, place),
  update() {
    const { sid } = route();
    if (sid !== shownSid) {
      page?.close();
      page = sid === null ? null : callPage(world, sid);
      shownSid = sid;
      place.replaceChildren(page ? page.node : hint.node);
      if (!page) void hint.open().catch(() => undefined);
      callsView.node.classList.toggle("has-choice", sid !== null);
    }
    calls.update(sid);
    page?.update();
    tellStatus();
  },
};
place.append(hint.node);

/** @type {Status | null} */
let told = null;
/** @type {string | null} */
let toldOf = null;

/** Has the status of the call that is shown read out when it changes. */
function tellStatus() {
  const call = shownSid === null ? undefined : world.calls.get(shownSid);
  if (call && toldOf === call.sid && told !== call.status) announce(`The call is ${call.status}.`);
  told = call?.status ?? null;
  toldOf = call?.sid ?? null;
}

const set = setup();
/** @type {Record<string, {title: string, node: HTMLElement, update: () => void, open?: () => unknown}>} */
const VIEWS = {
  calls: { title: "Calls", ...callsView },
  conferences: { title: "Conferences", ...conferences(world) },
  activity: { title: "Activity", ...activity(world) },
  setup: { title: "Set-up", ...set },
};

/** @type {HTMLElement | null} */
let shown = null;

/** Brings what is shown up to date. */
function show() {
  if (due !== 0) window.cancelAnimationFrame(due);
  due = 0;
  const wanted = route().view;
  const name = wanted in VIEWS ? wanted : "calls";
  const view = VIEWS[name];
  if (!view) return;
  for (const anchor of document.querySelectorAll("nav a")) {
    if (anchor.getAttribute("href") === `#/${name}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  if (shown !== view.node) {
    shown = view.node;
    main.replaceChildren(view.node);
    document.title = `${view.title} · Simulator`;
    void view.open?.();
  }
  view.update();
}

window.addEventListener("hashchange", () => {
  if (location.hash !== "" && !location.hash.startsWith("#/")) return;
  show();
  const { sid } = route();
  if (sid !== null) page?.focus();
  else /** @type {HTMLElement | null} */ (main.querySelector("h1"))?.focus();
  window.scrollTo(0, 0);
});

follow({
  begins() {
    world.forget();
    show();
    void hint.open().catch(() => undefined);
    void world.read();
    say(link, "Live");
    link.dataset.tone = "live";
  },
  goesOn(entries) {
    world.take(entries);
  },
  breaks() {
    say(link, "Lost; trying again");
    link.dataset.tone = "bad";
  },
});
show();
