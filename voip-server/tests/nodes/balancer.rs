use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::process::free_port;

/// What stands before the nodes: hands each connection to one of them, by turns,
/// and to the next where that one is not there.
pub(crate) struct Balancer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Balancer {
    /// Before the nodes at these ports, which need not be there yet.
    pub(crate) async fn before(nodes: Vec<u16>) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let task = tokio::spawn(serve(listener, Arc::from(nodes)));
        Self { address, task }
    }

    /// Where clients and the provider come.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // Its connections go with it.
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, nodes: Arc<[u16]>) {
    let turn = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An error is that of a client who is gone already.
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(carry(client, Arc::clone(&nodes), Arc::clone(&turn)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(mut client: TcpStream, nodes: Arc<[u16]>, turn: Arc<AtomicUsize>) {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for place in 0..nodes.len() {
        let port = nodes[(first + place) % nodes.len()];
        if let Ok(mut node) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            // However it ends, both ends are told by the end of theirs.
            let _ = copy_bidirectional(&mut client, &mut node).await;
            return;
        }
    }
}
