use serde_json::Value;

/// An HTTP answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or("?").to_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let body = response.text().await.expect("an answer ends");
        Self {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{} is no JSON ({error}): {:?}", self.status, self.body))
    }

    /// A text field of a JSON answer.
    pub(crate) fn text(&self, field: &str) -> String {
        let json = self.json();
        json[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {json}"))
            .to_owned()
    }

    /// Status and code, where the answer is an error in the one form that all
    /// errors have.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        let json = self.json();
        assert_eq!(json["success"], false, "{json}");
        let sentence = json["message"].as_str().expect("a message");
        assert!(
            !sentence.is_empty() && json["error"] == json["message"],
            "{json}"
        );
        let known = ["success", "code", "error", "message", "callId"];
        for name in json.as_object().expect("an object").keys() {
            assert!(known.contains(&name.as_str()), "{name} in {json}");
        }
        (
            self.status,
            json["code"].as_str().expect("a code").to_owned(),
        )
    }
}
