//! One WebRTC connection: descriptions, packets, and the sound in them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::crypto::CryptoProvider;
use str0m::format::{Codec, CodecExtra, FormatParams};
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcError};

use crate::sound::dtmf::Keypad;
use crate::sound::mixer::{Frame, SILENCE};
use crate::sound::{FRAME, mulaw};

/// Frames that are waited for before a microphone is played, so that one that comes late is not
/// missed.
const AHEAD: usize = 2;

/// More than this is behind the time, and the oldest are left out.
const BEHIND: usize = 10;

/// The payload type of telephone events in what we offer.
const EVENTS: u8 = 101;

/// A description that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the description cannot be used: {0}")]
pub(super) struct BadDescription(String);

impl BadDescription {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    /// It belongs to nothing.
    pub(super) fn nothing() -> Self {
        Self("there is no such connection".to_owned())
    }
}

/// A connection with one browser.
pub(super) struct Session {
    rtc: Rtc,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    connected: bool,
    keypad: Keypad,
    microphone: VecDeque<i16>,
    /// Whether enough has come to begin with.
    playing: bool,
    /// Samples sent so far.
    sent: u64,
}

impl Session {
    /// A connection that is reached at this address.
    pub(super) fn new(
        now: Instant,
        local: SocketAddr,
        crypto: Arc<CryptoProvider>,
        telephone_events: bool,
    ) -> Result<Self, RtcError> {
        let mut config = Rtc::builder()
            .set_crypto_provider(crypto)
            .set_ice_lite(true)
            .clear_codecs()
            .enable_pcmu(true, false);
        if telephone_events {
            let format = FormatParams {
                telephone_event_max: Some(16),
                ..FormatParams::default()
            };
            let rate = Frequency::EIGHT_KHZ;
            let codecs = config.codec_config();
            codecs.add_config(
                Pt::new_with_value(EVENTS),
                None,
                Codec::Tele,
                rate,
                None,
                format,
            );
        }
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(local, Protocol::Udp)?);
        Ok(Self {
            rtc,
            local,
            pending: None,
            mid: None,
            connected: false,
            keypad: Keypad::default(),
            microphone: VecDeque::new(),
            playing: false,
            sent: 0,
        })
    }

    /// Answers an offer, the first one or one that makes the path anew.
    pub(super) fn answer(&mut self, offer: &str) -> Result<String, BadDescription> {
        let offer = SdpOffer::from_sdp_string(offer).map_err(BadDescription::of)?;
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(BadDescription::of)?;
        let answer = answer.to_sdp_string();
        match answer.contains("PCMU/8000") {
            true => Ok(answer),
            false => Err(BadDescription("PCMU is not offered".to_owned())),
        }
    }

    /// Offers a call.
    pub(super) fn offer(&mut self) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        let stream = Some("voip-sim".to_owned());
        changes.add_media(MediaKind::Audio, Direction::SendRecv, stream, None, None);
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    /// Takes the answer to what was offered.
    pub(super) fn accept(&mut self, answer: &str) -> Result<(), BadDescription> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(BadDescription::of)?;
        let pending = self.pending.take();
        let pending = pending.ok_or_else(BadDescription::nothing)?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        accepted.map_err(BadDescription::of)
    }

    /// Whether a packet is for this connection.
    pub(super) fn accepts(&self, now: Instant, from: SocketAddr, packet: &[u8]) -> bool {
        self.received(now, from, packet)
            .is_some_and(|input| self.rtc.accepts(&input))
    }

    /// Takes a packet.
    pub(super) fn receive(&mut self, now: Instant, from: SocketAddr, packet: &[u8]) {
        if let Some(input) = self.received(now, from, packet) {
            self.feed(input);
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Instant) {
        self.feed(Input::Timeout(now));
    }

    /// What is to be sent now, and the keys that were pressed.
    pub(super) fn drain(&mut self, packets: &mut Vec<(SocketAddr, Vec<u8>)>) -> String {
        let mut keys = String::new();
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(_)) => return keys,
                Ok(Output::Transmit(sent)) => {
                    packets.push((sent.destination, sent.contents.to_vec()));
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::MediaAdded(added))) => self.mid = Some(added.mid),
                Ok(Output::Event(Event::MediaData(data))) => keys.extend(self.heard(&data)),
                Ok(Output::Event(_)) => {}
                Err(error) => {
                    tracing::debug!(%error, "a media session broke off");
                    self.rtc.disconnect();
                    return keys;
                }
            }
            if !self.rtc.is_alive() {
                return keys;
            }
        }
    }

    /// The next 20 milliseconds of what the browser says.
    pub(super) fn microphone(&mut self) -> Frame {
        if !self.playing && self.microphone.len() < AHEAD * FRAME {
            return SILENCE;
        }
        self.playing = self.microphone.len() >= FRAME;
        if !self.playing {
            return SILENCE;
        }
        let mut frame = SILENCE;
        for (sample, heard) in frame.iter_mut().zip(self.microphone.drain(..FRAME)) {
            *sample = heard;
        }
        frame
    }

    /// Sends the next 20 milliseconds of what the browser hears.
    pub(super) fn play(&mut self, now: Instant, frame: &Frame) {
        let time = self.sent;
        // Time passes whether or not it can be sent.
        self.sent += FRAME as u64;
        let Some(mid) = self.mid.filter(|_| self.connected) else {
            return;
        };
        let Some(writer) = self.rtc.writer(mid) else {
            return;
        };
        let pcmu = writer
            .payload_params()
            .find(|params| params.spec().codec == Codec::PCMU);
        let Some(pt) = pcmu.map(|params| params.pt()) else {
            return;
        };
        let time = MediaTime::new(time, Frequency::EIGHT_KHZ);
        if let Err(error) = writer.write(pt, now, time, mulaw::encode_all(frame)) {
            tracing::debug!(%error, "sound could not be sent");
        }
    }

    /// Says goodbye; what that sends is drained afterwards.
    pub(super) fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }

    fn received<'a>(&self, now: Instant, from: SocketAddr, packet: &'a [u8]) -> Option<Input<'a>> {
        let receive = Receive::new(Protocol::Udp, from, self.local, packet).ok()?;
        Some(Input::Receive(now, receive))
    }

    fn feed(&mut self, input: Input<'_>) {
        if let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(%error, "a media session broke off");
            self.rtc.disconnect();
        }
    }

    fn heard(&mut self, data: &MediaData) -> Option<char> {
        match &data.codec_extra {
            CodecExtra::Tele(report) => self.keypad.report(report.event, data.time.numer()),
            _ if data.params.spec().codec == Codec::PCMU => {
                self.microphone.extend(mulaw::decode_all(&data.data));
                let late = self.microphone.len().saturating_sub(BEHIND * FRAME);
                if late > 0 {
                    self.microphone.drain(..late + (BEHIND - AHEAD) * FRAME);
                }
                None
            }
            _ => None,
        }
    }
}
