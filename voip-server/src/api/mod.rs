//! The HTTP API for clients: one file a call.

mod account;
mod body;
mod call_logs;
mod connect_call;
mod end_call;
mod error;
mod get_token;
mod hangup;
mod health;
mod hold_call;
mod login;
mod register_user;
mod signup;
mod start_call;

pub(crate) use body::{bytes, form_or_json, is_object, json};
pub(crate) use call_logs::call_logs;
pub(crate) use connect_call::answer_error;
pub(crate) use connect_call::connect_call;
pub(crate) use end_call::end_call;
pub(crate) use error::ApiError;
pub(crate) use get_token::get_token;
pub(crate) use hangup::hang_up_error;
pub(crate) use hangup::hangup;
pub(crate) use health::{healthz, readyz};
pub(crate) use hold_call::{hold_call, unhold_call};
pub(crate) use login::login;
pub(crate) use register_user::register_user;
pub(crate) use signup::signup;
pub(crate) use start_call::start_call;
pub(crate) use start_call::start_error;
