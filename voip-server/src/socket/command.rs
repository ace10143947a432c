use std::sync::Arc;

use voip_core::{Answerer, CallId, PhoneNumber, StartCall, StartError, UserId};

use super::{
    ClientFrame, ServerFrame,
    connection::{Connection, say},
};
use crate::{
    api::{ApiError, answer_error, hang_up_error, start_error},
    config::AuthMode,
};

/// Does what a registered client asks for.
pub(super) async fn carry_out(
    connection: &Connection,
    command: ClientFrame,
) -> Result<(), ApiError> {
    let Some(user) = connection.user().cloned() else {
        let message = "register first: {\"type\":\"register\",\"userId\":…}";
        return Err(ApiError::bad_request("not_registered", message));
    };
    match command {
        ClientFrame::Register { .. } => Ok(()),
        ClientFrame::InitiateCall { to, from } => {
            initiate(connection, user, &to, from.as_deref());
            Ok(())
        }
        ClientFrame::AnswerCall { call_id, user_id } => {
            if user_id.is_some_and(|named| named != user.as_str()) {
                return Err(ApiError::forbidden());
            }
            let id = call(&call_id)?;
            let by = Answerer {
                user,
                device: Arc::clone(&connection.device),
            };
            let answered = connection.app.calls.answer(&id, by).await;
            answered.map(drop).map_err(|error| answer_error(error, id))
        }
        ClientFrame::Hangup { call_id } => {
            let id = call(&call_id)?;
            // Where everybody may do everything, that goes for ending calls too.
            let by = match connection.app.auth.mode() {
                AuthMode::Open => None,
                AuthMode::Required => Some(&user),
            };
            let ended = connection.app.calls.hang_up(&id, by).await;
            ended.map_err(|error| hang_up_error(error).about(id))
        }
    }
}

/// Starts a call on a task of its own, so that the client can give it up while
/// the provider is still being asked.
fn initiate(connection: &Connection, owner: UserId, to: &str, from: Option<&str>) {
    let refuse = |code: &'static str, reason: &str| {
        connection.say(&ServerFrame::CallFailed {
            call_id: None,
            reason,
            code: Some(code),
        });
    };
    let number = |text: &str| text.parse::<PhoneNumber>();
    let (to, from) = match (number(to), from.map(number).transpose()) {
        (Ok(to), Ok(from)) => (to, from),
        (Err(error), _) => return refuse("invalid_number", &format!("`to` is {error}")),
        (_, Err(error)) => return refuse("invalid_number", &format!("`from` is {error}")),
    };
    let Ok(slot) = Arc::clone(&connection.dials).try_acquire_owned() else {
        return refuse("too_many_dials", "too many calls are being placed at once");
    };
    let (app, outgoing) = (connection.app.clone(), connection.outgoing.clone());
    let sockets = app.sockets.clone();
    sockets.spawn(async move {
        let request = StartCall {
            to,
            from,
            owner: Some(owner),
            id: None,
            key: None,
        };
        match app.calls.start(request).await {
            // The news comes as events, to every device of the user.
            Ok(_) | Err(StartError::NotPlaced { .. }) => {}
            Err(error) => {
                let error = start_error(error);
                say(
                    &outgoing,
                    &ServerFrame::CallFailed {
                        call_id: None,
                        reason: &error.message,
                        code: Some(error.code),
                    },
                );
            }
        }
        drop(slot);
    });
}

fn call(text: &str) -> Result<CallId, ApiError> {
    text.parse().map_err(|_| ApiError::unknown_call())
}
