//! The inspector: a page that shows what happens in the simulator, and lets one take part.
//!
//! Its files are part of the program, and it loads nothing from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::control;
use super::drive::Shared;

/// Nothing but the simulator's own files, and no markup out of strings.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A file of the page.
struct File {
    name: &'static str,
    body: &'static str,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(File {
            name: $name,
            body: include_str!(concat!("../../inspector/", $name)),
        }),+]
    };
}

const PAGE: &str = include_str!("../../inspector/index.html");

const FILES: &[File] = files![
    "activity.js",
    "announce.js",
    "api.js",
    "call_list.js",
    "call_page.js",
    "choices.js",
    "conferences.js",
    "controls.css",
    "element.js",
    "entry.js",
    "far_end.js",
    "faults.js",
    "feed.js",
    "icon.svg",
    "layout.css",
    "leg.js",
    "main.js",
    "markup.js",
    "new_call.js",
    "setup.js",
    "signed.js",
    "theme.css",
    "timeline.css",
    "timeline.js",
    "types.js",
    "webhook.js",
    "welcome.js",
    "words.js",
    "world.js",
];

/// The page at `/` and `/sim/inspector`, and what it consists of.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(page))
        .route("/sim/inspector", get(page))
        .route("/sim/inspector/{file}", get(file))
}

async fn page() -> Response {
    served("text/html; charset=utf-8", PAGE)
}

async fn file(Path(name): Path<String>) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return control::not_found().await.into_response();
    };
    served(media_type(file.name), file.body)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

fn served(media_type: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // The program may be another one the next time.
        (header::CACHE_CONTROL, "no-cache"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served_as_what_it_is() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/inspector");
        let there: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "index.html")
            .collect();
        let served: BTreeSet<String> = FILES.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(there, served);
        for file in FILES {
            assert!(
                !media_type(file.name).starts_with("text/plain"),
                "{}",
                file.name
            );
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere_and_no_text_becomes_markup() {
        let risky = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "@import url",
            "style=\"",
            "onclick=",
        ];
        for file in FILES.iter().chain(&[File {
            name: "index.html",
            body: PAGE,
        }]) {
            for word in risky {
                assert!(!file.body.contains(word), "{}: {word}", file.name);
            }
            for (at, _) in file.body.match_indices("://") {
                let whole = &file.body[at.saturating_sub(5)..(at + 40).min(file.body.len())];
                let known = [
                    "https://www.twilio.com/docs/api/errors/",
                    "http://www.w3.org/",
                ];
                let text = whole.contains("http://127.0.0.1") || whole.contains("\"://\"");
                assert!(
                    text || known.iter().any(|known| whole.contains(known)),
                    "{}: {whole}",
                    file.name
                );
            }
        }
    }
}
