//! A connection and a page, without a network between them and without waiting.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, MediaKind, MediaTime};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

use super::*;
use crate::sound::{generator, level};

const TICK: Duration = Duration::from_millis(20);

/// What the page says, and what it is told, in hertz.
const SAYS: u16 = 500;
const HEARS: u16 = 900;

const PCMU_FIRST: [Coding; 2] = [Coding::Pcmu, Coding::Opus];
const OPUS_FIRST: [Coding; 2] = [Coding::Opus, Coding::Pcmu];

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn crypto() -> Arc<CryptoProvider> {
    Arc::new(str0m::crypto::from_feature_flags())
}

/// What a browser is to a session.
struct Page {
    rtc: Rtc,
    mid: Option<Mid>,
    connected: bool,
    /// How its sound is written.
    coding: Coding,
    writer: opus::Writer,
    microphone: Microphone,
    said: usize,
    /// What it was sent: each in which coding.
    heard: Vec<Coding>,
}

impl Page {
    fn new(now: Instant, codings: [Coding; 2]) -> Self {
        let mut config = Rtc::builder().set_crypto_provider(crypto()).clear_codecs();
        for coding in codings {
            config = match coding {
                Coding::Pcmu => config.enable_pcmu(true, false),
                Coding::Opus => config.enable_opus(true, false),
            };
        }
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address(2), Protocol::Udp).unwrap());
        Self {
            rtc,
            mid: None,
            connected: false,
            coding: codings[0],
            writer: opus::Writer::new(),
            microphone: Microphone::default(),
            said: 0,
            heard: Vec::new(),
        }
    }

    /// What it has to send.
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return packets,
                Output::Transmit(sent) => packets.push(sent.contents.to_vec()),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::MediaAdded(added)) => self.mid = Some(added.mid),
                Output::Event(Event::MediaData(data)) => {
                    let coding = coding(data.params.spec().codec).unwrap();
                    let begins = data.time.numer();
                    self.microphone.receive(coding, &data.data, begins);
                    self.heard.push(coding);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn says(&mut self, now: Instant) {
        let frame = generator::tone(SAYS, self.said);
        let time = MediaTime::new(self.said as u64, Frequency::EIGHT_KHZ);
        self.said += FRAME;
        let Some(writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else {
            return;
        };
        let mut params = writer.payload_params();
        let of = |codec| coding(codec) == Some(self.coding);
        let pt = params.find(|params| of(params.spec().codec)).unwrap().pt();
        drop(params);
        let sound = match self.coding {
            Coding::Pcmu => mulaw::encode_all(&frame),
            Coding::Opus => self.writer.write(&frame),
        };
        writer.write(pt, now, time, sound).unwrap();
    }
}

/// Both, and the time.
struct Call {
    now: Instant,
    session: Session,
    page: Page,
}

impl Call {
    /// The page calls.
    fn placed(codings: [Coding; 2]) -> Self {
        let now = tokio::time::Instant::now().into_std();
        let mut page = Page::new(now, codings);
        let mut changes = page.rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        page.mid = Some(mid);
        let (offer, pending) = changes.apply().unwrap();
        let offer = offer.to_sdp_string();
        let chosen = description::preferred(&offer).unwrap();
        let mut session = Session::new(now, address(1), crypto(), &[chosen], true).unwrap();
        let answer = session.answer(&offer).unwrap();
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        page.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        Self { now, session, page }
    }

    /// The page is called; it answers as it likes.
    fn offered(codings: [Coding; 2]) -> Self {
        let now = tokio::time::Instant::now().into_std();
        let mut page = Page::new(now, codings);
        let mut session = Session::new(now, address(1), crypto(), &Coding::ALL, true).unwrap();
        let offer = session.offer().unwrap();
        let offer = SdpOffer::from_sdp_string(&offer).unwrap();
        let answer = page.rtc.sdp_api().accept_offer(offer).unwrap();
        session.accept(&answer.to_sdp_string()).unwrap();
        Self { now, session, page }
    }

    /// So many ticks pass, in which both speak; packets of the page's sound are lost by their
    /// number. What was heard of the page.
    fn pass(&mut self, ticks: usize, lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut heard = Vec::new();
        let mut sounds = 0;
        for tick in 0..ticks {
            self.now += TICK;
            self.session.pass(self.now);
            self.page
                .rtc
                .handle_input(Input::Timeout(self.now))
                .unwrap();
            if self.page.connected {
                self.page.says(self.now);
            }
            for packet in self.page.drain() {
                // Its first bits and its payload type say what is sound (RFC 7983, RFC 5761).
                let sound = packet[0] & 0xc0 == 0x80 && !(192..=223).contains(&packet[1]);
                sounds += usize::from(sound);
                if !(sound && lost(sounds)) {
                    self.session.receive(self.now, address(2), &packet);
                }
            }
            self.session
                .play(self.now, &generator::tone(HEARS, tick * FRAME));
            heard.extend(self.session.microphone());
            let mut packets = Vec::new();
            self.session.drain(&mut packets);
            for (_, packet) in packets {
                let received = Receive::new(Protocol::Udp, address(1), address(2), &packet);
                let input = Input::Receive(self.now, received.unwrap());
                self.page.rtc.handle_input(input).unwrap();
                // What follows from it is sent with the next tick.
            }
        }
        heard
    }

    /// They are connected.
    fn connected(mut self) -> Self {
        for _ in 0..500 {
            if self.page.connected && self.session.connected {
                return self;
            }
            self.pass(1, |_| false);
        }
        panic!("they do not find each other");
    }
}

/// Both hear each other, in this coding each way.
fn both_hear(mut call: Call, session: Coding) {
    call.page.heard.clear();
    let heard = call.pass(150, |_| false);
    assert!(level::at(&heard[8_000..], SAYS.into()) > 3_000.0);
    assert!(call.page.heard.len() > 140);
    assert!(call.page.heard.iter().all(|coding| *coding == session));
}

#[test]
fn an_answer_has_what_the_page_prefers() {
    for (codings, chosen) in [(PCMU_FIRST, Coding::Pcmu), (OPUS_FIRST, Coding::Opus)] {
        both_hear(Call::placed(codings).connected(), chosen);
    }
}

#[test]
fn of_what_is_offered_the_page_may_choose_and_say_either() {
    for chosen in Coding::ALL {
        for said in Coding::ALL {
            let codings = match chosen {
                Coding::Pcmu => PCMU_FIRST,
                Coding::Opus => OPUS_FIRST,
            };
            let mut call = Call::offered(codings).connected();
            call.page.coding = said;
            both_hear(call, chosen);
        }
    }
}

/// A tenth of what the page says is lost, and most of it is not missed.
#[test]
fn what_is_lost_of_opus_is_hardly_heard() {
    let mut call = Call::placed(OPUS_FIRST).connected();
    call.pass(50, |_| false);
    let heard = call.pass(300, |index| index % 10 == 0);
    let silent = heard
        .chunks(FRAME)
        .filter(|frame| level::rms(frame) < 300.0);
    let silent = silent.count();
    assert!(silent <= 6, "{silent} of 300 frames, where 30 were lost");
    assert!(level::at(&heard, SAYS.into()) > 3_000.0);
}
