//! Many calls with sound at once: browsers without a browser, on the simulator.
//!
//!     cargo run --release -p voip-benches --bin media -- --calls 50 --seconds 20
//!
//! Each signs in, calls a number that answers with a tone, and sends and
//! receives 50 packets a second. What is told is the time between packets, as
//! it reaches them; they share the machine with the simulator.

#![allow(clippy::print_stdout)] // It is made to tell.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Parser;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    format::Codec,
    media::{Direction, Frequency, MediaKind, MediaTime, Mid},
    net::{Protocol, Receive},
};
use tokio::{net::UdpSocket, task::JoinSet};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use voip_core::ports::{Clock as _, SystemClock};
use voip_sim::{
    Simulator, SimulatorConfig,
    engine::{Application, NumberConfig},
    phone::PhoneScript,
};
use voip_twilio::{AccessToken, ApiKey};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const KEY: &str = "SK00000000000000000000000000000001";
const APP: &str = "AP00000000000000000000000000000001";
const FAR: &str = "+15550002222";

/// More than this between two packets can be heard.
const AUDIBLE: Duration = Duration::from_millis(60);

#[derive(Parser)]
struct Arguments {
    /// Calls at once.
    #[arg(long, default_value_t = 50)]
    calls: usize,
    /// How long they last.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments = Arguments::parse();
    let app = axum::Router::new().fallback(async || {
        let dial = format!("<Response><Dial callerId='{FAR}'>{FAR}</Dial></Response>");
        ([("content-type", "text/xml")], dial)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let voice_url = format!("http://{}/voice", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = SimulatorConfig::new(ACCOUNT, "token")
        .api_key(KEY, "secret")
        .application(Application {
            sid: APP.to_owned(),
            voice: NumberConfig {
                voice_url: Some(voice_url),
                ..NumberConfig::default()
            },
        });
    let simulator = Simulator::start_with(config).await?;
    simulator.set_phone(FAR, PhoneScript::answers_after(Duration::ZERO));

    let lasts = Duration::from_secs(arguments.seconds);
    let mut calls = JoinSet::new();
    for number in 0..arguments.calls {
        calls.spawn(call(simulator.signal_url(), token(number)?, lasts));
    }
    let (mut gaps, mut lost) = (Vec::new(), 0);
    while let Some(heard) = calls.join_next().await {
        match heard? {
            Ok(heard) if !heard.is_empty() => gaps.extend(heard),
            Ok(_) => lost += 1,
            Err(error) => return Err(error),
        }
    }
    gaps.sort();
    let at = |share: f64| gaps[((gaps.len() - 1) as f64 * share) as usize];
    let audible = gaps.iter().filter(|gap| **gap > AUDIBLE).count();
    println!(
        "{} calls for {lasts:?}: {} packets, {lost} silent",
        arguments.calls,
        gaps.len()
    );
    println!(
        "between packets: median {:?}, 99.9 % {:?}, longest {:?}",
        at(0.5),
        at(0.999),
        at(1.0)
    );
    println!("longer than {AUDIBLE:?}: {audible}");
    Ok(())
}

fn token(number: usize) -> Result<String, Fault> {
    let account = ACCOUNT.parse()?;
    let key = ApiKey::new(KEY.parse()?, "secret".to_owned())?;
    let identity = format!("user{number}");
    let now = SystemClock.now();
    let token = AccessToken::new(&account, &key, &identity, Duration::from_secs(600), now)?;
    Ok(token.outgoing(APP.parse()?, []).sign())
}

/// One call; the times between the packets that came.
async fn call(signal: String, token: String, lasts: Duration) -> Result<Vec<Duration>, Fault> {
    let (mut socket, _) = connect_async(signal).await?;
    let frame = |kind: &str, payload: Value| {
        Message::text(json!({"type": kind, "version": "1.6", "payload": payload}).to_string())
    };
    socket
        .send(frame("listen", json!({"token": token})))
        .await?;
    let mut ear = Ear::open().await?;
    let offer = ear.offer()?;
    let invite = json!({"callsid": "TJS1", "sdp": offer, "twilio": {}});
    socket.send(frame("invite", invite)).await?;
    let mut ends = None;
    loop {
        let pause = ear.turn(Instant::now()).await?;
        let over = async {
            match ends {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => return Ok(ear.gaps),
            message = socket.next() => {
                let Some(message) = message.transpose()? else {
                    return Err("the simulator hung up".into());
                };
                let Message::Text(text) = message else { continue };
                if text == "\n" {
                    socket.send(Message::text("\n")).await?;
                    continue;
                }
                let frame: Value = serde_json::from_str(&text)?;
                if let ("answer", Some(sdp)) = (
                    frame["type"].as_str().unwrap_or_default(),
                    frame["payload"]["sdp"].as_str(),
                ) {
                    ear.answered(sdp)?;
                    ends = Some(tokio::time::Instant::now() + lasts);
                }
            }
            received = ear.socket.recv_from(&mut ear.buffer) => {
                let (length, from) = received?;
                ear.receive(length, from)?;
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// A browser's end of the sound.
struct Ear {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    buffer: Vec<u8>,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    next: Instant,
    sent: u64,
    last: Option<Instant>,
    gaps: Vec<Duration>,
}

impl Ear {
    async fn open() -> Result<Self, Fault> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let local = socket.local_addr()?;
        let config = Rtc::builder().clear_codecs().enable_pcmu(true, false);
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp)?);
        Ok(Self {
            rtc,
            socket,
            local,
            buffer: vec![0; 2_048],
            pending: None,
            mid: None,
            next: Instant::now(),
            sent: 0,
            last: None,
            gaps: Vec::new(),
        })
    }

    fn offer(&mut self) -> Result<String, Fault> {
        let mut changes = self.rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().ok_or("nothing to offer")?;
        self.pending = Some(pending);
        self.mid = Some(mid);
        Ok(offer.to_sdp_string())
    }

    fn answered(&mut self, sdp: &str) -> Result<(), Fault> {
        if let Some(pending) = self.pending.take() {
            self.rtc
                .sdp_api()
                .accept_answer(pending, SdpAnswer::from_sdp_string(sdp)?)?;
        }
        Ok(())
    }

    fn receive(&mut self, length: usize, from: SocketAddr) -> Result<(), Fault> {
        let packet = Receive::new(Protocol::Udp, from, self.local, &self.buffer[..length])?;
        self.rtc
            .handle_input(Input::Receive(Instant::now(), packet))?;
        Ok(())
    }

    /// Sends what is due; how long until something else is.
    async fn turn(&mut self, now: Instant) -> Result<Duration, Fault> {
        self.rtc.handle_input(Input::Timeout(now))?;
        if now >= self.next {
            self.next += Duration::from_millis(20);
            self.speak(now)?;
        }
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => return Ok(at.min(self.next).saturating_duration_since(now)),
                Output::Transmit(packet) => {
                    self.socket
                        .send_to(&packet.contents, packet.destination)
                        .await?;
                }
                Output::Event(Event::MediaData(_)) => {
                    let last = self.last.replace(now);
                    self.gaps.extend(last.map(|last| now - last));
                }
                Output::Event(_) => {}
            }
        }
    }

    fn speak(&mut self, now: Instant) -> Result<(), Fault> {
        let time = MediaTime::new(self.sent, Frequency::EIGHT_KHZ);
        self.sent += 160;
        let Some(writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else {
            return Ok(());
        };
        let mut codecs = writer.payload_params();
        let pcmu = codecs.find(|params| params.spec().codec == Codec::PCMU);
        let Some(pt) = pcmu.map(|params| params.pt()) else {
            return Ok(());
        };
        drop(codecs);
        writer.write(pt, now, time, vec![0x55; 160])?;
        Ok(())
    }
}
