//! Connections that can be reset in place of an answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A listener whose connections can be cut.
pub(super) struct CutListener<L>(pub(super) L);

/// A connection that can be cut.
pub(super) struct CutStream<S> {
    stream: S,
    scissors: Scissors,
}

/// Cuts the connection that a request came by.
#[derive(Clone, Default)]
pub(super) struct Scissors(Arc<AtomicBool>);

/// What is over a TCP connection.
pub(super) trait OverTcp {
    fn tcp(&self) -> &TcpStream;
}

impl Scissors {
    /// Nothing more is read from the connection or written to it: the next attempt, which is the
    /// answer to this request, resets it.
    pub(super) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl OverTcp for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

#[cfg(feature = "media")]
impl OverTcp for super::listener::Connection {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Left(stream) => stream,
            Self::Right(stream) => stream.get_ref().0,
        }
    }
}

impl<L: Listener<Io: OverTcp>> Listener for CutListener<L> {
    type Io = CutStream<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, from) = self.0.accept().await;
        let scissors = Scissors::default();
        (CutStream { stream, scissors }, from)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl<L: Listener<Io: OverTcp>> Connected<IncomingStream<'_, CutListener<L>>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, CutListener<L>>) -> Self {
        stream.io().scissors.clone()
    }
}

impl<S: OverTcp> CutStream<S> {
    /// # Errors
    /// `ConnectionReset` once it is cut. Whoever drops it then sends a reset, and no goodbye.
    fn whole(&self) -> io::Result<()> {
        if self.scissors.0.load(Ordering::Acquire) {
            self.stream.tcp().set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl<S: AsyncRead + OverTcp + Unpin> AsyncRead for CutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + OverTcp + Unpin> AsyncWrite for CutStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
