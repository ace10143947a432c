use super::{PagePhone, VoiceSdk, setup::PINNED_SDK};

/// The Content-Security-Policy of the page: scripts and styles are files of
/// ours, text never becomes markup or script, and nobody is spoken to but the
/// server and whoever carries the calls.
pub(super) fn policy(phone: Option<&PagePhone>) -> String {
    let (scripts, connections, media, types) = match phone {
        None => (String::new(), String::new(), "", "'none'"),
        Some(PagePhone::Simulator { signal }) => {
            let origin = signal.origin().ascii_serialization();
            (String::new(), format!(" {origin}"), "", "'none'")
        }
        // The SDK reaches its gateways by region, fetches its sounds, and tells
        // how calls went.
        Some(PagePhone::Twilio(sdk)) => {
            let scripts = match sdk {
                VoiceSdk::Pinned => format!(" {PINNED_SDK}"),
                VoiceSdk::Own(_) => String::new(),
            };
            let connections = " wss://*.twilio.com https://*.twilio.com";
            let media = " https://sdk.twilio.com";
            (scripts, connections.to_owned(), media, "voice-sdk")
        }
    };
    [
        "default-src 'none'".to_owned(),
        format!("script-src 'self'{scripts}"),
        "style-src 'self'".to_owned(),
        "img-src 'self' data:".to_owned(),
        format!("connect-src 'self'{connections}"),
        format!("media-src 'self' blob: data:{media}"),
        "manifest-src 'self'".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
        "require-trusted-types-for 'script'".to_owned(),
        format!("trusted-types {types}"),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_runs_and_only_the_carrier_of_the_calls_is_reached() {
        let signal = url::Url::parse("ws://127.0.0.1:8082/signal").unwrap();
        let simulated = policy(Some(&PagePhone::Simulator { signal }));
        assert!(
            simulated.contains("connect-src 'self' ws://127.0.0.1:8082;"),
            "{simulated}"
        );
        assert!(simulated.contains("script-src 'self';"), "{simulated}");
        let pinned = policy(Some(&PagePhone::Twilio(VoiceSdk::Pinned)));
        assert!(
            pinned.contains(&format!("script-src 'self' {PINNED_SDK};")),
            "{pinned}"
        );
        let own = policy(Some(&PagePhone::Twilio(VoiceSdk::Own(bytes::Bytes::new()))));
        assert!(own.contains("script-src 'self';"), "{own}");
        assert!(own.contains("wss://*.twilio.com"), "{own}");
        for policy in [simulated, pinned, own, policy(None)] {
            assert!(!policy.contains("unsafe"), "{policy}");
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
        }
    }
}
