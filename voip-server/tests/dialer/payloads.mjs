// Whatever others write, the page shows as text: nothing of it runs, nothing becomes an element.
import assert from "node:assert/strict";
import { house, signUp } from "./house.mjs";

const bodies = ["hurt()", "hurt`1`", "window['hurt']()", "top.hurt(1)", "setTimeout('hurt()')"];
const shapes = [
  (body) => `<script>${body}</script>`,
  (body) => `<img src=x onerror="${body}">`,
  (body) => `<svg onload=${body}>`,
  (body) => `"><svg/onload=${body}>`,
  (body) => `'><img src=x onerror=${body}>`,
  (body) => `<a href="javascript:${body}">x</a>`,
  (body) => `javascript:${body}`,
  (body) => `<iframe srcdoc="<script>parent.${body}</script>">`,
  (body) => `<details open ontoggle=${body}>`,
  (body) => `<input autofocus onfocus=${body}>`,
  (body) => `</time><script>${body}</script>`,
  (body) => `<math><mtext><style><img src onerror=${body}></style></mtext></math>`,
  (body) => `<body onload=${body}>`,
  (body) => `<object data="javascript:${body}">`,
  (body) => `<video><source onerror=${body}></video>`,
  (body) => `<template><img src=x onerror=${body}></template>`,
  (body) => `\u003cimg src=x onerror=${body}\u003e`,
  (body) => `{{constructor.constructor('${body}')()}}`,
  (body) => `\${${body}}`,
  (body) => `<noscript><img src=x onerror=${body}></noscript>`,
];
const payloads = shapes.flatMap((shape) => bodies.map(shape));
assert.equal(payloads.length, 100);

const { context, open, close } = await house();
let hurt = 0;
await context.exposeFunction("hurt", () => {
  hurt += 1;
});
const logs = payloads.map((text, place) => ({
  id: `00000000-0000-7000-8000-${String(place).padStart(12, "0")}`, call_sid: text, from_number: text, to_number: text,
  direction: place % 2 ? "inbound" : "outbound", status: place % 3 ? "completed" : text, duration: 1, created_at: "2026-01-05T12:00:00Z",
}));
await context.route("**/api/call-logs?*", (route) => route.fulfill({ json: { success: true, logs, nextCursor: null } }));
await context.routeWebSocket("**/ws", (socket) => {
  socket.onMessage(() => {
    socket.send(JSON.stringify({ type: "register_success", userId: "x", liveCalls: [] }));
    for (const [place, text] of payloads.entries()) socket.send(JSON.stringify({ type: "incoming_call", callId: `c${place}`, from: text, to: text }));
  });
});
const page = await open("/signup.html");
await signUp(page, "ann@example.com", payloads[1]);
await page.getByText(payloads[1], { exact: true }).first().waitFor();
const row = page.getByRole("list", { name: "Calls" }).getByRole("listitem");
await row.nth(99).waitFor();
const shown = await page.getByRole("list", { name: "Calls" }).locator(".party").allTextContents();
assert.deepEqual(shown, payloads);
const rings = page.getByRole("region", { name: "Incoming calls" }).locator(".party");
await rings.nth(99).waitFor();
assert.deepEqual(await rings.allTextContents(), payloads);
const foreign = await page.locator("voip-app :is(script, img, iframe, object, video, math, template, noscript)").count();
assert.equal(foreign, 0, "no element of theirs");
assert.equal(hurt, 0, "nothing of theirs ran");
await close();
