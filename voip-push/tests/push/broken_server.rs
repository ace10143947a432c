//! A server that breaks its connections off.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// Reads each request, answers with part of something, and hangs up.
pub(crate) struct BrokenServer {
    pub(crate) uri: String,
    task: JoinHandle<()>,
}

impl BrokenServer {
    /// The address of nobody.
    pub(crate) async fn absent() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub(crate) async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                // The whole request, so that hanging up is no reset.
                let mut request = vec![0; 16 * 1024];
                let mut length = 0;
                while !request[..length].ends_with(b"}}}") {
                    match stream.read(&mut request[length..]).await {
                        Ok(0) | Err(_) => break,
                        Ok(more) => length += more,
                    }
                }
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { uri, task }
    }
}

impl Drop for BrokenServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
