// What it looks like, light and dark, wide and narrow; and what the accessibility checker says.

import assert from "node:assert/strict";
import { base, picture, place, sim, violations, withPage } from "./page.mjs";

/** Fills the world with something to see. */
async function fill(page) {
  await place(page, "+15550001115");
  await place(page, "+15550001115");
  await place(page, "+15550001113");
  await page.locator("li[data-kind=alert]").first().waitFor();
  await place(page, "+15550001112");
  await page.locator("li[data-kind=delivery] .why").first().waitFor();
  await place(page, "+15550001114");
  await page.getByRole("button", { name: "Answer" }).waitFor();
  const sid = await place(page, "+15550001111");
  await page.getByText("is listened to: keys or speech, please").waitFor();
  await sim("POST", `/sim/calls/${sid}/speech`, { text: "sales, please" });
  await page.locator("li[data-kind=heard]", { hasText: "You said sales" }).waitFor();
  return sid;
}

const VIEWS = ["calls", "conferences", "activity", "setup"];
const LOOKS = [
  { name: "light", options: { colorScheme: "light", viewport: { width: 1360, height: 900 } } },
  { name: "dark", options: { colorScheme: "dark", viewport: { width: 1360, height: 900 } } },
  { name: "narrow", options: { colorScheme: "light", viewport: { width: 320, height: 700 } } },
  { name: "narrow-dark", options: { colorScheme: "dark", viewport: { width: 320, height: 700 } } },
];

let filled = null;
for (const { name, options } of LOOKS) {
  await withPage(options, async (page) => {
    const looks = async (view) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} ${view}: ${wide} pixels do not fit`);
      await picture(page, `${name}-${view}`);
      assert.deepEqual(await violations(page), [], `${name} ${view}`);
    };
    if (filled === null) {
      await looks("empty");
      filled = await fill(page);
    }
    for (const view of VIEWS) {
      await page.goto(`${base}/#/${view}`);
      await page.locator("main h1").waitFor();
      if (view === "setup") await page.getByRole("button", { name: "Set up ring-all" }).waitFor();
      if (view === "activity") await page.locator(".timeline li").first().waitFor();
      if (view === "conferences") await page.locator(".members li").first().waitFor();
      await looks(view);
    }
    for (const [what, kind, text] of [
      ["call", "heard", "You said sales"],
      ["refused", "delivery", "403"],
      ["bad", "alert", "12100"],
      ["dial", "state", "ringing"],
    ]) {
      const to = { call: "+15550001111", refused: "+15550001112", bad: "+15550001113", dial: "+15550001114" }[what];
      const { calls } = await sim("GET", "/sim/calls");
      const { sid } = calls.find((call) => call.to === to);
      await page.goto(`${base}/#/calls/${sid}`);
      await page.locator(`li[data-kind=${kind}]`, { hasText: text }).first().waitFor();
      if (what !== "dial") {
        await page.locator("li[data-kind=delivery] summary").first().click();
        await page.getByText("What was signed").first().waitFor();
      } else {
        await page.locator(".leg").nth(1).waitFor();
      }
      await looks(what);
    }
  });
}
