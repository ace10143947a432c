// A server in a process of its own, which a flow starts and kills.
import { spawn } from "node:child_process";
import { SERVER, until } from "./house.mjs";

const { PROGRAM, DIRECTORY, ENVIRONMENT } = process.env;
let running;
process.on("exit", () => running?.kill("SIGKILL"));

export async function start() {
  running = spawn(PROGRAM, { cwd: DIRECTORY, env: JSON.parse(ENVIRONMENT), stdio: "ignore" });
  // The flow ends without waiting for it.
  running.unref();
  await until("the server is ready", () => fetch(`${SERVER}/readyz`).then(({ ok }) => ok, () => false));
}

/** Ends it as a power cut does. */
export async function kill() {
  const ended = new Promise((done) => running.once("exit", done));
  running.kill("SIGKILL");
  await ended;
}
