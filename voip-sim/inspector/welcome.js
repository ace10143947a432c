// What is shown before a call is chosen: how to begin.

import { ask } from "./api.js";
import { el } from "./element.js";

/** @import {Settings} from "./types.js" */

export function welcome() {
  const account = el("code", {}, "AC…");
  const voice = el("span", {});
  const node = el(
    "section",
    { class: "card welcome", "aria-labelledby": "welcome-heading" },
    el("h2", { id: "welcome-heading" }, "Nothing rings here but what you let ring"),
    el(
      "ol",
      { class: "steps" },
      el(
        "li",
        {},
        el(
          "div",
          {},
          "Point your application’s REST base URL here instead of the vendor’s: ",
          el("code", {}, location.origin),
          ", account ",
          account,
          ".",
        ),
      ),
      el("li", {}, voice),
      el("li", {}, el("div", {}, "Place a call, or let your application place one, and choose it in the list: its legs, and every request, document, webhook and state, as they happen.")),
      el("li", {}, el("div", {}, "Then make things go wrong: ", el("a", { href: "#/setup" }, "lost, late and repeated webhooks, refused requests, races"), ".")),
    ),
  );
  /** Reads how it is set up. */
  const open = async () => {
    /** @type {Settings} */
    const settings = await ask("GET", "/sim/settings");
    account.textContent = settings.account_sid;
    const { voice_url: asked } = settings.number;
    voice.replaceChildren(
      ...(asked
        ? ["When somebody calls, your application is asked at ", el("code", {}, asked), "."]
        : ["Say where your application is asked when somebody calls: ", el("a", { href: "#/setup" }, "set the Voice URL"), "."]),
    );
  };
  return { node, open };
}
