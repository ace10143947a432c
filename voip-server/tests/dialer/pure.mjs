// What of the page is pure: the call, and telephone numbers.
import assert from "node:assert/strict";
import { join } from "node:path";

const load = (name) => import(join(process.env.MODULES, name));
const { IDLE, clock, step } = await load("call-state.js");
const { format, found, read } = await load("phone-number.js");
const rings = await load("ringing.js");
const { counted, judge, warning } = await load("quality.js");
const after = (...what) => what.reduce(step, IDLE);

const dial = { type: "dial", party: "+15550002222" };
const ringing = { type: "ringing", sid: "CA1" };
const accepted = { type: "accepted", sid: "CA1" };
const known = { type: "known", callId: "a", since: 1_000, hold: "talking", outcome: null };
const ended = { type: "ended", how: "Call ended", now: 43_000 };

// A call goes its way, and its length counts from the server's answer.
assert.equal(after(dial, ringing).rings, true);
const talk = after(dial, ringing, accepted, known);
assert.deepEqual([talk.at, talk.callId, talk.since, talk.hold], ["talking", "a", 1_000, "talking"]);
assert.deepEqual(step(talk, ended), { at: "over", party: dial.party, how: "Call ended", seconds: 42 });

// The far end has hung up, and the line says so yet: the call is as long as people talked.
const left = step(talk, { ...known, outcome: { how: "Call ended", at: 11_000 } });
assert.equal(left.at, "talking");
assert.equal(step(left, ended).seconds, 10);
const busy = after(dial, ringing, accepted, { ...known, since: null, outcome: { how: "The line is busy", at: 2_000 } });
assert.deepEqual(step(busy, ended), { at: "over", party: dial.party, how: "The line is busy", seconds: null });

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
  ["\u202a+44 20 7946 0958\u202c", "US", "+442079460958", "GB"],
  ["callto:+442079460958", "US", "+442079460958", "GB"],
  ["＋４４ ２０ ７９４６ ０９５８", "US", "+442079460958", "GB"],
  ["+33.1.70.18.99.00", "US", "+33170189900", "FR"],
  ["06 6982", "IT", "+39066982", "IT"],
  ["020 7946 0958", "GB", "+442079460958", "GB"],
]) {
  const known = read(text, home);
  assert.deepEqual([known?.e164, known?.country], [e164, country], text);
}
for (const text of ["", "12", "555-CALL-NOW", "+1 555", "+0 555 000 2222", "++15550002222", "<b>+15550002222</b>", "+1234567890123456"]) {
  assert.equal(read(text, "US"), null, text);
}
// In a text it is the first that is one.
assert.equal(found("Room 12, ring me: 555.000.2222 (mornings)", "US"), "555.000.2222");
assert.equal(found("from +49 30 901820 or 555 000 2222", "US"), "+49 30 901820");
assert.equal(found("12 rooms, 1999-2004", "US"), null);
assert.equal(format("+15550002222"), "+1 555 000 2222");
assert.equal(format("<img src=x>"), "<img src=x>");

// What rings rings once, and says why it rings no more.
const two = rings.rung(rings.rung([], "a", "+1"), "b", "+2");
assert.deepEqual(rings.rung(two, "a", "+1"), two, "told twice, rung once");
const taken = rings.reached(two, "a", "in-progress");
assert.deepEqual(rings.stillRinging(taken).map(({ callId }) => callId), ["b"]);
assert.match(taken[0].how, /Answered in another tab/);
assert.deepEqual(rings.reached(taken, "a", "completed"), taken, "what has ended says why at first");
assert.deepEqual(rings.reached(two, "a", "ringing"), two);
assert.deepEqual(rings.known(taken, []).map(({ callId }) => callId), ["a"], "after a gap");
assert.deepEqual(rings.known(taken, ["b"]), taken);
assert.deepEqual(rings.without(two, "a").map(({ callId }) => callId), ["b"]);

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
