//! Calls, moments and stores that the other rooms use.

use crate::servers::Database;
use std::time::Duration;
use uuid::Uuid;
use voip_core::table;
use voip_core::{Call, CallId, Effect, Error, State, Timestamp, ports::NewCall};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(seconds)
}

pub(crate) fn id(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn ringing(number: u128) -> Call {
    Call {
        id: id(number),
        provider_id: Some(format!("CA{number}").parse().unwrap()),
        owner: Some("ann".parse().unwrap()),
        created_at: at(0),
        state: State::Ringing { until: at(90) },
        ..table::calls().remove(0).1
    }
}

pub(crate) fn new(call: &Call, effects: &[Effect]) -> NewCall {
    NewCall {
        call: call.clone(),
        effects: effects.to_vec(),
        effects_due: at(10),
        key: None,
    }
}

pub(crate) async fn connect<D: Database>(database: &D) -> D::Store {
    D::connect(&database.url(), PATIENCE).await.unwrap()
}

pub(crate) async fn refused<D: Database>(url: &str) -> Error {
    match D::connect(url, Duration::from_secs(3)).await {
        Ok(_) => panic!("the database is not to be had"),
        Err(error) => error,
    }
}
