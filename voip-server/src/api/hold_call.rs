use axum::{Json, body::Body, extract::State};
use http::{Request, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use voip_core::{HoldError, ProviderCallId, Refusal};

use super::{ApiError, hangup::Done, json, named_leg::named_leg};
use crate::{App, auth::LoggedIn};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HoldCall)]
struct Wanted {
    parent_call_sid: String,
}

/// `POST /api/hold-call`: puts the far end of a call on hold, and answers once
/// the provider has confirmed it.
///
/// # Errors
/// 400 where no call is named, 404 for an unknown one, one that is over and somebody else's, 409 where
/// nobody has answered yet, 502 where the provider did not do it.
#[utoipa::path(
    post,
    path = "/api/hold-call",
    tag = "calls",
    request_body = Wanted,
    responses(
        (status = 200, description = "The provider has confirmed it.", body = Done),
        (status = 400, description = "`invalid_json`, `invalid_body`, `missing_call_sid`"),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
        (status = 409, description = "`not_answered`, `hold_under_way`, `no_hold`"),
        (status = 502, description = "`hold_unconfirmed`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn hold_call(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    request: Request<Body>,
) -> Result<Json<Done>, ApiError> {
    let leg = leg(&app, request).await?;
    app.calls.hold(&leg, &user).await.map_err(hold_error)?;
    Ok(done("the call is on hold"))
}

/// `POST /api/unhold-call`: takes the far end back, and answers once the
/// provider has confirmed it.
///
/// # Errors
/// As [`hold_call`].
#[utoipa::path(
    post,
    path = "/api/unhold-call",
    tag = "calls",
    request_body = Wanted,
    responses(
        (status = 200, description = "The provider has confirmed it.", body = Done),
        (status = 400, description = "`invalid_json`, `invalid_body`, `missing_call_sid`"),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
        (status = 409, description = "`not_answered`, `hold_under_way`, `no_hold`"),
        (status = 502, description = "`hold_unconfirmed`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn unhold_call(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    request: Request<Body>,
) -> Result<Json<Done>, ApiError> {
    let leg = leg(&app, request).await?;
    app.calls.resume(&leg, &user).await.map_err(hold_error)?;
    Ok(done("the call is back from hold"))
}

async fn leg(app: &App, request: Request<Body>) -> Result<ProviderCallId, ApiError> {
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    named_leg("parentCallSid", &wanted.parent_call_sid)
}

fn done(message: &'static str) -> Json<Done> {
    Json(Done {
        success: true,
        message,
    })
}

fn hold_error(error: HoldError) -> ApiError {
    let conflict = |code| ApiError::new(StatusCode::CONFLICT, code, error.to_string());
    match error {
        HoldError::Unknown | HoldError::Refused(Refusal::Over) => ApiError::unknown_call(),
        HoldError::Refused(Refusal::NotAnswered) => conflict("not_answered"),
        HoldError::Refused(Refusal::HoldUnderWay) => conflict("hold_under_way"),
        HoldError::Refused(Refusal::NoHold | Refusal::NotIncoming | Refusal::AnsweredElsewhere) => {
            conflict("no_hold")
        }
        HoldError::Unconfirmed => ApiError::new(
            StatusCode::BAD_GATEWAY,
            "hold_unconfirmed",
            error.to_string(),
        ),
        HoldError::Storage(error) => error.into(),
    }
}
