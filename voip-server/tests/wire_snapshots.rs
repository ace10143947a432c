//! What goes over the wire, word for word. A difference is a difference for
//! every client.

mod surface;
mod wire;
