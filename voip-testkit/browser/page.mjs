// Pages in a real browser, in the hands of a test: it writes lines of JSON, and reads one back for
// each. `{"id", "open": url}` opens a page, `{"id", "page", "run": code}` runs code in it, and
// `{"id", "page", "close": true}` or `"crash"` ends it, with or without a goodbye.
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(process.env.BROWSER_LIBRARIES + "/");
const { chromium } = require("playwright-core");
const settings = JSON.parse(process.env.PAGE_SETTINGS);
const profile = mkdtempSync(join(tmpdir(), "voip-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/" + process.env.CHROMIUM,
  headless: true,
  ignoreHTTPSErrors: true,
  args: settings.flags,
});
const pages = [];

// A blank page comes from this machine, or it could not reach the simulator, which is there too.
const server = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>a page</title>");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const blank = `http://127.0.0.1:${server.address().port}/`;

async function open(url, scripts) {
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`page: ${error}`));
  for (const script of scripts) await page.addInitScript(script);
  await page.goto(url === "blank" ? blank : url);
  if (settings.library) {
    const path = `${process.env.BROWSER_LIBRARIES}/node_modules/${settings.library}/dist/twilio.min.js`;
    await page.evaluate(readFileSync(path, "utf8"));
  }
  pages.push(page);
  return pages.length - 1;
}

async function crashed(page) {
  const over = page.waitForEvent("crash");
  // It never gets there.
  page.goto("chrome://crash").catch(() => {});
  await over;
}

async function answer(line) {
  const { id, open: url, scripts, page, run, close, crash } = JSON.parse(line);
  try {
    let value = null;
    if (url) value = await open(url, scripts ?? []);
    else if (crash) await crashed(pages[page]);
    else if (close) await pages[page].close({ runBeforeUnload: false });
    else value = await pages[page].evaluate(`(async () => { ${run} })()`);
    console.log(JSON.stringify({ id, value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ id, error: String(error) }));
  }
}

console.log(JSON.stringify({ id: 0, value: "ready" }));
for await (const line of createInterface({ input: process.stdin })) void answer(line);
await context.close();
server.close();
server.closeAllConnections();
rmSync(profile, { recursive: true, force: true });
