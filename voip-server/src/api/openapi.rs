use utoipa::OpenApi;

use super::{
    call, call_log_csv, call_logs, connect_call, delete_call_log, end_call, error, get_token,
    hangup, health, hold_call, login, logout, own_call_logs, phone, register_user, session, signup,
    start_call,
};

/// What clients and operators ask.
#[derive(OpenApi)]
#[openapi(
    paths(
        start_call::start_call,
        connect_call::connect_call,
        hangup::hangup,
        register_user::register_user,
        call::call,
        call_logs::call_logs,
        own_call_logs::own_call_logs,
        call_log_csv::call_log_csv,
        delete_call_log::delete_call_log,
        delete_call_log::restore_call_log,
        end_call::end_call,
        hold_call::hold_call,
        hold_call::unhold_call,
        signup::signup,
        login::login,
        logout::logout,
        session::session,
        session::renew_session,
        phone::phone,
        get_token::get_token,
        health::healthz,
        health::readyz,
    ),
    components(schemas(error::Body<'static>))
)]
pub(crate) struct ClientApi;
