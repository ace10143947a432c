use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header};
use voip_core::{
    Plan,
    ports::{Notice, WebhookError, WebhookRequest},
};

use crate::{
    App,
    api::{ApiError, bytes},
};

const SIGNATURE: &str = "x-twilio-signature";

/// Takes a webhook in: its body, then its signature, then its meaning.
pub(super) async fn notice(app: &App, request: Request<Body>) -> Result<Notice, ApiError> {
    let (parts, body) = request.into_parts();
    let body = bytes(body, app.limits.body_bytes).await?;
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let request = WebhookRequest {
        method: parts.method.as_str(),
        path_and_query: parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str()),
        signature: text(SIGNATURE),
        content_type: text(header::CONTENT_TYPE.as_str()),
        body: &body,
    };
    app.webhooks.read(&request).map_err(|error| match &error {
        WebhookError::Unsigned(why) => {
            tracing::warn!(path = parts.uri.path(), %why, "a webhook was refused");
            ApiError::new(
                StatusCode::FORBIDDEN,
                "invalid_signature",
                error.to_string(),
            )
        }
        WebhookError::Malformed(_) => {
            tracing::warn!(path = parts.uri.path(), %error, "a webhook could not be read");
            ApiError::bad_request("invalid_webhook", error.to_string())
        }
    })
}

/// The answer that has the provider follow `plan`.
pub(crate) fn reply(app: &App, plan: &Plan) -> Response {
    let reply = app.webhooks.write(plan);
    ([(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response()
}

/// The answer to a webhook that does not belong to its address.
pub(super) fn misplaced() -> ApiError {
    let message = "this webhook does not belong to this address: check the provider's settings";
    ApiError::bad_request("misplaced_webhook", message)
}
