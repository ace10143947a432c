//! Signing up, logging in, and the tokens of voice clients.

mod surface;

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use surface::{Answer, Case, Running, SECRET, check, running::token};
use voip_core::{
    UserId, VoiceIdentity,
    ports::{Clock as _, SystemClock},
};
use voip_server::auth::Subject;

const EMAIL: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery staple";

async fn sign_up(running: &Running, email: &str) -> Answer {
    let body = json!({"name": "Ann", "email": email, "password": PASSWORD});
    running.post("/api/signup", body).await
}

async fn log_in(running: &Running, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    running.post("/api/login", body).await
}

async fn voice_token(running: &Running, token: &str) -> Answer {
    let request = running.http.get(running.url("/api/getToken"));
    running.send(request.bearer_auth(token)).await
}

/// The claims of a token, whoever signed it.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&claims).expect("JSON")
}

#[tokio::test]
async fn who_signs_up_can_log_in_and_register_a_voice_client() {
    let running = Running::start().await;
    let answer = sign_up(&running, " Ann@Example.com ").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let signed_up = answer.json();
    assert_eq!(signed_up["success"], true);
    assert!(signed_up["message"].is_string());
    let user = &signed_up["user"];
    assert_eq!(
        (&user["name"], &user["email"]),
        (&json!("Ann"), &json!(EMAIL))
    );
    let id: UserId = user["userId"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a user id");

    let answer = log_in(&running, "ANN@example.com", PASSWORD).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let logged_in = answer.json();
    assert_eq!(logged_in["success"], true);
    assert_eq!(&logged_in["user"], user);
    let login = answer.text("token");
    let said = claims(&login);
    assert_eq!(said["sub"], id.as_str());
    assert!(said["iss"].is_string() && said["aud"].is_string(), "{said}");
    let lasts = said["exp"].as_i64().expect("a time") - said["iat"].as_i64().expect("a time");
    assert_eq!(lasts, 12 * 60 * 60);

    let answer = voice_token(&running, &login).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let identity = VoiceIdentity::of(&id).expect("a fresh user has one");
    let body = answer.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["userId"], id.as_str());
    assert_eq!(body["identity"], identity.as_str());
    let voice = claims(&answer.text("token"));
    assert_eq!(voice["grants"]["identity"], identity.as_str());
    assert_eq!(voice["grants"]["voice"]["incoming"]["allow"], true);
    let app = &voice["grants"]["voice"]["outgoing"]["application_sid"];
    assert!(
        app.as_str().is_some_and(|sid| sid.starts_with("AP")),
        "{voice}"
    );
    let lasts = voice["exp"].as_i64().expect("a time") - voice["iat"].as_i64().expect("a time");
    assert_eq!(lasts, 60 * 60);
}

#[tokio::test]
async fn a_name_may_be_left_out() {
    let running = Running::start().await;
    for (place, name) in [json!(null), json!(""), json!("  ")]
        .into_iter()
        .enumerate()
    {
        let email = format!("ann{place}@example.com");
        let body = json!({"name": name, "email": email, "password": PASSWORD});
        let answer = running.post("/api/signup", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.json()["user"]["name"], Value::Null);
    }
    let body = json!({"email": EMAIL, "password": PASSWORD});
    assert_eq!(running.post("/api/signup", body).await.status, 201);
}

#[tokio::test]
async fn an_email_has_one_account_however_it_is_written() {
    let running = Running::start().await;
    assert_eq!(sign_up(&running, EMAIL).await.status, 201);
    let body = |email: &str| {
        json!({"email": email, "password": "another password altogether"}).to_string()
    };
    let cases = [EMAIL, "ANN@EXAMPLE.COM", " ann@example.com\t"]
        .map(|email| Case::json("/api/signup", body(email), (409, "email_taken")));
    check(&running, cases).await;
    assert_eq!(log_in(&running, EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn bad_sign_ups_are_told_why_and_make_nothing() {
    let running = Running::start().await;
    let case = |email: &str, password: &str, code| {
        let body = json!({"email": email, "password": password});
        Case::json("/api/signup", body.to_string(), (400, code))
    };
    let (short, long) = ("é".repeat(7), "xK4é山9q😀".repeat(16) + "x");
    check(
        &running,
        [
            case("ann", PASSWORD, "invalid_email"),
            case("", PASSWORD, "invalid_email"),
            case(
                &format!("{}@b.c", "a".repeat(300)),
                PASSWORD,
                "invalid_email",
            ),
            case(EMAIL, "", "password_too_short"),
            case(EMAIL, &short, "password_too_short"),
            case(EMAIL, &long, "password_too_long"),
            case(EMAIL, "Password123", "password_too_common"),
            case(EMAIL, EMAIL, "password_too_common"),
        ],
    )
    .await;
    let names = [json!("x".repeat(201)), json!("a\u{0}b")];
    let names = names.map(|name| {
        let body = json!({"name": name, "email": EMAIL, "password": PASSWORD});
        Case::json("/api/signup", body.to_string(), (400, "invalid_name"))
    });
    check(&running, names).await;
}

#[tokio::test]
async fn the_longest_password_counts_to_its_last_character() {
    let running = Running::start().await;
    let longest = "xK4é山9q😀".repeat(16);
    let body = json!({"email": EMAIL, "password": longest});
    assert_eq!(running.post("/api/signup", body).await.status, 201);
    assert_eq!(log_in(&running, EMAIL, &longest).await.status, 200);
    let cut: String = longest.chars().take(127).collect();
    assert_eq!(log_in(&running, EMAIL, &cut).await.status, 401);
}

#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_are_answered_alike() {
    let running = Running::start().await;
    assert_eq!(sign_up(&running, EMAIL).await.status, 201);
    let wrong = log_in(&running, EMAIL, "another password").await;
    let unknown = log_in(&running, "bob@example.com", PASSWORD).await;
    assert_eq!(wrong.error(), (401, "wrong_credentials".to_owned()));
    assert_eq!(wrong.body, unknown.body);
    let told = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "x-request-id" && name != "date");
        (answer.status, headers)
    };
    assert_eq!(told(&wrong), told(&unknown));
}

#[tokio::test]
async fn the_sixth_try_within_a_minute_is_one_too_many_whoever_it_is_for() {
    let running = Running::start().await;
    assert_eq!(sign_up(&running, EMAIL).await.status, 201);
    for email in [EMAIL, "bob@example.com"] {
        for _ in 0..5 {
            assert_eq!(
                log_in(&running, email, "another password").await.status,
                401
            );
        }
        // The right password is no way around it.
        let sixth = log_in(&running, email, PASSWORD).await;
        assert_eq!(sixth.error(), (429, "too_many_tries".to_owned()));
        let pause: u64 = sixth
            .header("retry-after")
            .expect("a pause")
            .parse()
            .expect("seconds");
        assert!((1..=61).contains(&pause), "{pause}");
    }
    assert_eq!(
        log_in(&running, "cat@example.com", PASSWORD).await.status,
        401
    );
}

#[tokio::test]
async fn an_address_has_its_own_limits() {
    let running = Running::with([
        ("ADDRESS_LOGINS_PER_MINUTE", "2"),
        ("ADDRESS_SIGNUPS_PER_HOUR", "2"),
        ("TRUSTED_PROXIES", "1"),
    ])
    .await;
    let from = async |address: &str, path: &str, email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        let request = running.http.post(running.url(path)).json(&body);
        running
            .send(request.header("x-forwarded-for", address))
            .await
            .status
    };
    for (path, good) in [("/api/signup", 201), ("/api/login", 200)] {
        assert_eq!(from("192.0.2.1", path, "a@example.com").await, good);
        assert_eq!(from("192.0.2.1", path, "b@example.com").await, good);
        // What a client writes in front of what our proxy adds makes no difference.
        assert_eq!(
            from("10.1.1.1, 192.0.2.1", path, "c@example.com").await,
            429
        );
        assert_eq!(from("192.0.2.2", path, "c@example.com").await, good);
    }
}

#[tokio::test]
async fn an_operator_may_keep_strangers_from_signing_up() {
    let running = Running::with([("ALLOW_SIGNUP", "false")]).await;
    let refused = sign_up(&running, "stranger@example.com").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["code"], "signup_closed");
    assert_eq!(
        log_in(&running, "stranger@example.com", PASSWORD)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn bad_logins_are_told_why() {
    let running = Running::start().await;
    let case = |body: Value, want| Case::json("/api/login", body.to_string(), want);
    check(
        &running,
        [
            case(
                json!({"email": "ann", "password": PASSWORD}),
                (400, "invalid_email"),
            ),
            case(json!({"email": EMAIL}), (400, "invalid_body")),
            case(json!({"password": PASSWORD}), (400, "invalid_body")),
            case(
                json!({"email": EMAIL, "password": 5}),
                (400, "invalid_body"),
            ),
            case(
                json!({"email": EMAIL, "password": ""}),
                (401, "wrong_credentials"),
            ),
            case(json!([EMAIL, PASSWORD]), (400, "invalid_body")),
            Case::json("/api/login", "{", (400, "invalid_json")),
            Case::form(
                "/api/login",
                "email=a%40b.c&password=x",
                (415, "unsupported_media_type"),
            ),
            Case::new(Method::GET, "/api/login", (405, "method_not_allowed")),
            Case::new(Method::POST, "/api/getToken", (405, "method_not_allowed")),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_voice_token_needs_a_login_whatever_the_mode() {
    let now = SystemClock.now();
    for mode in ["open", "required"] {
        let running = Running::with([("AUTH_MODE", mode), ("JWT_SECRET", SECRET)]).await;
        let without = running.get("/api/getToken").await;
        assert_eq!(without.error(), (401, "unauthorized".to_owned()), "{mode}");
        assert_eq!(without.header("www-authenticate"), Some("Bearer"));
        for bad in ["", "nonsense", SECRET] {
            let answer = voice_token(&running, bad).await;
            assert_eq!(answer.error(), (401, "unauthorized".to_owned()), "{bad:?}");
        }
        let service = token(&Subject::Service, now, Duration::from_secs(60));
        let answer = voice_token(&running, &service).await;
        assert_eq!(answer.error(), (403, "not_a_user".to_owned()));
        // A token that the operator made for a user is a login too.
        let answer = voice_token(&running, &running.user_token("Manoj é")).await;
        assert_eq!(answer.text("identity"), "Manoj_20_c3_a9");
        let answer = voice_token(&running, &running.user_token(&"é".repeat(30))).await;
        assert_eq!(answer.error(), (409, "no_voice_identity".to_owned()));
    }
}

#[tokio::test]
async fn where_no_key_for_voice_tokens_is_set_up_that_is_said() {
    let running = Running::with([
        ("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000a1"),
        ("TWILIO_AUTH_TOKEN", "a1b2c3d4e5f60718293a4b5c6d7e8f90"),
        ("TWILIO_API_BASE_URL", "http://127.0.0.1:9"),
        ("PUBLIC_URL", "https://voip.example.test"),
        ("JWT_SECRET", SECRET),
    ])
    .await;
    let answer = voice_token(&running, &running.user_token("ann")).await;
    assert_eq!(answer.error(), (501, "voice_not_set_up".to_owned()));
}

#[tokio::test]
async fn a_login_speaks_for_its_user_where_tokens_are_needed() {
    let running = Running::guarded().await;
    let user = sign_up(&running, EMAIL).await.json()["user"]["userId"].clone();
    let user = user.as_str().expect("an id");
    let login = log_in(&running, EMAIL, PASSWORD).await.text("token");
    let log = async |name: &str| {
        let request = running
            .http
            .get(running.url(&format!("/api/call-logs/{name}")));
        running.send(request.bearer_auth(&login)).await.status
    };
    assert_eq!(log(user).await, 200);
    assert_eq!(log("Manoj").await, 403);
}

/// At the real cost a missing hash shows in a few tries; how close the two are
/// is measured with many cheap ones, in `flows`.
#[tokio::test]
async fn the_time_of_an_answer_does_not_tell_whether_there_is_an_account() {
    let running = Running::with([
        ("LOGINS_PER_MINUTE", "10000"),
        ("ADDRESS_LOGINS_PER_MINUTE", "10000"),
    ])
    .await;
    assert_eq!(sign_up(&running, EMAIL).await.status, 201);
    let apart = times_apart(&running, 15).await;
    assert!(apart < Duration::from_millis(20), "{apart:?}");
}

/// How far the quickest answers to a wrong password and to an unknown e-mail are
/// apart: whatever else the machine does only ever adds to a time, and the work
/// itself is in all of them.
async fn times_apart(running: &Running, tries: usize) -> Duration {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..tries {
        for (times, email) in times.iter_mut().zip([EMAIL, "bob@example.com"]) {
            let start = Instant::now();
            assert_eq!(log_in(running, email, "another password").await.status, 401);
            times.push(start.elapsed());
        }
    }
    let [wrong, unknown] = times.map(|times| times.into_iter().min().expect("there were tries"));
    wrong.abs_diff(unknown)
}
