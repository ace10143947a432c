use std::fmt::Write as _;

use crate::{
    Addresses,
    config::{AuthMode, Config, DatabaseConfig, Mistyped, ProviderConfig},
};

/// What is printed once the server answers: where everything is, what is
/// simulated, and which variable turns each real part on.
pub(crate) fn text(config: &Config, at: &Addresses) -> String {
    let mut page = String::new();
    let mut line = |name: &str, what: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "  {name:<10} {what}");
    };
    line("HTTP", format!("http://{}", at.http));
    line(
        "WebSocket",
        format!("ws://{}  and  ws://{}/ws", at.socket, at.http),
    );
    match (&config.provider, at.simulator) {
        (ProviderConfig::Simulator(_), Some(addr)) => {
            line(
                "Calls",
                format!("SIMULATED at http://{addr} – no real phone rings and nothing is paid"),
            );
            line("", format!("see and drive them at http://{addr}/"));
            line("", "real ones: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_PHONE_NUMBER, PUBLIC_URL".to_owned());
        }
        _ => {
            let provider = match &config.provider {
                ProviderConfig::Twilio(twilio) => twilio.api_base_url.as_ref(),
                ProviderConfig::Simulator(_) => None,
            };
            let provider = provider.map_or_else(
                || "Twilio".to_owned(),
                |base| {
                    format!(
                        "what stands in for Twilio at {}",
                        base.origin().ascii_serialization()
                    )
                },
            );
            line(
                "Calls",
                format!("{provider}; it must reach {}", at.public_url),
            );
            let base = at.public_url.as_str().trim_end_matches('/');
            line(
                "",
                format!(
                    "webhooks of your number: {base}/twilio-inbound (voice), {base}/twilio-status (status)"
                ),
            );
            if let ProviderConfig::Twilio(twilio) = &config.provider
                && let Some(lacks) = twilio.voice_clients_lack()
            {
                line("", lacks.to_owned());
            }
        }
    }
    line(
        "Pushes",
        match (&config.push.firebase, &config.push.apns) {
            (None, None) => {
                "skipped: set FIREBASE_SERVICE_ACCOUNT or APNS_KEY_FILE to send them".to_owned()
            }
            (Some(_), None) => "FCM; iOS is skipped: set APNS_KEY_FILE".to_owned(),
            (None, Some(_)) => "APNs; Android is skipped: set FIREBASE_SERVICE_ACCOUNT".to_owned(),
            (Some(_), Some(_)) => "FCM and APNs".to_owned(),
        },
    );
    line(
        "Data",
        match &config.database {
            DatabaseConfig::Sqlite(path) => format!("SQLite file {}", path.display()),
            DatabaseConfig::Memory => "in memory, gone at the end".to_owned(),
            DatabaseConfig::Server(server) => server.at.clone(),
        },
    );
    line(
        "Events",
        match &config.redis {
            Some(redis) => format!("to all nodes by {}", redis.url),
            None => "on this node only; REDIS_URL joins several".to_owned(),
        },
    );
    line(
        "Access",
        match config.auth.mode {
            AuthMode::Open => {
                "OPEN to everybody who reaches it; AUTH_MODE=required asks for tokens".to_owned()
            }
            AuthMode::Required => "needs a token; `voip-server token --help` makes one".to_owned(),
        },
    );
    line(
        "Logins",
        match (&config.auth.secret, &config.database) {
            (Some(_), _) => "signed with JWT_SECRET".to_owned(),
            (None, DatabaseConfig::Sqlite(path)) => format!(
                "signed with the key in {}.key; JWT_SECRET sets one",
                path.display()
            ),
            // A server wants JWT_SECRET.
            (None, DatabaseConfig::Memory | DatabaseConfig::Server(_)) => {
                "gone at the end, as accounts are".to_owned()
            }
        },
    );
    for name in &config.unused {
        line(
            "Note",
            format!("{name} is set but not used: DATABASE_URL is"),
        );
    }
    for Mistyped { name, place, meant } in &config.mistyped {
        line(
            "Note",
            format!("{name} in {place} is no setting: did you mean {meant}?"),
        );
    }
    page
}
