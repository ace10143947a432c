// Numbers, telephones, scripts, faults, a reset and an export, all from the page.

import assert from "node:assert/strict";
import { place, sim, withPage } from "./page.mjs";

await withPage({ viewport: { width: 1280, height: 900 } }, async (page, expected) => {
  const done = (text) => page.locator("#news", { hasText: text }).waitFor();
  const settings = () => sim("GET", "/sim/settings");
  await place(page, "+15550001111");
  await page.getByRole("link", { name: "Set-up" }).click();

  const number = page.getByRole("form", { name: "The application’s number" });
  const before = (await settings()).number;
  await page.waitForFunction(
    (url) => [...document.querySelectorAll("input")].some((input) => input.value === url),
    before.voice_url,
  );
  await number.getByLabel("Voice URL").fill("http://127.0.0.1:1/other");
  await number.getByLabel("Fallback URL").fill("http://127.0.0.1:1/fallback");
  await number.getByRole("button", { name: "Save" }).click();
  await done("The number is set.");
  assert.deepEqual((await settings()).number, {
    ...before,
    voice_url: "http://127.0.0.1:1/other",
    fallback_url: "http://127.0.0.1:1/fallback",
  });

  await page.getByRole("button", { name: "Set up late-callbacks" }).click();
  await done("late-callbacks is set up.");
  const rates = page.getByRole("form", { name: "Faults by rate" });
  assert.equal(await rates.getByLabel("Callbacks twice, %").inputValue(), "50");
  await rates.getByLabel("Callbacks lost, %").fill("25");
  await rates.getByRole("button", { name: "Set these faults" }).click();
  await done("The faults are set.");
  const { faults } = await settings();
  assert.deepEqual([faults.drop, faults.repeat, faults.reorder], [0.25, 0.5, 0.7]);
  assert.deepEqual(faults.delay_up_to, { secs: 5, nanos: 0 });
  await rates.getByRole("button", { name: "No faults" }).click();
  await done("Nothing goes wrong any more.");
  assert.equal((await settings()).faults.drop, 0);

  // The next request that places a call meets a fault, and the one after it does not.
  const next = page.getByRole("form", { name: "A fault for the next requests" });
  await next.getByLabel("are").selectOption("too_many_requests");
  await next.getByRole("button", { name: "Let them meet it" }).click();
  await done("The next such requests meet it.");
  const { account_sid: account } = await settings();
  const create = () =>
    fetch(`${process.env.SIMULATOR}/2010-04-01/Accounts/${account}/Calls.json`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${account}:simulated-auth-token`)}` },
      body: new URLSearchParams({ To: "+15550003333", From: "+15005550006", Twiml: "<Response/>" }),
    });
  assert.equal((await create()).status, 429);
  assert.equal((await create()).status, 201);

  // What is done where the vendor is silent.
  const silent = page.getByRole("form", { name: "Where the vendor is silent" });
  await silent.getByLabel("A leg that is no longer wanted ends").selectOption("no-answer");
  await silent.getByLabel("A 429 says Retry-After").selectOption("5");
  await silent.getByRole("button", { name: "Choose" }).click();
  await done("It is chosen.");
  const { choices } = await settings();
  assert.deepEqual([choices.stopped_child, choices.retry_after_seconds, choices.start_before_join], ["no-answer", 5, false]);

  // A telephone that is engaged.
  const phone = page.getByRole("form", { name: "A telephone or voice client" });
  await phone.getByLabel("Who").fill("+15550003333");
  await phone.getByLabel("What it does").selectOption("busy");
  await phone.getByRole("button", { name: "Script it" }).click();
  await done("From now on +15550003333 is engaged.");
  const { sid } = await (await create()).json();
  await page.getByRole("link", { name: "Calls" }).click();
  await page.locator(`.calls a[href="#/calls/${sid}"] .chip`, { hasText: "busy" }).waitFor();

  // What is refused is said, and can be put away. The browser itself notes the status.
  expected.push("the server responded with a status of 400", "400 (Bad Request)");
  await page.getByLabel("To, a number of the application").fill("nonsense");
  await page.getByRole("button", { name: "Place the call" }).click();
  await page.getByRole("alert").getByText("(bad_number)").waitFor();
  await page.getByRole("button", { name: "Close" }).click();

  await page.getByRole("link", { name: "Set-up" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "simulator.json");

  // A reset asks once more, and every open page forgets.
  await page.getByRole("button", { name: "Forget everything" }).click();
  assert.notEqual((await sim("GET", "/sim/calls")).calls.length, 0);
  await page.getByRole("button", { name: "Really? Once more, please" }).click();
  await done("Everything is forgotten.");
  await page.getByRole("link", { name: "Calls" }).click();
  await page.getByText("No calls yet.").waitFor();
});
