use axum::body::{self, Body};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde::de::DeserializeOwned;

use super::ApiError;

/// Reads a body of at most `limit` bytes.
pub(crate) async fn bytes(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    body::to_bytes(body, limit).await.map_err(|error| {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(inner) = cause {
            if inner.is::<http_body_util::LengthLimitError>() {
                let message = format!("the body is larger than {limit} bytes");
                return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message);
            }
            cause = inner.source();
        }
        ApiError::bad_request("invalid_body", "the body broke off or could not be read")
    })
}

/// Reads a JSON body.
pub(crate) async fn json<T: DeserializeOwned>(
    request: Request<Body>,
    limit: usize,
) -> Result<T, ApiError> {
    match media_type(&request) {
        Some(kind) if is_json(&kind) => read_json(&bytes(request.into_body(), limit).await?),
        _ => Err(unsupported("application/json")),
    }
}

/// Reads a body that may be JSON or a form.
pub(crate) fn form_or_json<T: DeserializeOwned>(
    content_type: Option<&str>,
    body: &[u8],
) -> Result<T, ApiError> {
    match content_type.map(essence) {
        Some(kind) if is_json(&kind) => read_json(body),
        Some(kind) if kind == "application/x-www-form-urlencoded" => {
            serde_html_form::from_bytes(body).map_err(|error| {
                ApiError::bad_request("invalid_body", format!("the form cannot be used: {error}"))
            })
        }
        _ => Err(unsupported(
            "application/json or application/x-www-form-urlencoded",
        )),
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let unusable = |why: &dyn std::fmt::Display| {
        ApiError::bad_request("invalid_body", format!("the body cannot be used: {why}"))
    };
    // Serde looks at the text of a field it passes over only as far as it must.
    let text = std::str::from_utf8(body)
        .map_err(|_| ApiError::bad_request("invalid_json", "the body is not UTF-8 text"))?;
    match serde_json::from_str(text) {
        Err(error) if !error.is_data() => Err(ApiError::bad_request(
            "invalid_json",
            format!("the body is not JSON: {error}"),
        )),
        // A list of the fields' values in our order would be read as well.
        _ if !is_object(text) => Err(unusable(&"it is not a JSON object")),
        Ok(value) => Ok(value),
        Err(error) => Err(unusable(&error)),
    }
}

/// Whether a text that is known to be JSON is an object.
pub(crate) fn is_object(json: &str) -> bool {
    json.trim_ascii_start().starts_with('{')
}

fn media_type(request: &Request<Body>) -> Option<String> {
    request
        .headers()
        .get(header::CONTENT_TYPE)?
        .to_str()
        .ok()
        .map(essence)
}

/// The media type without its parameters.
fn essence(value: &str) -> String {
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn is_json(kind: &str) -> bool {
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn unsupported(wanted: &str) -> ApiError {
    let message = format!("the body must be {wanted}");
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        message,
    )
}
