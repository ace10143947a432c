use proptest::prelude::*;
use serde_json::json;
use voip_core::{Platform, Timestamp};

use super::*;

fn device() -> Device {
    let last_seen = Timestamp::from_secs(1_600_000_000);
    Device {
        token: "00fc13ad".parse().unwrap(),
        platform: Platform::Apns,
        last_seen,
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(status in 100..1000_u16, body: Vec<u8>) {
        let _ = read(&Answer::test(status, body), &device());
    }

    #[test]
    fn any_reason_is_survived_and_quotes_no_number(
        status in 300..600_u16, timestamp: i64, number in "\\+[0-9]{7,15}"
    ) {
        let body = json!({ "reason": number, "timestamp": timestamp }).to_string();
        if let Verdict::Failed(error) = read(&Answer::test(status, body), &device()) {
            prop_assert!(!error.to_string().contains(&number[1..]));
        }
    }

    #[test]
    fn an_outage_deletes_no_token(
        status in 500..600_u16,
        reason in prop_oneof!["Unregistered", "BadDeviceToken", "ExpiredToken", "\\PC*"],
    ) {
        let body = json!({ "reason": reason }).to_string();
        prop_assert!(matches!(read(&Answer::test(status, body), &device()), Verdict::Failed(_)));
    }
}
