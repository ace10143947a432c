use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use voip_core::{CallId, Error, ErrorKind};

/// An error as clients see it: a status, a stable code for programs and a
/// sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub message: Cow<'static, str>,
    /// The call it is about, where there is one.
    pub call: Option<CallId>,
    /// When to come back, where that is known.
    pub retry_after: Option<Duration>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(super) struct Body<'a> {
    success: bool,
    code: &'a str,
    // Pages of one old system read `error`, those of the other `message`.
    error: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    call_id: Option<CallId>,
}

impl ApiError {
    /// An error of this status and code.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            call: None,
            retry_after: None,
        }
    }

    /// The same error, about this call.
    #[must_use]
    pub fn about(mut self, call: CallId) -> Self {
        self.call = Some(call);
        self
    }

    /// The same error, with when to come back.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// 400: a field cannot be used.
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: no token, or none that is valid.
    pub fn unauthorized() -> Self {
        let message = "a valid token is needed: Authorization: Bearer …";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: somebody else's.
    pub fn forbidden() -> Self {
        let message = "this token does not speak for that user";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 403: a service asks for what only a user has.
    pub fn not_a_user() -> Self {
        let message = "this needs the token of a user; a service's speaks for nobody in particular";
        Self::new(StatusCode::FORBIDDEN, "not_a_user", message)
    }

    /// 404: no such call, or not the caller's.
    pub fn unknown_call() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_call",
            "there is no such call",
        )
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        tracing::error!(%error, cause = ?std::error::Error::source(&error), "a request failed on our side");
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Exhausted | ErrorKind::Timeout => {
                let message = "the service is out of order for a moment; try again";
                let mut answer = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
                answer.retry_after = Some(error.retry_after().unwrap_or(Duration::from_secs(1)));
                answer
            }
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong on our side",
            ),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body {
            success: false,
            code: self.code,
            error: &self.message,
            message: &self.message,
            call_id: self.call,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 §15.5.22 asks for the protocol's name.
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(pause) = self.retry_after {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(pause.as_secs().max(1)),
            );
        }
        response
    }
}
