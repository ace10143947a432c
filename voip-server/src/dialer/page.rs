use std::sync::OnceLock;

use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    PagePhone, VoiceSdk,
    asset::{self, Asset, Keep},
    assets::{ASSETS, SIMULATORS_CLIENT},
    policy::policy,
};
use crate::{App, api::ApiError};

/// The addresses of the page: its own, and those that the pages of an earlier
/// system had. What is shown at which of them is the page's business.
const PAGES: [&str; 5] = [
    "/",
    "/index.html",
    "/login.html",
    "/signup.html",
    "/call-logs.html",
];

/// Whether this is an address of the page, or of a file of it.
pub(crate) fn is_page(path: &str) -> Option<&'static str> {
    let known = PAGES.into_iter().find(|page| *page == path);
    known.or_else(|| path.starts_with("/dialer/").then_some("/dialer/{file}"))
}

/// The page and its files.
pub(crate) fn routes() -> Router<App> {
    let mut routes = Router::new()
        .route("/dialer/{version}/{*file}", get(file))
        .route("/voice-sdk.js", get(voice_sdk))
        .route("/favicon.ico", get(icon));
    for address in PAGES {
        routes = routes.route(address, get(page));
    }
    routes
}

/// The name of the files as they are in this program: they are kept for good
/// under it, and the next program has another.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| asset::fingerprint(ASSETS.iter().map(|asset| asset.bytes)))
}

/// What has a browser fetch every module at once, rather than one after the
/// other as they name each other. What only some pages need is fetched there.
fn early() -> String {
    let modules = ASSETS.iter().map(|asset| asset.name);
    modules
        .filter(|name| name.ends_with(".js") && *name != SIMULATORS_CLIENT)
        .map(|name| format!("<link rel=\"modulepreload\" href=\"dialer/{{version}}/{name}\">\n"))
        .collect()
}

/// The document, with the addresses of the files in it.
async fn page(State(app): State<App>, asked: HeaderMap) -> Response {
    static DOCUMENT: OnceLock<Asset> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| {
        let text = include_str!("../../web/index.html")
            .replace("{modules}", &early())
            .replace("{version}", version());
        Asset::new("index.html", String::leak(text).as_bytes())
    });
    let mut response = document.answer(&asked, Keep::Ask);
    let headers = response.headers_mut();
    let policy = policy(app.dialer.phone.as_ref());
    // An address in it was parsed as one, so it is plain ASCII.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(self)"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A file of the page. One of an earlier program's gets the present one: the
/// page that asks is told to load itself anew when the server is back.
async fn file(
    path: Result<Path<(String, String)>, PathRejection>,
    asked: HeaderMap,
) -> Result<Response, ApiError> {
    let Path((asked_version, name)) = path.map_err(|_| no_such_file())?;
    let keep = if asked_version == version() {
        Keep::ForGood
    } else {
        Keep::Ask
    };
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(no_such_file)?;
    Ok(asset.answer(&asked, keep))
}

async fn icon(asked: HeaderMap) -> Result<Response, ApiError> {
    let asset = ASSETS.iter().find(|asset| asset.name == "icon.svg");
    Ok(asset.ok_or_else(no_such_file)?.answer(&asked, Keep::Ask))
}

async fn voice_sdk(State(app): State<App>, asked: HeaderMap) -> Response {
    match &app.dialer.phone {
        Some(PagePhone::Twilio(VoiceSdk::Own(bytes))) => asset::own_script(bytes, &asked),
        Some(_) | None => no_such_file().into_response(),
    }
}

fn no_such_file() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path",
    )
}
