//! Request parameters, in the body or in the query.

use std::time::Duration;

use url::Url;

use super::RestError;
use crate::twiml::{Method, Target};

/// The parameters of one request, in the order received. Names are case-sensitive; unknown ones
/// are ignored, as the vendor does.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a parameter; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// An address to be asked, with its method.
    pub(super) fn target(&self, url: &str, method: &str) -> Result<Option<Target>, RestError> {
        let Some(value) = self.get(url) else {
            return Ok(None);
        };
        check_url(url, value)?;
        Ok(Some(Target {
            url: value.to_owned(),
            method: self.method(method)?,
        }))
    }

    pub(super) fn method(&self, name: &str) -> Result<Method, RestError> {
        match self.get(name) {
            None => Ok(Method::Post),
            Some(value) => Method::parse(value)
                .ok_or_else(|| RestError::invalid(21209, format!("{name} is not valid"))),
        }
    }

    pub(super) fn seconds(
        &self,
        name: &str,
        allowed: std::ops::RangeInclusive<u64>,
        code: u32,
    ) -> Result<Option<Duration>, RestError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .parse()
                .ok()
                .filter(|seconds| allowed.contains(seconds))
                .map(|seconds| Some(Duration::from_secs(seconds)))
                .ok_or_else(|| RestError::invalid(code, format!("{name} is not valid"))),
        }
    }
}

/// An address must be absolute; the vendor also refuses underscores in host names.
pub(super) fn check_url(name: &str, value: &str) -> Result<(), RestError> {
    let usable = Url::parse(value).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url
                .host_str()
                .is_some_and(|host| !host.is_empty() && !host.contains('_'))
    });
    match usable {
        true => Ok(()),
        false => Err(RestError::invalid(
            21205,
            format!("{name} is not a valid URL: {value}"),
        )),
    }
}
