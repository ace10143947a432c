//! A user in a browser, against a whole server on SQLite with its simulator:
//! signs up, logs in, calls, holds, resumes and ends.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod surface;

use serde_json::{Value, json};
use surface::{Answer, Running, eventually};
use voip_sim::inspect::{CallView, Sound};

const FAR: &str = "+15550002222";

struct Browser {
    server: Running,
    token: String,
    identity: String,
}

impl Browser {
    async fn logged_in() -> Self {
        let server = Running::start().await;
        let account = json!({"email": "ann@example.com", "password": "correct horse battery"});
        assert_eq!(
            server.post("/api/signup", account.clone()).await.status,
            201
        );
        let login = server.post("/api/login", account).await;
        let token = login.json()["token"].as_str().unwrap().to_owned();
        let request = server
            .http
            .get(server.url("/api/getToken"))
            .bearer_auth(&token);
        let voice = server.send(request).await.json();
        let identity = voice["identity"].as_str().unwrap().to_owned();
        Self {
            server,
            token,
            identity,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.server.http.post(self.server.url(path));
        let request = request.bearer_auth(&self.token).json(&body);
        self.server.send(request).await
    }

    fn far(&self) -> Option<CallView> {
        let calls = self.server.server.simulator().unwrap().calls();
        calls.into_iter().find(|leg| leg.to == FAR)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_calls_holds_resumes_and_ends() {
    let browser = Browser::logged_in().await;
    let simulator = browser.server.server.simulator().unwrap();
    let parameters = [("phoneNumber".to_owned(), FAR.to_owned())];
    let near = simulator
        .place_client_call(&browser.identity, &parameters)
        .await
        .unwrap();
    let parent = json!({"parentCallSid": near.as_str()});
    // The far end rings for a second; until then there is nobody to hold.
    let held = eventually("a hold", || async {
        let answer = browser.post("/api/hold-call", parent.clone()).await;
        match answer.status {
            200 => Some(answer),
            404 | 409 => None,
            _ => panic!("{answer:?}"),
        }
    })
    .await;
    assert_eq!(held.json()["success"], true);
    let far = browser.far().unwrap();
    assert_eq!(
        far.listens_to,
        Some(Sound::Music),
        "when it says so, it is so"
    );

    let resumed = browser.post("/api/unhold-call", parent).await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(browser.far().unwrap().hears, std::slice::from_ref(&near));

    let end = json!({"callSid": near.as_str()});
    let ended = browser.post("/api/end-call", end).await;
    assert_eq!(ended.json()["callSid"], near.as_str());
    let over = eventually("the end of both legs", || async {
        let calls = simulator.calls();
        calls
            .iter()
            .all(|leg| leg.status.is_final())
            .then_some(calls)
    })
    .await;
    assert_eq!(over.len(), 2, "one call, two legs");
}
