// A refused signature, bad markup, a REST request with a wrong token, and an application that is
// not there: each is explained in a sentence, with the vendor's code.

import assert from "node:assert/strict";
import { base, place, sim, withPage } from "./page.mjs";

await withPage({ viewport: { width: 1280, height: 900 } }, async (page) => {
  const timeline = page.getByRole("list", { name: "What happened" });
  const row = (kind, text) => timeline.locator(`li[data-kind=${kind}]`, { hasText: text });

  await place(page, "+15550001112");
  const refused = row("delivery", "403").first();
  await refused.getByText(/11200: the application answered 403, so it most likely refused the signature/).waitFor();
  await refused.locator("summary").first().click();
  const signed = await refused.locator("pre").first().textContent();
  assert.match(signed, /^http:\/\/127\.0\.0\.1:\d+\/voiceAccountSidAC0{32}ApiVersion2010-04-01/);

  await place(page, "+15550001113");
  await row("alert", "12100: The document is not well-formed XML.").waitFor();
  await page.locator(".calls a[aria-current]", { hasText: "problem" }).waitFor();

  const account = (await sim("GET", "/sim/settings")).account_sid;
  const answer = await fetch(`${base}/2010-04-01/Accounts/${account}/Calls.json`, {
    headers: { Authorization: `Basic ${btoa(`${account}:wrong`)}` },
  });
  assert.equal(answer.status, 401);
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByLabel("Show").selectOption("wrong");
  const wrong = page.getByRole("list", { name: "Activity" });
  await wrong.getByText(/20003: The account SID, or the auth token or API key, is wrong/).waitFor();
  await page.getByLabel("With the words").fill("12100");
  await page.getByRole("status").filter({ hasText: /^1 of/ }).waitFor();

  await sim("PUT", "/sim/number", { voice_url: "http://127.0.0.1:1/voice" });
  await place(page, "+15550001111");
  await row("delivery", "11205: The application could not be reached").waitFor();
  await row("delivery", "2 attempts").waitFor();
});
