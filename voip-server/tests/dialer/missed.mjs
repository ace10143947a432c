// Nobody answers in time; the tab tells; devices and meters.
import assert from "node:assert/strict";
import { SIMULATOR, goOnline, house, looked, signUp } from "./house.mjs";

const OURS = "+15550001111";
const { open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
await page.evaluate(async (phoneNumber) => {
  const { user } = await (await fetch("/api/session")).json();
  const body = JSON.stringify({ userId: user.userId, phoneNumber, fcmToken: "a-token" });
  await fetch("/api/register-user", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}, OURS);
await goOnline(page);
const icon = () => page.locator("link[rel=icon]").getAttribute("href");
assert.match(await icon(), /icon[.]svg$/);

const post = async (path, body = {}) => {
  const answer = await fetch(SIMULATOR + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(answer.ok, true, await answer.clone().text());
  return answer.json();
};
const { sid } = await post("/sim/calls", { from: "+15550003333", to: OURS });
await page.getByText("Incoming call", { exact: true }).waitFor();
assert.match(await icon(), /icon-live[.]svg$/, "the tab shows it");
assert.match(await page.title(), /is calling/);
await post(`/sim/calls/${sid}/hangup`);
await page.getByText("Incoming call", { exact: true }).waitFor({ state: "detached" });
await page.getByRole("listitem").filter({ hasText: "+1 555 000 3333" }).getByText("Missed").waitFor();
assert.match(await icon(), /icon[.]svg$/);

await page.getByText("Sound", { exact: true }).click();
await page.getByLabel("Microphone", { exact: true }).waitFor();
assert.ok((await page.getByLabel("Microphone", { exact: true }).locator("option").count()) > 0);
await looked(page, "sound");
await page.getByLabel("Call a number").fill("+1 555 000 2222");
await page.getByRole("button", { name: "Call", exact: true }).click();
await page.getByText("In call").waitFor();
await page.waitForFunction(() => {
  const [spoken, heard] = document.querySelectorAll("meter");
  return spoken.value > 0 && heard.value > 0;
});
await page.getByRole("button", { name: "End", exact: true }).click();
await page.getByText("Call ended").waitFor();
await close();
