//! The whole HTTP API as an OpenAPI document, and a page to read and try it.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;

use crate::{
    App,
    api::{ApiError, ClientApi},
    asyncapi,
    config::AuthMode,
    metrics, socket,
    webhooks::ProviderApi,
};

/// What is neither the clients' nor the provider's.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "VoIP application backend",
        description = "Calls, users and call logs. The messages of WebSocket and Socket.IO are in `/asyncapi.json`."
    ),
    paths(
        document,
        page,
        page_file,
        socket_io,
        asyncapi::document,
        metrics::metrics,
        socket::upgrade
    )
)]
struct Rest;

/// The errors that every request may get, and those of requests with a body.
/// What an operation says of its own comes first.
const ERRORS: [(&str, &str, Needs); 7] = [
    ("400", "`invalid_json`, `invalid_body`", Needs::Body),
    ("401", "`unauthorized`", Needs::Token),
    ("413", "`body_too_large`", Needs::Body),
    ("415", "`unsupported_media_type`", Needs::Body),
    ("500", "`internal`", Needs::Nothing),
    ("503", "`unavailable`, `timeout`", Needs::Nothing),
    ("405", "`method_not_allowed`", Needs::Nothing),
];

/// What an operation has to have to give an error.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Body,
    Token,
}

/// The document, as it is for a server whose clients need a token or not.
fn whole(mode: AuthMode) -> Value {
    let mut whole = Rest::openapi();
    whole.merge(ClientApi::openapi());
    whole.merge(ProviderApi::openapi());
    // A document of ours always serialises.
    let mut whole = serde_json::to_value(whole).unwrap_or_default();
    whole["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Twilio-Signature",
            "description": "The provider signs its requests with the account's auth token.",
        },
    });
    beside_the_user(&mut whole["paths"]);
    let paths = whole["paths"].as_object_mut().into_iter().flatten();
    let operations = paths
        .filter_map(|(_, methods)| methods.as_object_mut())
        .flatten();
    for (_, operation) in operations {
        let security = operation.get_mut("security").and_then(Value::as_array_mut);
        if let (AuthMode::Required, Some(security)) = (mode, security) {
            security.retain(|one| *one != json!({}));
        }
        add_errors(operation);
    }
    whole
}

/// The legs of a voice client's call are told about with the user in the path,
/// too.
fn beside_the_user(paths: &mut Value) {
    let mut with_user = paths[voip_twilio::CALL_STATUS_PATH].clone();
    with_user["post"]["operationId"] = json!("call_status_of_user");
    with_user["post"]["parameters"] =
        json!([{"name": "user", "in": "path", "required": true, "schema": {"type": "string"}}]);
    paths[format!("{}/{{user}}", voip_twilio::CALL_STATUS_PATH)] = with_user;
}

/// Adds the errors that an operation shares with others, and what they look
/// like.
fn add_errors(operation: &mut Value) {
    let body = operation.get("requestBody").is_some();
    let security = operation["security"].to_string();
    let token = security.contains("bearer");
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (status, codes, needs) in ERRORS {
        let applies = match needs {
            Needs::Nothing => true,
            Needs::Body => body,
            Needs::Token => token,
        };
        if applies && !responses.contains_key(status) {
            responses.insert(status.to_owned(), json!({ "description": codes }));
        }
    }
    for (status, response) in responses {
        if status.as_str() >= "400" {
            response["content"] = json!({
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
            });
            response["headers"] = headers_of(status);
        }
    }
}

/// The headers that come with an error.
fn headers_of(status: &str) -> Value {
    let text = json!({"schema": {"type": "string"}});
    let mut headers = Map::new();
    match status {
        "401" => drop(headers.insert("www-authenticate".to_owned(), text)),
        "426" => drop(headers.insert("upgrade".to_owned(), text)),
        "429" | "503" => {
            let seconds = json!({
                "description": "Seconds until it is worth another try.",
                "schema": {"type": "integer", "minimum": 1},
            });
            headers.insert("retry-after".to_owned(), seconds);
        }
        _ => {}
    }
    Value::Object(headers)
}

/// `GET /openapi.json`: this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operators",
    responses((status = 200, description = "The document.", content_type = "application/json", body = Value)),
)]
pub(crate) async fn document(State(app): State<App>) -> Response {
    static WRITTEN: [OnceLock<Bytes>; 2] = [OnceLock::new(), OnceLock::new()];
    let mode = app.auth.mode();
    let written = match mode {
        AuthMode::Open => &WRITTEN[0],
        AuthMode::Required => &WRITTEN[1],
    };
    let text = written.get_or_init(|| Bytes::from(whole(mode).to_string()));
    ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response()
}

/// `GET /docs`: leads to the page.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "operators",
    responses((status = 308, description = "To the page.", headers(("location" = String)))),
)]
pub(crate) async fn page() -> Response {
    // Relative, so that it is right wherever the routes are nested.
    (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, "docs/")],
    )
        .into_response()
}

/// `GET /docs/`: the first file of the page.
pub(crate) async fn page_index() -> Result<Response, ApiError> {
    file("index.html")
}

/// `GET /docs/{file}`: the page, a file at a time. Nothing of it comes from
/// elsewhere.
///
/// # Errors
/// 404 for a file that it does not have.
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "operators",
    params(("file" = String, Path)),
    responses(
        (status = 200, description = "The file.", content_type = "*/*"),
        (status = 404, description = "`not_found`"),
    ),
)]
pub(crate) async fn page_file(
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    // What is no text names no file.
    let name = name.map(|Path(name)| name).unwrap_or_default();
    match name.is_empty() {
        true => Err(no_such_file()),
        false => file(&name),
    }
}

fn no_such_file() -> ApiError {
    let message = "the page has no such file";
    ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
}

fn file(name: &str) -> Result<Response, ApiError> {
    static CONFIG: OnceLock<Arc<Config<'static>>> = OnceLock::new();
    // Without a word it would have somebody else's server look at the document.
    let config =
        CONFIG.get_or_init(|| Arc::new(Config::from("../openapi.json").validator_url("none")));
    match utoipa_swagger_ui::serve(name, Arc::clone(config)) {
        Ok(Some(file)) => {
            let body = Bytes::from(file.bytes.into_owned());
            Ok(([(header::CONTENT_TYPE, file.content_type)], body).into_response())
        }
        Ok(None) => Err(no_such_file()),
        Err(error) => {
            tracing::error!(%error, "the page of the API cannot be served");
            let message = "something went wrong on our side";
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(ApiError::new(status, "internal", message))
        }
    }
}

/// `GET /socket.io/`: Socket.IO 4 over polling or a WebSocket. Its messages are
/// in `/asyncapi.json`.
#[utoipa::path(
    get,
    path = "/socket.io/",
    tag = "real time",
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 200, description = "Packets.", content_type = "text/plain", body = String),
        (status = 400, description = "No Socket.IO."),
    ),
)]
#[allow(dead_code)] // The library that serves it is no handler to describe.
fn socket_io() {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The routes as the router's page has them, which is all there is of them.
    fn routes() -> BTreeSet<String> {
        let page = include_str!("router.rs");
        let constants = [
            ("socketio::PATH", crate::socketio::PATH),
            ("voip_twilio::STATUS_PATH", voip_twilio::STATUS_PATH),
            ("voip_twilio::INBOUND_PATH", voip_twilio::INBOUND_PATH),
            ("voip_twilio::VOICE_PATH", voip_twilio::VOICE_PATH),
            ("voip_twilio::CONNECT_PATH", voip_twilio::CONNECT_PATH),
            (
                "voip_twilio::BRIDGE_ENDED_PATH",
                voip_twilio::BRIDGE_ENDED_PATH,
            ),
            ("voip_twilio::AGENT_JOIN_PATH", voip_twilio::AGENT_JOIN_PATH),
            (
                "voip_twilio::CALL_STATUS_PATH",
                voip_twilio::CALL_STATUS_PATH,
            ),
            (
                "voip_twilio::CALL_EVENTS_PATH",
                voip_twilio::CALL_EVENTS_PATH,
            ),
            (
                "voip_twilio::DIAL_ACTION_PATH",
                voip_twilio::DIAL_ACTION_PATH,
            ),
            (
                "voip_twilio::CONFERENCE_EVENTS_PATH",
                voip_twilio::CONFERENCE_EVENTS_PATH,
            ),
        ];
        let routes = page.split(".route(").skip(1).map(|rest| {
            let name = rest.split(',').next().unwrap().trim();
            match name.strip_prefix('"') {
                Some(literal) => literal.trim_end_matches('"').to_owned(),
                None => {
                    let known = constants.iter().find(|(constant, _)| *constant == name);
                    known.expect(name).1.to_owned()
                }
            }
        });
        // What ends where a name should be is no operation of its own.
        routes
            .filter(|route| !route.ends_with('/') || route == crate::socketio::PATH)
            .collect()
    }

    fn paths(document: &Value) -> BTreeSet<String> {
        let paths = document["paths"].as_object().unwrap();
        paths.keys().cloned().collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        assert_eq!(paths(&whole(AuthMode::Open)), routes());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = whole(AuthMode::Required);
        let text = document.to_string();
        for reference in text.split(r##""$ref":"#"##).skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert_ne!(operation.get("security"), Some(&Value::Null), "{name}");
                assert!(names.insert(name), "{method} {path}: {name}");
            }
        }
    }

    #[test]
    fn where_tokens_are_required_the_document_says_so() {
        let security =
            |mode, path: &str, method: &str| whole(mode)["paths"][path][method]["security"].clone();
        let (bearer, none) = (json!({"bearer": []}), json!({}));
        assert_eq!(
            security(AuthMode::Open, "/start-call", "post"),
            json!([none, bearer])
        );
        assert_eq!(
            security(AuthMode::Required, "/start-call", "post"),
            json!([bearer])
        );
        for mode in [AuthMode::Open, AuthMode::Required] {
            assert_eq!(security(mode, "/api/getToken", "get"), json!([bearer]));
            let signed = json!([{"signature": []}]);
            assert_eq!(security(mode, "/twilio-status", "post"), signed);
        }
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = utoipa_swagger_ui::serve("index.html", Arc::new(Config::from("x")));
        let page = page.unwrap().unwrap().bytes;
        let page = String::from_utf8(page.into_owned()).unwrap();
        assert!(page.contains("swagger-ui"));
        for attribute in page.split(['\'', '"']) {
            assert!(!attribute.contains("//"), "{attribute}");
        }
    }
}
