// What the page tells of by itself: weak sound, a lost connection, and a call while it is out of sight.
import assert from "node:assert/strict";
import { call, card, endCall, goOnline, house, numbered, ring, signUp, simulator } from "./house.mjs";

const { context, open, close } = await house();
// The system's own notifications are out of a test's sight: here they are kept in a list.
await context.addInitScript(() => {
  globalThis.notes = [];
  globalThis.Notification = class {
    static permission = "default";
    static requestPermission() {
      this.permission = "granted";
      return Promise.resolve(this.permission);
    }
    constructor(title, { tag }) {
      Object.assign(this, { title, tag, open: true });
      globalThis.notes.push(this);
    }
    close() {
      this.open = false;
    }
  };
});
let sockets = [];
let cut = false;
await context.routeWebSocket("**/ws", (socket) => {
  if (cut) return socket.close();
  socket.connectToServer();
  sockets.push(socket);
});
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await goOnline(page);
const hides = (hidden) => page.evaluate((hidden) => Object.defineProperty(document, "hidden", { configurable: true, value: hidden }), hidden);
const notes = () => page.evaluate(() => globalThis.notes.map(({ title, open }) => [title, open]));

// Nobody is asked before they ask for it.
await hides(true);
let sid = await ring("+15550003333");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
assert.deepEqual(await notes(), []);
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
await page.getByRole("button", { name: "Close" }).click();
await page.getByText("Sound", { exact: true }).click();
await page.getByRole("button", { name: "Tell me of calls when I am in another window" }).click();
await page.getByRole("button", { name: "Tell me of calls" }).waitFor({ state: "hidden" });

// In sight nothing, out of sight one, which goes when the call does.
await hides(false);
sid = await ring("+15550004444");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
await page.getByRole("button", { name: "Close" }).click();
assert.deepEqual(await notes(), []);
await hides(true);
sid = await ring("+15550005555");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
assert.deepEqual(await notes(), [["+1 555 000 5555 is calling", true]]);
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
await page.getByRole("button", { name: "Close" }).click();
assert.deepEqual(await notes(), [["+1 555 000 5555 is calling", false]]);
await hides(false);

// No sound arrives any more, and does again.
await call(page);
const weak = page.getByText("Nothing comes from the other side. Your connection may be interrupted.");
await simulator("PUT", "/sim/losses", { media: true });
await weak.waitFor();
await simulator("PUT", "/sim/losses", {});
await weak.waitFor({ state: "hidden" });

// The server's news is lost for a while. What happened meanwhile is there afterwards.
cut = true;
for (const socket of sockets) await socket.close();
const banner = page.locator(".banner");
await banner.getByText("No connection to the server. Your call goes on; trying again…").waitFor();
await ring("+15550006666");
assert.equal(await card(page).locator(".card").count(), 0);
cut = false;
await banner.waitFor({ state: "hidden" });
await card(page).getByText("End your call to answer").waitFor();
await page.getByText("In call").waitFor();

// The way to who carries the call is lost for a while.
await simulator("PUT", "/sim/losses", { signalling: true });
await page.getByText("The connection is being restored…").waitFor();
await simulator("PUT", "/sim/losses", {});
await page.getByText("In call").waitFor();
await endCall(page);
await close();
