//! Access tokens for a Google service account (RFC 7523, section 2.1).
//!
//! Written here rather than taken from a crate: the one in question lets each
//! waiting caller mint a token of its own, asks again after `invalid_grant`,
//! takes the time from the machine, and cannot be told that a token was
//! refused.

use std::{fmt, sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, Header};
use reqwest::{Client, StatusCode, header::HeaderValue};
use serde::{Deserialize, Serialize};
use voip_core::{ErrorKind, Retry, Timestamp, ports::Clock};

use crate::{
    ServiceAccount,
    answer::{Answer, word},
    minting::{Credential, Desk, Mint, MintFailure},
};

const SERVICE: &str = "Google's token endpoint";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How far back an assertion is dated, against clocks that are ahead.
const BACKDATED: Duration = Duration::from_secs(60);
/// How long an assertion lives. Google takes no more.
const ASSERTION_LIFE: Duration = Duration::from_secs(3600);
/// How long before its end a token is renewed.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// The access tokens of one service account: cached, renewed five minutes
/// before they end, and minted by one caller at a time.
pub(crate) struct GoogleTokens {
    mint: Arc<TokenMint>,
    desk: Desk,
}

struct TokenMint {
    account: ServiceAccount,
    http: Client,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Minted {
    access_token: String,
    expires_in: u32,
}

impl GoogleTokens {
    pub(crate) fn new(
        account: ServiceAccount,
        http: Client,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mint = Arc::new(TokenMint {
            account,
            http,
            timeout,
            clock,
        });
        Self {
            mint,
            desk: Desk::new(),
        }
    }

    /// A token that is accepted now.
    pub(crate) async fn token(&self) -> Result<Credential, MintFailure> {
        let mint = || -> Mint { Box::pin(Arc::clone(&self.mint).mint()) };
        self.desk.credential(self.mint.clock.now(), mint).await
    }

    /// Forgets `used`, which was refused; not a newer one.
    pub(crate) fn forget(&self, used: &Credential) {
        self.desk.forget(used);
    }
}

impl TokenMint {
    async fn mint(self: Arc<Self>) -> Result<Credential, MintFailure> {
        let asked_at = self.clock.now();
        let assertion = self.assertion(asked_at)?;
        let request = self
            .http
            .post(self.account.token_uri().clone())
            .timeout(self.timeout)
            .form(&[("grant_type", GRANT_TYPE), ("assertion", &assertion)]);
        let response = request.send().await.map_err(no_answer)?;
        let answer = Answer::read(response, self.clock.now())
            .await
            .map_err(no_answer)?;
        read(&answer, asked_at)
    }

    /// The signed claim that we are the account.
    fn assertion(&self, now: Timestamp) -> Result<String, MintFailure> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = self.account.private_key_id().map(str::to_owned);
        let issued = now - BACKDATED;
        let claims = Claims {
            iss: self.account.client_email(),
            scope: SCOPE,
            aud: self.account.token_uri().as_str(),
            iat: issued.as_secs(),
            exp: (issued + ASSERTION_LIFE).as_secs(),
        };
        jsonwebtoken::encode(&header, &claims, self.account.key()).map_err(|_| {
            failure(
                ErrorKind::Misconfigured,
                "the service account's key cannot sign".to_owned(),
            )
        })
    }
}

impl MintFailure {
    /// The same, but nothing has happened, so trying again is safe.
    fn again(self) -> Self {
        Self {
            retry: Retry::Safe,
            ..self
        }
    }
}

impl fmt::Debug for GoogleTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleTokens")
            .field("account", &self.mint.account)
            .finish_non_exhaustive()
    }
}

/// Reads what the token endpoint answered to a request made at `asked_at`.
fn read(answer: &Answer, asked_at: Timestamp) -> Result<Credential, MintFailure> {
    match answer.status {
        StatusCode::OK => minted(&answer.body, asked_at).ok_or_else(|| {
            let message = format!("{SERVICE} answered with something that is no access token");
            failure(ErrorKind::Malformed, message)
        }),
        StatusCode::TOO_MANY_REQUESTS => Err(MintFailure {
            retry_after: answer.retry_after,
            ..failure(
                ErrorKind::RateLimited,
                format!("{SERVICE} wants us to slow down"),
            )
            .again()
        }),
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            let message = format!("{SERVICE} is out of order (status {})", status.as_u16());
            let failure = failure(ErrorKind::Unavailable, message).again();
            Err(MintFailure {
                retry_after: answer.retry_after,
                ..failure
            })
        }
        status => Err(refusal(status, &answer.json())),
    }
}

fn minted(body: &[u8], asked_at: Timestamp) -> Option<Credential> {
    let Minted {
        access_token,
        expires_in,
    } = serde_json::from_slice(body).ok()?;
    if access_token.is_empty() || expires_in == 0 {
        return None;
    }
    let mut header = HeaderValue::try_from(format!("Bearer {access_token}")).ok()?;
    header.set_sensitive(true);
    let life = Duration::from_secs(expires_in.into());
    // One that lives shorter than usual is renewed halfway, not at each push.
    let expires_at = asked_at + life;
    Some(Credential {
        header,
        renew_at: expires_at - RENEWED_BEFORE.min(life / 2),
        expires_at,
    })
}

/// What is refused stays refused until somebody mends it (RFC 6749, section 5.2).
fn refusal(status: StatusCode, body: &serde_json::Value) -> MintFailure {
    let code = body["error"].as_str().and_then(word);
    let (kind, cause) = match code {
        Some("invalid_grant") => (
            ErrorKind::Unauthorized,
            "the signature is wrong, the key was revoked, or this machine's clock is off",
        ),
        Some("invalid_client" | "unauthorized_client" | "access_denied" | "deleted_client") => (
            ErrorKind::Unauthorized,
            "it does not know the account, or forbids it to ask",
        ),
        _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            (ErrorKind::Unauthorized, "it rejects the service account")
        }
        _ => (
            ErrorKind::Misconfigured,
            "the service account or its token_uri is wrong",
        ),
    };
    let code = code.unwrap_or("no error code");
    failure(
        kind,
        format!(
            "{SERVICE} gave no token ({}, {code}): {cause}",
            status.as_u16()
        ),
    )
}

/// No answer means no token, and nothing was pushed: asking again is safe.
fn no_answer(error: reqwest::Error) -> MintFailure {
    let error = error.without_url();
    let failure = if error.is_builder() {
        failure(
            ErrorKind::Misconfigured,
            format!("{SERVICE} cannot be asked at this token_uri"),
        )
    } else {
        let what = match (error.is_connect(), error.is_timeout()) {
            (true, _) => "cannot be reached",
            (false, true) => "did not answer in time",
            (false, false) => "broke the connection off before it answered",
        };
        failure(ErrorKind::Unavailable, format!("{SERVICE} {what}")).again()
    };
    MintFailure {
        source: Some(Arc::new(error)),
        ..failure
    }
}

fn failure(kind: ErrorKind, message: String) -> MintFailure {
    MintFailure {
        kind,
        retry: Retry::Never,
        message: message.into(),
        retry_after: None,
        source: None,
    }
}

#[cfg(test)]
mod tests;
