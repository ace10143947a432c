//! Refusals, in the vendor's form: a code of its own beside the HTTP status.

use serde::Serialize;

use super::RestReply;
use crate::choices::Choices;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RestError {
    status: u16,
    code: u32,
    message: String,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u32,
    message: &'a str,
    more_info: String,
    status: u16,
}

impl RestError {
    /// A parameter or the state of a call does not allow the request.
    pub(crate) fn invalid(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, 20003, "Authenticate")
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(
            404,
            20404,
            format!("The requested resource {path} was not found"),
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, 20004, "Method not allowed")
    }

    /// The vendor does not document the HTTP status of this one.
    pub(crate) fn not_complete(choices: &Choices) -> Self {
        let status = match choices.early_delete_is_400 {
            true => 400,
            false => 409,
        };
        Self::new(status, 20009, "The call is not over yet")
    }

    pub(crate) fn too_many_requests() -> Self {
        Self::new(429, 20429, "Too many requests")
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, 20500, "Internal server error")
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(503, 20503, "Service unavailable")
    }

    pub(crate) fn reply(&self) -> RestReply {
        let body = Body {
            code: self.code,
            message: &self.message,
            more_info: format!("https://www.twilio.com/docs/errors/{}", self.code),
            status: self.status,
        };
        let body = serde_json::to_string(&body).expect("numbers and texts are always JSON");
        let mut reply = RestReply::json(self.status, body);
        if self.status == 401 {
            let challenge = r#"Basic realm="Twilio API""#.to_owned();
            reply.headers.push(("WWW-Authenticate", challenge));
        }
        reply
    }

    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }
}
