use redis::{ErrorKind as Kind, RedisError, ServerErrorKind};
use voip_core::{Error, ErrorKind};

/// Redis is known to be out of reach; nothing was tried.
pub(super) fn out_of_reach() -> Error {
    Error::new(ErrorKind::Unavailable, "Redis is out of reach")
}

/// No answer came in time, or the connection ended before it.
pub(super) fn unanswered() -> Error {
    Error::new(ErrorKind::Timeout, "Redis did not answer in time").ambiguous()
}

/// What a command came to. The driver's text may quote keys and is left out.
pub(super) fn failed(error: &RedisError) -> Error {
    match error.kind() {
        Kind::Io => unanswered(),
        Kind::AuthenticationFailed | Kind::Server(ServerErrorKind::NoPerm) => Error::new(
            ErrorKind::Unauthorized,
            "Redis refuses our user or password",
        ),
        Kind::Parse | Kind::UnexpectedReturnType => {
            Error::new(ErrorKind::Malformed, "Redis answered what was not expected")
        }
        // The set is the driver's.
        _ if breaks(error) => {
            let message = format!("Redis cannot work now: {}", error.code().unwrap_or("-"));
            Error::new(ErrorKind::Unavailable, message)
        }
        _ => {
            let message = format!("Redis refused: {}", error.code().unwrap_or("-"));
            Error::new(ErrorKind::Refused, message)
        }
    }
}

/// Whether the connection, or the server behind it, is of no more use.
pub(super) fn breaks(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            Kind::Io
                | Kind::ClusterConnectionNotFound
                | Kind::Server(
                    ServerErrorKind::BusyLoading
                        | ServerErrorKind::ClusterDown
                        | ServerErrorKind::MasterDown
                        | ServerErrorKind::ReadOnly
                )
        )
}
