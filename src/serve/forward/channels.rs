//! Ports as channels of a WebSocket: the n-th port has channel 2n for data and 2n + 1 for errors. The first
//! message on each holds the port number, little endian.

use std::collections::BTreeMap;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf};
use tokio::sync::mpsc::{self, Sender};

use super::PIPE_BYTES;
use super::pod::Target;

/// Pieces that wait to be sent.
const WAITING_MAX: usize = 64;

/// Serves one forwarding until the client ends it.
pub(super) async fn run(target: Target, ports: Vec<u16>, socket: WebSocket) {
    let (mut to_client, mut from_client) = socket.split();
    let (out, mut pieces) = mpsc::channel::<Vec<u8>>(WAITING_MAX);
    let mut pipes = BTreeMap::new();
    for (channel, port) in (0..=u8::MAX).step_by(2).zip(ports) {
        for channel in [channel, channel + 1] {
            let hello = [&[channel][..], &port.to_le_bytes()].concat();
            if to_client.send(Message::binary(hello)).await.is_err() {
                return;
            }
        }
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let (read, write) = tokio::io::split(near);
        pipes.insert(channel, write);
        tokio::spawn(connect(target.clone(), port, channel, read, far, out.clone()));
    }
    drop(out);
    loop {
        tokio::select! {
            message = from_client.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let Some((channel, rest)) = bytes.split_first() else { continue };
                    if let Some(pipe) = pipes.get_mut(channel)
                        && pipe.write_all(rest).await.is_err()
                    {
                        pipes.remove(channel);
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            piece = pieces.recv() => match piece {
                Some(piece) => {
                    if to_client.send(Message::binary(piece)).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
        }
    }
    // The client may be gone already.
    let done = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    let _ = to_client.send(Message::Close(Some(done))).await;
}

async fn connect(
    target: Target,
    port: u16,
    channel: u8,
    read: ReadHalf<DuplexStream>,
    far: DuplexStream,
    out: Sender<Vec<u8>>,
) {
    let (outcome, ()) = tokio::join!(target.connect(port, far), pump(channel, read, &out));
    if let Err(why) = outcome {
        // The client may have hung up.
        let _ = out.send([&[channel + 1], why.as_bytes()].concat()).await;
    }
}

async fn pump(channel: u8, mut read: ReadHalf<DuplexStream>, out: &Sender<Vec<u8>>) {
    let mut buffer = vec![0; PIPE_BYTES];
    while let Ok(count @ 1..) = read.read(&mut buffer).await {
        let bytes = buffer.get(..count).unwrap_or_default();
        if out.send([&[channel], bytes].concat()).await.is_err() {
            return;
        }
    }
}
