use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
};

/// Ends a server when this process ends without having done so, however that
/// happens: a shell that waits for a word from us, or for our end.
#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    /// Watches over `server`.
    pub(super) fn over(server: u32) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "read word || kill -KILL \"$0\"", &server.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(shell.spawn().expect("every Unix has a shell"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // Where it is gone already, so is its watch.
            let _ = input.write_all(b"done\n");
        }
        let _ = self.0.wait();
    }
}
