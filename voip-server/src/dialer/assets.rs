use super::asset::Asset;

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        [$(Asset::new($name, include_bytes!(concat!("../../web/", $name)))),*]
    };
}

/// Every file of the page but the document itself.
pub(super) static ASSETS: [Asset; 1] = assets![
    "app.js",
];
