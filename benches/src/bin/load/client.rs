use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::message;

/// One connection to a server, kept open.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024].into_boxed_slice(),
        })
    }

    /// Sends a request, takes the whole answer and returns its status.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut received = 0;
        let head = loop {
            received += self.read(received).await?;
            if let Some(head) = message::head(&self.buffer[..received]) {
                break head;
            }
        };
        let status = message::status(&self.buffer);
        let mut left = (head.bytes + head.body).saturating_sub(received);
        while left > 0 {
            left = left.saturating_sub(self.read(0).await?);
        }
        Ok(status)
    }

    async fn read(&mut self, at: usize) -> io::Result<usize> {
        match self.stream.read(&mut self.buffer[at..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => Ok(bytes),
        }
    }
}
