use std::{collections::BTreeMap, time::Duration};

use reqwest::RequestBuilder;
use serde_json::Value;
use tempfile::TempDir;
use voip_core::{
    Timestamp,
    ports::{Clock, SystemClock},
};
use voip_server::{
    Server,
    auth::{Subject, Tokens},
    config::{Config, Source},
};
use voip_twilio::signature;

use super::{Answer, Client, database::Database, leg::INBOUND, within};

/// The simulated account's auth token.
pub(crate) const SIM_TOKEN: &str = "5105a1b2c3d4e5f60718293a4b5c6d7e";

/// A key that signs bearer tokens.
pub(crate) const SECRET: &str = "kEeP-tHiS-kEy-0123456789-oUt-Of-SiGhT";

/// A whole server with its simulator, on free ports and a file of its own.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) http: reqwest::Client,
    directory: TempDir,
    auth_token: String,
}

impl Running {
    /// One that takes everybody, with the built-in simulator.
    pub(crate) async fn start() -> Self {
        Self::with([]).await
    }

    /// One where clients need tokens signed with [`SECRET`].
    pub(crate) async fn guarded() -> Self {
        Self::with([("AUTH_MODE", "required"), ("JWT_SECRET", SECRET)]).await
    }

    /// One with these settings besides.
    pub(crate) async fn with<const N: usize>(settings: [(&'static str, &str); N]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let file = directory.path().join("voip.db");
        let mut all = BTreeMap::from([
            ("PORT", "0".to_owned()),
            ("WS_PORT", "0".to_owned()),
            ("SIM_PORT", "0".to_owned()),
            ("HOST", "127.0.0.1".to_owned()),
            ("DATABASE_URL", format!("sqlite:{}", file.display())),
            ("LOG_FILTER", "off".to_owned()),
        ]);
        all.extend(settings.map(|(name, value)| (name, value.to_owned())));
        let auth_token = match all.get("TWILIO_AUTH_TOKEN") {
            Some(token) => token.clone(),
            None => all
                .entry("SIM_AUTH_TOKEN")
                .or_insert_with(|| SIM_TOKEN.to_owned())
                .clone(),
        };
        let config = Config::read(&Source::of(all)).expect("a good configuration");
        let server = Server::start(config).await.expect("a server starts");
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            server,
            http,
            directory,
            auth_token,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.addresses().http)
    }

    pub(crate) fn database(&self) -> Database {
        Database::open(&self.directory.path().join("voip.db"))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = within("an answer", request.send())
            .await
            .expect("an answer");
        Answer::of(response).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    /// `POST` of a JSON body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.http.post(self.url(path)).json(&body)).await
    }

    /// A user with a number and a device.
    pub(crate) async fn register(&self, user: &str, number: &str) {
        // A push token has no blanks and nothing but ASCII; a name may.
        let token: String = user
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            + "-device";
        let body = serde_json::json!({"userId": user, "phoneNumber": number, "fcmToken": token});
        let mut request = self.http.post(self.url("/api/register-user")).json(&body);
        if self.server.app().auth.mode() == voip_server::config::AuthMode::Required {
            request = request.bearer_auth(self.token(&Subject::Service));
        }
        let answer = self.send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// A request of the provider to its public address, signed as the provider
    /// does.
    pub(crate) fn webhook(&self, target: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        self.webhook_with(&self.auth_token, target, fields)
    }

    /// The same, signed with another token.
    pub(crate) fn webhook_with(
        &self,
        auth_token: &str,
        target: &str,
        fields: &[(&str, &str)],
    ) -> RequestBuilder {
        let base = self
            .server
            .addresses()
            .public_url
            .as_str()
            .trim_end_matches('/');
        let owned: Vec<(String, String)> = fields
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let signature = signature::sign(auth_token, &format!("{base}{target}"), &owned);
        self.http
            .post(self.url(target))
            .header(signature::HEADER, signature)
            .form(&owned)
    }

    /// A socket at `WS_PORT`.
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(&format!("ws://{}/", self.server.addresses().socket)).await
    }

    /// A socket of a device of `user`.
    pub(crate) async fn device(&self, user: &str) -> Client {
        let mut client = self.connect().await;
        client.register(user).await;
        client
    }

    /// A bearer token that is good for an hour.
    pub(crate) fn token(&self, subject: &Subject) -> String {
        token(subject, SystemClock.now(), Duration::from_secs(3600))
    }

    pub(crate) fn user_token(&self, user: &str) -> String {
        self.token(&Subject::User(user.parse().expect("a user id")))
    }

    /// Has the provider announce a call that rings alice; returns its name.
    pub(crate) async fn announced(&self) -> String {
        self.send(self.webhook("/twilio-inbound", &INBOUND)).await;
        let id = &self.log("alice").await[0]["call_id"];
        id.as_str().expect("an id").to_owned()
    }

    /// Everything in somebody's call log.
    pub(crate) async fn log(&self, name: &str) -> Vec<Value> {
        let path = format!("/api/call-logs/{name}");
        let mut request = self.http.get(self.url(&path));
        if self.server.app().auth.mode() == voip_server::config::AuthMode::Required {
            request = request.bearer_auth(self.token(&Subject::Service));
        }
        let answer = self.send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json().as_array().expect("a list").clone()
    }
}

/// A bearer token made at `made`, signed with [`SECRET`].
pub(crate) fn token(subject: &Subject, made: Timestamp, ttl: Duration) -> String {
    let tokens = Tokens::new(&secrecy::SecretString::from(SECRET));
    tokens.mint(subject, ttl, made).expect("a token")
}
