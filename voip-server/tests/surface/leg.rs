//! The legs that a test makes up, as the provider speaks of them.

/// The number of the user who is called.
pub(crate) const ALICE: &str = "+15550001111";
/// The number of whoever calls.
pub(crate) const CALLER: &str = "+15550009999";
/// The provider's name for the leg.
pub(crate) const SID: &str = "CA00000000000000000000000000000001";

/// A call that comes in.
pub(crate) const INBOUND: [(&str, &str); 5] = [
    ("CallSid", SID),
    ("CallStatus", "ringing"),
    ("Direction", "inbound"),
    ("From", CALLER),
    ("To", ALICE),
];

/// How a leg fares.
pub(crate) fn progress<'a>(sid: &'a str, status: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("CallSid", sid),
        ("CallStatus", status),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", "0"),
    ];
    if status == "completed" {
        fields.push(("CallDuration", "7"));
    }
    fields
}
