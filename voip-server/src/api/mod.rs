//! The HTTP API for clients: one file a call.

mod body;
mod call_logs;
mod connect_call;
mod error;
mod hangup;
mod health;
mod register_user;
mod start_call;

pub(crate) use body::{bytes, form_or_json, json};
pub use call_logs::call_logs;
pub(crate) use connect_call::answer_error;
pub use connect_call::connect_call;
pub use error::ApiError;
pub(crate) use hangup::hang_up_error;
pub use hangup::hangup;
pub use health::{healthz, readyz};
pub use register_user::register_user;
pub use start_call::start_call;
pub(crate) use start_call::start_error;
