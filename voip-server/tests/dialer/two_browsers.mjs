// One person in two browsers, both online: a call rings in both, and one of them takes it.
import { card, endCall, goOnline, house, logIn, numbered, ring, signUp, simulator } from "./house.mjs";

const ELSEWHERE = "in another tab or on another device";
const { open, another, close } = await house();
const desk = await open("/signup.html");
await signUp(desk);
await numbered(desk);
await goOnline(desk);
const sofa = await (await another()).open("/login.html");
await logIn(sofa);
await goOnline(sofa);
const tells = async (page, words) => {
  await card(page).getByText(words, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Close" }).click();
};

for (const [taker, left] of [[desk, sofa], [sofa, desk]]) {
  await ring("+15550003333");
  await card(left).getByText("Incoming call", { exact: true }).waitFor();
  await taker.getByRole("button", { name: "Accept" }).click();
  await taker.getByText("In call").waitFor();
  await tells(left, `Answered ${ELSEWHERE}`);
  await left.getByLabel("Call a number").waitFor();
  await endCall(taker);
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
