// By the clock: tokens are fetched ahead of their end, and a login that ends in a call ends no call.
import assert from "node:assert/strict";
import { call, card, endCall, goOnline, house, numbered, ring, signUp, simulator } from "./house.mjs";

const { context, open, close } = await house({ expected: [/503.*\/api\/session/] });
let tokens = 0;
await context.route("**/api/getToken", (route) => {
  tokens += 1;
  return route.continue();
});
let renewals = 0;
let refuses = false;
await context.route("**/api/session", (route) => {
  if (route.request().method() !== "POST") return route.continue();
  renewals += 1;
  return refuses ? route.fulfill({ status: 503, json: { success: false, code: "unavailable", message: "not now" } }) : route.continue();
});
const page = await open("/signup.html", (page) => page.clock.install());
await signUp(page);
await goOnline(page);
assert.equal(tokens, 1);
const asked = (path) => page.waitForResponse((response) => response.url().endsWith(path) && response.request().method() !== "GET");

// Why a call rings no more is shown for half a minute.
await numbered(page);
const sid = await ring("+15550003333");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
const why = card(page).getByText("The caller hung up");
await why.waitFor();
await page.clock.fastForward(31_000);
await why.waitFor({ state: "detached" });
await page.getByLabel("Call a number").waitFor();

// The voice token lasts for an hour. Nothing early, and another one before its end.
await page.clock.fastForward("58:00");
// In a jump the phone misses the simulator's heartbeats, comes back, and is told of a whole hour.
await page.getByLabel("Call a number").waitFor();
assert.equal(tokens, 1);
const fetched = page.waitForResponse("**/api/getToken");
await page.clock.fastForward("59:55");
assert.equal((await fetched).status(), 200);
assert.equal(tokens, 2);

// The login lasts for twelve hours, and is renewed ten minutes before.
await page.clock.fastForward("09:50:00");
await page.getByLabel("Call a number").waitFor();
assert.equal(renewals, 0);
const renewed = asked("/api/session");
await page.clock.fastForward("02:30");
assert.equal((await renewed).status(), 200);
await page.getByLabel("Call a number").waitFor();

// It cannot be renewed: in a call it ends when it ends, and not before; the call goes on.
await call(page);
refuses = true;
const again = page.getByRole("region", { name: "Log in again" });
const refused = asked("/api/session");
await page.clock.fastForward("11:50:01");
assert.equal((await refused).status(), 503);
const tried = asked("/api/session");
await page.clock.fastForward("00:31");
assert.equal((await tried).status(), 503, "it is tried anew");
assert.equal(await again.isVisible(), false);
await page.clock.fastForward("09:40");
await again.waitFor();
assert.match(await page.title(), /In call/);

refuses = false;
await again.getByLabel("Password").fill("correct horse battery");
await again.getByRole("button", { name: "Log in" }).click();
await again.waitFor({ state: "hidden" });
await page.getByText("In call").waitFor();
await page.getByRole("button", { name: "Hold", exact: true }).click();
await page.getByText("On hold", { exact: true }).waitFor();
await endCall(page);
await close();
