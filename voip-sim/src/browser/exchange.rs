//! The task of all browsers: sockets, packets, the engine's changes and the time come together
//! here, one after the other.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::frame::{ClientFrame, Message};
use super::studio::Studio;
use super::switchboard::{Line, Moment, Switchboard};
use crate::config::MediaConfig;
use crate::faults::Losses;
use crate::shell::Shared;
use crate::sid::CallSid;
use crate::sound::mixer::Wiring;
use crate::tapes::Tapes;

/// What is mixed at a time.
const TICK: Duration = Duration::from_millis(20);

const SWEEP: Duration = Duration::from_secs(1);

/// Half a second: how often a recording that minds silence hears of a voice.
const VOICED_EVERY: u32 = 25;

/// Packets that are read before anything else has its turn.
const BURST: usize = 64;

/// Frames and questions that wait; a socket whose frames do not fit waits too.
const WAITING: usize = 1_024;

/// Names a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineId(u64);

/// What the task is asked for.
pub(crate) enum Command {
    /// A socket was opened.
    Opened {
        line: LineId,
        out: mpsc::Sender<String>,
        edge: Option<String>,
    },
    /// It brought a frame.
    Text { line: LineId, text: String },
    /// It is gone.
    Closed { line: LineId },
    /// What did this leg hear of late?
    Heard {
        call: CallSid,
        reply: oneshot::Sender<Option<(Vec<i16>, u64)>>,
    },
    /// Say this to the browser of this leg, beside the conversation.
    Say {
        call: CallSid,
        message: Message,
        reply: oneshot::Sender<bool>,
    },
    /// What did the browser of this leg say beside the conversation?
    Messages {
        call: CallSid,
        reply: oneshot::Sender<Vec<Message>>,
    },
}

/// How the rest of the shell reaches the task.
pub(crate) struct ExchangeHandle {
    commands: mpsc::Sender<Command>,
    lines: AtomicU64,
    tapes: Tapes,
    losses: watch::Sender<Losses>,
}

impl ExchangeHandle {
    /// A name for a socket.
    pub(crate) fn line(&self) -> LineId {
        LineId(self.lines.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks for something; `false` when the task is over.
    pub(crate) async fn send(&self, command: Command) -> bool {
        self.commands.send(command).await.is_ok()
    }

    /// Asks for something with an answer; `None` when the task is over.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await.then_some(())?;
        answer.await.ok()
    }

    /// What gets lost on the way from now on.
    pub(crate) fn lose(&self, losses: Losses) {
        self.losses.send_replace(losses);
    }

    /// What gets lost on the way.
    pub(crate) fn losses(&self) -> watch::Receiver<Losses> {
        self.losses.subscribe()
    }

    /// What was recorded.
    pub(crate) fn tapes(&self) -> &Tapes {
        &self.tapes
    }
}

/// The task.
pub(crate) struct Exchange {
    shared: Shared,
    switchboard: Switchboard,
    socket: UdpSocket,
    commands: mpsc::Receiver<Command>,
    changes: watch::Receiver<u64>,
    tapes: Tapes,
    losses: watch::Receiver<Losses>,
    wiring: Wiring,
    /// Whether the engine has changed since the wiring was looked at.
    stale: bool,
    voiced: BTreeSet<CallSid>,
    ticks: u32,
}

impl Exchange {
    /// Binds the socket of all media; `bind` is where the simulator itself listens.
    pub(crate) async fn bind(
        shared: Shared,
        bind: SocketAddr,
        config: &MediaConfig,
    ) -> io::Result<(Self, Arc<ExchangeHandle>)> {
        let socket = UdpSocket::bind(SocketAddr::new(bind.ip(), config.port)).await?;
        let reached = match bind.ip().is_unspecified() {
            true => config.address,
            false => bind.ip(),
        };
        let local = SocketAddr::new(reached, socket.local_addr()?.port());
        let (sender, commands) = mpsc::channel(WAITING);
        let tapes = Tapes::default();
        let losses = watch::Sender::default();
        let handle = ExchangeHandle {
            commands: sender,
            lines: AtomicU64::new(1),
            tapes: tapes.clone(),
            losses,
        };
        let losses = handle.losses();
        let studio = Studio::new(local, config.telephone_events);
        let exchange = Self {
            switchboard: Switchboard::new(shared.clone(), studio),
            changes: shared.changes(),
            shared,
            socket,
            commands,
            tapes,
            losses,
            wiring: Wiring::default(),
            stale: false,
            voiced: BTreeSet::new(),
            ticks: 0,
        };
        Ok((exchange, Arc::new(handle)))
    }

    /// Runs until told to stop.
    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        let mut ticks = interval(TICK);
        // What was missed is made up for: media time follows the wall clock.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut sweeps = interval(SWEEP);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = false;
        let mut buffer = vec![0; 2_048];
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                changed = self.changes.changed() => match changed {
                    Ok(()) => self.changed(),
                    Err(_) => return,
                },
                received = self.socket.recv_from(&mut buffer) => {
                    if let Ok((length, from)) = received {
                        self.packet(from, &buffer[..length]);
                        self.burst(&mut buffer);
                    }
                }
                _ = ticks.tick(), if running => self.tick(),
                _ = sweeps.tick() => self.sweep(),
            }
            self.switchboard.keys();
            let packets = self.switchboard.studio().packets();
            for (to, packet) in packets.into_iter().filter(|_| !self.losses.borrow().media) {
                // A full buffer loses packets, as networks do.
                let _ = self.socket.try_send_to(&packet, to);
            }
            running = self.goes_on(running, &mut ticks);
        }
    }

    /// Whether there is anything to be mixed.
    fn goes_on(&mut self, running: bool, ticks: &mut Interval) -> bool {
        let runs = !self.switchboard.studio().is_empty() || !self.wiring.tapes.is_empty();
        if runs && !running {
            ticks.reset_immediately();
        }
        runs
    }

    fn command(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Opened { line, out, edge } => {
                self.switchboard
                    .opened(line, Line::new(now.instant, out, edge));
            }
            Command::Text { line, text } => {
                self.switchboard
                    .received(now, line, ClientFrame::read(&text));
            }
            Command::Closed { line } => self.switchboard.closed(now, line),
            // Whoever asked may have gone meanwhile.
            Command::Heard { call, reply } => {
                let _ = reply.send(self.switchboard.studio().heard(&call));
            }
            Command::Say {
                call,
                message,
                reply,
            } => {
                let _ = reply.send(self.switchboard.say(&call, message));
            }
            Command::Messages { call, reply } => {
                let _ = reply.send(self.switchboard.messages(&call));
            }
        }
    }

    fn changed(&mut self) {
        self.changes.mark_unchanged();
        if !self.switchboard.is_idle() {
            let now = self.now();
            self.switchboard.changed(now);
            self.stale = true;
        } else if self.shared.look(|engine, _| engine.is_recording()) {
            self.stale = true;
        }
        // With nobody mixed at the moment no tick would look.
        if self.stale && self.switchboard.studio().is_empty() {
            self.rewire();
        }
    }

    fn rewire(&mut self) {
        self.stale = false;
        self.wiring = self.shared.look(|engine, _| engine.wiring());
    }

    fn packet(&mut self, from: SocketAddr, packet: &[u8]) {
        if self.losses.borrow().media {
            return;
        }
        let now = Instant::now().into_std();
        self.switchboard.studio().receive(now, from, packet);
    }

    fn burst(&mut self, buffer: &mut [u8]) {
        for _ in 0..BURST {
            match self.socket.try_recv_from(buffer) {
                Ok((length, from)) => self.packet(from, &buffer[..length]),
                Err(_) => return,
            }
        }
    }

    fn tick(&mut self) {
        if self.stale {
            self.rewire();
        }
        let now = Instant::now().into_std();
        let mixed = self.switchboard.studio().tick(now, &self.wiring);
        self.tapes.record(mixed.tapes);
        self.voiced.extend(mixed.voiced);
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(VOICED_EVERY) {
            let voiced: Vec<CallSid> = std::mem::take(&mut self.voiced).into_iter().collect();
            self.switchboard.voiced(&voiced);
        }
    }

    fn sweep(&mut self) {
        let now = self.now();
        self.switchboard.sweep(now);
        let shared = &self.shared;
        self.tapes
            .keep(|sid| shared.look(|engine, _| engine.recordings_by_sid.contains_key(sid)));
    }

    fn now(&self) -> Moment {
        Moment {
            instant: Instant::now().into_std(),
            wall: self.shared.look(|_, now| now),
        }
    }
}
