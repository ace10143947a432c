// How the simulator is set up: number, telephones, scripts, faults, and beginning anew.

import { announce, attempt } from "./announce.js";
import { ask } from "./api.js";
import { choices } from "./choices.js";
import { choice, el, field, list } from "./element.js";
import { nextRequests, rates } from "./faults.js";

/** @import {NumberSettings, Settings} from "./types.js" */

/** @type {[string, string][]} */
const METHODS = [
  ["POST", "POST"],
  ["GET", "GET"],
];

/** @type {[string, string][]} */
const OUTCOMES = [
  ["answer", "answers"],
  ["no-answer", "rings until answered by hand"],
  ["busy", "is engaged"],
  ["reject", "declines"],
  ["failed", "cannot be reached"],
  ["offline", "is registered nowhere"],
];

/** @param {string} placeholder */
function url(placeholder) {
  return el("input", { type: "url", autocomplete: "off", spellcheck: "false", placeholder });
}

/**
 * A form that does something.
 * @param {string} label
 * @param {string} button
 * @param {() => Promise<unknown>} what
 * @param {...Node} fields
 */
function form(label, button, what, ...fields) {
  return el(
    "form",
    {
      "aria-label": label,
      novalidate: true,
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void attempt(what);
      },
    },
    ...fields,
    el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, button)),
  );
}

/** Addresses of a number or an application. */
function addresses() {
  const voice = url("http://127.0.0.1:8080/voice");
  const fallback = url("");
  const status = url("http://127.0.0.1:8080/status");
  const methods = [choice(METHODS), choice(METHODS), choice(METHODS)];
  const [voiceBy, fallbackBy, statusBy] = /** @type {[HTMLSelectElement, HTMLSelectElement, HTMLSelectElement]} */ (methods);
  const fields = [
    el(
      "div",
      { class: "addresses" },
      field("Voice URL", voice),
      field("Voice method", voiceBy),
      field("Fallback URL", fallback),
      field("Fallback method", fallbackBy),
      field("Status URL", status),
      field("Status method", statusBy),
    ),
  ];
  const text = (/** @type {HTMLInputElement} */ input) => input.value.trim() || null;
  return {
    fields,
    value: () => ({
      voice_url: text(voice),
      voice_method: voiceBy.value,
      fallback_url: text(fallback),
      fallback_method: fallbackBy.value,
      status_url: text(status),
      status_method: statusBy.value,
    }),
    /** @param {NumberSettings} number */
    show: (number) => {
      voice.value = number.voice_url ?? "";
      voiceBy.value = number.voice_method;
      fallback.value = number.fallback_url ?? "";
      fallbackBy.value = number.fallback_method;
      status.value = number.status_url ?? "";
      statusBy.value = number.status_method;
    },
  };
}

/**
 * A section with a heading.
 * @param {string} heading
 * @param {string} hint
 * @param {...Node} rest
 */
function section(heading, hint, ...rest) {
  return el("section", { class: "card" }, el("h2", {}, heading), el("p", { class: "hint" }, hint), ...rest);
}

export function setup() {
  const number = addresses();
  const app = addresses();
  const appSid = el("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: "AP…" });
  const byRate = rates();
  const silences = choices();
  const scripts = el("ul", { class: "scripts" });
  const account = el("code", {});
  const base = el("code", {}, location.origin);

  const show = async () => {
    /** @type {Settings} */
    const settings = await ask("GET", "/sim/settings");
    account.textContent = settings.account_sid;
    number.show(settings.number);
    if (settings.application) {
      appSid.value = settings.application.sid;
      app.show(settings.application.voice);
    }
    byRate.show(settings.faults);
    silences.show(settings.choices);
  };

  const phone = el("input", { type: "text", autocomplete: "off", spellcheck: "false", value: "+15550002222" });
  const outcome = choice(OUTCOMES, "no-answer");
  const rings = el("input", { type: "number", min: 0, max: 600, step: "any", value: 1, inputmode: "decimal" });
  const script = async () => {
    const who = phone.value.trim();
    const path = who.startsWith("client:")
      ? `/sim/clients/${encodeURIComponent(who.slice("client:".length))}`
      : `/sim/phones/${encodeURIComponent(who)}`;
    await ask("PUT", path, { outcome: outcome.value, ring_seconds: Number(rings.value) || 0 });
    announce(`From now on ${who} ${outcome.selectedOptions[0]?.textContent ?? ""}.`);
  };

  const keep = list(
    scripts,
    (/** @type {{name: string, summary: string}} */ it) => it.name,
    (it) => {
      const run = async () => {
        await ask("POST", `/sim/scripts/${encodeURIComponent(it.name)}`);
        await show();
        announce(`${it.name} is set up.`);
      };
      const button = el("button", { type: "button", "aria-label": `Set up ${it.name}`, click: () => void attempt(run) }, "Set up");
      return { node: el("li", {}, el("div", {}, el("code", {}, it.name), el("p", { class: "hint" }, it.summary)), button), update() {} };
    },
  );

  const reset = el("button", { type: "button", class: "bad" }, "Forget everything");
  let asked = false;
  const calm = () => {
    asked = false;
    reset.textContent = "Forget everything";
  };
  reset.addEventListener("blur", calm);
  reset.addEventListener("click", () => {
    if (!asked) {
      asked = true;
      reset.textContent = "Really? Once more, please";
      return;
    }
    calm();
    void attempt(async () => {
      await ask("POST", "/sim/reset");
      await show();
      announce("Everything is forgotten.");
    });
  });

  const node = el(
    "section",
    { class: "page" },
    el("h1", { tabindex: -1 }, "Set-up"),
    el("p", { class: "facts" }, el("span", {}, "REST base URL ", base), el("span", {}, "Account ", account)),
    section(
      "The application’s number",
      "What is asked when somebody calls, and who is told how it ended.",
      form("The application’s number", "Save", async () => {
        await ask("PUT", "/sim/number", number.value());
        announce("The number is set.");
      }, ...number.fields),
    ),
    section(
      "A telephone or voice client",
      "How one behaves when it is called: a number, or client: and an identity.",
      form("A telephone or voice client", "Script it", script, el(
        "div",
        { class: "grid" },
        field("Who", phone),
        field("What it does", outcome),
        field("Rings for, s", rings),
      )),
    ),
    section("Named scripts", "Circumstances under which applications break. The call is then made as always.", scripts),
    section("Faults by rate", "From now on, until they are set otherwise.", byRate.node),
    section("Faults for the next requests", "Ahead of any rate.", nextRequests()),
    section("Where the vendor is silent", "The ways in which the provider may behave; rely on none.", silences.node),
    section(
      "TwiML App",
      "What voice clients call through.",
      form("TwiML App", "Save", async () => {
        await ask("PUT", "/sim/application", { sid: appSid.value.trim(), voice: app.value() });
        announce("The application is set.");
      }, field("SID", appSid), ...app.fields),
    ),
    section(
      "Everything",
      "All that is known, as JSON; or a new beginning without calls, scripts, webhooks and faults.",
      el(
        "p",
        { class: "buttons" },
        el("a", { class: "button", href: "/sim/export", download: "simulator.json" }, "Export"),
        reset,
      ),
    ),
  );
  const open = () =>
    attempt(async () => {
      await show();
      keep((await ask("GET", "/sim/scripts")).scripts);
    });
  return { node, update() {}, open };
}
