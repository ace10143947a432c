// The shapes of the control interface, for the checker alone: nothing loads this file.

/**
 * A leg as it stands.
 * @typedef {object} Call
 * @property {string} sid
 * @property {string | null} parent
 * @property {"inbound" | "outbound-api" | "outbound-dial"} direction
 * @property {Status} status
 * @property {string} from
 * @property {string} to
 * @property {string} doing
 * @property {string | null} bridged_with
 * @property {string | null} conference
 * @property {string | null} queue
 * @property {string | null} answered_by
 * @property {string[]} hears
 * @property {Sound | null} listens_to
 * @property {string | null} alone_since
 * @property {{code: number, message: string, at: string}[]} alerts
 * @property {[string, string][]} parameters
 * @property {string} created_at
 * @property {string | null} answered_at
 * @property {string | null} ended_at
 */

/** @typedef {"queued" | "initiated" | "ringing" | "in-progress" | "completed" | "busy" | "no-answer" | "failed" | "canceled"} Status */

/** @typedef {{sound: "said" | "played" | "keys" | "music" | "error-sentence", content?: string | number}} Sound */

/**
 * A conference as it stands.
 * @typedef {object} Room
 * @property {string} sid
 * @property {string} name
 * @property {"init" | "in-progress" | "completed"} status
 * @property {Member[]} members
 * @property {string | null} reason_ended
 * @property {string} created_at
 */

/**
 * @typedef {object} Member
 * @property {string} call
 * @property {string | null} label
 * @property {boolean} muted
 * @property {boolean} on_hold
 * @property {boolean} start_on_enter
 * @property {boolean} end_on_exit
 * @property {string} joined_at
 */

/** @typedef {{seq: number, at: string, call_sid: string | null}} Place */
/** @typedef {[string, string][]} Fields */
/** @typedef {Place & {kind: "rest", method: string, path: string, form: Fields, status: number, code: number | null, explanation: string | null}} Rest */
/** @typedef {Place & {kind: "made", direction: Call["direction"], status: Status, parent: string | null}} Made */
/** @typedef {Place & {kind: "state", status: Status}} State */
/** @typedef {Place & {kind: "webhook", webhook: number, purpose: Purpose, method: string, url: string, form: Fields, signature: string}} Webhook */
/** @typedef {Place & {kind: "attempt", webhook: number, attempt: number}} Attempt */
/** @typedef {Place & {kind: "outcome", webhook: number, outcome: "pending" | "dropped" | "replied" | "failed", status?: number, body?: string, failure?: string, explanation: string | null}} Outcome */
/** @typedef {Place & {kind: "document", verbs: string[]}} Document */
/** @typedef {Place & Sound & {kind: "heard"}} Heard */
/** @typedef {Place & {kind: "alert", code: number, message: string, explanation: string}} Alert */
/** @typedef {Place & {kind: "conference", conference_sid: string, event: string}} ConferenceEvent */
/** @typedef {Place & {kind: "reset"}} Reset */

/** @typedef {"document" | "document-ignored" | "status" | "conference" | "event"} Purpose */

/** What the journal has. @typedef {Rest | Made | State | Webhook | Attempt | Outcome | Document | Heard | Alert | ConferenceEvent | Reset} Entry */

/** A webhook with all that became of it. @typedef {{kind: "delivery", seq: number, at: string, call_sid: string | null, made: Webhook, attempts: Attempt[], outcome: Outcome | null}} Delivery */

/** A document and the markup it was read from. @typedef {Document & {markup: string | null}} Running */

/** One thing in a timeline. @typedef {Delivery | Running | Exclude<Entry, Webhook | Attempt | Outcome | Document>} Item */

/**
 * A call with the legs that its dials made.
 * @typedef {object} Family
 * @property {Call} root
 * @property {Call[]} legs The root first.
 */

/**
 * How the simulator is set up.
 * @typedef {object} Settings
 * @property {string} account_sid
 * @property {number} seed
 * @property {NumberSettings} number
 * @property {{sid: string, voice: NumberSettings} | null} application
 * @property {Record<string, unknown>} faults
 * @property {Record<string, unknown>} choices
 * @property {number | null} calls_per_second
 * @property {"refuse" | "queue"} surplus
 */

/**
 * @typedef {object} NumberSettings
 * @property {string | null} voice_url
 * @property {string} voice_method
 * @property {string | null} fallback_url
 * @property {string} fallback_method
 * @property {string | null} status_url
 * @property {string} status_method
 */

export {};
