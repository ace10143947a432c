//! Configuration: the only place that reads the environment.
//!
//! Flags beat environment variables, those beat the `.env` file, that beats
//! the defaults. Every fault is reported at once.

mod database;
mod database_url;
mod env_file;
mod limits;
mod log;
mod logins;
pub mod manual;
mod provider;
mod push;
mod redis;
mod setting;
mod source;
mod spelling;
mod spending;
mod texts;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use voip_core::{CallSettings, PhoneNumber};

pub use database::{DatabaseAddress, DatabaseConfig, DatabaseServer};
pub use limits::{Limits, MetricsAccess};
pub use log::{LogConfig, LogFormat};
pub use logins::LoginConfig;
pub use provider::{ProviderConfig, SimulatorSettings, TwilioSettings};
pub use push::{ApnsSettings, PushConfig};
pub use redis::RedisConfig;
pub use setting::{SETTINGS, Setting};
pub use source::{Faults, Mistyped, Source};

/// Everything the server can be told.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: ListenConfig,
    /// The address under which the provider reaches it; the address it listens
    /// on where not given.
    pub public_url: Option<Url>,
    /// Who may do what.
    pub auth: AuthConfig,
    /// How logging in works.
    pub logins: LoginConfig,
    /// Who carries the calls.
    pub provider: ProviderConfig,
    /// TwiML of the operator's own for outbound calls.
    pub outbound_twiml_url: Option<Url>,
    /// Where calls and users are kept.
    pub database: DatabaseConfig,
    /// What carries events between nodes and keeps copies for all of them; where
    /// not given, a node keeps this to itself.
    pub redis: Option<RedisConfig>,
    /// Who wakes devices.
    pub push: PushConfig,
    /// How calls behave.
    pub calls: CallSettings,
    /// How much is too much.
    pub limits: Limits,
    /// What is written to the log.
    pub log: LogConfig,
    /// Variables that are set and do nothing, because `DATABASE_URL` is.
    pub unused: Vec<&'static str>,
    /// Names in the `.env` file that look like a setting and are none.
    pub mistyped: Vec<Mistyped>,
}

/// Where the server listens.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// The address of both ports.
    pub host: IpAddr,
    /// HTTP, and WebSocket at `/ws`; 0 for any free one.
    pub port: u16,
    /// WebSocket at every path; 0 for any free one.
    pub ws_port: u16,
}

/// Who may do what.
#[derive(Debug)]
pub struct AuthConfig {
    /// Whether clients must prove who they are.
    pub mode: AuthMode,
    /// The key that signs and checks tokens; without one none is valid.
    pub secret: Option<SecretString>,
    /// The key that signed tokens before, whose tokens are still accepted.
    pub previous: Option<SecretString>,
}

/// Whether clients must prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Every request needs a token.
    Required,
    /// Everybody may do everything; a token that is sent must still be valid.
    Open,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Every fault there is, each naming its variable.
    pub fn read(source: &Source) -> Result<Self, Faults> {
        let mut faults = source.faults();
        let provider = ProviderConfig::read(source, &mut faults);
        // Whoever gives half of the credentials wants the rest told at once too.
        let credentials = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"];
        let real = !source.set_among(&credentials).is_empty();
        let default_host = if real {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        let mut config = Self {
            listen: ListenConfig {
                host: source.parsed("HOST", IpAddr::V4(default_host), &mut faults),
                port: source.port("PORT", 8080, &mut faults),
                ws_port: source.port("WS_PORT", 8081, &mut faults),
            },
            public_url: public_url(source, real, &mut faults),
            auth: AuthConfig::read(source, real, &mut faults),
            logins: LoginConfig::read(source, &mut faults),
            outbound_twiml_url: provider::url("OUTBOUND_TWIML_URL", source, &mut faults),
            database: DatabaseConfig::read(source, &mut faults),
            redis: RedisConfig::read(source, &mut faults),
            push: PushConfig::read(source, &mut faults),
            calls: calls(source, &mut faults),
            limits: Limits::read(source, &mut faults),
            log: LogConfig::read(source, &mut faults),
            unused: DatabaseConfig::unused(source),
            mistyped: source.mistyped().to_vec(),
            provider,
        };
        if config.listen.port != 0 && config.listen.port == config.listen.ws_port {
            faults.add("WS_PORT", "must differ from PORT");
        }
        config
            .limits
            .read_metrics(source, config.auth.mode, &mut faults);
        config.calls.several_nodes = config.database.is_shared();
        // Not found beside a file, and each node would make one of its own.
        if config.database.is_shared()
            && config.auth.secret.is_none()
            && !faults.names().contains(&"JWT_SECRET")
        {
            faults.add(
                "JWT_SECRET",
                "is required with a database server: all nodes sign logins with it; set it to at least 32 random characters",
            );
        }
        faults.into_result(config)
    }
}

impl AuthConfig {
    fn read(source: &Source, real: bool, faults: &mut Faults) -> Self {
        let default = if real {
            AuthMode::Required
        } else {
            AuthMode::Open
        };
        let mode = match source.text("AUTH_MODE").as_deref() {
            None => default,
            Some("required") => AuthMode::Required,
            Some("open") => AuthMode::Open,
            Some(_) => {
                faults.add("AUTH_MODE", "must be required or open");
                default
            }
        };
        let secret = source.text("JWT_SECRET").map(SecretString::from);
        match &secret {
            Some(secret) if is_weak(secret.expose_secret()) => faults.add("JWT_SECRET", TOO_WEAK),
            None if real || mode == AuthMode::Required => faults.add(
                "JWT_SECRET",
                "is required to check who calls the API: set it to at least 32 random characters",
            ),
            Some(_) | None => {}
        }
        let previous = source.text("JWT_SECRET_PREVIOUS").map(SecretString::from);
        let weak = |key: &SecretString| is_weak(key.expose_secret());
        if previous.as_ref().is_some_and(weak) {
            faults.add("JWT_SECRET_PREVIOUS", TOO_WEAK);
        }
        if previous.is_some() && secret.is_none() {
            faults.add("JWT_SECRET", "is required with JWT_SECRET_PREVIOUS");
        }
        Self {
            mode,
            secret,
            previous,
        }
    }
}

/// What is wrong with a weak key.
pub(crate) const TOO_WEAK: &str =
    "is too weak: use at least 32 random characters, such as `openssl rand -hex 32` gives";

/// Short, or hardly any different characters.
pub(crate) fn is_weak(secret: &str) -> bool {
    let distinct: std::collections::BTreeSet<char> = secret.chars().collect();
    secret.len() < 32 || distinct.len() < 10
}

fn public_url(source: &Source, real: bool, faults: &mut Faults) -> Option<Url> {
    let (name, text) = match (source.text("PUBLIC_URL"), source.text("PUBLIC_WEBHOOK_URL")) {
        (Some(url), Some(other)) if url != other => {
            faults.add(
                "PUBLIC_WEBHOOK_URL",
                "differs from PUBLIC_URL: set only one of them",
            );
            return None;
        }
        (Some(url), _) => ("PUBLIC_URL", url),
        (None, Some(url)) => ("PUBLIC_WEBHOOK_URL", url),
        (None, None) => {
            if real {
                faults.add(
                    "PUBLIC_URL",
                    "is required with Twilio: the https address under which Twilio reaches this server",
                );
            }
            return None;
        }
    };
    match Url::parse(&text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Some(url)
        }
        _ => {
            faults.add(
                name,
                "must be an http or https address, such as https://voip.example.com",
            );
            None
        }
    }
}

fn calls(source: &Source, faults: &mut Faults) -> CallSettings {
    let default = CallSettings::default();
    let ring_time = source.seconds("RING_TIME_SECONDS", default.ring_time, faults);
    if !(Duration::from_secs(5)..=Duration::from_secs(600)).contains(&ring_time) {
        faults.add("RING_TIME_SECONDS", "must be from 5 to 600");
    }
    let dial_ring_time = source.seconds("DIAL_RING_TIME_SECONDS", default.dial_ring_time, faults);
    if !(Duration::from_secs(5)..=Duration::from_secs(600)).contains(&dial_ring_time) {
        faults.add("DIAL_RING_TIME_SECONDS", "must be from 5 to 600");
    }
    let default_from = source.text("TWILIO_PHONE_NUMBER").and_then(|text| {
        let number = text.parse::<PhoneNumber>();
        number
            .map_err(|_| {
                faults.add(
                    "TWILIO_PHONE_NUMBER",
                    "must be in E.164 form, such as +15551234567",
                );
            })
            .ok()
    });
    CallSettings {
        ring_time,
        client_ring_time: source.seconds(
            "CLIENT_RING_TIME_SECONDS",
            default.client_ring_time,
            faults,
        ),
        default_from: default_from.or_else(|| provider::default_from(source)),
        phrases: texts::read(source, default.phrases),
        dial_ring_time,
        guard: spending::read(source, faults),
        several_nodes: false,
    }
}
