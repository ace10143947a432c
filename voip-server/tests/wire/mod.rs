//! Who takes part in what is kept word for word, and what it is written down on.

mod access;
mod accounts;
mod answers;
mod call_logs;
mod documents;
mod frames;
mod page;

use page::Page;

use crate::surface::{Client, Running, UNKNOWN};

const ALICE: &str = "+15550001111";
const BOB: &str = "+15550002222";
const CALLER: &str = "+15550009999";
const SID: &str = "CA00000000000000000000000000000001";
const BUSY: &str = "+15005550100";
const RINGS: &str = "+15005550101";
const ANSWERS: &str = "+15005550104";

/// A call that rings alice.
async fn ring(running: &Running, device: &mut Client) -> String {
    let simulator = running.server.simulator().expect("a simulator");
    simulator.place_call(CALLER, ALICE).await.expect("a call");
    device.until("incoming_call").await["callId"]
        .as_str()
        .expect("an id")
        .to_owned()
}
