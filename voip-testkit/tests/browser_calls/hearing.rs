//! What is really heard, by pages and by the simulator's far ends.

use std::{ops::RangeInclusive, time::Duration};

use voip_sim::{CallHandle, sound::level};

use crate::page::Page;

/// Waits until the loudest that a page hears has that pitch.
pub(crate) async fn hears(page: &Page, hertz: RangeInclusive<f64>) {
    let (low, high) = (hertz.start() - 12.0, hertz.end() + 12.0);
    let code = format!(
        "for (let tries = 0; tries < 40; tries += 1) {{
            const heard = await phone.pitch();
            if (heard.level > -70 && heard.hertz >= {low} && heard.hertz <= {high}) return heard;
            phone.last = heard;
        }}
        throw new Error(`wanted {low} to {high}, heard ${{JSON.stringify(phone.last)}}`);"
    );
    page.run(&code).await;
}

/// Waits until a far end hears nothing but what that microphone says.
pub(crate) async fn hears_the_page(call: &CallHandle<'_>, hertz: u16) {
    let wanted = f64::from(hertz);
    heard(call, &format!("{hertz} Hz"), |sound| {
        let (pitch, all) = (level::at(sound, wanted), level::rms(sound));
        // Of a pure tone the peak is the root of two times the mean.
        pitch > 2_000.0 && pitch > all
    })
    .await;
}

/// Waits until a far end hears nothing at all.
pub(crate) async fn hears_nothing(call: &CallHandle<'_>) {
    heard(call, "silence", |sound| level::rms(sound) < 20.0).await;
}

/// Waits until what a far end has heard in the last half second is as wished.
pub(crate) async fn heard(call: &CallHandle<'_>, what: &str, wished: impl Fn(&[i16]) -> bool) {
    let mut last = (0.0, 0.0);
    for _ in 0..200 {
        let sound = call.ear().await;
        let late = &sound[sound.len().saturating_sub(4_000)..];
        if late.len() == 4_000 && wished(late) {
            return;
        }
        last = (level::rms(late), level::at(late, 1_250.0));
        // real time: sound takes its time.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the far end should hear {what}, but: rms and level at 1250 Hz {last:?}");
}
