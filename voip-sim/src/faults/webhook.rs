//! Faults that wait for a certain webhook.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::webhook::{Webhook, WebhookKind};

/// What happens to one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFault {
    /// It never arrives. A document that is lost is given up after the time any webhook has.
    Drop,
    /// It arrives twice. Of a document the second answer counts.
    Repeat,
    /// It leaves this much later, with everything of its leg or conference behind it.
    Delay(Duration),
    /// It leaves this much later, and what comes after it does not wait.
    Reorder(Duration),
}

/// Which webhooks a scripted fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookTarget {
    /// The next ones, whichever they are.
    Any,
    /// The next ones that ask for a document.
    Documents,
    /// The next ones that tell how a leg stands, whichever way.
    Statuses,
    /// The status callback `initiated`.
    Initiated,
    /// The status callback `ringing`.
    Ringing,
    /// The status callback `in-progress`.
    Answered,
    /// The status callback that tells the end of a leg, whichever end that was.
    Completed,
    /// The next ones about a conference, whichever they are.
    Conferences,
    /// `conference-start`.
    ConferenceStart,
    /// `conference-end`.
    ConferenceEnd,
    /// `participant-join`.
    ParticipantJoin,
    /// `participant-leave`.
    ParticipantLeave,
    /// `participant-mute` and `participant-unmute`.
    ParticipantMute,
    /// `participant-hold`.
    ParticipantHold,
    /// `participant-unhold`.
    ParticipantUnhold,
    /// `participant-modify`.
    ParticipantModify,
    /// `announcement-end` and `announcement-fail`.
    Announcement,
    /// The next ones about a recording.
    Recordings,
    /// The next ones that tell who answered.
    Detections,
}

/// A fault that waits for its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptedWebhookFault {
    pub(crate) target: WebhookTarget,
    pub(crate) fault: WebhookFault,
    /// Only webhooks about this leg, or this conference.
    pub(crate) about: Option<String>,
}

impl ScriptedWebhookFault {
    /// Whether this is the webhook it waits for.
    pub(crate) fn is_meant(&self, webhook: &Webhook) -> bool {
        let about = |sid: &String| {
            webhook.call_sid.as_str() == sid || webhook.field("ConferenceSid") == Some(sid.as_str())
        };
        self.about.as_ref().is_none_or(about) && self.target.is(webhook)
    }
}

impl WebhookTarget {
    fn is(self, webhook: &Webhook) -> bool {
        let status = webhook.field("CallStatus").unwrap_or_default();
        let event = webhook.field("StatusCallbackEvent").unwrap_or_default();
        let early = matches!(status, "initiated" | "ringing" | "in-progress");
        let told = webhook.kind == WebhookKind::Status;
        let room = webhook.kind == WebhookKind::Conference;
        let other = webhook.kind == WebhookKind::Event;
        match self {
            Self::Any => true,
            Self::Documents => !(told || room || other),
            Self::Statuses => told,
            Self::Initiated => told && status == "initiated",
            Self::Ringing => told && status == "ringing",
            Self::Answered => told && status == "in-progress",
            Self::Completed => told && !early,
            Self::Conferences => room,
            Self::ConferenceStart => room && event == "conference-start",
            Self::ConferenceEnd => room && event == "conference-end",
            Self::ParticipantJoin => room && event == "participant-join",
            Self::ParticipantLeave => room && event == "participant-leave",
            Self::ParticipantMute => {
                room && matches!(event, "participant-mute" | "participant-unmute")
            }
            Self::ParticipantHold => room && event == "participant-hold",
            Self::ParticipantUnhold => room && event == "participant-unhold",
            Self::ParticipantModify => room && event == "participant-modify",
            Self::Announcement => room && event.starts_with("announcement-"),
            Self::Recordings => other && webhook.field("RecordingSid").is_some(),
            Self::Detections => other && webhook.field("MachineDetectionDuration").is_some(),
        }
    }
}
