//! One WebRTC connection: descriptions, packets, and the sound in them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::crypto::CryptoProvider;
use str0m::format::{Codec, CodecExtra, FormatParams};
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcError};

use super::description::{self, BadDescription};
use super::microphone::{AHEAD, Microphone};
use crate::sound::coding::Coding;
use crate::sound::dtmf::Keypad;
use crate::sound::mixer::Frame;
use crate::sound::{FRAME, mulaw, opus};

/// A connection with one browser.
pub(super) struct Session {
    rtc: Rtc,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    connected: bool,
    /// How the browser hears us. It may speak in any coding that was offered.
    coding: Coding,
    /// What only this connection of the browser has.
    fingerprint: Option<String>,
    keypad: Keypad,
    microphone: Microphone,
    /// There once Opus was sent.
    opus: Option<opus::Writer>,
    /// Samples sent so far.
    sent: u64,
}

impl Session {
    /// A connection that is reached at this address, for sound in one of these codings, of which
    /// we would rather have the first.
    pub(super) fn new(
        now: Instant,
        local: SocketAddr,
        crypto: Arc<CryptoProvider>,
        codings: &[Coding],
        telephone_events: bool,
    ) -> Result<Self, RtcError> {
        let mut config = Rtc::builder()
            .set_crypto_provider(crypto)
            .set_ice_lite(true)
            // What comes later than this is too late to be played.
            .set_reordering_size_audio(AHEAD)
            .clear_codecs();
        for coding in codings {
            config = match coding {
                Coding::Pcmu => config.enable_pcmu(true, false),
                Coding::Opus => config.enable_opus(true, false),
            };
        }
        for coding in codings.iter().filter(|_| telephone_events) {
            let format = FormatParams {
                telephone_event_max: Some(16),
                ..FormatParams::default()
            };
            // Keys are counted by the clock of the sound beside them (RFC 4733, section 2.1).
            config.codec_config().add_config(
                Pt::new_with_value(events(*coding)),
                None,
                Codec::Tele,
                frequency(*coding),
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
            coding: codings.first().copied().unwrap_or(Coding::Pcmu),
            fingerprint: None,
            keypad: Keypad::default(),
            microphone: Microphone::default(),
            opus: None,
            sent: 0,
        })
    }

    /// Answers an offer, the first one or one that makes the path anew.
    pub(super) fn answer(&mut self, offer: &str) -> Result<String, BadDescription> {
        self.fingerprint = description::fingerprint(offer).map(str::to_owned);
        let offer = SdpOffer::from_sdp_string(offer).map_err(BadDescription::of)?;
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(BadDescription::of)?;
        let answer = answer.to_sdp_string();
        match description::preferred(&answer) {
            Some(_) => Ok(answer),
            None => Err(BadDescription::silent()),
        }
    }

    /// Offers a call.
    pub(super) fn offer(&mut self) -> Option<String> {
        let mut changes = self.rtc.sdp_api();
        let stream = Some("voip-sim".to_owned());
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, stream, None, None);
        let (offer, pending) = changes.apply()?;
        self.pending = Some(pending);
        self.mid = Some(mid);
        Some(offer.to_sdp_string())
    }

    /// Takes the answer to what was offered.
    pub(super) fn accept(&mut self, answer: &str) -> Result<(), BadDescription> {
        self.coding = description::preferred(answer).ok_or_else(BadDescription::silent)?;
        self.fingerprint = description::fingerprint(answer).map(str::to_owned);
        let answer = SdpAnswer::from_sdp_string(answer).map_err(BadDescription::of)?;
        let pending = self.pending.take();
        let pending = pending.ok_or_else(BadDescription::nothing)?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        accepted.map_err(BadDescription::of)
    }

    /// Whether the browser's end of this connection wrote that description.
    pub(super) fn wrote(&self, description: &str) -> bool {
        self.fingerprint.as_deref() == description::fingerprint(description)
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
        self.microphone.frame()
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
        let chosen = writer
            .payload_params()
            .find(|params| coding(params.spec().codec) == Some(self.coding));
        let Some(pt) = chosen.map(|params| params.pt()) else {
            return;
        };
        let sound = match self.coding {
            Coding::Pcmu => mulaw::encode_all(frame),
            Coding::Opus => self.opus.get_or_insert_with(opus::Writer::new).write(frame),
        };
        // In samples; it is written in units of the coding's own clock.
        let time = MediaTime::new(time, Frequency::EIGHT_KHZ);
        if let Err(error) = writer.write(pt, now, time, sound) {
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
        let begins = data.time.numer();
        if let CodecExtra::Tele(report) = &data.codec_extra {
            return self.keypad.report(report.event, begins);
        }
        if let Some(coding) = coding(data.params.spec().codec) {
            self.microphone.receive(coding, &data.data, begins);
        }
        None
    }
}

/// The payload type of the telephone events beside a coding in what we offer.
const fn events(coding: Coding) -> u8 {
    match coding {
        Coding::Pcmu => 101,
        Coding::Opus => 110,
    }
}

const fn frequency(coding: Coding) -> Frequency {
    match coding {
        Coding::Pcmu => Frequency::EIGHT_KHZ,
        Coding::Opus => Frequency::FORTY_EIGHT_KHZ,
    }
}

fn coding(codec: Codec) -> Option<Coding> {
    match codec {
        Codec::PCMU => Some(Coding::Pcmu),
        Codec::Opus => Some(Coding::Opus),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
