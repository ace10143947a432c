//! Cookies: what the application sets comes back with later requests of the same call.

use url::Url;

use super::Engine;
use super::leg::LegId;

/// The cookies one call keeps; a further one takes the place of the oldest.
const MOST: usize = 20;

/// A longer cookie is not kept.
const LONGEST: usize = 4096;

impl Engine {
    /// Keeps what an answer from this address set.
    pub(super) fn keep_cookies(&mut self, id: LegId, address: &str, set: &[String]) {
        let Some(host) = host(address) else { return };
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        for cookie in set {
            // Attributes such as a path or an age are not looked at: a call is short.
            let pair = cookie.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            if name.is_empty() || name.len() + value.len() > LONGEST {
                continue;
            }
            let same = |kept: &(String, String, String)| kept.0 == host && kept.1 == name;
            leg.cookies.retain(|kept| !same(kept));
            if leg.cookies.len() >= MOST {
                leg.cookies.remove(0);
            }
            leg.cookies.push((host.clone(), name, value));
        }
    }

    /// The `Cookie` header for a request to this address.
    pub(super) fn cookies_for(&self, id: LegId, address: &str) -> Option<String> {
        let host = host(address)?;
        let kept = self.leg(id).cookies.iter();
        let pairs: Vec<String> = kept
            .filter(|(of, _, _)| *of == host)
            .map(|(_, name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}
