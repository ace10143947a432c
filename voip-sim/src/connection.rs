//! The connection settings in the fragment of a webhook's address, such as `#rc=2&rp=5xx`.

use std::time::Duration;

use crate::webhook::{CEILING, FailureKind, WebhookAnswer};

/// What the fragment asks for; settings that are absent or out of range keep their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connection {
    /// The longest wait for an answer (`rt`).
    pub(crate) read: Duration,
    /// The longest everything may take, retries included (`tt`).
    pub(crate) total: Duration,
    /// How often a request is repeated (`rc`).
    retries: u32,
    on_connect: bool,
    on_timeout: bool,
    on_4xx: bool,
    on_5xx: bool,
    /// Whether `rp` was understood (11243 when not).
    pub(crate) understood: bool,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            read: CEILING,
            total: CEILING,
            retries: 1,
            on_connect: true,
            on_timeout: false,
            on_4xx: false,
            on_5xx: false,
            understood: true,
        }
    }
}

impl Connection {
    pub(crate) fn of(address: &str) -> Self {
        let mut settings = Self::default();
        let Some((_, fragment)) = address.split_once('#') else {
            return settings;
        };
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            let number = || value.parse::<u64>().ok();
            let millis = || number().filter(|millis| (100..=15_000).contains(millis));
            match key.as_ref() {
                "rt" => settings.read = millis().map_or(settings.read, Duration::from_millis),
                "tt" => settings.total = millis().map_or(settings.total, Duration::from_millis),
                "rc" => {
                    let retries = number().and_then(|count| u32::try_from(count).ok());
                    settings.retries = retries.filter(|count| *count <= 5).unwrap_or(1);
                }
                "rp" => settings.retry_on(&value),
                _ => {}
            }
        }
        settings
    }

    /// Whether a request is repeated after its `attempt`th try came to this.
    pub(crate) fn tries_again(&self, attempt: u32, answer: &WebhookAnswer) -> bool {
        attempt <= self.retries
            && match answer {
                WebhookAnswer::Failed(FailureKind::Connect) => self.on_connect,
                WebhookAnswer::Failed(FailureKind::Timeout) => self.on_timeout,
                WebhookAnswer::Failed(
                    FailureKind::Broken | FailureKind::Forbidden | FailureKind::TooLarge,
                ) => false,
                WebhookAnswer::Replied { status, .. } => match status {
                    400..=499 => self.on_4xx,
                    500..=599 => self.on_5xx,
                    _ => false,
                },
            }
    }

    fn retry_on(&mut self, policy: &str) {
        let words: Vec<&str> = policy.split(',').map(str::trim).collect();
        let known = ["4xx", "5xx", "ct", "rt", "all"];
        if !words.iter().all(|word| known.contains(word)) {
            self.understood = false;
            return;
        }
        let asked = |word: &str| words.contains(&word) || words.contains(&"all");
        self.on_connect = asked("ct");
        self.on_timeout = asked("rt");
        self.on_4xx = asked("4xx");
        self.on_5xx = asked("5xx");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fragment_only_a_failed_connection_is_tried_once_more() {
        let settings = Connection::of("https://a.test/x");
        assert_eq!(settings, Connection::default());
        let connect = WebhookAnswer::Failed(FailureKind::Connect);
        assert!(settings.tries_again(1, &connect));
        assert!(!settings.tries_again(2, &connect));
        assert!(!settings.tries_again(1, &WebhookAnswer::empty(500)));
    }

    #[test]
    fn the_policy_says_what_is_tried_again_and_how_often() {
        let settings = Connection::of("https://a.test/x#rc=2&rp=5xx,rt&tt=9000&rt=400&sni=n");
        assert!(settings.tries_again(2, &WebhookAnswer::empty(503)));
        assert!(!settings.tries_again(3, &WebhookAnswer::empty(503)));
        assert!(!settings.tries_again(1, &WebhookAnswer::empty(404)));
        assert!(settings.tries_again(1, &WebhookAnswer::Failed(FailureKind::Timeout)));
        assert!(!settings.tries_again(1, &WebhookAnswer::Failed(FailureKind::Connect)));
        assert_eq!(settings.total, Duration::from_secs(9));
        assert_eq!(settings.read, Duration::from_millis(400));
        let all = Connection::of("#rp=all&rc=5");
        assert!(all.tries_again(5, &WebhookAnswer::empty(404)));
    }

    #[test]
    fn nonsense_keeps_the_defaults() {
        let settings = Connection::of("x#rc=9&rt=1&tt=99999&rp=sometimes&&=");
        assert_eq!(
            settings,
            Connection {
                understood: false,
                ..Connection::default()
            }
        );
    }
}
