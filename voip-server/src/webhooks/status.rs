use axum::{body::Body, extract::State};
use http::{Request, StatusCode};
use voip_core::ports::Notice;

use super::signed::notice;
use crate::{App, api::ApiError};

/// `POST /twilio-status`: how a leg fares. Answered once it is safe on disk.
///
/// # Errors
/// 403 for a bad signature, 503 when it could not be saved.
#[utoipa::path(
    post,
    path = "/twilio-status",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken."),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn status(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<StatusCode, ApiError> {
    match notice(&app, request).await? {
        // A leg that one of ours dialled says nothing that its parent does not.
        Notice::Progress {
            parent: Some(_), ..
        } => {}
        Notice::Progress {
            report,
            call,
            parent: None,
            ..
        } => app.calls.report(report, call).await?,
        // Nothing of what it says: it holds numbers.
        Notice::Voice(_) => unasked("voice"),
        Notice::DialEnded { .. } => unasked("dial ended"),
        Notice::Conference { .. } => unasked("conference"),
        Notice::Recording { .. } => unasked("recording"),
        _ => unasked("another"),
    }
    Ok(StatusCode::OK)
}

fn unasked(kind: &'static str) {
    tracing::debug!(kind, "a webhook that nobody asked for");
}
