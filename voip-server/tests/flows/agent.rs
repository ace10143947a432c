//! A user in a browser: a voice client and the page around it.

use serde_json::{Value, json};
use voip_core::VoiceIdentity;
use voip_sim::{inspect::CallView, sid::CallSid};

use crate::house::House;

/// A number that answers after a second and stays.
pub(crate) const FAR: &str = "+15005550106";

/// A user in a browser.
pub(crate) struct Agent {
    pub(crate) user: &'static str,
    token: String,
}

impl Agent {
    pub(crate) fn new(house: &House, user: &'static str) -> Self {
        Self {
            user,
            token: house.token(user),
        }
    }

    /// Calls a number with the voice client; the leg is the client's.
    pub(crate) fn dial(&self, house: &House, number: &str) -> CallSid {
        let identity = VoiceIdentity::of(&self.user.parse().unwrap()).unwrap();
        let parameters = [("phoneNumber", number)];
        house
            .world
            .provider
            .place_client_call(identity.as_str(), &parameters)
    }

    /// Calls a number that answers, and gives both legs once they are connected.
    pub(crate) async fn talk(&self, house: &House) -> (CallSid, CallSid) {
        let near = self.dial(house, FAR);
        house
            .world
            .until("the far end has answered", |world| {
                let far = world.provider.children(&near);
                far.first().is_some_and(|far| far.bridged_with.is_some())
            })
            .await;
        house.world.rest().await;
        let far = house.world.provider.children(&near).remove(0).sid;
        (near, far)
    }

    pub(crate) async fn hold(&self, house: &House, near: &CallSid) -> (u16, Value) {
        let body = json!({"parentCallSid": near.to_string()});
        self.post(house, "/api/hold-call", &body).await
    }

    pub(crate) async fn unhold(&self, house: &House, near: &CallSid) -> (u16, Value) {
        let body = json!({"parentCallSid": near.to_string()});
        self.post(house, "/api/unhold-call", &body).await
    }

    pub(crate) async fn end(&self, house: &House, near: &CallSid) -> (u16, Value) {
        let body = json!({"callSid": near.to_string()});
        self.post(house, "/api/end-call", &body).await
    }

    async fn post(&self, house: &House, path: &str, body: &Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token);
        house
            .post_with(path, body, &[("authorization", &bearer)])
            .await
    }
}

/// Whether a leg hears music and nobody.
pub(crate) fn waits_on_music(leg: &CallView) -> bool {
    leg.hears.is_empty() && leg.listens_to == Some(voip_sim::inspect::Sound::Music)
}

/// The name of a leg that there is not.
pub(crate) fn nobodys_leg() -> CallSid {
    CallSid::parse("CA000000000000000000000000000000ff").unwrap()
}
