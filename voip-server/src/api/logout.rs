use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use super::hangup::Done;
use crate::{App, auth::LoggedIn};

/// `POST /api/logout`: has the browser forget the cookie of the page. The token
/// in it stays good until it expires; nobody has it any more.
///
/// # Errors
/// 401 without a login, 403 for a service.
#[utoipa::path(
    post,
    path = "/api/logout",
    tag = "users",
    responses(
        (status = 200, description = "The cookie is gone.", body = Done, headers(("set-cookie" = String))),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn logout(State(app): State<App>, LoggedIn(_): LoggedIn) -> Response {
    let done = Done {
        success: true,
        message: "you are logged out",
    };
    let mut response = Json(done).into_response();
    if let Some(cookie) = app.dialer.cookie.forgetting() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
