// One person in two browsers, both online: a call rings in both, and one of them takes it.
import assert from "node:assert/strict";
import { card, endCall, goOnline, house, logIn, numbered, ring, signUp, simulator } from "./house.mjs";

const ELSEWHERE = "in another tab or on another device";
const { open, another, close } = await house();
/** Counts the connections for sound that a page makes. */
const counted = (page) => page.addInitScript(() => {
  globalThis.connections = 0;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...how) {
      super(...how);
      globalThis.connections += 1;
    }
  };
});
const connections = (page) => page.evaluate("connections");
const desk = await open("/signup.html", counted);
await signUp(desk);
await numbered(desk);
await goOnline(desk);
const sofa = await (await another()).open("/login.html", counted);
await logIn(sofa);
await goOnline(sofa);
const tells = async (page, words) => {
  await card(page).getByText(words, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Close" }).click();
};

for (const [taker, left] of [[desk, sofa], [sofa, desk]]) {
  const before = [await connections(taker), await connections(left)];
  await ring("+15550003333");
  await card(left).getByText("Incoming call", { exact: true }).waitFor();
  await taker.getByRole("button", { name: "Accept" }).click();
  await taker.getByText("In call").waitFor();
  await tells(left, `Answered ${ELSEWHERE}`);
  await left.getByLabel("Call a number").waitFor();
  await endCall(taker);
  assert.deepEqual([await connections(taker), await connections(left)], [before[0] + 1, before[1]], "who did not answer is not listened to");
}

await ring("+15550004444");
await card(desk).getByText("Incoming call", { exact: true }).waitFor();
await sofa.getByRole("button", { name: "Decline" }).click();
await tells(desk, `Declined ${ELSEWHERE}`);

const sid = await ring("+15550005555");
for (const page of [desk, sofa]) await card(page).getByText("Incoming call", { exact: true }).waitFor();
await simulator("POST", `/sim/calls/${sid}/hangup`, {});
for (const page of [desk, sofa]) await tells(page, "The caller hung up");
await close();
