//! exec and attach over a WebSocket: `v5.channel.k8s.io` and `v4.channel.k8s.io`, whose messages begin
//! with a byte that names the channel.

mod screen;
mod worker;

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::http::Response as HttpResponse;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc::{self, Receiver, Sender};

use self::worker::{Input, Outcome, Output};
use super::served::{Served, down};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::ClusterId;
use crate::shell::Fd;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// The next byte names the channel that is at its end; version 5 only.
const CLOSE: u8 = 255;

/// Longest message of a client, in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Messages that wait for the other side.
const WAITING_MAX: usize = 256;

/// What a client asked for: `PodExecOptions` and `PodAttachOptions`.
#[derive(Clone, Debug)]
struct Wish {
    attach: bool,
    namespace: String,
    pod: String,
    container: String,
    command: Vec<String>,
    stdin: bool,
    tty: bool,
}

impl Wish {
    fn of(target: &Value) -> Self {
        let text = |pointer: &str| object::text(target, pointer).to_owned();
        let on = |key: &str| matches!(text(&format!("/query/{key}")).as_str(), "true" | "1");
        let command = object::list(target, "/command").iter().filter_map(Value::as_str).map(str::to_owned);
        Self {
            attach: text("/kind") == "attach",
            namespace: text("/namespace"),
            pod: text("/pod"),
            container: text("/container"),
            command: command.collect(),
            stdin: on("stdin"),
            tty: on("tty"),
        }
    }
}

/// Answers a request to connect to a container.
pub(super) fn open(
    served: Arc<Served>,
    cluster: ClusterId,
    upgrade: WebSocketUpgrade,
    target: Value,
) -> Result<HttpResponse<HttpBody>, Status> {
    let wish = Wish::of(&target);
    if !wish.attach && wish.command.is_empty() {
        return Err(Status::bad_request("you must specify at least 1 command for the container"));
    }
    let upgrade =
        upgrade.max_message_size(MESSAGE_BYTES_MAX).protocols(["v5.channel.k8s.io", "v4.channel.k8s.io"]);
    if upgrade.selected_protocol().is_none() {
        let why =
            "unable to upgrade: the WebSocket protocols v5.channel.k8s.io and v4.channel.k8s.io are served";
        return Err(Status::bad_request(why));
    }
    Ok(upgrade.on_upgrade(move |socket| talk(served, cluster, wish, socket)))
}

async fn talk(served: Arc<Served>, cluster: ClusterId, wish: Wish, socket: WebSocket) {
    let (mut to_client, from_client) = socket.split();
    let (input, from_input) = mpsc::channel(WAITING_MAX);
    let (output, from_output) = mpsc::channel(WAITING_MAX);
    let up = served.availability(cluster);
    let work = tokio::task::spawn_blocking(move || worker::run(&served, cluster, &wish, from_input, &output));
    let listening = tokio::spawn(listen(from_client, input));
    tokio::select! {
        () = speak(&mut to_client, from_output) => (),
        () = down(up.clone()) => (),
    }
    // The worker ends when nobody sends to it any more.
    listening.abort();
    // The client may be gone already.
    let done = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    let _ = to_client.send(Message::Close(Some(done))).await;
    drop(work);
}

/// Hands on what the client sends.
async fn listen(mut from_client: SplitStream<WebSocket>, input: Sender<Input>) {
    while let Some(Ok(message)) = from_client.next().await {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(text) => text.into(),
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => continue,
        };
        let said = match bytes.split_first() {
            Some((&STDIN, rest)) => Input::Bytes(rest.to_vec()),
            Some((&CLOSE, [STDIN])) => Input::End,
            // Nothing of the lab looks at the size of a terminal.
            Some((&RESIZE, _)) | Some(_) | None => continue,
        };
        if input.send(said).await.is_err() {
            return;
        }
    }
}

/// Hands on what the process writes, then how it ended.
async fn speak(to_client: &mut SplitSink<WebSocket, Message>, mut from_output: Receiver<Output>) {
    while let Some(output) = from_output.recv().await {
        let (channel, bytes, last) = match output {
            Output::Written(Fd::Out, bytes) => (STDOUT, bytes, false),
            Output::Written(Fd::Err, bytes) => (STDERR, bytes, false),
            Output::Ended(outcome) => (ERROR, verdict(&outcome).to_string().into_bytes(), true),
        };
        for piece in bytes.chunks(32 * 1024) {
            let message = Message::binary([&[channel], piece].concat());
            if to_client.send(message).await.is_err() {
                return;
            }
        }
        if last {
            return;
        }
    }
}

/// The Status that tells a client how its command ended.
fn verdict(outcome: &Outcome) -> Value {
    match outcome {
        Ok(0) => json!({"metadata": {}, "status": "Success"}),
        Ok(exit) => json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: exit status {exit}"),
            "details": {"causes": [{"reason": "ExitCode", "message": exit.to_string()}]},
        }),
        Err(why) => Status::internal(why).to_object(),
    }
}
