//! Programs that use the workspace the way its readers will; see `examples/`
//! in this folder. Each runs with `cargo run -p voip-examples --example NAME`.
//!
//! | example | what it shows |
//! |---|---|
//! | `embed` | the routes in an axum service of your own |
//! | `custom_adapter` | an adapter of your own, held to its port's conformance suite |
//! | `simulated_app` | testing any Twilio application against the simulator |
//! | `place_call` | a call from a script |
//! | `socket_client` | a WebSocket client for the terminal |
