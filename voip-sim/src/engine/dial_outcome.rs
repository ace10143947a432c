//! How a dial went.

use crate::sid::CallSid;

/// How a dial went, in the words of its action request.
#[derive(Clone)]
pub(super) struct DialOutcome {
    pub(super) status: &'static str,
    pub(super) child: Option<CallSid>,
    pub(super) seconds: Option<u64>,
    pub(super) bridged: bool,
    /// Further fields of the action request.
    pub(super) extra: Vec<(String, String)>,
}

impl DialOutcome {
    /// How a dial into a room went: no leg was called, and none has a duration.
    pub(super) fn of_conference(status: &'static str, bridged: bool) -> Self {
        Self {
            status,
            child: None,
            seconds: None,
            bridged,
            extra: Vec::new(),
        }
    }

    /// The fields of the action request.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![("DialCallStatus".to_owned(), self.status.to_owned())];
        if let Some(child) = &self.child {
            fields.push(("DialCallSid".to_owned(), child.to_string()));
        }
        if let Some(seconds) = self.seconds {
            fields.push(("DialCallDuration".to_owned(), seconds.to_string()));
        }
        fields.push(("DialBridged".to_owned(), self.bridged.to_string()));
        fields.extend(self.extra.iter().cloned());
        fields
    }
}
