use reqwest::RequestBuilder;

use crate::surface::{Answer, Running, redact::Redactor};

/// Headers that say something to a client.
pub(crate) const TELLING: [&str; 6] = [
    "content-type",
    "content-disposition",
    "allow",
    "link",
    "retry-after",
    "www-authenticate",
];

/// The page of a snapshot: what was asked and what was answered.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
    pub(crate) redactor: Redactor,
}

impl Page {
    pub(crate) fn answer(&mut self, asked: &str, answer: &Answer) {
        let mut lines = format!("## {asked}\n{}\n", answer.status);
        for name in TELLING {
            if let Some(value) = answer.header(name) {
                lines += &format!("{name}: {value}\n");
            }
        }
        lines += &format!("{}\n\n", answer.body);
        self.text += &self.redactor.text(&lines);
    }

    pub(crate) async fn ask(
        &mut self,
        running: &Running,
        asked: &str,
        request: RequestBuilder,
    ) -> Answer {
        let answer = running.send(request).await;
        self.answer(asked, &answer);
        answer
    }

    pub(crate) async fn post(
        &mut self,
        running: &Running,
        path: &str,
        body: serde_json::Value,
    ) -> Answer {
        let asked = self.redactor.text(&format!("POST {path} {body}"));
        self.ask(
            running,
            &asked,
            running.http.post(running.url(path)).json(&body),
        )
        .await
    }

    pub(crate) async fn get(&mut self, running: &Running, path: &str) -> Answer {
        let asked = self.redactor.text(&format!("GET {path}"));
        self.ask(running, &asked, running.http.get(running.url(path)))
            .await
    }
}
