//! Driving a simulator that runs, over its control interface.

use std::io::Write as _;

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub(crate) enum Remote {
    /// Somebody calls a number of the application; prints the call's SID.
    Call {
        /// The number of the application, or `client:NAME` to let a voice client call out.
        to: String,
        /// Who calls.
        #[arg(long, default_value = "+15005550199")]
        from: String,
        /// A parameter of a voice client's call, as `name=value`.
        #[arg(long = "parameter")]
        parameters: Vec<String>,
    },
    /// Lists the calls.
    Calls,
    /// Tells the application a status, whether or not the call has it.
    Trigger {
        /// Such as `ringing` or `completed`.
        status: String,
        /// The call; the newest live one unless given.
        #[arg(long)]
        call: Option<String>,
    },
    /// The far end presses keys.
    Press {
        /// Digits, `A` to `D`, `*` and `#`.
        keys: String,
        /// The call; the newest live one unless given.
        #[arg(long)]
        call: Option<String>,
    },
    /// The far end says something.
    Say {
        /// What.
        text: String,
        /// The call; the newest live one unless given.
        #[arg(long)]
        call: Option<String>,
    },
    /// The far end of a ringing call answers.
    Answer {
        /// The call; the newest that rings unless given.
        call: Option<String>,
    },
    /// The far end of a ringing call declines.
    Reject {
        /// The call; the newest that rings unless given.
        call: Option<String>,
    },
    /// The far end hangs up.
    Hangup {
        /// The call; the newest live one unless given.
        call: Option<String>,
    },
    /// Makes a webhook once more.
    Replay {
        /// Its number in the list of webhooks.
        webhook: u64,
    },
    /// Lists the webhooks: number, what for, address, outcome.
    Webhooks,
    /// Forgets calls, scripts, webhooks and faults.
    Reset,
    /// Prints everything that is known, as JSON.
    Export,
    /// Sets up the circumstances of a named script; without a name, lists the scripts.
    Script {
        /// Its name.
        name: Option<String>,
    },
}

/// Carries out a command.
pub(crate) async fn drive(sim: &str, command: Remote) -> Result<(), String> {
    let sim = Sim {
        base: sim.trim_end_matches('/').to_owned(),
        http: reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?,
    };
    match command {
        Remote::Call {
            to,
            from,
            parameters,
        } => {
            let answer = match to.strip_prefix("client:") {
                Some(client) => {
                    let path = format!("/sim/clients/{client}/calls");
                    let body = json!({ "parameters": pairs(&parameters)? });
                    sim.post(&path, Some(body)).await?
                }
                None => {
                    let body = json!({ "from": from, "to": to });
                    sim.post("/sim/calls", Some(body)).await?
                }
            };
            say(answer["sid"].as_str().unwrap_or_default())
        }
        Remote::Calls => {
            for call in sim.calls().await? {
                let word = |name: &str| call[name].as_str().unwrap_or("-").to_owned();
                say(&format!(
                    "{}  {:<13}  {:<11}  {} -> {}  {}",
                    word("sid"),
                    word("direction"),
                    word("status"),
                    word("from"),
                    word("to"),
                    word("doing")
                ))?;
            }
            Ok(())
        }
        Remote::Trigger { status, call } => {
            let body = json!({ "status": status });
            sim.about(call, "trigger", Some(body), Which::Live).await
        }
        Remote::Press { keys, call } => {
            let body = json!({ "digits": keys });
            sim.about(call, "digits", Some(body), Which::Live).await
        }
        Remote::Say { text, call } => {
            let body = json!({ "text": text });
            sim.about(call, "speech", Some(body), Which::Live).await
        }
        Remote::Answer { call } => sim.about(call, "answer", None, Which::Ringing).await,
        Remote::Reject { call } => sim.about(call, "reject", None, Which::Ringing).await,
        Remote::Hangup { call } => sim.about(call, "hangup", None, Which::Live).await,
        Remote::Replay { webhook } => {
            let path = format!("/sim/webhooks/{webhook}/replay");
            let answer = sim.post(&path, None).await?;
            say(&format!("webhook {}", answer["webhook"]))
        }
        Remote::Webhooks => {
            let answer = sim.ask(Method::GET, "/sim/webhooks", None).await?;
            for webhook in answer["webhooks"].as_array().into_iter().flatten() {
                let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
                say(&format!(
                    "{:>6}  {:<16}  {}  {}",
                    webhook["id"],
                    word(&webhook["kind"]),
                    word(&webhook["url"]),
                    word(&webhook["outcome"]["outcome"])
                ))?;
            }
            Ok(())
        }
        Remote::Reset => sim.post("/sim/reset", None).await.map(drop),
        Remote::Export => {
            let known = sim.ask(Method::GET, "/sim/export", None).await?;
            let text = serde_json::to_string_pretty(&known).map_err(|error| error.to_string())?;
            say(&text)
        }
        Remote::Script { name: Some(name) } => {
            let path = format!("/sim/scripts/{name}");
            sim.post(&path, None).await.map(drop)
        }
        Remote::Script { name: None } => {
            let answer = sim.ask(Method::GET, "/sim/scripts", None).await?;
            for script in answer["scripts"].as_array().into_iter().flatten() {
                let word = |name: &str| script[name].as_str().unwrap_or_default().to_owned();
                say(&format!("{:<28}  {}", word("name"), word("summary")))?;
            }
            Ok(())
        }
    }
}

/// Which call is meant when none is named.
#[derive(Clone, Copy)]
enum Which {
    Live,
    Ringing,
}

struct Sim {
    base: String,
    http: reqwest::Client,
}

impl Sim {
    async fn about(
        &self,
        call: Option<String>,
        verb: &str,
        body: Option<Value>,
        which: Which,
    ) -> Result<(), String> {
        let call = match call {
            Some(call) => call,
            None => self.newest(which).await?,
        };
        let path = format!("/sim/calls/{call}/{verb}");
        self.post(&path, body).await?;
        say(&call)
    }

    async fn newest(&self, which: Which) -> Result<String, String> {
        let calls = self.calls().await?;
        let meant = |call: &&Value| {
            let (status, direction) = (call["status"].as_str(), call["direction"].as_str());
            match which {
                Which::Live => matches!(status, Some("ringing" | "in-progress")),
                Which::Ringing => status == Some("ringing") && direction != Some("inbound"),
            }
        };
        let newest = calls.iter().rev().find(meant);
        let sid = newest.and_then(|call| call["sid"].as_str());
        sid.map(str::to_owned).ok_or_else(|| match which {
            Which::Live => "there is no live call".to_owned(),
            Which::Ringing => "no call rings".to_owned(),
        })
    }

    async fn calls(&self) -> Result<Vec<Value>, String> {
        let answer = self.ask(Method::GET, "/sim/calls", None).await?;
        Ok(answer["calls"].as_array().cloned().unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Option<Value>) -> Result<Value, String> {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|error| {
            format!("nothing answers at {} ({error}); is it running?", self.base)
        })?;
        let status = response.status();
        let answer: Value = response
            .json()
            .await
            .map_err(|_| format!("what answers at {} is no simulator", self.base))?;
        match status.is_success() {
            true => Ok(answer),
            false => Err(format!(
                "{} ({})",
                answer["error"].as_str().unwrap_or("refused"),
                answer["code"].as_str().unwrap_or("no code")
            )),
        }
    }
}

fn pairs(parameters: &[String]) -> Result<Value, String> {
    let mut pairs = serde_json::Map::new();
    for parameter in parameters {
        let (name, value) = parameter
            .split_once('=')
            .ok_or_else(|| format!("{parameter} is not name=value"))?;
        pairs.insert(name.to_owned(), value.into());
    }
    Ok(Value::Object(pairs))
}

/// Writes a line to standard output.
fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())
}
