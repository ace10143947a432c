//! Recordings: when they run, what is told about them. What they hold is silence.

use std::time::Duration;

use time::OffsetDateTime;

use super::Engine;
use super::fetch::resolve;
use super::fields::{date, pair};
use super::leg::LegId;
use super::timer::Timer;
use crate::inspect::{RecordingStatus, RecordingView};
use crate::sid::CallSid;
use crate::twiml::{Channels, Recorded, StatusSubscription, Track};
use crate::webhook::WebhookKind;

/// How long after its end a recording can be had.
const PROCESSING: Duration = Duration::from_secs(1);

/// Names a recording inside the engine, in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordingId(pub(super) u64);

/// What made a recording, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    OutboundApi,
    DialVerb,
    Conference,
    RecordVerb,
    StartedByApi,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::OutboundApi => "OutboundAPI",
            Self::DialVerb => "DialVerb",
            Self::Conference => "Conference",
            Self::RecordVerb => "RecordVerb",
            Self::StartedByApi => "StartCallRecordingAPI",
        }
    }
}

/// A recording and all that is known about it.
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) call: CallSid,
    /// The leg its callbacks are about.
    leg: LegId,
    pub(crate) conference: Option<String>,
    pub(crate) source: Source,
    pub(crate) channels: Channels,
    track: Track,
    pub(crate) status: RecordingStatus,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    /// Since when it runs; `None` while it pauses and when it is over.
    running: Option<OffsetDateTime>,
    /// How long it ran before that.
    ran: Duration,
    callback: Option<StatusSubscription>,
}

impl Recording {
    /// Seconds of sound so far, a started one counted whole.
    pub(crate) fn seconds(&self, now: OffsetDateTime) -> u64 {
        let running = self.running.map(|since| (now - since).unsigned_abs());
        let ran = self.ran + running.unwrap_or_default();
        ran.as_secs() + u64::from(ran.subsec_nanos() > 0)
    }

    /// Whether it is neither running nor paused.
    pub(crate) fn is_over(&self) -> bool {
        match self.status {
            RecordingStatus::InProgress | RecordingStatus::Paused => false,
            RecordingStatus::Processing | RecordingStatus::Completed | RecordingStatus::Absent => {
                true
            }
        }
    }
}

impl Engine {
    /// Starts a recording of a leg, or of the room it is in.
    pub(crate) fn start_recording(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        conference: Option<String>,
        source: Source,
        recorded: Recorded,
    ) -> RecordingId {
        self.next_recording += 1;
        let id = RecordingId(self.next_recording);
        let of = self.leg(leg);
        let (call, base) = (of.sid.clone(), of.program.base.clone());
        let callback = recorded.status.and_then(|status| {
            let url = resolve(base.as_deref(), &status.url)?;
            Some(StatusSubscription { url, ..status })
        });
        let recording = Recording {
            sid: crate::sid::generate("RE", &mut self.seeded),
            call,
            leg,
            conference,
            source,
            channels: recorded.channels,
            track: recorded.track,
            status: RecordingStatus::InProgress,
            created: now,
            updated: now,
            running: Some(now),
            ran: Duration::ZERO,
            callback,
        };
        self.recordings_by_sid.insert(recording.sid.clone(), id);
        self.recordings.insert(id, recording);
        let over = |recording: &Recording| recording.is_over();
        while self.recordings.len() > self.config.keep {
            let mut known = self.recordings.iter();
            let oldest = known.find_map(|(id, recording)| over(recording).then_some(*id));
            let Some(oldest) = oldest else { break };
            self.forget_recording(oldest);
        }
        self.tell_recording(now, id);
        id
    }

    /// Lets a recording pause or run; one that is over stays over.
    pub(crate) fn pause_recording(&mut self, now: OffsetDateTime, id: RecordingId, pause: bool) {
        let Some(recording) = self.recordings.get_mut(&id).filter(|one| !one.is_over()) else {
            return;
        };
        recording.updated = now;
        match (pause, recording.running) {
            (true, Some(since)) => {
                recording.ran += (now - since).unsigned_abs();
                recording.running = None;
                recording.status = RecordingStatus::Paused;
            }
            (false, None) => {
                recording.running = Some(now);
                recording.status = RecordingStatus::InProgress;
            }
            (true, None) | (false, Some(_)) => {}
        }
    }

    /// Ends a recording; it can be had a moment later. One that is over stays as it is.
    pub(crate) fn end_recording(&mut self, now: OffsetDateTime, id: RecordingId) {
        let Some(recording) = self.recordings.get_mut(&id).filter(|one| !one.is_over()) else {
            return;
        };
        if let Some(since) = recording.running.take() {
            recording.ran += (now - since).unsigned_abs();
        }
        recording.updated = now;
        recording.status = RecordingStatus::Processing;
        self.timers.set(now + PROCESSING, Timer::RecordingReady(id));
    }

    /// A recording can be had now. One in which there is nothing never can.
    pub(super) fn recording_ready(&mut self, now: OffsetDateTime, id: RecordingId) {
        let Some(recording) = self.recordings.get_mut(&id) else {
            return;
        };
        recording.updated = now;
        recording.status = match recording.seconds(now) {
            0 => RecordingStatus::Absent,
            _ => RecordingStatus::Completed,
        };
        self.tell_recording(now, id);
    }

    /// Ends what was recorded of a leg that is over.
    pub(super) fn end_recordings_of(&mut self, now: OffsetDateTime, leg: LegId) {
        for id in std::mem::take(&mut self.leg_mut(leg).recordings) {
            self.end_recording(now, id);
        }
    }

    fn tell_recording(&mut self, now: OffsetDateTime, id: RecordingId) {
        let Some(recording) = self.recordings.get(&id) else {
            return;
        };
        let Some(callback) = recording.callback.clone() else {
            return;
        };
        let (leg, status) = (recording.leg, recording.status.as_str());
        if !self.legs.contains_key(&leg) || !callback.events.iter().any(|word| word == status) {
            return;
        }
        let mut fields = vec![
            pair("AccountSid", &self.config.account_sid),
            pair("CallSid", recording.call.as_str()),
            pair("RecordingStatus", status),
            pair("RecordingChannels", &recording.channels.count().to_string()),
            pair("RecordingSource", recording.source.as_str()),
            pair("RecordingStartTime", &date(recording.created)),
            pair("RecordingTrack", recording.track.as_str()),
        ];
        if let Some(conference) = &recording.conference {
            fields.push(pair("ConferenceSid", conference));
        }
        fields.extend(self.recorded_fields(now, id));
        let kind = WebhookKind::Event;
        let webhook = self.new_webhook(now, leg, kind, &callback.url, callback.method, fields);
        if let Some(webhook) = webhook {
            self.submit_status(now, webhook);
        }
    }

    /// The fields by which other requests speak of a recording.
    pub(super) fn recorded_fields(
        &self,
        now: OffsetDateTime,
        id: RecordingId,
    ) -> Vec<(String, String)> {
        let Some(recording) = self.recordings.get(&id) else {
            return Vec::new();
        };
        vec![
            pair("RecordingSid", &recording.sid),
            pair("RecordingUrl", &self.recording_url(&recording.sid)),
            pair("RecordingDuration", &recording.seconds(now).to_string()),
        ]
    }

    /// Where the sound of a recording is.
    pub(crate) fn recording_url(&self, sid: &str) -> String {
        let (base, account) = (&self.config.public_base, &self.config.account_sid);
        format!("{base}/2010-04-01/Accounts/{account}/Recordings/{sid}")
    }

    /// Whether anything is recorded at the moment.
    #[cfg(feature = "media")]
    pub(crate) fn is_recording(&self) -> bool {
        let running = |one: &Recording| one.status == RecordingStatus::InProgress;
        self.recordings.values().any(running)
    }

    /// Forgets a recording.
    pub(crate) fn forget_recording(&mut self, id: RecordingId) {
        if let Some(recording) = self.recordings.remove(&id) {
            self.recordings_by_sid.remove(&recording.sid);
            self.bury(recording.sid, id.place());
        }
    }

    /// All recordings that are still known, oldest first.
    pub fn recordings(&self) -> Vec<RecordingView> {
        let view = |recording: &Recording| RecordingView {
            sid: recording.sid.clone(),
            call: recording.call.clone(),
            conference: recording.conference.clone(),
            source: recording.source.as_str(),
            channels: recording.channels.count(),
            status: recording.status,
            ran_for: recording.ran,
            created_at: recording.created,
        };
        self.recordings.values().map(view).collect()
    }
}
