use std::fmt;

/// Whether what nodes share beside storage is in order.
pub trait SharedHealth: fmt::Debug + Send + Sync + 'static {
    /// Whether this node reaches it, and hears the other nodes.
    fn is_up(&self) -> bool;
}
