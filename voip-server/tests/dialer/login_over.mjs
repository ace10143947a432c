// The login is gone in the middle of a call: the page asks for the password, the call goes on.
import assert from "node:assert/strict";
import { goOnline, house, looked, signUp } from "./house.mjs";

const { context, open, close } = await house({ refusals: true });
const page = await open("/signup.html");
await signUp(page);
await goOnline(page);
await page.getByLabel("Call a number").fill("+1 555 000 2222");
await page.getByRole("button", { name: "Call", exact: true }).click();
await page.getByText("In call").waitFor();

await context.clearCookies();
const hold = page.getByRole("button", { name: "Hold", exact: true });
await hold.click();
const dialog = page.getByRole("dialog", { name: "Log in again" });
await dialog.waitFor();
await looked(page, "login-over");
assert.match(await page.title(), /In call/, "the call goes on");
await dialog.getByLabel("E-mail").fill("ann@example.com");
await dialog.getByLabel("Password").fill("correct horse battery");
await dialog.getByRole("button", { name: "Log in" }).click();
await dialog.waitFor({ state: "detached" });

await hold.click();
await page.getByText("On hold", { exact: true }).waitFor();
await page.getByRole("button", { name: "End", exact: true }).click();
await page.getByText("Call ended").waitFor();
await close();
