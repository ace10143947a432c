// Signs up, goes online, calls, mutes, presses keys, holds, ends.
import assert from "node:assert/strict";
import { call, endCall, goOnline, house, signUp, simulator, until } from "./house.mjs";

const { context, open, close } = await house();
const page = await open("/signup.html");
await signUp(page);
assert.equal(await page.evaluate("document.cookie"), "", "no script can read the session");
await goOnline(page);

// Numbers are pasted as they come.
await context.grantPermissions(["clipboard-read", "clipboard-write", "microphone"]);
const field = page.getByLabel("Call a number");
const target = page.locator("#target");
for (const [pasted, shown] of [
  ["(555) 000-2222", "United States · +15550002222"],
  ["\u202a+44 20 7946 0958\u202c", "United Kingdom · +442079460958"],
  ["tel:+49-30-901820", "Germany · +4930901820"],
  ["Ring me: 555.000.2222 (mornings)", "United States · +15550002222"],
  ["00 33 1 70 18 99 00", "France · +33170189900"],
  ["no number at all", "This is no whole number yet"],
]) {
  await page.evaluate((text) => navigator.clipboard.writeText(text), pasted);
  await field.fill("");
  await field.press("Control+V");
  await target.getByText(shown, { exact: true }).waitFor();
}
await page.getByLabel("Country you call from").selectOption("DE");
await field.fill("030 901820");
await target.getByText("Germany · +4930901820").waitFor();
await page.getByLabel("Country you call from").selectOption("US");

// By keyboard alone, focus goes along: into the call, and to what ends it.
await field.fill("(555) 000-2222");
await field.press("Enter");
await page.getByText("In call").waitFor();
assert.equal(await page.evaluate(() => document.activeElement.textContent), "+1 555 000 2222");
assert.match(await page.title(), /In call · \+1 555 000 2222/);
await page.getByRole("timer").getByText("0:01").waitFor();
const { calls } = await simulator("GET", "/sim/calls");
const far = calls.find((one) => one.to === "+15550002222").sid;

// The page that is left in a call asks back, and stays where it is wanted.
const asked = new Promise((done) => {
  page.once("dialog", async (dialog) => {
    await dialog.dismiss();
    done(dialog.type());
  });
});
await page.close({ runBeforeUnload: true });
assert.equal(await asked, "beforeunload");
assert.equal(await page.getByRole("button", { name: "Log out" }).isDisabled(), true);

await page.getByRole("button", { name: "Mute", exact: true }).click();
await page.getByText("You are muted").waitFor();
await page.keyboard.press("m");
await page.getByText("In call").waitFor();
await page.getByRole("button", { name: "Keypad", exact: true }).click();
await page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "5" }).click();
await page.keyboard.press("#");
await page.getByLabel("Keys pressed").getByText("5#").waitFor();
await until("the far end is sent the keys", async () => {
  const { heard } = await simulator("GET", `/sim/calls/${far}`);
  return JSON.stringify(heard).match(/[0-9#](?=")/g)?.join("") === "5#";
});

const hold = page.getByRole("button", { name: "Hold", exact: true });
await hold.click();
await page.getByText("On hold", { exact: true }).waitFor();
assert.match(await page.title(), /On hold/);
assert.equal(await hold.evaluate((button) => document.activeElement === button), true, "focus stays at hand");
await page.keyboard.press("h");
await page.getByText("In call").waitFor();
await page.keyboard.press("e");
await page.getByText("Call ended").waitFor();
await page.getByRole("button", { name: "Done" }).press("Enter");
assert.equal(await field.evaluate((input) => document.activeElement === input), true);

// One that is busy, and one that is given up.
await field.fill("+1 500 555 0100");
await field.press("Enter");
await page.getByText("The line is busy").waitFor();
await page.getByRole("button", { name: "Done" }).press("Enter");
await field.fill("+1 500 555 0101");
await field.press("Enter");
await page.getByText("Ringing…").waitFor();
await page.keyboard.press("e");
await page.getByText("Cancelled").first().waitFor();
await page.getByRole("button", { name: "Done" }).press("Enter");

// The keys are in a list, and can be switched off.
await page.getByRole("heading", { name: "Calls" }).click();
await page.keyboard.press("?");
const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
await help.getByText("Mute or unmute").waitFor();
await help.getByLabel("Use these keys").uncheck();
await help.getByRole("button", { name: "Close" }).click();
await call(page);
await page.getByRole("heading", { name: "Calls" }).click();
await page.keyboard.press("m");
await page.keyboard.press("e");
await page.getByText("In call").waitFor();
assert.equal(await page.getByRole("button", { name: "Mute", exact: true }).getAttribute("aria-pressed"), "false");
await endCall(page);

await page.getByRole("button", { name: "Log out" }).click();
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
await page.reload();
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
await close();
