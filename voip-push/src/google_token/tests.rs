use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(NOW + seconds)
}

proptest! {
    #[test]
    fn any_answer_is_survived(status in 100..1000_u16, body: Vec<u8>) {
        let _ = read(&Answer::test(status, body), at(0));
    }

    #[test]
    fn any_refusal_is_survived_and_never_quoted_at_length(code: String) {
        let body = serde_json::json!({ "error": code }).to_string();
        let failure = read(&Answer::test(400, body), at(0)).unwrap_err();
        prop_assert_eq!(failure.retry, Retry::Never);
        prop_assert!(failure.message.len() < 250);
    }

    #[test]
    fn any_lifetime_is_renewed_before_its_end(seconds in 1..=u32::MAX) {
        let body = serde_json::json!({ "access_token": "a", "expires_in": seconds }).to_string();
        let token = read(&Answer::test(200, body), at(0)).unwrap();
        prop_assert!(at(0) < token.renew_at && token.renew_at < token.expires_at);
    }
}

#[test]
fn a_token_that_lives_shorter_than_usual_is_renewed_halfway() {
    let body = r#"{"access_token":"a","expires_in":100}"#;
    let token = read(&Answer::test(200, body), at(0)).unwrap();
    assert_eq!((token.renew_at, token.expires_at), (at(50), at(100)));
}

#[test]
fn the_header_that_bears_a_token_is_marked_as_a_secret() {
    let body = r#"{"access_token":"a","expires_in":100}"#;
    assert!(
        read(&Answer::test(200, body), at(0))
            .unwrap()
            .header
            .is_sensitive()
    );
}

#[test]
fn a_token_that_cannot_stand_in_a_header_or_is_over_is_no_token() {
    for body in [
        r#"{"access_token":"","expires_in":100}"#,
        r#"{"access_token":"a\nb: c","expires_in":100}"#,
        r#"{"access_token":"a","expires_in":0}"#,
        r#"{"access_token":"a","expires_in":-1}"#,
        r#"{"access_token":"a"}"#,
    ] {
        let failure = read(&Answer::test(200, body), at(0)).unwrap_err();
        assert_eq!(
            (failure.kind, failure.retry),
            (ErrorKind::Malformed, Retry::Never),
            "{body}"
        );
    }
}
