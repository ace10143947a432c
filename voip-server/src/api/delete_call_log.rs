use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use http::StatusCode;
use voip_core::DeleteLogError;

use super::{ApiError, hangup::Done};
use crate::{App, auth::LoggedIn};

/// `DELETE /api/delete-call-log/{call}`: takes a call out of the log of the
/// user who is logged in. One that was deleted is fine.
///
/// # Errors
/// 404 for an unknown call, and for somebody else's; 409 for one that is not
/// over.
#[utoipa::path(
    delete,
    path = "/api/delete-call-log/{call}",
    tag = "calls",
    params(("call" = String, Path, description = "The call's sid or id.")),
    responses(
        (status = 200, description = "It is deleted.", body = Done),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
        (status = 409, description = "`call_live`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn delete_call_log(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    call: Result<Path<String>, PathRejection>,
) -> Result<Json<Done>, ApiError> {
    let Path(call) = call.map_err(|_| ApiError::unknown_call())?;
    let deleted = app.calls.delete_log(&call, &user).await;
    deleted.map_err(told)?;
    Ok(done("the call is deleted from your log"))
}

/// `POST /api/restore-call-log/{call}`: puts a deleted call back. One that is
/// there is fine.
///
/// # Errors
/// 404 for an unknown call, and for somebody else's.
#[utoipa::path(
    post,
    path = "/api/restore-call-log/{call}",
    tag = "calls",
    params(("call" = String, Path, description = "The call's sid or id.")),
    responses(
        (status = 200, description = "It is back.", body = Done),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn restore_call_log(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    call: Result<Path<String>, PathRejection>,
) -> Result<Json<Done>, ApiError> {
    let Path(call) = call.map_err(|_| ApiError::unknown_call())?;
    let restored = app.calls.restore_log(&call, &user).await;
    restored.map_err(told)?;
    Ok(done("the call is back in your log"))
}

fn done(message: &'static str) -> Json<Done> {
    Json(Done {
        success: true,
        message,
    })
}

fn told(error: DeleteLogError) -> ApiError {
    match error {
        DeleteLogError::Unknown => ApiError::unknown_call(),
        DeleteLogError::Live => {
            let message = "the call is not over yet: end it first";
            ApiError::new(StatusCode::CONFLICT, "call_live", message)
        }
        DeleteLogError::Storage(error) => error.into(),
    }
}
