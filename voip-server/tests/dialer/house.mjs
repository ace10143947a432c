// A page of the dialer in Chromium, with a microphone that is made up, and what every flow holds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BROWSER_LIBRARIES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const { SERVER, SIMULATOR } = process.env;

/** Generous: other tests run beside this one. */
const PATIENCE = 30_000;

/** @param {{ microphone?: boolean, refusals?: boolean }} [how] whether the server may refuse */
export async function house({ microphone = true, refusals = false } = {}) {
  const browser = await chromium.launch({
    executablePath: `/usr/bin/${process.env.CHROMIUM}`,
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", ...(microphone ? ["--use-fake-ui-for-media-stream"] : []), "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en-US", permissions: microphone ? ["microphone"] : [] });
  context.setDefaultTimeout(PATIENCE);
  const faults = [];
  const open = async (path) => {
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(`${error}`));
    page.on("console", (message) => {
      // Asking who is logged in is answered 401 before anybody is.
      const expected = message.location().url.endsWith("/api/session") || (refusals && message.text().includes("401"));
      if (message.type() === "error" && !expected) faults.push(message.text());
    });
    await page.goto(SERVER + path);
    return page;
  };
  const close = async () => {
    await browser.close();
    assert.deepEqual(faults, [], "no error of a page or in the console");
  };
  return { context, open, close };
}

export async function signUp(page, email = "ann@example.com", name = "Ann") {
  await page.getByLabel("Name (optional)").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("heading", { name: "You are offline" }).waitFor();
}

export async function goOnline(page) {
  await page.getByRole("button", { name: "Go online" }).click();
  await page.getByLabel("Call a number").waitFor();
}

/** axe finds nothing, in light and in dark; a picture is taken where one is wanted. */
export async function looked(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate("axe.run()");
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
    if (process.env.PICTURES) {
      await page.screenshot({ path: `${process.env.PICTURES}/${name}-${colorScheme}.png` });
      await page.setViewportSize({ width: 360, height: 760 });
      await page.screenshot({ path: `${process.env.PICTURES}/${name}-${colorScheme}-360.png`, fullPage: true });
      await page.setViewportSize({ width: 1200, height: 800 });
    }
  }
}
