//! What the settings are, written for people from [`SETTINGS`].

use std::fmt::Write as _;

use super::{SETTINGS, Setting};

/// A `.env` file that explains every setting and sets none: each line stands
/// there commented out, with its default where that is a value.
pub fn env_example() -> String {
    let mut page = String::from(
        "# Every setting there is. Copy this file to .env and take the # away from the lines you\n\
         # want to change; without a .env everything works on a simulator. Flags and environment\n\
         # variables of the same names come first. Values with blanks or # go in quotes.\n",
    );
    for Setting {
        name,
        help,
        default,
    } in SETTINGS
    {
        // Writing to a String cannot fail.
        let _ = match *default {
            NONE => write!(page, "\n# {help}\n#{name}=\n"),
            value if is_value(value) => write!(page, "\n# {help}\n#{name}={value}\n"),
            words => write!(page, "\n# {help} Default: {words}.\n#{name}=\n"),
        };
    }
    page
}

/// The page of the documentation that lists every setting.
pub fn page() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         Generated from the code by `cargo run -q -p voip-server --example settings`; a test keeps this page true.\n\n\
         Each setting is an environment variable, a line in `.env` in the working directory, and a flag: \
         `RING_TIME_SECONDS` is `--ring-time-seconds`.\n\
         A flag beats the environment, the environment beats `.env`, `.env` beats the default. \
         An empty value counts as not set.\n\
         Everything that is wrong is reported at once, each fault with the name of its variable, and nothing is started.\n\n\
         | variable | default | meaning |\n|---|---|---|\n",
    );
    for Setting {
        name,
        help,
        default,
    } in SETTINGS
    {
        let default = match is_value(default) {
            true => format!("`{default}`"),
            false => (*default).to_owned(),
        };
        let _ = writeln!(page, "| `{name}` | {default} | {help} |");
    }
    page
}

/// Whether a default is a value as it would be written, not words about one.
fn is_value(default: &str) -> bool {
    let value = |c: char| c.is_ascii_alphanumeric() || ":/.-_+".contains(c);
    let word = default.chars().all(|c| c.is_ascii_lowercase());
    !default.is_empty() && default.chars().all(value) && (!word || VALUES.contains(&default))
}

/// What stands for a default where there is none.
const NONE: &str = "–";

/// Defaults that are values and look like words.
const VALUES: [&str; 5] = ["text", "info", "true", "false", "on"];
