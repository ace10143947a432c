// Signs up, goes online, calls, mutes, presses keys, holds, ends; then the log.
import assert from "node:assert/strict";
import { goOnline, house, looked, signUp } from "./house.mjs";

const { open, close } = await house();
const page = await open("/signup.html");
await looked(page, "signup");
await signUp(page);
assert.equal(await page.evaluate("document.cookie"), "", "no script can read the session");
await looked(page, "offline");
await goOnline(page);
await page.getByText("No calls yet").waitFor();
await looked(page, "online");

await page.getByLabel("Call a number").fill("(555) 000-2222");
await page.getByText("United States · +15550002222").waitFor();
await page.getByRole("button", { name: "Call", exact: true }).click();
await page.getByText("In call").waitFor();
assert.match(await page.title(), /In call · \+1 555 000 2222/);
await looked(page, "talking");

await page.getByRole("button", { name: "Mute", exact: true }).click();
await page.getByText("You are muted").waitFor();
await page.getByRole("button", { name: "Mute", exact: true }).click();
await page.getByRole("button", { name: "Keypad", exact: true }).click();
await page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "5" }).click();
await page.getByLabel("Keys pressed").getByText("5").waitFor();

const hold = page.getByRole("button", { name: "Hold", exact: true });
await hold.click();
await page.getByText("On hold", { exact: true }).waitFor();
await looked(page, "held");
await hold.click();
await page.getByText("In call").waitFor();
await page.getByRole("button", { name: "End", exact: true }).click();
await page.getByText("Call ended").waitFor();
await looked(page, "over");
await page.getByRole("button", { name: "Done" }).click();

const row = page.getByRole("listitem").filter({ hasText: "+1 555 000 2222" });
await row.getByText("Answered").waitFor();
await looked(page, "log");
await row.getByRole("button", { name: "Call +1 555 000 2222" }).click();
assert.equal(await page.getByLabel("Call a number").inputValue(), "+15550002222");
await row.getByRole("button", { name: "Delete" }).click();
await page.getByText("No calls yet").waitFor();
await page.getByRole("button", { name: "Undo" }).click();
await row.waitFor();

await page.getByRole("button", { name: "Log out" }).click();
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
await looked(page, "login");
await page.reload();
await page.getByRole("heading", { name: "Welcome back" }).waitFor();
await close();
