//! Writes the page of states: `cargo run -p voip-core --example call_states`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(voip_core::table::markdown().as_bytes())
}
