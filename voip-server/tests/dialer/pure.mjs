// What of the page is pure: the call, and telephone numbers.
import assert from "node:assert/strict";
import { join } from "node:path";

const load = (name) => import(join(process.env.MODULES, name));
const { IDLE, clock, step } = await load("call-state.js");
const { format, read } = await load("phone-number.js");
const { counted, judge, warning } = await load("quality.js");
const after = (...what) => what.reduce(step, IDLE);

const dial = { type: "dial", party: "+15550002222" };
const ringing = { type: "ringing", sid: "CA1" };
const accepted = { type: "accepted", sid: "CA1" };
const known = { type: "known", callId: "a", since: 1_000, hold: "talking" };
const ended = { type: "ended", how: "Call ended", now: 43_000 };

// A call goes its way, and its length counts from the server's answer.
assert.equal(after(dial, ringing).rings, true);
const talk = after(dial, ringing, accepted, known);
assert.deepEqual([talk.at, talk.callId, talk.since, talk.hold], ["talking", "a", 1_000, "talking"]);
assert.deepEqual(step(talk, ended), { at: "over", party: dial.party, how: "Call ended", seconds: 42 });

// Hold is what the server says of this call, and of no other.
assert.equal(step(talk, { type: "hold", callId: "a", hold: "held" }).hold, "held");
assert.equal(step(talk, { type: "hold", callId: "b", hold: "held" }), talk);
const answered = after({ type: "answer", party: "x", callId: "b" }, accepted);
assert.deepEqual([answered.incoming, answered.callId, answered.hold], [true, "b", null]);
assert.equal(step(answered, { ...known, callId: "b" }).hold, null, "a call that came in has no hold");

// Whatever comes late, twice or out of turn changes nothing.
const all = [dial, ringing, accepted, known, ended, { type: "muted", muted: true }, { type: "mending", mending: true }, { type: "dismiss" }, { type: "answer", party: "x", callId: "b" }];
for (const what of all) {
  const once = step(talk, what);
  assert.deepEqual(step(once, what), once, what.type);
}
const over = step(talk, ended);
for (const late of [ringing, accepted, known, ended, { type: "muted", muted: true }]) assert.equal(step(over, late), over, late.type);
assert.equal(step(talk, dial), talk, "one call at a time");
assert.deepEqual(step(over, { type: "dismiss" }), IDLE);

assert.deepEqual([clock(0), clock(65), clock(3_661)], ["0:00", "1:05", "1:01:01"]);

for (const [text, home, e164, country] of [
  ["(555) 000-2222", "US", "+15550002222", "US"],
  ["1 555 000 2222", "US", "+15550002222", "US"],
  ["011 44 20 7946 0958", "US", "+442079460958", "GB"],
  ["tel:+49 (0)30 901820", "US", "+4930901820", "DE"],
  ["030 901820", "DE", "+4930901820", "DE"],
  ["0044 20 7946 0958", "DE", "+442079460958", "GB"],
  ["06 6982", "IT", "+39066982", "IT"],
  ["020 7946 0958", "GB", "+442079460958", "GB"],
]) {
  const known = read(text, home);
  assert.deepEqual([known?.e164, known?.country], [e164, country], text);
}
for (const text of ["", "12", "555-CALL-NOW", "+1 555", "+0 555 000 2222", "++15550002222", "<b>+15550002222</b>", "+1234567890123456"]) {
  assert.equal(read(text, "US"), null, text);
}
assert.equal(format("+15550002222"), "+1 555 000 2222");
assert.equal(format("<img src=x>"), "<img src=x>");

// How it sounds, from what the browser counts.
const good = { received: 100, lost: 0, jitter: 0.01 };
assert.equal(judge(good, { received: 250, lost: 2, jitter: 0.01 }), null);
assert.match(judge(good, { received: 240, lost: 20, jitter: 0.01 }), /lost/);
assert.match(judge(good, { received: 250, lost: 0, jitter: 0.2 }), /uneven/);
assert.match(judge(good, { ...good }), /Nothing comes/);
assert.equal(judge({ ...good, lost: 5 }, { received: 250, lost: 0, jitter: 0 }), null, "late packets are found again");
assert.equal(counted([{ type: "outbound-rtp" }]), null);
assert.deepEqual(counted([{ type: "inbound-rtp", packetsReceived: 3, packetsLost: 1, jitter: 0.5 }]), { received: 3, lost: 1, jitter: 0.5 });
assert.equal(warning("unheard of"), null);
