// Tries a running server with the official Socket.IO client. SERVER is its
// address; ALICE_TOKEN, BOB_TOKEN and SERVICE_TOKEN are good there.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { io } from "socket.io-client";

const { SERVER, ALICE_TOKEN, BOB_TOKEN, SERVICE_TOKEN } = process.env;
const RINGS = "+15005550101"; // The simulator's number that rings on.
const ANSWERS = "+15005550104"; // The one that answers at once.
const NOTHING = { callSid: null, callStatus: null, duration: null };
const PATIENCE = 20_000;

const open = [];
after(() => open.forEach((socket) => socket.disconnect()));

// A client, which keeps every status it hears.
function client(options) {
  const socket = io(SERVER, { forceNew: true, ...options });
  socket.heard = [];
  socket.on("call-status", (status) => socket.heard.push(status));
  open.push(socket);
  return socket;
}

function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function once(emitter, event) {
  return within(event, new Promise((resolve) => emitter.once(event, resolve)));
}

async function connected(options) {
  const socket = client(options);
  await once(socket, "connect");
  return socket;
}

function status(socket, wanted) {
  const of = () => socket.heard.find((status) => status.callStatus === wanted);
  return within(
    wanted,
    new Promise((resolve) => {
      const look = () => {
        if (!of()) return;
        socket.off("call-status", look);
        resolve(of());
      };
      socket.on("call-status", look);
      look();
    }),
  );
}

const join = (socket, callSid) => socket.timeout(PATIENCE).emitWithAck("join-call", { callSid });

async function post(path, body, token) {
  const answer = await fetch(SERVER + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const call = (to, token = SERVICE_TOKEN) => post("/start-call", { to, from: "+15550001111" }, token);
const hangUp = ({ callId }) => post("/hangup", { callId }, SERVICE_TOKEN);

const ORDER = ["initiated", "queued", "ringing", "in-progress", "completed"];

function inOrder(heard) {
  const places = heard.map(({ callStatus }) => ORDER.indexOf(callStatus));
  assert.deepEqual(places, [...new Set(places)].sort(), "in order, and once each");
}

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  test(`a client that uses ${transports.join(", then ")} hears of a call`, async () => {
    const socket = await connected({ transports });
    if (transports.length > 1) {
      await within("the upgrade", new Promise((resolve) => {
        const look = () => socket.io.engine.transport.name === "websocket" && resolve();
        socket.io.engine.on("upgrade", look);
        look();
      }));
    }
    assert.equal(socket.io.engine.transport.name, transports.at(-1));
    const live = await call(ANSWERS);
    const answer = await join(socket, live.sid);
    assert.equal(answer.callSid, live.sid);
    await status(socket, "in-progress");
    // Who comes late misses nothing.
    const late = await connected({ transports });
    const present = { callSid: live.sid, callStatus: "in-progress", duration: null };
    assert.deepEqual(await join(late, live.sid), present);
    assert.deepEqual(late.heard, [present]);
    await hangUp(live);
    for (const hearer of [socket, late]) {
      const last = await status(hearer, "completed");
      assert.equal(last.callSid, live.sid);
      assert.equal(typeof last.duration, "number");
      inOrder(hearer.heard);
    }
  });
}

test("who left, or never joined, hears nothing", async () => {
  const [stays, leaves, stranger] = await Promise.all([connected(), connected(), connected()]);
  const live = await call(RINGS);
  await join(stays, live.sid);
  await join(leaves, live.sid);
  await leaves.timeout(PATIENCE).emitWithAck("leave-call", { callSid: live.sid });
  leaves.heard.length = 0;
  await hangUp(live);
  await status(stays, "canceled");
  for (const other of [leaves, stranger]) {
    // Whatever was on its way comes before this answer.
    assert.deepEqual(await join(other, "CA00000000000000000000000000000000"), NOTHING);
    assert.deepEqual(other.heard, []);
  }
});

test("a token in the handshake gives a user all own calls", async () => {
  const alice = await connected({ auth: { token: ALICE_TOKEN } });
  const bob = await connected({ auth: { token: BOB_TOKEN } });
  const live = await call(RINGS, ALICE_TOKEN);
  await status(alice, "ringing");
  const again = await connected({ auth: { token: ALICE_TOKEN } });
  const present = await status(again, "ringing");
  assert.equal(present.callSid, live.sid);
  await hangUp(live);
  await Promise.all([status(alice, "canceled"), status(again, "canceled")]);
  await join(bob, "nothing");
  assert.deepEqual(bob.heard, []);
});

test("a bad token is a connect_error that says why", async () => {
  const socket = client({ auth: { token: "nonsense" } });
  const error = await once(socket, "connect_error");
  assert.match(error.message, /^unauthorized/);
  assert.equal(socket.connected, false);
});

test("another namespace is a connect_error", async () => {
  const socket = io(`${SERVER}/admin`, { forceNew: true });
  open.push(socket);
  assert.match((await once(socket, "connect_error")).message, /namespace/);
});

test("events that mean nothing disturb nobody", async () => {
  const [odd, decent] = await Promise.all([connected(), connected()]);
  const live = await call(RINGS);
  await join(decent, live.sid);
  for (const data of [undefined, null, 7, "", [], {}, { callSid: 7 }, { callSid: "CA" }, Buffer.from("x")]) {
    odd.emit("join-call", data);
    odd.emit("leave-call", data);
    odd.emit("no such event", data);
    odd.emit("call-status", data);
  }
  odd.emit("join-call");
  odd.emit("join-call", { callSid: live.sid }, { callSid: live.sid });
  assert.deepEqual(await join(odd, { callSid: live.sid }), NOTHING);
  assert.equal(odd.connected, true);
  await hangUp(live);
  await status(decent, "canceled");
  // Too much at once ends the connection; the client comes back by itself.
  const gone = once(odd, "disconnect");
  odd.emit("join-call", "x".repeat(100_000));
  await gone;
  await once(odd, "connect");
  assert.deepEqual(await join(odd, "CA00000000000000000000000000000000"), NOTHING);
});
