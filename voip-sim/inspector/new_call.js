// Placing a call to the application, as a telephone or as a voice client.

import { announce, attempt } from "./announce.js";
import { ask } from "./api.js";
import { el, field, name } from "./element.js";

/** @param {(sid: string) => void} placed */
export function newCall(placed) {
  const group = name();
  const phone = el("input", { type: "radio", name: group, value: "phone", checked: true });
  const client = el("input", { type: "radio", name: group, value: "client" });
  const from = el("input", { type: "tel", value: "+15005550199", autocomplete: "off", required: true });
  const to = el("input", { type: "tel", value: "+15550001111", autocomplete: "off", required: true });
  const identity = el("input", { type: "text", value: "ann", autocomplete: "off", spellcheck: "false" });
  const parameters = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  const byPhone = el("div", { class: "fields" }, field("From", from), field("To, a number of the application", to));
  const byClient = el(
    "div",
    { class: "fields", hidden: true },
    field("Identity", identity),
    field("Parameters", parameters, "Such as phoneNumber=+15550002222, several with & between"),
  );
  const choose = () => {
    byPhone.hidden = !phone.checked;
    byClient.hidden = phone.checked;
  };
  phone.addEventListener("change", choose);
  client.addEventListener("change", choose);
  const place = async () => {
    const answer = phone.checked
      ? await ask("POST", "/sim/calls", { from: from.value.trim(), to: to.value.trim() })
      : await ask("POST", `/sim/clients/${encodeURIComponent(identity.value.trim())}/calls`, {
          // A plus sign stays one here.
          parameters: Object.fromEntries(new URLSearchParams(parameters.value.trim().replaceAll("+", "%2B"))),
        });
    announce("The call is placed.");
    placed(answer.sid);
  };
  return el(
    "form",
    {
      class: "new-call",
      "aria-label": "Place a call",
      novalidate: true,
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void attempt(place);
      },
    },
    el(
      "fieldset",
      { class: "segments" },
      el("legend", { class: "read-only-aloud" }, "Who calls"),
      el("label", {}, phone, el("span", {}, "Telephone")),
      el("label", {}, client, el("span", {}, "Voice client")),
    ),
    byPhone,
    byClient,
    el("button", { type: "submit", class: "main" }, "Place the call"),
  );
}
