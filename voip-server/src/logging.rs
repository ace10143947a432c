use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogConfig, LogFormat};

/// Starts writing the log to standard error. A second start changes nothing.
pub(crate) fn start(config: &LogConfig) {
    let filter = EnvFilter::new(&config.filter);
    // Colours are for people; in a file they are rubbish, and cost time.
    let colours = io::stderr().is_terminal();
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours);
    // Somebody who embeds the server may have a log already.
    let _ = match config.format {
        LogFormat::Text => lines.try_init().is_ok(),
        LogFormat::Json => lines.json().flatten_event(true).try_init().is_ok(),
    };
}
