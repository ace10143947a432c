//! Writes `.env.example` and `docs/configuration.md` from the settings that the
//! server knows. Run it after changing one.

use std::{fs, io, path::Path};

use voip_server::config::manual;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::write(root.join(".env.example"), manual::env_example())?;
    fs::write(root.join("docs/configuration.md"), manual::page())
}
