// The microphone is denied: the page says so, and how to go on.
import { house, looked, signUp } from "./house.mjs";

const { context, open, close } = await house({ microphone: false });
const page = await open("/signup.html");
await signUp(page);
await page.getByRole("button", { name: "Go online" }).click();
await page.getByText("The microphone is blocked for this page.").waitFor();
await looked(page, "microphone-denied");
await context.grantPermissions(["microphone"]);
await page.getByRole("button", { name: "Go online" }).click();
await page.getByLabel("Call a number").waitFor();
await close();
