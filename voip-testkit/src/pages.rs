//! Pages in a real browser, in the hands of a test.

use std::{
    collections::HashMap,
    fmt,
    io::{BufRead as _, BufReader, Write as _},
    ops::RangeInclusive,
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::oneshot;
use voip_sim::sound::{RATE, wav};

use crate::Browser;

/// A page takes long on a busy machine; a test must not hang for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// The flags that `docs/browser-testing.md` names.
const FLAGS: [&str; 8] = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors",
    "--mute-audio",
];

/// The flag that says which names lead where.
const NAMES: &str = "--host-resolver-rules=";

/// None leads away from this machine.
const NO_NAMES: &str = "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1";

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// A script for a page: one face, `phone`, for the vendor's SDK and for the simulator's own client,
/// with everything that happens to its calls in `phone.events`. It expects the address of the
/// simulator's WebSocket in `signalUrl`.
pub const PHONE: &str = include_str!("../browser/phone.js");

/// The address of a blank page, which nobody else has to serve.
pub const BLANK: &str = "blank";

/// A browser with any number of pages.
pub struct Chromium {
    child: Child,
    input: Mutex<ChildStdin>,
    waiting: Waiting,
    asked: AtomicU64,
}

/// A page of it.
#[derive(Clone)]
pub struct Page {
    chromium: Arc<Chromium>,
    number: u64,
}

impl Chromium {
    /// Starts the browser, with flags of its own beside the usual ones, and with the SDK of that
    /// package in each page. `None` where the machine has no browser.
    pub async fn start(library: Option<&str>, flags: &[String]) -> Option<Arc<Self>> {
        let browser = Browser::installed()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/page.mjs");
        let mut all: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        if !flags.iter().any(|flag| flag.starts_with(NAMES)) {
            all.push(format!("{NAMES}{NO_NAMES}"));
        }
        all.extend_from_slice(flags);
        let settings = json!({"flags": all, "library": library});
        let mut child = browser
            .program(&script)
            .env("PAGE_SETTINGS", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let waiting = Waiting::default();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let chromium = Arc::new(Self {
            child,
            input: Mutex::new(input),
            waiting: Arc::clone(&waiting),
            asked: AtomicU64::new(1),
        });
        let ready = chromium.wait(0);
        std::thread::spawn(move || {
            for line in output.lines() {
                let Ok(line) = line else { return };
                let Ok(answer) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                let id = answer["id"].as_u64().unwrap_or(u64::MAX);
                if let Some(waiting) = waiting.lock().unwrap().remove(&id) {
                    let _ = waiting.send(answer);
                }
            }
            // Nobody is to wait for an answer that cannot come.
            waiting.lock().unwrap().clear();
        });
        told("the browser", ready).await;
        Some(chromium)
    }

    /// Opens a page; the scripts run in it before its own.
    pub async fn open(self: &Arc<Self>, url: &str, scripts: &[String]) -> Page {
        let number = self.ask(json!({"open": url, "scripts": scripts})).await;
        Page {
            chromium: Arc::clone(self),
            number: number.as_u64().unwrap(),
        }
    }

    async fn ask(&self, mut question: Value) -> Value {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let what = question["run"].as_str().unwrap_or("a page").to_owned();
        question["id"] = json!(id);
        let answer = self.wait(id);
        writeln!(self.input.lock().unwrap(), "{question}").unwrap();
        told(&what, answer).await
    }

    fn wait(&self, id: u64) -> oneshot::Receiver<Value> {
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        answer
    }
}

impl fmt::Debug for Chromium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chromium").finish_non_exhaustive()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Page {
    /// Runs code in the page, and has what it returns.
    pub async fn run(&self, code: &str) -> Value {
        self.chromium
            .ask(json!({"page": self.number, "run": code}))
            .await
    }

    /// Closes the page, as a user closes a tab.
    pub async fn close(&self) {
        self.chromium
            .ask(json!({"page": self.number, "close": true}))
            .await;
    }

    /// Ends the page as a crash does: it says goodbye to nobody.
    pub async fn crash(&self) {
        self.chromium
            .ask(json!({"page": self.number, "crash": true}))
            .await;
    }

    /// Waits until the loudest that the newest call of the page lets it hear has a pitch in there,
    /// in hertz.
    pub async fn hears(&self, hertz: RangeInclusive<f64>) {
        let (low, high) = (hertz.start() - 12.0, hertz.end() + 12.0);
        let code = format!(
            "for (let tries = 0; tries < 40; tries += 1) {{
                const heard = await phone.pitch();
                if (heard.level > -70 && heard.hertz >= {low} && heard.hertz <= {high}) return;
                phone.last = heard;
            }}
            const found = JSON.stringify({{ ...phone.last, ...(await phone.stats()) }});
            throw new Error(`wanted {low} to {high}, heard ${{found}}`);"
        );
        self.run(&code).await;
    }
}

/// The flag that gives a browser a microphone which says a tone of this pitch. Its sound is kept in
/// the folder.
pub fn microphone(folder: &Path, hertz: u16) -> String {
    let turn = std::f64::consts::TAU * f64::from(hertz) / f64::from(RATE);
    let sample = |at: u32| (9_000.0 * (turn * f64::from(at)).sin()) as i16;
    // A whole number of turns, so that it can go on from the beginning.
    let second: Vec<i16> = (0..RATE).map(sample).collect();
    let file = folder.join(format!("{hertz}.wav"));
    std::fs::write(&file, wav::file(&[&second])).unwrap();
    format!("--use-file-for-fake-audio-capture={}", file.display())
}

async fn told(what: &str, answer: oneshot::Receiver<Value>) -> Value {
    // real time: the browser lives in real time, and a test must not hang.
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) if answer.get("error").is_none() => answer["value"].clone(),
        Ok(Ok(answer)) => panic!("{what}: {}", answer["error"]),
        Ok(Err(_)) => panic!("{what}: the browser is gone"),
        Err(_) => panic!("waited in vain for {what}"),
    }
}
