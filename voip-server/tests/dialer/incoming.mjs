// Somebody calls: accepted, declined, and shown in every tab, from which each can be done.
import assert from "node:assert/strict";
import { card, endCall, goOnline, house, numbered, ring, signUp } from "./house.mjs";

const ELSEWHERE = "in another tab or on another device";
const { open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await goOnline(page);
const other = await open("/");
await other.getByRole("heading", { name: "Your phone is on in another tab" }).waitFor();

// It rings in one tab, so it is heard once.
const tones = [];
for (const [name, tab] of [["page", page], ["other", other]]) {
  await tab.exposeFunction("toneBegins", () => tones.push(name));
  await tab.evaluate(() => {
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      globalThis.toneBegins();
      return start.apply(this, when);
    };
  });
}

await ring("+15550003333");
for (const tab of [page, other]) await card(tab).getByText("Incoming call", { exact: true }).waitFor();
await page.getByRole("button", { name: "Accept" }).click();
await page.getByText("In call").waitFor();
await card(other).getByText(`Answered ${ELSEWHERE}`).waitFor();
assert.equal(await card(page).locator(".card").count(), 0, "who answered is not told so");
assert.deepEqual([...new Set(tones)], ["page"]);
await other.getByRole("button", { name: "Close" }).click();
assert.equal(await card(other).locator(".card").count(), 0);

// In a call a second one cannot be accepted, in neither tab.
const second = "+15550005555";
await ring(second);
for (const tab of [page, other]) {
  await card(tab).getByText("End your call to answer").waitFor();
  assert.equal(await tab.getByRole("button", { name: "Accept" }).isDisabled(), true);
}
await other.getByRole("button", { name: "Decline" }).click();
await card(page).getByText(`Declined ${ELSEWHERE}`).waitFor();
await page.getByRole("button", { name: "Close" }).click();
await endCall(page);

// Accepted in the tab without the phone: the other one answers.
await ring("+15550006666");
await card(other).getByText("Incoming call", { exact: true }).waitFor();
await other.getByRole("button", { name: "Accept" }).click();
await page.getByText("In call").waitFor();
await endCall(page);
await other.getByRole("button", { name: "Close" }).click();

await ring("+15550004444");
await page.getByRole("button", { name: "Decline" }).click();
await card(other).getByText(`Declined ${ELSEWHERE}`).waitFor();
await page.getByRole("listitem").filter({ hasText: "+1 555 000 4444" }).getByText("Missed").waitFor();

// The phone is brought over, and its call is guarded there.
await other.getByRole("button", { name: "Use the phone here", exact: true }).click();
await other.getByLabel("Call a number").waitFor();
await page.getByText("Your phone is in another tab now.").waitFor();
await ring("+15550007777");
await other.getByRole("button", { name: "Accept" }).click();
await other.getByText("In call").waitFor();
await page.getByRole("button", { name: "Use the phone here", exact: true }).click();
await page.getByText("Your phone is in a call in another tab.").waitFor();
await endCall(other);

// The tab with the phone is closed: the next one has it for the asking.
await other.close();
await goOnline(page);
await close();
