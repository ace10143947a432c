// What a first visit transfers, and what the first paint waits for.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { SERVER, house, until } from "./house.mjs";

const MOST = 100_000;
const MODULES = readdirSync(process.env.WEB).filter((name) => name.endsWith(".js")).length;
const { context, open, close } = await house();
/** @type {Map<string, { url: string, bytes: number }>} */
const transfers = new Map();
const page = await open("about:blank", async (page) => {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", ({ requestId, request }) => transfers.set(requestId, { url: request.url, bytes: 0 }));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const transfer = transfers.get(requestId);
    if (transfer) transfer.bytes = encodedDataLength;
  });
});

// Only the style sheet holds the first paint up: words are there while the scripts are under way.
const early = [];
let release;
const held = new Promise((done) => (release = done));
await page.route("**/*.js", async (route) => {
  early.push(route.request().url());
  await held;
  await route.continue();
});
await page.goto(`${SERVER}/`, { waitUntil: "commit" });
await page.getByText("Loading…").waitFor();
await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length === 1);
const blocking = () => performance.getEntriesByType("resource").filter((one) => one.renderBlockingStatus === "blocking").map(({ name }) => name.split("/").pop());
assert.deepEqual(await page.evaluate(blocking), ["style.css"]);
// All modules are asked for at once, not one after the other as they name each other.
const modules = () => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js"));
await until("every module is asked for", async () => early.length === MODULES);
release();
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
assert.deepEqual((await page.evaluate(modules)).sort(), early.sort());
await page.unrouteAll();

// Counted without anything in between, and without a copy from before.
transfers.clear();
const session = await context.newCDPSession(page);
await session.send("Network.clearBrowserCache");
await page.goto(`${SERVER}/`);
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
const all = [...transfers.values()];
const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
assert.ok(all.filter(({ url }) => url.endsWith(".js")).every(({ bytes }) => bytes > 0), "each is counted");
assert.ok(total > 10_000 && total < MOST, `${total} bytes: ${all.map(({ url, bytes }) => `${bytes} ${url}`).join(", ")}`);
assert.deepEqual(all.filter(({ url }) => !url.startsWith(SERVER)), [], "nothing from elsewhere");
assert.equal(all.some(({ url }) => /sdk|sim-client/.test(url)), false, "what calls is fetched when it is wanted");
console.log(`${total} bytes in ${all.length} requests`);
await close();
