// Somebody calls: accepted, declined, and shown in every tab.
import assert from "node:assert/strict";
import { SIMULATOR, goOnline, house, looked, signUp } from "./house.mjs";

const OURS = "+15550001111";
const { open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
const registered = await page.evaluate(async (phoneNumber) => {
  const { user } = await (await fetch("/api/session")).json();
  const body = JSON.stringify({ userId: user.userId, phoneNumber, fcmToken: "a-token" });
  const headers = { "Content-Type": "application/json" };
  return (await fetch("/api/register-user", { method: "POST", headers, body })).status;
}, OURS);
assert.equal(registered, 200, "the session's cookie is enough");
await goOnline(page);
const other = await open("/");
await other.getByRole("heading", { name: "You are offline" }).waitFor();

const ring = async (from) => {
  const body = JSON.stringify({ from, to: OURS });
  const answer = await fetch(`${SIMULATOR}/sim/calls`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  assert.equal(answer.ok, true, await answer.text());
};

await ring("+15550003333");
await other.getByText("Go online to answer").waitFor();
await looked(page, "incoming");
await page.getByRole("button", { name: "Accept" }).click();
await page.getByText("In call").waitFor();
await other.getByText("Go online to answer").waitFor({ state: "detached" });
await page.getByRole("button", { name: "End", exact: true }).click();
await page.getByRole("button", { name: "Done" }).click();

await ring("+15550004444");
await page.getByRole("button", { name: "Decline" }).click();
await other.getByText("Go online to answer").waitFor({ state: "detached" });
await page.getByRole("listitem").filter({ hasText: "+1 555 000 4444" }).getByText("Missed").waitFor();
await close();
