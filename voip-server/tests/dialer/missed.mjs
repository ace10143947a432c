// Nobody answers in time; the tab tells; devices and meters.
import assert from "node:assert/strict";
import { call, card, goOnline, house, numbered, ring, signUp, simulator } from "./house.mjs";

const { open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await goOnline(page);
const icon = () => page.locator("link[rel=icon]").getAttribute("href");
assert.match(await icon(), /icon[.]svg$/);

const sid = await ring("+15550003333");
await page.getByText("Incoming call", { exact: true }).waitFor();
assert.match(await icon(), /icon-live[.]svg$/, "the tab shows it");
assert.match(await page.title(), /is calling/);
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
await card(page).getByText("The caller hung up").waitFor();
await page.getByRole("listitem").filter({ hasText: "+1 555 000 3333" }).getByText("Missed").waitFor();
assert.match(await icon(), /icon[.]svg$/);

await page.getByText("Sound", { exact: true }).click();
await page.getByLabel("Microphone", { exact: true }).waitFor();
assert.ok((await page.getByLabel("Microphone", { exact: true }).locator("option").count()) > 0);
await call(page);
await page.waitForFunction(() => {
  const [spoken, heard] = document.querySelectorAll("meter");
  return spoken.value > 0 && heard.value > 0;
});
await page.getByRole("button", { name: "End", exact: true }).click();
await page.getByText("Call ended").waitFor();
await close();
