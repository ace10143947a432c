// A page of the dialer in Chromium, with a microphone that is made up, and what every flow holds.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BROWSER_LIBRARIES}/`);
const { chromium } = require("playwright-core");
export const { SERVER, SIMULATOR } = process.env;
/** The server under a name that browsers do not trust without https. */
export const INSECURE = SERVER?.replace(/\/\/[^:]*/, "//insecure.test");
/** The number of who signs up here. */
export const OURS = "+15550001111";

/** Generous: other tests run beside this one. */
const PATIENCE = 30_000;
const RULES = ["MAP insecure.test 127.0.0.1", "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1"];

/**
 * @param {{ microphone?: boolean, expected?: (string | RegExp)[], flags?: string[], rules?: string[] }} [how]
 *   whether there is a microphone; what the console may say; more flags, and where names lead
 */
export async function house({ microphone = true, expected = [], flags = [], rules = [] } = {}) {
  const browser = await chromium.launch({
    executablePath: `/usr/bin/${process.env.CHROMIUM}`,
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", ...(microphone ? ["--use-fake-ui-for-media-stream"] : []), "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required", `--host-resolver-rules=${[...rules, ...RULES].join(", ")}`, ...flags],
  });
  const faults = [];
  /** Another browser of another person, or of the same: it has cookies of its own. */
  const another = async (more = {}) => {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en-US", permissions: microphone ? ["microphone"] : [], ...more });
    context.setDefaultTimeout(PATIENCE);
    const open = async (path, prepare = async () => {}) => {
      const page = await context.newPage();
      page.on("pageerror", (error) => faults.push(`${error.stack}`));
      page.on("console", (message) => {
        const text = `${message.text()} ${message.location().url}`;
        // Asking who is logged in is answered 401 before anybody is.
        const fine = /401.*\/api\/session$/.test(text) || expected.some((one) => text.match(one));
        if (message.type() === "error" && !fine) faults.push(text);
      });
      await prepare(page);
      await page.goto(path.includes(":") ? path : SERVER + path);
      return page;
    };
    return { context, open };
  };
  const close = async () => {
    await browser.close();
    assert.deepEqual(faults, [], "no error of a page or in the console");
  };
  return { ...(await another()), another, close };
}

export const PASSWORD = "correct horse battery";

export async function signUp(page, email = "ann@example.com", name = "Ann") {
  await page.getByLabel("Name (optional)").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("heading", { name: "You are offline" }).waitFor();
}

export async function logIn(page, email = "ann@example.com") {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Gives whoever is logged in there a number, so that they can be called. */
export async function numbered(page, phoneNumber = OURS) {
  const status = await page.evaluate(async (phoneNumber) => {
    const { user } = await (await fetch("/api/session")).json();
    const body = JSON.stringify({ userId: user.userId, phoneNumber, fcmToken: `a-token-${user.userId}` });
    return (await fetch("/api/register-user", { method: "POST", headers: { "Content-Type": "application/json" }, body })).status;
  }, phoneNumber);
  assert.equal(status, 200, "the session's cookie is enough");
}

export async function goOnline(page) {
  await page.getByRole("button", { name: "Go online", exact: true }).click();
  await page.getByLabel("Call a number").waitFor();
}

/** Calls a number, which answers in the simulator. */
export async function call(page, number = "+1 555 000 2222") {
  await page.getByLabel("Call a number").fill(number);
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await page.getByText("In call").waitFor();
}

export async function endCall(page) {
  await page.getByRole("button", { name: "End", exact: true }).click();
  await page.getByText("Call ended").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
}

/** Asks the simulator. */
export async function simulator(method, path, body) {
  const answer = await fetch(SIMULATOR + path, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.equal(answer.ok, true, text);
  return text && JSON.parse(text);
}

/** Looks until it is so. @param {string} what @param {() => Promise<boolean>} look */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  while (!(await look())) {
    assert.ok(Date.now() < end, `waited in vain for this: ${what}`);
    // real time: whoever is asked tells nothing by itself.
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Somebody calls the number. @returns the name of their leg */
export const ring = async (from, to = OURS) => (await simulator("POST", "/sim/calls", { from, to })).sid;

/** The card of an incoming call. */
export const card = (page) => page.getByRole("region", { name: "Incoming calls" });
