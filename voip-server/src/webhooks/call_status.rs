use axum::{body::Body, extract::State};
use http::{Request, StatusCode};
use voip_core::ports::Notice;

use super::signed::{misplaced, notice};
use crate::{App, api::ApiError};

/// `POST /api/call-status` and `POST /api/call-status/{userId}`: how the legs
/// of a voice client's call fare. Which call it is, the legs say; the user in
/// the path decides nothing.
///
/// # Errors
/// 403 for a bad signature, 503 when it could not be saved.
#[utoipa::path(
    post,
    path = "/api/call-status",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken."),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn call_status(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<StatusCode, ApiError> {
    match notice(&app, request).await? {
        Notice::Progress {
            report,
            parent: Some(near),
            ..
        } => app.calls.report_far(near, report).await?,
        Notice::Progress {
            report,
            parent: None,
            call,
            ..
        } => app.calls.report(report, call).await?,
        _ => return Err(misplaced()),
    }
    Ok(StatusCode::OK)
}
