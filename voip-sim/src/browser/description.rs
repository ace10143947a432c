//! A session description (RFC 8866), as far as it decides which connection is made for it.

use crate::sound::coding::Coding;

/// A description that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the description cannot be used: {0}")]
pub(super) struct BadDescription(String);

impl BadDescription {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    /// It belongs to nothing.
    pub(super) fn nothing() -> Self {
        Self::of("there is no such connection")
    }

    /// It names no sound that we know.
    pub(super) fn silent() -> Self {
        Self::of("neither PCMU nor Opus is in it")
    }
}

/// What its writer would rather have: of the codings that we know, the one that it names first.
pub(super) fn preferred(description: &str) -> Option<Coding> {
    let mut lines = description.lines().map(str::trim_end);
    let sound = lines.find_map(|line| line.strip_prefix("m=audio "))?;
    let maps: Vec<(&str, &str)> = lines
        .take_while(|line| !line.starts_with("m="))
        .filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '))
        .collect();
    // A port and a protocol come before the payload types.
    sound.split_ascii_whitespace().skip(2).find_map(|payload| {
        let map = maps.iter().find(|(of, _)| *of == payload);
        match map {
            Some((_, format)) => Coding::ALL.into_iter().find(|coding| is(*coding, format)),
            // The only one of them whose number is fixed (RFC 3551).
            None => (payload == "0").then_some(Coding::Pcmu),
        }
    })
}

fn is(coding: Coding, format: &str) -> bool {
    let mut parts = format.split('/');
    let named = |name: &str| name.eq_ignore_ascii_case(coding.name());
    parts.next().is_some_and(named) && parts.next() == Some(coding.clock().to_string().as_str())
}

/// What only one peer connection of one page has: who writes it again is that connection.
pub(super) fn fingerprint(description: &str) -> Option<&str> {
    let mut lines = description.lines().map(str::trim_end);
    lines.find_map(|line| line.strip_prefix("a=fingerprint:"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The beginning of what Chromium offers, with its payload types in this order.
    fn offer(payloads: &str) -> String {
        format!(
            "v=0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF {payloads}\r\n\
             a=fingerprint:sha-256 AB:CD\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:111 opus/48000/2\r\n\
             a=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\n"
        )
    }

    #[test]
    fn the_first_of_the_two_is_preferred() {
        assert_eq!(preferred(&offer("0 111 63 9")), Some(Coding::Pcmu));
        assert_eq!(preferred(&offer("63 9 111 0")), Some(Coding::Opus));
        assert_eq!(preferred(&offer("9 0")), Some(Coding::Pcmu));
        assert_eq!(preferred(&offer("63 9")), None);
    }

    #[test]
    fn a_number_is_not_enough_and_a_name_is_not_either() {
        assert_eq!(preferred("m=audio 9 RTP/AVP 0"), Some(Coding::Pcmu));
        assert_eq!(preferred("m=audio 9 RTP/AVP 111"), None);
        let renamed = "m=audio 9 RTP/AVP 0 96\na=rtpmap:0 G722/8000\na=rtpmap:96 pcmu/8000";
        assert_eq!(preferred(renamed), Some(Coding::Pcmu));
        assert_eq!(preferred("m=audio 9 RTP/AVP 5\na=rtpmap:5 opus/8000"), None);
        assert_eq!(preferred("m=video 9 RTP/AVP 0"), None);
        let later = "m=audio 9 RTP/AVP 5\nm=video 9 RTP/AVP 5\na=rtpmap:5 opus/48000/2";
        assert_eq!(preferred(later), None);
    }

    #[test]
    fn a_connection_is_known_by_its_fingerprint() {
        assert_eq!(fingerprint(&offer("0")), Some("sha-256 AB:CD"));
        assert_eq!(fingerprint("v=0\r\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(m=audio |a=rtpmap:|[0-9 /\r\n]|opus|.){0,40}") {
            let _ = preferred(&text);
            let _ = fingerprint(&text);
        }
    }
}
