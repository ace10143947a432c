// A page in a browser, for the tests: opens the inspector, and fails on whatever goes wrong in it.

import { createRequire } from "node:module";
import { join } from "node:path";
import assert from "node:assert/strict";

const require = createRequire(`${process.env.BROWSER_LIBRARIES}/`);
const { chromium } = require("playwright-core");

export const base = process.env.SIMULATOR;

/** Bounds are for a machine that does other work too. */
const PATIENCE = 30_000;

/** Calls the control interface itself. */
export async function sim(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

/** Opens the inspector for the length of a test. */
export async function withPage(options, test) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM.startsWith("/") ? process.env.CHROMIUM : `/usr/bin/${process.env.CHROMIUM}`,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  try {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const wrong = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(base) && !url.startsWith("data:")) wrong.push(`it asks for ${url}`);
    });
    const expected = [];
    await page.goto(base);
    await page.locator("#link[data-tone=live]").waitFor();
    await test(page, expected);
    const unexpected = wrong.filter((text) => !expected.some((known) => text.includes(known)));
    assert.deepEqual(unexpected, [], "the page's console stays empty");
  } finally {
    await browser.close();
  }
}

/** Places a call on the page, and waits until it is shown. */
export async function place(page, to) {
  await page.goto(`${base}/#/calls`);
  await page.getByLabel("To, a number of the application").fill(to);
  await page.getByRole("button", { name: "Place the call" }).click();
  await page.locator("article.call h1 .chip").waitFor();
  return new URL(page.url()).hash.split("/")[2];
}

/** The axe-core library's verdict on what is shown. */
export async function violations(page) {
  // Its source is run by the driver, which the page's own policy does not concern.
  const source = require.resolve("axe-core/axe.min.js");
  const { readFileSync } = await import("node:fs");
  await page.evaluate(readFileSync(source, "utf8"));
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document));
  return found.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map((node) => `${node.html} ${node.any.map((check) => check.message).join("; ")}`),
  }));
}

/** A picture, for people to look at. */
export async function picture(page, name) {
  await page.screenshot({ path: join(process.env.PICTURES, `${name}.png`), fullPage: true });
}
