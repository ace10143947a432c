use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use voip_core::{Call, CallId, CallStatus, Hold, ProviderCallId, State as CallState, Timestamp};

use super::ApiError;
use crate::{App, auth::LoggedIn};

/// How a call stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CallNow)]
pub(crate) struct CallBody {
    success: bool,
    call: CallView,
    /// The server's time, so that a client with another one can count.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CallView)]
struct CallView {
    #[schema(value_type = Uuid)]
    call_id: CallId,
    /// The provider's name for its first leg, where it has one.
    #[schema(required, value_type = Option<String>)]
    call_sid: Option<ProviderCallId>,
    direction: &'static str,
    from: String,
    to: String,
    #[schema(value_type = String)]
    status: CallStatus,
    /// Whether the far end is on hold; null for a call that has no hold.
    #[schema(required, value_type = Option<String>)]
    hold: Option<Hold>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl From<Call> for CallView {
    fn from(call: Call) -> Self {
        let (answered_at, ended_at) = match &call.state {
            CallState::Initiated { .. } | CallState::Queued { .. } | CallState::Ringing { .. } => {
                (None, None)
            }
            CallState::InProgress { answered_at, .. } => (Some(*answered_at), None),
            CallState::Ended(ended) => (ended.answered_at, Some(ended.at)),
        };
        Self {
            call_id: call.id,
            direction: call.direction.as_str(),
            from: call.from.expose().to_owned(),
            to: call.to.expose().to_owned(),
            status: call.status(),
            hold: call.hold(),
            created_at: call.created_at,
            answered_at,
            ended_at,
            call_sid: call.provider_id,
        }
    }
}

/// `GET /api/calls/{call}`: how a call of the user who is logged in stands, and
/// since when.
///
/// # Errors
/// 404 for an unknown call, and for somebody else's.
#[utoipa::path(
    get,
    path = "/api/calls/{call}",
    tag = "calls",
    params(("call" = String, Path, description = "The call's sid or id.")),
    responses(
        (status = 200, description = "The call.", body = CallBody),
        (status = 403, description = "`not_a_user`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn call(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    call: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = call.map_err(|_| ApiError::unknown_call())?;
    let call = app.calls.own(&name, &user).await?;
    let call = call.ok_or_else(ApiError::unknown_call)?;
    let body = CallBody {
        success: true,
        call: call.into(),
        now: app.clock.now(),
    };
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
