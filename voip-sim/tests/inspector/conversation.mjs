// An inbound call is placed from the page, answered by the application, spoken to, and ended.
// Then one whose dialled far end is answered on the page.

import assert from "node:assert/strict";
import { place, sim, withPage } from "./page.mjs";

await withPage({ viewport: { width: 1280, height: 900 } }, async (page) => {
  const sid = await place(page, "+15550001111");
  const timeline = page.getByRole("list", { name: "What happened" });
  const row = (kind, text) => timeline.locator(`li[data-kind=${kind}]`, { hasText: text });
  const status = page.locator("article.call h1 .chip");

  // The application is asked what to do, its markup runs, and the call is answered.
  await row("made", "ringing").waitFor();
  const asked = row("delivery", "asks what to do").first();
  await asked.getByText("200", { exact: true }).waitFor();
  await row("document", "Gather").first().waitFor();
  await row("state", "in-progress").waitFor();
  await row("heard", "Sales & support: what can we do?").waitFor();
  assert.equal(await status.textContent(), "in-progress");

  // The webhook's fields, signature and answer are one click away.
  await asked.locator("summary").first().click();
  await asked.getByText("+15550001111", { exact: true }).first().waitFor();
  await asked.getByText(/^[A-Za-z0-9+/]{27}=$/).waitFor();
  await asked.getByText("what can we do?").waitFor();

  // Somebody speaks, and then presses a key.
  await page.getByText("is listened to: keys or speech, please").waitFor();
  await page.getByRole("textbox", { name: "Say" }).fill("sales, please");
  await page.getByRole("button", { name: "Say it" }).click();
  await row("heard", "You said sales, please.").waitFor();
  await page.getByText("is listened to: keys or speech, please").waitFor();
  await page.getByText("Keypad", { exact: true }).click();
  await page.getByRole("button", { name: "Press 7" }).click();
  await row("heard", "You said 7.").waitFor();
  await row("delivery", "keys 7").waitFor();

  // A webhook is made once more.
  const before = (await sim("GET", "/sim/webhooks")).webhooks.length;
  await asked.getByRole("button", { name: "Replay" }).click();
  await page.locator("#news", { hasText: "Sent once more" }).waitFor();
  assert.equal((await sim("GET", "/sim/webhooks")).webhooks.length, before + 1);

  await page.getByRole("button", { name: "Hang up" }).click();
  await row("state", "completed").waitFor();
  await row("delivery", "tells a status").getByText("204", { exact: true }).waitFor();
  await page.locator("article.call h1 .chip", { hasText: "completed" }).waitFor();
  assert.equal((await sim("GET", `/sim/calls/${sid}`)).status, "completed");
  assert.equal(await page.getByRole("button", { name: "Hang up" }).count(), 0);

  // The far end of a dial rings, and is answered by hand: two legs, each of which hears the other.
  await place(page, "+15550001114");
  const legs = page.locator(".leg");
  await page.getByRole("button", { name: "Answer" }).click();
  await legs.nth(1).getByText("hears A").waitFor();
  await legs.nth(0).getByText("hears B").waitFor();
  await legs.nth(1).getByRole("button", { name: "Hang up" }).click();
  await legs.nth(1).locator(".chip", { hasText: "completed" }).waitFor();
  await row("delivery", "dial completed").waitFor();

  // One that declines.
  await place(page, "+15550001114");
  await page.getByRole("button", { name: "Decline" }).click();
  await legs.nth(1).locator(".chip", { hasText: "busy" }).waitFor();

  // A conference of two.
  await place(page, "+15550001115");
  await row("conference", "participant-join").waitFor();
  const second = await place(page, "+15550001115");
  await row("conference", "conference-start").waitFor();
  await page.getByRole("link", { name: "Conferences" }).click();
  const room = page.locator(".room", { hasText: "lobby" });
  await room.locator("h2 .chip", { hasText: "in-progress" }).waitFor();
  assert.equal(await room.locator(".members li").count(), 2);
  await room.getByText("hears one other").first().waitFor();
  await sim("POST", `/sim/calls/${second}/hangup`);
  await room.getByText("hears nobody").waitFor();
  assert.equal(await room.locator(".members li").count(), 1);
});
