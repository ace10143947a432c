//! The mixer: 20 milliseconds at a time, what everybody says becomes what everybody hears.
//!
//! It knows no sockets, no packets and no clock. Who hears whom comes from the engine.

use std::collections::{HashMap, VecDeque};

use super::generator::{self, Cue};
use super::{FRAME, RATE, level};
use crate::sid::CallSid;
use crate::voice::Voice;

/// Twenty milliseconds.
pub(crate) type Frame = [i16; FRAME];

/// Nothing.
pub(crate) const SILENCE: Frame = [0; FRAME];

/// An echo comes back after so many frames: half a second.
const ECHO: usize = 25;

/// So much of what a leg heard is kept for whoever measures it: two seconds.
const KEPT: usize = 2 * RATE as usize;

/// A key that was pressed sounds for so many frames.
const KEY: usize = 8;

/// Quieter than this is no voice.
const VOICE: f64 = 150.0;

/// A live leg.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) sid: CallSid,
    /// Whether its far end can speak: an unanswered one cannot.
    pub(crate) speaks: bool,
    /// What a scripted far end lets be heard.
    pub(crate) voice: Voice,
    /// The legs it hears.
    pub(crate) hears: Vec<CallSid>,
    /// What it hears beside them.
    pub(crate) cue: Option<Cue>,
    /// Whether a recording of it ends with a silence.
    pub(crate) minds_silence: bool,
}

/// A recording that runs.
#[derive(Debug, Clone)]
pub(crate) struct Tape {
    pub(crate) sid: String,
    /// What is on each channel.
    pub(crate) channels: Vec<Vec<Track>>,
}

/// Something that is recorded.
#[derive(Debug, Clone)]
pub(crate) enum Track {
    /// What a leg's far end says.
    Voice(CallSid),
    /// What it hears.
    Ear(CallSid),
}

/// Who is on the line, who hears whom, and what is recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wiring {
    pub(crate) wires: Vec<Wire>,
    pub(crate) tapes: Vec<Tape>,
}

/// What came of 20 milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Mixed {
    /// What each leg hears.
    pub(crate) ears: HashMap<CallSid, Frame>,
    /// What goes onto each recording, by channel.
    pub(crate) tapes: Vec<(String, Vec<Frame>)>,
    /// Legs with a voice in their recording, where a silence would end it.
    pub(crate) voiced: Vec<CallSid>,
}

/// What the mixer remembers from one frame to the next.
#[derive(Debug, Default)]
pub(crate) struct Mixer {
    legs: HashMap<CallSid, Leg>,
}

#[derive(Debug, Default)]
struct Leg {
    /// Samples since its far end began to speak.
    spoken: usize,
    cue: Option<Cue>,
    /// Samples since the cue began.
    cued: usize,
    echo: VecDeque<Frame>,
    /// Keys that are being pressed, and the frames the first has sounded.
    keys: VecDeque<char>,
    held: usize,
    /// What it heard of late.
    heard: VecDeque<i16>,
    /// Frames it has heard altogether.
    frames: u64,
}

impl Mixer {
    /// The far end of this leg pressed these keys; whoever hears it hears their tones.
    pub(crate) fn pressed(&mut self, leg: &CallSid, keys: &str) {
        let leg = self.legs.entry(leg.clone()).or_default();
        leg.keys.extend(keys.chars());
    }

    /// What a leg heard of late, oldest first, and how many frames it has heard altogether.
    pub(crate) fn heard(&self, leg: &CallSid) -> Option<(Vec<i16>, u64)> {
        let leg = self.legs.get(leg)?;
        Some((leg.heard.iter().copied().collect(), leg.frames))
    }

    /// Mixes the next 20 milliseconds. `microphones` has the frames of those legs whose far ends
    /// are people.
    pub(crate) fn mix(
        &mut self,
        wiring: &Wiring,
        mut microphones: HashMap<CallSid, Frame>,
    ) -> Mixed {
        let known = |sid: &CallSid| wiring.wires.iter().any(|wire| wire.sid == *sid);
        self.legs.retain(|sid, _| known(sid));
        let mut mixed = Mixed::default();
        let mut voices: HashMap<&CallSid, Frame> = HashMap::new();
        for wire in &wiring.wires {
            let leg = self.legs.entry(wire.sid.clone()).or_default();
            let microphone = microphones.remove(&wire.sid);
            let person = microphone.is_some();
            let spoken = leg.says(wire, microphone);
            if person && wire.minds_silence && level::rms(&spoken) > VOICE {
                mixed.voiced.push(wire.sid.clone());
            }
            voices.insert(&wire.sid, leg.with_keys(spoken));
        }
        for wire in &wiring.wires {
            let leg = self.legs.entry(wire.sid.clone()).or_default();
            let mut sum = Sum::default();
            for voice in wire.hears.iter().filter_map(|sid| voices.get(sid)) {
                sum.add(voice);
            }
            sum.add(&leg.cue(wire.cue.as_ref()));
            let frame = sum.frame();
            leg.hears(&frame);
            mixed.ears.insert(wire.sid.clone(), frame);
        }
        for tape in &wiring.tapes {
            let channel = |tracks: &Vec<Track>| {
                let mut sum = Sum::default();
                for track in tracks {
                    let frame = match track {
                        Track::Voice(sid) => voices.get(sid),
                        Track::Ear(sid) => mixed.ears.get(sid),
                    };
                    sum.add(frame.unwrap_or(&SILENCE));
                }
                sum.frame()
            };
            let frames = tape.channels.iter().map(channel).collect();
            mixed.tapes.push((tape.sid.clone(), frames));
        }
        mixed
    }
}

impl Leg {
    /// What its far end says.
    fn says(&mut self, wire: &Wire, microphone: Option<Frame>) -> Frame {
        if !wire.speaks {
            self.spoken = 0;
            return SILENCE;
        }
        let begun = self.spoken;
        self.spoken += FRAME;
        if let Some(frame) = microphone {
            return frame;
        }
        match &wire.voice {
            Voice::Tone(hertz) => generator::tone(*hertz, begun),
            Voice::Wav(clip) => {
                let samples = clip.samples();
                std::array::from_fn(|index| samples[(begun + index) % samples.len()])
            }
            Voice::Echo if self.echo.len() >= ECHO => self.echo.pop_front().unwrap_or(SILENCE),
            Voice::Echo | Voice::Silent => SILENCE,
        }
    }

    /// The keys it presses drown what it says.
    fn with_keys(&mut self, spoken: Frame) -> Frame {
        let Some(key) = self.keys.front().copied() else {
            return spoken;
        };
        let frame = generator::key(key, self.held * FRAME);
        self.held += 1;
        if self.held == KEY {
            self.held = 0;
            self.keys.pop_front();
        }
        frame
    }

    /// The next frame of what the network plays to it.
    fn cue(&mut self, cue: Option<&Cue>) -> Frame {
        if self.cue.as_ref() != cue {
            self.cue = cue.cloned();
            self.cued = 0;
        }
        let begun = self.cued;
        self.cued += FRAME;
        cue.map_or(SILENCE, |cue| generator::cue(cue, begun))
    }

    fn hears(&mut self, frame: &Frame) {
        self.frames += 1;
        self.heard.extend(frame);
        let surplus = self.heard.len().saturating_sub(KEPT);
        self.heard.drain(..surplus);
        self.echo.push_back(*frame);
        if self.echo.len() > ECHO {
            self.echo.pop_front();
        }
    }
}

/// Several sounds at once. What would be too loud is as loud as can be.
struct Sum([i32; FRAME]);

impl Default for Sum {
    fn default() -> Self {
        Self([0; FRAME])
    }
}

impl Sum {
    fn add(&mut self, frame: &Frame) {
        for (sum, sample) in self.0.iter_mut().zip(frame) {
            *sum += i32::from(*sample);
        }
    }

    fn frame(&self) -> Frame {
        let bound = |sum: i32| sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        self.0.map(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Sound;
    use crate::seeded::Seeded;
    use crate::sound::wav;
    use crate::voice::Clip;

    fn wire(sid: &CallSid, voice: Voice, hears: &[&CallSid]) -> Wire {
        Wire {
            sid: sid.clone(),
            speaks: true,
            voice,
            hears: hears.iter().map(|sid| (*sid).clone()).collect(),
            cue: None,
            minds_silence: false,
        }
    }

    fn sids<const N: usize>() -> [CallSid; N] {
        let mut seeded = Seeded::new(1);
        std::array::from_fn(|_| CallSid::generate(&mut seeded))
    }

    fn second(mixer: &mut Mixer, wiring: &Wiring) -> HashMap<CallSid, Vec<i16>> {
        let mut heard: HashMap<CallSid, Vec<i16>> = HashMap::new();
        for _ in 0..50 {
            for (sid, frame) in mixer.mix(wiring, HashMap::new()).ears {
                heard.entry(sid).or_default().extend(frame);
            }
        }
        heard
    }

    #[test]
    fn each_hears_the_other_and_not_itself() {
        let [one, other] = sids();
        let wires = vec![
            wire(&one, Voice::Tone(400), &[&other]),
            wire(&other, Voice::Tone(900), &[&one]),
        ];
        let wiring = Wiring {
            wires,
            tapes: Vec::new(),
        };
        let heard = second(&mut Mixer::default(), &wiring);
        assert!(level::at(&heard[&one], 900.0) > 3_000.0);
        assert!(level::at(&heard[&one], 400.0) < 50.0);
        assert!(level::at(&heard[&other], 400.0) > 3_000.0);
    }

    #[test]
    fn in_a_conference_all_others_are_heard_at_once() {
        let [one, two, three] = sids();
        let wires = vec![
            wire(&one, Voice::Tone(400), &[&two, &three]),
            wire(&two, Voice::Tone(900), &[&one, &three]),
            wire(&three, Voice::Tone(1300), &[]),
        ];
        let tape = Tape {
            sid: "RE".to_owned(),
            channels: vec![vec![Track::Voice(one.clone()), Track::Voice(two.clone())]],
        };
        let wiring = Wiring {
            wires,
            tapes: vec![tape],
        };
        let mut mixer = Mixer::default();
        let heard = second(&mut mixer, &wiring);
        assert!(level::at(&heard[&one], 900.0) > 3_000.0);
        assert!(level::at(&heard[&one], 1300.0) > 3_000.0);
        assert_eq!(level::rms(&heard[&three]), 0.0);
        assert_eq!(
            mixer
                .heard(&three)
                .map(|(heard, frames)| (heard.len(), frames)),
            Some((8_000, 50))
        );
        let taped = mixer.mix(&wiring, HashMap::new()).tapes;
        assert!(level::rms(&taped[0].1[0]) > 3_000.0);
    }

    #[test]
    fn an_echo_comes_back_half_a_second_later() {
        let [one, other] = sids();
        let click = Clip::read(&wav::file(&[&[9_000; 160]])).unwrap();
        let wires = vec![
            wire(&one, Voice::Wav(click), &[&other]),
            wire(&other, Voice::Echo, &[&one]),
        ];
        let wiring = Wiring {
            wires,
            tapes: Vec::new(),
        };
        let heard = second(&mut Mixer::default(), &wiring);
        let first = heard[&one].iter().position(|sample| *sample != 0);
        assert_eq!(first, Some(ECHO * FRAME));
    }

    #[test]
    fn an_unanswered_leg_hears_the_ringing_and_says_nothing() {
        let [one, other] = sids();
        let mut ringing = wire(&one, Voice::Tone(400), &[]);
        ringing.speaks = false;
        ringing.cue = Some(Cue::Ringing);
        let wires = vec![ringing, wire(&other, Voice::Silent, &[&one])];
        let heard = second(
            &mut Mixer::default(),
            &Wiring {
                wires,
                tapes: Vec::new(),
            },
        );
        assert!(level::at(&heard[&one], 440.0) > 2_500.0);
        assert_eq!(level::rms(&heard[&other]), 0.0);
    }

    #[test]
    fn a_cue_that_follows_another_begins_at_its_beginning() {
        let [one] = sids();
        let mut wired = wire(&one, Voice::Silent, &[]);
        let mut mixer = Mixer::default();
        for cue in [Cue::Ringing, Cue::Sound(Sound::Keys("1".to_owned()))] {
            wired.cue = Some(cue.clone());
            let wiring = Wiring {
                wires: vec![wired.clone()],
                tapes: Vec::new(),
            };
            let first = mixer.mix(&wiring, HashMap::new()).ears[&one];
            assert_eq!(first, generator::cue(&cue, 0));
        }
    }

    #[test]
    fn keys_are_heard_as_tones_and_a_voice_is_noticed() {
        let [one, other] = sids();
        let mut recorded = wire(&one, Voice::Silent, &[]);
        recorded.minds_silence = true;
        let wires = vec![recorded, wire(&other, Voice::Silent, &[&one])];
        let wiring = Wiring {
            wires,
            tapes: Vec::new(),
        };
        let mut mixer = Mixer::default();
        mixer.pressed(&one, "5");
        let said = [1_000_i16; FRAME];
        let mixed = mixer.mix(&wiring, HashMap::from([(one.clone(), said)]));
        assert_eq!(mixed.voiced, [one.clone()]);
        assert!(level::at(&mixed.ears[&other], 770.0) > 2_000.0);
        for _ in 0..KEY {
            mixer.mix(&wiring, HashMap::from([(one.clone(), said)]));
        }
        let mixed = mixer.mix(&wiring, HashMap::from([(one, said)]));
        assert_eq!(mixed.ears[&other], said);
    }
}
