use std::time::{Duration, Instant};

/// Looks again and again until there is something; panics, saying `what` was
/// awaited, when there is nothing `within` that time.
pub(crate) async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < within, "waited in vain for this: {what}");
        // real time: the server is another process, and nothing but looking
        // tells how far it is.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
