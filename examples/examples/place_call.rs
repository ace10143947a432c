//! Places a call through a running server, once, whatever happens.
//!
//! ```text
//! cargo run -p voip-examples --example place_call -- +15550002222
//! ```

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let to = arguments
        .next()
        .unwrap_or_else(|| "+15550002222".to_owned());
    let server = arguments
        .next()
        .unwrap_or_else(|| "http://localhost:8080".to_owned());

    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(40))
        .build()?;
    // The same key for every try: whichever of them gets through, one call is
    // placed, and every answer is that call's.
    let key = Uuid::new_v4().to_string();
    for attempt in 1..=3 {
        let request = client
            .post(format!("{server}/start-call"))
            .header("Idempotency-Key", &key)
            .json(&json!({ "to": to }));
        match request.send().await {
            Ok(answer) => {
                let body: Value = answer.json().await?;
                println!("{body:#}");
                return Ok(());
            }
            Err(error) => println!("try {attempt}: {error}"),
        }
    }
    Err("the server cannot be reached; is `cargo run` running?".into())
}
