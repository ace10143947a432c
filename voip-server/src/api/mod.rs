//! The HTTP API for clients: one file a call.

mod body;
mod call_logs;
mod connect_call;
mod end_call;
mod error;
mod hangup;
mod health;
mod hold_call;
mod register_user;
mod start_call;

pub(crate) use body::{bytes, form_or_json, is_object, json};
pub(crate) use call_logs::call_logs;
pub(crate) use connect_call::answer_error;
pub(crate) use connect_call::connect_call;
pub(crate) use end_call::end_call;
pub(crate) use error::ApiError;
pub(crate) use hangup::hang_up_error;
pub(crate) use hangup::hangup;
pub(crate) use health::{healthz, readyz};
pub(crate) use hold_call::{hold_call, unhold_call};
pub(crate) use register_user::register_user;
pub(crate) use start_call::start_call;
pub(crate) use start_call::start_error;
