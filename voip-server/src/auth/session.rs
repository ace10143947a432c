use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header};

use crate::App;

/// Has a request with the [session's cookie](super::SessionCookie) count as one
/// that shows the cookie's token: everything behind this knows one way only in
/// which clients prove who they are. A token that is shown comes first.
pub(crate) async fn session(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let shown = app.dialer.cookie.token(&parts);
    let shown = shown.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    if let Some(mut shown) = shown {
        shown.set_sensitive(true);
        parts.headers.insert(header::AUTHORIZATION, shown);
    }
    next.run(Request::from_parts(parts, body)).await
}
