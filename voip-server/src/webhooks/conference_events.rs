use axum::{body::Body, extract::State};
use http::{Request, StatusCode};
use voip_core::{ProviderCallId, RoomChange, RoomNews, ports::Notice};

use super::signed::{misplaced, notice};
use crate::{App, api::ApiError};

/// `POST /api/conference-events`: what happens in the conference of a call,
/// which is named after the call's first leg.
///
/// # Errors
/// 403 for a bad signature, 503 when it could not be saved.
#[utoipa::path(
    post,
    path = "/api/conference-events",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken."),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn conference_events(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<StatusCode, ApiError> {
    let Notice::Conference {
        conference,
        name,
        event,
        leg,
        at,
        ..
    } = notice(&app, request).await?
    else {
        return Err(misplaced());
    };
    if let (Ok(name), Some(what)) = (name.parse(), change(&event, leg)) {
        let news = RoomNews {
            conference,
            what,
            at,
        };
        app.calls.room_news(name, news).await?;
    }
    Ok(StatusCode::OK)
}

/// What an event means for a call; most mean nothing.
fn change(event: &str, leg: Option<ProviderCallId>) -> Option<RoomChange> {
    match (event, leg) {
        ("participant-join", Some(leg)) => Some(RoomChange::Joined(leg)),
        ("participant-leave", Some(leg)) => Some(RoomChange::Left(leg)),
        ("participant-hold", Some(leg)) => Some(RoomChange::Held(leg, true)),
        ("participant-unhold", Some(leg)) => Some(RoomChange::Held(leg, false)),
        ("conference-end", _) => Some(RoomChange::Closed),
        _ => None,
    }
}
