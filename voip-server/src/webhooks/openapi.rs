use utoipa::OpenApi;

use super::{
    agent_join, bridge_ended, call_events, call_status, conference_events, connect, dial_action,
    inbound, status, voice,
};

/// What the provider asks.
#[derive(OpenApi)]
#[openapi(paths(
    status::status,
    inbound::inbound,
    voice::voice,
    connect::connect,
    bridge_ended::bridge_ended,
    agent_join::agent_join,
    call_status::call_status,
    call_events::call_events,
    dial_action::dial_action,
    conference_events::conference_events,
))]
pub(crate) struct ProviderApi;
