// What keeps the page from the microphone, in words that lead on.
import { INSECURE, goOnline, house, logIn, signUp } from "./house.mjs";

// Of such a page the browser says so too.
const { context, open, close } = await house({ microphone: false, expected: [/Cross-Origin-Opener-Policy/] });
const page = await open("/signup.html");
await signUp(page);
const online = page.getByRole("button", { name: "Go online", exact: true });

// Denied, by the browser itself.
await online.click();
await page.getByRole("alert").getByText("The microphone is blocked for this page. Allow it").waitFor();

// None, and one that is busy: this browser's are made up, so its answer is as well.
for (const [name, words] of [
  ["NotFoundError", "No microphone was found. Plug one in"],
  ["NotReadableError", "Another program is using the microphone. Close it"],
  ["AbortError", "The microphone cannot be used. Check the settings"],
]) {
  await page.evaluate((name) => {
    MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException("no", name));
  }, name);
  await online.click();
  await page.getByRole("alert").getByText(words).waitFor();
}

await page.reload();
await context.grantPermissions(["microphone"]);
await goOnline(page);

// A page that came by plain http from another machine.
const plain = await open(`${INSECURE}/login.html`);
await logIn(plain);
await plain.getByRole("button", { name: "Go online", exact: true }).click();
await plain.getByRole("alert").getByText("Open this page by https, or as http://localhost.").waitFor();
await close();
