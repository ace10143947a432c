// The server is killed and comes back: in a call, while the far end hangs up, and while it rings.
import assert from "node:assert/strict";
import { call, card, endCall, goOnline, house, numbered, ring, signUp, simulator } from "./house.mjs";
import { kill, start } from "./server.mjs";

const { open, close } = await house({ expected: [/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/] });
await start();
const page = await open("/signup.html");
await signUp(page);
await numbered(page);
await goOnline(page);
const banner = page.locator(".banner");
const hold = page.getByRole("button", { name: "Hold", exact: true });

// In a call, which goes on.
await call(page);
await kill();
await banner.getByText("No connection to the server. Your call goes on; trying again…").waitFor();
await hold.click();
await page.getByText("The server cannot be reached.").waitFor();
await page.getByText("In call", { exact: true }).waitFor();
assert.equal(await hold.getAttribute("aria-pressed"), "false", "hold is what the server confirms");
assert.match(await page.title(), /In call/);
await start();
await banner.waitFor({ state: "hidden" });
await page.getByText("In call").waitFor();
await hold.click();
await page.getByText("On hold", { exact: true }).waitFor();
await hold.click();
await page.getByText("In call").waitFor();
await endCall(page);
const rows = page.getByRole("listitem");
await rows.filter({ hasText: "+1 555 000 2222" }).getByText("Answered").waitFor();

// The far end hangs up meanwhile: the page says so at once, the log when there is one.
await call(page, "+1 555 000 3333");
const { calls } = await simulator("GET", "/sim/calls");
await kill();
await simulator("POST", `/sim/calls/${calls.find(({ to }) => to === "+15550003333").sid}/hangup`, {});
await page.getByText("Call ended").waitFor();
await banner.getByText("No connection to the server. Trying again…").waitFor();
await start();
await banner.waitFor({ state: "hidden" });
await page.getByRole("button", { name: "Done" }).click();
await rows.filter({ hasText: "+1 555 000 3333" }).getByText("Answered").waitFor();

// While it rings.
await ring("+15550004444");
await card(page).getByText("Incoming call", { exact: true }).waitFor();
await kill();
await card(page).getByText("No connection to the server, trying again…").waitFor();
assert.equal(await page.getByRole("button", { name: "Accept" }).isDisabled(), true);
await start();
await card(page).getByText("Incoming call", { exact: true }).waitFor();
await page.getByRole("button", { name: "Accept" }).click();
await page.getByText("In call").waitFor();
await endCall(page);
await close();
