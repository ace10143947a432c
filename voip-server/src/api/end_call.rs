use axum::{Json, body::Body, extract::State};
use http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use voip_core::ProviderCallId;

use super::{ApiError, hang_up_error, json, named_leg::named_leg};
use crate::{App, auth::LoggedIn};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EndCall)]
struct Wanted {
    call_sid: String,
}

/// The answer to `POST /api/end-call`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ended)]
pub(crate) struct EndedBody {
    success: bool,
    message: &'static str,
    #[schema(value_type = String)]
    call_sid: ProviderCallId,
}

/// `POST /api/end-call`: ends a call of the user who is logged in. One that is
/// over is fine.
///
/// # Errors
/// 400 where no call is named, 404 for an unknown call, and for somebody else's.
#[utoipa::path(
    post,
    path = "/api/end-call",
    tag = "calls",
    request_body = Wanted,
    responses(
        (status = 200, description = "The call is ended.", body = EndedBody),
        (status = 400, description = "`invalid_json`, `invalid_body`, `missing_call_sid`"),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn end_call(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    request: Request<Body>,
) -> Result<Json<EndedBody>, ApiError> {
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let leg = named_leg("callSid", &wanted.call_sid)?;
    let call = app
        .calls
        .with_leg(&leg)
        .await?
        .ok_or_else(ApiError::unknown_call)?;
    app.calls
        .hang_up(&call.id, Some(&user))
        .await
        .map_err(hang_up_error)?;
    Ok(Json(EndedBody {
        success: true,
        message: "the call is ended",
        call_sid: leg,
    }))
}
