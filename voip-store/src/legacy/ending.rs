//! How a call of an earlier system ended.

use std::{sync::Arc, time::Duration};

use voip_core::{Ended, FinalStatus, Timestamp};

use super::Remark;

/// What is on record about the end of a call.
#[derive(Debug, Default)]
pub(super) struct Recorded<'a> {
    /// The last status, in the old system's word.
    pub(super) status: Option<&'a str>,
    /// How long it was connected, in seconds.
    pub(super) duration: Option<u64>,
    /// When it ended.
    pub(super) at: Option<Timestamp>,
}

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Final(FinalStatus),
    /// Somebody had answered.
    Talking,
    /// It rang.
    Ringing,
    /// It was being placed.
    Starting,
    Unknown,
}

/// The end of a call that began at `began`. It has one, whatever is on record:
/// the old system is gone, and nobody would ever end the call.
///
/// A call that was last heard of while people talked is `completed`, one that
/// rang `no-answer`, one that was being placed `failed`. So is one whose status
/// is an unknown word, unless people were connected for some time.
pub(super) fn of(recorded: &Recorded<'_>, began: Timestamp) -> (Ended, Option<Remark>) {
    let talked = recorded.duration.filter(|seconds| *seconds > 0);
    let (status, remark) = match meaning(recorded.status.unwrap_or_default()) {
        Meaning::Final(status) => (status, None),
        Meaning::Talking => (FinalStatus::Completed, Some(Remark::NeverEnded)),
        Meaning::Ringing | Meaning::Starting | Meaning::Unknown if talked.is_some() => {
            (FinalStatus::Completed, Some(Remark::NeverEnded))
        }
        Meaning::Ringing => (FinalStatus::NoAnswer, Some(Remark::NeverEnded)),
        Meaning::Starting => (FinalStatus::Failed, Some(Remark::NeverEnded)),
        Meaning::Unknown => (FinalStatus::Failed, Some(Remark::Status)),
    };
    let completed = status == FinalStatus::Completed;
    let duration = recorded
        .duration
        .filter(|_| completed)
        .map(Duration::from_secs);
    // Clocks of two machines may have disagreed: nothing ends before it began.
    let at = recorded
        .at
        .unwrap_or(began + duration.unwrap_or_default())
        .max(began);
    let ended = Ended {
        status,
        at,
        answered_at: duration.map(|duration| (at - duration).max(began)),
        duration,
        reason: remark.map(|_| Arc::from("the end of this call was never recorded")),
        trouble: None,
    };
    (ended, remark)
}

fn meaning(word: &str) -> Meaning {
    let word = word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    match word.as_str() {
        "completed" | "complete" | "ended" | "end" | "finished" | "hangup" | "hung-up" => {
            Meaning::Final(FinalStatus::Completed)
        }
        "busy" | "declined" | "rejected" => Meaning::Final(FinalStatus::Busy),
        "no-answer" | "noanswer" | "missed" | "unanswered" | "timeout" => {
            Meaning::Final(FinalStatus::NoAnswer)
        }
        "failed" | "error" => Meaning::Final(FinalStatus::Failed),
        "canceled" | "cancelled" => Meaning::Final(FinalStatus::Canceled),
        "in-progress" | "inprogress" | "answered" | "connected" | "active" => Meaning::Talking,
        "ringing" => Meaning::Ringing,
        "initiated" | "initiating" | "queued" | "started" | "pending" | "connecting" => {
            Meaning::Starting
        }
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use voip_core::CallStatus;

    use super::*;

    fn end(status: &str, duration: Option<u64>, at: Option<u64>) -> (Ended, Option<Remark>) {
        let began = Timestamp::from_secs(1_000);
        let recorded = Recorded {
            status: Some(status),
            duration,
            at: at.map(|at| Timestamp::from_secs(at as i64)),
        };
        of(&recorded, began)
    }

    #[test]
    fn every_final_word_of_ours_is_taken_at_its_word() {
        for status in CallStatus::ALL {
            let (ended, remark) = end(status.as_str(), None, Some(1_060));
            match FinalStatus::of(status) {
                Some(status) => assert_eq!((ended.status, remark), (status, None)),
                None => assert_eq!(remark, Some(Remark::NeverEnded), "{status}"),
            }
            assert_eq!(ended.at, Timestamp::from_secs(1_060));
        }
        for (word, status) in [
            ("Cancelled", FinalStatus::Canceled),
            ("no_answer", FinalStatus::NoAnswer),
            (" MISSED ", FinalStatus::NoAnswer),
            ("ended", FinalStatus::Completed),
            ("rejected", FinalStatus::Busy),
        ] {
            let (ended, remark) = end(word, None, None);
            assert_eq!((ended.status, remark), (status, None), "{word}");
            assert_eq!(ended.reason, None);
        }
    }

    #[test]
    fn a_call_that_never_ended_is_over() {
        for (word, status) in [
            ("in-progress", FinalStatus::Completed),
            ("ringing", FinalStatus::NoAnswer),
            ("queued", FinalStatus::Failed),
        ] {
            let (ended, remark) = end(word, None, None);
            assert_eq!(ended.status, status, "{word}");
            assert_eq!(remark, Some(Remark::NeverEnded), "{word}");
            assert_eq!(ended.at, Timestamp::from_secs(1_000), "no end is known");
            assert!(ended.reason.is_some());
        }
        let (ended, remark) = end("ringing", Some(7), None);
        assert_eq!(
            (ended.status, remark),
            (FinalStatus::Completed, Some(Remark::NeverEnded))
        );
    }

    #[test]
    fn an_unknown_word_is_a_failure_unless_people_talked() {
        for word in ["", "whatever"] {
            let (ended, remark) = end(word, Some(0), None);
            assert_eq!(
                (ended.status, remark),
                (FinalStatus::Failed, Some(Remark::Status))
            );
            assert_eq!(ended.duration, None);
            let (ended, _) = end(word, Some(3), None);
            assert_eq!(ended.status, FinalStatus::Completed);
        }
    }

    #[test]
    fn durations_and_moments_fit_together() {
        let (ended, _) = end("completed", Some(30), None);
        assert_eq!(ended.at, Timestamp::from_secs(1_030));
        assert_eq!(ended.answered_at, Some(Timestamp::from_secs(1_000)));
        let (ended, _) = end("completed", Some(30), Some(1_045));
        assert_eq!(ended.answered_at, Some(Timestamp::from_secs(1_015)));
        assert_eq!(ended.duration, Some(Duration::from_secs(30)));
        let (ended, _) = end("completed", Some(30), Some(900));
        assert_eq!(ended.at, Timestamp::from_secs(1_000), "not before it began");
        let (ended, _) = end("busy", Some(0), Some(1_005));
        assert_eq!((ended.duration, ended.answered_at), (None, None));
    }
}
