//! Why a call was not answered, in the vendor's codes.

use crate::inspect::Status;

/// The error that tells a browser how its call ended; none for one that was answered.
pub(super) fn error(status: Status) -> Option<(u32, String)> {
    let (code, message) = match status {
        Status::Busy => (31486, "the called party is busy"),
        Status::NoAnswer => (31480, "the called party does not answer"),
        Status::Failed => (31404, "the called party cannot be reached"),
        Status::Queued
        | Status::Initiated
        | Status::Ringing
        | Status::InProgress
        | Status::Completed
        | Status::Canceled => return None,
    };
    Some((code, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_that_were_not_answered_end_with_an_error() {
        assert_eq!(error(Status::Busy).map(|(code, _)| code), Some(31486));
        assert_eq!(error(Status::Completed), None);
    }
}
