// The vendor's Voice SDK in the page, from the operator's file, under the page's strict policy.
import assert from "node:assert/strict";
import { SIMULATOR, call, card, endCall, goOnline, house, numbered, ring, signUp, simulator, until } from "./house.mjs";
import { start } from "./server.mjs";

await start();
const rules = [`MAP *.twilio.com:443 ${new URL(SIMULATOR).host}`];
// The simulator has none of the vendor's sounds.
const { open, close } = await house({ rules, flags: ["--ignore-certificate-errors"], expected: [/sdk[.]twilio[.]com/] });
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await goOnline(page);
assert.equal(await page.evaluate("typeof Twilio.Device"), "function");

await call(page);
const { calls } = await simulator("GET", "/sim/calls");
const far = calls.find(({ to }) => to === "+15550002222").sid;
await page.getByRole("button", { name: "Mute", exact: true }).click();
await page.getByText("You are muted").waitFor();
await page.getByRole("button", { name: "Mute", exact: true }).click();
await page.keyboard.press("7");
await until("the far end is sent the key", async () => {
  const { heard } = await simulator("GET", `/sim/calls/${far}`);
  return JSON.stringify(heard).includes('"7"');
});
await page.getByRole("button", { name: "Hold", exact: true }).click();
await page.getByText("On hold", { exact: true }).waitFor();
await page.getByRole("button", { name: "Hold", exact: true }).click();
await page.getByText("In call").waitFor();
await page.getByText("Sound", { exact: true }).click();
await page.waitForFunction(() => document.querySelector("meter").value > 0);
const microphones = page.getByLabel("Microphone", { exact: true });
await microphones.selectOption({ index: (await microphones.locator("option").count()) - 1 });
await page.getByText("In call").waitFor();
assert.equal(await page.locator(".sound .problem").textContent(), "");
await endCall(page);

await ring("+15550003333");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
await page.getByRole("button", { name: "Accept" }).click();
await page.getByText("In call").waitFor();
await simulator("PUT", "/sim/losses", { media: true });
await page.getByText("Nothing comes from the other side.").waitFor();
await simulator("PUT", "/sim/losses", {});
await page.getByText("Nothing comes from the other side.").waitFor({ state: "detached" });
await endCall(page);
await close();
