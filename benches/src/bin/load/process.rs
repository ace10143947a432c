use std::{
    fs, io,
    process::{Child, ChildStdout, Command},
    time::Duration,
};

use crate::Fault;

/// A process under measurement; it is killed when dropped.
pub(crate) struct Process(Child);

/// How long the kernel's tick is: `USER_HZ` is 100 on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// What it prints, where that is piped.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// The processor time it has used in all its threads, its own and what the
    /// kernel spent for it. Counted in ticks of 10 ms.
    pub(crate) fn processor_time(&self) -> Result<Duration, Fault> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name in parentheses may hold anything; proc(5) counts from 1.
        let after_name = stat.rsplit_once(')').ok_or("no process name")?.1;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let ticks = |field: usize| -> Result<u32, Fault> {
            Ok(fields
                .get(field - 3)
                .ok_or("a short line in /proc")?
                .parse()?)
        };
        let (user, system) = (ticks(14)?, ticks(15)?);
        Ok(TICK * (user + system))
    }

    /// The memory it occupies, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Fault> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_ascii_whitespace().next());
        Ok(kib.ok_or("no VmRSS in /proc")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
