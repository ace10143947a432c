// The log: pages, filters, search, redial, delete and undo, CSV, and news that moves nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { house, numbered, ring, signUp, simulator } from "./house.mjs";

const { open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await page.getByText("No calls yet. Make your first one with the phone.").waitFor();

// Thirty calls came in, and were missed.
const number = (place) => `+155500030${String(place).padStart(2, "0")}`;
const missed = async (from) => {
  const sid = await ring(from);
  await page.getByText("Incoming call", { exact: true }).waitFor();
  await simulator("POST", `/sim/calls/${sid}/hangup`, {});
  await page.getByRole("button", { name: "Close" }).click();
};
for (let place = 0; place < 30; place += 1) await missed(number(place));

const rows = page.getByRole("list", { name: "Calls" }).getByRole("listitem");
const shown = async (count) => {
  if (count > 0) await rows.nth(count - 1).waitFor();
  await rows.nth(count).waitFor({ state: "detached" });
};
const older = page.getByRole("button", { name: "Show older calls" });
await shown(25);
await older.click();
await shown(30);
assert.equal(await older.isVisible(), false);

// News comes: whoever has paged down, or stands on a row, stays there.
const stood = rows.filter({ hasText: "+1 555 000 3005" }).getByRole("button", { name: "Call +1 555 000 3005" });
await stood.focus();
// The next call, by hand: nothing is clicked, so that nothing else has the focus.
await simulator("POST", `/sim/calls/${await ring("+15550004444")}/hangup`, {});
await rows.first().filter({ hasText: "+1 555 000 4444" }).getByText("Missed").waitFor();
assert.equal(await rows.count(), 30);
assert.equal(await stood.evaluate((button) => document.activeElement === button), true);
await older.click();
await shown(31);

const search = page.getByRole("searchbox", { name: "Search by number" });
const all = page.getByRole("button", { name: "Show all calls" });
await search.fill("(555) 000-3007");
await shown(1);
await rows.filter({ hasText: "+1 555 000 3007" }).waitFor();
await search.fill("555 00");
await page.getByText("Type the whole number to search for it.").waitFor();
await search.fill("+1 555 000 9999");
await page.getByText("No call meets these filters.").waitFor();
await all.click();
await shown(25);
assert.equal(await search.inputValue(), "");

const way = page.getByLabel("Which way");
const outcome = page.getByLabel("Outcome");
await way.selectOption("Outgoing");
await page.getByText("No call meets these filters.").waitFor();
await way.selectOption("Incoming");
await shown(25);
await outcome.selectOption("Answered");
await shown(0);
await outcome.selectOption("Not connected");
await shown(25);

// What is filtered is what is downloaded, whole.
const saved = async () => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "call-logs.csv");
  return readFileSync(await download.path(), "utf8").trim().split("\r\n");
};
const lines = await saved();
assert.equal(lines[0], "id,call_sid,direction,from_number,to_number,status,duration,created_at,ended_at");
assert.equal(lines.length, 32);
await search.fill("+1 555 000 3007");
await shown(1);
assert.match((await saved())[1], /,inbound,[+]15550003007,/);

await rows.getByRole("button", { name: "Delete" }).click();
await page.getByText("Call deleted.").waitFor();
await shown(0);
const undo = page.getByRole("button", { name: "Undo" });
assert.equal(await undo.evaluate((button) => document.activeElement === button), true);
await undo.press("Enter");
await shown(1);
await page.getByText("Call deleted.").waitFor({ state: "detached" });

// Called back: the number is in the phone as soon as there is one.
await page.getByRole("button", { name: "Go online", exact: true }).click();
await page.getByLabel("Call a number").waitFor();
await rows.getByRole("button", { name: "Call +1 555 000 3007" }).click();
assert.equal(await page.getByLabel("Call a number").inputValue(), "+15550003007");

// The addresses of old lead to the same page.
for (const path of ["/index.html", "/login.html", "/signup.html"]) {
  await page.goto(new URL(path, page.url()).href);
  await page.getByRole("heading", { name: "Calls" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/", path);
}
await page.setViewportSize({ width: 360, height: 600 });
await page.goto(new URL("/call-logs.html", page.url()).href);
await page.getByRole("heading", { name: "Calls" }).waitFor();
assert.ok((await page.evaluate(() => scrollY)) > 0, "the log is what is shown");
await close();
