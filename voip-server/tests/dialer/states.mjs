// Every state that the page can be in, in one list. Each is visited in light and in dark: axe finds
// nothing, and at 320 px nothing sticks out. `PICTURES` names a folder for pictures of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { INSECURE, PASSWORD, SERVER, call, card, goOnline, house, ring, signUp, simulator } from "./house.mjs";

const require = createRequire(`${process.env.BROWSER_LIBRARIES}/`);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: { "target-size": { enabled: true } } };

const button = (page, name) => page.getByRole("button", { name, exact: true });
const refused = (status) => (route) => route.fulfill({ status, json: { success: false, code: "unavailable", message: "this is not to be had for now" } });
/** Never answered. */
const silence = () => {};
const row = (place, direction, status, duration) => ({
  id: `00000000-0000-7000-8000-${String(place).padStart(12, "0")}`, call_sid: null, direction, status, duration,
  from_number: direction === "inbound" ? `+44207946${String(958 + place).padStart(4, "0")}` : "+15550001111",
  to_number: direction === "inbound" ? "+15550001111" : `+1555000${String(2000 + place)}`, created_at: `2026-01-${String(28 - place).padStart(2, "0")}T12:00:00Z`,
});
const ROWS = [
  row(0, "outbound", "in-progress", 0), row(1, "inbound", "completed", 3_725), row(2, "inbound", "no-answer", 0), row(3, "outbound", "busy", 0), row(4, "outbound", "completed", 42),
  row(5, "inbound", "canceled", 0), row(6, "outbound", "failed", 0), row(7, "outbound", "no-answer", 0), row(8, "inbound", "completed", 7), row(9, "inbound", "busy", 0),
];
const logs = (page, answer) => page.route("**/api/call-logs?*", answer);
const log = (page, nextCursor = null) => logs(page, (route) => route.fulfill({ json: { success: true, logs: ROWS, nextCursor } }));
const microphone = (name) => async ({ open }) => {
  const page = await open("/", (page) => page.addInitScript((name) => {
    MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException("no", name));
  }, name));
  await button(page, "Go online").click();
  await page.getByRole("alert").filter({ hasText: /microphone/i }).waitFor();
  return page;
};
const online = async ({ open }, prepare) => {
  const page = await open("/", prepare);
  await goOnline(page);
  return page;
};
const talking = async (user, prepare) => {
  const page = await online(user, prepare);
  await call(page);
  return page;
};
const dialled = async (user, number, words) => {
  const page = await online(user);
  await page.getByLabel("Call a number").fill(number);
  await button(page, "Call").click();
  await page.getByText(words).first().waitFor();
  return page;
};
const rung = async (user, page, words = "Incoming call") => {
  const sid = await ring("+442079460958", user.number);
  await card(page).getByText(words, { exact: true }).first().waitFor();
  return sid;
};

/** What leads to each state, for somebody who is logged in unless it says `out`. */
const STATES = {
  entering: {
    "out: log in": ({ open }) => open("/login.html"),
    "out: sign up": ({ open }) => open("/signup.html"),
    "out: refused": async ({ open }) => {
      const page = await open("/login.html");
      await page.getByLabel("E-mail").fill("nobody@example.com");
      await page.getByLabel("Password").fill("wrong horse battery");
      await button(page, "Log in").click();
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
      return page;
    },
    "out: loading": async ({ open }) => {
      const page = await open("/", (page) => page.route("**/api/session", silence));
      await page.getByText("Loading…").waitFor();
      return page;
    },
    "out: did not start": async ({ open }) => {
      const page = await open("/", (page) => page.route("**/api/session", refused(503)));
      await page.getByRole("heading", { name: "The phone did not start" }).waitFor();
      return page;
    },
    offline: async ({ open }) => {
      const page = await open("/");
      await page.getByText("No calls yet").waitFor();
      return page;
    },
    "microphone denied": microphone("NotAllowedError"),
    "no microphone": microphone("NotFoundError"),
    "microphone busy": microphone("NotReadableError"),
    "out: not secure": async ({ open }) => {
      const page = await open(`${INSECURE}/signup.html`);
      await signUp(page);
      await button(page, "Go online").click();
      await page.getByText("Open this page by https").waitFor();
      return page;
    },
    "no phone": async ({ open }) => {
      const page = await open("/", (page) => page.route("**/api/phone", (route) => route.fulfill({ json: { success: true, kind: "none" } })));
      await button(page, "Go online").click();
      await page.getByText("This server has no phone").waitFor();
      return page;
    },
    connecting: async ({ open }) => {
      const page = await open("/", (page) => page.route("**/api/getToken", silence));
      await button(page, "Go online").click();
      await page.getByRole("heading", { name: "Connecting your phone" }).waitFor();
      return page;
    },
    "on in another tab": async (user) => {
      await online(user);
      const page = await user.open("/");
      await page.getByRole("heading", { name: "Your phone is on in another tab" }).waitFor();
      return page;
    },
    "no connection": async ({ open }) => {
      const page = await open("/", (page) => page.routeWebSocket("**/ws", (socket) => socket.close()));
      await page.getByText("No connection to the server. Trying again…").waitFor();
      return page;
    },
    shortcuts: async (user) => {
      const page = await online(user);
      await page.keyboard.press("Tab");
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      return page;
    },
  },
  calling: {
    online,
    "number typed": async (user) => {
      const page = await online(user);
      await page.getByLabel("Call a number").fill("+44 20 7946 0958");
      await page.getByText("United Kingdom · +442079460958").waitFor();
      return page;
    },
    "number not whole": async (user) => {
      const page = await online(user);
      await page.getByLabel("Call a number").fill("+44 20 79");
      await page.getByText("This is no whole number yet").waitFor();
      return page;
    },
    sound: async (user) => {
      const page = await online(user);
      await page.getByText("Sound", { exact: true }).click();
      await page.getByLabel("Microphone", { exact: true }).locator("option").first().waitFor({ state: "attached" });
      return page;
    },
    ringing: (user) => dialled(user, "+1 500 555 0101", "Ringing…"),
    talking,
    muted: async (user) => {
      const page = await talking(user);
      await button(page, "Mute").click();
      await page.getByText("You are muted").waitFor();
      return page;
    },
    keypad: async (user) => {
      const page = await talking(user);
      await button(page, "Keypad").click();
      for (const key of ["1", "5", "#"]) await page.keyboard.press(key);
      await page.getByLabel("Keys pressed").getByText("15#").waitFor();
      return page;
    },
    holding: async (user) => {
      const page = await talking(user, (page) => page.route("**/api/hold-call", silence));
      await button(page, "Hold").click();
      await page.getByText("Putting on hold…").waitFor();
      return page;
    },
    held: async (user) => {
      const page = await talking(user);
      await button(page, "Hold").click();
      await page.getByText("On hold", { exact: true }).waitFor();
      return page;
    },
    "hold refused": async (user) => {
      const page = await talking(user, (page) => page.route("**/api/hold-call", refused(502)));
      await button(page, "Hold").click();
      await page.getByText("This is not to be had for now.").waitFor();
      return page;
    },
    "weak sound": async (user) => {
      const page = await talking(user);
      await simulator("PUT", "/sim/losses", { media: true });
      await page.getByText("Nothing comes from the other side.").waitFor();
      return page;
    },
    mending: async (user) => {
      const page = await talking(user);
      await simulator("PUT", "/sim/losses", { signalling: true });
      await page.getByText("The connection is being restored…").waitFor();
      return page;
    },
    "no connection in a call": async (user) => {
      let socket;
      let cut = false;
      const page = await talking(user, (page) => page.routeWebSocket("**/ws", (one) => {
        if (cut) return one.close();
        one.connectToServer();
        socket = one;
      }));
      cut = true;
      await socket.close();
      await page.getByText("Your call goes on; trying again…").waitFor();
      return page;
    },
    "login over in a call": async (user) => {
      const page = await talking(user);
      await user.context.clearCookies();
      await button(page, "Hold").click();
      await page.getByRole("region", { name: "Log in again" }).waitFor();
      return page;
    },
    over: async (user) => {
      const page = await talking(user);
      await button(page, "End").click();
      await page.getByText("Call ended").waitFor();
      return page;
    },
    busy: (user) => dialled(user, "+1 500 555 0100", "The line is busy"),
  },
  "being called": {
    "rings offline": async (user) => {
      const page = await user.open("/");
      await button(page, "Go online").waitFor();
      await rung(user, page);
      return page;
    },
    rings: async (user) => {
      const page = await online(user);
      await rung(user, page);
      return page;
    },
    "two ring": async (user) => {
      const page = await online(user);
      await rung(user, page);
      await ring("+15550009999", user.number);
      await card(page).locator(".card").nth(1).waitFor();
      return page;
    },
    "answered call": async (user) => {
      const page = await online(user);
      await rung(user, page);
      await button(page, "Accept").click();
      await page.getByText("In call").waitFor();
      return page;
    },
    "rings in a call": async (user) => {
      const page = await talking(user);
      await rung(user, page, "End your call to answer");
      return page;
    },
    "rings no more": async (user) => {
      const page = await online(user);
      const sid = await rung(user, page);
      await simulator("POST", `/sim/calls/${sid}/hangup`, {});
      await card(page).getByText("The caller hung up").waitFor();
      return page;
    },
    "log loading": async ({ open }) => {
      const page = await open("/", (page) => logs(page, silence));
      await page.getByText("Loading your calls…").waitFor();
      return page;
    },
    "log failed": async ({ open }) => {
      const page = await open("/", (page) => logs(page, refused(503)));
      await button(page, "Try again").waitFor();
      return page;
    },
    "log of calls": async ({ open }) => {
      const page = await open("/", (page) => log(page, "more"));
      await page.getByRole("listitem").nth(ROWS.length - 1).waitFor();
      return page;
    },
    "log online": async (user) => {
      const page = await online(user, (page) => log(page));
      await page.getByRole("listitem").nth(ROWS.length - 1).waitFor();
      return page;
    },
    "log without a match": async ({ open }) => {
      const page = await open("/");
      await page.getByLabel("Which way").selectOption("Incoming");
      await page.getByText("No call meets these filters.").waitFor();
      return page;
    },
    "log, number not whole": async ({ open }) => {
      const page = await open("/");
      await page.getByRole("searchbox").fill("555");
      await page.getByText("Type the whole number").waitFor();
      return page;
    },
    "call deleted": async ({ open }) => {
      const page = await open("/", async (page) => {
        await log(page);
        await page.route("**/api/delete-call-log/*", (route) => route.fulfill({ json: { success: true, message: "" } }));
      });
      await page.getByRole("button", { name: "Delete the call" }).nth(1).click();
      await page.getByText("Call deleted.").waitFor();
      return page;
    },
  },
};

const { another, close } = await house({ expected: [/401|502|503/, /WebSocket/, /Cross-Origin-Opener-Policy/] });
const group = STATES[process.env.GROUP];
let people = 0;

/** Somebody new in a browser of their own, with a number. */
async function somebody(out) {
  people += 1;
  const browser = await another();
  const number = `+1555100${1000 + people}`;
  if (out) return { ...browser, number };
  const post = async (path, data) => {
    const answer = await browser.context.request.post(SERVER + path, { data });
    assert.ok(answer.ok(), await answer.text());
    return answer.json();
  };
  const account = { email: `ann-${people}@example.com`, password: PASSWORD, name: "Ann Example" };
  await post("/api/signup", account);
  const { user } = await post("/api/login", account);
  await post("/api/register-user", { userId: user.userId, phoneNumber: number, fcmToken: `a-token-${people}` });
  return { ...browser, number };
}

const faults = [];
for (const [name, reach] of Object.entries(group)) {
  const user = await somebody(name.startsWith("out: "));
  const page = await reach(user);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((rules) => globalThis.axe.run(rules), RULES);
    faults.push(...violations.map(({ id, nodes }) => `${name}, ${colorScheme}: ${id}: ${nodes.map((node) => node.html).join(" ")}`));
    if (process.env.PICTURES) await pictured(page, `${process.env.PICTURES}/${name.replace(/\W+/g, "-")}-${colorScheme}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > 320) faults.push(`${name}: ${wide} px wide at 320`);
  await user.context.close();
  await simulator("PUT", "/sim/losses", {});
}
assert.deepEqual(faults, []);
await close();

async function pictured(page, path) {
  await page.screenshot({ path: `${path}.png` });
  await page.setViewportSize({ width: 360, height: 760 });
  await page.screenshot({ path: `${path}-360.png`, fullPage: true });
  await page.setViewportSize({ width: 1200, height: 800 });
}
