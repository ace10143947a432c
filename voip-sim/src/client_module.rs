//! The voice client that web pages load.

/// A voice client for web pages, as the source of an ES module without dependencies: signalling
/// over the simulator's WebSocket, sound by the browser's own WebRTC.
///
/// It exports `Device` and `Call`, shaped like the vendor's classes of these names, as
/// `EventTarget`s. A running simulator serves it at `/sim/client.js`; a server that has pages of
/// its own may serve it from here.
pub const CLIENT_MODULE: &str = include_str!("../client/voip-sim-client.js");
