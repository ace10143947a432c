// The login is gone in the middle of a call: the page asks for the password beside it, the call goes on.
import assert from "node:assert/strict";
import { call, endCall, goOnline, house, signUp } from "./house.mjs";

const { context, open, close } = await house({ expected: [/401/] });
const page = await open("/signup.html");
await signUp(page);
await goOnline(page);
await call(page);

await context.clearCookies();
const hold = page.getByRole("button", { name: "Hold", exact: true });
await hold.click();
const again = page.getByRole("region", { name: "Log in again" });
await again.waitFor();
assert.match(await page.title(), /In call/, "the call goes on");
assert.equal(await again.getByLabel("E-mail").inputValue(), "ann@example.com");
// The call is at hand meanwhile.
await page.getByRole("button", { name: "Mute", exact: true }).click();
await again.getByLabel("Password").fill("wrong horse battery");
await again.getByRole("button", { name: "Log in" }).click();
await again.getByRole("alert").filter({ hasText: /./ }).waitFor();
await again.getByLabel("Password").fill("correct horse battery");
await again.getByRole("button", { name: "Log in" }).click();
await again.waitFor({ state: "hidden" });

await hold.click();
await page.getByText("On hold", { exact: true }).waitFor();
await endCall(page);
await close();
