// Whole flows with the official Node helper library, pointed at the simulator.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { createRequire } from "node:module";

// Installed beside this script's dependencies, not beside this script.
const require = createRequire(process.env.NODE_LIBRARIES + "/");
const twilio = require("twilio");
const { RequestClient } = twilio;

const { SIMULATOR, ACCOUNT, TOKEN } = process.env;
const OURS = "+15005550006";
const ANSWERS = "+15005550104";

// This is all it takes: the library's own HTTP client, and another address.
class SimulatorClient extends RequestClient {
  request(options) {
    const uri = options.uri.replace("https://api.twilio.com", SIMULATOR);
    return super.request({ ...options, uri });
  }
}
const client = twilio(ACCOUNT, TOKEN, { httpClient: new SimulatorClient() });

// The application: it checks every signature with the library's validator.
const seen = [];
const documents = {
  "/answer": "<Response><Say>Hello</Say><Pause length='600'/></Response>",
};
const app = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const fields = Object.fromEntries(new URLSearchParams(body));
  const signature = request.headers["x-twilio-signature"];
  const url = `${base}${request.url}`;
  const valid = twilio.validateRequest(TOKEN, signature, url, fields);
  seen.push({ path: request.url, fields, valid, signature, url });
  const document = documents[request.url];
  response.writeHead(document ? 200 : 204, { "content-type": "text/xml" });
  response.end(document);
});
await new Promise((ready) => app.listen(0, "127.0.0.1", ready));
const base = `http://127.0.0.1:${app.address().port}`;

async function until(what, ask) {
  // real time: the simulator is another process.
  for (let turn = 0; turn < 1000; turn += 1) {
    const found = await ask();
    if (found) return found;
    await pause(10);
  }
  throw new Error(`in vain: ${what}`);
}

async function refused(code, status, attempt) {
  await assert.rejects(attempt, (error) => {
    assert.equal(error.code, code);
    assert.equal(error.status, status);
    return true;
  });
}

// Calls: create, fetch, redirect, end, list, delete.
const call = await client.calls.create({
  to: ANSWERS,
  from: OURS,
  url: `${base}/answer`,
  statusCallback: `${base}/status?own=1`,
  statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
});
assert.match(call.sid, /^CA[0-9a-f]{32}$/);
assert.equal(call.status, "queued");
assert.ok(call.dateCreated instanceof Date);
const fetched = () => client.calls(call.sid).fetch();
await until("the call is up", async () => (await fetched()).status === "in-progress");
await until("the document is asked for", () => seen.some(({ path }) => path === "/answer"));
const moved = await client.calls(call.sid).update({ twiml: "<Response><Pause length='600'/></Response>" });
assert.equal(moved.status, "in-progress");
await client.calls(call.sid).update({ status: "completed" });
const ended = await until("the call is over", async () => {
  const now = await fetched();
  return now.status === "completed" && now;
});
assert.ok(ended.endTime instanceof Date);
assert.equal(ended.direction, "outbound-api");
await refused(21220, 400, () => client.calls(call.sid).update({ twiml: "<Response/>" }));
await refused(21211, 400, () => client.calls.create({ to: "nobody", from: OURS, twiml: "<Response/>" }));
await refused(20404, 404, () => client.calls("CA" + "0".repeat(32)).fetch());
const stranger = twilio(ACCOUNT, "wrong", { httpClient: new SimulatorClient() });
await refused(20003, 401, () => stranger.calls(call.sid).fetch());
assert.equal(await client.calls(call.sid).remove(), true);
await refused(20404, 404, fetched);

// Paging: the library walks it to the end, and page by page, forwards and back.
const made = new Set();
for (let index = 0; index < 73; index += 1) {
  const { sid } = await client.calls.create({ to: "+15005550100", from: OURS, twiml: "<Response/>" });
  made.add(sid);
}
const listed = await client.calls.list({ to: "+15005550100", pageSize: 20 });
assert.deepEqual(new Set(listed.map(({ sid }) => sid)), made);
assert.equal(listed.length, made.size);
const first = await client.calls.page({ to: "+15005550100", pageSize: 50 });
assert.equal(first.instances.length, 50);
const second = await first.nextPage();
assert.equal(second.instances.length, 23);
assert.equal(await second.nextPage(), undefined);
const back = await second.previousPage();
assert.deepEqual(back.instances.map(({ sid }) => sid), first.instances.map(({ sid }) => sid));
const limited = await client.calls.list({ limit: 7 });
assert.equal(limited.length, 7);
const since = new Date(Date.now() - 3_600_000);
assert.equal((await client.calls.list({ startTimeAfter: since, limit: 5 })).length, 5);

// Conferences and participants.
const invite = (label) =>
  client.conferences("the room").participants.create({
    from: OURS,
    to: ANSWERS,
    label,
    conferenceStatusCallback: `${base}/conference`,
    conferenceStatusCallbackEvent: ["start", "end", "join", "leave", "hold"],
  });
const ann = await invite("ann");
assert.equal(ann.status, "queued");
const bob = await invite("bob smith");
assert.equal(bob.conferenceSid, ann.conferenceSid);
const [room] = await until("the conference has started", async () => {
  const rooms = await client.conferences.list({ friendlyName: "the room", status: "in-progress" });
  return rooms.length === 1 && rooms;
});
assert.equal(room.sid, ann.conferenceSid);
const participants = () => client.conferences(room.sid).participants;
assert.equal((await participants().list()).length, 2);
const held = await client.conferences(room.sid).participants("bob smith").update({ hold: true });
assert.equal(held.hold, true);
assert.equal((await participants().list({ hold: true })).length, 1);
assert.equal((await client.conferences(room.sid).participants("ann").fetch()).callSid, ann.callSid);
assert.equal(await client.conferences(room.sid).participants("ann").remove(), true);
await refused(20404, 404, () => client.conferences(room.sid).participants("ann").fetch());
const closed = await client.conferences(room.sid).update({ status: "completed" });
assert.equal(closed.status, "completed");
assert.equal(closed.reasonConferenceEnded, "conference-ended-via-api");

// Recordings: metadata, and a file, whose length is told in whole seconds.
const recorded = await client.calls.create({
  to: ANSWERS,
  from: OURS,
  record: true,
  recordingStatusCallback: `${base}/recording`,
  twiml: "<Response><Pause length='600'/></Response>",
});
await until("it is recorded", async () => (await client.recordings.list({ callSid: recorded.sid })).length === 1);
await pause(50);
await client.calls(recorded.sid).update({ status: "completed" });
const recording = await until("the recording is ready", async () => {
  const [found] = await client.calls(recorded.sid).recordings.list();
  return found?.status === "completed" && found;
});
assert.equal(recording.source, "OutboundAPI");
const sound = Buffer.from(await (await fetch(SIMULATOR + recording.uri.replace(/json$/, "wav"))).arrayBuffer());
assert.equal(sound.subarray(0, 4).toString(), "RIFF");
const whole = 44 + Number(recording.duration) * 16_000;
assert.ok(sound.length > 44 && sound.length <= whole, `${sound.length} bytes`);
assert.equal(await client.recordings(recording.sid).remove(), true);

// Every webhook was signed so that the library accepts it, and no other.
await until("the recording is told", () => seen.some(({ path }) => path === "/recording"));
await until("the end of the conference is told", () =>
  seen.some(({ fields }) => fields.StatusCallbackEvent === "conference-end"));
assert.ok(seen.length >= 8, `${seen.length} webhooks`);
for (const { path, fields, valid, signature, url } of seen) {
  assert.equal(valid, true, path);
  const changed = { ...fields, AccountSid: "AC" + "1".repeat(32) };
  assert.equal(twilio.validateRequest(TOKEN, signature, url, changed), false);
}
const told = seen.filter(({ path }) => path === "/status?own=1");
const inOrder = told.sort((one, other) => one.fields.SequenceNumber - other.fields.SequenceNumber);
assert.deepEqual(
  inOrder.map(({ fields }) => fields.CallStatus),
  ["initiated", "ringing", "in-progress", "completed"],
);
app.close();
process.exit(0);
