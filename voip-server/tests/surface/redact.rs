use serde_json::Value;

/// Puts names in the place of ids, times and addresses, which differ from run to
/// run. The same value gets the same name, so that it shows where ids are one.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    seen: Vec<(String, String)>,
}

impl Redactor {
    /// Calls `value` by `name` from now on.
    pub(crate) fn name(&mut self, value: impl Into<String>, name: impl Into<String>) {
        self.seen.push((value.into(), name.into()));
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut out = text.to_owned();
        for (value, name) in &self.seen {
            out = out.replace(value, name);
        }
        for word in words(&out) {
            if let Some(kind) = kind(&word) {
                let count = self
                    .seen
                    .iter()
                    .filter(|(_, name)| name.contains(kind))
                    .count();
                let name = match kind {
                    "time" => "‹time›".to_owned(),
                    _ => format!("‹{kind} {}›", count + 1),
                };
                out = out.replace(&word, &name);
                self.seen.push((word, name));
            }
        }
        out
    }

    pub(crate) fn json(&mut self, value: &Value) -> String {
        self.text(&value.to_string())
    }
}

fn words(text: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
    text.split(|c| !part(c)).map(str::to_owned).collect()
}

fn kind(word: &str) -> Option<&'static str> {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.len() == 36 && hex(&word.replace('-', "")) && word.matches('-').count() == 4 {
        Some("call")
    } else if word.len() == 34 && word.starts_with("CA") && hex(&word[2..]) {
        Some("sid")
    } else if word.len() >= 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T' {
        Some("time")
    } else {
        None
    }
}
