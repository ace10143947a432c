//! What can be set, how, and what is refused.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use proptest::prelude::*;
use secrecy::SecretString;
use voip_core::ports::{Clock, SystemClock};
use voip_server::{
    auth::{Subject, Tokens},
    config::{AuthMode, Config, DatabaseConfig, ProviderConfig, SETTINGS, Source, manual},
};

const SECRET: &str = "kEeP-tHiS-kEy-0123456789-oUt-Of-SiGhT";
const SID: &str = "AC000000000000000000000000000000a1";

fn read(values: &[(&'static str, &str)]) -> Result<Config, Vec<&'static str>> {
    let values = values.iter().map(|&(name, value)| (name, value.to_owned()));
    Config::read(&Source::of(values)).map_err(|faults| faults.names())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_setting_is_in_the_example_and_on_its_page() {
    let pages = [
        (".env.example", manual::env_example()),
        ("docs/configuration.md", manual::page()),
    ];
    for (file, page) in pages {
        for setting in SETTINGS {
            assert!(
                page.contains(setting.name) && page.contains(setting.help),
                "{}",
                setting.name
            );
        }
        let kept = fs::read_to_string(root().join(file)).expect("the file is kept");
        assert_eq!(
            kept, page,
            "{file} is out of date: cargo run -q -p voip-server --example settings"
        );
    }
}

#[test]
fn settings_have_names_of_their_own_and_a_sentence() {
    for (index, setting) in SETTINGS.iter().enumerate() {
        assert!(
            SETTINGS[..index]
                .iter()
                .all(|other| other.name != setting.name),
            "{}",
            setting.name
        );
        assert!(
            setting.help.ends_with('.') && !setting.default.is_empty(),
            "{}",
            setting.name
        );
        assert!(
            setting
                .name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        );
    }
}

#[test]
fn the_defaults_that_are_explained_are_those_that_hold() {
    let config = read(&[]).expect("nothing set is a good configuration");
    let example = manual::env_example();
    for (name, value) in [
        ("PORT", config.listen.port.to_string()),
        ("WS_PORT", config.listen.ws_port.to_string()),
        (
            "RING_TIME_SECONDS",
            config.calls.ring_time.as_secs().to_string(),
        ),
        (
            "CLIENT_RING_TIME_SECONDS",
            config.calls.client_ring_time.as_secs().to_string(),
        ),
        ("MAX_BODY_BYTES", config.limits.body_bytes.to_string()),
        ("MAX_FRAME_BYTES", config.limits.frame_bytes.to_string()),
        ("MAX_CONNECTIONS", config.limits.connections.to_string()),
        (
            "REQUEST_TIMEOUT_SECONDS",
            config.limits.request_time.as_secs().to_string(),
        ),
        (
            "SHUTDOWN_GRACE_SECONDS",
            config.limits.shutdown_grace.as_secs().to_string(),
        ),
        ("LOG_FILTER", config.log.filter.clone()),
        ("DATABASE_URL", "sqlite:voip.db".to_owned()),
    ] {
        assert!(
            example.contains(&format!("\n#{name}={value}\n")),
            "{name} is {value}"
        );
    }
    assert!(
        matches!(config.database, DatabaseConfig::Sqlite(path) if path == Path::new("voip.db"))
    );
    assert!(config.listen.host.is_loopback());
    assert_eq!(config.auth.mode, AuthMode::Open);
    let ProviderConfig::Simulator(simulator) = config.provider else {
        panic!("the simulator")
    };
    assert_eq!(simulator.port, 8082);
    let from = config.calls.default_from.expect("a number to call from");
    assert_eq!(from.expose(), "+15005550006");
}

#[test]
fn the_example_as_it_is_changes_nothing() {
    let file: BTreeMap<String, String> = manual::env_example()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .filter(|(name, _)| !name.starts_with('#'))
        .collect();
    assert!(file.is_empty(), "{file:?}");
}

#[test]
fn flags_beat_the_environment_that_beats_the_file_that_beats_the_default() {
    let map = |value: &str| BTreeMap::from([("PORT".to_owned(), value.to_owned())]);
    let flag = |value: &str| HashMap::from([("PORT", value.to_owned())]);
    let none = BTreeMap::new;
    let port = |flags, environment, file| {
        let source = Source::merged(flags, &environment, &file);
        Config::read(&source)
            .expect("a good configuration")
            .listen
            .port
    };
    assert_eq!(port(flag("1"), map("2"), map("3")), 1);
    assert_eq!(port(HashMap::new(), map("2"), map("3")), 2);
    assert_eq!(port(HashMap::new(), none(), map("3")), 3);
    assert_eq!(port(HashMap::new(), none(), none()), 8080);
    // Empty is not set, and says nothing against what is.
    assert_eq!(port(flag(""), map("  "), map("3")), 3);
    assert_eq!(port(flag(""), map(""), map("")), 8080);
    assert_eq!(port(flag(" 7 "), none(), none()), 7);
}

/// The token that the program makes in a directory with this `.env`.
fn minted(file: &str, environment: Option<&str>, flag: Option<&str>) -> Result<String, String> {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join(".env"), file).expect("a file");
    let mut program = Command::cargo_bin("voip-server").expect("the program");
    program
        .current_dir(&directory)
        .env_clear()
        .args(["token", "--user", "alice"]);
    environment.map(|value| program.env("JWT_SECRET", value));
    flag.map(|value| program.args(["--jwt-secret", value]));
    let output = program.output().expect("it runs");
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()),
        false => Err(String::from_utf8(output.stderr).expect("text")),
    }
}

fn is_signed_with(token: &str, key: &str) -> bool {
    let tokens = Tokens::new(&SecretString::from(key.to_owned()));
    let alice = Subject::User("alice".parse().expect("a user id"));
    tokens.verify(token, SystemClock.now()) == Ok(alice)
}

/// What makes a short key one that is strong enough to be taken.
const STRONG: &str = "-k7Qe0ZpV4mXs92LdTj1RbYc8WnHu5GfA";

#[test]
fn the_program_reads_its_file_its_environment_and_its_flags() {
    let strong = |text: &str| text.to_owned() + STRONG;
    let (file, environment, flag) = (strong("file"), strong("environment"), strong("flag"));
    let line = format!("JWT_SECRET={file}\n");
    let token = minted(&line, None, None).expect("a token");
    assert!(is_signed_with(&token, &file));
    let token = minted(&line, Some(&environment), None).expect("a token");
    assert!(is_signed_with(&token, &environment));
    let token = minted(&line, Some(&environment), Some(&flag)).expect("a token");
    assert!(is_signed_with(&token, &flag));
    let error = minted("", None, None).expect_err("no key");
    assert!(error.contains("JWT_SECRET"), "{error}");
}

#[test]
fn the_file_is_read_as_the_old_systems_read_theirs() {
    for (line, value) in [
        ("JWT_SECRET=…plain", "…plain"),
        ("  JWT_SECRET = …plain  ", "…plain"),
        ("export JWT_SECRET=…plain", "…plain"),
        ("JWT_SECRET=\"in quotes…\"", "in quotes…"),
        ("JWT_SECRET='in # quotes…'", "in # quotes…"),
        (
            "JWT_SECRET=`in …'back' \"quotes\"`",
            "in …'back' \"quotes\"",
        ),
        ("JWT_SECRET=…plain # a comment", "…plain"),
        ("JWT_SECRET=\"quoted…\" # a comment", "quoted…"),
        ("JWT_SECRET=two …words", "two …words"),
        ("JWT_SECRET=pa…$$word$HOME", "pa…$$word$HOME"),
        ("JWT_SECRET=\"pa…$$word${HOME}\"", "pa…$$word${HOME}"),
        ("JWT_SECRET=…back\\slash", "…back\\slash"),
        ("JWT_SECRET=\"two…\\nlines\"", "two…\nlines"),
        ("JWT_SECRET='two…\\nlines'", "two…\\nlines"),
        ("JWT_SECRET=\"two…\nlines\"", "two…\nlines"),
        ("JWT_SECRET=first\nJWT_SECRET=…last", "…last"),
        ("# JWT_SECRET=no\r\nJWT_SECRET=…yes\r\n", "…yes"),
        ("\u{feff}JWT_SECRET=…plain", "…plain"),
        ("OTHER=\nJWT_SECRET=…a=b=c", "…a=b=c"),
        ("JWT_SECRET=…it's", "…it's"),
    ] {
        let (line, value) = (line.replace('…', STRONG), value.replace('…', STRONG));
        let token = minted(&line, None, None).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(is_signed_with(&token, &value), "{line} is not {value}");
    }
}

#[test]
fn a_line_of_the_file_that_says_nothing_is_told() {
    for (file, line) in [
        ("what is this", "1"),
        ("PORT=1\n\n=2", "3"),
        ("A B=1", "1"),
        ("PORT", "1"),
    ] {
        let error = minted(file, Some(SECRET), None).expect_err("a bad file");
        assert!(
            error.contains(".env") && error.contains(&format!("line {line}")),
            "{file}: {error}"
        );
    }
}

#[test]
fn the_old_example_with_its_placeholders_is_refused_by_name() {
    let old = [
        ("PORT", "8080"),
        ("WS_PORT", "8081"),
        ("TWILIO_ACCOUNT_SID", "your_sid"),
        ("TWILIO_AUTH_TOKEN", "your_token"),
        ("TWILIO_PHONE_NUMBER", "+15551234567"),
        ("PUBLIC_URL", "http://your-public-url"),
        (
            "FIREBASE_SERVICE_ACCOUNT",
            "./firebase-service-account.json",
        ),
    ];
    assert_eq!(
        read(&old).expect_err("placeholders"),
        ["TWILIO_ACCOUNT_SID", "JWT_SECRET"]
    );
    let mut filled = old;
    filled[2].1 = SID;
    let mut filled = filled.to_vec();
    filled.push(("JWT_SECRET", SECRET));
    let config = read(&filled).expect("the same file with a real account and a key");
    assert_eq!(config.auth.mode, AuthMode::Required);
    assert_eq!(
        config.calls.default_from.expect("a number").expose(),
        "+15551234567"
    );
    assert!(config.listen.host.is_unspecified());
}

#[test]
fn with_the_real_provider_a_key_and_an_address_are_required() {
    let real = [("TWILIO_ACCOUNT_SID", SID), ("TWILIO_AUTH_TOKEN", "token")];
    assert_eq!(
        read(&real).expect_err("too little"),
        ["PUBLIC_URL", "JWT_SECRET"]
    );
    assert_eq!(read(&real[..1]).expect_err("half")[0], "TWILIO_AUTH_TOKEN");
    assert_eq!(read(&real[1..]).expect_err("half")[0], "TWILIO_ACCOUNT_SID");
    // Open it may be, but only on purpose, and it still has its key.
    let open = [
        &real[..],
        &[("AUTH_MODE", "open"), ("PUBLIC_URL", "https://a.test")],
    ]
    .concat();
    assert_eq!(read(&open).expect_err("no key"), ["JWT_SECRET"]);
    let old_name = [
        &real[..],
        &[
            ("PUBLIC_WEBHOOK_URL", "https://a.test"),
            ("JWT_SECRET", SECRET),
        ],
    ];
    let config = read(&old_name.concat()).expect("the other name does as well");
    assert_eq!(
        config.public_url.expect("an address").as_str(),
        "https://a.test/"
    );
}

#[test]
fn weak_keys_are_refused() {
    let weak = [
        "secret",
        "your_jwt_secret",
        "changeme",
        "0123456789012345678901234567890",
        &"a".repeat(64),
        &"abc".repeat(20),
        &"12".repeat(32),
    ];
    for key in weak {
        let faults = read(&[("JWT_SECRET", key)]).expect_err(key);
        assert_eq!(faults, ["JWT_SECRET"], "{key}");
    }
    let hex = "d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e";
    for key in [SECRET, hex] {
        read(&[("JWT_SECRET", key)]).expect("a strong key");
    }
    assert_eq!(
        read(&[("AUTH_MODE", "required")]).expect_err("no key"),
        ["JWT_SECRET"]
    );
}

#[test]
fn every_fault_is_told_at_once_and_by_name() {
    let bad = [
        ("PORT", "http"),
        ("WS_PORT", "65536"),
        ("HOST", "localhost"),
        ("PUBLIC_URL", "voip.example.com"),
        ("AUTH_MODE", "closed"),
        ("JWT_SECRET", "short"),
        ("OUTBOUND_TWIML_URL", "ftp://a.test"),
        ("DATABASE_URL", "oracle:x"),
        ("FCM_BASE_URL", "x"),
        ("RING_TIME_SECONDS", "1"),
        ("CLIENT_RING_TIME_SECONDS", "-1"),
        ("TWILIO_PHONE_NUMBER", "5551234567"),
        ("MAX_BODY_BYTES", "64k"),
        ("LOG_FORMAT", "xml"),
        ("LOG_FILTER", "a=b=c"),
    ];
    let mut faults = read(&bad).expect_err("nothing is right");
    let mut names = bad.map(|(name, _)| name).to_vec();
    faults.sort_unstable();
    names.sort_unstable();
    assert_eq!(faults, names);
}

#[test]
fn a_fault_names_its_variable_and_keeps_its_value_to_itself() {
    let values = [
        ("JWT_SECRET", "hush-hush"),
        ("TWILIO_PHONE_NUMBER", "5559876543"),
    ];
    let source = Source::of(values.map(|(name, value)| (name, value.to_owned())));
    let told = Config::read(&source).expect_err("two faults").to_string();
    assert!(
        told.contains("JWT_SECRET") && told.contains("TWILIO_PHONE_NUMBER"),
        "{told}"
    );
    for shown in [told, format!("{source:?}")] {
        assert!(
            !shown.contains("hush") && !shown.contains("5559876543"),
            "{shown}"
        );
    }
    let good = read(&[("JWT_SECRET", SECRET), ("SIM_AUTH_TOKEN", "hush")]).expect("good");
    let shown = format!("{good:?}");
    assert!(
        !shown.contains(SECRET) && !shown.contains("hush"),
        "{shown}"
    );
}

#[test]
fn two_ports_that_are_one_are_refused() {
    assert_eq!(
        read(&[("PORT", "9000"), ("WS_PORT", "9000")]).expect_err("one"),
        ["WS_PORT"]
    );
    read(&[("PORT", "0"), ("WS_PORT", "0")]).expect("any two free ones");
}

proptest! {
    #[test]
    fn no_value_makes_reading_panic(which in 0..SETTINGS.len(), value in "\\PC{0,60}|[a-z0-9:/.+-]{0,40}") {
        let _ = read(&[(SETTINGS[which].name, &value)]);
    }
}

#[test]
fn with_half_of_twilios_credentials_all_that_twilio_needs_is_told() {
    for half in [
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"),
    ] {
        let faults = read(&[half]).expect_err("the other half is missing");
        for needed in ["PUBLIC_URL", "JWT_SECRET"] {
            assert!(faults.contains(&needed), "{half:?}: {faults:?}");
        }
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}

#[test]
fn a_port_beyond_the_last_is_refused_with_the_range() {
    let source = Source::of([("PORT", "65536".to_owned())]);
    let told = Config::read(&source).expect_err("no such port").to_string();
    assert!(told.contains("PORT") && told.contains("65535"), "{told}");
}

#[test]
fn slips_are_seen_in_the_file_and_in_the_environment_where_names_are_long() {
    let names = |names: &[&str]| -> BTreeMap<String, String> {
        let value = |name: &&str| ((*name).to_owned(), "1".to_owned());
        names.iter().map(value).collect()
    };
    let environment = names(&[
        "JWT_SECERT",
        "PROT",
        "SIP_PORT",
        "HOME",
        "DATABASE_URL",
        "DATABASE_URI",
    ]);
    let source = Source::merged(HashMap::new(), &environment, &names(&["PROT", "REDIS_URI"]));
    let seen = source.mistyped().iter();
    let seen: Vec<_> = seen
        .map(|slip| (slip.name.as_str(), slip.place, slip.meant))
        .collect();
    assert_eq!(
        seen,
        [
            ("PROT", ".env", "PORT"),
            ("REDIS_URI", ".env", "REDIS_URL"),
            ("JWT_SECERT", "the environment", "JWT_SECRET"),
        ]
    );
}
