use voip_sim::CLIENT_MODULE;

use super::asset::Asset;

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        [
            $(Asset::new($name, include_bytes!(concat!("../../web/", $name))),)*
            // The simulator's own client, which the page calls through there.
            Asset::new("voip-sim-client.js", CLIENT_MODULE.as_bytes()),
        ]
    };
}

/// Every file of the page but the document itself.
pub(super) static ASSETS: [Asset; 18] = assets![
    "account-view.js",
    "api.js",
    "app.js",
    "call-state.js",
    "desk.js",
    "dom.js",
    "icon-live.svg",
    "icon.svg",
    "live.js",
    "log-view.js",
    "notice.js",
    "phone-number.js",
    "phone-view.js",
    "phone.js",
    "quality.js",
    "sound-view.js",
    "style.css",
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
        files.insert("voip-sim-client.js".to_owned());
        let known = ASSETS.iter().map(|asset| asset.name.to_owned());
        assert_eq!(files, known.collect());
    }
}
