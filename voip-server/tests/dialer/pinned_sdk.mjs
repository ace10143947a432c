// The Voice SDK from the internet: not to be had, another than the one that was tried, and that one.
import { readFileSync } from "node:fs";
import { SIMULATOR, goOnline, house, signUp } from "./house.mjs";
import { start } from "./server.mjs";

await start();
const rules = [`MAP *.twilio.com:443 ${new URL(SIMULATOR).host}`];
const { context, open, close } = await house({ rules, flags: ["--ignore-certificate-errors"], expected: [/ERR_NAME_NOT_RESOLVED/, /integrity/, /sdk[.]twilio[.]com/] });
const page = await open("/signup.html");
await signUp(page);
const online = page.getByRole("button", { name: "Go online", exact: true });
const problem = page.getByRole("alert").getByText("The Voice SDK could not be loaded, so there are no calls for now.");
// Twice: the second try says the same as the first.
for (let turn = 0; turn < 2; turn += 1) {
  await online.click();
  await page.getByRole("button", { name: "Going online…" }).waitFor({ state: "detached" });
  await problem.waitFor();
}
await page.getByText("give it a copy of its own with VOICE_SDK_FILE").waitFor();

const sdk = readFileSync(process.env.SDK, "utf8");
const gives = (body) => context.route("https://cdn.jsdelivr.net/**", (route) => route.fulfill({ body, contentType: "text/javascript", headers: { "Access-Control-Allow-Origin": "*" } }));
await gives(`${sdk}\n// and something else`);
await online.click();
await page.getByRole("button", { name: "Going online…" }).waitFor({ state: "detached" });
await problem.waitFor();
await context.unrouteAll();
await gives(sdk);
await goOnline(page);
await close();
