//! SPDY streams inside a WebSocket: for each connection an error stream and a data stream, which carry the
//! same request id.

use std::collections::BTreeMap;

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{self, Sender};

use super::pod::Target;
use super::spdy::{Frame, Malformed, REFUSED, Reader, Writer};
use super::{PIPE_BYTES, STREAMS_MAX};
use crate::serve::served::down;

/// What is to be sent on a stream; the last of it ends the stream.
struct Piece {
    stream: u32,
    bytes: Vec<u8>,
    end: bool,
}

/// Pieces that wait to be sent.
const WAITING_MAX: usize = 64;

struct Tunnel {
    target: Target,
    writer: Writer,
    out: Sender<Piece>,
    /// Error streams by request id.
    errors: BTreeMap<String, u32>,
    /// The near ends of connections by data stream.
    pipes: BTreeMap<u32, WriteHalf<DuplexStream>>,
}

/// Serves one forwarding until the client ends it.
pub(super) async fn run(target: Target, socket: WebSocket) {
    let up = target.served.availability(target.cluster);
    let (mut to_client, mut from_client) = socket.split();
    let (out, mut pieces) = mpsc::channel(WAITING_MAX);
    let (errors, pipes) = (BTreeMap::new(), BTreeMap::new());
    let mut tunnel = Tunnel { target, writer: Writer::default(), out, errors, pipes };
    let mut reader = Reader::default();
    loop {
        let frames = tokio::select! {
            message = from_client.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    reader.feed(&bytes);
                    match tunnel.take(&mut reader).await {
                        Ok(answers) => answers,
                        Err(Malformed) => break,
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
            Some(piece) = pieces.recv() => tunnel.writer.data(piece.stream, &piece.bytes, piece.end),
            () = down(up.clone()) => break,
        };
        if !frames.is_empty() && to_client.send(Message::binary(frames)).await.is_err() {
            break;
        }
    }
}

impl Tunnel {
    /// Takes every whole frame; what is to be answered at once.
    async fn take(&mut self, reader: &mut Reader) -> Result<Vec<u8>, Malformed> {
        let mut answers = Vec::new();
        while let Some(frame) = reader.next()? {
            match frame {
                Frame::Open { stream, headers, .. } => answers.extend(self.open(stream, &headers)),
                Frame::Data { stream, bytes, end } => self.data(stream, &bytes, end).await,
                Frame::Reset { stream } => drop(self.pipes.remove(&stream)),
                Frame::Ping { id } => answers.extend(self.writer.pong(id)),
                Frame::GoAway | Frame::Other => {}
            }
        }
        Ok(answers)
    }

    fn open(&mut self, stream: u32, headers: &BTreeMap<String, String>) -> Vec<u8> {
        let text = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let request = text("requestid");
        match (text("streamtype").as_str(), text("port").parse::<u16>()) {
            ("error", Ok(_)) if self.errors.len() < STREAMS_MAX => {
                self.errors.insert(request, stream);
            }
            ("data", Ok(port)) if self.pipes.len() < STREAMS_MAX => {
                let errors = self.errors.remove(&request);
                self.connect(stream, errors, port);
            }
            _ => return self.writer.reset(stream, REFUSED),
        }
        self.writer.reply(stream)
    }

    fn connect(&mut self, stream: u32, errors: Option<u32>, port: u16) {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let (read, write) = tokio::io::split(near);
        self.pipes.insert(stream, write);
        let (target, out) = (self.target.clone(), self.out.clone());
        tokio::spawn(async move {
            let (outcome, ()) = tokio::join!(target.connect(port, far), pump(stream, read, &out));
            let bytes = outcome.err().unwrap_or_default().into_bytes();
            if let Some(stream) = errors {
                // The client may have hung up.
                let _ = out.send(Piece { stream, bytes, end: true }).await;
            }
        });
    }

    async fn data(&mut self, stream: u32, bytes: &[u8], end: bool) {
        let Some(pipe) = self.pipes.get_mut(&stream) else { return };
        let written = pipe.write_all(bytes).await;
        if end || written.is_err() {
            // The pod's side may have closed it already.
            let _ = pipe.shutdown().await;
            self.pipes.remove(&stream);
        }
    }
}

/// Sends what the pod writes, until it ends.
async fn pump(stream: u32, mut read: ReadHalf<DuplexStream>, out: &Sender<Piece>) {
    let mut buffer = vec![0; PIPE_BYTES];
    loop {
        let count = read.read(&mut buffer).await.unwrap_or(0);
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        if out.send(Piece { stream, bytes, end: count == 0 }).await.is_err() || count == 0 {
            return;
        }
    }
}
