use axum::{body::Body, extract::State};
use http::{Request, StatusCode};
use voip_core::ports::Notice;

use super::signed::notice;
use crate::{App, api::ApiError};

/// `POST /twilio-status`: how a leg fares. Answered once it is safe on disk.
///
/// # Errors
/// 403 for a bad signature, 503 when it could not be saved.
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
        other => tracing::debug!(?other, "a webhook that nobody asked for"),
    }
    Ok(StatusCode::OK)
}
