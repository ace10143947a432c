use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use voip_core::CallStatus;

use super::until;

/// One row of a call log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    pub(crate) call_id: String,
    pub(crate) twilio_sid: Option<String>,
    pub(crate) from_user: String,
    pub(crate) to_user: String,
    pub(crate) direction: String,
    pub(crate) status: CallStatus,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
}

/// Whether this is an answer, not the word that there is none for now.
fn is_in_order((status, text): &(u16, String)) -> bool {
    *status != 503
        || !["unavailable", "timeout"].iter().any(|code| {
            let code = format!("\"code\":\"{code}\"");
            text.contains(&code)
        })
}

/// A client of the HTTP API, which may find nobody there.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client of the server at this address.
    pub(crate) fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client without special wishes");
        Self {
            http,
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same client, with a bearer token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The status and text of what a path answers.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<(u16, String)> {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// The status and text of the answer to a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Result<(u16, String)> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        self.send(request).await
    }

    /// [`post`](Self::post), again and again until somebody answers who is not
    /// out of order.
    pub(crate) async fn insist(&self, path: &str, body: &Value) -> (u16, String) {
        until(
            "an answer of the server",
            Duration::from_secs(60),
            async || self.post(path, body).await.ok().filter(is_in_order),
        )
        .await
    }

    /// The log of a user or number, newest first, however long it is; `None`
    /// when nobody is there, or who is there is out of order.
    pub(crate) async fn whole_log(&self, name: &str) -> Option<Vec<Row>> {
        self.newest_of_log(name, 10_000).await
    }

    /// At `most` so many rows of the log of a user or number, newest first;
    /// `None` as for [`whole_log`](Self::whole_log).
    pub(crate) async fn newest_of_log(&self, name: &str, most: usize) -> Option<Vec<Row>> {
        let name = name.replace('+', "%2B");
        let path = format!("/api/call-logs/{name}?limit={most}");
        let answer = self.get(&path).await.ok().filter(is_in_order)?;
        let (status, text) = answer;
        assert_eq!(status, 200, "{text}");
        Some(serde_json::from_str(&text).expect("a call log is an array of rows"))
    }

    /// The log of a user or number, newest first; `None` when nobody is there.
    pub(crate) async fn log(&self, name: &str) -> Option<Vec<Row>> {
        let (status, text) = self
            .get(&format!("/api/call-logs/{}", name.replace('+', "%2B")))
            .await
            .ok()?;
        assert_eq!(status, 200, "{text}");
        Some(serde_json::from_str(&text).expect("a call log is an array of rows"))
    }

    /// Waits for a row of a log that is as wished.
    pub(crate) async fn row_that(
        &self,
        name: &str,
        what: &str,
        wished: impl Fn(&Row) -> bool,
    ) -> Row {
        until(what, Duration::from_secs(30), async || {
            self.log(name).await?.into_iter().find(|row| wished(row))
        })
        .await
    }

    /// Registers a user with a number.
    pub(crate) async fn register(&self, user: &str, number: &str) {
        let body = json!({"userId": user, "phoneNumber": number, "fcmToken": "device-1"});
        let (status, text) = self.insist("/api/register-user", &body).await;
        assert_eq!(status, 200, "{text}");
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<(u16, String)> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }
}
