use voip_sim::CLIENT_MODULE;

use super::asset::Asset;

/// The simulator's own client, which the page calls through there.
pub(super) const SIMULATORS_CLIENT: &str = "voip-sim-client.js";

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        [
            $(Asset::new($name, include_bytes!(concat!("../../web/", $name))),)*
            Asset::new(SIMULATORS_CLIENT, CLIENT_MODULE.as_bytes()),
        ]
    };
}

/// Every file of the page but the document itself.
pub(super) static ASSETS: [Asset; 25] = assets![
    "account-view.js",
    "api.js",
    "app.js",
    "call-state.js",
    "desk.js",
    "dom.js",
    "help.js",
    "home-country.js",
    "icon-live.svg",
    "icon.svg",
    "live.js",
    "log-view.js",
    "microphone.js",
    "notice.js",
    "phone-number.js",
    "phone-view.js",
    "phone.js",
    "quality.js",
    "ringing-view.js",
    "ringing.js",
    "session.js",
    "sound-view.js",
    "style.css",
    "tabs.js",
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_in_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let files = fs::read_dir(folder).unwrap();
        let mut files: BTreeSet<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(files.remove("index.html"), "it is the document");
        files.insert(SIMULATORS_CLIENT.to_owned());
        let known = ASSETS.iter().map(|asset| asset.name.to_owned());
        assert_eq!(files, known.collect());
    }
}
