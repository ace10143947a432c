use reqwest::Method;

use super::Running;

/// One bad request and the error it is answered with.
pub(crate) struct Case {
    method: Method,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    want: (u16, &'static str),
}

impl Case {
    pub(crate) fn new(method: Method, path: &str, want: (u16, &'static str)) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            want,
        }
    }

    /// A JSON body, well formed or not.
    pub(crate) fn json(path: &str, body: impl AsRef<[u8]>, want: (u16, &'static str)) -> Self {
        Self::new(Method::POST, path, want)
            .header("content-type", "application/json")
            .body(body)
    }

    pub(crate) fn form(path: &str, body: impl AsRef<[u8]>, want: (u16, &'static str)) -> Self {
        Self::new(Method::POST, path, want)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }
}

/// Makes the requests: each gets its error, nothing is written, and the server
/// lives on.
#[track_caller]
pub(crate) fn check(
    running: &Running,
    cases: impl IntoIterator<Item = Case>,
) -> impl Future<Output = ()> {
    let before = running.database().dump();
    let at = std::panic::Location::caller();
    async move {
        for case in cases {
            let named = format!(
                "{at}: {} {} {:?} {}",
                case.method,
                case.path,
                case.headers,
                String::from_utf8_lossy(&case.body[..case.body.len().min(200)])
            );
            let mut request = running.http.request(case.method, running.url(&case.path));
            for (name, value) in case.headers {
                request = request.header(name, value);
            }
            let answer = running.send(request.body(case.body)).await;
            let (status, code) = answer.error();
            assert_eq!((status, code.as_str()), case.want, "{named}\n{answer:?}");
            assert_eq!(
                running.database().dump(),
                before,
                "{named} wrote to the database"
            );
        }
        let alive = running
            .send(running.http.get(running.url("/healthz")))
            .await;
        assert_eq!(
            (alive.status, alive.body.as_str()),
            (200, r#"{"status":"ok"}"#)
        );
    }
}
