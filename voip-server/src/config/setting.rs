/// A setting the server knows: an environment variable, and the flag of the
/// same name in lower case with dashes.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What it does; one or two sentences.
    pub help: &'static str,
    /// What holds when it is not set, in words or as a value.
    pub default: &'static str,
}

impl Setting {
    /// The flag, without its dashes in front.
    pub fn flag(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', "-")
    }
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting {
        name,
        help,
        default,
    }
}

/// Every setting there is, in the order in which they are explained.
pub const SETTINGS: &[Setting] = &[
    setting(
        "PORT",
        "8080",
        "HTTP port; WebSocket is there too, at /ws. 0 takes any free one.",
    ),
    setting(
        "WS_PORT",
        "8081",
        "WebSocket port, every path. 0 takes any free one.",
    ),
    setting(
        "HOST",
        "127.0.0.1, with Twilio 0.0.0.0",
        "Address to listen on.",
    ),
    setting(
        "PUBLIC_URL",
        "the address listened on",
        "Address under which Twilio reaches this server; required with Twilio.",
    ),
    setting("PUBLIC_WEBHOOK_URL", "–", "Another name of PUBLIC_URL."),
    setting(
        "TWILIO_ACCOUNT_SID",
        "the simulator",
        "Account (AC…). Set it to use the real Twilio instead of the simulator.",
    ),
    setting(
        "TWILIO_AUTH_TOKEN",
        "–",
        "The account's auth token; also checks webhooks.",
    ),
    setting(
        "TWILIO_AUTH_TOKEN_SECONDARY",
        "–",
        "A second token that webhooks may be signed with, while tokens are rotated.",
    ),
    setting(
        "TWILIO_PHONE_NUMBER",
        "+15005550006 in the simulator",
        "Number (E.164) that outbound calls come from, where a request names none.",
    ),
    setting(
        "TWILIO_API_KEY_SID",
        "–",
        "API key (SK…) that signs Voice access tokens.",
    ),
    setting("TWILIO_API_KEY_SECRET", "–", "The secret of that key."),
    setting(
        "TWILIO_TWIML_APP_SID",
        "–",
        "TwiML App (AP…) for calls from voice clients; without it they can be called and cannot call.",
    ),
    setting(
        "TWILIO_API_BASE_URL",
        "https://api.twilio.com",
        "Where the Twilio REST API is; for tests and other regions.",
    ),
    setting(
        "VOICE_SDK_FILE",
        "a pinned copy from a CDN",
        "With Twilio: your own copy of the Voice SDK (dist/twilio.min.js of @twilio/voice-sdk) for the web dialer, served from here.",
    ),
    setting(
        "SIM_SIGNAL_URL",
        "–",
        "With TWILIO_API_BASE_URL at a simulator of its own: its signalling (ws://…/signal), so that the web dialer calls through it.",
    ),
    setting(
        "OUTBOUND_TWIML_URL",
        "our own",
        "TwiML that outbound calls run once they are answered.",
    ),
    setting(
        "AUTH_MODE",
        "open, with Twilio required",
        "required: clients need a token. open: everybody may do everything.",
    ),
    setting(
        "JWT_SECRET",
        "–",
        "Key that signs tokens, at least 32 random characters; required with Twilio, with AUTH_MODE=required, and with a database server. Else one is made and kept beside the database.",
    ),
    setting(
        "JWT_SECRET_PREVIOUS",
        "–",
        "The key before JWT_SECRET; its tokens are still accepted while one takes the place of the other.",
    ),
    setting("LOGIN_TTL_SECONDS", "43200", "How long a login lasts."),
    setting(
        "VOICE_TOKEN_TTL_SECONDS",
        "3600",
        "How long the token of a voice client lasts; at most 86400.",
    ),
    setting(
        "LOGINS_PER_MINUTE",
        "5",
        "Logins to one account from one client address in any minute, right or wrong; more are told 429.",
    ),
    setting(
        "ACCOUNT_LOGINS_PER_MINUTE",
        "30",
        "Logins to one account in any minute, from wherever.",
    ),
    setting(
        "ADDRESS_LOGINS_PER_MINUTE",
        "60",
        "Logins from one client address in any minute, to whatever account.",
    ),
    setting(
        "ADDRESS_SIGNUPS_PER_HOUR",
        "100",
        "Sign-ups from one client address in any hour.",
    ),
    setting(
        "ALLOW_SIGNUP",
        "true",
        "false: nobody makes an account any more, and those there are go on. Whoever has an account may register a number that nobody has yet, and is rung when it is called.",
    ),
    setting(
        "TRUSTED_PROXIES",
        "0",
        "How many proxies of yours stand before the server, each adding its client to X-Forwarded-For. 0: the other end of the connection is the client.",
    ),
    setting(
        "DATABASE_URL",
        "sqlite:voip.db",
        "Where calls and users are kept: sqlite: and a file, postgres://user:password@host/database or mysql://user:password@host/database (MariaDB too). Several nodes may share a server.",
    ),
    setting(
        "DATABASE_CONNECTIONS",
        "8",
        "Most connections of each node to a database server, beside four that write calls and look things up.",
    ),
    setting(
        "DB_HOST",
        "localhost",
        "MySQL server; used where DATABASE_URL is not set and this or DB_NAME is.",
    ),
    setting("DB_PORT", "3306", "Its port."),
    setting("DB_USER", "–", "Who to log in as there."),
    setting(
        "DB_PASSWORD",
        "–",
        "The password; quotes around it are left out.",
    ),
    setting("DB_NAME", "–", "The name of the database there."),
    setting(
        "REDIS_URL",
        "–",
        "Redis 6 or later, which carries events between nodes and holds copies and limits for all: redis://user:password@host:6379/0, redis+sentinel://host,host/name or redis+cluster://host,host; rediss in place of redis encrypts. Without it each node keeps to itself.",
    ),
    setting(
        "REDIS_PREFIX",
        "voip:",
        "What all keys in Redis begin with; another one for each database.",
    ),
    setting(
        "FIREBASE_SERVICE_ACCOUNT",
        "no pushes",
        "Path of the Firebase service account file that sends Android pushes.",
    ),
    setting(
        "FCM_BASE_URL",
        "https://fcm.googleapis.com",
        "Where the FCM API is; for tests.",
    ),
    setting(
        "APNS_KEY_FILE",
        "no pushes",
        "Path of the .p8 key that sends iOS VoIP pushes.",
    ),
    setting("APNS_KEY_ID", "–", "Id of that key, 10 characters."),
    setting("APNS_TEAM_ID", "–", "Apple team, 10 characters."),
    setting(
        "APNS_BUNDLE_ID",
        "–",
        "Bundle id of the app, without .voip.",
    ),
    setting(
        "APNS_SANDBOX",
        "false",
        "true for development builds of the app.",
    ),
    setting(
        "RING_TIME_SECONDS",
        "50",
        "How long an inbound call rings before it counts as missed, 5 to 600.",
    ),
    setting(
        "CLIENT_RING_TIME_SECONDS",
        "20",
        "How long a voice client may ring once its user has answered in the app.",
    ),
    setting(
        "DIAL_RING_TIME_SECONDS",
        "30",
        "How long a number rings that a voice client calls, 5 to 600.",
    ),
    setting(
        "SPEND_GUARD",
        "on",
        "off: outbound calls may go anywhere, as often and as many as anybody likes; the settings below then do nothing.",
    ),
    setting(
        "ALLOWED_COUNTRIES",
        "every country",
        "Countries that may be called: two-letter codes (ISO 3166) with commas between, such as US,CA,GB.",
    ),
    setting(
        "CALLS_PER_MINUTE",
        "30",
        "Outbound calls that a user may start in any minute; more are told 429. Calls of nobody in particular count together. 0: no limit.",
    ),
    setting(
        "LIVE_CALLS_PER_USER",
        "10",
        "Outbound calls that a user may have at a time, at most 100; more are told 429. 0: no limit.",
    ),
    setting(
        "WAIT_TEXT",
        "a sentence",
        "Spoken to callers while their call rings.",
    ),
    setting(
        "UNAVAILABLE_TEXT",
        "a sentence",
        "Spoken to callers when nobody answers.",
    ),
    setting(
        "NOBODY_TEXT",
        "a sentence",
        "Spoken to callers of a number that belongs to no user.",
    ),
    setting(
        "OUTBOUND_TEXT",
        "a sentence",
        "Spoken to the called person when no user is there to talk to.",
    ),
    setting(
        "BAD_NUMBER_TEXT",
        "a sentence",
        "Spoken to a voice client that calls something that is no phone number.",
    ),
    setting(
        "REFUSED_TEXT",
        "a sentence",
        "Spoken to a voice client whose call cannot be placed.",
    ),
    setting(
        "COUNTRY_TEXT",
        "a sentence",
        "Spoken to a voice client that calls a country outside ALLOWED_COUNTRIES.",
    ),
    setting(
        "PREMIUM_TEXT",
        "a sentence",
        "Spoken to a voice client that calls a premium-rate number.",
    ),
    setting(
        "SATELLITE_TEXT",
        "a sentence",
        "Spoken to a voice client that calls a satellite or other international network.",
    ),
    setting(
        "TOO_OFTEN_TEXT",
        "a sentence",
        "Spoken to a voice client whose user is over CALLS_PER_MINUTE.",
    ),
    setting(
        "TOO_MANY_TEXT",
        "a sentence",
        "Spoken to a voice client whose user is over LIVE_CALLS_PER_USER.",
    ),
    setting(
        "BUSY_TEXT",
        "a sentence",
        "Spoken to a voice client when the number it called was busy.",
    ),
    setting(
        "NO_ANSWER_TEXT",
        "a sentence",
        "Spoken to a voice client when nobody answered there.",
    ),
    setting(
        "FAILED_TEXT",
        "a sentence",
        "Spoken to a voice client when the number it called could not be reached.",
    ),
    setting(
        "ENDED_TEXT",
        "a sentence",
        "Spoken to a voice client when the other side has hung up.",
    ),
    setting(
        "SIM_PORT",
        "8082",
        "Port of the simulator's API, on loopback. 0 takes any free one.",
    ),
    setting(
        "SIM_AUTH_TOKEN",
        "random",
        "Auth token of the simulated account, 32 hex digits; signs its webhooks.",
    ),
    setting("MAX_BODY_BYTES", "65536", "Largest request body."),
    setting("MAX_FRAME_BYTES", "16384", "Largest WebSocket message."),
    setting(
        "MAX_CONNECTIONS",
        "20000",
        "Most connections at a time, HTTP and WebSocket together; more wait.",
    ),
    setting(
        "REQUEST_TIMEOUT_SECONDS",
        "30",
        "Longest time for one HTTP request.",
    ),
    setting(
        "SHUTDOWN_GRACE_SECONDS",
        "10",
        "How long requests in flight may go on after a stop is asked for.",
    ),
    setting(
        "METRICS_ACCESS",
        "token, with AUTH_MODE=open local",
        "Who may read /metrics. token: whoever shows a service token. local: they, and whoever asks from this machine itself. open: everybody.",
    ),
    setting("LOG_FORMAT", "text", "text or json."),
    setting(
        "LOG_FILTER",
        "info",
        "What is logged, such as info or voip_core=debug,warn.",
    ),
];
