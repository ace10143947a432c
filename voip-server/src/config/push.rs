use std::path::PathBuf;

use url::Url;

use super::{Faults, Source};

/// Who wakes devices.
#[derive(Clone, Debug, Default)]
pub struct PushConfig {
    /// The Firebase service account file.
    pub firebase: Option<PathBuf>,
    /// Where the FCM API is, unless it is Google's.
    pub fcm_base_url: Option<Url>,
    /// Apple's VoIP pushes.
    pub apns: Option<ApnsSettings>,
}

/// Apple's VoIP pushes.
#[derive(Clone, Debug)]
pub struct ApnsSettings {
    /// The `.p8` file.
    pub key_file: PathBuf,
    /// Its id.
    pub key_id: String,
    /// The team.
    pub team_id: String,
    /// The app.
    pub bundle_id: String,
    /// Whether tokens are those of development builds.
    pub sandbox: bool,
}

impl PushConfig {
    pub(super) fn read(source: &Source, faults: &mut Faults) -> Self {
        let fcm_base_url = source.text("FCM_BASE_URL").and_then(|text| {
            let url = Url::parse(&text);
            url.map_err(|_| faults.add("FCM_BASE_URL", "must be an absolute URL"))
                .ok()
        });
        Self {
            firebase: source.text("FIREBASE_SERVICE_ACCOUNT").map(PathBuf::from),
            fcm_base_url,
            apns: apns(source, faults),
        }
    }
}

fn apns(source: &Source, faults: &mut Faults) -> Option<ApnsSettings> {
    let key_file = PathBuf::from(source.text("APNS_KEY_FILE")?);
    let mut need = |name| {
        source.text(name).unwrap_or_else(|| {
            faults.add(name, "is required with APNS_KEY_FILE");
            String::new()
        })
    };
    let (key_id, team_id) = (need("APNS_KEY_ID"), need("APNS_TEAM_ID"));
    let bundle_id = need("APNS_BUNDLE_ID");
    let sandbox = source.parsed("APNS_SANDBOX", false, faults);
    Some(ApnsSettings {
        key_file,
        key_id,
        team_id,
        bundle_id,
        sandbox,
    })
}
