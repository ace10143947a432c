// @ts-check
/**
 * How well the other side is heard, as a pure function of what the browser counts.
 * @typedef {{ received: number, lost: number, jitter: number }} Counted packets, and seconds
 */

const LOSS = 0.05;
const JITTER = 0.05;

/** @param {Counted} before @param {Counted} after @returns {string | null} what people should know */
export function judge(before, after) {
  const received = after.received - before.received;
  const lost = Math.max(0, after.lost - before.lost);
  if (received <= 0) return "Nothing comes from the other side. Your connection may be interrupted.";
  if (lost / (received + lost) > LOSS) return "Parts of what the other side says get lost. Your connection is weak.";
  if (after.jitter > JITTER) return "The sound may break up. Your connection is uneven.";
  return null;
}

/** What the Voice SDK warns of, in the same words. @type {Record<string, string>} */
const WARNINGS = {
  "high-rtt": "You hear each other late. Your connection is slow.",
  "high-jitter": "The sound may break up. Your connection is uneven.",
  "high-packet-loss": "Parts of what the other side says get lost. Your connection is weak.",
  "high-packets-lost-fraction": "Parts of what the other side says get lost. Your connection is weak.",
  "low-mos": "The sound may be poor. Your connection is weak.",
  "low-bytes-received": "Nothing comes from the other side. Your connection may be interrupted.",
  "ice-connectivity-lost": "Nothing comes from the other side. Your connection may be interrupted.",
  "constant-audio-input-level": "Your microphone hears nothing. Is it muted?",
};

/** @param {string} name @returns {string | null} */
export const warning = (name) => WARNINGS[name] ?? null;

/** @param {Iterable<any>} reports @returns {Counted | null} null before anything was heard */
export function counted(reports) {
  for (const report of reports) {
    if (report.type === "inbound-rtp") {
      return { received: report.packetsReceived ?? 0, lost: report.packetsLost ?? 0, jitter: report.jitter ?? 0 };
    }
  }
  return null;
}
