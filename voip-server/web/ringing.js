// @ts-check
/**
 * The calls that ring, and those that rang until a moment ago with how they ended, as pure
 * functions.
 * @typedef {{ callId: string, from: string, how: string | null }} Ring `how` is null while it rings
 */

/** Why a call rings no more, by the status it has reached. @type {Record<string, string>} */
const ENDS = {
  "in-progress": "Answered in another tab or on another device",
  busy: "Declined in another tab or on another device",
  canceled: "The caller hung up",
  completed: "The caller hung up",
  "no-answer": "Nobody answered in time",
  failed: "The call could not be connected",
};

/** @param {Ring[]} rings */
export const stillRinging = (rings) => rings.filter(({ how }) => how === null);

/** A call rings; to hear so twice changes nothing. @param {Ring[]} rings @param {string} callId @param {string} from @returns {Ring[]} */
export const rung = (rings, callId, from) =>
  rings.some((one) => one.callId === callId && one.how === null) ? rings : [...without(rings, callId), { callId, from, how: null }];

/** A call has reached a status. @param {Ring[]} rings @param {string} callId @param {string} status @returns {Ring[]} */
export const reached = (rings, callId, status) =>
  rings.map((one) => (one.callId === callId && one.how === null && status !== "ringing" ? { ...one, how: ENDS[status] ?? "The call has ended" } : one));

/** @param {Ring[]} rings @param {string} callId @returns {Ring[]} */
export const without = (rings, callId) => rings.filter((one) => one.callId !== callId);

/** After a gap: what is not among these rings no more. @param {Ring[]} rings @param {string[]} live @returns {Ring[]} */
export const known = (rings, live) => rings.filter(({ callId, how }) => how !== null || live.includes(callId));
