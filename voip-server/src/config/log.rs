use super::{Faults, Source};

/// What is written to the log.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// How.
    pub format: LogFormat,
    /// What, in the words of `tracing-subscriber`'s filters.
    pub filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl LogConfig {
    pub(super) fn read(source: &Source, faults: &mut Faults) -> Self {
        let format = match source.text("LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(_) => {
                faults.add("LOG_FORMAT", "must be text or json");
                LogFormat::Text
            }
        };
        let filter = source
            .text("LOG_FILTER")
            .unwrap_or_else(|| "info".to_owned());
        if tracing_subscriber::EnvFilter::try_new(&filter).is_err() {
            faults.add(
                "LOG_FILTER",
                "is no filter; try info or voip_core=debug,warn",
            );
        }
        Self { format, filter }
    }
}
