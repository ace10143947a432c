use proptest::prelude::*;
use serde_json::json;

use super::*;

/// JSON that looks like an error of FCM, with anything in any place.
fn error_body() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(json!("UNREGISTERED")),
        Just(json!("SENDER_ID_MISMATCH")),
        Just(json!("INVALID_ARGUMENT")),
        Just(json!("message.token")),
        Just(json!("not a valid FCM registration token")),
        Just(json!(null)),
        Just(json!(7)),
        any::<String>().prop_map(Value::from),
    ];
    let violation = (word.clone(), word.clone())
        .prop_map(|(field, text)| json!({ "field": field, "description": text }));
    let violations = prop_oneof![
        prop::collection::vec(violation, 0..3).prop_map(Value::from),
        word.clone(),
    ];
    let detail = (word.clone(), violations)
        .prop_map(|(code, violations)| json!({ "errorCode": code, "fieldViolations": violations }));
    let details = prop_oneof![
        prop::collection::vec(detail, 0..3).prop_map(Value::from),
        word.clone()
    ];
    (word.clone(), word, details).prop_map(|(status, message, details)| {
        json!({ "error": { "status": status, "message": message, "details": details } }).to_string()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(status in 100..1000_u16, body: Vec<u8>) {
        let _ = read(&Answer::test(status, body));
    }

    #[test]
    fn any_error_body_is_survived_and_quotes_no_number(
        status in 300..600_u16, body in error_body(), number in "\\+[0-9]{7,15}"
    ) {
        let body = body.replace("UNREGISTERED", &number);
        if let Verdict::Failed(error) = read(&Answer::test(status, body)) {
            prop_assert!(!error.to_string().contains(&number[1..]));
        }
    }

    #[test]
    fn an_outage_deletes_no_token(status in 500..600_u16, body in error_body()) {
        prop_assert!(matches!(read(&Answer::test(status, body)), Verdict::Failed(_)));
    }

    #[test]
    fn no_failure_counts_as_accepted(status in 300..600_u16, body in error_body()) {
        let verdict = read(&Answer::test(status, body));
        let accepted = matches!(verdict, Verdict::Settled(Delivery::Accepted { .. }));
        prop_assert!(!accepted);
    }
}

#[test]
fn a_code_of_fcm_goes_before_the_canonical_status() {
    let body = |code: &str| json!({ "error": { "status": "NOT_FOUND", "details": [{ "errorCode": code }] } });
    let settled = read(&Answer::test(404, body("UNREGISTERED").to_string()));
    assert!(matches!(settled, Verdict::Settled(Delivery::Gone)));
    let failed = read(&Answer::test(404, body("NO_SUCH_PROJECT").to_string()));
    assert!(matches!(failed, Verdict::Failed(_)));
}

#[test]
fn a_code_without_details_is_read_from_the_status() {
    let body = json!({ "error": { "status": "UNREGISTERED" } }).to_string();
    assert!(matches!(
        read(&Answer::test(404, body)),
        Verdict::Settled(Delivery::Gone)
    ));
}
